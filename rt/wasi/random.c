/* Random bytes of the kernel's generator, straight into guest memory. */
#include <errno.h>
#include <sys/random.h>

#include "wasi/internal.h"

uint32_t tc_wasi_random_get(tc_wasi *wasi, uint32_t buffer, uint32_t length) {
    uint8_t *at = tc_memory_span(&wasi->memory, buffer, length);
    if (!at)
        return TC_WASI_FAULT;
    while (length > 0) {
        /* A long call may be cut short: getrandom(2), "Interruption by a signal handler". */
        ssize_t got = getrandom(at, length, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return tc_wasi_errno(-errno);
        at += got;
        length -= (uint32_t)got;
    }
    return TC_WASI_SUCCESS;
}
