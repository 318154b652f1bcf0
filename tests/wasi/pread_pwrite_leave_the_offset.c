// run: --dir {tmp}::/
#include "wasi_raw.h"

int main(void) {
    u32 done;
    u64 at;
    char first[3], second[8];
    u32 file = must_open(ROOT, "file", O_CREATE, R_FILE);
    OK(write_text(file, "0123456789", &done));
    iovec32 two[2] = {{AT(first), 2}, {AT(second), 3}};
    OK(fd_pread(file, AT(two), 2, 4, AT(&done)));
    CHECK(done == 5 && memcmp(first, "45", 2) == 0 && memcmp(second, "678", 3) == 0);
    OK(fd_pread(file, AT(two), 2, 8, AT(&done)));
    CHECK(done == 2);
    OK(fd_pread(file, AT(two), 2, 10, AT(&done)));
    CHECK(done == 0);
    OK(fd_pread(file, AT(two), 2, 1000, AT(&done)));
    CHECK(done == 0);
    iovec32 text = {AT("ab"), 2};
    OK(fd_pwrite(file, AT(&text), 1, 3, AT(&done)));
    CHECK(done == 2 && has_text("file", "012ab56789"));
    OK(fd_pwrite(file, AT(&text), 1, 12, AT(&done)));
    CHECK(size_of(file) == 14);
    OK(fd_tell(file, AT(&at)));
    CHECK(at == 10);
    EXPECT(EINVAL, fd_pread(file, AT(two), 2, UINT64_MAX, AT(&done)));
    EXPECT(EINVAL, fd_pwrite(file, AT(&text), 1, (u64)INT64_MAX + 1, AT(&done)));
    EXPECT(EISDIR, fd_pread(ROOT, AT(two), 2, 0, AT(&done)));
    EXPECT(EISDIR, fd_pwrite(ROOT, AT(&text), 1, 0, AT(&done)));
    return finish();
}
