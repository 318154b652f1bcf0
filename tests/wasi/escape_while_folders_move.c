// run: --dir {tmp}/box::/
// setup: mkdir -p box/a/b/c box/top; echo OUTSIDE > secret; echo inside > box/secret
// setup: echo inside > box/a/secret
// swap: box/a/b/c box/top
// check: test "$(cat secret)" = OUTSIDE; test "$(ls -A | tr '\n' ' ')" = "box secret "
/* While a folder moves between the depths, ".." out of it must not lead above the grant. */
#include "wasi_raw.h"

int main(void) {
    static const char *const paths[] = {
        "a/b/c/../../../secret", "a/b/c/../../secret",           "top/../secret",
        "a/b/c/../secret",       "a/b/c/../../../top/../secret", "top/../a/b/c/../../../secret"};
    u32 read = 0;
    u64 start, now;
    clock_time_get(1, 0, AT(&start));
    do {
        for (u32 i = 0; i < sizeof paths / sizeof *paths; i++) {
            const char *text = text_of(paths[i]);
            read += text != NULL;
            CHECK(!text || strcmp(text, "inside\n") == 0);
        }
        static const char *const bad[] = {"a/b/c/../../../../secret", "top/../../secret"};
        for (u32 i = 0; i < 2; i++)
            CHECK(text_of(bad[i]) == NULL);
        path_create_directory(ROOT, STR("a/b/c/../../../../new"));
        clock_time_get(1, 0, AT(&now));
    } while (now - start < 500000000);
    CHECK(read > 0);
    return finish();
}
