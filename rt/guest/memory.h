/* The guest's linear memory, reached through one checked accessor.
 *
 * Every pointer and length that comes from the guest is hostile. Nothing in the runtime touches
 * guest memory but through the functions below; a span that does not lie wholly inside the memory
 * is NULL, which the imports answer with EFAULT. Values are little-endian and may be unaligned
 * (WebAssembly Core Specification, 4.4.7 Memory Instructions).
 */
#ifndef TC_GUEST_MEMORY_H
#define TC_GUEST_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "wasm-rt.h"

/* A view of the guest's memory. The base never moves while the program runs (the whole range is
 * reserved at start-up); the size only grows, and only while guest code runs. */
typedef struct tc_memory {
    const wasm_rt_memory_t *wasm; /* borrowed from the module's instance */
} tc_memory;

/* Borrowed pointer to `length` bytes at guest address `address`, or NULL if any of them lies
 * outside the memory. Valid until the guest runs again. A zero-length span inside or at the end of
 * the memory is a non-NULL pointer that must not be dereferenced. */
static inline void *tc_memory_span(const tc_memory *memory, uint32_t address, uint64_t length) {
    uint64_t size = memory->wasm->size;
    if (address > size || length > size - address)
        return NULL;
    return memory->wasm->data + address;
}

static inline bool tc_memory_load_u32(const tc_memory *memory, uint32_t address, uint32_t *value) {
    const void *at = tc_memory_span(memory, address, sizeof *value);
    if (at)
        memcpy(value, at, sizeof *value);
    return at != NULL;
}

static inline bool tc_memory_store_u8(const tc_memory *memory, uint32_t address, uint8_t value) {
    void *at = tc_memory_span(memory, address, sizeof value);
    if (at)
        memcpy(at, &value, sizeof value);
    return at != NULL;
}

static inline bool tc_memory_store_u16(const tc_memory *memory, uint32_t address, uint16_t value) {
    void *at = tc_memory_span(memory, address, sizeof value);
    if (at)
        memcpy(at, &value, sizeof value);
    return at != NULL;
}

static inline bool tc_memory_store_u32(const tc_memory *memory, uint32_t address, uint32_t value) {
    void *at = tc_memory_span(memory, address, sizeof value);
    if (at)
        memcpy(at, &value, sizeof value);
    return at != NULL;
}

static inline bool tc_memory_store_u64(const tc_memory *memory, uint32_t address, uint64_t value) {
    void *at = tc_memory_span(memory, address, sizeof value);
    if (at)
        memcpy(at, &value, sizeof value);
    return at != NULL;
}

#endif
