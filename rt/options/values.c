/* Reading values: numbers, sizes, times; memory, and messages. */
#include "options/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *tc_options_must(void *allocated) {
    if (!allocated) {
        fputs("timecraft: out of memory\n", stderr);
        exit(1);
    }
    return allocated;
}

char *tc_options_copy(const char *text, size_t length) {
    return tc_options_must(strndup(text, length));
}

void *tc_options_add(void *array_address, size_t *count, size_t element_size) {
    void **array = array_address;
    *array = tc_options_must(reallocarray(*array, *count + 1, element_size));
    void *added = (char *)*array + *count * element_size;
    memset(added, 0, element_size);
    ++*count;
    return added;
}

int tc_options_fail(char **error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(error, format, arguments) < 0)
        tc_options_must(NULL);
    va_end(arguments);
    return -1;
}

bool tc_options_number(const char *text, uint64_t max, uint64_t *number) {
    *number = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        unsigned digit = (unsigned)(*text - '0');
        if (*number > (max - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    return true;
}

bool tc_options_size(const char *text, uint64_t *bytes) {
    size_t length = strlen(text);
    unsigned shift = 0;
    switch (length > 0 ? text[length - 1] : '\0') {
    case 'K':
    case 'k':
        shift = 10;
        break;
    case 'M':
    case 'm':
        shift = 20;
        break;
    case 'G':
    case 'g':
        shift = 30;
        break;
    }
    char *digits = tc_options_copy(text, shift ? length - 1 : length);
    bool valid = tc_options_number(digits, UINT64_MAX >> shift, bytes);
    free(digits);
    *bytes <<= shift;
    return valid;
}

bool tc_options_seconds(const char *text, uint64_t *nanoseconds) {
    size_t whole_length = strcspn(text, ".");
    const char *fraction = text[whole_length] == '.' ? text + whole_length + 1 : NULL;
    char digits[10] = "000000000";
    if (fraction && (strlen(fraction) == 0 || strlen(fraction) > 9))
        return false;
    if (fraction)
        memcpy(digits, fraction, strlen(fraction));
    char *whole = tc_options_copy(text, whole_length);
    uint64_t seconds, rest;
    bool valid =
        tc_options_number(whole, 999999999, &seconds) && tc_options_number(digits, SECOND, &rest);
    free(whole);
    if (valid)
        *nanoseconds = seconds * SECOND + rest;
    return valid;
}
