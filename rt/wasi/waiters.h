/* The subscriptions of poll_oneoff, kept from one call to the next.
 *
 * Who waits once waits again, and nearly for the same: Go and Python ask for thousands of idle
 * connections each time. A list is held against the last one in blocks, and what is equal in it is
 * not read again. Of that, the subscriptions that rest are not looked at at all: those of reading
 * from TLS sockets that had nothing, and of which the engine tells when something comes. One that
 * rests is woken by that, by any other use of its descriptor (tc_fdtable_get), and by another
 * subscription in its place.
 *
 * A process has one list, and one thread uses it.
 */
#ifndef TC_WASI_WAITERS_H
#define TC_WASI_WAITERS_H

#include "wasi/internal.h"

/* "subscription" of the document, as it lies in the guest's memory. */
typedef struct guest_subscription {
    uint64_t userdata;
    uint8_t type;
    union {
        struct {
            uint32_t id;
            uint64_t timeout; /* nanoseconds */
            uint64_t precision;
            uint16_t flags;
        } clock;
        uint32_t fd;
    };
} guest_subscription;

_Static_assert(sizeof(guest_subscription) == 48, "preview 1's layout");

enum { TYPE_CLOCK = 0, TYPE_FD_READ = 1, TYPE_FD_WRITE = 2 };

/* What is known of a subscription while it is awake. */
typedef struct tc_waiter {
    uint64_t deadline; /* clocks: on CLOCK_MONOTONIC */
    uint32_t error;    /* what is wrong with it; reported as its event */
    short ready;       /* events that hold */
    bool asked;        /* in this call */
} tc_waiter;

/* The list of the call. Clocks that a list begins with (Go has its time limit there, or none) come
 * last, so that the others keep their places. */
typedef struct tc_waiters {
    const guest_subscription *subscriptions;
    tc_waiter *waiters;
    size_t count;
    size_t leading; /* clocks that stood in front: the last of these */
} tc_waiters;

/* Takes `count` subscriptions from the guest's memory. false: no memory. */
bool tc_waiters_load(tc_wasi *wasi, const char *from, size_t count, tc_waiters *out);

/* The first place from `from` on, and before `end`, of a subscription that is awake; `end`: none.
 */
size_t tc_waiters_awake(size_t from, size_t end);

/* How often one has been woken. */
unsigned long tc_waiters_woken(void);

/* Lets one rest, if it may; for one of reading that had nothing in a wait that is over. */
void tc_waiters_rest(const tc_waiters *list, size_t place);

/* Wakes the one that rests on the descriptor (fdtable.c, when tc_fd says that there is one). */
void tc_waiters_wake(tc_fd *fd);

#endif
