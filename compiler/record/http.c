/* Which protocol a connection speaks, and whose bytes are whose. */
#include "record/http.h"

#include <stdlib.h>
#include <string.h>

#include "record/http_parts.h"

enum { SNIFF_MAX = 16 << 10, HELD_MAX = 64 << 10, LOOKUPS = 64 };

struct tc_http {
    tc_http_listener listener;
    uint64_t next_id;
    struct {
        tc_record_address address;
        uint64_t begun, duration;
    } lookups[LOOKUPS]; /* the last answers, a ring */
    unsigned next_lookup;
};

tc_http *tc_http_create(const tc_http_listener *listener) {
    tc_http *http = tc_allocate(sizeof *http);
    http->listener = *listener;
    http->next_id = 1;
    return http;
}

void tc_http_destroy(tc_http *http) {
    free(http);
}

const tc_http_listener *tc_http_listener_of(const tc_http *http) {
    return &http->listener;
}

uint64_t tc_http_next_id(tc_http *http) {
    return http->next_id++;
}

/* ---- look-ups ---- */

static void note_lookup(tc_http *http, const tc_lookup *lookup) {
    for (size_t i = 0; i < lookup->answer_count; i++) {
        unsigned place = http->next_lookup++ % LOOKUPS;
        http->lookups[place].address = lookup->answers[i];
        http->lookups[place].begun = lookup->time;
        http->lookups[place].duration = lookup->duration;
    }
}

void tc_http_find_lookup(const tc_http *http, tc_exchange *exchange) {
    const tc_connection *on = exchange->connection;
    for (unsigned back = 1; back <= LOOKUPS && !on->server; back++) {
        unsigned place = (http->next_lookup - back) % LOOKUPS;
        const tc_record_address *known = &http->lookups[place].address;
        uint64_t begun = http->lookups[place].begun, duration = http->lookups[place].duration;
        if (known->family && known->family == on->peer.family && known->length == on->peer.length &&
            known->length <= sizeof known->bytes &&
            memcmp(known->bytes, on->peer.bytes, known->length) == 0 &&
            begun + duration <= on->begun) {
            exchange->resolve_begun = begun;
            exchange->resolve_duration = duration;
            return;
        }
    }
}

/* ---- which protocol ---- */

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

static void feed(tc_http_connection *on, tc_role role, uint64_t time, const uint8_t *bytes,
                 size_t kept, size_t length);

static void replay_held(tc_http_connection *on) {
    tc_buffer held = on->held;
    on->held = (tc_buffer){0};
    if (held.length && on->protocol == HTTP_2)
        feed(on, TC_RESPONSE, on->held_at, (const uint8_t *)held.data, held.length, held.length);
    tc_buffer_reset(&held);
}

/* The protocol that a client's first bytes belong to; HTTP_UNKNOWN: more are needed. HTTP_LOST:
 * none of ours. */
static int guess(const tc_buffer *bytes) {
    size_t length = bytes->length;
    const char *end = memchr(bytes->data, '\n', length);
    size_t common = length < sizeof preface - 1 ? length : sizeof preface - 1;
    if (memcmp(bytes->data, preface, common) == 0)
        return common == sizeof preface - 1 ? HTTP_2 : HTTP_UNKNOWN;
    if (end)
        return tc_http1_is_start(TC_REQUEST, bytes->data, (size_t)(end - bytes->data)) ? HTTP_1
                                                                                       : HTTP_LOST;
    for (size_t i = 0; i < length && i < 24 && bytes->data[i] != ' '; i++)
        if (bytes->data[i] < 'A' || bytes->data[i] > 'Z')
            return HTTP_LOST;
    return length < SNIFF_MAX ? HTTP_UNKNOWN : HTTP_LOST;
}

/* A call's bytes while it is not known what is spoken. What is none of ours is forgotten: another
 * call's may be. */
static void sniff(tc_http_connection *on, tc_role role, uint64_t time, const uint8_t *bytes,
                  size_t kept) {
    if (role == TC_RESPONSE) {
        if (on->held.length + kept <= HELD_MAX && kept) {
            on->held_at = on->held.length ? on->held_at : time;
            tc_buffer_add(&on->held, bytes, kept);
        }
        return;
    }
    if (on->sniffed.length == 0)
        on->sniffed_at = time;
    tc_buffer_add(&on->sniffed, bytes, kept);
    int found = kept ? guess(&on->sniffed) : HTTP_LOST;
    if (found == HTTP_UNKNOWN)
        return;
    tc_buffer sniffed = on->sniffed;
    on->sniffed = (tc_buffer){0};
    if (found == HTTP_2) {
        tc_http2_begin(on);
        replay_held(on);
    } else if (found == HTTP_1) {
        on->protocol = HTTP_1;
        on->http1[TC_REQUEST].state = on->http1[TC_RESPONSE].state = H1_START;
    }
    on->held.length = 0;
    if (found != HTTP_LOST)
        feed(on, TC_REQUEST, on->sniffed_at, (const uint8_t *)sniffed.data, sniffed.length,
             sniffed.length);
    tc_buffer_reset(&sniffed);
}

