/* The reader of words: the runtime uses it on the build's grants and on TIMECRAFT_OPTIONS, the
 * timecraft command on its command line. */
#include "options/options.h"

#include <stdlib.h>
#include <string.h>

#include "options/internal.h"

typedef enum value_kind { VALUE_NONE, VALUE_OPTIONAL, VALUE_NEEDED } value_kind;

static const struct known_word {
    const char *name;
    value_kind value;
    const char *example;
    int (*apply)(tc_options *options, const char *value, char **error);
} words[] = {
#define TC_WORD(name, kind, example, apply, help) {name, VALUE_##kind, example, apply},
#include "options/words.def"
#undef TC_WORD
};
enum { WORD_COUNT = sizeof words / sizeof *words };

const char tc_options_help[] =
#define TC_WORD(name, kind, example, apply, help) help
#include "options/words.def"
#undef TC_WORD
    ;

void tc_options_init(tc_options *options) {
    *options = (tc_options){0};
    tc_options_init_tls(options);
    tc_options_init_limits(options);
    tc_options_init_service(options);
    tc_options_init_trace(options);
}

static void forget_grants(tc_options *options) {
    tc_options_forget_folders(options);
    tc_options_forget_network(options);
    tc_options_forget_tls(options);
}

void tc_options_reset(tc_options *options) {
    forget_grants(options);
    free(options->payload);
    free(options->invoke);
    free(options->ca);
    free(options->trace);
    free(options->trace_only);
    free(options->record);
    tc_options_init(options);
}

int tc_word_no_grants(tc_options *options, const char *value, char **error) {
    (void)value, (void)error;
    forget_grants(options);
    return 0;
}

/* The option that a word is, with or without a value behind "="; NULL: none. */
static const struct known_word *find_option(const char *word) {
    size_t name_length = strcspn(word, "=");
    for (const struct known_word *option = words; option < words + WORD_COUNT; option++) {
        if (strncmp(option->name, word, name_length) == 0 && option->name[name_length] == '\0')
            return option;
    }
    return NULL;
}

char *tc_options_hint(const char *before, const char *word) {
    const struct known_word *option = before ? find_option(before) : NULL;
    char *hint = NULL;
    if (option && option->value == VALUE_OPTIONAL && !strchr(before, '='))
        tc_options_fail(&hint, "%s takes its value in the same word: %s=%s", option->name,
                        option->name, word);
    return hint;
}

int tc_options_apply(tc_options *options, const char *word, const char *next, char **error) {
    const char *equals = strchr(word, '=');
    const char *value = equals ? equals + 1 : NULL;
    const struct known_word *option = find_option(word);
    if (!option)
        return 0;

    int used = 1;
    if (value && option->value == VALUE_NONE)
        return tc_options_fail(error, "%s takes no value; write just %s", option->name,
                               option->example);
    if (!value && option->value == VALUE_NEEDED) {
        if (!next || strncmp(next, "--", 2) == 0)
            return tc_options_fail(error, "%s needs a value; write for example %s", option->name,
                                   option->example);
        value = next;
        used = 2;
    }
    return option->apply(options, value, error) < 0 ? -1 : used;
}

/* Takes the next word off *text: the word (caller frees), or NULL at the end, or NULL with *error
 * set when a quote is not closed. Quoting is that of the POSIX shell (2.2), with no expansions. */
static char *next_word(const char **text, char **error) {
    const char *at = *text + strspn(*text, " \t\r\n\v\f");
    if (*at == '\0')
        return NULL;
    char *word = tc_options_must(malloc(strlen(at) + 1));
    size_t length = 0;
    char quote = '\0';
    for (; *at && (quote || !strchr(" \t\r\n\v\f", *at)); at++) {
        if (quote ? *at == quote : (*at == '\'' || *at == '"')) {
            quote = quote ? '\0' : *at;
        } else if (*at == '\\' && at[1] && quote != '\'' && (!quote || strchr("\\\"$`", at[1]))) {
            word[length++] = *++at;
        } else {
            word[length++] = *at;
        }
    }
    word[length] = '\0';
    if (quote) {
        tc_options_fail(error, "a %c is not closed in: %s", quote, *text);
        free(word);
        return NULL;
    }
    *text = at;
    return word;
}

/* `before` is the option in front of it, if it is not that one's value. */
static int fail_unknown(const char *before, const char *word, char **error) {
    static const char names[] =
#define TC_WORD(name, kind, example, apply, help) ", " name
#include "options/words.def"
#undef TC_WORD
        ;
    char *hint = strncmp(word, "--", 2) == 0 ? NULL : tc_options_hint(before, word);
    if (hint)
        tc_options_fail(error, "\"%s\" is not an option; %s", word, hint);
    else
        tc_options_fail(error, "unknown option \"%s\"; the options are %s", word, names + 2);
    free(hint);
    return -1;
}

int tc_options_apply_text(tc_options *options, const char *text, char **error) {
    int result = 0;
    *error = NULL;
    char *word = next_word(&text, error), *before = NULL;
    while (word && result == 0) {
        char *next = next_word(&text, error);
        int used = *error ? -1 : tc_options_apply(options, word, next, error);
        if (used == 0)
            used = fail_unknown(before, word, error);
        free(before);
        before = word;
        word = next;
        if (used == 2) {
            free(next);
            word = next_word(&text, error);
        }
        if (used < 0)
            result = -1;
    }
    free(before);
    free(word);
    return *error ? -1 : result;
}

char *tc_options_append_word(char *text, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_=:,./+@%";
    size_t length = text ? strlen(text) : 0;
    /* At worst each byte is a quote, written as '\''. */
    text = tc_options_must(realloc(text, length + 4 * strlen(word) + 4));
    char *at = text + length;
    if (length > 0)
        *at++ = ' ';
    if (*word && word[strspn(word, plain)] == '\0') {
        strcpy(at, word);
        return text;
    }
    *at++ = '\'';
    for (; *word; word++) {
        if (*word == '\'')
            at = stpcpy(at, "'\\''");
        else
            *at++ = *word;
    }
    strcpy(at, "'");
    return text;
}
