/* Which calls are shown: --trace-only of a program, -e of `timecraft trace calls`. */
#ifndef TC_TRACE_FILTER_H
#define TC_TRACE_FILTER_H

#include "trace/descriptors.h"

/* Whether a call is what one of the names and families in `only` says (where there are any), is
 * none of those with "!", is on one of the descriptors (where there are any), and has failed (where
 * asked). only: words with commas between, which tc_options_check_calls (options/options.h) has
 * found right; NULL: all calls are wanted. import NULL: a call that this program does not know. */
bool tc_filter_wants(const char *only, const tc_call *call, const tc_described *import,
                     const tc_descriptors *all);

#endif
