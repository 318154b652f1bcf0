/* --trace: a line a call. Inside rt/trace only. */
#ifndef TC_TRACE_LIVE_H
#define TC_TRACE_LIVE_H

#include "options/options.h"
#include "trace/descriptors.h"

/* Opens what --trace names; false after a message for the person. */
bool tc_live_open(const tc_options *options, tc_descriptors *descriptors);

/* Prints a call, if --trace-only does not leave it out. */
void tc_live_call(const tc_call *call, const tc_described *import);

/* "+++ exited with 3 +++" and the like. */
void tc_live_end(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
