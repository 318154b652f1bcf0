#include "block.h"

#include <string.h>

size_t strlen(const char *text) {
    const unsigned char *at = block_around(text);
    const block zero = block_of(0);
    block_bits found = block_from(block_equal(load_block(at), zero), bytes_before(text));
    while (!found) {
        at += BLOCK;
        found = block_equal(load_block(at), zero);
    }
    return (size_t)((const char *)at - text) + block_first(found);
}
