/* Atomic operations on memories that are not shared. Included by wasm2c's output in the place of
 * its own (see compiler/stages/correct/atomics.c), which need <stdatomic.h>, and of which 1.0.36
 * gives the expected value as the result of compare-and-exchange.
 *
 * One thread has the memory, so that these are plain loads and stores, of wasm2c's; what is atomic
 * about them is that an address that is not aligned traps.
 *
 * Source: threads proposal, "Atomic Memory Accesses".
 */
#ifndef TC_GUEST_ATOMICS_H
#define TC_GUEST_ATOMICS_H

/* What an operation gets in front of its operands, what it hands to a load or store, and under
 * which names it is called: with _default32 where a memory has 32-bit addresses and is alone. */
#if defined WASM_RT_USE_LOCAL_MEMORY_BASE_SIZE /* 1.0.42 */
#define TC_PLACE                                                                                   \
    uint8_t *const wasm_rt_local_memory_base, uint64_t wasm_rt_local_memory_size,                  \
        wasm_rt_memory_t *memory, u64 address
#define TC_SAME_PLACE        wasm_rt_local_memory_base, wasm_rt_local_memory_size, memory, address
#define TC_EACH(define, ...) define(, __VA_ARGS__) define(_default32, __VA_ARGS__)
#elif defined DEF_MEM_CHECKS0
#define TC_PLACE             wasm_rt_memory_t *memory, u64 address
#define TC_SAME_PLACE        memory, address
#define TC_EACH(define, ...) define(, __VA_ARGS__) define(_default32, __VA_ARGS__)
#else /* 1.0.36 */
#define TC_PLACE             wasm_rt_memory_t *memory, u64 address
#define TC_SAME_PLACE        memory, address
#define TC_EACH(define, ...) define(, __VA_ARGS__)
#endif

#define TC_ALIGNED(size)                                                                           \
    do {                                                                                           \
        if (address % (size))                                                                      \
            wasm_rt_trap(WASM_RT_TRAP_UNALIGNED);                                                  \
    } while (0)

#define TC_LOAD(form, name, load, type, size)                                                      \
    static inline type name##form(TC_PLACE) {                                                      \
        TC_ALIGNED(size);                                                                          \
        return load##form(TC_SAME_PLACE);                                                          \
    }

#define TC_STORE(form, name, store, type, size)                                                    \
    static inline void name##form(TC_PLACE, type value) {                                          \
        TC_ALIGNED(size);                                                                          \
        store##form(TC_SAME_PLACE, value);                                                         \
    }

/* `result` is what is stored, of `old` and `value`; a store takes the low bits that it has room
 * for. */
#define TC_CHANGE(form, name, load, store, type, size, result)                                     \
    static inline type name##form(TC_PLACE, type value) {                                          \
        TC_ALIGNED(size);                                                                          \
        type old = load##form(TC_SAME_PLACE);                                                      \
        store##form(TC_SAME_PLACE, result);                                                        \
        return old;                                                                                \
    }

/* Only as many bits of the expected value count as are compared. */
#define TC_COMPARE(form, name, load, store, type, size)                                            \
    static inline type name##form(TC_PLACE, type expected, type value) {                           \
        TC_ALIGNED(size);                                                                          \
        type old = load##form(TC_SAME_PLACE);                                                      \
        if (old == (expected & (type)-1 >> 8 * (sizeof(type) - (size))))                           \
            store##form(TC_SAME_PLACE, value);                                                     \
        return old;                                                                                \
    }

/* All operations of one width: type_atomic_rmwWIDTH_NAMEsuffix. */
#define TC_ALL(type, bits, suffix, load, store, c_type, size)                                      \
    TC_EACH(TC_LOAD, type##_atomic_##load, type##_##load, c_type, size)                            \
    TC_EACH(TC_STORE, type##_atomic_##store, type##_##store, c_type, size)                         \
    TC_EACH(TC_CHANGE, type##_atomic_rmw##bits##_add##suffix, type##_##load, type##_##store,       \
            c_type, size, old + value)                                                             \
    TC_EACH(TC_CHANGE, type##_atomic_rmw##bits##_sub##suffix, type##_##load, type##_##store,       \
            c_type, size, old - value)                                                             \
    TC_EACH(TC_CHANGE, type##_atomic_rmw##bits##_and##suffix, type##_##load, type##_##store,       \
            c_type, size, old &value)                                                              \
    TC_EACH(TC_CHANGE, type##_atomic_rmw##bits##_or##suffix, type##_##load, type##_##store,        \
            c_type, size, old | value)                                                             \
    TC_EACH(TC_CHANGE, type##_atomic_rmw##bits##_xor##suffix, type##_##load, type##_##store,       \
            c_type, size, old ^ value)                                                             \
    TC_EACH(TC_CHANGE, type##_atomic_rmw##bits##_xchg##suffix, type##_##load, type##_##store,      \
            c_type, size, value)                                                                   \
    TC_EACH(TC_COMPARE, type##_atomic_rmw##bits##_cmpxchg##suffix, type##_##load, type##_##store,  \
            c_type, size)

TC_ALL(i32, 8, _u, load8_u, store8, u32, 1)
TC_ALL(i32, 16, _u, load16_u, store16, u32, 2)
TC_ALL(i32, , , load, store, u32, 4)
TC_ALL(i64, 8, _u, load8_u, store8, u64, 1)
TC_ALL(i64, 16, _u, load16_u, store16, u64, 2)
TC_ALL(i64, 32, _u, load32_u, store32, u64, 4)
TC_ALL(i64, , , load, store, u64, 8)

#define atomic_fence() ((void)0)

#endif
