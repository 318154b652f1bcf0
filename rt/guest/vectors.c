/* Vector instructions for units that tcc compiled, which has no vectors: there they are structures,
 * and each instruction is a call of one of these functions. A program without such units has none.
 */
#include <stdint.h>
#include <string.h>

#include <simde/wasm/simd128.h>

#include "simd_corrections.h"

/* As compiler/stages/correct/tcc_vectors.h has it: passed in two registers for integers (System V
 * ABI, 3.2.3). */
typedef struct tc_lanes {
    uint64_t lanes[2] __attribute__((aligned(16)));
} tc_lanes;

static inline simde_v128_t to_vector(tc_lanes lanes) {
    simde_v128_t vector;
    memcpy(&vector, &lanes, sizeof vector);
    return vector;
}

static inline tc_lanes to_lanes(simde_v128_t vector) {
    tc_lanes lanes;
    memcpy(&lanes, &vector, sizeof lanes);
    return lanes;
}

#define TC_VECTOR_UNARY(name)                                                                      \
    tc_lanes tc_vector_##name(tc_lanes a);                                                         \
    tc_lanes tc_vector_##name(tc_lanes a) {                                                        \
        return to_lanes(simde_wasm_##name(to_vector(a)));                                          \
    }
#define TC_VECTOR_BINARY(name)                                                                     \
    tc_lanes tc_vector_##name(tc_lanes a, tc_lanes b);                                             \
    tc_lanes tc_vector_##name(tc_lanes a, tc_lanes b) {                                            \
        return to_lanes(simde_wasm_##name(to_vector(a), to_vector(b)));                            \
    }
#define TC_VECTOR_TERNARY(name)                                                                    \
    tc_lanes tc_vector_##name(tc_lanes a, tc_lanes b, tc_lanes c);                                 \
    tc_lanes tc_vector_##name(tc_lanes a, tc_lanes b, tc_lanes c) {                                \
        return to_lanes(simde_wasm_##name(to_vector(a), to_vector(b), to_vector(c)));              \
    }
#define TC_VECTOR_SHIFT(name)                                                                      \
    tc_lanes tc_vector_##name(tc_lanes a, uint32_t count);                                         \
    tc_lanes tc_vector_##name(tc_lanes a, uint32_t count) {                                        \
        return to_lanes(simde_wasm_##name(to_vector(a), count));                                   \
    }
#define TC_VECTOR_TEST(name)                                                                       \
    uint32_t tc_vector_##name(tc_lanes a);                                                         \
    uint32_t tc_vector_##name(tc_lanes a) {                                                        \
        return (uint32_t)simde_wasm_##name(to_vector(a));                                          \
    }

#include "guest/vectors.def"
