// run: --dir {tmp}::/
#include "wasi_raw.h"

/* A descriptor of the folder "sub" that lacks one right. */
static u32 without(u64 right) {
    u32 fd = must_open(ROOT, "sub", O_DIR, R_FOLDER);
    OK(fd_fdstat_set_rights(fd, R_FOLDER & ~right, R_FILE | R_FOLDER));
    return fd;
}

int main(void) {
    static char buffer[256];
    u32 b = AT(buffer), fd;
    OK(path_create_directory(ROOT, STR("sub")));
    make_file("sub/file", "text");
    OK(path_symlink(STR("file"), ROOT, STR("sub/link")));
    EXPECT(ENOTCAPABLE, path_create_directory(without(R_CREATE_DIRECTORY), STR("new")));
    EXPECT(ENOTCAPABLE, open_at(without(R_CREATE_FILE), "new", O_CREATE, R_READ, 0, &fd));
    EXPECT(ENOTCAPABLE, open_at(without(R_CREATE_FILE), "file", O_CREATE, R_READ, 0, &fd));
    EXPECT(ENOTCAPABLE, path_link(without(R_LINK_SOURCE), 0, STR("file"), ROOT, STR("new")));
    EXPECT(ENOTCAPABLE, path_link(ROOT, 0, STR("sub/file"), without(R_LINK_TARGET), STR("new")));
    EXPECT(ENOTCAPABLE, open_at(without(R_OPEN), "file", 0, R_READ, 0, &fd));
    EXPECT(ENOTCAPABLE, fd_readdir(without(R_READDIR), b, 256, 0, b));
    EXPECT(ENOTCAPABLE, path_readlink(without(R_READLINK), STR("link"), b, 64, b));
    EXPECT(ENOTCAPABLE, path_rename(without(R_RENAME_SOURCE), STR("file"), ROOT, STR("new")));
    EXPECT(ENOTCAPABLE, path_rename(ROOT, STR("sub/file"), without(R_RENAME_TARGET), STR("new")));
    EXPECT(ENOTCAPABLE, path_filestat_get(without(R_PATH_STAT), 0, STR("file"), b));
    EXPECT(ENOTCAPABLE,
           path_filestat_set_times(without(R_PATH_SET_TIMES), 0, STR("file"), 0, 0, MTIM_NOW));
    EXPECT(ENOTCAPABLE, path_symlink(STR("file"), without(R_SYMLINK), STR("new")));
    EXPECT(ENOTCAPABLE, path_remove_directory(without(R_RMDIR), STR("sub")));
    EXPECT(ENOTCAPABLE, path_unlink_file(without(R_UNLINK), STR("file")));

    /* What is opened beneath can have no more than the folder passes on. */
    u32 folder = must_open(ROOT, "sub", O_DIR, R_FOLDER);
    OK(fd_fdstat_set_rights(folder, R_FOLDER, R_READ | R_SEEK));
    EXPECT(ENOTCAPABLE, open_at(folder, "file", 0, R_READ | R_WRITE, 0, &fd));
    EXPECT(ENOTCAPABLE, path_open(folder, 0, STR("file"), 0, R_READ, R_WRITE, 0, AT(&fd)));
    EXPECT(ENOTCAPABLE, open_at(folder, "file", 0, R_READ, F_SYNC, &fd));
    EXPECT(ENOTCAPABLE, open_at(folder, "file", 0, R_READ, F_DSYNC, &fd));
    OK(open_at(folder, "file", 0, R_READ, F_APPEND, &fd));

    /* To truncate, one of two rights is enough: the folder's own, or one that it passes on. */
    folder = without(R_PATH_SET_SIZE);
    OK(fd_fdstat_set_rights(folder, R_FOLDER & ~R_PATH_SET_SIZE, R_READ | R_WRITE));
    EXPECT(ENOTCAPABLE, open_at(folder, "file", O_TRUNCATE, R_READ, 0, &fd));
    make_file("sub/other", "text");
    OK(open_at(without(R_PATH_SET_SIZE), "other", O_TRUNCATE, R_READ, 0, &fd));
    CHECK(has_text("sub/other", ""));
    CHECK(has_text("sub/file", "text"));
    CHECK(!exists("new") && !exists("sub/new"));
    return finish();
}
