/* The state behind the imports: made from what was granted, before the guest runs. */
#ifndef TC_WASI_START_H
#define TC_WASI_START_H

#include "options/options.h"
#include "wasi/wasi.h"
#include "wasm-rt.h"

/* How the program stays up (service/service.h): with --workers this process never comes back from
 * here, but each worker does. Before anything is opened. */
void tc_wasi_serve(tc_options *options);

/* Opens what the guest is given, and makes its environment. Ends the process with a message where
 * that cannot be. `options` and `argv` are borrowed for the process' life. */
tc_wasi *tc_wasi_start(const tc_options *options, int argc, char **argv);

/* The same for a replay, which performs no import but those that end the program: nothing is
 * opened. All is borrowed. */
tc_wasi *tc_wasi_start_replay(const tc_options *options, int argc, char **argv, int envc,
                              char **envv);

/* On the guest's thread, before anything else of the guest's: makes what cannot be made later, when
 * the process is confined. */
void tc_wasi_prepare(void);

/* The memory that imports work on; borrowed. Set it before any of them is called. */
void tc_wasi_set_memory(tc_wasi *wasi, const wasm_rt_memory_t *memory);

/* Closes every descriptor, and lets connections end in good order: before the process exits. */
void tc_wasi_finish(tc_wasi *wasi);

#endif
