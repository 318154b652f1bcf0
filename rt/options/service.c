/* How the program stays up: --workers, --drain. */
#include <sched.h>
#include <string.h>

#include "options/internal.h"

#define WORKERS_MOST 1024

void tc_options_init_service(tc_options *options) {
    options->drain_ns = 10 * SECOND;
}

/* As many as there are processors for this process. */
static uint64_t processors(void) {
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < 1 ? 1 : (uint64_t)count;
}

int tc_word_workers(tc_options *options, const char *value, char **error) {
    uint64_t count;
    if (strcmp(value, "auto") == 0)
        options->workers = TC_WORKERS_AUTO;
    else if (tc_options_number(value, WORKERS_MOST, &count))
        options->workers = (unsigned)count;
    else
        return tc_options_fail(error,
                               "--workers=%s: a number from 0 to %d, or auto, is needed; write for "
                               "example --workers=4",
                               value, WORKERS_MOST);
    return 0;
}

unsigned tc_options_workers(const tc_options *options) {
    return options->workers == TC_WORKERS_AUTO ? (unsigned)processors() : options->workers;
}

int tc_word_drain(tc_options *options, const char *value, char **error) {
    if (!tc_options_seconds(value, &options->drain_ns))
        return tc_options_fail(
            error,
            "--drain=%s: a number of seconds is needed; write for example --drain=30 or "
            "--drain=0.5",
            value);
    return 0;
}
