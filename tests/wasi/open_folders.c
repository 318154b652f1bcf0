// run: --dir {tmp}::/
#include "wasi_raw.h"

int main(void) {
    u32 fd;
    make_file("file", "text");
    OK(path_create_directory(ROOT, STR("sub")));
    OK(open_at(ROOT, "sub", O_DIR, R_READDIR, 0, &fd));
    OK(open_at(ROOT, "sub", 0, R_READDIR, 0, &fd));
    OK(open_at(ROOT, "sub/", 0, 0, 0, &fd));
    OK(open_at(ROOT, "sub///", O_DIR, R_READ, 0, &fd));
    OK(open_at(ROOT, "./sub/../sub/.", O_DIR, 0, F_NONBLOCK, &fd));
    EXPECT(ENOTDIR, open_at(ROOT, "file", O_DIR, 0, 0, &fd));
    EXPECT(EISDIR, open_at(ROOT, "sub", 0, R_WRITE, 0, &fd));
    EXPECT(EISDIR, open_at(ROOT, "sub", O_DIR, R_READ | R_WRITE, 0, &fd));
    EXPECT(EISDIR, open_at(ROOT, "sub", O_TRUNCATE, R_READ, 0, &fd));
    EXPECT(EISDIR, open_at(ROOT, "sub", O_CREATE, R_READ, 0, &fd));
    EXPECT(EEXIST, open_at(ROOT, "sub", O_CREATE | O_EXCLUSIVE, R_READ, 0, &fd));
    EXPECT(EINVAL, open_at(ROOT, "fresh", O_CREATE | O_DIR, 0, 0, &fd));
    CHECK(!exists("fresh"));
    EXPECT(EINVAL, open_at(ROOT, "sub", 16, 0, 0, &fd));
    EXPECT(EINVAL, path_open(ROOT, 2, STR("sub"), 0, 0, 0, 0, AT(&fd)));
    return finish();
}
