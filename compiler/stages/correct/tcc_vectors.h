/* In the place of SIMDe's header in an -O0 build. tcc has no vectors: in its units they are
 * structures, instructions that compute are functions of the runtime (rt/guest/vectors.c), and
 * those that move lanes and bytes stand here.
 */
#ifndef TC_TCC_VECTORS_H
#define TC_TCC_VECTORS_H

#ifndef __TINYC__

#include <simde/wasm/simd128.h>

#else

#include <stdint.h>
#include <string.h>

/* tcc gives an alignment to members only. */
typedef struct simde_v128_t {
    uint64_t lanes[2] __attribute__((aligned(16)));
} simde_v128_t;

#define TC_VECTOR_UNARY(name)                                                                      \
    extern simde_v128_t simde_wasm_##name(simde_v128_t) __asm__("tc_vector_" #name);
#define TC_VECTOR_BINARY(name)                                                                     \
    extern simde_v128_t simde_wasm_##name(simde_v128_t, simde_v128_t) __asm__("tc_vector_" #name);
#define TC_VECTOR_TERNARY(name)                                                                    \
    extern simde_v128_t simde_wasm_##name(simde_v128_t, simde_v128_t,                              \
                                          simde_v128_t) __asm__("tc_vector_" #name);
#define TC_VECTOR_SHIFT(name)                                                                      \
    extern simde_v128_t simde_wasm_##name(simde_v128_t, uint32_t) __asm__("tc_vector_" #name);
#define TC_VECTOR_TEST(name)                                                                       \
    extern uint32_t simde_wasm_##name(simde_v128_t) __asm__("tc_vector_" #name);

#include "guest/vectors.def"

/* ---- constants --------------------------------------------------------------------------------
 */

static inline simde_v128_t simde_wasm_i64x2_make(uint64_t low, uint64_t high) {
    simde_v128_t vector;
    vector.lanes[0] = low;
    vector.lanes[1] = high;
    return vector;
}

#define TC_BYTE(value, index) ((uint64_t)(uint8_t)(value) << 8 * (index))
#define TC_8_BYTES(a, b, c, d, e, f, g, h)                                                         \
    (TC_BYTE(a, 0) | TC_BYTE(b, 1) | TC_BYTE(c, 2) | TC_BYTE(d, 3) | TC_BYTE(e, 4) |               \
     TC_BYTE(f, 5) | TC_BYTE(g, 6) | TC_BYTE(h, 7))
#define simde_wasm_i8x16_const(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)                     \
    simde_wasm_i64x2_make(TC_8_BYTES(a, b, c, d, e, f, g, h), TC_8_BYTES(i, j, k, l, m, n, o, p))

/* ---- lanes ------------------------------------------------------------------------------------
 */

#define TC_EXTRACT(shape, lane_type, type)                                                         \
    static inline type simde_wasm_##shape##_extract_lane(simde_v128_t vector, int lane) {          \
        return ((lane_type *)&vector)[lane];                                                       \
    }
#define TC_REPLACE(shape, lane_type, type)                                                         \
    static inline simde_v128_t simde_wasm_##shape##_replace_lane(simde_v128_t vector, int lane,    \
                                                                 type value) {                     \
        ((lane_type *)&vector)[lane] = value;                                                      \
        return vector;                                                                             \
    }
#define TC_SPLAT(shape, lane_type, type)                                                           \
    static inline simde_v128_t simde_wasm_##shape##_splat(type value) {                            \
        simde_v128_t vector;                                                                       \
        for (unsigned lane = 0; lane < sizeof vector / sizeof(lane_type); lane++)                  \
            ((lane_type *)&vector)[lane] = value;                                                  \
        return vector;                                                                             \
    }

