// run: --dir {tmp}::/
#include "wasi_raw.h"

int main(void) {
    make_file("file", "text");
    u32 first = must_open(ROOT, "file", 0, R_READ), second = must_open(ROOT, "file", 0, R_READ),
        third = must_open(ROOT, "file", 0, R_READ);
    CHECK(first == 4 && second == 5 && third == 6);
    OK(fd_close(second));
    EXPECT(EBADF, fd_close(second));
    OK(fd_close(first));
    CHECK(must_open(ROOT, "file", 0, R_READ) == 4);
    CHECK(must_open(ROOT, "file", 0, R_READ) == 5);
    CHECK(must_open(ROOT, "file", 0, R_READ) == 7);
    OK(fd_close(0));
    CHECK(must_open(ROOT, "file", 0, R_READ) == 0);
    return finish();
}
