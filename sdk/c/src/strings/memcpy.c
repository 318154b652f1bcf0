/* One instruction, which the runtime has the host's memcpy for. Of no bytes it would still ask
 * whether the addresses are in memory. */
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
    if (size)
        __builtin_memcpy(to, from, size);
    return to;
}
