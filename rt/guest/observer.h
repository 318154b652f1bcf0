/* How an observer of the guest (trace/) hears of its end. */
#ifndef TC_GUEST_OBSERVER_H
#define TC_GUEST_OBSERVER_H

#include <stdbool.h>

typedef struct tc_guest_observer {
    /* A trap: why, then the guest's functions (count of them), the innermost first. Called in a
     * signal handler, on a stack of 256 KiB; the process ends right after it, with TC_EXIT_TRAP. */
    void (*trapped)(const char *why, const char *const *frames, unsigned count);
    /* --timeout has passed. Called on another thread than the guest's, while that runs. */
    void (*timed_out)(int status);
    /* A signal ends the process, with this status (128 and more: it dies of it). Called as
     * timed_out is. */
    void (*signalled)(int signal, int status);
    /* A fault that is not the guest's: whether the observer has mended it. Called in a signal
     * handler. */
    bool (*fault)(const void *address);
} tc_guest_observer;

/* NULL: there is none. Set it before the guest runs. */
extern const tc_guest_observer *tc_guest_observed_by;

/* The signal for which the guest's thread is about to exit(3) in good order; 0: none. */
extern int tc_guest_ended_by;

#endif
