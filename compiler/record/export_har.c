/* HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/): requests and answers as browsers'
 * tools keep them. What HAR has no place for stands in members that begin with "_". */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "record/views.h"

enum { BODY_LIMIT = 64 << 20 };

typedef struct har {
    const tc_export_options *options;
    uint64_t started;
    tc_text text;
    bool any;
} har;

static const char *or_empty(const char *text) {
    return text ? text : "";
}

static void add_string(tc_text *text, const char *name, const char *value) {
    tc_view_add_json(text, name, or_empty(value));
}

/* ---- headers ---- */

static void add_pair(tc_text *text, bool first, const char *name, size_t name_length,
                     const char *value, size_t value_length) {
    tc_text_print(text, "%s{\"name\":", first ? "" : ",");
    tc_text_add_json(text, name, name_length);
    tc_text_print(text, ",\"value\":");
    tc_text_add_json(text, value, value_length);
    tc_text_add(text, "}", 1);
}

static void add_fields(har *to, const char *name, const tc_http_fields *fields) {
    tc_text_print(&to->text, ",\"%s\":[", name);
    for (size_t i = 0; i < fields->count; i++) {
        tc_text value = {0};
        tc_view_add_value(&value, &fields->items[i], to->options->unmask);
        add_pair(&to->text, i == 0, fields->items[i].name, fields->items[i].name_length,
                 value.data ? value.data : "", value.length);
        tc_text_reset(&value);
    }
    tc_text_add(&to->text, "]", 1);
}

/* "a=b; c=d" of Cookie, "a=b; Path=/" of Set-Cookie: names, and values where they are shown. */
static void add_cookies(har *to, const tc_http_fields *fields, const char *header,
                        bool only_first) {
    bool first = true;
    tc_text_print(&to->text, ",\"cookies\":[");
    for (size_t i = 0; i < fields->count; i++) {
        const char *at = fields->items[i].value;
        if (strcasecmp(fields->items[i].name, header) != 0)
            continue;
        while (*at) {
            at += strspn(at, " ;");
            size_t whole = strcspn(at, ";"), name = strcspn(at, "=;");
            const char *value = name < whole ? at + name + 1 : "";
            size_t length = name < whole ? whole - name - 1 : 0;
            if (whole)
                add_pair(&to->text, first, at, name, to->options->unmask ? value : "***",
                         to->options->unmask ? length : 3);
            first = first && !whole;
            at += whole;
            if (only_first)
                break;
        }
    }
    tc_text_add(&to->text, "]", 1);
}

static void add_query(tc_text *text, const char *target) {
    const char *at = strchr(or_empty(target), '?');
    bool first = true;
    tc_text_print(text, ",\"queryString\":[");
    for (at = at ? at + 1 : ""; *at && *at != '#';) {
        size_t whole = strcspn(at, "&#"), name = strcspn(at, "=&#");
        if (whole) {
            add_pair(text, first, at, name, name < whole ? at + name + 1 : "",
                     name < whole ? whole - name - 1 : 0);
            first = false;
        }
        at += whole + (at[whole] == '&');
    }
    tc_text_add(text, "]", 1);
}

/* ---- messages ---- */

/* "text", and "encoding" where the bytes are no text. */
static void add_content(tc_text *text, const tc_buffer *body) {
    if (tc_content_is_text(body->data, body->length)) {
        tc_text_print(text, ",\"text\":");
        tc_text_add_json(text, body->data, body->length);
        return;
    }
    tc_text_print(text, ",\"encoding\":\"base64\",\"text\":\"");
    tc_view_add_base64(text, body->data, body->length);
    tc_text_add(text, "\"", 1);
}

static const char *type_of(const tc_message *message) {
    const tc_http_field *type = tc_http_find(&message->headers, "content-type");
    return type ? type->value : "";
}

static void add_sizes(tc_text *text, const tc_message *message) {
    tc_text_print(text, ",\"headersSize\":%" PRId64 ",\"bodySize\":%" PRId64,
                  message->present ? (int64_t)message->head_size : -1,
                  message->present ? (int64_t)message->body_size : -1);
}

