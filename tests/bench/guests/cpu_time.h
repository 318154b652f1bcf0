/* CPU time of this process, in nanoseconds, in guests and natively: what a benchmark measures of
 * itself, so that starting and connecting are not in it. */
#ifndef CPU_TIME_H
#define CPU_TIME_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __wasi__
#include <wasi/api.h>

static uint64_t cpu_time(void) {
    __wasi_timestamp_t now = 0;
    return __wasi_clock_time_get(__WASI_CLOCKID_PROCESS_CPUTIME_ID, 1, &now) ? 0 : now;
}
#else
#include <time.h>

static uint64_t cpu_time(void) {
    struct timespec now = {0};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}
#endif

static void tell_cpu_time_since(uint64_t begin) {
    printf("cpu %" PRIu64 "\n", cpu_time() - begin);
}

#endif
