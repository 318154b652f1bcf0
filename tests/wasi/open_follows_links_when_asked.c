// run: --dir {tmp}::/
#include "wasi_raw.h"

static u32 nofollow(const char *path, u32 oflags, u64 rights) {
    u32 fd;
    return path_open(ROOT, 0, STR(path), oflags, rights, 0, 0, AT(&fd));
}

int main(void) {
    u32 fd;
    make_file("file", "text");
    OK(path_create_directory(ROOT, STR("dir")));
    make_file("dir/inner", "inner");
    OK(path_symlink(STR("file"), ROOT, STR("to-file")));
    OK(path_symlink(STR("dir"), ROOT, STR("to-dir")));
    OK(path_symlink(STR("../file"), ROOT, STR("dir/up")));
    OK(path_symlink(STR("nowhere"), ROOT, STR("dangling")));
    OK(path_symlink(STR("loop"), ROOT, STR("loop")));
    OK(path_symlink(STR("to-dir/"), ROOT, STR("to-to-dir")));
    OK(path_symlink(STR("dir/../to-dir/./up"), ROOT, STR("winding")));
    CHECK(has_text("to-file", "text"));
    CHECK(has_text("to-dir/inner", "inner"));
    CHECK(has_text("to-to-dir/inner", "inner"));
    CHECK(has_text("dir/up", "text"));
    CHECK(has_text("winding", "text"));
    CHECK(has_text("to-dir/../file", "text"));
    EXPECT(ELOOP, nofollow("to-file", 0, R_READ));
    EXPECT(ELOOP, nofollow("to-dir", 0, 0));
    EXPECT(ENOTDIR, nofollow("to-dir", O_DIR, 0));
    EXPECT(ENOTDIR, nofollow("dangling", O_DIR, 0));
    EXPECT(ELOOP, nofollow("dangling", 0, 0));
    EXPECT(ELOOP, nofollow("dangling", O_CREATE, R_WRITE));
    OK(nofollow("to-dir/", 0, 0)); /* the slash follows */
    OK(nofollow("to-dir/inner", 0, R_READ));
    EXPECT(ENOENT, open_at(ROOT, "dangling", 0, R_READ, 0, &fd));
    EXPECT(ENOTDIR, open_at(ROOT, "to-file", O_DIR, 0, 0, &fd));
    EXPECT(ENOTDIR, open_at(ROOT, "to-file/", 0, 0, 0, &fd));
    EXPECT(ELOOP, open_at(ROOT, "loop", 0, 0, 0, &fd));
    EXPECT(ELOOP, open_at(ROOT, "loop/x", 0, 0, 0, &fd));
    EXPECT(EEXIST, open_at(ROOT, "dangling", O_CREATE | O_EXCLUSIVE, R_WRITE, 0, &fd));
    CHECK(!exists("nowhere"));
    OK(open_at(ROOT, "dangling", O_CREATE, R_WRITE, 0, &fd));
    CHECK(exists("nowhere"));
    return finish();
}
