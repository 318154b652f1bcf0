/* Traps: how a guest that did something WebAssembly forbids ends. Inside rt/guest only. */
#ifndef TC_GUEST_TRAP_H
#define TC_GUEST_TRAP_H

#include <stddef.h>

#include "wasm-rt.h"

/* The guest's stack, and the guard region that ends where it begins. */
typedef struct tc_stack {
    char *guard;
    char *low;
    char *high;
} tc_stack;

/* Catches the faults of guard regions from now on; call on the guest's thread. */
void tc_trap_catch_faults(const tc_stack *stack);

/* Tells of a range that was reserved for a linear memory: faults in it are the guest's. False if
 * there are too many. */
bool tc_trap_add_memory(const void *start, size_t length);

/* From now on a trap ends the process as abort(3) does, with a core dump where the system makes
 * them.
 */
void tc_trap_leave_core(void);

/* Reports the trap with the guest's call stack and ends the process with TC_EXIT_TRAP. wasm2c's
 * runtime calls it (WASM_RT_TRAP_HANDLER). */
_Noreturn void tc_trap(wasm_rt_trap_t code);

#endif
