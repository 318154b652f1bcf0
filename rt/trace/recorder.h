/* --record: what of a run becomes which event (trace/record.h). Inside rt/trace only. */
#ifndef TC_TRACE_RECORDER_H
#define TC_TRACE_RECORDER_H

#include "trace/capture.h"
#include "trace/descriptors.h"
#include "wasi/observe.h"

typedef struct tc_recorder_setup {
    const tc_wasi_view *view;
    const char *const *words; /* three texts of options, or NULLs */
    tc_descriptors *descriptors;
    uint64_t realtime, monotonic; /* when the record begins */
} tc_recorder_setup;

/* False after a message for the person. All of the setup is borrowed for the process' life. */
bool tc_recorder_open(const tc_recorder_setup *setup);

/* Records a call, of which the event's index, start, duration, result and flags are given in
 * `head`. Returns the event, valid until the next one; NULL: nothing was recorded. */
const tc_record_call *tc_recorder_call(const tc_capture *capture, const tc_record_call *head);

/* The same for an event of fields: a whole one but for its check. Also kept for the state at the
 * beginning of segments, for a TC_EVENT_CONNECTION and _TLS while their descriptor is open. */
void tc_recorder_event(const void *event, size_t size, uint64_t call);

/* What belongs into the record has found no memory: the record ends, the person is told. */
void tc_recorder_lost(uint64_t time);

/* A descriptor is another one from now on, or none. */
void tc_recorder_forget(uint32_t fd);
void tc_recorder_move(uint32_t from, uint32_t to);

/* Where a trap happened: no memory is allocated. */
void tc_recorder_trap(uint64_t time, const char *why, const char *const *frames, unsigned count);

/* The last event; closes the record. signal: of a TC_END_SIGNAL, else 0. pending: the import under
 * way, or -1. */
void tc_recorder_end(uint64_t time, uint64_t cause, uint64_t status, int signal, int pending);

/* ---- building events of fields ---- */

void tc_fields_begin(tc_text *event, uint16_t type, uint32_t descriptor, uint64_t time);
void tc_fields_add(tc_text *event, uint16_t key, const void *value, size_t length);
void tc_fields_add_text(tc_text *event, uint16_t key, const char *text); /* not "" */
void tc_fields_add_number(tc_text *event, uint16_t key, uint64_t number);
void tc_fields_end(tc_text *event); /* sets its size */

#endif