static void add_request(har *to, const tc_exchange *exchange) {
    tc_text *text = &to->text;
    const tc_message *request = &exchange->request;
    char *url = tc_exchange_url(exchange);
    bool decoded, cut;
    tc_text_print(text, ",\"request\":{\"method\":");
    tc_text_add_json(text, request->method ? request->method : "UNKNOWN",
                     strlen(request->method ? request->method : "UNKNOWN"));
    add_string(text, "url", url);
    add_string(text, "httpVersion", exchange->version);
    add_cookies(to, &request->headers, "cookie", false);
    add_fields(to, "headers", &request->headers);
    add_query(text, request->target);
    if (request->body_size) {
        tc_buffer body = tc_view_body(request, &decoded, &cut);
        tc_text_print(text, ",\"postData\":{\"mimeType\":");
        tc_text_add_json(text, type_of(request), strlen(type_of(request)));
        tc_text_print(text, ",\"params\":[]");
        add_content(text, &body);
        if (cut)
            add_string(text, "comment", "not whole");
        tc_text_add(text, "}", 1);
        tc_buffer_reset(&body);
    }
    add_sizes(text, request);
    tc_text_add(text, "}", 1);
    free(url);
}

static void add_response(har *to, const tc_exchange *exchange) {
    tc_text *text = &to->text;
    const tc_message *answer = &exchange->response;
    const tc_http_field *location = tc_http_find(&answer->headers, "location");
    bool decoded, cut;
    tc_buffer body = tc_view_body(answer, &decoded, &cut);
    tc_text_print(text, ",\"response\":{\"status\":%" PRIu32, answer->status);
    add_string(text, "statusText", answer->reason);
    add_string(text, "httpVersion", exchange->version);
    add_cookies(to, &answer->headers, "set-cookie", true);
    add_fields(to, "headers", &answer->headers);
    tc_text_print(text, ",\"content\":{\"size\":%zu", body.length);
    if (decoded)
        tc_text_print(text, ",\"compression\":%" PRId64,
                      (int64_t)body.length - (int64_t)answer->body_size);
    add_string(text, "mimeType", type_of(answer));
    add_content(text, &body);
    if (cut && answer->present)
        add_string(text, "comment", "not whole");
    tc_text_add(text, "}", 1);
    add_string(text, "redirectURL", location ? location->value : "");
    add_sizes(text, answer);
    if (exchange->grpc && exchange->grpc_status) {
        add_string(text, "_grpcStatus", exchange->grpc_status);
        add_string(text, "_grpcMessage", exchange->grpc_message);
    }
    tc_text_add(text, "}", 1);
    tc_buffer_reset(&body);
}

/* ---- timings ---- */

/* Milliseconds; -1: does not apply. */
typedef struct timings {
    double blocked, dns, connect, ssl, send, wait, receive;
} timings;

static double between(uint64_t begin, uint64_t end) {
    return end > begin ? (double)(end - begin) / 1e6 : 0;
}

static uint64_t begin_of(const tc_exchange *exchange) {
    const tc_connection *on = exchange->connection;
    if (exchange->first && !on->server && exchange->resolve_duration)
        return exchange->resolve_begun;
    if (exchange->first && !on->server && on->begun)
        return on->begun;
    return exchange->request.present ? exchange->request.begun : exchange->response.begun;
}

static timings timings_of(const tc_exchange *exchange) {
    const tc_connection *on = exchange->connection;
    const tc_message *request = &exchange->request, *answer = &exchange->response;
    timings out = {.blocked = -1, .dns = -1, .connect = -1, .ssl = -1};
    uint64_t sent = request->complete ? request->ended : request->begun;
    uint64_t ready = begin_of(exchange);
    if (exchange->first && !on->server) {
        if (exchange->resolve_duration)
            out.dns = (double)exchange->resolve_duration / 1e6;
        uint64_t connected = on->connected ? on->connected : on->begun;
        out.connect = between(on->begun, connected);
        ready = connected;
        if (on->has_tls) { /* HAR's connect has it in it too */
            out.ssl = (double)on->tls.duration / 1e6;
            out.connect += out.ssl;
            ready = on->tls.begun + on->tls.duration;
        }
    }
    if (request->present && request->begun > ready)
        out.blocked = between(ready, request->begun);
    if (exchange->first && exchange->resolve_duration && out.blocked >= 0)
        out.blocked += between(exchange->resolve_begun + exchange->resolve_duration, on->begun);
    out.send = between(request->begun, sent);
    out.wait = answer->present ? between(sent, answer->begun) : 0;
    out.receive = answer->present ? between(answer->begun, answer->ended) : 0;
    return out;
}

