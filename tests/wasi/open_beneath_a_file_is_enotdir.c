// run: --dir {tmp}::/
/* path_ functions on a descriptor that is no folder. */
#include "wasi_raw.h"

int main(void) {
    u32 out[32];
    make_file("file", "text");
    u32 fds[] = {must_open(ROOT, "file", 0, UINT32_MAX), 0, 1, 2};
    for (u32 i = 0; i < 4; i++) {
        u32 fd = fds[i];
        EXPECT(ENOTDIR, path_create_directory(fd, STR("x")));
        EXPECT(ENOTDIR, path_filestat_get(fd, 0, STR("."), AT(out)));
        EXPECT(ENOTDIR, path_filestat_set_times(fd, 0, STR("x"), 0, 0, MTIM_NOW));
        EXPECT(ENOTDIR, path_link(fd, 0, STR("x"), ROOT, STR("y")));
        EXPECT(ENOTDIR, path_link(ROOT, 0, STR("file"), fd, STR("y")));
        EXPECT(ENOTDIR, path_open(fd, 0, STR("x"), O_CREATE, 0, 0, 0, AT(out)));
        EXPECT(ENOTDIR, path_readlink(fd, STR("x"), AT(out), 4, AT(out)));
        EXPECT(ENOTDIR, path_remove_directory(fd, STR("x")));
        EXPECT(ENOTDIR, path_rename(fd, STR("x"), ROOT, STR("y")));
        EXPECT(ENOTDIR, path_rename(ROOT, STR("file"), fd, STR("y")));
        EXPECT(ENOTDIR, path_symlink(STR("x"), fd, STR("y")));
        EXPECT(ENOTDIR, path_unlink_file(fd, STR("x")));
    }
    return finish();
}
