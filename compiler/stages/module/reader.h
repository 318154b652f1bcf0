/* A place in a module's bytes, and what can be read there. Whoever wrote the file may be hostile,
 * so that every read is checked against the end: after the first problem every read gives 0 and
 * `at` stays at the end. Inside stages/module/ only.
 *
 * Source: WebAssembly Core Specification 3.0, 5.2 "Values".
 */
#ifndef TC_MODULE_READER_H
#define TC_MODULE_READER_H

#include "base/base.h"

typedef struct tc_reader {
    const uint8_t *start; /* of the file, to say where a problem is */
    const uint8_t *at;
    const uint8_t *end;
    char *problem; /* owned by whoever made the reader */
    size_t problem_offset;
} tc_reader;

/* Notes the first problem, and where it is. */
void tc_reader_fail(tc_reader *in, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline size_t tc_reader_left(const tc_reader *in) {
    return (size_t)(in->end - in->at);
}

static inline uint8_t tc_read_byte(tc_reader *in) {
    if (__builtin_expect(in->at == in->end, 0)) {
        tc_reader_fail(in, "it ends too early");
        return 0;
    }
    return *in->at++;
}

static inline uint64_t tc_read_leb(tc_reader *in, unsigned bits) {
    if (in->at != in->end && *in->at < 0x80)
        return *in->at++;
    uint64_t value;
    tc_taken taken = tc_take_leb(&in->at, in->end, bits, &value);
    if (taken == TC_TAKEN)
        return value;
    tc_reader_fail(in, taken == TC_TAKEN_SHORT ? "it ends too early" : "a number is too long");
    return 0;
}

static inline uint32_t tc_read_u32(tc_reader *in) {
    return (uint32_t)tc_read_leb(in, 32);
}

/* Steps over a signed LEB128 of that many bits: in whatever bytes its sign is, it has no more than
 * an unsigned one. */
static inline void tc_skip_signed(tc_reader *in, unsigned bits) {
    for (unsigned shift = 0; shift < bits; shift += 7) {
        if (!(tc_read_byte(in) & 0x80))
            return;
    }
    tc_reader_fail(in, "a number is too long");
}

static inline void tc_skip(tc_reader *in, size_t length) {
    if (length > tc_reader_left(in))
        tc_reader_fail(in, "it ends too early");
    else
        in->at += length;
}

/* The length of a vector whose elements take at least one byte each: never more than fit. */
uint32_t tc_read_count(tc_reader *in);
tc_name tc_read_name(tc_reader *in);

#endif
