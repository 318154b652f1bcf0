// run: --dir {tmp}::/
/* Overlapping vectors are filled one after the other, and may cover the vectors themselves. */
#include "wasi_raw.h"

int main(void) {
    u32 done;
    make_file("file", "abcdefghijklmnop");
    u32 file = must_open(ROOT, "file", 0, R_READ | R_SEEK | R_TELL);
    char text[9] = "--------";
    iovec32 overlapping[3] = {{AT(text), 4}, {AT(text + 2), 4}, {AT(text), 2}};
    OK(fd_read(file, AT(overlapping), 3, AT(&done)));
    CHECK(done == 10);
    CHECK(memcmp(text, "ijefgh--", 8) == 0);

    iovec32 itself[2];
    itself[0] = (iovec32){AT(itself), sizeof itself};
    itself[1] = (iovec32){AT(itself), sizeof itself};
    OK(fd_pread(file, AT(itself), 2, 0, AT(&done)));
    CHECK(done == 16);
    CHECK(memcmp(itself, "abcdefghijklmnop", 16) == 0);

    u32 file2 = must_open(ROOT, "file2", O_CREATE, R_WRITE);
    iovec32 same[2] = {{AT(text), 2}, {AT(text), 2}};
    OK(fd_write(file2, AT(same), 2, AT(&done)));
    CHECK(done == 4 && has_text("file2", "ijij"));
    return finish();
}
