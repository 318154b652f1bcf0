// setup: mkdir a b
// run: --dir {tmp}/a::/data --dir {tmp}/b::relative/name:ro
/* Preopens stand from 3 on, in the order of the grants, with the guest's names. */
#include "wasi_raw.h"

static void expect_preopen(u32 fd, const char *name) {
    u32 prestat[2] = {9, 9};
    char buffer[64];
    u32 length = strlen(name);
    OK(fd_prestat_get(fd, AT(prestat)));
    CHECK((prestat[0] & 0xff) == 0);
    CHECK(prestat[1] == length);
    memset(buffer, 'x', sizeof buffer);
    OK(fd_prestat_dir_name(fd, AT(buffer), length));
    CHECK(memcmp(buffer, name, length) == 0 && buffer[length] == 'x');
    OK(fd_prestat_dir_name(fd, AT(buffer), sizeof buffer));
    EXPECT(ENAMETOOLONG, fd_prestat_dir_name(fd, AT(buffer), length - 1));
    EXPECT(ENAMETOOLONG, fd_prestat_dir_name(fd, AT(buffer), 0));
    EXPECT(EFAULT, fd_prestat_get(fd, memory_end() - 7));
    EXPECT(EFAULT, fd_prestat_dir_name(fd, memory_end() - 1, length));
}

int main(void) {
    u32 prestat[2];
    expect_preopen(3, "/data");
    expect_preopen(4, "relative/name");
    for (u32 fd = 0; fd < 10; fd++)
        if (fd != 3 && fd != 4)
            EXPECT(EBADF, fd_prestat_get(fd, AT(prestat)));
    u32 opened = must_open(3, ".", O_DIR, R_READDIR);
    EXPECT(EBADF, fd_prestat_get(opened, AT(prestat)));
    EXPECT(EBADF, fd_prestat_dir_name(opened, AT(prestat), 8));
    return finish();
}
