// stdin: pipe some text
/* A pipe as standard input: read to its end, then 0 bytes for ever; no offset. */
#include "wasi_raw.h"

int main(void) {
    char text[64];
    u32 done = 0;
    u64 at;
    iovec32 vector = {AT(text), sizeof text};
    fdstat stat;
    OK(fd_fdstat_get(0, AT(&stat)));
    CHECK(stat.filetype == UNKNOWN);
    CHECK((stat.base & (R_READ | R_SEEK | R_TELL | R_WRITE)) == R_READ);
    OK(read_into(0, text, 4, &done));
    CHECK(done == 4 && memcmp(text, "some", 4) == 0);
    EXPECT(ESPIPE, fd_seek(0, 0, SET, AT(&at)));
    EXPECT(ESPIPE, fd_tell(0, AT(&at)));
    EXPECT(ESPIPE, fd_pread(0, AT(&vector), 1, 0, AT(&done)));
    EXPECT(ESPIPE, fd_advise(0, 0, 0, 0));
    EXPECT(EBADF, write_text(0, "x", &done));
    EXPECT(ESPIPE, fd_allocate(1, 0, 1));
    OK(read_into(0, text, sizeof text, &done));
    CHECK(done == 5 && memcmp(text, " text", 5) == 0);
    for (int i = 0; i < 3; i++) {
        OK(read_into(0, text, sizeof text, &done));
        CHECK(done == 0);
    }
    return finish();
}
