/* What a call reads from guest memory and writes into it, found by the table of imports. Inside
 * rt/trace only.
 *
 *     tc_capture_before(&capture, id, arguments, memory);
 *     ... the call ...
 *     tc_capture_after(&capture, result);
 *     size = tc_capture_size(&capture, most);     then, into that much room:
 *     tc_capture_write(&capture, event, most);
 *
 * What the guest handed in is copied at once, for the call may write over it. The rest is borrowed
 * from guest memory, so that a large transfer is copied once, to where its event goes. */
#ifndef TC_TRACE_CAPTURE_H
#define TC_TRACE_CAPTURE_H

#include "guest/memory.h"
#include "trace/describe.h"

typedef struct tc_span {
    tc_record_chunk head; /* kept: as much as could be */
    const uint8_t *bytes; /* in guest memory; NULL: copied, at `offset`; not for scattered ones */
    size_t offset;
    bool data;
} tc_span;

enum { TC_SPANS_MAX = 320 }; /* 64 results of a look-up have four each */

typedef struct tc_capture {
    tc_import_id id;
    const tc_described *import;
    const uint64_t *arguments; /* borrowed until the event is written */
    tc_memory memory;
    tc_span spans[TC_SPANS_MAX];
    size_t span_count;
    uint8_t *copied; /* owned; kept for the next call */
    size_t copied_size, copied_capacity;
    bool cut;  /* something did not fit */
    bool lost; /* for want of memory */
} tc_capture;

/* How many strings the arguments (TC_ARGUMENTS) or the environment have, and their bytes with NULs.
 */
void tc_capture_strings(unsigned which, uint32_t count, uint64_t size);

void tc_capture_before(tc_capture *capture, tc_import_id id, const uint64_t *arguments,
                       tc_memory memory);

/* For an import without a result, which is not expected back, it is not called. */
void tc_capture_after(tc_capture *capture, uint32_t result);

/* In the place of the above, for a call that is not made: what it would send is all it has. */
void tc_capture_offered(tc_capture *capture);

/* How much data the call has moved, in bytes, for bursts; 0: none. *out says whether it came in. */
uint64_t tc_capture_moved(const tc_capture *capture, bool *in);

/* The size of the event with at most `most` bytes of data; UINT64_MAX: too large for an event. */
uint64_t tc_capture_size(const tc_capture *capture, uint64_t most);

/* Writes the arguments and chunks behind event's tc_record_call, and sets its size, type, flags'
 * CUT and the number of arguments; the caller sets the rest. */
void tc_capture_write(const tc_capture *capture, tc_record_call *event, uint64_t most);

#endif
