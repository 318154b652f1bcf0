#include "record/flows.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "trace/bytes.h"

/* As TC_FD_MAX: a guest has no more. */
enum { FD_MAX = 65536 };
enum { OK = 0, AGAIN = 6, INPROGRESS = 26 };
enum { DATAGRAM = 1 };
enum { ANSWERS_MAX = 256, RECV_PEEK = 1, SHUT_RD = 1, SHUT_WR = 2 };

struct tc_flows {
    tc_flow_listener listener;
    tc_connection **all; /* owned, by descriptor */
    size_t capacity;
    uint64_t next_id;
    uint64_t now;
    size_t awaited; /* connections that are */
};

/* ---- connections ---- */

const char *tc_tls_version_name(uint32_t version) {
    return version == 0x0304 ? "TLSv1.3" : version == 0x0303 ? "TLSv1.2" : "?";
}

static void reset_tls(tc_tls_facts *tls) {
    free(tls->reason);
    free(tls->cipher);
    free(tls->group);
    free(tls->alpn);
    free(tls->server_name);
    free(tls->peer_info);
    *tls = (tc_tls_facts){0};
}

static tc_connection *get(const tc_flows *flows, uint64_t fd) {
    return fd < flows->capacity ? flows->all[fd] : NULL;
}

static void announce(tc_flows *flows, tc_connection *one) {
    tc_flow_event event = {
        .kind = TC_FLOW_OPEN,
        .connection = one,
        .time = one->open_time,
        .duration = one->open_duration,
        .result = one->open_result,
        .call = one->call,
        .verb = one->server ? "ACCEPT" : "CONNECT",
    };
    if (one->announced || one->begun == 0)
        return;
    one->announced = true;
    flows->listener.on_event(flows->listener.context, &event);
    event.kind = TC_FLOW_CONNECTED;
    event.time = one->connected;
    if (one->connected)
        flows->listener.on_event(flows->listener.context, &event);
}

static void send_event(tc_flows *flows, tc_flow_event event) {
    if (event.connection)
        announce(flows, event.connection);
    flows->listener.on_event(flows->listener.context, &event);
}

static void set_awaited(tc_flows *flows, tc_connection *one, bool awaited) {
    flows->awaited += (size_t)awaited - one->awaited;
    one->awaited = awaited;
}

static void forget(tc_flows *flows, uint32_t fd) {
    tc_connection *one = get(flows, fd);
    if (!one)
        return;
    set_awaited(flows, one, false);
    if (one->user && flows->listener.forget)
        flows->listener.forget(one->user);
    reset_tls(&one->tls);
    free(one->host);
    free(one);
    flows->all[fd] = NULL;
}

static void end_connection(tc_flows *flows, uint32_t fd, tc_flow_event event) {
    tc_connection *one = get(flows, fd);
    if (!one)
        return;
    one->open = false;
    one->closed = event.time;
    event.kind = TC_FLOW_CLOSE;
    event.connection = one;
    send_event(flows, event);
    forget(flows, fd);
}

/* A new socket in the place of what was there; NULL: a guest has no such number. */
static tc_connection *make(tc_flows *flows, uint64_t fd) {
    if (fd >= FD_MAX)
        return NULL;
    if (fd >= flows->capacity) {
        size_t capacity = fd + 1 > 2 * flows->capacity ? fd + 1 : 2 * flows->capacity;
        flows->all = tc_reallocate(flows->all, capacity * sizeof *flows->all);
        memset(flows->all + flows->capacity, 0, (capacity - flows->capacity) * sizeof *flows->all);
        flows->capacity = capacity;
    }
    end_connection(flows, (uint32_t)fd, (tc_flow_event){.time = flows->now});
    tc_connection *one = flows->all[fd] = tc_allocate(sizeof *one);
    one->id = flows->next_id++;
    one->fd = (uint32_t)fd;
    one->open = true;
    return one;
}

tc_flows *tc_flows_create(const tc_flow_listener *listener) {
    tc_flows *flows = tc_allocate(sizeof *flows);
    flows->listener = *listener;
    flows->next_id = 1;
    return flows;
}

void tc_flows_destroy(tc_flows *flows) {
    if (!flows)
        return;
    for (size_t fd = 0; fd < flows->capacity; fd++)
        forget(flows, (uint32_t)fd);
    free(flows->all);
    free(flows);
}

void tc_flows_finish(tc_flows *flows, const char *reason) {
    for (size_t fd = 0; fd < flows->capacity; fd++)
        end_connection(flows, (uint32_t)fd, (tc_flow_event){.time = flows->now, .reason = reason});
}