TC_EXTRACT(i8x16, int8_t, int32_t)
TC_EXTRACT(u8x16, uint8_t, uint32_t)
TC_EXTRACT(i16x8, int16_t, int32_t)
TC_EXTRACT(u16x8, uint16_t, uint32_t)
TC_EXTRACT(i32x4, int32_t, int32_t)
TC_EXTRACT(i64x2, int64_t, int64_t)
TC_EXTRACT(f32x4, float, float)
TC_EXTRACT(f64x2, double, double)
TC_REPLACE(i8x16, uint8_t, uint32_t)
TC_REPLACE(u8x16, uint8_t, uint32_t)
TC_REPLACE(i16x8, uint16_t, uint32_t)
TC_REPLACE(u16x8, uint16_t, uint32_t)
TC_REPLACE(i32x4, uint32_t, uint32_t)
TC_REPLACE(i64x2, uint64_t, uint64_t)
TC_REPLACE(f32x4, float, float)
TC_REPLACE(f64x2, double, double)
TC_SPLAT(i8x16, uint8_t, uint32_t)
TC_SPLAT(i16x8, uint16_t, uint32_t)
TC_SPLAT(i32x4, uint32_t, uint32_t)
TC_SPLAT(i64x2, uint64_t, uint64_t)
TC_SPLAT(f32x4, float, float)
TC_SPLAT(f64x2, double, double)

static inline simde_v128_t tc_shuffle(simde_v128_t left, simde_v128_t right, simde_v128_t choice) {
    simde_v128_t both[2], vector;
    both[0] = left;
    both[1] = right;
    for (int lane = 0; lane < 16; lane++)
        ((uint8_t *)&vector)[lane] = ((uint8_t *)both)[((uint8_t *)&choice)[lane]];
    return vector;
}

#define simde_wasm_i8x16_shuffle(left, right, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)      \
    tc_shuffle(left, right, simde_wasm_i8x16_const(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p))

/* ---- memory, which need not be aligned --------------------------------------------------------
 */

static inline simde_v128_t simde_wasm_v128_load(const void *from) {
    simde_v128_t vector;
    memcpy(&vector, from, sizeof vector);
    return vector;
}

static inline void simde_wasm_v128_store(void *to, simde_v128_t vector) {
    memcpy(to, &vector, sizeof vector);
}

static inline simde_v128_t simde_wasm_v128_load32_zero(const void *from) {
    return simde_wasm_i64x2_make(*(const uint32_t *)from, 0);
}

static inline simde_v128_t simde_wasm_v128_load64_zero(const void *from) {
    return simde_wasm_i64x2_make(*(const uint64_t *)from, 0);
}

#define TC_MEMORY(bits, shape)                                                                     \
    static inline simde_v128_t simde_wasm_v128_load##bits##_splat(const void *from) {              \
        return simde_wasm_##shape##_splat(*(const uint##bits##_t *)from);                          \
    }                                                                                              \
    static inline simde_v128_t simde_wasm_v128_load##bits##_lane(const void *from,                 \
                                                                 simde_v128_t vector, int lane) {  \
        ((uint##bits##_t *)&vector)[lane] = *(const uint##bits##_t *)from;                         \
        return vector;                                                                             \
    }                                                                                              \
    static inline void simde_wasm_v128_store##bits##_lane(void *to, simde_v128_t vector,           \
                                                          int lane) {                              \
        *(uint##bits##_t *)to = ((uint##bits##_t *)&vector)[lane];                                 \
    }
#define TC_EXTENDED(name, extend)                                                                  \
    static inline simde_v128_t simde_wasm_##name(const void *from) {                               \
        return simde_wasm_##extend(simde_wasm_v128_load64_zero(from));                             \
    }

TC_MEMORY(8, i8x16)
TC_MEMORY(16, i16x8)
TC_MEMORY(32, i32x4)
TC_MEMORY(64, i64x2)
TC_EXTENDED(i16x8_load8x8, i16x8_extend_low_i8x16)
TC_EXTENDED(u16x8_load8x8, u16x8_extend_low_u8x16)
TC_EXTENDED(i32x4_load16x4, i32x4_extend_low_i16x8)
TC_EXTENDED(u32x4_load16x4, u32x4_extend_low_u16x8)
TC_EXTENDED(i64x2_load32x2, i64x2_extend_low_i32x4)
TC_EXTENDED(u64x2_load32x2, u64x2_extend_low_u32x4)

#endif /* __TINYC__ */

#endif
