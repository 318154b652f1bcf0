/* --chaos: some calls fail, do less, or take their time, as on a real network and a busy kernel.
 *
 * Which fault a call gets depends on the seed, the import, and how many calls of that import there
 * were before; those that had to try again (EAGAIN) do not count, for how many there are is a
 * matter of time. So a seed repeats its faults for the same sequence of calls. */
#ifndef TC_TRACE_CHAOS_H
#define TC_TRACE_CHAOS_H

#include "options/options.h"
#include "wasi/wasi.h"

/* Takes the place of tc_trace_perform. Borrowed for the process' life. */
void tc_chaos_start(tc_wasi *wasi, const tc_options *options);

#endif
