/* Running the guest: its stack, its traps, its end.
 *
 * May use: options/. The others use its headers for what everybody needs: the guest's memory
 * (memory.h), lines for the person (report.h).
 */
#ifndef TC_GUEST_H
#define TC_GUEST_H

#include "guest/memory.h"
#include "guest/module.h"
#include "options/options.h"

/* Exit status after a trap: 128 + SIGABRT. */
#define TC_EXIT_TRAP 134

/* Runs `body` on the guest's stack (its own thread, with a guard region below), with traps caught
 * and the limits of `options` in force, and ends the process when it returns: never comes back.
 * `body` instantiates and calls the module; the value it returns is the exit status. */
_Noreturn void tc_guest_run(const tc_options *options, int (*body)(void *context), void *context);

/* Says that the time limit has passed, and ends the process as after one. */
_Noreturn void tc_guest_timed_out(uint64_t timeout_ns);

/* Prints the guest's call stack, a line a function, in an import that it has called. */
void tc_guest_print_stack(void);

#endif
