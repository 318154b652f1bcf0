#include "wasi_raw.h"
#include <unistd.h>

int main(void) {
    u64 at;
    fdstat stat;
    OK(fd_fdstat_get(0, AT(&stat)));
    CHECK(stat.filetype == CHARACTER_DEVICE);
    CHECK(isatty(0) == 0);
    OK(fd_seek(0, 0, CUR, AT(&at)));
    return finish();
}
