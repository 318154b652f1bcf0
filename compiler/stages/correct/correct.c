/* Makes the corrections of corrections.def, one after the other. */
#include "stages/correct/correct.h"

#include <string.h>

#define STILL_NEEDED TC_VERSION(999, 0, 0)

#define TC_CORRECTION(name, fixed, when)                                                           \
    _Static_assert((fixed) > TC_OLDEST_WASM2C_NUMBER,                                              \
                   "no version of wasm2c that may be used needs this any more: " #name);
#include "stages/correct/corrections.def"
#undef TC_CORRECTION

typedef enum occasion {
    ALWAYS,
    WITH_TCC,
    WITH_CONSTANT_MEMORY,
    WITH_TAIL_CALLS,
    WITH_EXCEPTIONS
} occasion;

static const struct {
    occasion when;
    void (*correct)(tc_build *build);
} corrections[] = {
#define TC_CORRECTION(name, fixed, when) {when, tc_correct_##name},
#include "stages/correct/corrections.def"
#undef TC_CORRECTION
};

static bool is_now(const tc_build *build, occasion when) {
    const tc_feature_use *features = build->wasm->features;
    return when == ALWAYS || (when == WITH_TAIL_CALLS && features[TC_FEATURE_TAIL_CALL].is_used) ||
           (when == WITH_EXCEPTIONS && features[TC_FEATURE_EXCEPTIONS].is_used) ||
           (when == WITH_TCC && (build->options->level == 0 || tc_may_use_tcc(build))) ||
           (when == WITH_CONSTANT_MEMORY && build->has_constant_memory);
}

void tc_correct_sources(tc_build *build, void (*correct)(tc_buffer *source)) {
    for (size_t i = 0; i < TC_WASM2C_OUTPUTS; i++)
        correct(&build->code.sources[i]);
}

void tc_correct_declare(tc_build *build, const char *lines) {
    tc_buffer_add(&build->code.implementation, lines, strlen(lines));
}

void tc_correct(tc_build *build) {
    for (size_t i = 0; i < sizeof corrections / sizeof *corrections; i++) {
        if (is_now(build, corrections[i].when))
            corrections[i].correct(build);
    }
}
