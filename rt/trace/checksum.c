/* XXH64. Four lanes of 8 bytes each take 32 bytes a round; what is left over goes in last. */
#include "trace/checksum.h"
#include "trace/bytes.h"

#include <string.h>

#define PRIME_1 UINT64_C(0x9E3779B185EBCA87)
#define PRIME_2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define PRIME_3 UINT64_C(0x165667B19E3779F9)
#define PRIME_4 UINT64_C(0x85EBCA77C2B2AE63)
#define PRIME_5 UINT64_C(0x27D4EB2F165667C5)

static uint64_t rotate(uint64_t value, unsigned bits) {
    return value << bits | value >> (64 - bits);
}

static uint64_t take(uint64_t lane, uint64_t input) {
    return rotate(lane + input * PRIME_2, 31) * PRIME_1;
}

static uint64_t merge(uint64_t sum, uint64_t lane) {
    return (sum ^ take(0, lane)) * PRIME_1 + PRIME_4;
}

/* The bytes behind the last whole round, and the final mixing. */
static uint64_t finish(uint64_t sum, const uint8_t *at, size_t left) {
    for (; left >= 8; at += 8, left -= 8)
        sum = rotate(sum ^ take(0, tc_load64(at)), 27) * PRIME_1 + PRIME_4;
    if (left >= 4) {
        sum = rotate(sum ^ tc_load32(at) * PRIME_1, 23) * PRIME_2 + PRIME_3;
        at += 4, left -= 4;
    }
    for (; left > 0; at++, left--)
        sum = rotate(sum ^ *at * PRIME_5, 11) * PRIME_1;
    sum = (sum ^ sum >> 33) * PRIME_2;
    sum = (sum ^ sum >> 29) * PRIME_3;
    return sum ^ sum >> 32;
}

uint64_t tc_checksum(const void *data, size_t length, uint64_t seed) {
    const uint8_t *at = data;
    if (length < 32)
        return finish(seed + PRIME_5 + length, at, length);
    uint64_t a = seed + PRIME_1 + PRIME_2, b = seed + PRIME_2, c = seed, d = seed - PRIME_1;
    size_t left = length;
    for (; left >= 32; at += 32, left -= 32) {
        a = take(a, tc_load64(at));
        b = take(b, tc_load64(at + 8));
        c = take(c, tc_load64(at + 16));
        d = take(d, tc_load64(at + 24));
    }
    uint64_t sum = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
    sum = merge(merge(merge(merge(sum, a), b), c), d);
    return finish(sum + length, at, left);
}
