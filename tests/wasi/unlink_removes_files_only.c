// run: --dir {tmp}::/
#include "wasi_raw.h"

int main(void) {
    u32 done;
    char text[8];
    make_file("file", "text");
    OK(path_create_directory(ROOT, STR("dir")));
    OK(path_symlink(STR("file"), ROOT, STR("link")));
    OK(path_symlink(STR("dir"), ROOT, STR("dirlink")));
    EXPECT(EISDIR, path_unlink_file(ROOT, STR("dir")));
    EXPECT(EISDIR, path_unlink_file(ROOT, STR("dir/")));
    EXPECT(EISDIR, path_unlink_file(ROOT, STR(".")));
    EXPECT(EISDIR, path_unlink_file(ROOT, STR("dir/..")));
    EXPECT(ENOTDIR, path_unlink_file(ROOT, STR("file/")));
    EXPECT(ENOTDIR, path_unlink_file(ROOT, STR("link/")));
    EXPECT(ENOENT, path_unlink_file(ROOT, STR("none")));
    EXPECT(ENOENT, path_unlink_file(ROOT, STR("")));
    OK(path_unlink_file(ROOT, STR("link")));
    CHECK(exists("file") && !exists("link"));
    OK(path_unlink_file(ROOT, STR("dirlink")));
    CHECK(exists("dir") && !exists("dirlink"));
    u32 fd = must_open(ROOT, "file", 0, R_READ); /* an open file lives on */
    OK(path_unlink_file(ROOT, STR("dir/../file")));
    OK(read_into(fd, text, 8, &done));
    CHECK(done == 4 && !exists("file"));
    return finish();
}
