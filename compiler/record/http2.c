/* HTTP/2: frames (RFC 9113) of our own, for both sides at once and without taking part; headers by
 * nghttp2's HPACK (RFC 7541). */
#include <stdlib.h>
#include <string.h>

#include "record/http_parts.h"

enum { PREFACE_LENGTH = 24, FRAME_HEADER = 9, TABLE_MAX = 1 << 20, TABLE_DEFAULT = 4096 };
enum { BLOCK_MAX = 16 << 20 };
enum {
    DATA = 0,
    HEADERS = 1,
    RST_STREAM = 3,
    SETTINGS = 4,
    PUSH_PROMISE = 5,
    GOAWAY = 7,
    CONTINUATION = 9
};
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4, PADDED = 8, PRIORITY = 32 };

void tc_http2_begin(tc_http_connection *on) {
    on->protocol = HTTP_2;
    for (int role = TC_REQUEST; role <= TC_RESPONSE; role++) {
        if (!on->http2[role].inflater && nghttp2_hd_inflate_new(&on->http2[role].inflater) != 0)
            on->protocol = HTTP_LOST;
        on->http2[role].table_size = TABLE_DEFAULT;
    }
    on->http2[TC_REQUEST].preface = PREFACE_LENGTH;
}

void tc_http2_reset(tc_http_connection *on) {
    for (int role = TC_REQUEST; role <= TC_RESPONSE; role++) {
        if (on->http2[role].inflater)
            nghttp2_hd_inflate_del(on->http2[role].inflater);
        tc_buffer_reset(&on->http2[role].payload);
        tc_buffer_reset(&on->http2[role].block);
        on->http2[role] = (tc_http2_side){0};
    }
}

static uint32_t load32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t frame_stream(const tc_http2_side *side) {
    return load32(side->header + 5) & 0x7fffffff;
}

static uint8_t frame_type(const tc_http2_side *side) {
    return side->header[3];
}

static uint8_t frame_flags(const tc_http2_side *side) {
    return side->header[4];
}

static void lose(tc_http_connection *on, const char *why) {
    on->protocol = HTTP_LOST;
    tc_exchanges_fail(on, why);
}

/* ---- streams ---- */

static tc_exchange *find(const tc_http_connection *on, uint32_t stream) {
    for (size_t i = 0; i < on->exchange_count; i++)
        if (on->exchanges[i]->stream == stream)
            return on->exchanges[i];
    return NULL;
}

static tc_exchange *find_or_begin(tc_http_connection *on, tc_role role, uint32_t stream) {
    tc_exchange *exchange = find(on, stream);
    if (exchange)
        return exchange;
    exchange = tc_exchange_begin(on, "HTTP/2");
    exchange->stream = stream;
    exchange->request.complete = role == TC_RESPONSE; /* not in this record */
    return exchange;
}

static void end_stream(tc_http_connection *on, tc_role role, tc_exchange *exchange, uint64_t time) {
    tc_message *message = tc_exchange_message(exchange, role);
    message->complete = true;
    message->ended = time;
    tc_exchange_end_if_whole(on, exchange);
}

/* RFC 9113, 7 */
static const char *error_name(uint32_t code) {
    static const char *const names[] = {"NO_ERROR",
                                        "PROTOCOL_ERROR",
                                        "INTERNAL_ERROR",
                                        "FLOW_CONTROL_ERROR",
                                        "SETTINGS_TIMEOUT",
                                        "STREAM_CLOSED",
                                        "FRAME_SIZE_ERROR",
                                        "REFUSED_STREAM",
                                        "CANCEL",
                                        "COMPRESSION_ERROR",
                                        "CONNECT_ERROR",
                                        "ENHANCE_YOUR_CALM",
                                        "INADEQUATE_SECURITY",
                                        "HTTP_1_1_REQUIRED"};
    return code < sizeof names / sizeof *names ? names[code] : "an unknown error";
}

static void reset_stream(tc_http_connection *on, tc_role role, uint32_t stream, uint32_t code) {
    tc_exchange *exchange = find(on, stream);
    if (!exchange)
        return;
    const char *who = role == TC_REQUEST ? "the client" : "the server";
    /* RFC 9113, 8.1: a server may so end what it has answered in whole. */
    bool whole = code == 0 && exchange->response.complete;
    tc_exchange_end(on, exchange,
                    whole ? NULL : tc_format("%s reset the stream: %s", who, error_name(code)));
}

/* ---- headers ---- */

static bool is(const nghttp2_nv *pair, const char *name) {
    return pair->namelen == strlen(name) && memcmp(pair->name, name, pair->namelen) == 0;
}

static void set(char **to, const nghttp2_nv *pair) {
    free(*to);
    *to = tc_allocate(pair->valuelen + 1);
    memcpy(*to, pair->value, pair->valuelen);
}

