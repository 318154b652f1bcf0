// run: --dir {tmp}::/
#include "wasi_raw.h"

int main(void) {
    make_file("file", "text");
    u32 file = must_open(ROOT, "file", 0, R_FILE);
    for (u32 advice = 0; advice < 6; advice++) {
        OK(fd_advise(file, 0, 0, advice));
        OK(fd_advise(file, 2, 100, advice));
    }
    EXPECT(EINVAL, fd_advise(file, 0, 0, 6));
    EXPECT(EINVAL, fd_advise(file, 0, 0, UINT32_MAX));
    EXPECT(EINVAL, fd_advise(file, 0, UINT64_MAX, 0));
    EXPECT(EINVAL, fd_advise(file, UINT64_MAX, 0, 0));
    CHECK(has_text("file", "text"));
    return finish();
}
