// cflags: -msimd128 -fno-vectorize -fno-slp-vectorize
/* Vector instructions that move lanes, change their width, or combine neighbours. */
#include "simd.h"

/* Each lane of the wide vector from one of the narrow one's; `from` is the first. */
#define EXTEND(instruction, wide, narrow, from)                                                    \
    do {                                                                                           \
        for (int at = 0; at < OPERANDS; at++) {                                                    \
            lanes x = operands[at], got = {instruction(x.v)}, wanted = x;                          \
            for (int lane = 0; lane < (int)(sizeof x.wide / sizeof *x.wide); lane++)               \
                wanted.wide[lane] = x.narrow[lane + (from)];                                       \
            check_same(#instruction, &got, &wanted);                                               \
        }                                                                                          \
    } while (0)

static void check_extensions(void) {
    EXTEND(wasm_i16x8_extend_low_i8x16, i16, i8, 0);
    EXTEND(wasm_i16x8_extend_high_i8x16, i16, i8, 8);
    EXTEND(wasm_u16x8_extend_low_u8x16, u16, u8, 0);
    EXTEND(wasm_u16x8_extend_high_u8x16, u16, u8, 8);
    EXTEND(wasm_i32x4_extend_low_i16x8, i32, i16, 0);
    EXTEND(wasm_i32x4_extend_high_i16x8, i32, i16, 4);
    EXTEND(wasm_u32x4_extend_low_u16x8, u32, u16, 0);
    EXTEND(wasm_u32x4_extend_high_u16x8, u32, u16, 4);
    EXTEND(wasm_i64x2_extend_low_i32x4, i64, i32, 0);
    EXTEND(wasm_i64x2_extend_high_i32x4, i64, i32, 2);
    EXTEND(wasm_u64x2_extend_low_u32x4, u64, u32, 0);
    EXTEND(wasm_u64x2_extend_high_u32x4, u64, u32, 2);
}

/* `type` is the wide lane's, so that nothing overflows before it should. */
#define MULTIPLY_WIDE(instruction, type, wide, narrow, from)                                       \
    do {                                                                                           \
        for (int at = 0; at < OPERANDS * OPERANDS; at++) {                                         \
            lanes x = operands[at / OPERANDS], y = operands[at % OPERANDS];                        \
            lanes got = {instruction(x.v, y.v)}, wanted = x;                                       \
            for (int lane = 0; lane < (int)(sizeof x.wide / sizeof *x.wide); lane++)               \
                wanted.wide[lane] =                                                                \
                    (type)((type)x.narrow[lane + (from)] * (type)y.narrow[lane + (from)]);         \
            check_same(#instruction, &got, &wanted);                                               \
        }                                                                                          \
    } while (0)

static void check_wide_products(void) {
    MULTIPLY_WIDE(wasm_i16x8_extmul_low_i8x16, int16_t, i16, i8, 0);
    MULTIPLY_WIDE(wasm_i16x8_extmul_high_i8x16, int16_t, i16, i8, 8);
    MULTIPLY_WIDE(wasm_u16x8_extmul_low_u8x16, uint16_t, u16, u8, 0);
    MULTIPLY_WIDE(wasm_u16x8_extmul_high_u8x16, uint16_t, u16, u8, 8);
    MULTIPLY_WIDE(wasm_i32x4_extmul_low_i16x8, int32_t, i32, i16, 0);
    MULTIPLY_WIDE(wasm_i32x4_extmul_high_i16x8, int32_t, i32, i16, 4);
    MULTIPLY_WIDE(wasm_u32x4_extmul_low_u16x8, uint32_t, u32, u16, 0);
    MULTIPLY_WIDE(wasm_u32x4_extmul_high_u16x8, uint32_t, u32, u16, 4);
    MULTIPLY_WIDE(wasm_i64x2_extmul_low_i32x4, int64_t, i64, i32, 0);
    MULTIPLY_WIDE(wasm_i64x2_extmul_high_i32x4, int64_t, i64, i32, 2);
    MULTIPLY_WIDE(wasm_u64x2_extmul_low_u32x4, uint64_t, u64, u32, 0);
    MULTIPLY_WIDE(wasm_u64x2_extmul_high_u32x4, uint64_t, u64, u32, 2);
}

#define ADD_PAIRS(instruction, wide, narrow)                                                       \
    do {                                                                                           \
        for (int at = 0; at < OPERANDS; at++) {                                                    \
            lanes x = operands[at], got = {instruction(x.v)}, wanted = x;                          \
            for (int lane = 0; lane < (int)(sizeof x.wide / sizeof *x.wide); lane++)               \
                wanted.wide[lane] = (__typeof__(*x.wide))x.narrow[2 * lane] +                      \
                                    (__typeof__(*x.wide))x.narrow[2 * lane + 1];                   \
            check_same(#instruction, &got, &wanted);                                               \
        }                                                                                          \
    } while (0)

static void check_neighbours(void) {
    ADD_PAIRS(wasm_i16x8_extadd_pairwise_i8x16, i16, i8);
    ADD_PAIRS(wasm_u16x8_extadd_pairwise_u8x16, u16, u8);
    ADD_PAIRS(wasm_i32x4_extadd_pairwise_i16x8, i32, i16);
    ADD_PAIRS(wasm_u32x4_extadd_pairwise_u16x8, u32, u16);
    for (int at = 0; at < OPERANDS * OPERANDS; at++) {
        lanes x = operands[at / OPERANDS], y = operands[at % OPERANDS];
        lanes got = {wasm_i32x4_dot_i16x8(x.v, y.v)}, wanted = x;
        for (int lane = 0; lane < 4; lane++)
            wanted.u32[lane] = (uint32_t)(x.i16[2 * lane] * y.i16[2 * lane]) +
                               (uint32_t)(x.i16[2 * lane + 1] * y.i16[2 * lane + 1]);
        check_same("wasm_i32x4_dot_i16x8", &got, &wanted);
    }
}

#define NARROW(instruction, narrow, wide, low, high)                                               \
    do {                                                                                           \
        const int half = (int)(sizeof operands->wide / sizeof *operands->wide);                    \
        for (int at = 0; at < OPERANDS * OPERANDS; at++) {                                         \
            lanes x = operands[at / OPERANDS], y = operands[at % OPERANDS];                        \
            lanes got = {instruction(x.v, y.v)}, wanted = x;                                       \
            for (int lane = 0; lane < 2 * half; lane++) {                                          \
                int value = lane < half ? x.wide[lane] : y.wide[lane - half];                      \
                wanted.narrow[lane] = (__typeof__(*wanted.narrow))(value < (low)    ? (low)        \
                                                                   : value > (high) ? (high)       \
                                                                                    : value);      \
            }                                                                                      \
            check_same(#instruction, &got, &wanted);                                               \
        }                                                                                          \
    } while (0)

static void check_narrowing(void) {
    NARROW(wasm_i8x16_narrow_i16x8, i8, i16, INT8_MIN, INT8_MAX);
    NARROW(wasm_u8x16_narrow_i16x8, u8, i16, 0, UINT8_MAX);
    NARROW(wasm_i16x8_narrow_i32x4, i16, i32, INT16_MIN, INT16_MAX);
    NARROW(wasm_u16x8_narrow_i32x4, u16, i32, 0, UINT16_MAX);
}

static void check_swizzle(void) {
    for (int at = 0; at < OPERANDS * OPERANDS; at++) {
        lanes x = operands[at / OPERANDS], y = operands[at % OPERANDS], wanted = x;
        lanes got = {wasm_i8x16_swizzle(x.v, y.v)};
        for (int lane = 0; lane < 16; lane++)
            wanted.u8[lane] = y.u8[lane] < 16 ? x.u8[y.u8[lane]] : 0;
        check_same("wasm_i8x16_swizzle", &got, &wanted);
        got.v = wasm_i8x16_swizzle(x.v, wasm_v128_and(y.v, wasm_i8x16_splat(31)));
        for (int lane = 0; lane < 16; lane++)
            wanted.u8[lane] = (y.u8[lane] & 31) < 16 ? x.u8[y.u8[lane] & 31] : 0;
        check_same("wasm_i8x16_swizzle of small indices", &got, &wanted);
    }
}

static void check_shuffle(void) {
    static const uint8_t order[16] = {0, 16, 1, 17, 31, 15, 30, 14, 5, 5, 5, 21, 8, 9, 10, 11};
    for (int i = 0; i + 1 < OPERANDS; i++) {
        lanes x = operands[i], y = operands[i + 1], wanted = x;
        lanes got = {
            wasm_i8x16_shuffle(x.v, y.v, 0, 16, 1, 17, 31, 15, 30, 14, 5, 5, 5, 21, 8, 9, 10, 11)};
        for (int lane = 0; lane < 16; lane++)
            wanted.u8[lane] = order[lane] < 16 ? x.u8[order[lane]] : y.u8[order[lane] - 16];
        check_same("wasm_i8x16_shuffle", &got, &wanted);
    }
}

static void check_single_lanes(void) {
    for (int i = 0; i < OPERANDS; i++) {
        lanes x = operands[i], got, wanted = x;
        if (wasm_i8x16_extract_lane(x.v, 15) != x.i8[15] ||
            wasm_u8x16_extract_lane(x.v, 7) != x.u8[7] ||
            wasm_i16x8_extract_lane(x.v, 7) != x.i16[7] ||
            wasm_u16x8_extract_lane(x.v, 3) != x.u16[3] ||
            wasm_i32x4_extract_lane(x.v, 3) != x.i32[3] ||
            wasm_i64x2_extract_lane(x.v, 1) != x.i64[1]) {
            puts("extract_lane");
            failures++;
        }
        got.v = wasm_i8x16_replace_lane(x.v, 3, 0x5a);
        wanted.u8[3] = 0x5a;
        check_same("wasm_i8x16_replace_lane", &got, &wanted);
        got.v = wasm_i16x8_replace_lane(got.v, 7, -2);
        wanted.i16[7] = -2;
        check_same("wasm_i16x8_replace_lane", &got, &wanted);
        got.v = wasm_i32x4_replace_lane(got.v, 2, 77);
        wanted.i32[2] = 77;
        check_same("wasm_i32x4_replace_lane", &got, &wanted);
        got.v = wasm_i64x2_replace_lane(got.v, 0, -3);
        wanted.i64[0] = -3;
        check_same("wasm_i64x2_replace_lane", &got, &wanted);
        got.v = wasm_f32x4_replace_lane(got.v, 1, 1.5f);
        wanted.f32[1] = 1.5f;
        check_same("wasm_f32x4_replace_lane", &got, &wanted);
        got.v = wasm_f64x2_replace_lane(got.v, 1, -2.5);
        wanted.f64[1] = -2.5;
        check_same("wasm_f64x2_replace_lane", &got, &wanted);
    }
}

static void check_loads(void) {
    unsigned char bytes[32];
    for (int i = 0; i < 32; i++)
        bytes[i] = (unsigned char)(200 + 7 * i);
    lanes got, wanted = operands[40], source;
    const void *odd = bytes + 3; /* any alignment is allowed */
    memcpy(&source, odd, sizeof source);

    got.v = wasm_v128_load(odd);
    check_same("wasm_v128_load", &got, &source);
    got.v = wasm_v128_load8_splat(odd);
    memset(wanted.u8, source.u8[0], 16);
    check_same("wasm_v128_load8_splat", &got, &wanted);
    got.v = wasm_v128_load32_splat(odd);
    for (int i = 0; i < 4; i++)
        wanted.u32[i] = source.u32[0];
    check_same("wasm_v128_load32_splat", &got, &wanted);
    got.v = wasm_v128_load32_zero(odd);
    wanted = (lanes){.u32 = {source.u32[0]}};
    check_same("wasm_v128_load32_zero", &got, &wanted);
    got.v = wasm_v128_load64_zero(odd);
    wanted = (lanes){.u64 = {source.u64[0]}};
    check_same("wasm_v128_load64_zero", &got, &wanted);
    got.v = wasm_i16x8_load8x8(odd);
    for (int i = 0; i < 8; i++)
        wanted.i16[i] = source.i8[i];
    check_same("wasm_i16x8_load8x8", &got, &wanted);
    got.v = wasm_u32x4_load16x4(odd);
    for (int i = 0; i < 4; i++)
        wanted.u32[i] = source.u16[i];
    check_same("wasm_u32x4_load16x4", &got, &wanted);
    got.v = wasm_i64x2_load32x2(odd);
    for (int i = 0; i < 2; i++)
        wanted.i64[i] = source.i32[i];
    check_same("wasm_i64x2_load32x2", &got, &wanted);
    wanted = operands[41];
    got.v = wasm_v128_load16_lane(odd, operands[41].v, 5);
    wanted.u16[5] = source.u16[0];
    check_same("wasm_v128_load16_lane", &got, &wanted);
    wasm_v128_store32_lane(bytes + 1, operands[42].v, 3);
    if (memcmp(bytes + 1, &operands[42].u32[3], 4) != 0) {
        puts("wasm_v128_store32_lane");
        failures++;
    }
}

int main(void) {
    make_operands();
    check_extensions();
    check_wide_products();
    check_neighbours();
    check_narrowing();
    check_swizzle();
    check_shuffle();
    check_single_lanes();
    check_loads();
    return failures != 0;
}
