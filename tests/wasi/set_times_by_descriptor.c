// run: --dir {tmp}::/
#include "wasi_raw.h"

int main(void) {
    filestat before, after;
    make_file("file", "text");
    u32 file = must_open(ROOT, "file", 0, R_FILE);
    OK(fd_filestat_set_times(file, 1000000001, 2000000002, ATIM | MTIM));
    OK(fd_filestat_get(file, AT(&before)));
    CHECK(before.atim == 1000000001 && before.mtim == 2000000002);
    OK(fd_filestat_set_times(file, 5, 6, 0)); /* nothing asked for */
    OK(fd_filestat_get(file, AT(&after)));
    CHECK(after.atim == before.atim && after.mtim == before.mtim);
    OK(fd_filestat_set_times(file, 7, 8, MTIM));
    OK(fd_filestat_get(file, AT(&after)));
    CHECK(after.atim == before.atim && after.mtim == 8);
    OK(fd_filestat_set_times(file, 9, 9, ATIM_NOW));
    OK(fd_filestat_get(file, AT(&after)));
    CHECK(after.atim > UINT64_C(1700000000000000000) && after.mtim == 8);
    OK(fd_filestat_set_times(file, 11, 11, ATIM | MTIM_NOW));
    OK(fd_filestat_get(file, AT(&after)));
    CHECK(after.atim == 11 && after.mtim > UINT64_C(1700000000000000000));
    EXPECT(EINVAL, fd_filestat_set_times(file, 1, 1, ATIM | ATIM_NOW));
    EXPECT(EINVAL, fd_filestat_set_times(file, 1, 1, MTIM | MTIM_NOW));
    EXPECT(EINVAL, fd_filestat_set_times(file, 1, 1, 16));
    EXPECT(EINVAL, fd_filestat_set_times(file, 1, 1, UINT32_MAX));
    OK(fd_filestat_get(file, AT(&before)));
    CHECK(before.atim == after.atim && before.mtim == after.mtim);
    OK(fd_filestat_set_times(ROOT, 5000000000, 6000000000, ATIM | MTIM));
    OK(fd_filestat_get(ROOT, AT(&after)));
    CHECK(after.mtim == 6000000000);
    return finish();
}
