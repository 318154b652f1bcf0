// run: --dir {tmp}::/
// check: test "$(cat file)" = "heLLO"
#include "wasi_raw.h"

int main(void) {
    u32 done = 0;
    u64 at = 9;
    char text[16];
    u32 file = must_open(ROOT, "file", O_CREATE, R_FILE);
    OK(fd_tell(file, AT(&at)));
    CHECK(at == 0);
    OK(write_text(file, "hello", &done));
    CHECK(done == 5);
    OK(fd_tell(file, AT(&at)));
    CHECK(at == 5);
    OK(read_into(file, text, sizeof text, &done));
    CHECK(done == 0);
    OK(fd_seek(file, (u64)-3, CUR, AT(&at)));
    CHECK(at == 2);
    OK(write_text(file, "LLO", &done));
    OK(fd_seek(file, 0, SET, AT(&at)));
    CHECK(at == 0);
    OK(read_into(file, text, 3, &done));
    CHECK(done == 3 && memcmp(text, "heL", 3) == 0);
    OK(read_into(file, text, sizeof text, &done));
    CHECK(done == 2 && memcmp(text, "LO", 2) == 0);
    OK(fd_seek(file, (u64)-1, END, AT(&at)));
    CHECK(at == 4);
    return finish();
}
