// run: --dir {tmp}::/
// check: test "$(readlink link)" = "some/target"
/* Made with any relative target, read whole or cut; an absolute target is refused. */
#include "wasi_raw.h"

int main(void) {
    char text[32];
    u32 used;
    OK(path_symlink(STR("some/target"), ROOT, STR("link")));
    memset(text, '-', sizeof text);
    OK(path_readlink(ROOT, STR("link"), AT(text), sizeof text, AT(&used)));
    CHECK(used == 11 && memcmp(text, "some/target-", 12) == 0);
    OK(path_readlink(ROOT, STR("link"), AT(text), 4, AT(&used)));
    CHECK(used == 4);
    OK(path_readlink(ROOT, STR("link"), AT(text), 0, AT(&used)));
    CHECK(used == 0);
    OK(path_symlink(STR("../../../etc/passwd"), ROOT,
                    STR("points-out"))); /* going there is EPERM */
    OK(path_readlink(ROOT, STR("points-out"), AT(text), sizeof text, AT(&used)));
    CHECK(used == 19);
    EXPECT(EPERM, path_symlink(STR("/etc/passwd"), ROOT, STR("x")));
    EXPECT(EPERM, path_symlink(STR("/"), ROOT, STR("x")));
    EXPECT(EEXIST, path_symlink(STR("a"), ROOT, STR("link")));
    EXPECT(EEXIST, path_symlink(STR("a"), ROOT, STR(".")));
    EXPECT(ENOENT, path_symlink(STR("a"), ROOT, STR("x/")));
    EXPECT(ENOENT, path_symlink(STR(""), ROOT, STR("x")));
    EXPECT(ENOENT, path_symlink(STR("a"), ROOT, STR("")));
    EXPECT(EINVAL, path_symlink(AT("a\0b"), 3, ROOT, STR("x")));
    CHECK(!exists("x"));
    OK(path_create_directory(ROOT, STR("dir")));
    EXPECT(EEXIST, path_symlink(STR("a"), ROOT, STR("dir/")));
    make_file("file", "text");
    EXPECT(EINVAL, path_readlink(ROOT, STR("file"), AT(text), 8, AT(&used)));
    EXPECT(EINVAL, path_readlink(ROOT, STR("dir"), AT(text), 8, AT(&used)));
    EXPECT(EINVAL, path_readlink(ROOT, STR("."), AT(text), 8, AT(&used)));
    EXPECT(ENOENT, path_readlink(ROOT, STR("none"), AT(text), 8, AT(&used)));
    EXPECT(ENOTDIR, path_readlink(ROOT, STR("file/"), AT(text), 8, AT(&used)));
    return finish();
}
