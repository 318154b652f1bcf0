/* A replay: the program runs again, and a record answers its calls. Nothing of the host is asked
 * but for what the guest writes on its standard output and error, which is written.
 *
 * Asked for by the environment, which `timecraft replay` sets:
 *   TIMECRAFT_REPLAY=FILE     the record
 *   TIMECRAFT_REPLAY_UNTIL=N  stop before call N
 *   TIMECRAFT_REPLAY_GDB=1    stop there in tc_replay_stop, for a debugger's breakpoint, and go on
 *
 * Each call must be the record's next one, with its arguments and all that the guest sends; then
 * the call's TC_CHUNK_OUT are copied into guest memory and its result is given. Where the program
 * goes another way it ends with TC_EXIT_DIVERGED after a message. */
#ifndef TC_TRACE_REPLAY_H
#define TC_TRACE_REPLAY_H

#include "options/options.h"
#include "wasi/wasi.h"

enum {
    TC_EXIT_DIVERGED = 125, /* it went another way, or the record is damaged or another's */
    TC_EXIT_KILLED = 137,   /* the record ends without an end: 128 + SIGKILL, as from a shell */
};

/* What the recorded run was given; lives as long as the process. */
typedef struct tc_replayed {
    const char *words[3]; /* texts of options, in their order */
    int argc;
    char **argv;
    int envc;
    char **envv;
} tc_replayed;

/* Opens the record; ends the process with a message where it cannot be replayed by this program. */
void tc_replay_open(const char *path, tc_replayed *out);

/* Answers the guest's calls from now on. `wasi` and `options` are borrowed for the process' life;
 * the time limit is taken out of the options: the record says when it has passed. */
void tc_replay_start(tc_wasi *wasi, tc_options *options);

/* For a debugger: where tc_replay_stop is called next, and that it may be set to another call. */
extern volatile uint64_t tc_replay_until;
void tc_replay_stop(uint64_t call);

#endif