/* ---- calls ---- */

static uint64_t end_of(const tc_call *call) {
    return call->record->start + call->duration;
}

static tc_flow_event event_of(tc_flow_kind kind, tc_connection *on, const tc_call *call,
                              const char *verb) {
    return (tc_flow_event){
        .kind = kind,
        .connection = on,
        .time = end_of(call),
        .call = call->record->index,
        .duration = call->duration,
        .result = call->result,
        .verb = verb,
    };
}

static void note_socket(tc_flows *flows, const tc_call *call) {
    uint64_t fd;
    if (call->result != OK || !tc_call_out_number(call, 2, &fd))
        return;
    tc_connection *one = make(flows, fd);
    if (one)
        one->datagram = call->arguments[1] == DATAGRAM;
}

static void note_connected(tc_flows *flows, tc_connection *one, uint64_t time) {
    if (one->connected || one->begun == 0)
        return;
    set_awaited(flows, one, false);
    announce(flows, one);
    one->connected = time ? time : 1;
    send_event(flows, (tc_flow_event){.kind = TC_FLOW_CONNECTED, .connection = one, .time = time});
}

static void note_opening(tc_connection *one, const tc_call *call, uint64_t time) {
    one->begun = time ? time : 1;
    one->call = call->record->index;
    one->open_result = call->result;
    one->open_time = time;
    one->open_duration = call->duration;
}

static void note_connect(tc_flows *flows, const tc_call *call, const tc_described *import) {
    tc_connection *one = get(flows, call->arguments[0]);
    if (!one)
        return;
    tc_record_address peer = tc_call_address(call, import, 1);
    if (peer.family)
        one->peer = peer;
    if (call->result != OK && call->result != INPROGRESS) {
        tc_flow_event event = event_of(TC_FLOW_FAILED, one, call, "CONNECT");
        send_event(flows, event);
        return;
    }
    if (one->begun) { /* asked how far it is */
        if (call->result == OK)
            note_connected(flows, one, end_of(call));
        return;
    }
    note_opening(one, call, call->record->start);
    if (call->result == OK)
        one->connected = end_of(call) ? end_of(call) : 1;
    set_awaited(flows, one, call->result != OK);
}

static void note_accept(tc_flows *flows, const tc_call *call, uint32_t out) {
    uint64_t fd;
    tc_connection *listener = get(flows, call->arguments[0]);
    if (call->result != OK) {
        if (call->result != AGAIN && listener)
            send_event(flows, event_of(TC_FLOW_FAILED, listener, call, "ACCEPT"));
        return;
    }
    if (!tc_call_out_number(call, out, &fd))
        return;
    tc_record_address local = listener ? listener->local : (tc_record_address){0};
    tc_connection *one = make(flows, fd);
    if (!one)
        return;
    one->server = true;
    one->local = local;
    note_opening(one, call, end_of(call));
    one->connected = one->begun;
}

static void note_shutdown(tc_flows *flows, const tc_call *call) {
    tc_connection *one = get(flows, call->arguments[0]);
    if (!one)
        return;
    if (call->result != OK) {
        send_event(flows, event_of(TC_FLOW_FAILED, one, call, "SHUTDOWN"));
        return;
    }
    for (uint8_t direction = TC_SENT; direction <= TC_RECEIVED; direction++) {
        tc_flow_event event = event_of(TC_FLOW_STREAM_END, one, call, "SHUTDOWN");
        event.direction = direction;
        if (call->arguments[1] & (direction == TC_SENT ? SHUT_WR : SHUT_RD))
            send_event(flows, event);
    }
}

/* What moved: of vectors, the one chunk over all of them. */
static bool moved_bytes(const tc_call *call, uint8_t flags, tc_chunk *out) {
    return tc_call_find_chunk(call, 1, flags, out);
}

