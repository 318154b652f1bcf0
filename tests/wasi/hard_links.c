// run: --dir {tmp}::/
#include "wasi_raw.h"

static u32 link_here(u32 lookup, const char *from, const char *to) {
    return path_link(ROOT, lookup, STR(from), ROOT, STR(to));
}

static filestat stat_of(const char *path) {
    filestat status = {0};
    OK(path_filestat_get(ROOT, 0, STR(path), AT(&status)));
    return status;
}

int main(void) {
    make_file("file", "text");
    OK(path_create_directory(ROOT, STR("dir")));
    OK(path_symlink(STR("file"), ROOT, STR("link")));
    OK(path_symlink(STR("link"), ROOT, STR("dir/../second")));
    OK(path_symlink(STR("nowhere"), ROOT, STR("dangling")));
    OK(path_symlink(STR("loop"), ROOT, STR("loop")));
    OK(path_symlink(STR("../file"), ROOT, STR("dir/up")));
    OK(path_symlink(STR("dir"), ROOT, STR("dirlink")));

    OK(link_here(0, "file", "dir/hard"));
    CHECK(stat_of("dir/hard").inode == stat_of("file").inode && stat_of("file").links == 2);
    OK(link_here(0, "link", "hard-link-of-link"));
    CHECK(stat_of("hard-link-of-link").filetype == SYMBOLIC_LINK);
    OK(link_here(0, "dangling", "hard-dangling"));
    OK(link_here(0, "loop", "hard-loop"));
    OK(link_here(FOLLOW, "second", "followed"));
    CHECK(stat_of("followed").inode == stat_of("file").inode);
    OK(link_here(FOLLOW, "dirlink/up", "followed-up"));
    CHECK(stat_of("followed-up").inode == stat_of("file").inode);
    OK(link_here(FOLLOW, "file", "plain"));
    EXPECT(ENOENT, link_here(FOLLOW, "dangling", "x"));
    EXPECT(ELOOP, link_here(FOLLOW, "loop", "x"));
    EXPECT(EEXIST, link_here(0, "file", "dir"));
    EXPECT(EEXIST, link_here(0, "file", "file"));
    EXPECT(EEXIST, link_here(0, "file", "dangling"));
    EXPECT(EEXIST, link_here(0, "file", "."));
    EXPECT(EPERM, link_here(0, "dir", "x"));
    EXPECT(EPERM, link_here(0, "dir/", "x"));
    EXPECT(EPERM, link_here(0, ".", "x"));
    EXPECT(EPERM, link_here(0, "dirlink/", "x"));
    EXPECT(EPERM, link_here(FOLLOW, "dirlink", "x"));
    EXPECT(ENOTDIR, link_here(0, "file/", "x"));
    EXPECT(ENOTDIR, link_here(0, "link/", "x"));
    EXPECT(ENOENT, link_here(0, "file", "x/"));
    EXPECT(ENOENT, link_here(0, "none", "x"));
    EXPECT(ENOENT, link_here(0, "file", "none/x"));
    EXPECT(EINVAL, link_here(2, "file", "x"));
    CHECK(!exists("x"));
    return finish();
}
