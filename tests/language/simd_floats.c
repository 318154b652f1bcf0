// cflags: -msimd128 -fno-vectorize -fno-slp-vectorize
/* Floating-point vector instructions give for each lane what the scalar operation does: the same
 * bits, and some NaN where that gives a NaN. */
#include "simd.h"

static const double numbers[] = {0.0,
                                 -0.0,
                                 1.0,
                                 -1.0,
                                 0.5,
                                 -0.5,
                                 1.5,
                                 2.5,
                                 -2.5,
                                 0x1.fffffep-1,
                                 INFINITY,
                                 -INFINITY,
                                 NAN,
                                 -NAN,
                                 1e-45,
                                 -1e-40,
                                 1e-310,
                                 3.4e38,
                                 -3.5e38,
                                 2147483647.0,
                                 2147483648.0,
                                 -2147483648.0,
                                 -2147483649.0,
                                 4294967295.0,
                                 4294967296.0,
                                 8388607.5,
                                 4503599627370495.5,
                                 9007199254740993.0,
                                 1e300,
                                 -1e300,
                                 123.456,
                                 -987.654};
#define NUMBERS ((int)(sizeof numbers / sizeof *numbers))

static v128_t floats_of(int at) {
    return wasm_f32x4_make((float)numbers[at % NUMBERS], (float)numbers[(at + 1) % NUMBERS],
                           (float)numbers[(at + 5) % NUMBERS], (float)numbers[(at + 9) % NUMBERS]);
}

static v128_t doubles_of(int at) {
    return wasm_f64x2_make(numbers[at % NUMBERS], numbers[(at + 3) % NUMBERS]);
}

/* All NaNs count as one. */
static void settle(lanes *x, int is_double) {
    for (int i = 0; i < 4 && !is_double; i++)
        if (isnan(x->f32[i]))
            x->u32[i] = 0x7fc00000;
    for (int i = 0; i < 2 && is_double; i++)
        if (isnan(x->f64[i]))
            x->u64[i] = 0x7ff8000000000000;
}