static void note_data(tc_flows *flows, const tc_call *call, uint8_t direction,
                      const tc_record_address *peer) {
    tc_connection *one = get(flows, call->arguments[0]);
    tc_chunk chunk;
    uint8_t flags = direction == TC_SENT ? TC_CHUNK_SCATTERED : TC_CHUNK_SCATTERED | TC_CHUNK_OUT;
    if (!one)
        return;
    tc_flow_event event = event_of(TC_FLOW_DATA, one, call, direction == TC_SENT ? "SEND" : "RECV");
    event.direction = direction;
    event.peer = peer && peer->family ? peer : NULL;
    if (call->result != OK) {
        event.kind = TC_FLOW_FAILED;
        if (call->result != AGAIN)
            send_event(flows, event);
        return;
    }
    note_connected(flows, one, call->record->start);
    if (direction == TC_SENT)
        event.time = call->record->start; /* on its way from here; what comes has come by the end */
    if (moved_bytes(call, flags, &chunk)) {
        event.bytes = chunk.bytes;
        event.kept = chunk.head.kept;
        event.length = chunk.head.length;
        one->bytes[direction] += chunk.head.length;
    }
    bool nothing = event.length == 0 && !one->datagram;
    if (nothing && direction == TC_SENT)
        return;
    event.kind = nothing ? TC_FLOW_STREAM_END : TC_FLOW_DATA;
    send_event(flows, event);
}

static void note_lookup(tc_flows *flows, const tc_call *call, const tc_described *import) {
    tc_record_address answers[ANSWERS_MAX];
    tc_lookup lookup = {.time = call->record->start,
                        .duration = call->duration,
                        .result = call->result,
                        .answers = answers};
    tc_chunk chunk;
    size_t position = 0;
    if (tc_call_find_chunk(call, 0, 0, &chunk)) {
        lookup.name = (const char *)chunk.bytes;
        lookup.name_length = strnlen(lookup.name, chunk.head.kept);
    }
    if (tc_call_find_chunk(call, 2, 0, &chunk)) {
        lookup.service = (const char *)chunk.bytes;
        lookup.service_length = strnlen(lookup.service, chunk.head.kept);
    }
    while (call->result == OK && lookup.answer_count < ANSWERS_MAX &&
           tc_call_next_result(call, import, &position, &answers[lookup.answer_count]))
        lookup.answer_count++;
    tc_flow_event event = event_of(TC_FLOW_LOOKUP, NULL, call, "LOOKUP");
    event.time = call->record->start;
    event.lookup = &lookup;
    send_event(flows, event);
}

/* A connection that was begun without waiting stands when a poll says that it can be written to. */
static void note_poll(tc_flows *flows, const tc_call *call, size_t subscription_size) {
    enum { EVENT_SIZE = 32, FD_WRITE = 2 };
    tc_chunk asked, happened;
    if (!flows->awaited || !tc_call_find_chunk(call, 0, 0, &asked) ||
        !tc_call_find_chunk(call, 1, TC_CHUNK_OUT, &happened))
        return;
    for (size_t at = 0; at + EVENT_SIZE <= happened.head.kept; at += EVENT_SIZE) {
        const uint8_t *event = happened.bytes + at;
        if (event[10] != FD_WRITE || event[8] || event[9])
            continue;
        for (size_t of = 0; of + subscription_size <= asked.head.kept; of += subscription_size) {
            const uint8_t *one = asked.bytes + of;
            if (one[8] != FD_WRITE || tc_load64(one) != tc_load64(event))
                continue;
            tc_connection *on = get(flows, tc_load32(one + 16));
            if (on && on->awaited)
                note_connected(flows, on, end_of(call));
            break;
        }
    }
}

static void move(tc_flows *flows, const tc_call *call) {
    uint64_t from = call->arguments[0], to = call->arguments[1];
    tc_connection *one = get(flows, from);
    if (call->result != OK || from == to)
        return;
    end_connection(flows, (uint32_t)to, event_of(TC_FLOW_CLOSE, NULL, call, "CLOSE"));
    if (!one || to >= FD_MAX)
        return;
    flows->all[from] = NULL;
    tc_connection *place = make(flows, to);
    flows->next_id--;
    free(place);
    flows->all[to] = one;
    one->fd = (uint32_t)to;
}

static void note_address(tc_flows *flows, const tc_call *call, const tc_described *import,
                         bool is_peer) {
    tc_connection *one = get(flows, call->arguments[0]);
    tc_record_address address = tc_call_address(call, import, 1);
    if (!one || call->result != OK || !address.family)
        return;
    if (is_peer)
        one->peer = address;
    else
        one->local = address;
}

