// run: --dir {tmp}::/
#include "wasi_raw.h"

static filestat stat_of(const char *path) {
    filestat status = {0};
    OK(path_filestat_get(ROOT, 0, STR(path), AT(&status)));
    return status;
}

static u32 set(u32 lookup, const char *path, u64 mtim, u32 flags) {
    return path_filestat_set_times(ROOT, lookup, STR(path), 0, mtim, flags);
}

int main(void) {
    make_file("file", "text");
    OK(path_create_directory(ROOT, STR("dir")));
    OK(path_symlink(STR("file"), ROOT, STR("link")));
    OK(path_symlink(STR("none"), ROOT, STR("dangling")));
    OK(set(0, "file", 1000, MTIM));
    CHECK(stat_of("file").mtim == 1000);
    OK(set(0, "link", 2000, MTIM)); /* the link itself */
    CHECK(stat_of("link").mtim == 2000 && stat_of("file").mtim == 1000);
    OK(set(FOLLOW, "link", 3000, MTIM));
    CHECK(stat_of("link").mtim == 2000 && stat_of("file").mtim == 3000);
    OK(set(0, "dangling", 4000, MTIM));
    CHECK(stat_of("dangling").mtim == 4000);
    EXPECT(ENOENT, set(FOLLOW, "dangling", 4000, MTIM));
    OK(set(0, "dir/", 5000, MTIM));
    CHECK(stat_of("dir").mtim == 5000);
    OK(set(0, ".", 6000, MTIM));
    CHECK(stat_of(".").mtim == 6000);
    OK(set(0, "file", 0, MTIM_NOW));
    CHECK(stat_of("file").mtim > UINT64_C(1700000000000000000));
    OK(path_filestat_set_times(ROOT, 0, STR("file"), 7000, 0, ATIM));
    CHECK(stat_of("file").atim == 7000);
    EXPECT(EINVAL, set(0, "file", 1, MTIM | MTIM_NOW));
    EXPECT(EINVAL, set(0, "file", 1, ATIM | ATIM_NOW));
    EXPECT(EINVAL, set(0, "file", 1, 16));
    EXPECT(EINVAL, set(4, "file", 1, MTIM));
    EXPECT(ENOTDIR, set(0, "file/", 1, MTIM));
    return finish();
}
