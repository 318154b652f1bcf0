// run: --dir {tmp}::/
// setup: seq -f file-%.0f 1000 | xargs touch
/* Reading can go on from any cookie, in any order, also when entries come and go meanwhile. */
#include "readdir.h"

int main(void) {
    static entry all[1100], rest[1100];
    u32 count = list(ROOT, 0, 8192, all, 1100);
    CHECK(count == 1002);
    static const u32 places[] = {0, 500, 10, 999, 1000, 3, 777};
    for (u32 i = 0; i < sizeof places / sizeof *places; i++) {
        u32 place = places[i];
        u32 left = list(ROOT, all[place].next, 512, rest, 1100);
        CHECK(left == count - place - 1);
        CHECK(left == 0 || strcmp(rest[0].name, all[place + 1].name) == 0);
    }
    /* Removing what was read does not hide what was not. */
    for (u32 i = 0; i < 500; i++)
        if (all[i].filetype == REGULAR_FILE)
            OK(path_unlink_file(ROOT, STR(all[i].name)));
    u32 left = list(ROOT, all[499].next, 4096, rest, 1100);
    CHECK(left == count - 500);
    for (u32 i = 500; i < count; i++)
        CHECK(find(rest, left, all[i].name) != NULL);
    /* The end stays the end. */
    CHECK(list(ROOT, all[count - 1].next, 4096, rest, 1100) == 0);
    CHECK(list(ROOT, all[count - 1].next, 4096, rest, 1100) == 0);
    return finish();
}
