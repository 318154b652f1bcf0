/* For tcc, behind wasm2c's loads and stores: the same ones as macros, where memory has a base that
 * a function holds and pages that guard it (wasm2c 1.0.42, modules with one memory). tcc calls what
 * is `static inline`, two functions for each access: half of the time that -O0 took. It leaves no
 * load out, so that one whose value is of no use traps too.
 */
#ifndef TC_TCC_MEMORY_H
#define TC_TCC_MEMORY_H

#if defined __TINYC__ && WASM_RT_MEMCHECK_GUARD_PAGES &&                                           \
    WASM_RT_USE_LOCAL_MEMORY_BASE_SIZE_FOR_THIS_MODULE

#define tc_at(type, base, address) (*(type *)((base) + (address)))

#define i32_load_default32(base, size, memory, address)     tc_at(u32, base, address)
#define i64_load_default32(base, size, memory, address)     tc_at(u64, base, address)
#define f32_load_default32(base, size, memory, address)     tc_at(f32, base, address)
#define f64_load_default32(base, size, memory, address)     tc_at(f64, base, address)
#define i32_load8_s_default32(base, size, memory, address)  ((u32)(s32)tc_at(s8, base, address))
#define i64_load8_s_default32(base, size, memory, address)  ((u64)(s64)tc_at(s8, base, address))
#define i32_load8_u_default32(base, size, memory, address)  ((u32)tc_at(u8, base, address))
#define i64_load8_u_default32(base, size, memory, address)  ((u64)tc_at(u8, base, address))
#define i32_load16_s_default32(base, size, memory, address) ((u32)(s32)tc_at(s16, base, address))
#define i64_load16_s_default32(base, size, memory, address) ((u64)(s64)tc_at(s16, base, address))
#define i32_load16_u_default32(base, size, memory, address) ((u32)tc_at(u16, base, address))
#define i64_load16_u_default32(base, size, memory, address) ((u64)tc_at(u16, base, address))
#define i64_load32_s_default32(base, size, memory, address) ((u64)(s64)tc_at(s32, base, address))
#define i64_load32_u_default32(base, size, memory, address) ((u64)tc_at(u32, base, address))

#define i32_store_default32(base, size, memory, address, value)                                    \
    ((void)(tc_at(u32, base, address) = (value)))
#define i64_store_default32(base, size, memory, address, value)                                    \
    ((void)(tc_at(u64, base, address) = (value)))
#define f32_store_default32(base, size, memory, address, value)                                    \
    ((void)(tc_at(f32, base, address) = (value)))
#define f64_store_default32(base, size, memory, address, value)                                    \
    ((void)(tc_at(f64, base, address) = (value)))
#define i32_store8_default32(base, size, memory, address, value)                                   \
    ((void)(tc_at(u8, base, address) = (u8)(value)))
#define i32_store16_default32(base, size, memory, address, value)                                  \
    ((void)(tc_at(u16, base, address) = (u16)(value)))
#define i64_store8_default32(base, size, memory, address, value)                                   \
    ((void)(tc_at(u8, base, address) = (u8)(value)))
#define i64_store16_default32(base, size, memory, address, value)                                  \
    ((void)(tc_at(u16, base, address) = (u16)(value)))
#define i64_store32_default32(base, size, memory, address, value)                                  \
    ((void)(tc_at(u32, base, address) = (u32)(value)))

#endif

#endif
