/* The string functions, in front of wasi-libc's: a block of bytes at a time, which is what a
 * register holds. With -msimd128 that is 16, otherwise 8. Each function has a file of its own, so
 * that a program's own function of the name takes the place of ours, as it would of libc's.
 *
 * Where an object ends they do not know before they have read it, so they read aligned blocks. A
 * memory's size is a multiple of 64 KiB: a block that has one byte in it has all.
 */
#ifndef TC_BLOCK_H
#define TC_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#define ANY_ADDRESS __attribute__((may_alias, aligned(1)))

typedef uint32_t ANY_ADDRESS four_bytes;
typedef uint64_t ANY_ADDRESS eight_bytes;

static inline uint64_t load_4(const unsigned char *at) {
    return *(const four_bytes *)at;
}

static inline uint64_t load_8(const unsigned char *at) {
    return *(const eight_bytes *)at;
}

#ifdef __wasm_simd128__

#include <wasm_simd128.h>

typedef v128_t block;
typedef uint32_t block_bits; /* a bit for each byte */
#define BLOCK    16
#define ALL_BITS UINT32_C(0xffff)

static inline block load_block(const unsigned char *at) {
    return wasm_v128_load(at);
}

static inline block block_of(unsigned char byte) {
    return wasm_i8x16_splat((int8_t)byte);
}

/* Which bytes are the same in both. */
static inline block_bits block_equal(block a, block b) {
    return wasm_i8x16_bitmask(wasm_i8x16_eq(a, b));
}

static inline size_t block_first(block_bits bits) {
    return (size_t)__builtin_ctz(bits);
}

/* Without those of the first bytes, less than a block of them. */
static inline block_bits block_from(block_bits bits, size_t first) {
    return bits & ALL_BITS << first;
}

#else

typedef uint64_t block;
typedef uint64_t block_bits; /* the highest bit of each byte */
#define BLOCK    8
#define ALL_BITS UINT64_C(0x8080808080808080)

static inline block load_block(const unsigned char *at) {
    return load_8(at);
}

static inline block block_of(unsigned char byte) {
    return byte * UINT64_C(0x0101010101010101);
}

/* Seven bits and 0x7f have an eighth unless all are zero; no byte carries into the next. */
static inline block_bits block_equal(block a, block b) {
    block differ = a ^ b;
    return ~(((differ & ~ALL_BITS) + ~ALL_BITS) | differ) & ALL_BITS;
}

static inline size_t block_first(block_bits bits) {
    return (size_t)__builtin_ctzll(bits) / 8;
}

static inline block_bits block_from(block_bits bits, size_t first) {
    return bits & ALL_BITS << 8 * first;
}

#endif

static inline size_t bytes_before(const void *at) {
    return (uintptr_t)at % BLOCK;
}

/* The block that the byte is in. */
static inline const unsigned char *block_around(const void *at) {
    return (const unsigned char *)at - bytes_before(at);
}

#endif
