/* What is shown and kept of the guest's calls: --trace and its like, --record. */
#include <stdlib.h>
#include <string.h>

#include "options/internal.h"

#define RECORD_MIN MIB

void tc_options_init_trace(tc_options *options) {
    options->trace_size = 64;
    options->record_detail = TC_DETAIL_ALL;
}

void tc_options_forget_trace(tc_options *options) {
    free(options->trace);
    free(options->trace_only);
    free(options->record);
    options->trace = options->trace_only = options->record = NULL;
    options->trace_colour = TC_WHEN_AUTO;
    options->unmask = options->chaos_seeded = false;
    options->confinement = TC_CONFINEMENT_ASKED;
    options->record_limit = options->chaos_seed = 0;
    options->chaos = 0;
    tc_options_init_trace(options);
}

int tc_word_trace(tc_options *options, const char *value, char **error) {
    if (value && !*value)
        return tc_options_fail(error,
                               "--trace= names no file; write for example --trace=calls.txt, "
                               "or --trace alone for standard error");
    free(options->trace);
    options->trace = tc_options_must(strdup(value ? value : ""));
    return 0;
}

static bool is_call_or_family(const char *name, size_t length) {
    static const char *const known[] = {
        "network", "file", "process", "time", "random", "failed",
#define TC_IMPORT(name, type, function, ...) #name,
#include "wasi/imports.def"
#undef TC_IMPORT
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i]) == length && strncmp(known[i], name, length) == 0)
            return true;
    return false;
}

static bool is_descriptor(const char *text, size_t length) {
    uint64_t number;
    if (length < 4 || strncmp(text, "fd=", 3) != 0)
        return false;
    char *digits = tc_options_copy(text + 3, length - 3);
    bool valid = tc_options_number(digits, UINT32_MAX, &number);
    free(digits);
    return valid;
}

int tc_options_check_calls(const char *option, const char *value, char **error) {
    for (const char *at = value;; at++) {
        size_t length = strcspn(at, ",");
        size_t not = *at == '!';
        if (!is_call_or_family(at + not, length - not ) && !is_descriptor(at + not, length - not ))
            return tc_options_fail(error,
                                   "%s%s: there is no \"%.*s\"; write names of calls (fd_read), "
                                   "network, file, process, time, random, fd=N, failed, or ! and "
                                   "one of these, separated by commas",
                                   option, value, (int)length, at);
        at += length;
        if (!*at)
            return 0;
    }
}

int tc_word_trace_only(tc_options *options, const char *value, char **error) {
    if (tc_options_check_calls("--trace-only=", value, error) < 0)
        return -1;
    free(options->trace_only);
    options->trace_only = tc_options_must(strdup(value));
    return 0;
}

int tc_word_trace_size(tc_options *options, const char *value, char **error) {
    if (!tc_options_size(value, &options->trace_size))
        return tc_options_fail(error,
                               "--trace-size=%s: a number of bytes is needed; write for example "
                               "--trace-size=1K",
                               value);
    return 0;
}

int tc_word_trace_colour(tc_options *options, const char *value, char **error) {
    static const char *const names[] = {"auto", "always", "never"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(value, names[i]) == 0) {
            options->trace_colour = (tc_when)i;
            return 0;
        }
    }
    return tc_options_fail(error, "--trace-colour=%s: write auto, always or never", value);
}

int tc_word_unmask(tc_options *options, const char *value, char **error) {
    (void)value, (void)error;
    options->unmask = true;
    return 0;
}

static int apply_detail(tc_options *options, const char *value, char **error) {
    static const char *const names[] = {"calls", "headers", "all"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(value, names[i]) == 0) {
            options->record_detail = (tc_record_detail)i;
            return 0;
        }
    }
    return tc_options_fail(error,
                           "--record: detail=%s: write detail=calls, detail=headers or "
                           "detail=all",
                           value);
}

static int apply_record_word(tc_options *options, const char *word, char **error) {
    if (strncmp(word, "detail=", 7) == 0)
        return apply_detail(options, word + 7, error);
    if (strncmp(word, "limit=", 6) != 0)
        return tc_options_fail(error,
                               "--record: there is no \"%s\"; write for example "
                               "--record=run.tcrec,limit=1G,detail=headers",
                               word);
    uint64_t size;
    if (!tc_options_size(word + 6, &size) || (size && size < RECORD_MIN))
        return tc_options_fail(
            error,
            "--record: limit=%s: a size of 1M or more is needed, or 0; write for "
            "example limit=1G",
            word + 6);
    options->record_limit = size;
    return 0;
}

/* "run.tcrec,limit=1G,detail=headers" */
int tc_word_record(tc_options *options, const char *value, char **error) {
    size_t length = strcspn(value, ",");
    if (length == 0)
        return tc_options_fail(
            error, "--record=%s names no file; write for example --record=run.tcrec", value);
    options->record_limit = 0;
    options->record_detail = TC_DETAIL_ALL;
    for (const char *at = value + length; *at;) {
        size_t word_length = strcspn(++at, ",");
        char *word = tc_options_copy(at, word_length);
        int result = apply_record_word(options, word, error);
        free(word);
        if (result < 0)
            return result;
        at += word_length;
    }
    free(options->record);
    options->record = tc_options_copy(value, length);
    return 0;
}

/* "0.05,seed=7" */
int tc_word_chaos(tc_options *options, const char *value, char **error) {
    static const char seed[] = ",seed=";
    uint64_t ratio, number = 0;
    size_t length = strcspn(value, ",");
    const char *behind = value + length;
    bool seeded = strncmp(behind, seed, strlen(seed)) == 0;
    char *text = tc_options_copy(value, length);
    bool valid = tc_options_seconds(text, &ratio) && ratio <= SECOND;
    free(text);
    if (!valid || (*behind && !seeded) ||
        (seeded && !tc_options_number(behind + strlen(seed), UINT64_MAX, &number)))
        return tc_options_fail(error,
                               "--chaos=%s: a number from 0 to 1 is needed, and perhaps a seed; "
                               "write for example --chaos=0.05 or --chaos=0.05,seed=7",
                               value);
    options->chaos = (double)ratio / (double)SECOND;
    options->chaos_seeded = seeded;
    options->chaos_seed = number;
    return 0;
}
