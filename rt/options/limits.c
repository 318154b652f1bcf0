/* Limits: --max-memory, --timeout, --stack-size; and --core. */
#include "options/internal.h"

#define STACK_MIN  MIB
#define STACK_MAX  (4 * GIB)
#define MEMORY_MIN (64 * KIB) /* one page */
#define MEMORY_MAX (4 * GIB)  /* what 32-bit addresses reach */

void tc_options_init_limits(tc_options *options) {
    options->stack_size = 64 * MIB;
}

int tc_word_max_memory(tc_options *options, const char *value, char **error) {
    uint64_t bytes;
    if (!tc_options_size(value, &bytes) ||
        (bytes != 0 && (bytes < MEMORY_MIN || bytes > MEMORY_MAX)))
        return tc_options_fail(
            error,
            "--max-memory=%s: a size from 64K to 4G, or 0, is needed; write for example "
            "--max-memory=256M",
            value);
    options->max_memory = bytes;
    return 0;
}

int tc_word_stack_size(tc_options *options, const char *value, char **error) {
    uint64_t bytes;
    if (!tc_options_size(value, &bytes) || bytes < STACK_MIN || bytes > STACK_MAX)
        return tc_options_fail(error,
                               "--stack-size=%s: a size from 1M to 4G is needed; write for example "
                               "--stack-size=64M",
                               value);
    options->stack_size = bytes;
    return 0;
}

int tc_word_timeout(tc_options *options, const char *value, char **error) {
    if (!tc_options_seconds(value, &options->timeout_ns))
        return tc_options_fail(
            error,
            "--timeout=%s: a number of seconds is needed; write for example --timeout=10 "
            "or --timeout=0.5",
            value);
    return 0;
}

int tc_word_core(tc_options *options, const char *value, char **error) {
    (void)value;
    (void)error;
    options->core = true;
    return 0;
}
