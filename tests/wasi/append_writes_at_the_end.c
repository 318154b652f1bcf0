// run: --dir {tmp}::/
/* APPEND when opened and when set later; it can be taken back. */
#include "wasi_raw.h"

int main(void) {
    u32 done, file;
    u64 at;
    fdstat stat;
    make_file("file", "abc");
    OK(open_at(ROOT, "file", 0, R_FILE, F_APPEND, &file));
    OK(fd_fdstat_get(file, AT(&stat)));
    CHECK(stat.flags == F_APPEND);
    OK(write_text(file, "d", &done));
    OK(fd_seek(file, 0, SET, AT(&at)));
    OK(write_text(file, "e", &done));
    OK(fd_tell(file, AT(&at)));
    CHECK(at == 5);
    CHECK(has_text("file", "abcde"));
    OK(fd_fdstat_set_flags(file, 0));
    OK(fd_seek(file, 0, SET, AT(&at)));
    OK(write_text(file, "A", &done));
    CHECK(has_text("file", "Abcde"));
    OK(fd_fdstat_set_flags(file, F_APPEND | F_NONBLOCK));
    OK(fd_fdstat_get(file, AT(&stat)));
    CHECK(stat.flags == (F_APPEND | F_NONBLOCK));
    OK(write_text(file, "f", &done));
    CHECK(has_text("file", "Abcdef"));
    return finish();
}
