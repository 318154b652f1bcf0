// run: --dir {tmp}::/
// setup: echo text > l0; for i in $(seq 50); do ln -s l$((i-1)) l$i; done
/* 40 links on the way are followed, 41 are ELOOP, as on Linux. */
#include "wasi_raw.h"

int main(void) {
    u32 fd;
    CHECK(has_text("l1", "text\n"));
    CHECK(has_text("l40", "text\n"));
    EXPECT(ELOOP, open_at(ROOT, "l41", 0, R_READ, 0, &fd));
    EXPECT(ELOOP, open_at(ROOT, "l50", 0, R_READ, 0, &fd));
    EXPECT(ELOOP, path_filestat_get(ROOT, FOLLOW, STR("l50"), AT(malloc(64))));
    OK(path_filestat_get(ROOT, 0, STR("l50"), AT(malloc(64))));
    return finish();
}
