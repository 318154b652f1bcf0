/* pcapng (draft-ietf-opsawg-pcapng): what moved on connections, in clear text, as packets of TCP
 * and UDP that were never sent. Addresses, ports and times are the connections' own; handshakes of
 * TCP, acknowledgements and the ends are made up; what TLS agreed on stands in packets' comments.
 * Bytes that the record does not have are not captured either: such packets are cut. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "record/http_mask.h"
#include "record/views.h"

enum { SECTION = 0x0a0d0d0a, INTERFACE = 1, NAMES = 4, PACKET = 6 };
enum { LINK_RAW = 101, OPTION_COMMENT = 1, OPTION_RESOLUTION = 9, OPTION_APPLICATION = 4 };
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum {
    TCP = 6,
    UDP = 17,
    SEGMENT_MAX = 32 << 10,
    DATAGRAM_MAX = 65535 - 48,
    REFUSED = 14,
    RESET = 15
};

/* Flows' `user`. */
typedef struct tcp {
    bool greeted; /* its handshake has been written */
    bool ended[2];
    uint32_t next[2]; /* sequence numbers, by direction */
    char *comment;    /* for the next packet; owned */
    tc_http_mask *masks;
} tcp;

typedef struct writer {
    const tc_export_options *options;
    uint64_t started;
    tc_text block, packet;
    bool failed;
} writer;

/* ---- blocks ---- */

static void add(tc_text *text, const void *bytes, size_t length) {
    tc_text_add(text, bytes, length);
}

static void add32(tc_text *text, uint32_t value) {
    add(text, &value, sizeof value);
}

static void add16(tc_text *text, uint16_t value) {
    add(text, &value, sizeof value);
}

static void pad(tc_text *text) {
    add(text, "\0\0\0", -text->length & 3);
}

static void add_option(tc_text *text, uint16_t code, const void *value, size_t length) {
    add16(text, code);
    add16(text, (uint16_t)length);
    add(text, value, length);
    pad(text);
}

static void begin_block(writer *to, uint32_t type) {
    tc_text_clear(&to->block);
    add32(&to->block, type);
    add32(&to->block, 0);
}

static void end_block(writer *to) {
    uint32_t size = (uint32_t)to->block.length + 4;
    add32(&to->block, size);
    if (to->block.length != size) { /* there was no memory */
        to->failed = true;
        return;
    }
    memcpy(to->block.data + 4, &size, sizeof size);
    fwrite(to->block.data, 1, size, to->options->out);
}

static void begin_file(writer *to) {
    static const char application[] = "timecraft";
    uint8_t resolution = 9; /* nanoseconds */
    begin_block(to, SECTION);
    add32(&to->block, 0x1a2b3c4d);
    add16(&to->block, 1);
    add16(&to->block, 0);
    add32(&to->block, UINT32_MAX); /* the section's length: not given */
    add32(&to->block, UINT32_MAX);
    add_option(&to->block, OPTION_APPLICATION, application, sizeof application - 1);
    add_option(&to->block, 0, NULL, 0);
    end_block(to);
    begin_block(to, INTERFACE);
    add16(&to->block, LINK_RAW);
    add16(&to->block, 0);
    add32(&to->block, 0); /* no packet is too long */
    add_option(&to->block, OPTION_RESOLUTION, &resolution, 1);
    add_option(&to->block, 0, NULL, 0);
    end_block(to);
}

/* `whole`: bytes that the packet would have. */
static void write_packet(writer *to, uint64_t time, size_t whole, const char *comment) {
    uint64_t stamp = to->started + time;
    begin_block(to, PACKET);
    add32(&to->block, 0);
    add32(&to->block, (uint32_t)(stamp >> 32));
    add32(&to->block, (uint32_t)stamp);
    add32(&to->block, (uint32_t)to->packet.length);
    add32(&to->block, (uint32_t)whole);
    add(&to->block, to->packet.data, to->packet.length);
    pad(&to->block);
    if (comment) {
        size_t length = strlen(comment);
        add_option(&to->block, OPTION_COMMENT, comment, length < 65000 ? length : 65000);
        add_option(&to->block, 0, NULL, 0);
    }
    end_block(to);
}

/* ---- packets ---- */

