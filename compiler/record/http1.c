/* HTTP/1.0 and 1.1. A parser of our own: it goes on where a record has left bytes out, which those
 * of the field do not. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "record/http_parts.h"

enum { LINE_MAX_LENGTH = 256 << 10, METHOD_MAX = 32 };

/* ---- lines ---- */

static bool is_token(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

bool tc_http1_is_start(tc_role role, const char *line, size_t length) {
    while (length && (line[length - 1] == '\n' || line[length - 1] == '\r'))
        length--;
    if (role == TC_RESPONSE)
        return length >= 12 && memcmp(line, "HTTP/1.", 7) == 0 && line[8] == ' ' &&
               line[9] >= '1' && line[9] <= '5' && line[10] >= '0' && line[10] <= '9' &&
               line[11] >= '0' && line[11] <= '9';
    size_t method = 0;
    while (method < length && method < METHOD_MAX && is_token(line[method]))
        method++;
    return method && method + 11 <= length && line[method] == ' ' && line[method + 1] != ' ' &&
           memcmp(line + length - 9, " HTTP/1.", 8) == 0 &&
           (line[length - 1] == '0' || line[length - 1] == '1');
}

static const char *version_of(char minor) {
    return minor == '0' ? "HTTP/1.0" : "HTTP/1.1";
}

static char *copy_text(const char *from, const char *end) {
    char *out = tc_allocate((size_t)(end - from) + 1);
    memcpy(out, from, (size_t)(end - from));
    return out;
}

static void lose(tc_http1_side *side) {
    side->state = H1_LOST;
    side->exchange = NULL;
    side->interim = false;
    side->line.length = 0;
}

/* ---- the ends of messages ---- */

static void end_message(tc_http_connection *on, tc_role role, uint64_t time) {
    tc_http1_side *side = &on->http1[role];
    tc_exchange *exchange = side->exchange;
    tc_message *message = tc_exchange_message(exchange, role);
    side->state = H1_START;
    side->exchange = NULL;
    message->complete = true;
    message->ended = time;
    tc_exchange_end_if_whole(on, exchange);
}

/* The message goes on where nobody can tell what it is: it is counted as whole without its rest. */
static void end_without_rest(tc_http_connection *on, tc_role role, uint64_t time) {
    if (on->http1[role].exchange) {
        tc_exchange_message(on->http1[role].exchange, role)->missing = true;
        end_message(on, role, time);
    }
    lose(&on->http1[role]);
}

/* ---- heads ---- */

static bool begin_request(tc_http_connection *on, const char *line, size_t length) {
    tc_http1_side *side = &on->http1[TC_REQUEST];
    if (!tc_http1_is_start(TC_REQUEST, line, length))
        return false;
    const char *method = memchr(line, ' ', length), *end = line + length - 9;
    if (end <= method)
        return false;
    side->exchange = tc_exchange_begin(on, version_of(line[length - 1]));
    side->exchange->request.method = copy_text(line, method);
    side->exchange->request.target = copy_text(method + 1, end);
    return true;
}

static bool begin_response(tc_http_connection *on, const char *line, size_t length) {
    tc_http1_side *side = &on->http1[TC_RESPONSE];
    if (!tc_http1_is_start(TC_RESPONSE, line, length))
        return false;
    for (size_t i = 0; i < on->exchange_count && !side->exchange; i++)
        if (!on->exchanges[i]->response.complete)
            side->exchange = on->exchanges[i];
    if (!side->exchange) { /* nobody asked, or not in this record */
        side->exchange = tc_exchange_begin(on, version_of(line[7]));
        side->exchange->request.complete = true;
    }
    uint32_t status = (uint32_t)((line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0'));
    side->interim = status < 200 && status != 101;
    if (side->interim) {
        if (side->exchange->interim_count < TC_INTERIM_MAX)
            side->exchange->interim[side->exchange->interim_count++] = status;
        return true;
    }
    side->exchange->response.status = status;
    if (length > 13)
        side->exchange->response.reason = copy_text(line + 13, line + length);
    return true;
}

static void begin_message(tc_http_connection *on, tc_role role) {
    tc_http1_side *side = &on->http1[role];
    const char *line = side->line.data;
    size_t length = side->line.length;
    if (length == 0)
        return; /* RFC 9112, 2.2: an empty line before a message is ignored */
    if (!(role == TC_REQUEST ? begin_request(on, line, length)
                             : begin_response(on, line, length))) {
        lose(side);
        return;
    }
    tc_message *message = tc_exchange_message(side->exchange, role);
    side->state = H1_FIELDS;
    if (side->interim)
        return;
    message->present = true;
    message->begun = side->line_begun;
    message->head_size = length + 2;
}

static void add_field(tc_http_fields *fields, const char *line, size_t length) {
    const char *colon = memchr(line, ':', length);
    if ((line[0] == ' ' || line[0] == '\t') && fields->count) { /* goes on */
        tc_http_field *last = &fields->items[fields->count - 1];
        if (fields->bytes + length > LINE_MAX_LENGTH)
            return;
        last->value = tc_reallocate(last->value, last->value_length + length + 1);
        memcpy(last->value + last->value_length, line, length);
        last->value_length += length;
        last->value[last->value_length] = '\0';
        fields->bytes += length;
        return;
    }
    if (!colon)
        return;
    const char *value = colon + 1, *end = line + length;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    tc_http_fields_add(fields, line, (size_t)(colon - line), value, (size_t)(end - value));
}

static bool content_length(const tc_message *message, uint64_t *out) {
    const tc_http_field *field = tc_http_find(&message->headers, "content-length");
    char *end;
    if (!field || field->value[0] < '0' || field->value[0] > '9')
        return false;
    *out = strtoull(field->value, &end, 10);
    return true;
}

static void await_body(tc_http_connection *on, tc_role role, uint64_t time) {
    tc_http1_side *side = &on->http1[role];
    tc_message *message = tc_exchange_message(side->exchange, role);
    if (tc_http_has_word(&message->headers, "transfer-encoding", "chunked"))
        side->state = H1_CHUNK_SIZE;
    else if (content_length(message, &side->left))
        side->state = H1_LENGTH;
    else if (role == TC_RESPONSE)
        side->state = H1_UNTIL_END;
    else
        side->left = 0, side->state = H1_LENGTH;
    if (side->state == H1_LENGTH && side->left == 0)
        end_message(on, role, time);
}

/* An answer after which the connection speaks another protocol. */
static void switch_protocol(tc_http_connection *on, uint64_t time) {
    tc_exchange *exchange = on->http1[TC_RESPONSE].exchange;
    tc_message *answer = &exchange->response;
    bool socket = tc_http_has_word(&answer->headers, "upgrade", "websocket");
    on->protocol = HTTP_UNKNOWN;
    if (tc_http_has_word(&answer->headers, "upgrade", "h2c")) {
        /* The answer to the request comes on stream 1 (RFC 7540, 3.2). */
        tc_message_reset(answer);
        on->http1[TC_RESPONSE] = (tc_http1_side){.line = on->http1[TC_RESPONSE].line};
        exchange->stream = 1;
        exchange->version = "HTTP/2";
        tc_http2_begin(on);
        return;
    }
    if (socket)
        tc_socket_begin(on, exchange);
    exchange->request.complete = true;
    end_message(on, TC_RESPONSE, time);
    on->http1[TC_REQUEST].state = H1_START;
    on->http1[TC_REQUEST].line.length = 0;
}

static void end_head(tc_http_connection *on, tc_role role, uint64_t time) {
    tc_http1_side *side = &on->http1[role];
    tc_exchange *exchange = side->exchange;
    if (side->interim) {
        tc_http_fields_reset(&side->interim_fields);
        side->interim = false;
        side->exchange = NULL;
        side->state = H1_START;
        return;
    }
    if (role == TC_REQUEST) {
        await_body(on, role, time);
        return;
    }
    const char *method = exchange->request.method ? exchange->request.method : "";
    uint32_t status = exchange->response.status;
    if (status == 101 || (strcmp(method, "CONNECT") == 0 && status / 100 == 2))
        switch_protocol(on, time);
    else if (strcmp(method, "HEAD") == 0 || status == 204 || status == 304)
        end_message(on, role, time);
    else
        await_body(on, role, time);
}

static void take_field_line(tc_http_connection *on, tc_role role, uint64_t time) {
    tc_http1_side *side = &on->http1[role];
    tc_message *message = tc_exchange_message(side->exchange, role);
    if (!side->interim)
        message->head_size += side->line.length + 2;
    if (side->line.length)
        add_field(side->interim ? &side->interim_fields : &message->headers, side->line.data,
                  side->line.length);
    else
        end_head(on, role, time);
}

static void take_chunk_size(tc_http_connection *on, tc_role role, uint64_t time) {
    tc_http1_side *side = &on->http1[role];
    char *end;
    const char *line = side->line.length ? side->line.data : "";
    side->left = strtoull(line, &end, 16);
    if (end == line || *line == '-' || side->left > UINT64_MAX / 2)
        end_without_rest(on, role, time);
    else
        side->state = side->left ? H1_CHUNK_DATA : H1_TRAILERS;
}

static void take_line(tc_http_connection *on, tc_role role, uint64_t time) {
    tc_http1_side *side = &on->http1[role];
    switch (side->state) {
    case H1_START:
        begin_message(on, role);
        break;
    case H1_FIELDS:
        take_field_line(on, role, time);
        break;
    case H1_CHUNK_SIZE:
        take_chunk_size(on, role, time);
        break;
    case H1_CHUNK_END:
        side->state = H1_CHUNK_SIZE;
        break;
    case H1_TRAILERS:
        if (side->line.length)
            add_field(&tc_exchange_message(side->exchange, role)->trailers, side->line.data,
                      side->line.length);
        else
            end_message(on, role, time);
        break;
    default:
        break;
    }
    side->line.length = 0;
}

/* ---- bytes ---- */

static size_t feed_line(tc_http_connection *on, tc_role role, uint64_t time, const uint8_t *bytes,
                        size_t length) {
    tc_http1_side *side = &on->http1[role];
    const uint8_t *end = memchr(bytes, '\n', length);
    size_t taken = end ? (size_t)(end - bytes) + 1 : length;
    if (side->line.length == 0)
        side->line_begun = time;
    if (side->line.length + taken > LINE_MAX_LENGTH) {
        end_without_rest(on, role, time);
        return length;
    }
    tc_buffer_add(&side->line, bytes, taken);
    if (!end)
        return taken;
    side->line.length--;
    if (side->line.length && side->line.data[side->line.length - 1] == '\r')
        side->line.length--;
    side->line.data[side->line.length] = '\0';
    take_line(on, role, time);
    return taken;
}

/* Of a body: `length` bytes, of which `kept` are there. Returns how many it took. */
static uint64_t feed_body(tc_http_connection *on, tc_role role, uint64_t time, const uint8_t *bytes,
                          size_t kept, uint64_t length) {
    tc_http1_side *side = &on->http1[role];
    if (side->state != H1_UNTIL_END && length > side->left)
        length = side->left;
    if (kept > length)
        kept = (size_t)length;
    tc_message_add_body(on, tc_exchange_message(side->exchange, role), bytes, kept, length);
    if (side->state == H1_UNTIL_END)
        return length;
    side->left -= length;
    if (side->left == 0 && side->state == H1_LENGTH)
        end_message(on, role, time);
    else if (side->left == 0)
        side->state = H1_CHUNK_END;
    return length;
}

static bool in_body(const tc_http1_side *side) {
    return side->state == H1_LENGTH || side->state == H1_UNTIL_END || side->state == H1_CHUNK_DATA;
}

size_t tc_http1_feed(tc_http_connection *on, tc_role role, uint64_t time, const uint8_t *bytes,
                     size_t length) {
    tc_http1_side *side = &on->http1[role];
    size_t done = 0;
    if (side->state == H1_LOST) { /* a call's bytes may begin with a message */
        const uint8_t *end = memchr(bytes, '\n', length);
        if (!end || !tc_http1_is_start(role, (const char *)bytes, (size_t)(end - bytes)))
            return length;
        side->state = H1_START;
    }
    while (done < length && on->protocol == HTTP_1 && side->state != H1_LOST) {
        size_t left = length - done;
        done += in_body(side) ? (size_t)feed_body(on, role, time, bytes + done, left, left)
                              : feed_line(on, role, time, bytes + done, left);
    }
    return on->protocol == HTTP_1 ? length : done;
}

void tc_http1_skip(tc_http_connection *on, tc_role role, uint64_t time, uint64_t length) {
    tc_http1_side *side = &on->http1[role];
    if (in_body(side))
        length -= feed_body(on, role, time, NULL, 0, length);
    if (length == 0 || side->state == H1_LOST)
        return;
    if (side->exchange && side->state != H1_FIELDS)
        end_without_rest(on, role, time);
    else
        lose(side);
}

void tc_http1_finish(tc_http_connection *on, tc_role role, uint64_t time) {
    if (on->http1[role].state == H1_UNTIL_END)
        end_message(on, role, time);
}
