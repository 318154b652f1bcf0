/* Messages and exchanges: their memory, and when they are over. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "record/http_parts.h"

/* Nobody sends so many headers; what is beyond is not kept. */
enum { FIELDS_MAX = 4096, FIELDS_BYTES_MAX = 4 << 20, OPEN_MAX_EXCHANGES = 4096 };

/* ---- fields ---- */

static char *copy(const void *bytes, size_t length) {
    char *out = tc_allocate(length + 1);
    if (length)
        memcpy(out, bytes, length);
    return out;
}

void tc_http_fields_add(tc_http_fields *fields, const void *name, size_t name_length,
                        const void *value, size_t value_length) {
    if (fields->count >= FIELDS_MAX || name_length > FIELDS_BYTES_MAX ||
        value_length > FIELDS_BYTES_MAX ||
        fields->bytes + name_length + value_length > FIELDS_BYTES_MAX)
        return;
    if ((fields->count & (fields->count - 1)) == 0)
        fields->items = tc_reallocate(fields->items, (fields->count ? 2 * fields->count : 1) *
                                                         sizeof *fields->items);
    fields->items[fields->count++] = (tc_http_field){
        .name = copy(name, name_length),
        .name_length = name_length,
        .value = copy(value, value_length),
        .value_length = value_length,
    };
    fields->bytes += name_length + value_length;
}

void tc_http_fields_reset(tc_http_fields *fields) {
    for (size_t i = 0; i < fields->count; i++) {
        free(fields->items[i].name);
        free(fields->items[i].value);
    }
    free(fields->items);
    *fields = (tc_http_fields){0};
}

const tc_http_field *tc_http_find(const tc_http_fields *fields, const char *name) {
    for (size_t i = 0; i < fields->count; i++)
        if (strcasecmp(fields->items[i].name, name) == 0)
            return &fields->items[i];
    return NULL;
}

bool tc_http_has_word(const tc_http_fields *fields, const char *name, const char *word) {
    size_t length = strlen(word);
    for (size_t i = 0; i < fields->count; i++) {
        const char *at = fields->items[i].value;
        if (strcasecmp(fields->items[i].name, name) != 0)
            continue;
        while (*at) {
            at += strspn(at, " \t,");
            size_t size = strcspn(at, " \t,;");
            if (size == length && strncasecmp(at, word, size) == 0)
                return true;
            at += strcspn(at, ",");
        }
    }
    return false;
}

bool tc_http_is_secret(const tc_http_field *field) {
    static const char *const names[] = {"authorization", "proxy-authorization", "cookie",
                                        "set-cookie"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(field->name, names[i]) == 0)
            return true;
    return false;
}

/* ---- messages ---- */

void tc_message_reset(tc_message *message) {
    free(message->method);
    free(message->target);
    free(message->scheme);
    free(message->authority);
    free(message->reason);
    tc_http_fields_reset(&message->headers);
    tc_http_fields_reset(&message->trailers);
    tc_buffer_reset(&message->body);
    *message = (tc_message){0};
}

tc_message *tc_exchange_message(tc_exchange *exchange, tc_role role) {
    return role == TC_REQUEST ? &exchange->request : &exchange->response;
}

void tc_message_add_body(tc_http_connection *on, tc_message *message, const uint8_t *bytes,
                         size_t kept, size_t length) {
    size_t limit = tc_http_listener_of(on->http)->body_limit;
    size_t room = message->body.length < limit ? limit - message->body.length : 0;
    size_t taken = message->missing ? 0 : kept < room ? kept : room;
    if (taken)
        tc_buffer_add(&message->body, bytes, taken);
    message->missing |= taken < length;
    message->body_size += length;
}

/* ---- exchanges ---- */

/* Nobody leaves so many requests open: the oldest ones are given up. */
static void limit_open(tc_http_connection *on) {
    for (size_t i = 0; i < on->exchange_count && on->exchange_count >= OPEN_MAX_EXCHANGES; i++) {
        tc_exchange *one = on->exchanges[i];
        if (one != on->http1[TC_REQUEST].exchange && one != on->http1[TC_RESPONSE].exchange) {
            tc_exchange_end(on, one, tc_copy_text("too many later requests were open at once"));
            return;
        }
    }
}

tc_exchange *tc_exchange_begin(tc_http_connection *on, const char *version) {
    limit_open(on);
    tc_exchange *exchange = tc_allocate(sizeof *exchange);
    if (on->exchange_count == on->exchange_capacity) {
        on->exchange_capacity = on->exchange_capacity ? 2 * on->exchange_capacity : 4;
        on->exchanges = tc_reallocate(on->exchanges, on->exchange_capacity * sizeof *on->exchanges);
    }
    on->exchanges[on->exchange_count++] = exchange;
    exchange->connection = on->on;
    exchange->id = tc_http_next_id(on->http);
    exchange->version = version;
    exchange->first = !on->had_any;
    on->had_any = true;
    if (exchange->first)
        tc_http_find_lookup(on->http, exchange);
    return exchange;
}

