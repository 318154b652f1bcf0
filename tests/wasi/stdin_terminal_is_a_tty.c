// stdin: tty
#include "wasi_raw.h"
#include <unistd.h>

int main(void) {
    u64 at;
    fdstat stat;
    OK(fd_fdstat_get(0, AT(&stat)));
    CHECK(stat.filetype == CHARACTER_DEVICE);
    CHECK((stat.base & (R_SEEK | R_TELL)) == 0);
    CHECK(isatty(0) == 1);
    CHECK(isatty(1) == 0);
    EXPECT(ESPIPE, fd_seek(0, 0, CUR, AT(&at)));
    return finish();
}
