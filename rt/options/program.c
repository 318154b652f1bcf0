/* What is no grant but part of the program: --payload, --invoke. */
#include "options/internal.h"

#include <stdlib.h>
#include <string.h>

int tc_word_payload(tc_options *options, const char *value, char **error) {
    if (!*value)
        return tc_options_fail(error,
                               "--payload= names no file; write for example --payload=/app.zip");
    free(options->payload);
    options->payload = tc_options_must(strdup(value));
    return 0;
}

int tc_word_invoke(tc_options *options, const char *value, char **error) {
    (void)error;
    free(options->invoke);
    options->invoke = tc_options_must(strdup(value));
    return 0;
}