static void add_timings(tc_text *text, const timings *times) {
    tc_text_print(text,
                  ",\"timings\":{\"blocked\":%.6f,\"dns\":%.6f,\"connect\":%.6f,\"ssl\":%.6f,"
                  "\"send\":%.6f,\"wait\":%.6f,\"receive\":%.6f}",
                  times->blocked, times->dns, times->connect, times->ssl, times->send, times->wait,
                  times->receive);
}

static double total(const timings *times) {
    double sum = times->send + times->wait + times->receive;
    sum += times->blocked > 0 ? times->blocked : 0;
    sum += times->dns > 0 ? times->dns : 0;
    return sum + (times->connect > 0 ? times->connect : 0); /* ssl is in it */
}

/* ---- entries ---- */

/* An address without its port. */
static void add_server_address(tc_text *text, const tc_connection *on) {
    tc_record_address address = on->server ? on->local : on->peer;
    tc_text shown = {0};
    tc_text_add_address(&shown, &address);
    char *end = shown.data ? strrchr(shown.data, ':') : NULL;
    if (end && (address.family == 1 || address.family == 2))
        *end = '\0';
    if (address.family == 2 && shown.data[0] == '[') {
        size_t length = strlen(shown.data);
        shown.data[length - 1] = '\0';
        add_string(text, "serverIPAddress", shown.data + 1);
    } else if (address.family == 1) {
        add_string(text, "serverIPAddress", shown.data);
    }
    tc_text_reset(&shown);
}

static void on_exchange(void *context, const tc_exchange *exchange) {
    har *to = context;
    tc_text *text = &to->text;
    const tc_connection *on = exchange->connection;
    timings times = timings_of(exchange);
    tc_text_clear(text);
    tc_text_print(text, "%s\n{\"startedDateTime\":\"", to->any ? "," : "");
    tc_view_add_utc(text, to->started + begin_of(exchange));
    tc_text_print(text, "\",\"time\":%.6f", total(&times));
    add_request(to, exchange);
    add_response(to, exchange);
    tc_text_print(text, ",\"cache\":{}");
    add_timings(text, &times);
    add_server_address(text, on);
    tc_text_print(text, ",\"connection\":\"%" PRIu64 "\"", on->id);
    add_string(text, "_role", on->server ? "server" : "client");
    if (exchange->failure) {
        add_string(text, "comment", exchange->failure);
        add_string(text, "_error", exchange->failure);
    }
    tc_text_add(text, "}", 1);
    to->any = true;
    fwrite(text->data, 1, text->length, to->options->out);
}

int tc_export_har(tc_record *record, const tc_export_options *options) {
    har to = {.options = options, .started = tc_record_facts_of(record)->started};
    tc_http *http = tc_http_create(
        &(tc_http_listener){.on_exchange = on_exchange, .context = &to, .body_limit = BODY_LIMIT});
    tc_flows *flows = tc_flows_create(&(tc_flow_listener){
        .on_event = tc_http_on_event, .forget = tc_http_forget, .context = http});
    tc_record_item item;
    fprintf(options->out,
            "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"timecraft\",\"version\":\"%s\"},"
            "\"pages\":[],\"entries\":[",
            TIMECRAFT_VERSION);
    while (tc_record_next(record, &item) == TC_RECORD_EVENT)
        tc_flows_take(flows, &item);
    tc_flows_finish(flows, tc_view_end_reason(record));
    fprintf(options->out, "\n]}}\n");
    tc_flows_destroy(flows);
    tc_http_destroy(http);
    tc_text_reset(&to.text);
    return ferror(options->out) ? -1 : 0;
}
