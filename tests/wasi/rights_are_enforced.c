// run: --dir {tmp}::/
/* A descriptor can do what its rights say; they only shrink; what is not there is ENOTCAPABLE. */
#include "wasi_raw.h"

/* Drops `right` from a new descriptor of "file" and says whether the call is then refused. */
static u32 without(u64 right) {
    u32 fd = must_open(ROOT, "file", 0, R_FILE);
    OK(fd_fdstat_set_rights(fd, R_FILE & ~right, 0));
    return fd;
}

int main(void) {
    u32 done;
    u64 at;
    filestat status;
    char text[4] = "";
    iovec32 vector = {AT(text), 4};
    fdstat stat;
    make_file("file", "text");
    EXPECT(ENOTCAPABLE, read_into(without(R_READ), text, 4, &done));
    EXPECT(ENOTCAPABLE, write_text(without(R_WRITE), "x", &done));
    EXPECT(ENOTCAPABLE, fd_pread(without(R_READ), AT(&vector), 1, 0, AT(&done)));
    EXPECT(ENOTCAPABLE, fd_pread(without(R_SEEK), AT(&vector), 1, 0, AT(&done)));
    EXPECT(ENOTCAPABLE, fd_pwrite(without(R_WRITE), AT(&vector), 1, 0, AT(&done)));
    EXPECT(ENOTCAPABLE, fd_seek(without(R_SEEK), 1, SET, AT(&at)));
    OK(fd_seek(without(R_SEEK), 0, CUR, AT(&at))); /* asks only where it is */
    OK(fd_tell(without(R_SEEK), AT(&at)));
    EXPECT(ENOTCAPABLE, fd_tell(without(R_TELL), AT(&at)));
    EXPECT(ENOTCAPABLE, fd_seek(without(R_TELL), 0, CUR, AT(&at)));
    EXPECT(ENOTCAPABLE, fd_sync(without(R_SYNC)));
    EXPECT(ENOTCAPABLE, fd_datasync(without(R_DATASYNC)));
    EXPECT(ENOTCAPABLE, fd_advise(without(R_ADVISE), 0, 0, 0));
    EXPECT(ENOTCAPABLE, fd_allocate(without(R_ALLOCATE), 0, 1));
    EXPECT(ENOTCAPABLE, fd_fdstat_set_flags(without(R_SET_FLAGS), 0));
    EXPECT(ENOTCAPABLE, fd_filestat_get(without(R_STAT), AT(&status)));
    EXPECT(ENOTCAPABLE, fd_filestat_set_size(without(R_SET_SIZE), 0));
    EXPECT(ENOTCAPABLE, fd_filestat_set_times(without(R_SET_TIMES), 0, 0, MTIM_NOW));
    OK(fd_fdstat_get(without(R_FILE), AT(&stat)));
    CHECK(stat.base == 0 && stat.inheriting == 0 && stat.filetype == REGULAR_FILE);

    u32 file = without(R_WRITE);
    EXPECT(ENOTCAPABLE, fd_fdstat_set_rights(file, R_FILE, 0));
    EXPECT(ENOTCAPABLE, fd_fdstat_set_rights(file, R_READ, R_READ));
    OK(fd_fdstat_set_rights(file, R_READ, 0));
    OK(fd_fdstat_get(file, AT(&stat)));
    CHECK(stat.base == R_READ);
    CHECK(has_text("file", "text"));
    return finish();
}
