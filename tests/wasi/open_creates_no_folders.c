// run: --dir {tmp}::/
// setup: mkdir folder; touch file
// check: test ! -e new
/* O_CREAT|O_DIRECTORY is EINVAL whatever the path names, as on Linux 6.4 and newer: open(2). */
#include "wasi_raw.h"

int main(void) {
    u32 fd;
    EXPECT(EINVAL, open_at(ROOT, "new", O_CREATE | O_DIR, R_WRITE, 0, &fd));
    EXPECT(EINVAL, open_at(ROOT, "file", O_CREATE | O_DIR, R_WRITE, 0, &fd));
    EXPECT(EINVAL, open_at(ROOT, "folder", O_CREATE | O_DIR | O_EXCLUSIVE, 0, 0, &fd));
    EXPECT(EINVAL, open_at(ROOT, "none/new", O_CREATE | O_DIR, 0, 0, &fd));
    OK(open_at(ROOT, "folder", O_DIR, 0, 0, &fd));
    return finish();
}
