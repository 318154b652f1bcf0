// stdout: file
// stdout-has: Xbcdef
/* APPEND can be set on standard output too, without changing the host's descriptor. */
#include "wasi_raw.h"

int main(void) {
    u32 done;
    u64 at;
    write_text(1, "abcde", &done);
    fd_seek(1, 0, SET, AT(&at));
    write_text(1, "X", &done);
    if (fd_fdstat_set_flags(1, F_APPEND))
        return 1;
    return write_text(1, "f", &done) ? 2 : 0;
}
