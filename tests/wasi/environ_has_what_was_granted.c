// run: --env A=1 --env B= --env FROM_HOST --env NOT_THERE --env A=2 --env C=x=y
// env: FROM_HOST=host value
// env: HIDDEN=secret
// env: TIMECRAFT_SOMETHING=runner's
/* --env gives NAME=VALUE or the host's value; the later one wins; nothing else is seen. */
#include "wasi_raw.h"

int main(void) {
    static const char *const wanted[] = {"A=2", "B=", "FROM_HOST=host value", "C=x=y"};
    u32 count = 0, size = 0, pointers[16];
    char block[4096];
    OK(environ_sizes_get(AT(&count), AT(&size)));
    CHECK(count == 4);
    OK(environ_get(AT(pointers), AT(block)));
    u32 total = 0;
    for (u32 i = 0; i < count && i < 16; i++) {
        const char *entry = (const char *)(uintptr_t)pointers[i];
        printf("%s\n", entry);
        CHECK(i < 4 && strcmp(entry, wanted[i]) == 0);
        total += strlen(entry) + 1;
    }
    CHECK(total == size);
    return finish();
}
