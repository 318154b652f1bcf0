// cflags: -msimd128 -fno-vectorize -fno-slp-vectorize
/* Integer vector instructions give for each lane what the scalar operation does. */
#include "simd.h"

static long long clamp(long long value, long long low, long long high) {
    return value < low ? low : value > high ? high : value;
}

static int bits_set(uint8_t byte) {
    int count = 0;
    for (; byte; byte &= (uint8_t)(byte - 1))
        count++;
    return count;
}

static void check_arithmetic(void) {
    BINARY(wasm_i8x16_add, u8, a + b);
    BINARY(wasm_i16x8_add, u16, a + b);
    BINARY(wasm_i32x4_add, u32, a + b);
    BINARY(wasm_i64x2_add, u64, a + b);
    BINARY(wasm_i8x16_sub, u8, a - b);
    BINARY(wasm_i16x8_sub, u16, a - b);
    BINARY(wasm_i32x4_sub, u32, a - b);
    BINARY(wasm_i64x2_sub, u64, a - b);
    BINARY(wasm_i16x8_mul, u16, (uint32_t)a * b);
    BINARY(wasm_i32x4_mul, u32, a * b);
    BINARY(wasm_i64x2_mul, u64, a * b);
    UNARY(wasm_i8x16_neg, u8, 0 - a);
    UNARY(wasm_i16x8_neg, u16, 0 - a);
    UNARY(wasm_i32x4_neg, u32, 0 - a);
    UNARY(wasm_i64x2_neg, u64, 0 - a);
    UNARY(wasm_i8x16_abs, u8, (int8_t)a < 0 ? 0 - a : a);
    UNARY(wasm_i16x8_abs, u16, (int16_t)a < 0 ? 0 - a : a);
    UNARY(wasm_i32x4_abs, u32, (int32_t)a < 0 ? 0 - a : a);
    UNARY(wasm_i64x2_abs, u64, (int64_t)a < 0 ? 0 - a : a);
    UNARY(wasm_i8x16_popcnt, u8, bits_set(a));
    BINARY(wasm_i8x16_add_sat, i8, clamp(a + b, INT8_MIN, INT8_MAX));
    BINARY(wasm_u8x16_add_sat, u8, clamp(a + b, 0, UINT8_MAX));
    BINARY(wasm_i16x8_add_sat, i16, clamp(a + b, INT16_MIN, INT16_MAX));
    BINARY(wasm_u16x8_add_sat, u16, clamp(a + b, 0, UINT16_MAX));
    BINARY(wasm_i8x16_sub_sat, i8, clamp(a - b, INT8_MIN, INT8_MAX));
    BINARY(wasm_u8x16_sub_sat, u8, clamp(a - b, 0, UINT8_MAX));
    BINARY(wasm_i16x8_sub_sat, i16, clamp(a - b, INT16_MIN, INT16_MAX));
    BINARY(wasm_u16x8_sub_sat, u16, clamp(a - b, 0, UINT16_MAX));
    BINARY(wasm_u8x16_avgr, u8, (a + b + 1) / 2);
    BINARY(wasm_u16x8_avgr, u16, (a + b + 1) / 2);
    BINARY(wasm_i16x8_q15mulr_sat, i16, clamp((a * b + 0x4000) >> 15, INT16_MIN, INT16_MAX));
}

static void check_limits(void) {
    BINARY(wasm_i8x16_min, i8, a < b ? a : b);
    BINARY(wasm_u8x16_min, u8, a < b ? a : b);
    BINARY(wasm_i16x8_min, i16, a < b ? a : b);
    BINARY(wasm_u16x8_min, u16, a < b ? a : b);
    BINARY(wasm_i32x4_min, i32, a < b ? a : b);
    BINARY(wasm_u32x4_min, u32, a < b ? a : b);
    BINARY(wasm_i8x16_max, i8, a > b ? a : b);
    BINARY(wasm_u8x16_max, u8, a > b ? a : b);
    BINARY(wasm_i16x8_max, i16, a > b ? a : b);
    BINARY(wasm_u16x8_max, u16, a > b ? a : b);
    BINARY(wasm_i32x4_max, i32, a > b ? a : b);
    BINARY(wasm_u32x4_max, u32, a > b ? a : b);
}

