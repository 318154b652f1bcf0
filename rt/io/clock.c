/* The clock that deadlines are told by. */
#include <time.h>

#include "io/engine.h"

uint64_t tc_io_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

const struct timespec *tc_time_left(uint64_t deadline, struct timespec *storage) {
    if (deadline == TC_NEVER)
        return NULL;
    uint64_t now = deadline ? tc_io_now() : 0;
    uint64_t left = deadline > now ? deadline - now : 0;
    *storage = (struct timespec){(time_t)(left / 1000000000u), (long)(left % 1000000000u)};
    return storage;
}
