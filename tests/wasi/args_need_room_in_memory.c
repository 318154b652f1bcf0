// args: argument
/* Arguments that do not fit the memory are EFAULT, and so are the pointers to them. */
#include "wasi_raw.h"

int main(void) {
    u32 count, size, pointers[2];
    char block[4096];
    u32 end = memory_end();
    OK(args_sizes_get(AT(&count), AT(&size)));
    EXPECT(EFAULT, args_get(AT(pointers), end - size + 1));
    EXPECT(EFAULT, args_get(end - 7, AT(block)));
    OK(args_get(AT(pointers), end - size));
    OK(args_get(AT(pointers), AT(block)));
    EXPECT(EFAULT, args_sizes_get(end - 3, AT(&size)));
    EXPECT(EFAULT, args_sizes_get(AT(&count), end - 3));
    return finish();
}
