/* Inside options/: what the words share. */
#ifndef TC_OPTIONS_INTERNAL_H
#define TC_OPTIONS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options/options.h"

#define KIB    (UINT64_C(1) << 10)
#define MIB    (UINT64_C(1) << 20)
#define GIB    (UINT64_C(1) << 30)
#define SECOND UINT64_C(1000000000) /* in nanoseconds */

/* What applies a word. `value` is NULL where the word takes none or came without its optional one;
 * else a text of any bytes, and what is kept of it is copied. Returns 0, or -1 with *error set (see
 * tc_options_fail). */
#define TC_WORD(name, kind, example, apply, help)                                                  \
    int apply(tc_options *options, const char *value, char **error);
#include "options/words.def"
#undef TC_WORD

/* The defaults of a kind that are not zero. */
void tc_options_init_tls(tc_options *options);
void tc_options_init_limits(tc_options *options);
void tc_options_init_service(tc_options *options);
void tc_options_init_trace(tc_options *options);

/* --no-grants: frees and forgets the grants of a kind, but not what restricts the guest. */
void tc_options_forget_folders(tc_options *options);
void tc_options_forget_network(tc_options *options);
void tc_options_forget_tls(tc_options *options);

/* ---- values.c ---- */

/* Sets *error to a message for the person (caller frees). Returns -1. */
int tc_options_fail(char **error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* `allocated`; without memory the process ends. */
void *tc_options_must(void *allocated);
/* A new string of the first `length` bytes. */
char *tc_options_copy(const char *text, size_t length);
/* Grows an array by one element and returns the new, zeroed one. */
void *tc_options_add(void *array_address, size_t *count, size_t element_size);

/* The whole of `text` as a decimal number up to `max`. */
bool tc_options_number(const char *text, uint64_t max, uint64_t *number);
/* "64M" in bytes; 0 is passed on as 0. */
bool tc_options_size(const char *text, uint64_t *bytes);
/* "1.5" in nanoseconds. Nine digits on either side of the point are enough for everybody. */
bool tc_options_seconds(const char *text, uint64_t *nanoseconds);

#endif
