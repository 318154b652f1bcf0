// run: --dir {tmp}::/:ro
// stderr-lines: 1
/* However often the guest tries, and whatever names it uses: one line. */
#include "wasi_raw.h"

int main(void) {
    char name[16];
    for (u32 i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "new%u", (unsigned)i);
        EXPECT(EROFS, path_create_directory(ROOT, STR(name)));
    }
    return finish();
}
