/* The kernel's wall: --require-confinement, --no-confinement. */
#include "options/internal.h"

int tc_word_require_confinement(tc_options *options, const char *value, char **error) {
    (void)value, (void)error;
    options->confinement = TC_CONFINEMENT_REQUIRED;
    return 0;
}

int tc_word_no_confinement(tc_options *options, const char *value, char **error) {
    (void)value, (void)error;
    options->confinement = TC_CONFINEMENT_NONE;
    return 0;
}
