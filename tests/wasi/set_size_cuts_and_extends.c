// run: --dir {tmp}::/
#include "wasi_raw.h"

int main(void) {
    u64 at;
    make_file("file", "0123456789");
    u32 file = must_open(ROOT, "file", 0, R_FILE);
    OK(fd_seek(file, 7, SET, AT(&at)));
    OK(fd_filestat_set_size(file, 4));
    CHECK(has_text("file", "0123"));
    OK(fd_tell(file, AT(&at)));
    CHECK(at == 7);
    OK(fd_filestat_set_size(file, 100));
    CHECK(size_of(file) == 100);
    OK(fd_filestat_set_size(file, 0));
    CHECK(size_of(file) == 0);
    EXPECT(EFBIG, fd_filestat_set_size(file, UINT64_MAX));
    return finish();
}
