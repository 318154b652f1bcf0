/* Connections, and what moves on them: made of a record's calls and events, one after the other. */
#ifndef TC_RECORD_FLOWS_H
#define TC_RECORD_FLOWS_H

#include "record/reader.h"

/* The two directions of a connection, as its guest sees them. */
enum { TC_SENT = 0, TC_RECEIVED = 1 };

/* What a handshake agreed on, or why it failed. Texts are owned; NULL: not known. */
typedef struct tc_tls_facts {
    uint64_t begun, duration; /* nanoseconds */
    bool server, resumed;
    uint32_t error;   /* errno of WASI; 0: it succeeded */
    uint32_t version; /* 0x0303, 0x0304; 0: not known */
    char *reason, *cipher, *group, *alpn, *server_name, *peer_info;
} tc_tls_facts;

/* "TLSv1.3"; "?" for others. */
const char *tc_tls_version_name(uint32_t version);

typedef struct tc_connection {
    uint64_t id; /* from 1, in the order in which they began */
    uint32_t fd;
    bool datagram, server;
    bool open;                     /* its descriptor is */
    bool listening;                /* a listening socket: nothing moves on it */
    bool has_tls;                  /* a handshake is over */
    tc_record_address local, peer; /* family 0: not known */
    char *host;                    /* owned: the name whose look-up gave the peer; or NULL */
    uint64_t call;                 /* index of connect or accept */
    uint64_t begun;                /* nanoseconds: the call to connect, or accept's end */
    uint64_t connected;            /* when it was known to stand; 0: it was not */
    uint64_t closed;               /* 0: it was open at the record's end */
    uint64_t bytes[2];             /* moved in each direction */
    tc_tls_facts tls;
    /* Of the call that opened it, until TC_FLOW_OPEN has been sent: what the record says of the
     * connection's addresses comes right behind the call. */
    bool announced;
    bool awaited; /* connect goes on in the background */
    uint32_t open_result;
    uint64_t open_time, open_duration;
    void *user; /* of whoever listens; see tc_flow_listener */
} tc_connection;

/* A look-up of a name. */
typedef struct tc_lookup {
    const char *name, *service; /* not ended with a NUL; borrowed */
    size_t name_length, service_length;
    uint64_t time, duration;
    uint32_t result; /* errno of WASI */
    const tc_record_address *answers;
    size_t answer_count;
} tc_lookup;

typedef enum tc_flow_kind {
    TC_FLOW_LISTEN,    /* a socket listens */
    TC_FLOW_OPEN,      /* connect was called, or accept has given a connection */
    TC_FLOW_CONNECTED, /* the connection stands */
    TC_FLOW_TLS,       /* a handshake is over: connection->tls */
    TC_FLOW_DATA,
    TC_FLOW_STREAM_END, /* nothing more comes in this direction */
    TC_FLOW_FAILED,     /* a call on it failed: result */
    TC_FLOW_CLOSE,
    TC_FLOW_LOOKUP,
    TC_FLOW_PROGRAM_END, /* after which all that is open is closed */
} tc_flow_kind;

typedef struct tc_flow_event {
    tc_flow_kind kind;
    tc_connection *connection; /* NULL for LOOKUP and PROGRAM_END */
    uint64_t time;             /* nanoseconds since the record began */
    uint64_t call;
    uint64_t duration; /* of the call */
    uint32_t result;   /* errno of WASI */
    uint8_t direction; /* of DATA, STREAM_END and FAILED */
    const char *verb;  /* the call, in a word: "CONNECT", "SEND"; or NULL */
    /* DATA: `length` bytes were moved, of which the record has the first `kept`. */
    const uint8_t *bytes;
    size_t kept, length;
    const tc_record_address *peer; /* of a datagram that has one; or NULL */
    const tc_lookup *lookup;
    const char *reason; /* of CLOSE: why, where it was not the guest that closed it; or NULL */
} tc_flow_event;

typedef struct tc_flow_listener {
    void (*on_event)(void *context, const tc_flow_event *event);
    void (*forget)(void *user); /* frees connection->user */
    void *context;
} tc_flow_listener;

typedef struct tc_flows tc_flows;

tc_flows *tc_flows_create(const tc_flow_listener *listener);
/* Takes in the next event of the record. */
void tc_flows_take(tc_flows *flows, const tc_record_item *item);
/* There is no more: what is open ends here, because of `reason`. */
void tc_flows_finish(tc_flows *flows, const char *reason);
void tc_flows_destroy(tc_flows *flows);

/* What a call wrote with fd_write or fd_pwrite: returns how many bytes; 0: it is no such call. */
size_t tc_flows_written(const tc_record_item *item, uint32_t *fd, const uint8_t **bytes,
                        size_t *kept);

#endif
