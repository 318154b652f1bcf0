// run: --dir {tmp}::/
#include "wasi_raw.h"

int main(void) {
    fdstat stat;
    OK(fd_fdstat_get(ROOT, AT(&stat)));
    CHECK(stat.filetype == DIRECTORY && stat.flags == 0);
    CHECK((stat.base & R_FOLDER) == R_FOLDER);
    CHECK((stat.base & (R_READ | R_WRITE | R_SEEK | R_TELL | R_SET_SIZE | R_ALLOCATE)) == 0);
    CHECK((stat.inheriting & (R_FILE | R_FOLDER)) == (R_FILE | R_FOLDER));

    /* Every bit set, as some programs do: only those that make sense are left. */
    u32 file;
    OK(path_open(ROOT, 0, STR("file"), O_CREATE, UINT32_MAX, UINT64_MAX, 0, AT(&file)));
    OK(fd_fdstat_get(file, AT(&stat)));
    CHECK(stat.filetype == REGULAR_FILE && stat.base == R_FILE);
    OK(path_open(ROOT, 0, STR("file"), 0, R_READ, 0, 0, AT(&file)));
    OK(fd_fdstat_get(file, AT(&stat)));
    CHECK(stat.base == R_READ && stat.inheriting == 0);
    OK(path_open(ROOT, 0, STR("."), O_DIR, R_SEEK | R_READDIR, R_READ, F_NONBLOCK, AT(&file)));
    OK(fd_fdstat_get(file, AT(&stat)));
    CHECK(stat.base == R_READDIR && stat.inheriting == R_READ && stat.filetype == DIRECTORY);
    return finish();
}
