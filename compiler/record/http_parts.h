/* Inside the HTTP half of record/: what a connection's parsers share. */
#ifndef TC_RECORD_HTTP_PARTS_H
#define TC_RECORD_HTTP_PARTS_H

#include <nghttp2/nghttp2.h>
#include <zlib.h>

#include "record/http.h"

/* Who sends: a client, or a server. */
typedef enum tc_role { TC_REQUEST = 0, TC_RESPONSE = 1 } tc_role;

typedef struct tc_http1_side {
    enum {
        H1_START,
        H1_FIELDS,
        H1_LENGTH,
        H1_UNTIL_END,
        H1_CHUNK_SIZE,
        H1_CHUNK_DATA,
        H1_CHUNK_END,
        H1_TRAILERS,
        H1_LOST, /* until a call's bytes look like a message's beginning */
    } state;
    tc_buffer line;
    uint64_t line_begun;
    uint64_t left;         /* of the body, or of the chunk */
    tc_exchange *exchange; /* NULL between messages */
    bool interim;
    tc_http_fields interim_fields;
} tc_http1_side;

typedef struct tc_http2_side {
    nghttp2_hd_inflater *inflater;
    uint8_t header[9];
    size_t header_length;
    uint32_t left; /* of the frame's payload */
    uint32_t padding;
    bool reads_padding;
    tc_buffer payload; /* of frames that are read whole */
    tc_buffer block;   /* of headers, that CONTINUATION adds to */
    uint32_t block_stream;
    bool block_ends_stream;
    uint64_t block_begun;
    size_t preface;      /* bytes of it still to come */
    uint32_t table_size; /* that this side has announced, for the other's inflater */
    bool announced;
} tc_http2_side;

typedef struct tc_socket_side {
    uint8_t header[14];
    size_t header_length, header_needed;
    uint64_t left, size;
    uint64_t masked_at;
    uint8_t opcode; /* of the message that goes on; 0: none */
    uint8_t frame_opcode;
    bool final, compressed, missing, control_missing, forgets;
    uint64_t message_size, begun;
    tc_buffer message, control;
    z_stream *inflate;
} tc_socket_side;

typedef struct tc_http_connection {
    tc_http *http;
    const tc_connection *on;
    enum { HTTP_UNKNOWN, HTTP_1, HTTP_2, HTTP_SOCKET, HTTP_LOST } protocol;
    tc_buffer sniffed, held; /* of a client and a server whose protocol is not known yet */
    uint64_t sniffed_at, held_at;
    tc_http1_side http1[2];
    tc_http2_side http2[2];
    tc_socket_side socket[2];
    bool deflates; /* permessage-deflate */
    char *socket_target;
    tc_exchange **exchanges; /* not over, in their order; owned */
    size_t exchange_count, exchange_capacity;
    bool had_any;
    bool ended[2];    /* this role sends no more */
    char *last_error; /* of a call on it; or NULL */
} tc_http_connection;

/* ---- exchange.c ---- */

void tc_http_fields_add(tc_http_fields *fields, const void *name, size_t name_length,
                        const void *value, size_t value_length);
void tc_http_fields_reset(tc_http_fields *fields);
void tc_message_reset(tc_message *message);
tc_message *tc_exchange_message(tc_exchange *exchange, tc_role role);
/* Adds to a body `length` bytes, of which the first `kept` are there. */
void tc_message_add_body(tc_http_connection *on, tc_message *message, const uint8_t *bytes,
                         size_t kept, size_t length);
/* A new one at the end of those that are not over. */
tc_exchange *tc_exchange_begin(tc_http_connection *on, const char *version);
/* Hands it over and frees it; `failure` (taken over) NULL: it is whole. */
void tc_exchange_end(tc_http_connection *on, tc_exchange *exchange, char *failure);
/* Hands it over if both its messages are whole. */
void tc_exchange_end_if_whole(tc_http_connection *on, tc_exchange *exchange);
/* The connection is over, because of `why`. */
void tc_exchanges_fail(tc_http_connection *on, const char *why);
/* Frees them; nobody is told. */
void tc_exchanges_drop(tc_http_connection *on);

/* ---- the protocols ----
 *
 * Each takes bytes of one role in their order, and returns how many it took: fewer than there were
 * if the protocol has changed. `skip` says that `length` bytes follow which the record does not
 * have. */
size_t tc_http1_feed(tc_http_connection *on, tc_role role, uint64_t time, const uint8_t *bytes,
                     size_t length);
void tc_http1_skip(tc_http_connection *on, tc_role role, uint64_t time, uint64_t length);
void tc_http1_finish(tc_http_connection *on, tc_role role, uint64_t time);
/* Whether a line is a request's, or an answer's first one. */
bool tc_http1_is_start(tc_role role, const char *line, size_t length);

void tc_http2_begin(tc_http_connection *on);
size_t tc_http2_feed(tc_http_connection *on, tc_role role, uint64_t time, const uint8_t *bytes,
                     size_t length);
void tc_http2_skip(tc_http_connection *on, tc_role role, uint64_t time, uint64_t length);
void tc_http2_reset(tc_http_connection *on);

void tc_socket_begin(tc_http_connection *on, const tc_exchange *upgrade);
size_t tc_socket_feed(tc_http_connection *on, tc_role role, uint64_t time, const uint8_t *bytes,
                      size_t length);
void tc_socket_skip(tc_http_connection *on, tc_role role, uint64_t time, uint64_t length);
void tc_socket_reset(tc_http_connection *on);

/* ---- http.c ---- */

const tc_http_listener *tc_http_listener_of(const tc_http *http);
uint64_t tc_http_next_id(tc_http *http);
void tc_http_find_lookup(const tc_http *http, tc_exchange *exchange);

#endif
