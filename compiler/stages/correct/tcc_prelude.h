/* In front of each unit of an -O0 build, which tcc compiles where it can: the GNU C builtins that
 * tcc does not have, and what it would get wrong.
 *
 * `static inline` costs nothing here: tcc writes out only those that are called.
 */
#ifndef TC_TCC_PRELUDE_H
#define TC_TCC_PRELUDE_H

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

/* Negation turns the sign, also a NaN's (WebAssembly 4.3.3, fneg). tcc would subtract from zero.
 * tcc.c writes calls of these for wasm2c's minus signs. */
static inline float tc_negate_f32(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits ^= UINT32_C(1) << 31;
    memcpy(&value, &bits, sizeof bits);
    return value;
}

static inline double tc_negate_f64(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits ^= UINT64_C(1) << 63;
    memcpy(&value, &bits, sizeof bits);
    return value;
}

#ifdef __TINYC__

/* tcc's own library, which has an alloca, the program is not linked with. Exceptions need one where
 * they are thrown again: that of tcc_support.h. */
#include <alloca.h>
#undef alloca
#ifdef __x86_64__
#define alloca(size) tc_alloca(size)
extern void *tc_alloca(unsigned long size);
#else
#define alloca(size) tc_has_no_alloca /* an error: another compiler takes the unit */
#endif

/* The same holds for this one. wasm2c's output has one use of it, in a function for hosts that look
 * types up at run time; the runtime does not. */
#undef va_arg
#define va_arg(list, type) (*(type *)tc_no_va_arg())
static inline void *tc_no_va_arg(void) {
    extern void abort(void);
    abort();
    return 0;
}

/* wasm2c copies values with memcpy, to and from memory that need not be aligned. For the sizes of
 * WebAssembly's values that is a move, not a call. */
#define tc_has__builtin_memcpy  1
#define __has_builtin(name)     tc_has##name
#define tc_move(type, to, from) ((void)(*(type *)(to) = *(const type *)(from)))
#define __builtin_memcpy(to, from, size)                                                           \
    ((size) == 4   ? tc_move(uint32_t, to, from)                                                   \
     : (size) == 8 ? tc_move(uint64_t, to, from)                                                   \
     : (size) == 1 ? tc_move(uint8_t, to, from)                                                    \
     : (size) == 2 ? tc_move(uint16_t, to, from)                                                   \
                   : (void)memcpy(to, from, size))

/* Code for a processor's caches is not for what is compiled in a hurry. */
#define __builtin_prefetch(address) ((void)0)

/* Like the builtins, all but popcount are for numbers other than zero. */
static inline int tc_popcount(uint64_t value) {
    value -= value >> 1 & 0x5555555555555555u;
    value = (value & 0x3333333333333333u) + (value >> 2 & 0x3333333333333333u);
    value = (value + (value >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (int)(value * 0x0101010101010101u >> 56);
}

/* The number of bits below the lowest set one is that of the bits that x & -x lies above. */
static inline int tc_ctz(uint64_t value) {
    return tc_popcount((value & -value) - 1);
}

/* Spreads the highest set bit to all below it; what is not set then leads. */
static inline int tc_clz(uint64_t value) {
    value |= value >> 1;
    value |= value >> 2;
    value |= value >> 4;
    value |= value >> 8;
    value |= value >> 16;
    value |= value >> 32;
    return 64 - tc_popcount(value);
}

#define __builtin_popcount(value)   tc_popcount((uint32_t)(value))
#define __builtin_popcountll(value) tc_popcount(value)
#define __builtin_ctz(value)        tc_ctz((uint32_t)(value))
#define __builtin_ctzll(value)      tc_ctz(value)
#define __builtin_clz(value)        (tc_clz((uint32_t)(value)) - 32)
#define __builtin_clzll(value)      tc_clz(value)

#endif /* __TINYC__ */

#endif
