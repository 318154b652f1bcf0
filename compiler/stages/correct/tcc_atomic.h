/* In the place of <stdatomic.h> in an -O0 build, because tcc does not have that. Threads share no
 * memory here, and wasm2c's atomic operations on other memories are plain C; what it declares for
 * shared ones beside them no unit calls.
 */
#ifndef TC_TCC_ATOMIC_H
#define TC_TCC_ATOMIC_H

#ifdef __TINYC__

#define WASM_RT_C11_AVAILABLE
typedef struct wasm_rt_shared_memory_t wasm_rt_shared_memory_t;
#define atomic_thread_fence(order) ((void)0)

#else

#include <stdatomic.h>

#endif
#endif
