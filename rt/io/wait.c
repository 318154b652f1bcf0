/* Waiting, with whatever engine there is. */
#include "io/engine.h"

const tc_engine *tc_engine_chosen;

int tc_io_wait(tc_io_interest *interests, size_t count, uint64_t deadline) {
    /* Before the first receive or stream there is nothing that only the engine knows of: a program
     * that waits for clocks and standard input makes no ring, and does not link what makes one. */
    const tc_engine *waiting = tc_engine_chosen ? tc_engine_chosen : tc_engine_syscall();
    return waiting->wait(interests, count, deadline);
}
