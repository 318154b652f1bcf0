/* Without --dir there is no folder to start from. */
#include "wasi_raw.h"

int main(void) {
    u32 prestat[2];
    for (u32 fd = 0; fd < 100; fd++)
        EXPECT(EBADF, fd_prestat_get(fd, AT(prestat)));
    CHECK(fopen("/etc/passwd", "r") == NULL);
    for (u32 fd = 0; fd < 3; fd++)
        CHECK(path_open(fd, 0, STR("etc/passwd"), 0, R_READ, 0, 0, AT(prestat)) != 0);
    return finish();
}
