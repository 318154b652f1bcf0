/* record/: what a record holds, for a person. reader.h takes a record apart, event by event;
 * flows.h makes connections and streams of bytes of its calls; http.h makes requests and answers of
 * streams; views.h shows all that, and exports it.
 *
 * May use: base/, and of the runtime rt/trace's descriptions (record.h, describe.h, descriptors.h,
 * filter.h, blocks.h, checksum.h), which know no host. A record may come from anywhere: whatever is
 * in it, nothing here crashes, and no memory is taken that the file's own size, or a limit, does
 * not bound.
 */
#ifndef TC_RECORD_READER_H
#define TC_RECORD_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/describe.h"

typedef struct tc_record tc_record;

/* What one event is. Its bytes are borrowed until the next tc_record_next, and aligned to 8. */
typedef struct tc_record_item {
    const void *event;
    size_t size;
    uint16_t type;
    /* Of TC_EVENT_CALL: taken apart, and its import; NULL: this program does not know it. */
    tc_call call;
    const tc_described *import;
} tc_record_item;

typedef enum tc_record_step {
    TC_RECORD_EVENT,
    TC_RECORD_NO_MORE, /* the record's end, or what has been written so far */
} tc_record_step;

/* Opens the record at `path`. NULL: *error says why, and is the caller's. */
tc_record *tc_record_open(const char *path, char **error);
void tc_record_close(tc_record *record);

/* The next event. After TC_RECORD_NO_MORE it may be called again: the program may have gone on. */
tc_record_step tc_record_next(tc_record *record, tc_record_item *out);

/* Whether the program still writes it. */
bool tc_record_is_growing(const tc_record *record);

typedef struct tc_record_facts {
    uint8_t detail;       /* TC_RECORD_DETAIL_… */
    uint64_t started;     /* nanoseconds since 1970 */
    uint64_t file_size;   /* bytes */
    uint64_t limit;       /* bytes that it may have; 0: as many as it takes */
    uint64_t blocks;      /* read so far */
    uint64_t compressed;  /* of them */
    uint64_t damaged;     /* places where events were lost, so far */
    uint64_t first_call;  /* index of the first call that it has: those before were written over */
    uint64_t event_bytes; /* of events, uncompressed, so far */
    bool ended;           /* TC_EVENT_END has been read */
} tc_record_facts;

const tc_record_facts *tc_record_facts_of(const tc_record *record);

/* As it stands in the file; borrowed. */
const tc_record_header *tc_record_header_of(const tc_record *record);

/* Whether a file begins as a record does. */
bool tc_record_is_one(const char *path);

#endif
