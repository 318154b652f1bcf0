/* WebSocket messages (RFC 6455), uncompressed (RFC 7692). */
#include <stdlib.h>
#include <string.h>

#include "record/http_parts.h"

enum { CONTINUATION = 0, CLOSE = 8 };

const char *tc_socket_opcode_name(uint8_t opcode) {
    static const char *const names[] = {"CONTINUATION", "TEXT", "BINARY", "?", "?", "?", "?", "?",
                                        "CLOSE",        "PING", "PONG"};
    return opcode < sizeof names / sizeof *names ? names[opcode] : "?";
}

static bool extension_has(const tc_http_fields *headers, const char *word) {
    const tc_http_field *field = tc_http_find(headers, "sec-websocket-extensions");
    return field && strstr(field->value, word);
}

void tc_socket_begin(tc_http_connection *on, const tc_exchange *upgrade) {
    const tc_http_fields *headers = &upgrade->response.headers;
    tc_socket_reset(on);
    on->protocol = HTTP_SOCKET;
    on->deflates = extension_has(headers, "permessage-deflate");
    on->socket[TC_REQUEST].forgets = extension_has(headers, "client_no_context_takeover");
    on->socket[TC_RESPONSE].forgets = extension_has(headers, "server_no_context_takeover");
    free(on->socket_target);
    on->socket_target = tc_copy_text(upgrade->request.target ? upgrade->request.target : "");
}

void tc_socket_reset(tc_http_connection *on) {
    for (int role = TC_REQUEST; role <= TC_RESPONSE; role++) {
        tc_socket_side *side = &on->socket[role];
        if (side->inflate)
            inflateEnd(side->inflate);
        free(side->inflate);
        tc_buffer_reset(&side->message);
        tc_buffer_reset(&side->control);
        *side = (tc_socket_side){0};
    }
    free(on->socket_target);
    on->socket_target = NULL;
}

/* ---- messages ---- */

/* Appends what a message's bytes are uncompressed; false: they are none, or too many. */
static bool inflate_message(tc_socket_side *side, size_t limit, tc_buffer *out) {
    static const uint8_t tail[] = {0, 0, 0xff, 0xff};
    char room[16384];
    if (!side->inflate) {
        side->inflate = tc_allocate(sizeof *side->inflate);
        if (inflateInit2(side->inflate, -MAX_WBITS) != Z_OK) {
            free(side->inflate);
            side->inflate = NULL;
            return false;
        }
    }
    tc_buffer_add(&side->message, tail, sizeof tail);
    side->inflate->next_in = (Bytef *)side->message.data;
    side->inflate->avail_in = (uInt)side->message.length;
    side->message.length -= sizeof tail;
    int result = Z_OK;
    do {
        side->inflate->next_out = (Bytef *)room;
        side->inflate->avail_out = sizeof room;
        result = inflate(side->inflate, Z_SYNC_FLUSH);
        tc_buffer_add(out, room, sizeof room - side->inflate->avail_out);
    } while ((result == Z_OK || result == Z_STREAM_END) && side->inflate->avail_out == 0 &&
             out->length < limit);
    bool good = (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR) &&
                side->inflate->avail_in == 0;
    if (side->forgets || !good)
        inflateReset(side->inflate);
    return good;
}

static void hand_over(tc_http_connection *on, tc_role role, uint8_t opcode, uint64_t time,
                      const tc_buffer *bytes, uint64_t size, bool missing, bool compressed) {
    const tc_http_listener *listener = tc_http_listener_of(on->http);
    tc_buffer plain = {0};
    tc_socket_side *side = &on->socket[role];
    if (compressed && !missing) {
        missing = !inflate_message(side, listener->body_limit, &plain);
        bytes = &plain;
    } else if (compressed && side->inflate) {
        inflateReset(side->inflate); /* what comes may refer to what is not there */
    }
    tc_socket_message message = {
        .connection = on->on,
        .target = on->socket_target ? on->socket_target : "",
        .direction = (role == TC_REQUEST) == on->on->server ? TC_RECEIVED : TC_SENT,
        .opcode = opcode,
        .time = time,
        .bytes = (const uint8_t *)(bytes->data ? bytes->data : ""),
        .length = bytes->length,
        .size = size,
        .missing = missing,
        .compressed = compressed,
    };
    if (listener->on_message)
        listener->on_message(listener->context, &message);
    tc_buffer_reset(&plain);
}

