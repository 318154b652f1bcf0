// run: --dir {tmp}::/
// check: test "$(stat -c %a new)" = "$(printf %o $((0666 & ~0$(umask))))"
#include "wasi_raw.h"

int main(void) {
    u32 fd;
    EXPECT(ENOENT, open_at(ROOT, "new", 0, R_WRITE, 0, &fd));
    OK(open_at(ROOT, "new", O_CREATE, R_WRITE, 0, &fd));
    EXPECT(EEXIST, open_at(ROOT, "new", O_CREATE | O_EXCLUSIVE, R_WRITE, 0, &fd));
    OK(open_at(ROOT, "excl", O_CREATE | O_EXCLUSIVE, R_WRITE, 0, &fd));
    make_file("file", "text");
    OK(open_at(ROOT, "file", O_CREATE, R_WRITE, 0, &fd));
    CHECK(size_of(must_open(ROOT, "file", 0, R_STAT)) == 4);
    OK(open_at(ROOT, "file", O_TRUNCATE, R_WRITE, 0, &fd));
    CHECK(size_of(must_open(ROOT, "file", 0, R_STAT)) == 0);
    make_file("file", "text");
    OK(open_at(ROOT, "file", O_TRUNCATE, 0, 0, &fd)); /* without the right to write */
    CHECK(size_of(must_open(ROOT, "file", 0, R_STAT)) == 0);
    EXPECT(ENOENT, open_at(ROOT, "none/new", O_CREATE, R_WRITE, 0, &fd));
    EXPECT(ENOTDIR, open_at(ROOT, "file/new", O_CREATE, R_WRITE, 0, &fd));
    EXPECT(EISDIR, open_at(ROOT, "fresh/", O_CREATE, R_WRITE, 0, &fd));
    EXPECT(EISDIR, open_at(ROOT, ".", O_CREATE, R_WRITE, 0, &fd));
    CHECK(!exists("fresh"));
    return finish();
}
