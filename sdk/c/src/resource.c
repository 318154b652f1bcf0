/* getrusage(): the time of the processor if the host tells it, and the size of the memory. */
#include <string.h>
#include <sys/resource.h>

#include "host.h"

enum { PAGE_KILOBYTES = 64 };

__attribute__((weak)) int getrusage(int who, struct rusage *usage) {
    if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN)
        return tc_result(EINVAL);
    memset(usage, 0, sizeof *usage);
    if (who == RUSAGE_CHILDREN)
        return 0;
    __wasi_timestamp_t time = 0;
    __wasi_errno_t error = __wasi_clock_time_get(__WASI_CLOCKID_PROCESS_CPUTIME_ID, 1000, &time);
    if (error)
        error = __wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1000, &time);
    if (error)
        return tc_result(error);
    usage->ru_utime.tv_sec = (time_t)(time / 1000000000);
    usage->ru_utime.tv_usec = (suseconds_t)(time / 1000 % 1000000);
    usage->ru_maxrss = (long)__builtin_wasm_memory_size(0) * PAGE_KILOBYTES;
    return 0;
}
