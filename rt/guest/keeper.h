/* How whoever keeps the process running (service/) hears of signals and of time while the guest
 * runs. SIGTERM and SIGINT come to the process's first thread, while it waits; the guest's thread,
 * and those it makes, have them blocked. One that was ignored when the program was started stays so
 * (nohup, a shell's `&`).
 */
#ifndef TC_GUEST_KEEPER_H
#define TC_GUEST_KEEPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* All are called on the first thread. */
typedef struct tc_guest_keeper {
    /* A signal has come, from the process `sender` (0: the kernel's own, as of a terminal). False:
     * it ends the process as if there were no handler. */
    bool (*signalled)(int signal, pid_t sender);
    /* When `tick` is to be called next: CLOCK_MONOTONIC, nanoseconds; UINT64_MAX: never. */
    uint64_t (*due)(void);
    void (*tick)(void);
} tc_guest_keeper;

/* NULL: there is none, and a signal ends the process. Set it before the guest runs. */
extern const tc_guest_keeper *tc_guest_kept_by;

/* Interrupts what the guest's thread waits for in the kernel, if it does: with EINTR where that is
 * a wait for events, while reads and writes go on. It may come before the wait, so that whoever
 * wants to be heard calls it again. */
void tc_guest_wake(void);

/* The CPU time of the guest's thread, in nanoseconds. */
uint64_t tc_guest_cpu_time(void);

/* Ends the process with `status`, after `signal` has made it end: the guest's thread is left where
 * it is. On the first thread. */
_Noreturn void tc_guest_end(int signal, int status);

#endif
