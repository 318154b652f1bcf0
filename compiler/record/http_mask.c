#include "record/http_mask.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

#include "record/http.h"

enum { HEADERS = 1, SETTINGS = 4, PUSH_PROMISE = 5, CONTINUATION = 9 };
enum { ACK = 1, END_HEADERS = 4, PADDED = 8, PRIORITY = 32 };
enum { FRAME_HEADER = 9, FRAME_MAX = 16384, BLOCK_MAX = 16 << 20, TABLE_MAX = 1 << 20 };

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
enum { PREFACE = sizeof preface - 1 };

typedef struct side {
    tc_mask http1;
    /* of HTTP/2 */
    nghttp2_hd_inflater *inflater;
    nghttp2_hd_deflater *deflater;
    uint8_t header[FRAME_HEADER];
    size_t header_length;
    uint32_t left;
    tc_buffer payload, block; /* of frames that are read whole; of headers */
    uint8_t first[FRAME_HEADER];
    uint32_t table_size;
    bool announced;
    size_t preface; /* bytes of it to pass on */
    bool lost;      /* nothing that can be understood comes any more: nothing is shown */
} side;

struct tc_http_mask {
    bool server, http2;
    size_t matched; /* bytes of the client's that were the preface's */
    bool decided;   /* whether it is HTTP/2 */
    side sides[2];
};

tc_http_mask *tc_http_mask_create(bool server) {
    tc_http_mask *mask = tc_allocate(sizeof *mask);
    mask->server = server;
    return mask;
}

void tc_http_mask_destroy(tc_http_mask *mask) {
    for (int i = 0; mask && i < 2; i++) {
        if (mask->sides[i].inflater)
            nghttp2_hd_inflate_del(mask->sides[i].inflater);
        if (mask->sides[i].deflater)
            nghttp2_hd_deflate_del(mask->sides[i].deflater);
        tc_buffer_reset(&mask->sides[i].payload);
        tc_buffer_reset(&mask->sides[i].block);
    }
    free(mask);
}

/* ---- headers ---- */

static void begin_http2(tc_http_mask *mask) {
    mask->http2 = true;
    for (int i = 0; i < 2; i++) {
        side *one = &mask->sides[i];
        one->lost = nghttp2_hd_inflate_new(&one->inflater) != 0 ||
                    nghttp2_hd_deflate_new(&one->deflater, 0) != 0;
        one->table_size = 4096;
    }
    mask->sides[mask->server ? TC_RECEIVED : TC_SENT].preface = PREFACE - mask->matched;
}

void tc_http_mask_expect_http2(tc_http_mask *mask) {
    if (mask->decided)
        return;
    mask->decided = true;
    begin_http2(mask);
}

static void write_frames(side *to, const tc_buffer *block, tc_buffer *out) {
    size_t done = 0;
    do {
        size_t some = block->length - done < FRAME_MAX ? block->length - done : FRAME_MAX;
        uint8_t header[FRAME_HEADER];
        memcpy(header, to->first, sizeof header);
        header[0] = (uint8_t)(some >> 16);
        header[1] = (uint8_t)(some >> 8);
        header[2] = (uint8_t)some;
        header[3] = done ? CONTINUATION : to->first[3];
        header[4] = done ? 0 : to->first[4] & 1; /* END_STREAM */
        if (done + some == block->length)
            header[4] |= END_HEADERS;
        tc_buffer_add(out, header, sizeof header);
        tc_buffer_add(out, block->data + done, some);
        done += some;
    } while (done < block->length);
}

/* Masks one field, and appends it as HPACK. */
static bool write_field(side *to, const nghttp2_nv *field, tc_buffer *out) {
    tc_text value = {0};
    uint8_t name[256];
    if (field->namelen >= sizeof name)
        return true; /* none of ours; left out */
    memcpy(name, field->name, field->namelen);
    name[field->namelen] = 0;
    tc_http_field shown = {.name = (char *)name,
                           .name_length = field->namelen,
                           .value = (char *)field->value,
                           .value_length = field->valuelen};
    bool secret = tc_http_is_secret(&shown);
    for (size_t i = 0; secret && i < field->valuelen; i++)
        tc_text_add(&value, "*", 1);
    nghttp2_nv pair = {.name = name,
                       .namelen = field->namelen,
                       .value = secret ? (uint8_t *)value.data : field->value,
                       .valuelen = secret ? value.length : field->valuelen,
                       .flags = NGHTTP2_NV_FLAG_NO_INDEX};
    size_t most = nghttp2_hd_deflate_bound(to->deflater, &pair, 1);
    uint8_t *room = tc_allocate(most);
    ssize_t size = nghttp2_hd_deflate_hd(to->deflater, room, most, &pair, 1);
    if (size > 0)
        tc_buffer_add(out, room, (size_t)size);
    free(room);
    tc_text_reset(&value);
    return size >= 0;
}

static void end_block(side *to, tc_buffer *out) {
    const uint8_t *at = (const uint8_t *)to->block.data;
    size_t left = to->block.length;
    tc_buffer block = {0};
    for (int flags = 0; !(flags & NGHTTP2_HD_INFLATE_FINAL) && !to->lost;) {
        nghttp2_nv pair;
        ssize_t taken = nghttp2_hd_inflate_hd2(to->inflater, &pair, &flags, at, left, 1);
        if (taken < 0 ||
            (taken == 0 && !(flags & (NGHTTP2_HD_INFLATE_EMIT | NGHTTP2_HD_INFLATE_FINAL)))) {
            to->lost = true;
            break;
        }
        at += taken;
        left -= (size_t)taken;
        if (flags & NGHTTP2_HD_INFLATE_EMIT && block.length < BLOCK_MAX)
            to->lost = !write_field(to, &pair, &block);
    }
    if (!to->lost && nghttp2_hd_inflate_end_headers(to->inflater) == 0 && to->first[3] == HEADERS)
        write_frames(to, &block, out);
    to->block.length = 0;
    tc_buffer_reset(&block);
}