static void take_call(tc_flows *flows, const tc_call *call, const tc_described *import) {
    tc_record_address peer = {0};
    tc_connection *one = call->argument_count ? get(flows, call->arguments[0]) : NULL;
    switch ((tc_import_id)(import - tc_imports_described)) {
    case TC_ID_tc_wasi_sock_open:
        note_socket(flows, call);
        break;
    case TC_ID_tc_wasi_sock_bind:
        note_address(flows, call, import, false);
        if (one && call->result != OK)
            send_event(flows, event_of(TC_FLOW_FAILED, one, call, "BIND"));
        break;
    case TC_ID_tc_wasi_sock_getlocaladdr:
    case TC_ID_tc_wasi_sock_getlocaladdr_v1:
        note_address(flows, call, import, false);
        break;
    case TC_ID_tc_wasi_sock_listen:
        if (!one)
            break;
        one->listening = call->result == OK;
        send_event(flows, event_of(call->result == OK ? TC_FLOW_LISTEN : TC_FLOW_FAILED, one, call,
                                   "LISTEN"));
        break;
    case TC_ID_tc_wasi_sock_connect:
        note_connect(flows, call, import);
        break;
    case TC_ID_tc_wasi_sock_accept:
        note_accept(flows, call, 2);
        break;
    case TC_ID_tc_wasi_sock_accept_v1:
        note_accept(flows, call, 1);
        break;
    case TC_ID_tc_wasi_fd_write:
    case TC_ID_tc_wasi_sock_send:
        note_data(flows, call, TC_SENT, NULL);
        break;
    case TC_ID_tc_wasi_sock_send_to:
        peer = tc_call_address(call, import, 3);
        note_data(flows, call, TC_SENT, &peer);
        break;
    case TC_ID_tc_wasi_sock_recv:
        if (call->arguments[3] & RECV_PEEK)
            break; /* it comes again */
        note_data(flows, call, TC_RECEIVED, NULL);
        break;
    case TC_ID_tc_wasi_fd_read:
        note_data(flows, call, TC_RECEIVED, NULL);
        break;
    case TC_ID_tc_wasi_sock_recv_from:
    case TC_ID_tc_wasi_sock_recv_from_v1:
        if (call->arguments[4] & RECV_PEEK)
            break;
        peer = tc_call_address(call, import, 3);
        note_data(flows, call, TC_RECEIVED, &peer);
        break;
    case TC_ID_tc_wasi_sock_shutdown:
        note_shutdown(flows, call);
        break;
    case TC_ID_tc_wasi_fd_close:
        if (call->result == OK && call->arguments[0] < FD_MAX)
            end_connection(flows, (uint32_t)call->arguments[0],
                           event_of(TC_FLOW_CLOSE, NULL, call, "CLOSE"));
        break;
    case TC_ID_tc_wasi_fd_renumber:
        move(flows, call);
        break;
    case TC_ID_tc_wasi_sock_getaddrinfo:
        note_lookup(flows, call, import);
        break;
    case TC_ID_tc_wasi_poll_oneoff:
        note_poll(flows, call, 48);
        break;
    case TC_ID_tc_wasi_unstable_poll_oneoff:
        note_poll(flows, call, 56);
        break;
    default:
        break;
    }
}

/* ---- events of fields ---- */

static void take_address(const tc_record_item *item, uint16_t key, tc_record_address *to) {
    tc_field field;
    if (!tc_event_find(item->event, item->size, key, &field) || field.length != sizeof *to)
        return;
    memcpy(to, field.value, sizeof *to);
    if (to->length > sizeof to->bytes || to->family > 3 || (to->family == 1 && to->length != 4) ||
        (to->family == 2 && to->length != 16))
        *to = (tc_record_address){0};
}

static void take_text(const tc_record_item *item, uint16_t key, char **to) {
    tc_field field;
    if (!tc_event_find(item->event, item->size, key, &field))
        return;
    free(*to);
    *to = tc_format("%.*s", (int)(field.length < 65536 ? field.length : 65536),
                    (const char *)field.value);
}

static uint64_t number(const tc_record_item *item, uint16_t key, uint64_t missing) {
    return tc_event_number(item->event, item->size, key, missing);
}

/* One that was open before the record's first call, or its segment's. */
static void take_descriptor(tc_flows *flows, const tc_record_item *item, uint32_t fd) {
    if (number(item, TC_FIELD_KIND, 0) != TC_DESCRIPTOR_SOCKET)
        return;
    uint64_t call = number(item, TC_FIELD_CALL, 0);
    tc_connection *one = get(flows, fd);
    if (!one || one->call != call)
        one = make(flows, fd);
    if (!one)
        return;
    one->call = call;
    one->datagram = number(item, TC_FIELD_TYPE, 0) == DATAGRAM;
    one->listening = number(item, TC_FIELD_LISTENING, 0) != 0;
    one->server = number(item, TC_FIELD_SERVER, 0) != 0;
    take_address(item, TC_FIELD_LOCAL, &one->local);
    take_address(item, TC_FIELD_PEER, &one->peer);
    take_text(item, TC_FIELD_HOST, &one->host);
}