/* A call's bytes: `kept` of `length`. */
static void feed(tc_http_connection *on, tc_role role, uint64_t time, const uint8_t *bytes,
                 size_t kept, size_t length) {
    size_t done = 0;
    while (done < kept) {
        if (on->protocol == HTTP_UNKNOWN) {
            sniff(on, role, time, bytes + done, kept - done);
            done = kept;
        } else if (on->protocol == HTTP_1) {
            done += tc_http1_feed(on, role, time, bytes + done, kept - done);
        } else if (on->protocol == HTTP_2) {
            done += tc_http2_feed(on, role, time, bytes + done, kept - done);
        } else if (on->protocol == HTTP_SOCKET) {
            done += tc_socket_feed(on, role, time, bytes + done, kept - done);
        } else {
            done = kept;
        }
    }
    if (length == kept)
        return;
    if (on->protocol == HTTP_UNKNOWN)
        on->sniffed.length = 0;
    else if (on->protocol == HTTP_1)
        tc_http1_skip(on, role, time, length - kept);
    else if (on->protocol == HTTP_2)
        tc_http2_skip(on, role, time, length - kept);
    else if (on->protocol == HTTP_SOCKET)
        tc_socket_skip(on, role, time, length - kept);
}

/* ---- events ---- */

static tc_http_connection *state_of(tc_http *http, tc_connection *on) {
    if (!on->user) {
        tc_http_connection *made = tc_allocate(sizeof *made);
        made->http = http;
        made->on = on;
        on->user = made;
    }
    return on->user;
}

static tc_role role_of(const tc_connection *on, uint8_t direction) {
    return (direction == TC_SENT) == on->server ? TC_RESPONSE : TC_REQUEST;
}

static void note_tls(tc_http_connection *on) {
    const char *alpn = on->on->tls.alpn;
    if (on->protocol == HTTP_UNKNOWN && alpn && strcmp(alpn, "h2") == 0)
        tc_http2_begin(on);
}

static void close_connection(tc_http_connection *on, const tc_flow_event *event) {
    const char *why =
        event->reason                               ? event->reason
        : on->last_error                            ? on->last_error
        : on->ended[TC_RESPONSE] && !on->on->server ? "the server closed the connection"
        : on->ended[TC_REQUEST] && on->on->server   ? "the client closed the connection"
                                                    : "the program closed the connection";
    /* An answer that goes on until its end is whole when the guest, who sent it, closes. */
    if (on->protocol == HTTP_1 && on->on->server && !event->reason && !on->last_error)
        tc_http1_finish(on, TC_RESPONSE, event->time);
    tc_exchanges_fail(on, why);
}

static void note_failure(tc_http_connection *on, const tc_flow_event *event) {
    free(on->last_error);
    on->last_error = tc_format("%s failed (%s, %s)", event->verb ? event->verb : "a call",
                               tc_errno_name(event->result), tc_errno_text(event->result));
}

static void end_stream(tc_http_connection *on, const tc_flow_event *event) {
    tc_role role = role_of(on->on, event->direction);
    bool by_peer = event->direction == TC_RECEIVED;
    if (by_peer && event->verb && strcmp(event->verb, "SHUTDOWN") == 0)
        return; /* the guest wants no more: the peer may not have ended */
    on->ended[role] = true;
    if (on->protocol == HTTP_1)
        tc_http1_finish(on, role, event->time);
}

void tc_http_on_event(void *context, const tc_flow_event *event) {
    tc_http *http = context;
    if (event->kind == TC_FLOW_LOOKUP)
        note_lookup(http, event->lookup);
    if (!event->connection || event->connection->datagram || event->connection->listening)
        return;
    tc_http_connection *on = state_of(http, event->connection);
    switch (event->kind) {
    case TC_FLOW_TLS:
        note_tls(on);
        break;
    case TC_FLOW_DATA:
        feed(on, role_of(on->on, event->direction), event->time, event->bytes, event->kept,
             event->length);
        break;
    case TC_FLOW_STREAM_END:
        end_stream(on, event);
        break;
    case TC_FLOW_FAILED:
        note_failure(on, event);
        break;
    case TC_FLOW_CLOSE:
        close_connection(on, event);
        break;
    default:
        break;
    }
}

void tc_http_forget(void *user) {
    tc_http_connection *on = user;
    tc_exchanges_drop(on);
    for (int role = TC_REQUEST; role <= TC_RESPONSE; role++) {
        tc_buffer_reset(&on->http1[role].line);
        tc_http_fields_reset(&on->http1[role].interim_fields);
    }
    tc_http2_reset(on);
    tc_socket_reset(on);
    tc_buffer_reset(&on->sniffed);
    tc_buffer_reset(&on->held);
    free(on->last_error);
    free(on);
}