static void note_grpc(tc_exchange *exchange) {
    const tc_http_field *type = tc_http_find(&exchange->request.headers, "content-type");
    const tc_message *answer = &exchange->response;
    if (!type)
        type = tc_http_find(&answer->headers, "content-type");
    exchange->grpc = type && strncasecmp(type->value, "application/grpc", 16) == 0;
    if (!exchange->grpc)
        return;
    const tc_http_field *status = tc_http_find(&answer->trailers, "grpc-status");
    const tc_http_field *text = tc_http_find(&answer->trailers, "grpc-message");
    status = status ? status : tc_http_find(&answer->headers, "grpc-status");
    text = text ? text : tc_http_find(&answer->headers, "grpc-message");
    exchange->grpc_status = status ? status->value : NULL;
    exchange->grpc_message = text ? text->value : NULL;
}

static void free_exchange(tc_exchange *exchange) {
    tc_message_reset(&exchange->request);
    tc_message_reset(&exchange->response);
    free(exchange->failure);
    free(exchange);
}

void tc_exchange_end(tc_http_connection *on, tc_exchange *exchange, char *failure) {
    const tc_http_listener *listener = tc_http_listener_of(on->http);
    size_t place = 0;
    while (on->exchanges[place] != exchange)
        place++;
    memmove(&on->exchanges[place], &on->exchanges[place + 1],
            (on->exchange_count - place - 1) * sizeof *on->exchanges);
    on->exchange_count--;
    for (int role = TC_REQUEST; role <= TC_RESPONSE; role++)
        if (on->http1[role].exchange == exchange)
            on->http1[role].exchange = NULL;
    exchange->failure = failure;
    note_grpc(exchange);
    listener->on_exchange(listener->context, exchange);
    free_exchange(exchange);
}

void tc_exchanges_drop(tc_http_connection *on) {
    for (size_t i = 0; i < on->exchange_count; i++)
        free_exchange(on->exchanges[i]);
    free(on->exchanges);
    on->exchanges = NULL;
    on->exchange_count = on->exchange_capacity = 0;
}

void tc_exchange_end_if_whole(tc_http_connection *on, tc_exchange *exchange) {
    if (exchange->request.complete && exchange->response.complete)
        tc_exchange_end(on, exchange, NULL);
}

/* "the program ended before the answer began" */
static char *describe_failure(const tc_exchange *exchange, const char *why) {
    const tc_message *request = &exchange->request, *response = &exchange->response;
    if (response->present && !response->complete) {
        const tc_http_field *length = tc_http_find(&response->headers, "content-length");
        return length ? tc_format("%s after %" PRIu64 " of %.20s bytes of the answer's body", why,
                                  response->body_size, length->value)
                      : tc_format("%s after %" PRIu64 " bytes of the answer's body", why,
                                  response->body_size);
    }
    if (request->present && !request->complete)
        return tc_format("%s before the request was whole", why);
    return tc_format("%s before the answer began", why);
}

void tc_exchanges_fail(tc_http_connection *on, const char *why) {
    while (on->exchange_count)
        tc_exchange_end(on, on->exchanges[0], describe_failure(on->exchanges[0], why));
}

static const char *scheme_of(const tc_exchange *exchange) {
    if (exchange->request.scheme)
        return exchange->request.scheme;
    return exchange->connection->has_tls && !exchange->connection->tls.error ? "https" : "http";
}

char *tc_exchange_url(const tc_exchange *exchange) {
    const tc_message *request = &exchange->request;
    const tc_http_field *host = tc_http_find(&request->headers, "host");
    const char *target = request->target ? request->target : "";
    tc_text address = {0};
    if (strstr(target, "://"))
        return tc_copy_text(target);
    const tc_connection *on = exchange->connection;
    tc_text_add_address(&address, on->server ? &on->local : &on->peer);
    const char *authority = request->authority ? request->authority
                            : host             ? host->value
                            : address.data     ? address.data
                                               : "";
    char *url = request->method && strcmp(request->method, "CONNECT") == 0
                    ? tc_copy_text(target)
                    : tc_format("%s://%s%s%s", scheme_of(exchange), authority,
                                *target == '/' || !*target ? "" : "/", target);
    tc_text_reset(&address);
    return url;
}

const char *tc_grpc_status_name(const char *number) {
    static const char *const names[] = {
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    };
    char *end;
    unsigned long value = strtoul(number, &end, 10);
    return *number && !*end && value < sizeof names / sizeof *names ? names[value] : "?";
}
