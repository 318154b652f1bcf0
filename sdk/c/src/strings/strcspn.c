/* Up to three bytes are looked for in blocks, more of them in a set. */
#include "block.h"
#include "set.h"

#include <string.h>

#define FEW 3

static inline block_bits block_has(block now, const block wanted[FEW + 1]) {
    return block_equal(now, wanted[0]) | block_equal(now, wanted[1]) | block_equal(now, wanted[2]) |
           block_equal(now, wanted[3]);
}

static size_t before_one_of_few(const char *text, const block wanted[FEW + 1]) {
    const unsigned char *at = block_around(text);
    block_bits found = block_from(block_has(load_block(at), wanted), bytes_before(text));
    while (!found) {
        at += BLOCK;
        found = block_has(load_block(at), wanted);
    }
    return (size_t)((const char *)at - text) + block_first(found);
}

static size_t before_one_of(const unsigned char *text, const byte_set *set) {
    size_t length = 0;
    while (text[length] && !set_has(set, text[length]))
        length++;
    return length;
}

size_t strcspn(const char *text, const char *bytes) {
    const unsigned char *ends = (const unsigned char *)bytes;
    block wanted[FEW + 1];
    size_t count = 0;
    for (; count < FEW && ends[count]; count++)
        wanted[count] = block_of(ends[count]);
    if (ends[count]) {
        byte_set set = set_of(ends);
        return before_one_of((const unsigned char *)text, &set);
    }
    for (; count <= FEW; count++)
        wanted[count] = block_of(0);
    return before_one_of_few(text, wanted);
}
