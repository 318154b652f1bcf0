// run: --dir {tmp}::/
// stdout: closed
// check: test "$(cat file)" = "text"
/* The number of a closed standard stream is not given to the files that the guest opens. */
#include "wasi_raw.h"

int main(void) {
    u32 done;
    u32 file = must_open(ROOT, "file", O_CREATE, R_WRITE);
    write_text(1, "to nobody", &done);
    return write_text(file, "text", &done) ? 1 : 0;
}
