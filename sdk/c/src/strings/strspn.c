#include "block.h"
#include "set.h"

#include <string.h>

/* The zero at the end differs too. */
static size_t all_of_one(const char *text, unsigned char byte) {
    const unsigned char *at = block_around(text);
    const block same = block_of(byte);
    block_bits found = block_from(block_equal(load_block(at), same) ^ ALL_BITS, bytes_before(text));
    while (!found) {
        at += BLOCK;
        found = block_equal(load_block(at), same) ^ ALL_BITS;
    }
    return (size_t)((const char *)at - text) + block_first(found);
}

size_t strspn(const char *text, const char *bytes) {
    const unsigned char *at = (const unsigned char *)text, *allowed = (const unsigned char *)bytes;
    if (!allowed[0])
        return 0;
    if (!allowed[1])
        return all_of_one(text, allowed[0]);
    byte_set set = set_of(allowed);
    while (set_has(&set, *at)) /* which has no zero */
        at++;
    return (size_t)(at - (const unsigned char *)text);
}
