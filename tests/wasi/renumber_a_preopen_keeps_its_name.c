// run: --dir {tmp}::/
/* A preopen may be moved and closed like any descriptor; its name goes with it. */
#include "wasi_raw.h"

int main(void) {
    u32 prestat[2] = {9, 9};
    u32 file = must_open(ROOT, "x", O_CREATE, R_WRITE);
    OK(fd_renumber(ROOT, file));
    EXPECT(EBADF, fd_prestat_get(ROOT, AT(prestat)));
    OK(fd_prestat_get(file, AT(prestat)));
    CHECK(prestat[0] == 0 && prestat[1] == 1);
    OK(path_create_directory(file, STR("made")));
    OK(fd_close(file));
    EXPECT(EBADF, path_create_directory(file, STR("made too")));
    return finish();
}
