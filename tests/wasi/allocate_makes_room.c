// run: --dir {tmp}::/
/* fd_allocate extends a file and never cuts it; nothing is an invalid amount. */
#include "wasi_raw.h"

int main(void) {
    make_file("file", "text");
    u32 file = must_open(ROOT, "file", 0, R_FILE);
    u32 error = fd_allocate(file, 0, 100);
    if (error == ENOTSUP)
        return 0; /* the file system cannot */
    CHECK(error == 0 && size_of(file) == 100);
    OK(fd_allocate(file, 10, 10));
    CHECK(size_of(file) == 100);
    OK(fd_allocate(file, 90, 20));
    CHECK(size_of(file) == 110);
    EXPECT(EINVAL, fd_allocate(file, 0, 0));
    EXPECT(EFBIG, fd_allocate(file, UINT64_MAX, 1));
    EXPECT(EFBIG, fd_allocate(file, 1, UINT64_MAX));
    EXPECT(EFBIG, fd_allocate(file, INT64_MAX, INT64_MAX));
    CHECK(size_of(file) == 110);
    return finish();
}
