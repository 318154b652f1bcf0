/* Calling one function of the module: numbers from words, results on standard output. */
#include "guest/invoke.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest/report.h"

enum {
    EXIT_USAGE = 2,
    NAMES_SHOWN = 20,
    TEXT_SIZE = 64, /* of a number */
};

static const char *type_name(char letter) {
    switch (letter) {
    case 'i':
        return "an i32";
    case 'I':
        return "an i64";
    case 'f':
        return "an f32";
    default:
        return "an f64";
    }
}

/* ---- words to numbers ---- */

/* A signed or unsigned number of `bits`, decimal or hexadecimal (0x…). */
static bool parse_integer(const char *word, unsigned bits, uint64_t *value) {
    bool negative = *word == '-';
    const char *digits = word + (negative || *word == '+');
    bool hexadecimal = strncmp(digits, "0x", 2) == 0 || strncmp(digits, "0X", 2) == 0;
    digits += hexadecimal ? 2 : 0;
    if (!*digits || digits[strspn(digits, hexadecimal ? "0123456789abcdefABCDEF" : "0123456789")])
        return false;
    errno = 0;
    *value = strtoull(digits, NULL, hexadecimal ? 16 : 10);
    uint64_t largest = UINT64_MAX >> (64 - bits);
    if (errno || *value > (negative ? largest / 2 + 1 : largest))
        return false;
    if (negative)
        *value = 0 - *value;
    return true;
}

/* As strtod(3) reads it: 1.5, -2e9, 0x1p-3, inf, nan. */
static bool parse_float(const char *word, bool is_double, tc_value *value) {
    char *end;
    if (!*word || strchr(" \t\r\n\v\f", *word))
        return false;
    if (is_double)
        value->f64 = strtod(word, &end);
    else
        value->f32 = strtof(word, &end);
    return !*end;
}

static bool parse_value(const char *word, char letter, tc_value *value) {
    uint64_t integer;
    switch (letter) {
    case 'i':
        if (!parse_integer(word, 32, &integer))
            return false;
        value->i32 = (uint32_t)integer;
        return true;
    case 'I':
        return parse_integer(word, 64, &value->i64);
    default:
        return parse_float(word, letter == 'F', value);
    }
}

/* ---- numbers to words ---- */

/* The shortest text that reads as the same number. */
static void show_float(double value, bool is_double, char text[TEXT_SIZE]) {
    if (isnan(value)) {
        strcpy(text, "nan");
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, TEXT_SIZE, "%.*g", digits, value);
        if (is_double ? strtod(text, NULL) == value : strtof(text, NULL) == (float)value)
            return;
    }
}

static void show_value(const tc_value *value, char letter, char text[TEXT_SIZE]) {
    switch (letter) {
    case 'i':
        snprintf(text, TEXT_SIZE, "%" PRId32, (int32_t)value->i32);
        break;
    case 'I':
        snprintf(text, TEXT_SIZE, "%" PRId64, (int64_t)value->i64);
        break;
    case 'f':
        show_float((double)value->f32, false, text);
        break;
    default:
        show_float(value->f64, true, text);
        break;
    }
}

/* ---- the call ---- */

static size_t parameter_count(const tc_function *function) {
    return strcspn(function->type, ":");
}

static const char *result_types(const tc_function *function) {
    return function->type + parameter_count(function) + 1;
}

_Noreturn static void refuse_name(const char *name) {
    const tc_module *module = &tc_guest_module;
    tc_report("%s exports no function %s that takes numbers and nothing else%s", module->name, name,
              module->function_count ? "; these it does:" : ", and no other");
    for (size_t i = 0; i < module->function_count && i < NAMES_SHOWN; i++)
        tc_report_detail("%s", module->functions[i].name);
    if (module->function_count > NAMES_SHOWN)
        tc_report_detail("… and %zu more", module->function_count - NAMES_SHOWN);
    exit(EXIT_USAGE);
}

static void *must(void *memory) {
    if (!memory) {
        tc_report("there is too little memory for the arguments");
        exit(EXIT_FAILURE);
    }
    return memory;
}

tc_invocation tc_invoke_prepare(const char *name, char *const *words) {
    const tc_module *module = &tc_guest_module;
    const tc_function *function = module->functions;
    const tc_function *end = function + module->function_count;
    while (function < end && strcmp(function->name, name) != 0)
        function++;
    if (function == end)
        refuse_name(name);

    size_t count = parameter_count(function), given = 0;
    while (words[given])
        given++;
    if (given != count) {
        tc_report("%s takes %zu argument%s, not %zu", name, count, count == 1 ? "" : "s", given);
        exit(EXIT_USAGE);
    }
    tc_value *arguments = must(calloc(count + 1, sizeof *arguments));
    for (size_t i = 0; i < count; i++) {
        if (!parse_value(words[i], function->type[i], &arguments[i])) {
            tc_report("argument %zu of %s is %s, and \"%s\" is not", i + 1, name,
                      type_name(function->type[i]), words[i]);
            exit(EXIT_USAGE);
        }
    }
    return (tc_invocation){function, arguments};
}

int tc_invoke(const tc_invocation *invocation) {
    const char *types = result_types(invocation->function);
    tc_value *results = must(calloc(strlen(types) + 1, sizeof *results));
    invocation->function->call(invocation->arguments, results);
    for (size_t i = 0; types[i]; i++) {
        char text[TEXT_SIZE];
        show_value(&results[i], types[i], text);
        puts(text);
    }
    free(results);
    if (fflush(stdout) == 0)
        return 0;
    tc_report("cannot print what %s gave: %s", invocation->function->name, strerror(errno));
    return EXIT_FAILURE;
}