static void end_frame(tc_http_connection *on, tc_role role, uint64_t time) {
    tc_socket_side *side = &on->socket[role];
    side->header_length = 0;
    if (side->frame_opcode >= CLOSE) {
        hand_over(on, role, side->frame_opcode, time, &side->control, side->size,
                  side->control_missing, false);
        side->control.length = 0;
        side->control_missing = false;
    } else if (side->final) {
        hand_over(on, role, side->opcode, time, &side->message, side->message_size, side->missing,
                  side->compressed);
        side->message.length = 0;
        side->message_size = 0;
        side->missing = false;
        side->opcode = 0;
    }
}

/* ---- frames ---- */

static void begin_frame(tc_http_connection *on, tc_socket_side *side) {
    const uint8_t *header = side->header;
    uint8_t length = header[1] & 0x7f;
    side->final = header[0] & 0x80;
    side->frame_opcode = header[0] & 0xf;
    side->left = length;
    if (length == 126) {
        side->left = (uint64_t)header[2] << 8 | header[3];
    } else if (length == 127) {
        side->left = 0;
        for (int i = 2; i < 10; i++)
            side->left = side->left << 8 | header[i];
    }
    side->size = side->left;
    side->masked_at = 0;
    if (side->frame_opcode < CLOSE) {
        side->message_size += side->size;
        if (side->frame_opcode != CONTINUATION) {
            side->opcode = side->frame_opcode;
            side->compressed = on->deflates && header[0] & 0x40;
        }
    }
}

/* How many bytes a header has, of which the first two are there. */
static size_t header_size(const uint8_t *header) {
    uint8_t length = header[1] & 0x7f;
    return 2 + (length == 126 ? 2u : length == 127 ? 8u : 0u) + (header[1] & 0x80 ? 4u : 0u);
}

static void take_payload(tc_http_connection *on, tc_role role, const uint8_t *bytes, size_t kept,
                         uint64_t length) {
    tc_socket_side *side = &on->socket[role];
    bool is_control = side->frame_opcode >= CLOSE;
    tc_buffer *into = is_control ? &side->control : &side->message;
    bool *missing = is_control ? &side->control_missing : &side->missing;
    size_t limit = tc_http_listener_of(on->http)->body_limit;
    size_t room = into->length < limit ? limit - into->length : 0, before = into->length;
    size_t taken = *missing ? 0 : kept < room ? kept : room;
    if (taken)
        tc_buffer_add(into, bytes, taken);
    if (side->header[1] & 0x80) {
        const uint8_t *mask = side->header + header_size(side->header) - 4;
        for (size_t i = 0; i < taken; i++)
            into->data[before + i] ^= (char)mask[(side->masked_at + i) % 4];
    }
    *missing |= taken < length;
    side->masked_at += length;
    side->left -= length;
}

size_t tc_socket_feed(tc_http_connection *on, tc_role role, uint64_t time, const uint8_t *bytes,
                      size_t length) {
    tc_socket_side *side = &on->socket[role];
    size_t done = 0;
    while (done < length) {
        if (side->header_length < 2 || side->header_length < header_size(side->header)) {
            side->header[side->header_length++] = bytes[done++];
            if (side->header_length < 2 || side->header_length < header_size(side->header))
                continue;
            begin_frame(on, side);
        } else {
            size_t left = length - done;
            size_t taken = left < side->left ? left : (size_t)side->left;
            take_payload(on, role, bytes + done, taken, taken);
            done += taken;
        }
        if (side->left == 0)
            end_frame(on, role, time);
    }
    return length;
}

void tc_socket_skip(tc_http_connection *on, tc_role role, uint64_t time, uint64_t length) {
    tc_socket_side *side = &on->socket[role];
    if (side->header_length < 2 || side->header_length < header_size(side->header) ||
        length > side->left) {
        on->protocol = HTTP_LOST;
        return;
    }
    take_payload(on, role, NULL, 0, length);
    if (side->left == 0)
        end_frame(on, role, time);
}
