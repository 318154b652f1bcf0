// run: --dir {tmp}::/
#include "wasi_raw.h"

int main(void) {
    OK(path_create_directory(ROOT, STR("a")));
    OK(path_create_directory(ROOT, STR("a/b/")));
    OK(path_create_directory(ROOT, STR("a/b/../c//")));
    EXPECT(EEXIST, path_create_directory(ROOT, STR("a")));
    EXPECT(EEXIST, path_create_directory(ROOT, STR("a/")));
    EXPECT(EEXIST, path_create_directory(ROOT, STR(".")));
    EXPECT(EEXIST, path_create_directory(ROOT, STR("a/.")));
    EXPECT(EEXIST, path_create_directory(ROOT, STR("a/..")));
    EXPECT(ENOENT, path_create_directory(ROOT, STR("none/b")));
    EXPECT(ENOENT, path_create_directory(ROOT, STR("")));
    make_file("file", "text");
    EXPECT(EEXIST, path_create_directory(ROOT, STR("file")));
    EXPECT(ENOTDIR, path_create_directory(ROOT, STR("file/b")));
    OK(path_symlink(STR("made"), ROOT, STR("dangling")));
    EXPECT(EEXIST, path_create_directory(ROOT, STR("dangling")));

    EXPECT(ENOTEMPTY, path_remove_directory(ROOT, STR("a")));
    EXPECT(ENOTDIR, path_remove_directory(ROOT, STR("file")));
    EXPECT(ENOTDIR, path_remove_directory(ROOT, STR("file/")));
    EXPECT(ENOTDIR, path_remove_directory(ROOT, STR("dangling")));
    EXPECT(ENOENT, path_remove_directory(ROOT, STR("none")));
    EXPECT(EINVAL, path_remove_directory(ROOT, STR(".")));
    EXPECT(EINVAL, path_remove_directory(ROOT, STR("a/b/.")));
    EXPECT(ENOTEMPTY, path_remove_directory(ROOT, STR("a/b/..")));
    OK(path_remove_directory(ROOT, STR("a/b/")));
    OK(path_remove_directory(ROOT, STR("a/c")));
    OK(path_remove_directory(ROOT, STR("a")));
    CHECK(!exists("a"));
    OK(path_create_directory(ROOT, STR("real")));
    OK(path_symlink(STR("real"), ROOT, STR("link")));
    EXPECT(ENOTDIR, path_remove_directory(ROOT, STR("link")));
    EXPECT(ENOTDIR, path_remove_directory(ROOT, STR("link/")));
    CHECK(exists("real"));
    return finish();
}
