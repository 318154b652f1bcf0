/* The options of build and run. */
#include "commands/commands.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_JOBS 256

/* An option with a value, as "--name=value", "--name value", "-nvalue" or "-n value". */
typedef struct valued_option {
    const char *name;  /* with its dashes */
    const char *brief; /* one letter with its dash, or NULL */
    int (*set)(tc_build_options *options, const char *value);
} valued_option;

static int set_output(tc_build_options *options, const char *value) {
    options->output = value;
    return *value ? 0 : -1;
}

static int set_cc(tc_build_options *options, const char *value) {
    options->cc = value;
    return *value ? 0 : -1;
}

static int set_keep_c(tc_build_options *options, const char *value) {
    options->keep_c = value;
    return *value ? 0 : -1;
}

static int set_jobs(tc_build_options *options, const char *value) {
    char *end;
    errno = 0;
    unsigned long jobs = strtoul(value, &end, 10);
    if (*value < '0' || *value > '9' || *end || errno || jobs == 0)
        return -1;
    options->jobs = jobs > MOST_JOBS ? MOST_JOBS : (unsigned)jobs;
    return 0;
}

static int set_unknown_imports(tc_build_options *options, const char *value) {
    return tc_imports_read_stub(value, &options->stubs.unknown) ? 0 : -1;
}

static int add_stub(tc_build_options *options, const char *value) {
    if (!strchr(value, '.'))
        return -1;
    tc_words_add(&options->stubs.named, "%s", value);
    return 0;
}

static int set_profile(tc_build_options *options, const char *value) {
    options->profile = value;
    return *value ? 0 : -1;
}

static int set_argv0(tc_build_options *options, const char *value) {
    options->argv0 = value;
    return 0;
}

static const valued_option valued_options[] = {
    {"--output", "-o", set_output},
    {"--jobs", "-j", set_jobs},
    {"--cc", NULL, set_cc},
    {"--keep-c", NULL, set_keep_c},
    {"--unknown-imports", NULL, set_unknown_imports},
    {"--stub", NULL, add_stub},
    {"--profile", NULL, set_profile},
    {"--argv0", NULL, set_argv0},
};

/* Where the value of `word` is if it is this option: in the word itself, or *used is 2 and it is
 * the next word (NULL if there is none). Sets *used to 0 if it is another option. */
static const char *find_value(const valued_option *option, const char *word, const char *next,
                              int *used) {
    size_t length = strlen(option->name);
    *used = 1;
    if (strncmp(word, option->name, length) == 0 && word[length] == '=')
        return word + length + 1;
    if (option->brief && strncmp(word, option->brief, 2) == 0 && word[2])
        return word + 2;
    if (strcmp(word, option->name) == 0 || (option->brief && strcmp(word, option->brief) == 0)) {
        *used = 2;
        return next;
    }
    *used = 0;
    return NULL;
}

static int apply_valued(tc_build_options *options, const char *word, const char *next) {
    for (size_t i = 0; i < sizeof valued_options / sizeof *valued_options; i++) {
        int used;
        const char *value = find_value(&valued_options[i], word, next, &used);
        if (!used)
            continue;
        if (!value) {
            tc_error("%s needs a value", word);
            return -1;
        }
        if (valued_options[i].set(options, value) < 0) {
            tc_error("%s cannot be \"%s\"", valued_options[i].name, value);
            return -1;
        }
        return used;
    }
    return 0;
}

static int apply_plain(tc_build_options *options, const char *word) {
    if (strncmp(word, "-O", 2) == 0 && word[2] >= '0' && word[2] <= '3' && !word[3])
        options->level = word[2] - '0';
    else if (strcmp(word, "-g") == 0)
        options->has_lines = true;
    else if (strcmp(word, "--static") == 0)
        options->link_static = true;
    else if (strcmp(word, "--no-cache") == 0)
        options->use_cache = false;
    else if (strcmp(word, "-q") == 0 || strcmp(word, "--quiet") == 0)
        options->verbosity = TC_QUIET;
    else if (strcmp(word, "-v") == 0 || strcmp(word, "--verbose") == 0)
        options->verbosity = TC_VERBOSE;
    else
        return 0;
    return 1;
}

static int apply_grant(tc_build_options *options, const char *word, const char *next) {
    char *error = NULL;
    int used = tc_options_apply(&options->grants, word, next, &error);
    if (used < 0)
        tc_error("%s", error ? error : word);
    free(error);
    if (used >= 1)
        options->words = tc_options_append_word(options->words, word);
    if (used >= 2)
        options->words = tc_options_append_word(options->words, next);
    return used;
}

int tc_command_option(tc_build_options *options, const char *word, const char *next) {
    int used = apply_plain(options, word);
    if (!used)
        used = apply_valued(options, word, next);
    if (!used)
        used = apply_grant(options, word, next);
    if (!used) {
        tc_error("%s is not an option; `timecraft help build` lists them", word);
        used = -1;
    }
    return used;
}

int tc_command_module(tc_build_options *options, const char *before, const char *path) {
    char *hint = access(path, F_OK) < 0 ? tc_options_hint(before, path) : NULL;
    options->module = path;
    if (!hint)
        return 0;
    tc_error("there is no module %s; %s", path, hint);
    free(hint);
    return -1;
}

bool tc_command_read_profile(tc_build_options *options, tc_profile_uses *uses) {
    *uses = (tc_profile_uses){0};
    if (!options->profile)
        return true;
    if (options->level == 0) {
        tc_error("--profile says for which functions -O1, -O2 or -O3 is worth its time; -O0 has "
                 "nothing to choose");
        return false;
    }
    if (!tc_profile_read_uses(uses, options->profile))
        return false;
    options->uses = uses;
    return true;
}

static unsigned processor_count(void) {
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < 1 ? 1 : (unsigned)count;
}

void tc_command_options_init(tc_build_options *options, tc_verbosity verbosity) {
    *options = (tc_build_options){
        .level = 2, .jobs = processor_count(), .use_cache = true, .verbosity = verbosity};
    tc_options_init(&options->grants);
}

void tc_command_options_reset(tc_build_options *options) {
    tc_options_reset(&options->grants);
    tc_words_reset(&options->stubs.named);
    free(options->words);
}
