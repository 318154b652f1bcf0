/* What is shown of a record, and what is exported. All text that comes from the record is escaped
 * for where it goes: a terminal, JSON, XML, a page. */
#ifndef TC_RECORD_VIEWS_H
#define TC_RECORD_VIEWS_H

#include <stdio.h>

#include "record/http.h"

typedef struct tc_view_options {
    bool json, verbose, unmask, summary;
    uint64_t since, until; /* nanoseconds since the record began */
    const char *only;      /* of calls: those that trace/filter.h says; NULL: all */
    size_t last;           /* so many of the last lines; SIZE_MAX: all */
    FILE *out;
} tc_view_options;

typedef struct tc_view tc_view;

/* One look at a record: "calls", "network", "requests", "dns", "tls". NULL: there is no such.
 * Singulars are known too. The record's facts are borrowed. */
tc_view *tc_view_create(const char *what, const tc_view_options *options,
                        const tc_record_facts *facts);
void tc_view_take(tc_view *view, const tc_record_item *item);
/* There is no more, because of `reason`; the summary and the last lines are written. */
void tc_view_finish(tc_view *view, const char *reason);
void tc_view_destroy(tc_view *view);

/* ---- exports: all of a record into a file; -1 with errno set where that cannot be written ---- */

typedef struct tc_export_options {
    bool unmask;
    FILE *out;
} tc_export_options;

int tc_export_pcapng(tc_record *record, const tc_export_options *options);
int tc_export_har(tc_record *record, const tc_export_options *options);
int tc_export_html(tc_record *record, const tc_export_options *options);
/* The record itself, with its blocks compressed. Secrets stay in it. */
int tc_export_record(tc_record *record, const tc_export_options *options);
/* What the guest wrote to its standard output, 1, or errors, 2. *missing: bytes of it that the
 * record does not have. */
int tc_export_written(tc_record *record, const tc_export_options *options, uint32_t fd,
                      uint64_t *missing);

/* ---- inspect.c ---- */

/* Reads a record to its end and says what it is of; 0, or -1 where it has nothing that can be read.
 */
int tc_record_inspect(tc_record *record, const char *path, bool unmask, FILE *out);

/* ---- shared ---- */

/* "the program ended" and the like, for what is open when a record has been read. */
const char *tc_view_end_reason(const tc_record *record);
/* "2026/11/26 01:12:51.123456", local. */
void tc_view_add_time(tc_text *text, uint64_t since_1970);
/* "2026-11-26T01:12:51.123456Z" */
void tc_view_add_utc(tc_text *text, uint64_t since_1970);
/* "12.3ms" */
void tc_view_add_duration(tc_text *text, uint64_t nanoseconds);
/* Text of the record for a terminal: what a terminal would obey, and what is not UTF-8, escaped. */
void tc_view_add_plain(tc_text *text, const void *bytes, size_t length);
/* A member of a JSON object: ,"name":"value". */
void tc_view_add_json(tc_text *text, const char *name, const char *value);
void tc_view_add_base64(tc_text *text, const void *bytes, size_t length);
/* "TCP", "UDP", "UNIX" */
const char *tc_view_protocol(const tc_connection *connection);
/* "a:p > b:p", the sender first. */
void tc_view_add_way(tc_text *text, const tc_connection *connection, uint8_t direction);
/* A field's value; masked if it is a secret. */
void tc_view_add_value(tc_text *text, const tc_http_field *field, bool unmask);
/* A member of a JSON object, the fields in their order: ,"name":[["field","value"]]. */
void tc_view_add_fields(tc_text *text, const char *name, const tc_http_fields *fields, bool unmask);
/* A body with its content encoding undone where the record has all of it; else as it was sent. The
 * caller's. *cut: it is not whole. */
tc_buffer tc_view_body(const tc_message *message, bool *decoded, bool *cut);

#endif
