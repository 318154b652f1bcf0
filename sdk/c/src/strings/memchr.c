/* `size` may be more than there is, if the byte is found before (C17 7.24.5.1). */
#include "block.h"

#include <string.h>

void *memchr(const void *memory, int byte, size_t size) {
    if (!size)
        return NULL;
    const unsigned char *at = block_around(memory);
    size_t before = bytes_before(memory);
    size_t left = size > SIZE_MAX - before ? SIZE_MAX : size + before; /* from `at` on */
    const block wanted = block_of((unsigned char)byte);
    block_bits found = block_from(block_equal(load_block(at), wanted), before);
    while (!found) {
        if (left <= BLOCK)
            return NULL;
        left -= BLOCK;
        at += BLOCK;
        found = block_equal(load_block(at), wanted);
    }
    size_t first = block_first(found);
    return first < left ? (void *)(at + first) : NULL;
}
