// run: --dir {tmp}::/
/* DSYNC, RSYNC and SYNC are accepted when a file is opened and later, shown again, and writes go on
 * working. */
#include "wasi_raw.h"

int main(void) {
    u32 done, file;
    fdstat stat;
    static const u32 flags[] = {F_DSYNC, F_RSYNC, F_SYNC, F_SYNC | F_APPEND,
                                F_DSYNC | F_RSYNC | F_SYNC | F_APPEND | F_NONBLOCK};
    for (u32 i = 0; i < sizeof flags / sizeof *flags; i++) {
        OK(open_at(ROOT, "file", O_CREATE, R_FILE, flags[i], &file));
        OK(fd_fdstat_get(file, AT(&stat)));
        CHECK(stat.flags == flags[i]);
        OK(write_text(file, "x", &done));
        OK(fd_close(file));

        OK(open_at(ROOT, "file", 0, R_FILE, 0, &file));
        OK(fd_fdstat_set_flags(file, flags[i]));
        OK(fd_fdstat_get(file, AT(&stat)));
        CHECK(stat.flags == flags[i]);
        OK(write_text(file, "y", &done));
        CHECK(done == 1);
        iovec32 text = {AT("z"), 1};
        OK(fd_pwrite(file, AT(&text), 1, 0, AT(&done)));
        EXPECT(EINVAL, fd_fdstat_set_flags(file, 32));
        EXPECT(EINVAL, fd_fdstat_set_flags(file, UINT32_MAX));
        OK(fd_sync(file));
        OK(fd_datasync(file));
        OK(fd_close(file));
    }
    OK(fd_sync(ROOT));
    OK(fd_datasync(ROOT));
    EXPECT(EINVAL, open_at(ROOT, "file", 0, R_READ, 32, &file));
    return finish();
}
