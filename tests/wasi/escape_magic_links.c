// run: --dir /proc::/
/* With /proc granted, its magic links still do not lead to what they stand for. */
#include "wasi_raw.h"

int main(void) {
    static const char *const paths[] = {"self/root",        "self/root/etc/passwd",
                                        "self/cwd",         "self/cwd/",
                                        "self/cwd/..",      "self/exe",
                                        "self/fd/0",        "self/fd/3",
                                        "self/fd/3/self",   "self/fd/3/../etc",
                                        "thread-self/root", "self/task/../root/etc",
                                        "self/ns/mnt",      "../etc/passwd"};
    static char out[256];
    u32 fd;
    for (u32 i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *path = paths[i];
        CHECK(path_open(ROOT, FOLLOW, STR(path), 0, R_READ, 0, 0, AT(&fd)) != 0);
        CHECK(path_open(ROOT, FOLLOW, STR(path), O_DIR, 0, 0, 0, AT(&fd)) != 0);
        CHECK(path_filestat_get(ROOT, FOLLOW, STR(path), AT(out)) != 0);
        if (failures)
            printf("%s\n", path);
    }
    OK(path_open(ROOT, FOLLOW, STR("self/stat"), 0, R_READ, 0, 0, AT(&fd))); /* a plain link */
    return finish();
}
