/* See memcpy.c. */
#include <string.h>

void *memset(void *to, int byte, size_t size) {
    if (size)
        __builtin_memset(to, byte, size);
    return to;
}
