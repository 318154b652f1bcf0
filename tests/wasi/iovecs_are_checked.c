// run: --dir {tmp}::/
/* Vectors: a bad one among good ones is EFAULT and nothing moves; none at all moves 0 bytes; the
 * last bytes of the memory can be used; a count that no memory holds is EFAULT. */
#include "wasi_raw.h"

int main(void) {
    u32 done = 77, position = 77;
    u64 offset = 77;
    char text[8] = "12345678";
    u32 end = memory_end();
    u32 file = must_open(ROOT, "file", O_CREATE, R_FILE);

    iovec32 bad_last[2] = {{AT(text), 4}, {end - 3, 4}};
    EXPECT(EFAULT, fd_write(file, AT(bad_last), 2, AT(&done)));
    iovec32 bad_first[2] = {{end + 1, 0}, {AT(text), 4}};
    EXPECT(EFAULT, fd_write(file, AT(bad_first), 2, AT(&done)));
    iovec32 wraps = {UINT32_MAX - 1, 4};
    EXPECT(EFAULT, fd_write(file, AT(&wraps), 1, AT(&done)));
    iovec32 huge = {AT(text), UINT32_MAX};
    EXPECT(EFAULT, fd_write(file, AT(&huge), 1, AT(&done)));
    CHECK(size_of(file) == 0);
    CHECK(done == 77);

    static const u32 counts[] = {UINT32_MAX, 1u << 31, 1u << 29, 1u << 20};
    for (u32 i = 0; i < 4; i++) {
        EXPECT(EFAULT, fd_write(file, AT(bad_last), counts[i], AT(&done)));
        EXPECT(EFAULT, fd_read(file, AT(bad_last), counts[i], AT(&done)));
        EXPECT(EFAULT, fd_pwrite(file, AT(bad_last), counts[i], 0, AT(&done)));
        EXPECT(EFAULT, fd_pread(file, AT(bad_last), counts[i], 0, AT(&done)));
    }

    OK(fd_write(file, AT(bad_last), 0, AT(&done)));
    CHECK(done == 0);
    OK(fd_write(file, end, 0, AT(&done)));
    EXPECT(EFAULT, fd_write(file, end + 1, 0, AT(&done)));
    iovec32 empty = {AT(text), 0};
    OK(fd_read(file, AT(&empty), 1, AT(&done)));
    CHECK(done == 0);

    iovec32 at_end = {end - 4, 4};
    memcpy((void *)(uintptr_t)(end - 4), "last", 4);
    OK(fd_write(file, AT(&at_end), 1, AT(&done)));
    CHECK(done == 4);
    memset((void *)(uintptr_t)(end - 4), 0, 4);
    OK(fd_pread(file, AT(&at_end), 1, 0, end - 4));
    memcpy(&position, (void *)(uintptr_t)(end - 4), 4);
    CHECK(position == 4); /* the count is stored last */
    OK(fd_tell(file, AT(&offset)));
    CHECK(offset == 4);
    return finish();
}
