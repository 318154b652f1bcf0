/* See memcpy.c. */
#include <string.h>

void *memmove(void *to, const void *from, size_t size) {
    if (size)
        __builtin_memmove(to, from, size);
    return to;
}
