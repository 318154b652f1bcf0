/* Clocks: "clockid" 0 realtime, 1 monotonic, 2 CPU time of the process, 3 CPU time of the thread.
 */
#include <errno.h>
#include <time.h>

#include "wasi/internal.h"

static const clockid_t clocks[] = {
    CLOCK_REALTIME,
    CLOCK_MONOTONIC,
    CLOCK_PROCESS_CPUTIME_ID,
    CLOCK_THREAD_CPUTIME_ID,
};

/* Calls clock_gettime or clock_getres, and stores nanoseconds. */
static uint32_t ask_clock(const tc_memory *memory, int (*ask)(clockid_t, struct timespec *),
                          uint32_t id, uint32_t out) {
    struct timespec answer;
    if (id >= sizeof clocks / sizeof clocks[0])
        return TC_WASI_INVAL;
    if (ask(clocks[id], &answer))
        return tc_wasi_errno(-errno);
    uint64_t nanoseconds;
    if (answer.tv_sec < 0 ||
        __builtin_mul_overflow((uint64_t)answer.tv_sec, UINT64_C(1000000000), &nanoseconds) ||
        __builtin_add_overflow(nanoseconds, (uint64_t)answer.tv_nsec, &nanoseconds))
        return TC_WASI_OVERFLOW;
    return tc_memory_store_u64(memory, out, nanoseconds) ? TC_WASI_SUCCESS : TC_WASI_FAULT;
}

uint32_t tc_wasi_clock_res_get(tc_wasi *wasi, uint32_t id, uint32_t resolution) {
    return ask_clock(&wasi->memory, clock_getres, id, resolution);
}

/* `precision`, the lag that the guest would put up with, has no use: the answer is exact. */
uint32_t tc_wasi_clock_time_get(tc_wasi *wasi, uint32_t id, uint64_t precision, uint32_t time) {
    (void)precision;
    return ask_clock(&wasi->memory, clock_gettime, id, time);
}
