/* Requests and answers, made of what moves on connections: HTTP/1 (RFC 9112), HTTP/2 (RFC 9113),
 * WebSocket (RFC 6455, with RFC 7692). Whether the guest is the client or the server is the same.
 */
#ifndef TC_RECORD_HTTP_H
#define TC_RECORD_HTTP_H

#include "base/base.h"
#include "record/flows.h"

/* Names and values may hold any byte; both are owned and end with a NUL that does not count. */
typedef struct tc_http_field {
    char *name, *value;
    size_t name_length, value_length;
} tc_http_field;

typedef struct tc_http_fields {
    tc_http_field *items;
    size_t count;
    size_t bytes; /* of names and values */
} tc_http_fields;

/* The value of the first field with that name, or NULL. */
const tc_http_field *tc_http_find(const tc_http_fields *fields, const char *name);
/* Whether a field of that name has `word` in its list of words. */
bool tc_http_has_word(const tc_http_fields *fields, const char *name, const char *word);
/* Whether its value is a secret: Authorization, Cookie … */
bool tc_http_is_secret(const tc_http_field *field);

typedef struct tc_message {
    bool present;                     /* its first line, or headers, are there */
    bool complete;                    /* all of it was seen */
    bool missing;                     /* the record does not have all bytes of the body, or the
                                         body is larger than is kept here */
    char *method, *target;            /* of a request; owned */
    char *scheme, *authority;         /* of HTTP/2, or NULL; owned */
    uint32_t status;                  /* of an answer */
    char *reason;                     /* of an answer of HTTP/1, or NULL; owned */
    tc_http_fields headers, trailers; /* HTTP/2's without those that begin with a colon */
    tc_buffer body;                   /* as it was sent, but for chunks' framing */
    uint64_t body_size;               /* of the whole body */
    uint64_t head_size;               /* bytes of the first line and headers, as they were sent */
    uint64_t begun, ended;            /* of its first and its last byte */
} tc_message;

enum { TC_INTERIM_MAX = 8 };

typedef struct tc_exchange {
    const tc_connection *connection; /* borrowed; valid while the exchange is handed over */
    uint64_t id;                     /* from 1, in the order in which they began */
    const char *version;             /* "HTTP/1.0", "HTTP/1.1", "HTTP/2" */
    uint32_t stream;                 /* of HTTP/2; else 0 */
    bool first;                      /* on its connection */
    tc_message request, response;
    uint32_t interim[TC_INTERIM_MAX]; /* 100, 103 … that came before the answer */
    size_t interim_count;
    char *failure; /* why it is not whole; NULL: it is; owned */
    bool grpc;
    const char *grpc_status, *grpc_message;   /* borrowed; or NULL */
    uint64_t resolve_begun, resolve_duration; /* the look-up for the connection; 0: none is known */
} tc_exchange;

/* The address for a person: "http://example.com/x", as far as it is known. The caller's. */
char *tc_exchange_url(const tc_exchange *exchange);
/* "UNAVAILABLE" for 14 (https://grpc.github.io/grpc/core/md_doc_statuscodes.html). */
const char *tc_grpc_status_name(const char *number);

typedef struct tc_socket_message {
    const tc_connection *connection;
    const char *target; /* of the request that the WebSocket was made of */
    uint8_t direction;
    uint8_t opcode; /* 1 text, 2 binary, 8 close, 9 ping, 10 pong */
    uint64_t time;
    const uint8_t *bytes; /* uncompressed */
    size_t length;        /* of them */
    uint64_t size;        /* as it was sent */
    bool missing;         /* not all of it is there */
    bool compressed;
} tc_socket_message;

const char *tc_socket_opcode_name(uint8_t opcode);

typedef struct tc_http_listener {
    /* When it is over; what it points to is borrowed. */
    void (*on_exchange)(void *context, const tc_exchange *exchange);
    void (*on_message)(void *context, const tc_socket_message *message); /* or NULL */
    void *context;
    size_t body_limit; /* bytes kept of each body */
} tc_http_listener;

typedef struct tc_http tc_http;

/* It has the connections' `user`: its on_event and forget are what tc_flows is to call. */
tc_http *tc_http_create(const tc_http_listener *listener);
void tc_http_destroy(tc_http *http);
void tc_http_on_event(void *http, const tc_flow_event *event);
void tc_http_forget(void *user);

/* ---- content.c ---- */

/* Undoes Content-Encoding: "gzip", "deflate", "br", "zstd", lists of them. False: it is none of
 * these, or the bytes are not what it says; *out then has what could be had. At most `limit` bytes
 * come out; *cut says that there were more, or that the input ended early. */
bool tc_content_decode(const char *encoding, const void *bytes, size_t length, size_t limit,
                       tc_buffer *out, bool *cut);
/* Whether bytes are text to a person: UTF-8 without control characters but white space. */
bool tc_content_is_text(const void *bytes, size_t length);

#endif