static void put16(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value) {
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

/* RFC 1071 */
static uint32_t sum_of(uint32_t sum, const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

typedef struct endpoint {
    uint8_t bytes[16];
    uint16_t port;
} endpoint;

/* A socket that is of no family of IP gets an address of 127.127.0.0/16: its comment says whose. */
static endpoint endpoint_of(const tc_connection *on, bool is_local, bool v6) {
    const tc_record_address *address = is_local ? &on->local : &on->peer;
    endpoint out = {.port = address->port};
    if (address->family == 2) {
        memcpy(out.bytes, address->bytes, 16);
    } else if (address->family == 1 && v6) {
        memset(out.bytes + 10, 0xff, 2);
        memcpy(out.bytes + 12, address->bytes, 4);
    } else if (address->family == 1) {
        memcpy(out.bytes, address->bytes, 4);
    } else if (!v6) {
        memcpy(out.bytes, (uint8_t[]){127, 127, is_local, 1}, 4);
    }
    if (out.port == 0)
        out.port = (uint16_t)(on->id % 65535 + 1);
    return out;
}

/* An IP packet in to->packet: header of the transport, then as many bytes as are there. */
static size_t build(writer *to, const tc_connection *on, uint8_t direction, uint8_t protocol,
                    uint8_t *header, size_t header_size, const uint8_t *bytes, size_t kept,
                    size_t length) {
    bool v6 = on->local.family == 2 || on->peer.family == 2;
    endpoint from = endpoint_of(on, direction == TC_SENT, v6);
    endpoint there = endpoint_of(on, direction != TC_SENT, v6);
    size_t address = v6 ? 16 : 4, ip = v6 ? 40 : 20, payload = header_size + length;
    uint8_t pseudo[4] = {0, protocol, 0, 0}, head[40] = {0};
    put16(header, from.port);
    put16(header + 2, there.port);
    if (v6) {
        head[0] = 0x60;
        put16(head + 4, (uint32_t)payload);
        head[6] = protocol;
        head[7] = 64;
        memcpy(head + 8, from.bytes, 16);
        memcpy(head + 24, there.bytes, 16);
    } else {
        head[0] = 0x45;
        put16(head + 2, (uint32_t)(ip + payload));
        head[6] = 0x40; /* not to be fragmented */
        head[8] = 64;
        head[9] = protocol;
        memcpy(head + 12, from.bytes, 4);
        memcpy(head + 16, there.bytes, 4);
        put16(head + 10, ~sum_of(0, head, ip) & 0xffff);
    }
    put16(pseudo + 2, (uint32_t)payload);
    if (kept == length) { /* else nobody knows */
        uint32_t sum = sum_of(0, pseudo, sizeof pseudo);
        sum = sum_of(sum, from.bytes, address);
        sum = sum_of(sum, there.bytes, address);
        sum = sum_of(sum, header, header_size);
        sum = sum_of(sum, bytes, length);
        put16(header + (protocol == TCP ? 16 : 6), ~sum & 0xffff);
    }
    tc_text_clear(&to->packet);
    add(&to->packet, (const char *)head, ip);
    add(&to->packet, (const char *)header, header_size);
    add(&to->packet, (const char *)bytes, kept);
    return ip + payload;
}

static void write_segment(writer *to, const tc_connection *on, uint8_t direction, uint64_t time,
                          uint8_t flags, const uint8_t *bytes, size_t kept, size_t length) {
    tcp *state = on->user;
    uint8_t header[20] = {0};
    put32(header + 4, state->next[direction]);
    if (flags & ACK)
        put32(header + 8, state->next[!direction]);
    header[12] = 5 << 4;
    header[13] = flags;
    put16(header + 14, 65535);
    size_t whole = build(to, on, direction, TCP, header, sizeof header, bytes, kept, length);
    write_packet(to, time, whole, state->comment);
    free(state->comment);
    state->comment = NULL;
    state->next[direction] += (uint32_t)length + ((flags & (SYN | FIN)) != 0);
}

static void write_data(writer *to, const tc_connection *on, uint8_t direction, uint64_t time,
                       const uint8_t *bytes, size_t kept, uint64_t length) {
    while (length) {
        size_t some = length < SEGMENT_MAX ? (size_t)length : SEGMENT_MAX;
        size_t there = kept < some ? kept : some;
        write_segment(to, on, direction, time, PSH | ACK, bytes, there, some);
        bytes += there;
        kept -= there;
        length -= some;
    }
}

static void write_datagram(writer *to, tc_connection *on, const tc_flow_event *event) {
    uint8_t header[8] = {0};
    tc_record_address peer = on->peer;
    size_t length = event->length < DATAGRAM_MAX ? event->length : DATAGRAM_MAX;
    size_t kept = event->kept < length ? event->kept : length;
    if (event->peer)
        on->peer = *event->peer;
    put16(header + 4, (uint32_t)(sizeof header + length));
    size_t whole =
        build(to, on, event->direction, UDP, header, sizeof header, event->bytes, kept, length);
    write_packet(to, event->time, whole, NULL);
    on->peer = peer;
}

/* ---- comments ---- */

static void comment(tcp *state, tc_text *text) {
    char *both = state->comment ? tc_format("%s\n%s", state->comment, text->data ? text->data : "")
                                : tc_copy_text(text->data ? text->data : "");
    free(state->comment);
    state->comment = both;
    tc_text_reset(text);
}

static void comment_on_connection(tcp *state, const tc_connection *on) {
    tc_text text = {0};
    tc_text_print(&text, "connection %" PRIu64 ", descriptor %" PRIu32 ", %s", on->id, on->fd,
                  on->server ? "accepted" : "connected");
    if (on->host) {
        tc_text_print(&text, " to ");
        tc_view_add_plain(&text, on->host, strlen(on->host));
    }
    if (on->local.family == 3 || on->peer.family == 3) {
        tc_text_print(&text, ": ");
        tc_view_add_way(&text, on, TC_SENT);
    }
    comment(state, &text);
}

static void add_fact(tc_text *text, const char *name, const char *value) {
    if (!value || !*value)
        return;
    tc_text_print(text, "\n%s: ", name);
    for (const char *line = value; *line;) {
        size_t length = strcspn(line, "\n");
        tc_view_add_plain(text, line, length);
        line += length + (line[length] == '\n');
        if (*line)
            tc_text_print(text, "\n    ");
    }
}

static void comment_on_tls(tcp *state, const tc_tls_facts *tls) {
    tc_text text = {0};
    tc_text_print(&text, "TLS handshake as a %s %s after ", tls->server ? "server" : "client",
                  tls->error ? "failed" : "done");
    tc_view_add_duration(&text, tls->duration);
    if (tls->error)
        tc_text_print(&text, " (%s)", tc_errno_name(tls->error));
    add_fact(&text, "reason", tls->error ? tls->reason : NULL);
    add_fact(&text, "version", tls->version ? tc_tls_version_name(tls->version) : NULL);
    add_fact(&text, "cipher suite", tls->cipher);
    add_fact(&text, "group", tls->group);
    add_fact(&text, "ALPN", tls->alpn);
    add_fact(&text, "server name", tls->server_name);
    add_fact(&text, "session", tls->resumed ? "resumed" : NULL);
    add_fact(&text, "peer's certificate", tls->peer_info);
    tc_text_print(&text, "\nWhat follows was encrypted on its way.");
    comment(state, &text);
}

/* ---- events ---- */

static tcp *state_of(writer *to, tc_connection *on) {
    tcp *state = on->user;
    if (state)
        return state;
    state = on->user = tc_allocate(sizeof *state);
    state->next[TC_SENT] = (uint32_t)(on->id * 0x10001);
    state->next[TC_RECEIVED] = (uint32_t)(on->id * 0x20001);
    if (!to->options->unmask)
        state->masks = tc_http_mask_create(on->server);
    return state;
}

static void free_state(void *user) {
    tcp *state = user;
    free(state->comment);
    tc_http_mask_destroy(state->masks);
    free(state);
}

/* The three packets with which a connection begins. */
static void greet(writer *to, tc_connection *on, uint64_t time) {
    tcp *state = state_of(to, on);
    uint8_t client = on->server ? TC_RECEIVED : TC_SENT;
    uint64_t begun = on->begun && on->begun < time ? on->begun : time;
    if (state->greeted)
        return;
    state->greeted = true;
    comment_on_connection(state, on);
    write_segment(to, on, client, begun, SYN, NULL, 0, 0);
    write_segment(to, on, !client, time, SYN | ACK, NULL, 0, 0);
    write_segment(to, on, client, time, ACK, NULL, 0, 0);
}

static void end_direction(writer *to, tc_connection *on, uint8_t direction, uint64_t time) {
    tcp *state = state_of(to, on);
    if (!state->greeted || state->ended[direction])
        return;
    state->ended[direction] = true;
    write_segment(to, on, direction, time, FIN | ACK, NULL, 0, 0);
}

/* Refused before it stood, a SYN and what came of it; or reset by the peer. */
static void break_off(writer *to, tc_connection *on, const tc_flow_event *event) {
    tcp *state = state_of(to, on);
    if (state->greeted && event->result == RESET && !state->ended[TC_RECEIVED]) {
        state->ended[TC_SENT] = state->ended[TC_RECEIVED] = true;
        write_segment(to, on, TC_RECEIVED, event->time, RST | ACK, NULL, 0, 0);
    }
    if (state->greeted || event->result != REFUSED)
        return;
    state->greeted = state->ended[TC_SENT] = state->ended[TC_RECEIVED] = true;
    comment_on_connection(state, on);
    write_segment(to, on, TC_SENT, event->time - event->duration, SYN, NULL, 0, 0);
    write_segment(to, on, TC_RECEIVED, event->time, RST | ACK, NULL, 0, 0);
}

static void take_data(writer *to, const tc_flow_event *event) {
    tc_connection *on = event->connection;
    greet(to, on, event->time);
    tcp *state = on->user;
    if (!state->masks) {
        write_data(to, on, event->direction, event->time, event->bytes, event->kept, event->length);
        return;
    }
    tc_buffer out = {0};
    uint64_t missing = 0;
    tc_http_mask_feed(state->masks, event->direction, event->bytes, event->kept, event->length,
                      &out, &missing);
    write_data(to, on, event->direction, event->time, (const uint8_t *)out.data, out.length,
               out.length + missing);
    tc_buffer_reset(&out);
}

/* The names that look-ups have found (pcapng, 4.5). */
static void write_names(writer *to, const tc_lookup *lookup) {
    if (!lookup->name_length || lookup->name_length > 255)
        return;
    begin_block(to, NAMES);
    for (size_t i = 0; i < lookup->answer_count; i++) {
        const tc_record_address *address = &lookup->answers[i];
        if (address->family != 1 && address->family != 2)
            continue;
        add16(&to->block, address->family);
        add16(&to->block, (uint16_t)(address->length + lookup->name_length + 1));
        add(&to->block, address->bytes, address->length);
        add(&to->block, lookup->name, lookup->name_length);
        add(&to->block, "", 1);
        pad(&to->block);
    }
    add32(&to->block, 0);
    end_block(to);
}

static void on_event(void *context, const tc_flow_event *event) {
    writer *to = context;
    tc_connection *on = event->connection;
    if (event->kind == TC_FLOW_LOOKUP)
        write_names(to, event->lookup);
    if (!on || on->listening)
        return;
    if (on->datagram) {
        if (event->kind == TC_FLOW_DATA)
            write_datagram(to, on, event);
        return;
    }
    switch (event->kind) {
    case TC_FLOW_CONNECTED:
        greet(to, on, event->time);
        break;
    case TC_FLOW_TLS:
        greet(to, on, event->time - event->duration);
        comment_on_tls(on->user, &on->tls);
        if (state_of(to, on)->masks && on->tls.alpn && strcmp(on->tls.alpn, "h2") == 0)
            tc_http_mask_expect_http2(state_of(to, on)->masks);
        break;
    case TC_FLOW_DATA:
        take_data(to, event);
        break;
    case TC_FLOW_FAILED:
        break_off(to, on, event);
        break;
    case TC_FLOW_STREAM_END:
        if (event->direction == TC_SENT || !event->verb || strcmp(event->verb, "SHUTDOWN") != 0)
            end_direction(to, on, event->direction, event->time);
        break;
    case TC_FLOW_CLOSE:
        if (event->reason) /* still open, for all the record knows */
            break;
        end_direction(to, on, TC_SENT, event->time);
        break;
    default:
        break;
    }
}

int tc_export_pcapng(tc_record *record, const tc_export_options *options) {
    writer to = {.options = options, .started = tc_record_facts_of(record)->started};
    tc_flows *flows = tc_flows_create(
        &(tc_flow_listener){.on_event = on_event, .forget = free_state, .context = &to});
    tc_record_item item;
    begin_file(&to);
    while (tc_record_next(record, &item) == TC_RECORD_EVENT)
        tc_flows_take(flows, &item);
    tc_flows_finish(flows, tc_view_end_reason(record));
    tc_flows_destroy(flows);
    tc_text_reset(&to.block);
    tc_text_reset(&to.packet);
    if (to.failed)
        errno = ENOMEM;
    return to.failed || ferror(options->out) ? -1 : 0;
}