static void take_pseudo(tc_message *message, const nghttp2_nv *pair) {
    if (is(pair, ":method"))
        set(&message->method, pair);
    else if (is(pair, ":path"))
        set(&message->target, pair);
    else if (is(pair, ":scheme"))
        set(&message->scheme, pair);
    else if (is(pair, ":authority"))
        set(&message->authority, pair);
    else if (is(pair, ":status") && pair->valuelen == 3)
        message->status = (uint32_t)((pair->value[0] - '0') * 100 + (pair->value[1] - '0') * 10 +
                                     (pair->value[2] - '0')) %
                          1000;
}

/* All of a block; false: it is none. */
static bool inflate_block(tc_http2_side *side, tc_message *into, bool trailers) {
    const uint8_t *at = (const uint8_t *)side->block.data;
    size_t left = side->block.length;
    for (int flags = 0; !(flags & NGHTTP2_HD_INFLATE_FINAL);) {
        nghttp2_nv pair;
        ssize_t taken = nghttp2_hd_inflate_hd2(side->inflater, &pair, &flags, at, left, 1);
        if (taken < 0)
            return false;
        at += taken;
        left -= (size_t)taken;
        if (flags & NGHTTP2_HD_INFLATE_EMIT) {
            if (pair.namelen && pair.name[0] == ':')
                take_pseudo(into, &pair);
            else
                tc_http_fields_add(trailers ? &into->trailers : &into->headers, pair.name,
                                   pair.namelen, pair.value, pair.valuelen);
        } else if (taken == 0 && !(flags & NGHTTP2_HD_INFLATE_FINAL)) {
            return false;
        }
    }
    return nghttp2_hd_inflate_end_headers(side->inflater) == 0;
}

static void take_interim(tc_exchange *exchange, tc_message *message) {
    if (exchange->interim_count < TC_INTERIM_MAX)
        exchange->interim[exchange->interim_count++] = message->status;
    tc_message_reset(message);
}

static void end_block(tc_http_connection *on, tc_role role, uint64_t time) {
    tc_http2_side *side = &on->http2[role];
    tc_message dropped = {0};
    tc_exchange *exchange = side->block_stream ? find_or_begin(on, role, side->block_stream) : NULL;
    tc_message *message = exchange ? tc_exchange_message(exchange, role) : &dropped;
    bool trailers = message->present;
    if (!inflate_block(side, message, trailers)) {
        tc_message_reset(&dropped);
        lose(on, "headers that are not HPACK ended the reading");
        return;
    }
    tc_message_reset(&dropped);
    size_t size = side->block.length;
    side->block.length = 0;
    if (!exchange)
        return;
    if (role == TC_RESPONSE && !trailers && message->status >= 100 && message->status < 200) {
        take_interim(exchange, message);
        return;
    }
    message->head_size += size;
    if (!message->present) {
        message->present = true;
        message->begun = side->block_begun;
    }
    message->ended = time;
    if (side->block_ends_stream)
        end_stream(on, role, exchange, time);
}

/* HEADERS and PUSH_PROMISE without padding and what stands before the block. */
static void begin_block(tc_http_connection *on, tc_role role, uint64_t time) {
    tc_http2_side *side = &on->http2[role];
    const uint8_t *at = (const uint8_t *)side->payload.data;
    size_t length = side->payload.length, before = 0, behind = 0;
    bool promise = frame_type(side) == PUSH_PROMISE;
    if (frame_flags(side) & PADDED && length) {
        behind = at[0];
        before = 1;
    }
    if (promise)
        before += 4;
    else if (frame_flags(side) & PRIORITY)
        before += 5;
    if (before + behind > length) {
        lose(on, "a frame that is malformed ended the reading");
        return;
    }
    side->block.length = 0;
    tc_buffer_add(&side->block, at + before, length - before - behind);
    /* What a server promises is not followed; but its headers change the table. */
    side->block_stream = promise ? 0 : frame_stream(side);
    side->block_ends_stream = !promise && frame_flags(side) & END_STREAM;
    side->block_begun = time;
}

/* ---- settings ---- */

static void take_settings(tc_http_connection *on, tc_role role) {
    tc_http2_side *side = &on->http2[role];
    tc_http2_side *other = &on->http2[role == TC_REQUEST ? TC_RESPONSE : TC_REQUEST];
    const uint8_t *at = (const uint8_t *)side->payload.data;
    enum { HEADER_TABLE_SIZE = 1 };
    if (frame_flags(side) & ACK) { /* from here on this side writes for the other's table */
        if (other->announced)
            nghttp2_hd_inflate_change_table_size(side->inflater, other->table_size);
        other->announced = false;
        return;
    }
    for (size_t i = 0; i + 6 <= side->payload.length; i += 6) {
        uint32_t value = load32(at + i + 2);
        if ((at[i] << 8 | at[i + 1]) != HEADER_TABLE_SIZE)
            continue;
        side->table_size = value < TABLE_MAX ? value : TABLE_MAX;
        side->announced = true;
    }
}