/* It comes right behind the call; what accept has given begins with it. */
static void take_connection(tc_flows *flows, const tc_record_item *item, uint32_t fd) {
    tc_connection *one = get(flows, fd);
    if (!one)
        one = make(flows, fd);
    if (!one)
        return;
    uint64_t time = tc_event_time(item->event, item->size);
    one->call = number(item, TC_FIELD_CALL, one->call);
    one->server = number(item, TC_FIELD_SERVER, one->server) != 0;
    take_address(item, TC_FIELD_LOCAL, &one->local);
    take_address(item, TC_FIELD_PEER, &one->peer);
    take_text(item, TC_FIELD_HOST, &one->host);
    if (one->begun == 0) { /* the call is not in the record */
        one->begun = one->connected = time ? time : 1;
        one->open_time = time;
    }
    announce(flows, one);
}

static void take_tls(tc_flows *flows, const tc_record_item *item, uint32_t fd) {
    tc_connection *one = get(flows, fd);
    if (!one)
        one = make(flows, fd);
    if (!one)
        return;
    tc_tls_facts *tls = &one->tls;
    reset_tls(tls);
    one->has_tls = true;
    tls->begun = number(item, TC_FIELD_BEGUN, 0);
    tls->duration = number(item, TC_FIELD_DURATION, 0);
    tls->server = number(item, TC_FIELD_SERVER, 0) != 0;
    tls->resumed = number(item, TC_FIELD_RESUMED, 0) != 0;
    tls->error = (uint32_t)number(item, TC_FIELD_ERROR, 0);
    tls->version = (uint32_t)number(item, TC_FIELD_TLS_VERSION, 0);
    take_text(item, TC_FIELD_REASON, &tls->reason);
    take_text(item, TC_FIELD_CIPHER, &tls->cipher);
    take_text(item, TC_FIELD_GROUP, &tls->group);
    take_text(item, TC_FIELD_ALPN, &tls->alpn);
    take_text(item, TC_FIELD_SERVER_NAME, &tls->server_name);
    take_text(item, TC_FIELD_PEER_INFO, &tls->peer_info);
    note_connected(flows, one, tls->begun);
    uint64_t end = tls->begun + tls->duration;
    send_event(flows, (tc_flow_event){.kind = TC_FLOW_TLS,
                                      .connection = one,
                                      .time = end,
                                      .duration = tls->duration,
                                      .result = tls->error,
                                      .call = number(item, TC_FIELD_CALL, 0),
                                      .verb = "HANDSHAKE"});
}

void tc_flows_take(tc_flows *flows, const tc_record_item *item) {
    tc_record_event head;
    memcpy(&head, item->event, sizeof head);
    uint64_t time =
        item->type == TC_EVENT_CALL ? end_of(&item->call) : tc_event_time(item->event, item->size);
    if (time > flows->now)
        flows->now = time;
    switch (item->type) {
    case TC_EVENT_CALL:
        if (item->import)
            take_call(flows, &item->call, item->import);
        break;
    case TC_EVENT_DESCRIPTOR:
        take_descriptor(flows, item, head.detail32);
        break;
    case TC_EVENT_CONNECTION:
        take_connection(flows, item, head.detail32);
        break;
    case TC_EVENT_TLS:
        take_tls(flows, item, head.detail32);
        break;
    case TC_EVENT_END:
        send_event(flows, (tc_flow_event){.kind = TC_FLOW_PROGRAM_END, .time = time});
        tc_flows_finish(flows, "the program ended");
        break;
    default:
        break;
    }
}

size_t tc_flows_written(const tc_record_item *item, uint32_t *fd, const uint8_t **bytes,
                        size_t *kept) {
    tc_chunk chunk;
    if (item->type != TC_EVENT_CALL || !item->import || item->call.result != OK)
        return 0;
    tc_import_id id = (tc_import_id)(item->import - tc_imports_described);
    if ((id != TC_ID_tc_wasi_fd_write && id != TC_ID_tc_wasi_fd_pwrite) ||
        !moved_bytes(&item->call, TC_CHUNK_SCATTERED, &chunk))
        return 0;
    *fd = (uint32_t)item->call.arguments[0];
    *bytes = chunk.bytes;
    *kept = chunk.head.kept;
    return chunk.head.length;
}
