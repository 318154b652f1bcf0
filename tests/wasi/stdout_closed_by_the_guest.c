// run: --dir {tmp}::/
// check: test "$(cat file)" = "text"
// stdout-has: before
/* A guest that closes its standard streams can open files in their place. */
#include "wasi_raw.h"

int main(void) {
    u32 done;
    write_text(1, "before", &done);
    if (fd_close(1) || write_text(1, "x", &done) != EBADF || fd_close(2))
        return 1;
    u32 file = must_open(ROOT, "file", O_CREATE, R_WRITE);
    if (file != 1 || write_text(1, "te", &done))
        return 2;
    u32 second = must_open(ROOT, "file", 0, R_READ);
    if (second != 2)
        return 3;
    return write_text(1, "xt", &done) ? 4 : 0;
}
