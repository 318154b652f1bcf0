/* Included behind SIMDe where a module has vector instructions: those of which SIMDe's x86 versions
 * are not what WebAssembly says (seen in 0.7.4 and 0.8.2; other processors' versions are left as
 * they are). References are to the WebAssembly Core Specification, 4.3 Numerics.
 */
#ifndef TC_SIMD_CORRECTIONS_H
#define TC_SIMD_CORRECTIONS_H

#ifdef SIMDE_X86_SSE2_NATIVE

#include <emmintrin.h>
#include <stdint.h>
#ifdef SIMDE_X86_SSE4_1_NATIVE
#include <smmintrin.h>
#endif

static inline simde_v128_t tc_from_f32x4(__m128 value) {
    return simde_v128_from_m128i(_mm_castps_si128(value));
}

static inline __m128 tc_to_f32x4(simde_v128_t value) {
    return _mm_castsi128_ps(simde_v128_to_m128i(value));
}

static inline simde_v128_t tc_from_f64x2(__m128d value) {
    return simde_v128_from_m128i(_mm_castpd_si128(value));
}

static inline __m128d tc_to_f64x2(simde_v128_t value) {
    return _mm_castsi128_pd(simde_v128_to_m128i(value));
}

/* fmin, fmax: a NaN if an operand is one, and -0 is less than 0. The processor's minimum is the
 * second operand in both cases, so that it is asked twice: of two zeroes `or` keeps the sign that
 * either has and `and` the one that both have; other numbers are the same twice. Where an operand
 * is a NaN all bits are set, then those of the payload but its highest cleared. */
static inline __m128 tc_settle_f32x4(__m128 result, __m128 a, __m128 b) {
    __m128 unordered = _mm_cmpunord_ps(a, b);
    __m128 payload = _mm_castsi128_ps(_mm_srli_epi32(_mm_castps_si128(unordered), 10));
    return _mm_andnot_ps(payload, _mm_or_ps(result, unordered));
}

static inline __m128d tc_settle_f64x2(__m128d result, __m128d a, __m128d b) {
    __m128d unordered = _mm_cmpunord_pd(a, b);
    __m128d payload = _mm_castsi128_pd(_mm_srli_epi64(_mm_castpd_si128(unordered), 13));
    return _mm_andnot_pd(payload, _mm_or_pd(result, unordered));
}

static inline simde_v128_t tc_f32x4_min(simde_v128_t left, simde_v128_t right) {
    __m128 a = tc_to_f32x4(left), b = tc_to_f32x4(right);
    return tc_from_f32x4(tc_settle_f32x4(_mm_or_ps(_mm_min_ps(a, b), _mm_min_ps(b, a)), a, b));
}

static inline simde_v128_t tc_f32x4_max(simde_v128_t left, simde_v128_t right) {
    __m128 a = tc_to_f32x4(left), b = tc_to_f32x4(right);
    return tc_from_f32x4(tc_settle_f32x4(_mm_and_ps(_mm_max_ps(a, b), _mm_max_ps(b, a)), a, b));
}

static inline simde_v128_t tc_f64x2_min(simde_v128_t left, simde_v128_t right) {
    __m128d a = tc_to_f64x2(left), b = tc_to_f64x2(right);
    return tc_from_f64x2(tc_settle_f64x2(_mm_or_pd(_mm_min_pd(a, b), _mm_min_pd(b, a)), a, b));
}

static inline simde_v128_t tc_f64x2_max(simde_v128_t left, simde_v128_t right) {
    __m128d a = tc_to_f64x2(left), b = tc_to_f64x2(right);
    return tc_from_f64x2(tc_settle_f64x2(_mm_and_pd(_mm_max_pd(a, b), _mm_max_pd(b, a)), a, b));
}

#define simde_wasm_f32x4_min tc_f32x4_min
#define simde_wasm_f32x4_max tc_f32x4_max
#define simde_wasm_f64x2_min tc_f64x2_min
#define simde_wasm_f64x2_max tc_f64x2_max

/* iq15mulrsat_s: (a * b + 2^14) >> 15; the one product that does not fit, of -2^15 and -2^15, is
 * cut at 2^15 - 1. */
