// run: --dir {tmp}::/
/* As natively: reading what was opened for writing, and the other way round, is EBADF; a folder is
 * EISDIR. */
#include "wasi_raw.h"

int main(void) {
    u32 done;
    char text[4];
    iovec32 vector = {AT(text), 4};
    make_file("file", "text");
    u32 writes = must_open(ROOT, "file", 0, R_FILE & ~R_READ);
    u32 reads = must_open(ROOT, "file", 0, R_READ | R_SEEK | R_TELL | R_STAT);
    EXPECT(EBADF, read_into(writes, text, 4, &done));
    EXPECT(EBADF, fd_pread(writes, AT(&vector), 1, 0, AT(&done)));
    EXPECT(EBADF, write_text(reads, "x", &done));
    EXPECT(EBADF, fd_pwrite(reads, AT(&vector), 1, 0, AT(&done)));
    EXPECT(EBADF, fd_filestat_set_size(reads, 0));
    EXPECT(EBADF, fd_allocate(reads, 0, 100));
    EXPECT(EISDIR, read_into(ROOT, text, 4, &done));
    EXPECT(EISDIR, write_text(ROOT, "x", &done));
    EXPECT(EISDIR, fd_filestat_set_size(ROOT, 0));
    EXPECT(EISDIR, fd_allocate(ROOT, 0, 100));
    CHECK(has_text("file", "text"));
    return finish();
}
