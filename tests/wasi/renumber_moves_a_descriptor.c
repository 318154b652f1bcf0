// run: --dir {tmp}::/
/* fd_renumber closes the target, moves the source there, and frees its number. */
#include "wasi_raw.h"

int main(void) {
    u32 done;
    make_file("one", "1");
    make_file("two", "2");
    u32 one = must_open(ROOT, "one", 0, R_READ), two = must_open(ROOT, "two", 0, R_READ);
    char text[2] = "";
    OK(fd_renumber(one, two));
    EXPECT(EBADF, fd_close(one));
    OK(read_into(two, text, 1, &done));
    CHECK(text[0] == '1');
    OK(fd_renumber(two, two));
    EXPECT(EBADF, fd_renumber(two, one));
    EXPECT(EBADF, fd_renumber(one, two));
    EXPECT(EBADF, fd_renumber(two, 1000));
    CHECK(must_open(ROOT, "one", 0, R_READ) == one);
    return finish();
}
