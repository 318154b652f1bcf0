// run: --dir {tmp}::/
// setup: mkfifo fifo; printf 12345 > file; ln file second; ln -s file link; mkdir dir
// setup: touch -d '1960-01-01' old; touch -d '@1600000000.123456789' exact
#include "wasi_raw.h"

static filestat stat_of(const char *path, u32 lookup) {
    filestat status;
    memset(&status, 0xff, sizeof status);
    OK(path_filestat_get(ROOT, lookup, STR(path), AT(&status)));
    return status;
}

int main(void) {
    filestat file = stat_of("file", 0), opened = {0};
    CHECK(file.filetype == REGULAR_FILE && file.size == 5 && file.links == 2 && file.inode != 0);
    CHECK(file.mtim > UINT64_C(1700000000000000000) && file.ctim >= file.mtim);
    OK(fd_filestat_get(must_open(ROOT, "second", 0, R_STAT), AT(&opened)));
    CHECK(memcmp(&file, &opened, sizeof file) == 0);
    CHECK(stat_of("link", 0).filetype == SYMBOLIC_LINK && stat_of("link", 0).size == 4);
    CHECK(stat_of("link", FOLLOW).inode == file.inode);
    CHECK(stat_of("dir", 0).filetype == DIRECTORY);
    CHECK(stat_of(".", 0).inode != file.inode);
    CHECK(stat_of("fifo", 0).filetype == UNKNOWN);
    CHECK(stat_of("old", 0).mtim == 0); /* before what preview 1 can say */
    CHECK(stat_of("exact", 0).mtim == UINT64_C(1600000000123456789));
    filestat unused;
    EXPECT(EINVAL, path_filestat_get(ROOT, 2, STR("file"), AT(&unused)));
    EXPECT(ENOENT, path_filestat_get(ROOT, 0, STR("none"), AT(&unused)));
    EXPECT(ENOTDIR, path_filestat_get(ROOT, 0, STR("file/"), AT(&unused)));
    EXPECT(ENOTDIR, path_filestat_get(ROOT, 0, STR("file/."), AT(&unused)));
    EXPECT(ENOTDIR, path_filestat_get(ROOT, 0, STR("file/x"), AT(&unused)));
    return finish();
}
