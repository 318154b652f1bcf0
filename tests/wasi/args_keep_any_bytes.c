// args: one "two words" "" "\xff\xfe\x01" "tab\there"
/* Arguments reach the guest byte for byte, the program's name first. */
#include "wasi_raw.h"

int main(void) {
    static const char *const wanted[] = {NULL, "one", "two words", "", "\xff\xfe\x01", "tab\there"};
    u32 count = 0, size = 0, pointers[8];
    char block[4096];
    OK(args_sizes_get(AT(&count), AT(&size)));
    CHECK(count == 6);
    CHECK(size <= sizeof block);
    OK(args_get(AT(pointers), AT(block)));
    CHECK(pointers[0] == AT(block));
    CHECK(block[0] != '\0');
    u32 total = 0;
    for (u32 i = 0; i < count && i < 6; i++) {
        const char *argument = (const char *)(uintptr_t)pointers[i];
        CHECK(i == 0 || strcmp(argument, wanted[i]) == 0);
        total += strlen(argument) + 1;
    }
    CHECK(total == size);
    return finish();
}
