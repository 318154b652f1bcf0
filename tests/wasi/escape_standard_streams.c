// setup: echo secret > secret
/* Standard streams grant nothing beneath them, also if one is a folder. */
#include "wasi_raw.h"

int main(void) {
    u32 fd, o = AT(malloc(64));
    for (u32 base = 0; base < 3; base++) {
        EXPECT(ENOTDIR, path_open(base, 0, STR("secret"), 0, R_READ, 0, 0, AT(&fd)));
        EXPECT(ENOTDIR, path_open(base, 0, STR("."), 0, 0, 0, 0, AT(&fd)));
        EXPECT(ENOTDIR, path_filestat_get(base, 0, STR(""), o));
    }
    return finish();
}
