// run: --dir {tmp}::/
/* A path of 700 folders, and back up. */
#include "wasi_raw.h"

int main(void) {
    static char path[4096];
    u32 fd = ROOT, next;
    for (u32 i = 0; i < 700; i++) {
        OK(path_create_directory(fd, STR("d")));
        OK(path_open(fd, 0, STR("d"), O_DIR, R_FOLDER, R_FILE | R_FOLDER, 0, AT(&next)));
        if (fd != ROOT)
            OK(fd_close(fd));
        fd = next;
    }
    for (u32 i = 0; i < 700; i++)
        strcat(path, "d/");
    OK(open_at(ROOT, path, O_DIR, 0, 0, &fd));
    for (u32 i = 0; i < 700; i++)
        strcat(path, "../");
    strcat(path, "d/d");
    OK(open_at(ROOT, path, O_DIR, 0, 0, &fd));
    strcat(path, "/../../..");
    EXPECT(EPERM, open_at(ROOT, path, O_DIR, 0, 0, &fd));
    return finish();
}
