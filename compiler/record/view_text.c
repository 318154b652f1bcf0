/* Pieces of text that views and exports share. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "record/views.h"

#define SECOND UINT64_C(1000000000)

const char *tc_view_end_reason(const tc_record *record) {
    return tc_record_is_growing(record)        ? "the program runs still"
           : tc_record_facts_of(record)->ended ? "the program ended"
                                               : "the record ends here";
}

static void add_clock(tc_text *text, uint64_t since_1970, const char *format, bool local) {
    time_t seconds = (time_t)(since_1970 / SECOND);
    struct tm parts = {0};
    char day[64];
    if (local)
        localtime_r(&seconds, &parts);
    else
        gmtime_r(&seconds, &parts);
    strftime(day, sizeof day, format, &parts);
    tc_text_print(text, "%s.%06" PRIu64, day, since_1970 % SECOND / 1000);
}

void tc_view_add_time(tc_text *text, uint64_t since_1970) {
    add_clock(text, since_1970, "%Y/%m/%d %H:%M:%S", true);
}

void tc_view_add_utc(tc_text *text, uint64_t since_1970) {
    add_clock(text, since_1970, "%Y-%m-%dT%H:%M:%S", false);
    tc_text_add(text, "Z", 1);
}

void tc_view_add_duration(tc_text *text, uint64_t nanoseconds) {
    if (nanoseconds < 1000000)
        tc_text_print(text, "%.1fus", (double)nanoseconds / 1e3);
    else if (nanoseconds < SECOND)
        tc_text_print(text, "%.1fms", (double)nanoseconds / 1e6);
    else
        tc_text_print(text, "%.3fs", (double)nanoseconds / 1e9);
}

/* How many bytes stand for themselves at `at`: one of ASCII that prints, or a character of UTF-8
 * that is no control character. */
static size_t plain_size(const uint8_t *at, size_t left) {
    if (*at < 0x80)
        return *at >= 0x20 && *at != 0x7f;
    for (size_t size = 2; size <= 4 && size <= left; size++)
        if (tc_content_is_text(at, size) && (at[size - 1] & 0xc0) == 0x80 &&
            (size == left || (at[size] & 0xc0) != 0x80))
            return at[0] == 0xc2 && at[1] < 0xa0 ? 0 : size;
    return 0;
}

void tc_view_add_plain(tc_text *text, const void *bytes, size_t length) {
    const uint8_t *at = bytes;
    for (size_t i = 0; i < length;) {
        size_t size = plain_size(at + i, length - i);
        if (size)
            tc_text_add(text, (const char *)at + i, size);
        else
            tc_text_print(text, "\\x%02x", at[i]);
        i += size ? size : 1;
    }
}

void tc_view_add_json(tc_text *text, const char *name, const char *value) {
    tc_text_print(text, ",\"%s\":", name);
    if (value)
        tc_text_add_json(text, value, strlen(value));
    else
        tc_text_add(text, "null", 4);
}

void tc_view_add_base64(tc_text *text, const void *bytes, size_t length) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *at = bytes;
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t group = (uint32_t)at[i] << 16 | (left > 1 ? (uint32_t)at[i + 1] << 8 : 0) |
                         (left > 2 ? at[i + 2] : 0);
        char out[4] = {digits[group >> 18], digits[group >> 12 & 63],
                       left > 1 ? digits[group >> 6 & 63] : '=',
                       left > 2 ? digits[group & 63] : '='};
        tc_text_add(text, out, sizeof out);
    }
}

const char *tc_view_protocol(const tc_connection *connection) {
    if (connection->local.family == 3 || connection->peer.family == 3)
        return "UNIX";
    return connection->datagram ? "UDP" : "TCP";
}

void tc_view_add_way(tc_text *text, const tc_connection *connection, uint8_t direction) {
    const tc_record_address *local = &connection->local, *peer = &connection->peer;
    tc_text_add_address(text, direction == TC_SENT ? local : peer);
    tc_text_add(text, " > ", 3);
    tc_text_add_address(text, direction == TC_SENT ? peer : local);
}

void tc_view_add_value(tc_text *text, const tc_http_field *field, bool unmask) {
    static const char stars[] = "********";
    if (unmask || !tc_http_is_secret(field)) {
        tc_text_add(text, field->value, field->value_length);
        return;
    }
    for (size_t left = field->value_length; left;) {
        size_t some = left < sizeof stars - 1 ? left : sizeof stars - 1;
        tc_text_add(text, stars, some);
        left -= some;
    }
}

void tc_view_add_fields(tc_text *text, const char *name, const tc_http_fields *fields,
                        bool unmask) {
    tc_text_print(text, ",\"%s\":[", name);
    for (size_t i = 0; i < fields->count; i++) {
        tc_text value = {0};
        tc_view_add_value(&value, &fields->items[i], unmask);
        tc_text_add(text, i ? ",[" : "[", i ? 2 : 1);
        tc_text_add_json(text, fields->items[i].name, fields->items[i].name_length);
        tc_text_add(text, ",", 1);
        tc_text_add_json(text, value.data ? value.data : "", value.length);
        tc_text_add(text, "]", 1);
        tc_text_reset(&value);
    }
    tc_text_add(text, "]", 1);
}

tc_buffer tc_view_body(const tc_message *message, bool *decoded, bool *cut) {
    enum { LIMIT = 64 << 20 };
    const tc_http_field *encoding = tc_http_find(&message->headers, "content-encoding");
    tc_buffer out = {0};
    *decoded = false;
    *cut = message->missing || !message->complete;
    if (encoding && message->body.length) {
        bool shorter = false;
        *decoded = tc_content_decode(encoding->value, message->body.data, message->body.length,
                                     LIMIT, &out, &shorter);
        *cut |= shorter;
        if (*decoded)
            return out;
        out.length = 0;
    }
    tc_buffer_add(&out, message->body.data ? message->body.data : "", message->body.length);
    return out;
}
