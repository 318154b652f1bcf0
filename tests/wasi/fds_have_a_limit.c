// run: --dir {tmp}::/
/* Opening without end gives EMFILE, and after closing one there is room for one. */
#include "wasi_raw.h"

int main(void) {
    make_file("file", "text");
    u32 error, opened = 0, fd, last = 0;
    while ((error = open_at(ROOT, "file", 0, R_READ, 0, &fd)) == 0 && opened < 70000) {
        opened++;
        last = fd;
    }
    CHECK(error == EMFILE);
    CHECK(opened >= 900);
    CHECK(opened <= 65536);
    OK(fd_close(last));
    OK(open_at(ROOT, "file", 0, R_READ, 0, &fd));
    CHECK(fd == last);
    EXPECT(EMFILE, open_at(ROOT, "file", 0, R_READ, 0, &fd));
    return finish();
}
