/* What is known of each feature of WebAssembly: the words of features.def. */
#include "stages/module/module.h"

#include <stdlib.h>

#define TC_BUILT     0
#define TC_NOT_BUILT TC_VERSION(999, 0, 0)
#define TC_SINCE     TC_VERSION

static const struct {
    const char *name;
    const char *what;
    long since; /* version of wasm2c */
    const char *source;
    const char *remedy;
} features[] = {
#define TC_FEATURE(ID, name, what, support, source, remedy) {name, what, support, source, remedy},
#include "stages/features.def"
#undef TC_FEATURE
};

const char *tc_feature_name(tc_feature feature) {
    return features[feature].name;
}

const char *tc_feature_what(tc_feature feature) {
    return features[feature].what;
}

char *tc_feature_place(const tc_feature_use *use) {
    if (use->index == TC_NO_INDEX)
        return tc_format("%s, byte %zu of the file", use->kind, use->offset);
    return tc_format("%s %zu, byte %zu of the file", use->kind, use->index, use->offset);
}

char *tc_feature_refusal(tc_feature feature) {
    if (features[feature].since <= TIMECRAFT_WABT_NUMBER)
        return NULL;
    return tc_format("%s; it comes from %s; %s",
                     features[feature].since == TC_NOT_BUILT ? "timecraft does not have it"
                                                             : "wasm2c " TIMECRAFT_WABT_VERSION
                                                               " does not have it, newer ones do",
                     features[feature].source, features[feature].remedy);
}

int tc_features_check(const tc_wasm *wasm) {
    tc_buffer lines = {0};
    for (tc_feature feature = 0; feature < TC_FEATURE_COUNT; feature++) {
        char *refusal = wasm->features[feature].is_used ? tc_feature_refusal(feature) : NULL;
        if (refusal) {
            char *place = tc_feature_place(&wasm->features[feature]);
            tc_buffer_print(&lines, "%s: %s (first in %s)\n    %s\n", features[feature].name,
                            features[feature].what, place, refusal);
            free(place);
        }
        free(refusal);
    }
    int result = lines.length ? -1 : 0;
    if (result < 0) {
        tc_error("%s cannot be built because of what it uses of WebAssembly:", wasm->path);
        tc_error_details(lines.data, SIZE_MAX);
    }
    tc_buffer_reset(&lines);
    return result;
}
