/* One page with all of it, page.html, into which the record goes as JSON. What could end the script
 * element it stands in is escaped, so that no byte of the record is ever markup or script; the
 * page's own script puts it in as text; and its policy (CSP) has no other script run. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "record/views.h"

enum { BODY_LIMIT = 16 << 20, BODY_SHOWN = 1 << 20 };

/* page.html, as the build has put it into page.c. */
extern const char tc_record_page[];

typedef struct page {
    const tc_export_options *options;
    uint64_t started, now;
    tc_text text, name, executable;
    tc_text connections, exchanges, messages, lookups; /* elements of JSON arrays */
    uint64_t end_status;
    bool ended;
} page;

static double seconds(uint64_t time) {
    return (double)time / 1e9;
}

static void begin(tc_text *text) {
    tc_text_print(text, "%s", text->length ? ",\n" : "");
}

/* ---- elements ---- */

static void add_address(tc_text *text, const char *name, const tc_record_address *address) {
    tc_text shown = {0};
    tc_text_add_address(&shown, address);
    tc_view_add_json(text, name, shown.data ? shown.data : "");
    tc_text_reset(&shown);
}

static void add_way(tc_text *text, const tc_connection *on, uint8_t direction) {
    tc_text way = {0};
    tc_view_add_way(&way, on, direction);
    tc_view_add_json(text, "way", way.data ? way.data : "");
    tc_text_reset(&way);
}

static void add_tls(tc_text *text, const tc_tls_facts *tls) {
    tc_text_print(text, ",\"tls\":{\"begun\":%.9f,\"duration\":%.9f,\"resumed\":%s",
                  seconds(tls->begun), seconds(tls->duration), tls->resumed ? "true" : "false");
    tc_view_add_json(text, "version", tls->version ? tc_tls_version_name(tls->version) : NULL);
    tc_view_add_json(text, "cipher", tls->cipher);
    tc_view_add_json(text, "group", tls->group);
    tc_view_add_json(text, "alpn", tls->alpn);
    tc_view_add_json(text, "server_name", tls->server_name);
    tc_view_add_json(text, "peer", tls->peer_info);
    tc_view_add_json(text, "reason",
                     !tls->error   ? NULL
                     : tls->reason ? tls->reason
                                   : tc_errno_text(tls->error));
    tc_text_add(text, "}", 1);
}

static void add_connection(page *to, const tc_flow_event *event, const char *failure) {
    const tc_connection *on = event->connection;
    tc_text *text = &to->connections;
    uint64_t begun = on->begun ? on->begun : event->time;
    begin(text);
    tc_text_print(text,
                  "{\"id\":%" PRIu64 ",\"role\":\"%s\",\"begun\":%.9f,\"closed\":%.9f,"
                  "\"sent\":%" PRIu64 ",\"received\":%" PRIu64,
                  on->id, on->server ? "server" : "client", seconds(begun), seconds(event->time),
                  on->bytes[TC_SENT], on->bytes[TC_RECEIVED]);
    if (on->connected)
        tc_text_print(text, ",\"connected\":%.9f", seconds(on->connected));
    tc_view_add_json(text, "protocol", tc_view_protocol(on));
    add_way(text, on, on->server ? TC_RECEIVED : TC_SENT);
    add_address(text, "local", &on->local);
    add_address(text, "peer", &on->peer);
    tc_view_add_json(text, "host", on->host);
    tc_view_add_json(text, "reason", event->reason);
    tc_view_add_json(text, "failure", failure);
    if (on->has_tls)
        add_tls(text, &on->tls);
    tc_text_add(text, "}", 1);
}

static void add_body(tc_text *text, const void *bytes, size_t length, bool cut) {
    size_t shown = length < BODY_SHOWN ? length : BODY_SHOWN;
    tc_text_print(text, ",\"cut\":%s", cut || shown < length ? "true" : "false");
    if (tc_content_is_text(bytes, shown)) {
        tc_text_print(text, ",\"body\":");
        tc_text_add_json(text, bytes, shown);
        return;
    }
    tc_text_print(text, ",\"body_base64\":\"");
    tc_view_add_base64(text, bytes, shown);
    tc_text_add(text, "\"", 1);
}

