// run: --dir {tmp}::/
/* Bad whence and offsets before the start are EINVAL and move nothing; past the end is legal. */
#include "wasi_raw.h"

int main(void) {
    u32 done;
    u64 at = 0;
    u32 file = must_open(ROOT, "file", O_CREATE, R_FILE);
    OK(write_text(file, "hello", &done));
    EXPECT(EINVAL, fd_seek(file, 0, 3, AT(&at)));
    EXPECT(EINVAL, fd_seek(file, 0, 255, AT(&at)));
    EXPECT(EINVAL, fd_seek(file, 0, UINT32_MAX, AT(&at)));
    EXPECT(EINVAL, fd_seek(file, (u64)-1, SET, AT(&at)));
    EXPECT(EINVAL, fd_seek(file, (u64)-6, CUR, AT(&at)));
    EXPECT(EINVAL, fd_seek(file, (u64)-6, END, AT(&at)));
    EXPECT(EINVAL, fd_seek(file, (u64)INT64_MIN, SET, AT(&at)));
    OK(fd_tell(file, AT(&at)));
    CHECK(at == 5);
    OK(fd_seek(file, 100, END, AT(&at)));
    CHECK(at == 105 && size_of(file) == 5);
    OK(write_text(file, "!", &done));
    CHECK(size_of(file) == 106);
    EXPECT(EISDIR, fd_seek(ROOT, 0, SET, AT(&at)));
    EXPECT(EISDIR, fd_tell(ROOT, AT(&at)));
    return finish();
}
