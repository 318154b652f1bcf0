/* Starting --trace and --record. */
#ifndef TC_TRACE_START_H
#define TC_TRACE_START_H

#include "wasi/wasi.h"

/* Starts what the options ask for, before the guest runs; ends the process with a message and
 * status 2 where that cannot be. `words` are the texts of options that were applied, in their order
 * (NULL: none). All is borrowed for the process' life. */
void tc_trace_start(tc_wasi *wasi, const char *const words[3]);

#endif
