// run: --dir {tmp}::/
// check: test "$(cat out)" = "goes to the file"
/* Standard output replaced by a file: what is printed goes there. */
#include "wasi_raw.h"

int main(void) {
    u32 done, file = must_open(ROOT, "out", O_CREATE, R_WRITE | R_STAT);
    if (fd_renumber(file, 1))
        return 1;
    if (write_text(1, "goes to the file", &done) || done != 16)
        return 2;
    return fd_filestat_get(1, AT(malloc(64))) ? 3 : 0;
}
