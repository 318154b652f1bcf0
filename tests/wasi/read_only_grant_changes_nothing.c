// run: --dir {tmp}/ro::/:ro --dir {tmp}/rw::/rw
// setup: mkdir -p ro/dir ro/empty rw; printf text > ro/file; ln -s file ro/link
// setup: touch -h -d @1000 ro/file ro/link
// stderr-has: --dir {tmp}/ro::/ without :ro
// check: test "$(cat ro/file)" = text; test -z "$(ls ro/dir)"
// check: test "$(ls ro | tr '\n' ' ')" = "dir empty file link "
// check: test "$(stat -c %Y ro/file)" = 1000; test "$(stat -c %Y ro/link)" = 1000
/* Beneath a read-only grant nothing can be changed in any way: EROFS, and one line for the person.
 */
#include "wasi_raw.h"

int main(void) {
    enum { RW = 4 };
    u32 fd, done;
    char text[8];
    CHECK(has_text("file", "text"));
    OK(open_at(ROOT, "file", 0, R_READ, 0, &fd));
    EXPECT(EROFS, open_at(ROOT, "file", 0, R_WRITE, 0, &fd));
    EXPECT(EROFS, open_at(ROOT, "file", 0, R_READ | R_WRITE, F_APPEND, &fd));
    EXPECT(EROFS, open_at(ROOT, "file", O_TRUNCATE, R_READ, 0, &fd));
    EXPECT(EROFS, open_at(ROOT, "file", 0, R_ALLOCATE, 0, &fd));
    EXPECT(EROFS, open_at(ROOT, "new", O_CREATE, R_READ, 0, &fd));
    EXPECT(EROFS, open_at(ROOT, "new", O_CREATE | O_EXCLUSIVE, R_READ, 0, &fd));
    OK(open_at(ROOT, "file", O_CREATE, R_READ, 0, &fd)); /* it is there already */
    EXPECT(EEXIST, open_at(ROOT, "file", O_CREATE | O_EXCLUSIVE, R_READ, 0, &fd));
    EXPECT(EROFS, path_create_directory(ROOT, STR("new")));
    EXPECT(EROFS, path_remove_directory(ROOT, STR("empty")));
    EXPECT(EROFS, path_unlink_file(ROOT, STR("file")));
    EXPECT(EROFS, path_symlink(STR("file"), ROOT, STR("new")));
    EXPECT(EROFS, path_rename(ROOT, STR("file"), ROOT, STR("new")));
    EXPECT(EROFS, path_rename(ROOT, STR("file"), RW, STR("new")));
    EXPECT(EROFS, path_link(ROOT, 0, STR("file"), ROOT, STR("new")));
    EXPECT(EROFS,
           path_link(ROOT, 0, STR("file"), RW, STR("new"))); /* else it could be written there */
    EXPECT(EROFS, path_link(ROOT, FOLLOW, STR("link"), RW, STR("new")));
    EXPECT(EROFS, path_filestat_set_times(ROOT, 0, STR("file"), 0, 5, MTIM));
    EXPECT(EROFS, path_filestat_set_times(ROOT, 0, STR("link"), 0, 5, MTIM));
    EXPECT(EROFS, path_filestat_set_times(ROOT, FOLLOW, STR("link"), 0, 5, MTIM));

    u32 file = must_open(ROOT, "file", 0, R_READ | R_SET_TIMES);
    EXPECT(EROFS, fd_filestat_set_times(file, 0, 5, MTIM));
    EXPECT(EBADF, write_text(file, "x", &done));
    EXPECT(EROFS, fd_filestat_set_times(ROOT, 0, 5, MTIM));
    u32 dir = must_open(ROOT, "dir", O_DIR, R_FOLDER); /* what is opened beneath is no freer */
    EXPECT(EROFS, open_at(dir, "new", O_CREATE, R_WRITE, 0, &fd));
    EXPECT(EROFS, path_create_directory(dir, STR("new")));
    OK(fd_renumber(dir, ROOT));
    EXPECT(EROFS, path_create_directory(ROOT, STR("new")));

    OK(path_create_directory(RW, STR("fine")));
    OK(open_at(RW, "file", O_CREATE, R_WRITE, 0, &fd));
    EXPECT(EROFS, path_rename(RW, STR("file"), ROOT, STR("new")));
    EXPECT(EROFS, path_link(RW, 0, STR("file"), ROOT, STR("new")));
    OK(read_into(file, text, 8, &done));
    CHECK(done == 4);
    return finish();
}
