/* A set of bytes, for strspn and strcspn. */
#ifndef TC_SET_H
#define TC_SET_H

#include <stdbool.h>
#include <stdint.h>

typedef struct byte_set {
    uint64_t words[4];
} byte_set;

/* Those of a text, without the zero at its end. */
static inline byte_set set_of(const unsigned char *text) {
    byte_set set = {{0, 0, 0, 0}};
    for (; *text; text++)
        set.words[*text / 64] |= UINT64_C(1) << *text % 64;
    return set;
}

static inline bool set_has(const byte_set *set, unsigned char byte) {
    return set->words[byte / 64] >> byte % 64 & 1;
}

#endif