#define COMPARISONS(shape, field)                                                                  \
    do {                                                                                           \
        BINARY(wasm_##shape##_lt, field, MASK(a < b));                                             \
        BINARY(wasm_##shape##_gt, field, MASK(a > b));                                             \
        BINARY(wasm_##shape##_le, field, MASK(a <= b));                                            \
        BINARY(wasm_##shape##_ge, field, MASK(a >= b));                                            \
    } while (0)
#define EQUALITIES(shape, field)                                                                   \
    do {                                                                                           \
        BINARY(wasm_##shape##_eq, field, MASK(a == b));                                            \
        BINARY(wasm_##shape##_ne, field, MASK(a != b));                                            \
    } while (0)

static void check_comparisons(void) {
    EQUALITIES(i8x16, i8);
    EQUALITIES(i16x8, i16);
    EQUALITIES(i32x4, i32);
    EQUALITIES(i64x2, i64);
    COMPARISONS(i8x16, i8);
    COMPARISONS(u8x16, u8);
    COMPARISONS(i16x8, i16);
    COMPARISONS(u16x8, u16);
    COMPARISONS(i32x4, i32);
    COMPARISONS(u32x4, u32);
    COMPARISONS(i64x2, i64);
}

/* A shift's count is taken modulo the lane's width. */
static void check_shifts(void) {
    SHIFT(wasm_i8x16_shl, u8, (unsigned)a << n);
    SHIFT(wasm_i16x8_shl, u16, (unsigned)a << n);
    SHIFT(wasm_i32x4_shl, u32, a << n);
    SHIFT(wasm_i64x2_shl, u64, a << n);
    SHIFT(wasm_i8x16_shr, i8, a >> n);
    SHIFT(wasm_i16x8_shr, i16, a >> n);
    SHIFT(wasm_i32x4_shr, i32, a >> n);
    SHIFT(wasm_i64x2_shr, i64, a >> n);
    SHIFT(wasm_u8x16_shr, u8, a >> n);
    SHIFT(wasm_u16x8_shr, u16, a >> n);
    SHIFT(wasm_u32x4_shr, u32, a >> n);
    SHIFT(wasm_u64x2_shr, u64, a >> n);
}

static void check_bits(void) {
    BINARY(wasm_v128_and, u64, a & b);
    BINARY(wasm_v128_or, u64, a | b);
    BINARY(wasm_v128_xor, u64, a ^ b);
    BINARY(wasm_v128_andnot, u64, a & ~b);
    UNARY(wasm_v128_not, u64, ~a);
    for (int i = 0; i + 2 < OPERANDS; i++) {
        lanes x = operands[i], y = operands[i + 1], mask = operands[i + 2];
        lanes got = {wasm_v128_bitselect(x.v, y.v, mask.v)}, wanted = {x.v};
        for (int half = 0; half < 2; half++)
            wanted.u64[half] = (x.u64[half] & mask.u64[half]) | (y.u64[half] & ~mask.u64[half]);
        check_same("wasm_v128_bitselect", &got, &wanted);
    }
}

static int all_true8(const lanes *x) {
    return !memchr(x->u8, 0, sizeof x->u8);
}

static int all_true16(const lanes *x) {
    int all = 1;
    for (int i = 0; i < 8; i++)
        all &= x->u16[i] != 0;
    return all;
}

static unsigned sign_bits(const lanes *x, unsigned width) {
    unsigned bits = 0;
    for (unsigned i = 0; i < 16 / width; i++)
        bits |= (unsigned)(x->u8[(i + 1) * width - 1] >> 7) << i;
    return bits;
}

static void check_summaries(void) {
    SCALAR(wasm_v128_any_true, x.u64[0] || x.u64[1]);
    SCALAR(wasm_i8x16_all_true, all_true8(&x));
    SCALAR(wasm_i16x8_all_true, all_true16(&x));
    SCALAR(wasm_i32x4_all_true, x.u32[0] && x.u32[1] && x.u32[2] && x.u32[3]);
    SCALAR(wasm_i64x2_all_true, x.u64[0] && x.u64[1]);
    SCALAR(wasm_i8x16_bitmask, sign_bits(&x, 1));
    SCALAR(wasm_i16x8_bitmask, sign_bits(&x, 2));
    SCALAR(wasm_i32x4_bitmask, sign_bits(&x, 4));
    SCALAR(wasm_i64x2_bitmask, sign_bits(&x, 8));
}

int main(void) {
    make_operands();
    check_arithmetic();
    check_limits();
    check_comparisons();
    check_shifts();
    check_bits();
    check_summaries();
    return failures != 0;
}
