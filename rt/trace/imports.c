/* The table of imports: imports.def, checked when it is compiled. */
#include <string.h>

#include "trace/describe.h"

#define P(kind_, name_, ...)                                                                       \
    { .name = #name_, .kind = TC_P_##kind_, .detail = (__VA_ARGS__ + 0) }
#define PARAMETERS(...) ((const tc_parameter[]){{.kind = TC_P_END}, __VA_ARGS__})
#define COUNT(...)      (sizeof PARAMETERS(__VA_ARGS__) / sizeof(tc_parameter) - 1)

/* A type has, beside its parameters, a colon, its result, and the NUL; proc_exit has no result. */
#define CHECK(function, type, ...)                                                                 \
    _Static_assert(COUNT(__VA_ARGS__) == sizeof(type) - 3 ||                                       \
                       ((int)TC_ID_##function == (int)TC_ID_tc_wasi_proc_exit &&                   \
                        COUNT(__VA_ARGS__) == sizeof(type) - 2),                                   \
                   #function ": imports.def says of each parameter what it is");                   \
    _Static_assert(COUNT(__VA_ARGS__) <= TC_PARAMETERS_MAX, #function ": too many parameters");
#define TC_IMPORT(name, type, function, ...)          CHECK(function, type, __VA_ARGS__)
#define TC_IMPORT_UNSTABLE(name, type, function, ...) CHECK(function, type, __VA_ARGS__)
#include "wasi/imports.def"
#undef TC_IMPORT
#undef TC_IMPORT_UNSTABLE

#define ENTRY(module_, name_, type_, function_, ...)                                               \
    [TC_ID_##function_] = {                                                                        \
        .module = module_,                                                                         \
        .name = #name_,                                                                            \
        .type = type_,                                                                             \
        .parameters = PARAMETERS(__VA_ARGS__) + 1,                                                 \
        .count = COUNT(__VA_ARGS__),                                                               \
    },
const tc_described tc_imports_described[TC_ID_COUNT] = {
#define TC_IMPORT(name, type, function, ...)                                                       \
    ENTRY("wasi_snapshot_preview1", name, type, function, __VA_ARGS__)
#define TC_IMPORT_UNSTABLE(name, type, function, ...)                                              \
    ENTRY("wasi_unstable", name, type, function, __VA_ARGS__)
#include "wasi/imports.def"
};

/* Takes one word off "wasi_snapshot_preview1 fd_read iiii:i". */
static bool take_word(const char **text, size_t *length, const char *word) {
    size_t size = strlen(word);
    if (*length < size || memcmp(*text, word, size) != 0)
        return false;
    *text += size;
    *length -= size;
    if (*length > 0 && **text != ' ')
        return false;
    if (*length > 0)
        ++*text, --*length;
    return true;
}

const tc_described *tc_described_find(const char *text, size_t length) {
    for (size_t i = 0; i < TC_ID_COUNT; i++) {
        const tc_described *one = &tc_imports_described[i];
        const char *rest = text;
        size_t left = length;
        if (take_word(&rest, &left, one->module) && take_word(&rest, &left, one->name) &&
            take_word(&rest, &left, one->type) && left == 0)
            return one;
    }
    return NULL;
}