#define EACH(instruction, field, make, count, arguments, expression)                               \
    do {                                                                                           \
        for (int at = 0; at < (count); at++) {                                                     \
            lanes x = {make(at % NUMBERS)}, y = {make(at / NUMBERS)};                              \
            lanes got = {instruction arguments}, wanted = {wasm_i32x4_splat(0)};                   \
            for (size_t lane = 0; lane < sizeof x.field / sizeof *x.field; lane++) {               \
                __typeof__(*x.field) a = x.field[lane], b = y.field[lane];                         \
                (void)b;                                                                           \
                wanted.field[lane] = (expression);                                                 \
            }                                                                                      \
            settle(&got, sizeof *x.field == sizeof(double));                                       \
            settle(&wanted, sizeof *x.field == sizeof(double));                                    \
            check_same(#instruction, &got, &wanted);                                               \
        }                                                                                          \
    } while (0)
#define ONE_F32(instruction, expression)                                                           \
    EACH(instruction, f32, floats_of, NUMBERS, (x.v), expression)
#define ONE_F64(instruction, expression)                                                           \
    EACH(instruction, f64, doubles_of, NUMBERS, (x.v), expression)
#define TWO_F32(instruction, expression)                                                           \
    EACH(instruction, f32, floats_of, NUMBERS *NUMBERS, (x.v, y.v), expression)
#define TWO_F64(instruction, expression)                                                           \
    EACH(instruction, f64, doubles_of, NUMBERS *NUMBERS, (x.v, y.v), expression)

static void check_arithmetic(void) {
    TWO_F32(wasm_f32x4_add, a + b);
    TWO_F32(wasm_f32x4_sub, a - b);
    TWO_F32(wasm_f32x4_mul, a * b);
    TWO_F32(wasm_f32x4_div, a / b);
    TWO_F64(wasm_f64x2_add, a + b);
    TWO_F64(wasm_f64x2_sub, a - b);
    TWO_F64(wasm_f64x2_mul, a * b);
    TWO_F64(wasm_f64x2_div, a / b);
    ONE_F32(wasm_f32x4_abs, fabsf(a));
    ONE_F32(wasm_f32x4_neg, -a);
    ONE_F32(wasm_f32x4_sqrt, sqrtf(a));
    ONE_F32(wasm_f32x4_ceil, ceilf(a));
    ONE_F32(wasm_f32x4_floor, floorf(a));
    ONE_F32(wasm_f32x4_trunc, truncf(a));
    ONE_F32(wasm_f32x4_nearest, rintf(a));
    ONE_F64(wasm_f64x2_abs, fabs(a));
    ONE_F64(wasm_f64x2_neg, -a);
    ONE_F64(wasm_f64x2_sqrt, sqrt(a));
    ONE_F64(wasm_f64x2_ceil, ceil(a));
    ONE_F64(wasm_f64x2_floor, floor(a));
    ONE_F64(wasm_f64x2_trunc, trunc(a));
    ONE_F64(wasm_f64x2_nearest, rint(a));
}

/* A NaN, if one is; of zeroes the one that the sign decides. */
static void check_limits(void) {
    TWO_F32(wasm_f32x4_min, __builtin_wasm_min_f32(a, b));
    TWO_F32(wasm_f32x4_max, __builtin_wasm_max_f32(a, b));
    TWO_F64(wasm_f64x2_min, __builtin_wasm_min_f64(a, b));
    TWO_F64(wasm_f64x2_max, __builtin_wasm_max_f64(a, b));
    TWO_F32(wasm_f32x4_pmin, b < a ? b : a);
    TWO_F32(wasm_f32x4_pmax, a < b ? b : a);
    TWO_F64(wasm_f64x2_pmin, b < a ? b : a);
    TWO_F64(wasm_f64x2_pmax, a < b ? b : a);
}

#define COMPARE(instruction, make, from, to, operation)                                            \
    do {                                                                                           \
        for (int at = 0; at < NUMBERS * NUMBERS; at++) {                                           \
            lanes x = {make(at % NUMBERS)}, y = {make(at / NUMBERS)};                              \
            lanes got = {instruction(x.v, y.v)}, wanted = x;                                       \
            for (size_t lane = 0; lane < sizeof x.from / sizeof *x.from; lane++)                   \
                wanted.to[lane] = MASK(x.from[lane] operation y.from[lane]);                       \
            check_same(#instruction, &got, &wanted);                                               \
        }                                                                                          \
    } while (0)

static void check_comparisons(void) {
    COMPARE(wasm_f32x4_eq, floats_of, f32, i32, ==);
    COMPARE(wasm_f32x4_ne, floats_of, f32, i32, !=);
    COMPARE(wasm_f32x4_lt, floats_of, f32, i32, <);
    COMPARE(wasm_f32x4_gt, floats_of, f32, i32, >);
    COMPARE(wasm_f32x4_le, floats_of, f32, i32, <=);
    COMPARE(wasm_f32x4_ge, floats_of, f32, i32, >=);
    COMPARE(wasm_f64x2_eq, doubles_of, f64, i64, ==);
    COMPARE(wasm_f64x2_ne, doubles_of, f64, i64, !=);
    COMPARE(wasm_f64x2_lt, doubles_of, f64, i64, <);
    COMPARE(wasm_f64x2_gt, doubles_of, f64, i64, >);
    COMPARE(wasm_f64x2_le, doubles_of, f64, i64, <=);
    COMPARE(wasm_f64x2_ge, doubles_of, f64, i64, >=);
}

static double limit(double value, double low, double high) {
    return isnan(value) ? 0 : value < low ? low : value > high ? high : value;
}

/* Lanes beyond those that are converted become zero. */
#define CONVERT(instruction, source, from, to, lane_count, expression)                             \
    do {                                                                                           \
        for (int at = 0; at < OPERANDS; at++) {                                                    \
            lanes x = {source}, got = {instruction(x.v)}, wanted = {wasm_i32x4_splat(0)};          \
            for (size_t lane = 0; lane < (lane_count); lane++) {                                   \
                __typeof__(*x.from) a = x.from[lane];                                              \
                wanted.to[lane] = (__typeof__(*wanted.to))(expression);                            \
            }                                                                                      \
            if (#to[0] == 'f') {                                                                   \
                settle(&got, #to[1] == '6');                                                       \
                settle(&wanted, #to[1] == '6');                                                    \
            }                                                                                      \
            check_same(#instruction, &got, &wanted);                                               \
        }                                                                                          \
    } while (0)

static void check_conversions(void) {
    CONVERT(wasm_i32x4_trunc_sat_f32x4, floats_of(at), f32, i32, 4, limit(a, INT32_MIN, INT32_MAX));
    CONVERT(wasm_u32x4_trunc_sat_f32x4, floats_of(at), f32, u32, 4, limit(a, 0, UINT32_MAX));
    CONVERT(wasm_i32x4_trunc_sat_f64x2_zero, doubles_of(at), f64, i32, 2,
            limit(a, INT32_MIN, INT32_MAX));
    CONVERT(wasm_u32x4_trunc_sat_f64x2_zero, doubles_of(at), f64, u32, 2, limit(a, 0, UINT32_MAX));
    CONVERT(wasm_f32x4_convert_i32x4, operands[at].v, i32, f32, 4, a);
    CONVERT(wasm_f32x4_convert_u32x4, operands[at].v, u32, f32, 4, a);
    CONVERT(wasm_f64x2_convert_low_i32x4, operands[at].v, i32, f64, 2, a);
    CONVERT(wasm_f64x2_convert_low_u32x4, operands[at].v, u32, f64, 2, a);
    CONVERT(wasm_f32x4_demote_f64x2_zero, doubles_of(at), f64, f32, 2, a);
    CONVERT(wasm_f64x2_promote_low_f32x4, floats_of(at), f32, f64, 2, a);
}

int main(void) {
    make_operands();
    check_arithmetic();
    check_limits();
    check_comparisons();
    check_conversions();
    return failures != 0;
}
