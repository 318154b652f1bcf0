// run: --dir {tmp}::/
/* More vectors than IOV_MAX are legal: the transfer is a partial one, like any. */
#include "wasi_raw.h"

int main(void) {
    enum { COUNT = 5000 };
    static iovec32 vectors[COUNT];
    static char text[COUNT];
    u32 done = 0, total = 0;
    memset(text, 'x', sizeof text);
    u32 file = must_open(ROOT, "file", O_CREATE, R_FILE);
    for (u32 i = 0; i < COUNT; i++)
        vectors[i] = (iovec32){AT(text + i), 1};
    while (total < COUNT) {
        OK(fd_write(file, AT(vectors + total), COUNT - total, AT(&done)));
        CHECK(done > 0 && done <= COUNT - total);
        if (done == 0)
            break;
        total += done;
    }
    CHECK(size_of(file) == COUNT);
    OK(fd_pread(file, AT(vectors), COUNT, 0, AT(&done)));
    CHECK(done >= 1024);
    return finish();
}
