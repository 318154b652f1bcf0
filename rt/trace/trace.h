/* Between the binding and wasi/: calls are printed (--trace), recorded (--record), and may come
 * from somewhere else than wasi/ (a replay).
 *
 * The binding asks tc_trace_on at each import; where it is false, nothing else of this runs:
 *
 *     static uint64_t call_3(tc_wasi *host, const uint64_t *a) {
 *         return tc_wasi_fd_close(host, (u32)a[0]);
 *     }
 *     u32 w2c_wasi__snapshot__preview1_fd_close(struct w2c_wasi__snapshot__preview1 *i, u32 a0) {
 *         tc_enter();
 *         if (__builtin_expect(tc_trace_on, 0))
 *             return (u32)tc_trace_call(TC_ID_tc_wasi_fd_close, call_3, host, (const u64[]){a0});
 *         return tc_wasi_fd_close(host, a0);
 *     }
 */
#ifndef TC_TRACE_TRACE_H
#define TC_TRACE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/ids.h"
#include "wasi/observe.h"
#include "wasi/wasi.h"

#ifdef TC_TRACE_NEVER /* a binding without the branch: for tests/bench/trace_cost.py alone */
#define tc_trace_on false
#else
extern bool tc_trace_on;
#endif

/* Makes a call with its arguments, and gives its result; 0 for imports without one. */
typedef uint64_t tc_trace_function(tc_wasi *host, const uint64_t *arguments);

uint64_t tc_trace_call(tc_import_id id, tc_trace_function *perform, tc_wasi *host,
                       const uint64_t *arguments);

/* A call on its way. */
typedef struct tc_invocation {
    tc_import_id id;
    tc_trace_function *perform; /* what wasi/ has for it */
    tc_wasi *host;
    const uint64_t *arguments; /* as many as the import has */
    uint64_t index;            /* of the call, from 0 */
    /* Set by whoever answers in the place of wasi/: */
    uint8_t flags;                         /* TC_CALL_CHAOS */
    const struct tc_record_call *recorded; /* a replay's: when it was, and how long; or NULL */
} tc_invocation;

/* Where results come from: performs the call, unless a replay or chaos takes its place. Set it
 * before the guest runs, and tc_trace_on with it. */
extern uint64_t (*tc_trace_source)(tc_invocation *invocation);
uint64_t tc_trace_perform(tc_invocation *invocation);

/* What is known of a descriptor; borrowed until the next call; NULL: nothing. */
const struct tc_descriptor *tc_trace_descriptor(uint32_t fd);

/* Takes in an event that says what stands behind a descriptor; others are left alone. */
void tc_trace_note_event(const void *event, size_t size);

/* How connections are asked for what the host alone knows; set by the binding of a module that
 * imports sockets, so that others do not link what answers. */
extern const tc_wasi_socket_observer *tc_trace_sockets;

#endif
