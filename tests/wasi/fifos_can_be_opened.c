// run: --dir {tmp}::/
// setup: mkfifo fifo
/* A FIFO without a writer: NONBLOCK opens it, reading gives the end; no offset. */
#include "wasi_raw.h"

int main(void) {
    u32 reader, writer, done = 9;
    u64 at;
    char text[8];
    fdstat stat;
    OK(open_at(ROOT, "fifo", 0, R_READ | R_SEEK | R_TELL | R_SET_FLAGS, F_NONBLOCK, &reader));
    OK(fd_fdstat_get(reader, AT(&stat)));
    CHECK(stat.filetype == UNKNOWN && stat.base == (R_READ | R_SET_FLAGS));
    OK(read_into(reader, text, 8, &done));
    CHECK(done == 0);
    EXPECT(ESPIPE, fd_seek(reader, 0, SET, AT(&at)));
    OK(open_at(ROOT, "fifo", 0, R_WRITE, F_NONBLOCK, &writer));
    EXPECT(EAGAIN, read_into(reader, text, 8, &done));
    OK(write_text(writer, "text", &done));
    OK(fd_fdstat_set_flags(reader, 0));
    OK(read_into(reader, text, 8, &done));
    CHECK(done == 4);
    OK(fd_close(reader));
    EXPECT(EPIPE, write_text(writer, "text", &done));
    return finish();
}
