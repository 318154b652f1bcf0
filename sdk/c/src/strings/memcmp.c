/* Both objects have `size` bytes, so that the last block may overlap the one before it. */
#include "block.h"

#include <string.h>

/* Of the first byte that differs, the lowest. */
static inline int difference(uint64_t a, uint64_t b) {
    if (a == b)
        return 0;
    int shift = __builtin_ctzll(a ^ b) & 56;
    return (int)(a >> shift & 255) - (int)(b >> shift & 255);
}

/* One byte to seven, in their order; some may be there twice. */
static inline uint64_t few_bytes(const unsigned char *at, size_t size) {
    if (size >= 4)
        return load_4(at) | load_4(at + size - 4) << 32;
    return at[0] | (uint64_t)at[size / 2] << 8 | (uint64_t)at[size - 1] << 16;
}

static inline int compare_eight(const unsigned char *a, const unsigned char *b) {
    return difference(load_8(a), load_8(b));
}

#if BLOCK == 16
static inline int compare_block(const unsigned char *a, const unsigned char *b) {
    block_bits differ = block_equal(load_block(a), load_block(b)) ^ ALL_BITS;
    if (!differ)
        return 0;
    size_t first = block_first(differ);
    return a[first] - b[first];
}
#else
#define compare_block compare_eight
#endif

int memcmp(const void *left, const void *right, size_t size) {
    const unsigned char *a = left, *b = right;
    if (size < 8)
        return size ? difference(few_bytes(a, size), few_bytes(b, size)) : 0;
    int result;
    if (size < BLOCK) {
        result = compare_eight(a, b);
        return result ? result : compare_eight(a + size - 8, b + size - 8);
    }
    size_t last = size - BLOCK;
    for (size_t i = 0; i < last; i += BLOCK) {
        result = compare_block(a + i, b + i);
        if (result)
            return result;
    }
    return compare_block(a + last, b + last);
}