static void add_message(page *to, const char *name, const tc_message *message) {
    tc_text *text = &to->exchanges;
    bool decoded, cut;
    if (!message->present) {
        tc_text_print(text, ",\"%s\":null", name);
        return;
    }
    uint64_t end = message->ended > message->begun ? message->ended : message->begun;
    tc_text_print(text, ",\"%s\":{\"begun\":%.9f,\"ended\":%.9f,\"size\":%" PRIu64, name,
                  seconds(message->begun), seconds(end), message->body_size);
    tc_view_add_json(text, "method", message->method ? message->method : "?");
    tc_view_add_json(text, "target", message->target ? message->target : "");
    tc_text_print(text, ",\"status\":%" PRIu32, message->status);
    tc_view_add_json(text, "reason", message->reason);
    tc_view_add_fields(text, "headers", &message->headers, to->options->unmask);
    tc_view_add_fields(text, "trailers", &message->trailers, to->options->unmask);
    tc_buffer body = tc_view_body(message, &decoded, &cut);
    add_body(text, body.data, body.length, cut);
    tc_buffer_reset(&body);
    tc_text_add(text, "}", 1);
}

static void on_exchange(void *context, const tc_exchange *exchange) {
    page *to = context;
    tc_text *text = &to->exchanges;
    const tc_message *request = &exchange->request, *answer = &exchange->response;
    char *url = tc_exchange_url(exchange);
    uint64_t begun = request->present ? request->begun : answer->begun;
    uint64_t end = answer->ended > request->ended ? answer->ended : request->ended;
    begin(text);
    tc_text_print(text,
                  "{\"id\":%" PRIu64 ",\"connection\":%" PRIu64 ",\"begun\":%.9f,\"ended\":%.9f,"
                  "\"first\":%s",
                  exchange->id, exchange->connection->id, seconds(begun),
                  seconds(end > begun ? end : begun), exchange->first ? "true" : "false");
    tc_view_add_json(text, "version", exchange->version);
    tc_view_add_json(text, "url", url);
    tc_view_add_json(text, "failure", exchange->failure);
    if (exchange->resolve_duration)
        tc_text_print(text, ",\"resolve\":[%.9f,%.9f]", seconds(exchange->resolve_begun),
                      seconds(exchange->resolve_duration));
    if (exchange->grpc && exchange->grpc_status) {
        tc_view_add_json(text, "grpc_status", exchange->grpc_status);
        tc_view_add_json(text, "grpc_status_name", tc_grpc_status_name(exchange->grpc_status));
        tc_view_add_json(text, "grpc_message", exchange->grpc_message);
    }
    add_message(to, "request", request);
    add_message(to, "response", answer);
    tc_text_add(text, "}", 1);
    free(url);
}

static void on_message(void *context, const tc_socket_message *message) {
    page *to = context;
    tc_text *text = &to->messages;
    begin(text);
    tc_text_print(text, "{\"connection\":%" PRIu64 ",\"time\":%.9f,\"size\":%" PRIu64,
                  message->connection->id, seconds(message->time), message->size);
    tc_view_add_json(text, "opcode", tc_socket_opcode_name(message->opcode));
    tc_view_add_json(text, "target", message->target);
    add_way(text, message->connection, message->direction);
    add_body(text, message->bytes, message->length, message->missing);
    tc_text_add(text, "}", 1);
}

static void add_lookup(page *to, const tc_lookup *lookup) {
    tc_text *text = &to->lookups;
    begin(text);
    tc_text_print(text, "{\"time\":%.9f,\"duration\":%.9f,\"name\":", seconds(lookup->time),
                  seconds(lookup->duration));
    tc_text_add_json(text, lookup->name, lookup->name_length);
    tc_view_add_json(text, "result", lookup->result ? tc_errno_name(lookup->result) : "OK");
    tc_text_print(text, ",\"answers\":[");
    for (size_t i = 0; i < lookup->answer_count; i++) {
        tc_text shown = {0};
        tc_text_add_address(&shown, &lookup->answers[i]);
        tc_text_print(text, i ? "," : "");
        tc_text_add_json(text, shown.data ? shown.data : "", shown.length);
        tc_text_reset(&shown);
    }
    tc_text_print(text, "]}");
}

/* ---- the page ---- */

typedef struct both {
    page *to;
    tc_http *http;
} both;

static void on_event(void *context, const tc_flow_event *event) {
    both *with = context;
    const tc_connection *on = event->connection;
    if (event->kind == TC_FLOW_LOOKUP)
        add_lookup(with->to, event->lookup);
    if (event->kind == TC_FLOW_FAILED && event->verb && strcmp(event->verb, "CONNECT") == 0)
        add_connection(with->to, event, tc_errno_text(event->result));
    if (event->kind == TC_FLOW_CLOSE && !on->listening && on->begun)
        add_connection(with->to, event, NULL);
    tc_http_on_event(with->http, event);
}

