// stdin: open abc
/* NONBLOCK on standard input: what is there, then EAGAIN, although the host's descriptor blocks. */
#include "wasi_raw.h"

int main(void) {
    char text[64];
    u32 done = 0;
    fdstat stat;
    OK(fd_fdstat_get(0, AT(&stat)));
    CHECK(stat.flags == 0);
    OK(fd_fdstat_set_flags(0, F_NONBLOCK));
    OK(fd_fdstat_get(0, AT(&stat)));
    CHECK(stat.flags == F_NONBLOCK);
    OK(read_into(0, text, sizeof text, &done));
    CHECK(done == 3);
    EXPECT(EAGAIN, read_into(0, text, sizeof text, &done));
    OK(read_into(0, text, 0, &done));
    CHECK(done == 0);
    return finish();
}
