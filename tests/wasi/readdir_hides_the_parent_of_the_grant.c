// run: --dir {tmp}/box::/
// setup: mkdir -p box/sub/deep
/* The inode of ".." is the parent's, but that of the granted folder's own parent is not told. */
#include "readdir.h"

int main(void) {
    static entry entries[8];
    filestat root, sub;
    OK(path_filestat_get(ROOT, 0, STR("."), AT(&root)));
    OK(path_filestat_get(ROOT, 0, STR("sub"), AT(&sub)));
    u32 count = list(ROOT, 0, 4096, entries, 8);
    CHECK(find(entries, count, "..")->inode == root.inode);
    u32 again = must_open(ROOT, ".", O_DIR, R_READDIR);
    count = list(again, 0, 4096, entries, 8);
    CHECK(find(entries, count, "..")->inode == root.inode);
    u32 deep = must_open(ROOT, "sub/deep", O_DIR, R_READDIR);
    count = list(deep, 0, 4096, entries, 8);
    CHECK(find(entries, count, "..")->inode == sub.inode);
    return finish();
}