static inline simde_v128_t tc_i16x8_q15mulr_sat(simde_v128_t left, simde_v128_t right) {
    __m128i a = simde_v128_to_m128i(left), b = simde_v128_to_m128i(right);
    __m128i high = _mm_mulhi_epi16(a, b), low = _mm_mullo_epi16(a, b);
    /* Bits 15 and 14 of the product, rounded: (bits + 1) >> 1 is what an average with 0 gives. */
    __m128i rounded = _mm_avg_epu16(_mm_srli_epi16(low, 14), _mm_setzero_si128());
    __m128i result = _mm_add_epi16(_mm_add_epi16(high, high), rounded);
    __m128i too_big = _mm_cmpeq_epi16(result, _mm_set1_epi16(INT16_MIN));
    return simde_v128_from_m128i(_mm_xor_si128(result, too_big));
}

#define simde_wasm_i16x8_q15mulr_sat tc_i16x8_q15mulr_sat

/* fnearest: to the nearest integer, of two to the even one, with the operand's sign. */
static inline simde_v128_t tc_f32x4_nearest(simde_v128_t operand) {
    __m128 a = tc_to_f32x4(operand);
#ifdef SIMDE_X86_SSE4_1_NATIVE
    return tc_from_f32x4(_mm_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
#else
    /* From 2^23 on every number is an integer; adding that rounds smaller ones. */
    __m128 sign = _mm_and_ps(a, _mm_set1_ps(-0.0f)), magnitude = _mm_xor_ps(a, sign);
    __m128 limit = _mm_set1_ps(0x1p23f), is_small = _mm_cmplt_ps(magnitude, limit);
    __m128 rounded = _mm_or_ps(_mm_sub_ps(_mm_add_ps(magnitude, limit), limit), sign);
    __m128 whole = _mm_add_ps(a, _mm_setzero_ps()); /* quiets a NaN */
    return tc_from_f32x4(_mm_or_ps(_mm_and_ps(is_small, rounded), _mm_andnot_ps(is_small, whole)));
#endif
}

static inline simde_v128_t tc_f64x2_nearest(simde_v128_t operand) {
    __m128d a = tc_to_f64x2(operand);
#ifdef SIMDE_X86_SSE4_1_NATIVE
    return tc_from_f64x2(_mm_round_pd(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
#else
    __m128d sign = _mm_and_pd(a, _mm_set1_pd(-0.0)), magnitude = _mm_xor_pd(a, sign);
    __m128d limit = _mm_set1_pd(0x1p52), is_small = _mm_cmplt_pd(magnitude, limit);
    __m128d rounded = _mm_or_pd(_mm_sub_pd(_mm_add_pd(magnitude, limit), limit), sign);
    __m128d whole = _mm_add_pd(a, _mm_setzero_pd());
    return tc_from_f64x2(_mm_or_pd(_mm_and_pd(is_small, rounded), _mm_andnot_pd(is_small, whole)));
#endif
}

#define simde_wasm_f32x4_nearest tc_f32x4_nearest
#define simde_wasm_f64x2_nearest tc_f64x2_nearest

#ifndef SIMDE_X86_SSE4_1_NATIVE

/* fceil: what is above -1 and below 0 becomes -0. */
static inline simde_v128_t tc_f64x2_ceil(simde_v128_t operand) {
    __m128d sign = _mm_and_pd(tc_to_f64x2(operand), _mm_set1_pd(-0.0));
    return tc_from_f64x2(_mm_or_pd(tc_to_f64x2(simde_wasm_f64x2_ceil(operand)), sign));
}

/* A lane with the bits of a floating-point -0 or denormal is not zero. */
static inline simde_bool tc_i64x2_all_true(simde_v128_t operand) {
    __m128i zero = _mm_cmpeq_epi32(simde_v128_to_m128i(operand), _mm_setzero_si128());
    __m128i other = _mm_shuffle_epi32(zero, _MM_SHUFFLE(2, 3, 0, 1));
    return _mm_movemask_epi8(_mm_and_si128(zero, other)) == 0;
}

#define simde_wasm_f64x2_ceil     tc_f64x2_ceil
#define simde_wasm_i64x2_all_true tc_i64x2_all_true

#endif
#endif
#endif
