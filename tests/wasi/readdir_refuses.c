// run: --dir {tmp}::/
/* Files are ENOTDIR; cookies that no folder has do no harm; a removed folder is empty. */
#include "readdir.h"

int main(void) {
    static uint8_t buffer[512];
    u32 used;
    static const u64 cookies[] = {1, 2, 12345, INT64_MAX, (u64)INT64_MAX + 1, UINT64_MAX};
    make_file("file", "text");
    u32 file = must_open(ROOT, "file", 0, UINT32_MAX);
    EXPECT(ENOTDIR, fd_readdir(file, AT(buffer), sizeof buffer, 0, AT(&used)));
    EXPECT(ENOTDIR, fd_readdir(1, AT(buffer), sizeof buffer, 0, AT(&used)));
    EXPECT(EFAULT, fd_readdir(ROOT, memory_end() - 4, 5, 0, AT(&used)));
    for (u32 i = 0; i < sizeof cookies / sizeof *cookies; i++) {
        u32 error = fd_readdir(ROOT, AT(buffer), sizeof buffer, cookies[i], AT(&used));
        CHECK(error == 0 || error == EINVAL);
    }
    EXPECT(EINVAL, fd_readdir(ROOT, AT(buffer), sizeof buffer, UINT64_MAX, AT(&used)));
    OK(path_create_directory(ROOT, STR("sub")));
    u32 sub = must_open(ROOT, "sub", O_DIR, R_READDIR);
    OK(path_remove_directory(ROOT, STR("sub")));
    OK(fd_readdir(sub, AT(buffer), sizeof buffer, 0, AT(&used)));
    CHECK(used == 0);
    return finish();
}