/* ---- frames ---- */

static void end_frame(tc_http_connection *on, tc_role role, uint64_t time) {
    tc_http2_side *side = &on->http2[role];
    tc_exchange *exchange;
    uint8_t type = frame_type(side), flags = frame_flags(side);
    switch (type) {
    case DATA:
        exchange = find(on, frame_stream(side));
        if (exchange && flags & END_STREAM)
            end_stream(on, role, exchange, time);
        break;
    case HEADERS:
    case PUSH_PROMISE:
        begin_block(on, role, time);
        if (on->protocol == HTTP_2 && flags & END_HEADERS)
            end_block(on, role, time);
        break;
    case CONTINUATION:
        if (side->block.length + side->payload.length > BLOCK_MAX) {
            lose(on, "headers of more than 16 MB ended the reading");
            break;
        }
        tc_buffer_add(&side->block, side->payload.data, side->payload.length);
        if (flags & END_HEADERS)
            end_block(on, role, time);
        break;
    case RST_STREAM:
        if (side->payload.length >= 4)
            reset_stream(on, role, frame_stream(side), load32((const uint8_t *)side->payload.data));
        break;
    case SETTINGS:
        take_settings(on, role);
        break;
    default:
        break;
    }
    side->header_length = 0;
    side->payload.length = 0;
}

static bool is_read_whole(uint8_t type) {
    return type == HEADERS || type == PUSH_PROMISE || type == CONTINUATION || type == RST_STREAM ||
           type == SETTINGS;
}

static void begin_frame(tc_http2_side *side) {
    side->left = (uint32_t)side->header[0] << 16 | (uint32_t)side->header[1] << 8 | side->header[2];
    side->padding = 0;
    side->payload.length = 0;
    side->reads_padding = frame_type(side) == DATA && frame_flags(side) & PADDED && side->left;
}

/* `length` bytes of DATA, of which `kept` are there. */
static void take_data(tc_http_connection *on, tc_role role, uint64_t time, const uint8_t *bytes,
                      size_t kept, size_t length) {
    tc_http2_side *side = &on->http2[role];
    tc_exchange *exchange = find(on, frame_stream(side));
    side->left -= (uint32_t)length;
    if (length && side->reads_padding) {
        side->padding = kept ? bytes[0] : 0;
        side->reads_padding = false;
        bytes += kept > 0;
        kept -= kept > 0;
        length--;
    }
    /* What is left of the frame ends with the padding: some of that may be here. */
    size_t behind = side->padding > side->left ? side->padding - side->left : 0;
    side->padding -= (uint32_t)(behind < length ? behind : length);
    length -= behind < length ? behind : length;
    if (!exchange || !length)
        return;
    tc_message *message = tc_exchange_message(exchange, role);
    tc_message_add_body(on, message, bytes, kept < length ? kept : length, length);
    message->ended = time;
}

/* Takes what it can of the payload. */
static size_t feed_payload(tc_http_connection *on, tc_role role, uint64_t time,
                           const uint8_t *bytes, size_t length) {
    tc_http2_side *side = &on->http2[role];
    size_t taken = length < side->left ? length : side->left;
    if (frame_type(side) == DATA) {
        take_data(on, role, time, bytes, taken, taken);
        return taken;
    }
    if (is_read_whole(frame_type(side)))
        tc_buffer_add(&side->payload, bytes, taken);
    side->left -= (uint32_t)taken;
    return taken;
}

static size_t feed_preface(tc_http2_side *side, size_t length) {
    size_t taken = length < side->preface ? length : side->preface;
    side->preface -= taken;
    return taken;
}

size_t tc_http2_feed(tc_http_connection *on, tc_role role, uint64_t time, const uint8_t *bytes,
                     size_t length) {
    tc_http2_side *side = &on->http2[role];
    size_t done = feed_preface(side, length);
    while (done < length && on->protocol == HTTP_2) {
        if (side->header_length < FRAME_HEADER) {
            side->header[side->header_length++] = bytes[done++];
            if (side->header_length < FRAME_HEADER)
                continue;
            begin_frame(side);
        } else {
            done += feed_payload(on, role, time, bytes + done, length - done);
        }
        if (side->left == 0)
            end_frame(on, role, time);
    }
    return length;
}

void tc_http2_skip(tc_http_connection *on, tc_role role, uint64_t time, uint64_t length) {
    tc_http2_side *side = &on->http2[role];
    if (side->header_length < FRAME_HEADER || length > side->left ||
        is_read_whole(frame_type(side))) {
        lose(on, "the record does not have the bytes that follow: it ends for a reader");
        return;
    }
    if (frame_type(side) == DATA)
        take_data(on, role, time, NULL, 0, (size_t)length);
    else
        side->left -= (uint32_t)length;
    if (side->left == 0)
        end_frame(on, role, time);
}