static void take_field(tc_text *to, const tc_record_item *item, uint16_t key) {
    tc_field field;
    if (!to->length && tc_event_find(item->event, item->size, key, &field))
        tc_text_add(to, (const char *)field.value, field.length);
}

static void take(page *to, const tc_record_item *item) {
    if (item->type == TC_EVENT_PROGRAM) {
        take_field(&to->name, item, TC_FIELD_NAME);
        take_field(&to->executable, item, TC_FIELD_EXECUTABLE);
    }
    if (item->type == TC_EVENT_END) {
        to->ended = true;
        to->end_status = tc_event_number(item->event, item->size, TC_FIELD_STATUS, 0);
    }
}

static void add_array(tc_text *text, const char *name, const tc_text *elements) {
    tc_text_print(text, ",\n\"%s\":[", name);
    tc_text_add(text, elements->data ? elements->data : "", elements->length);
    tc_text_add(text, "]", 1);
}

static void add_data(page *to, const char *reason) {
    tc_text *text = &to->text, when = {0};
    tc_view_add_time(&when, to->started);
    tc_text_print(text, "{\"name\":");
    tc_text_add_json(text, to->name.data ? to->name.data : "", to->name.length);
    tc_text_print(text, ",\"executable\":");
    tc_text_add_json(text, to->executable.data ? to->executable.data : "", to->executable.length);
    tc_view_add_json(text, "started", when.data);
    char *end = to->ended ? tc_format("it ended with status %" PRIu64, to->end_status)
                          : tc_copy_text(reason);
    tc_view_add_json(text, "end", end);
    tc_text_print(text, ",\"masked\":%s", to->options->unmask ? "false" : "true");
    add_array(text, "connections", &to->connections);
    add_array(text, "exchanges", &to->exchanges);
    add_array(text, "messages", &to->messages);
    add_array(text, "lookups", &to->lookups);
    tc_text_print(text, "}");
    tc_text_reset(&when);
    free(end);
}

/* JSON in a script element: "<" could end it or begin a comment, and in strings, where alone it can
 * stand, it has another way to be written. */
static void write_data(const page *to) {
    for (size_t i = 0; i < to->text.length; i++) {
        char c = to->text.data[i];
        if (c == '<' || c == '>' || c == '&')
            fprintf(to->options->out, "\\u%04x", (unsigned)c);
        else
            fputc(c, to->options->out);
    }
}

static void write_page(const page *to) {
    uint64_t random[2] = {0};
    char nonce[33];
    if (getrandom(random, sizeof random, 0) != sizeof random)
        random[0] = to->started;
    snprintf(nonce, sizeof nonce, "%016" PRIx64 "%016" PRIx64, random[0], random[1]);
    for (const char *at = tc_record_page; *at;) {
        size_t length = strcspn(at, "@");
        fwrite(at, 1, length, to->options->out);
        at += length;
        if (strncmp(at, "@NONCE@", 7) == 0) {
            fputs(nonce, to->options->out);
            at += 7;
        } else if (strncmp(at, "@DATA@", 6) == 0) {
            write_data(to);
            at += 6;
        } else if (*at) {
            fputc(*at++, to->options->out);
        }
    }
}

int tc_export_html(tc_record *record, const tc_export_options *options) {
    page to = {.options = options, .started = tc_record_facts_of(record)->started};
    both with = {.to = &to};
    with.http = tc_http_create(&(tc_http_listener){.on_exchange = on_exchange,
                                                   .on_message = on_message,
                                                   .context = &to,
                                                   .body_limit = BODY_LIMIT});
    tc_flows *flows = tc_flows_create(
        &(tc_flow_listener){.on_event = on_event, .forget = tc_http_forget, .context = &with});
    tc_record_item item;
    while (tc_record_next(record, &item) == TC_RECORD_EVENT) {
        take(&to, &item);
        tc_flows_take(flows, &item);
    }
    tc_flows_finish(flows, tc_view_end_reason(record));
    add_data(&to, tc_view_end_reason(record));
    write_page(&to);
    tc_flows_destroy(flows);
    tc_http_destroy(with.http);
    tc_text *const texts[] = {&to.text,      &to.name,     &to.executable, &to.connections,
                              &to.exchanges, &to.messages, &to.lookups};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        tc_text_reset(texts[i]);
    return ferror(options->out) ? -1 : 0;
}