/* Without padding, priority, and what a promise has before its headers. */
static void begin_block(side *to) {
    size_t before = 0, behind = 0;
    if (to->header[4] & PADDED && to->payload.length) {
        behind = (uint8_t)to->payload.data[0];
        before = 1;
    }
    before += to->header[3] == PUSH_PROMISE ? 4 : to->header[4] & PRIORITY ? 5 : 0;
    to->block.length = 0;
    memcpy(to->first, to->header, sizeof to->first);
    if (before + behind > to->payload.length)
        to->lost = true;
    else
        tc_buffer_add(&to->block, to->payload.data + before, to->payload.length - before - behind);
}

/* ---- frames ---- */

static bool has_headers(uint8_t type) {
    return type == HEADERS || type == PUSH_PROMISE || type == CONTINUATION;
}

static void note_settings(side *to, side *other) {
    if (to->header[4] & ACK) {
        if (other->announced)
            nghttp2_hd_inflate_change_table_size(to->inflater, other->table_size);
        other->announced = false;
        return;
    }
    for (size_t i = 0; i + 6 <= to->payload.length; i += 6) {
        const uint8_t *at = (const uint8_t *)to->payload.data + i;
        uint32_t value =
            (uint32_t)at[2] << 24 | (uint32_t)at[3] << 16 | (uint32_t)at[4] << 8 | at[5];
        if (at[0] || at[1] != 1)
            continue;
        to->table_size = value < TABLE_MAX ? value : TABLE_MAX;
        to->announced = true;
    }
}

static void end_frame(side *to, side *other, tc_buffer *out) {
    uint8_t type = to->header[3];
    if (type == SETTINGS) {
        note_settings(to, other);
        tc_buffer_add(out, to->header, sizeof to->header);
        tc_buffer_add(out, to->payload.data, to->payload.length);
    } else if (has_headers(type)) {
        if (type != CONTINUATION)
            begin_block(to);
        else if (to->block.length + to->payload.length < BLOCK_MAX)
            tc_buffer_add(&to->block, to->payload.data, to->payload.length);
        else
            to->lost = true;
        if (to->header[4] & END_HEADERS && !to->lost)
            end_block(to, out);
    }
    to->header_length = 0;
    to->payload.length = 0;
}

static void feed_frames(side *to, side *other, const uint8_t *bytes, size_t kept, tc_buffer *out) {
    size_t done = kept < to->preface ? kept : to->preface;
    tc_buffer_add(out, bytes, done);
    to->preface -= done;
    while (done < kept && !to->lost) {
        if (to->header_length < FRAME_HEADER) {
            to->header[to->header_length++] = bytes[done++];
            if (to->header_length < FRAME_HEADER)
                continue;
            to->left = (uint32_t)to->header[0] << 16 | (uint32_t)to->header[1] << 8 | to->header[2];
            if (!has_headers(to->header[3]) && to->header[3] != SETTINGS)
                tc_buffer_add(out, to->header, sizeof to->header);
        } else {
            size_t some = kept - done < to->left ? kept - done : to->left;
            bool whole = has_headers(to->header[3]) || to->header[3] == SETTINGS;
            tc_buffer_add(whole ? &to->payload : out, bytes + done, some);
            to->left -= (uint32_t)some;
            done += some;
        }
        if (to->left == 0)
            end_frame(to, other, out);
    }
}

/* Bytes that are not there: within a frame without headers the rest can still be understood. */
static void skip(side *to, uint64_t length, uint64_t *missing) {
    if (to->lost || to->header_length < FRAME_HEADER || has_headers(to->header[3]) ||
        to->header[3] == SETTINGS || length > to->left) {
        to->lost = true;
        return;
    }
    to->left -= (uint32_t)length;
    *missing = length;
    if (to->left == 0)
        to->header_length = 0;
}

/* ---- both ---- */

/* A client's first bytes say whether it is HTTP/2. */
static void decide(tc_http_mask *mask, const uint8_t *bytes, size_t kept) {
    size_t left = PREFACE - mask->matched, common = kept < left ? kept : left;
    if (memcmp(bytes, preface + mask->matched, common) != 0) {
        mask->decided = true;
        return;
    }
    if (mask->matched + common < 4) { /* "PRI " is enough: no method is so called */
        mask->matched += common;
        return;
    }
    mask->decided = true;
    begin_http2(mask);
}

void tc_http_mask_feed(tc_http_mask *mask, uint8_t direction, const uint8_t *bytes, size_t kept,
                       size_t length, tc_buffer *out, uint64_t *missing) {
    side *to = &mask->sides[direction];
    bool is_client = (direction == TC_RECEIVED) == mask->server;
    *missing = 0;
    if (!mask->decided && is_client && kept)
        decide(mask, bytes, kept);
    if (mask->http2) {
        feed_frames(to, &mask->sides[!direction], bytes, kept, out);
        if (kept < length)
            skip(to, length - kept, missing);
        return;
    }
    size_t begin = out->length;
    tc_buffer_add(out, bytes, kept);
    tc_mask_headers(&to->http1, (uint8_t *)out->data + begin, kept);
    if (kept < length)
        to->http1 = (tc_mask){0};
    *missing = length - kept;
}
