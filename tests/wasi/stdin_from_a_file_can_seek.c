// stdin: file 0123456789
#include "wasi_raw.h"

int main(void) {
    char text[64];
    u32 done;
    u64 at;
    fdstat stat;
    filestat status;
    OK(fd_fdstat_get(0, AT(&stat)));
    CHECK(stat.filetype == REGULAR_FILE);
    CHECK((stat.base & (R_READ | R_SEEK | R_TELL | R_WRITE)) == (R_READ | R_SEEK | R_TELL));
    OK(fd_seek(0, 8, SET, AT(&at)));
    OK(read_into(0, text, sizeof text, &done));
    CHECK(done == 2 && memcmp(text, "89", 2) == 0);
    OK(fd_filestat_get(0, AT(&status)));
    CHECK(status.size == 10 && status.filetype == REGULAR_FILE);
    OK(fd_fdstat_set_flags(0, F_NONBLOCK));
    OK(read_into(0, text, sizeof text, &done));
    CHECK(done == 0);
    return finish();
}
