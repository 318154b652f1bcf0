/* Waiting, with whatever engine there is. */
#include <stdatomic.h>
#include <stdlib.h>

#include "io/engine.h"

const tc_engine *tc_engine_chosen;
_Atomic(tc_io_leave *) tc_io_leaving;
_Atomic unsigned long tc_io_waits;

void tc_engine_waited(void) {
    tc_io_leave *leave = atomic_load_explicit(&tc_io_leaving, memory_order_acquire);
    unsigned long count = atomic_load_explicit(&tc_io_waits, memory_order_relaxed);
    atomic_store_explicit(&tc_io_waits, count + 1, memory_order_relaxed);
    if (leave)
        leave();
}

tc_vigil *tc_vigil_new(void) {
    return calloc(1, sizeof(tc_vigil));
}

void tc_vigil_end(tc_vigil *vigil) {
    if (vigil && tc_engine_chosen)
        tc_engine_chosen->vigil_end(vigil);
    free(vigil);
}

int tc_io_wait(tc_io_interest *interests, size_t count, uint64_t deadline) {
    /* Before the first receive or stream there is nothing that only the engine knows of: a program
     * that waits for clocks and standard input makes no ring, and does not link what makes one. */
    const tc_engine *waiting = tc_engine_chosen ? tc_engine_chosen : tc_engine_syscall();
    int ready = waiting->wait(interests, count, deadline);
    tc_engine_waited();
    return ready;
}
