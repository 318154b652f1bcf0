/* Reading a record (trace/record.h) from its first call on, for a replay. Inside rt/trace only.
 *
 * The file is mapped; only compressed blocks are copied. zstd is loaded if a block needs it, when
 * the record is opened. A record may come from anywhere: all that is read is checked first. One is
 * read at a time. */
#ifndef TC_TRACE_INPUT_H
#define TC_TRACE_INPUT_H

#include <stdbool.h>

#include "trace/record.h"

/* Opens the record, and closes the one before. NULL, or why that cannot be: a static text, or one
 * that lives until the next call. */
const char *tc_input_open(const char *path);

const tc_record_header *tc_input_header(void);

/* The next event: valid, whole, aligned to 8, and borrowed until the second call after this one.
 * NULL: there is no more. */
const tc_record_event *tc_input_next(void);

/* Why there is no more: NULL where that is the record's own end, be it that of a program that was
 * killed. A static text. */
const char *tc_input_problem(void);

/* Whether the program that writes it still runs. */
bool tc_input_is_growing(void);

/* Whether an address lies in the mapped file: there a fault means that the file was cut. */
bool tc_input_contains(const void *address);

#endif
