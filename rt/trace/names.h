/* Names of numbers. Inside rt/trace only; all strings are constants. */
#ifndef TC_TRACE_NAMES_H
#define TC_TRACE_NAMES_H

#include <stdint.h>

/* The name of a value, or of a bit, in a list of trace/describe.h; NULL: it has none. */
const char *tc_name_of(uint8_t list, uint64_t value);

/* The right of preview 1 with this bit; NULL: there is none. */
const char *tc_right_name(unsigned bit);

const char *tc_filetype_name(uint8_t type); /* "?" for what has none */

/* What an option's value is. */
typedef enum tc_option_kind {
    TC_OPTION_BYTES,
    TC_OPTION_NUMBER, /* u32 */
    TC_OPTION_ERRNO,  /* u32, an errno of WASI */
    TC_OPTION_TEXT,
    TC_OPTION_SECRET, /* has a private key in it: never shown, never kept */
} tc_option_kind;

const char *tc_option_level_name(uint64_t level); /* NULL: not known */
const char *tc_option_name(uint64_t level, uint64_t name);
tc_option_kind tc_option_kind_of(uint64_t level, uint64_t name);

#endif
