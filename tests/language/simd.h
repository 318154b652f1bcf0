/* What the guests with SIMD instructions share: operands, and comparing a vector instruction's
 * result with what the same operation gives for each lane by itself.
 *
 * The scalar side must not become vector code, or both would come from the same instructions:
 * those guests are compiled with -fno-vectorize -fno-slp-vectorize.
 */
#ifndef SIMD_H
#define SIMD_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasm_simd128.h>

/* A vector as its lanes. */
typedef union lanes {
    v128_t v;
    int8_t i8[16];
    uint8_t u8[16];
    int16_t i16[8];
    uint16_t u16[8];
    int32_t i32[4];
    uint32_t u32[4];
    int64_t i64[2];
    uint64_t u64[2];
    float f32[4];
    double f64[2];
} lanes;

#define OPERANDS 64

static lanes operands[OPERANDS];
static int failures;

/* Numbers at the limits first, then any. */
static inline void make_operands(void) {
    static const uint64_t special[] = {0,
                                       ~UINT64_C(0),
                                       0x8000000080000000,
                                       0x7fffffff7fffffff,
                                       0x8000800080008000,
                                       0x7fff7fff7fff7fff,
                                       0x8080808080808080,
                                       0x7f7f7f7f7f7f7f7f,
                                       0x8000000000000000,
                                       0x7fffffffffffffff,
                                       0x0101010101010101,
                                       0x0001000100010001};
    uint64_t state = 88172645463325252u; /* xorshift64 */
    for (int i = 0; i < OPERANDS; i++) {
        for (int half = 0; half < 2; half++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            size_t at = (size_t)(2 * i + half) / 2;
            operands[i].u64[half] = at < sizeof special / sizeof *special ? special[at] : state;
        }
    }
}

static inline void check_same(const char *what, const lanes *got, const lanes *wanted) {
    if (memcmp(got, wanted, sizeof *got) == 0)
        return;
    if (failures++ < 20)
        printf("%s: %016llx%016llx, should be %016llx%016llx\n", what,
               (unsigned long long)got->u64[1], (unsigned long long)got->u64[0],
               (unsigned long long)wanted->u64[1], (unsigned long long)wanted->u64[0]);
}

/* For each operand x, lane by lane: the instruction's result is `expression`, in which `a` is x's
 * lane. */
#define UNARY(instruction, field, expression)                                                      \
    do {                                                                                           \
        for (int at = 0; at < OPERANDS; at++) {                                                    \
            lanes x = operands[at], got = {instruction(x.v)}, wanted = {wasm_i32x4_splat(0)};      \
            for (size_t lane = 0; lane < sizeof x.field / sizeof *x.field; lane++) {               \
                __typeof__(*x.field) a = x.field[lane];                                            \
                wanted.field[lane] = (__typeof__(a))(expression);                                  \
            }                                                                                      \
            check_same(#instruction, &got, &wanted);                                               \
        }                                                                                          \
    } while (0)

/* The same for each pair of operands: `a` and `b` are their lanes. */
#define BINARY(instruction, field, expression)                                                     \
    do {                                                                                           \
        for (int at = 0; at < OPERANDS * OPERANDS; at++) {                                         \
            lanes x = operands[at / OPERANDS], y = operands[at % OPERANDS];                        \
            lanes got = {instruction(x.v, y.v)}, wanted = {wasm_i32x4_splat(0)};                   \
            for (size_t lane = 0; lane < sizeof x.field / sizeof *x.field; lane++) {               \
                __typeof__(*x.field) a = x.field[lane], b = y.field[lane];                         \
                wanted.field[lane] = (__typeof__(a))(expression);                                  \
            }                                                                                      \
            check_same(#instruction, &got, &wanted);                                               \
        }                                                                                          \
    } while (0)

/* A lane of all ones or all zeroes. */
#define MASK(condition) ((condition) ? -1 : 0)

/* Each shift count is tried for each operand; `n` is the count that counts. */
#define SHIFT(instruction, field, expression)                                                      \
    do {                                                                                           \
        for (unsigned count = 0; count < 140; count++) {                                           \
            for (int at = 0; at < OPERANDS; at++) {                                                \
                lanes x = operands[at], got = {instruction(x.v, count)};                           \
                lanes wanted = {wasm_i32x4_splat(0)};                                              \
                unsigned n = count % (8 * sizeof *x.field);                                        \
                for (size_t lane = 0; lane < sizeof x.field / sizeof *x.field; lane++) {           \
                    __typeof__(*x.field) a = x.field[lane];                                        \
                    wanted.field[lane] = (__typeof__(a))(expression);                              \
                }                                                                                  \
                check_same(#instruction, &got, &wanted);                                           \
            }                                                                                      \
        }                                                                                          \
    } while (0)

/* A scalar result of a vector. */
#define SCALAR(instruction, expression)                                                            \
    do {                                                                                           \
        for (int at = 0; at < OPERANDS; at++) {                                                    \
            lanes x = operands[at];                                                                \
            long long got = (long long)instruction(x.v), wanted = (long long)(expression);         \
            if (got != wanted && failures++ < 20)                                                  \
                printf("%s: %lld, should be %lld\n", #instruction, got, wanted);                   \
        }                                                                                          \
    } while (0)

#endif
