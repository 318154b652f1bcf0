// stdin: folder
/* A folder as standard input is no grant: nothing beneath it can be reached or listed. */
#include "wasi_raw.h"

int main(void) {
    static char buffer[512];
    u32 fd, used, b = AT(buffer);
    fdstat stat;
    OK(fd_fdstat_get(0, AT(&stat)));
    CHECK(stat.filetype == DIRECTORY);
    CHECK(path_open(0, 0, STR("secret"), 0, R_READ, 0, 0, AT(&fd)) == ENOTCAPABLE);
    CHECK(path_open(0, 0, STR("secret"), O_CREATE, R_WRITE, 0, 0, AT(&fd)) == ENOTCAPABLE);
    CHECK(path_filestat_get(0, 0, STR("secret"), b) == ENOTCAPABLE);
    CHECK(path_unlink_file(0, STR("secret")) == ENOTCAPABLE);
    CHECK(path_create_directory(0, STR("new")) == ENOTCAPABLE);
    CHECK(fd_readdir(0, b, sizeof buffer, 0, AT(&used)) == ENOTCAPABLE);
    CHECK(fd_filestat_set_times(0, 1, 1, MTIM) == ENOTCAPABLE);
    EXPECT(EISDIR, read_into(0, buffer, 10, &used));
    return finish();
}
