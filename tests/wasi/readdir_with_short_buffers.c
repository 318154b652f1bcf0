// run: --dir {tmp}::/
// setup: seq -f a-file-with-a-longer-name-%.0f 300 | xargs touch
/* Whatever the buffer's size, every entry comes exactly once; a full buffer means that there may be
 * more, and a cut entry comes again. */
#include "readdir.h"

int main(void) {
    static entry all[400], some[400];
    u32 used;
    static uint8_t buffer[64];
    static const u32 sizes[] = {60, 100, 256, 1000, 4096, 65536};
    CHECK(list(ROOT, 0, 65536, all, 400) == 302);
    for (u32 i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        u32 count = list(ROOT, 0, sizes[i], some, 400);
        CHECK(count == 302);
        for (u32 j = 0; j < count; j++)
            CHECK(strcmp(all[j].name, some[j].name) == 0 && all[j].next == some[j].next);
    }
    for (u32 size = 0; size < 25; size++) {
        memset(buffer, 0xaa, sizeof buffer);
        OK(fd_readdir(ROOT, AT(buffer), size, 0, AT(&used)));
        CHECK(used == size); /* full, although not one entry is whole */
        CHECK(buffer[size] == 0xaa);
    }
    return finish();
}
