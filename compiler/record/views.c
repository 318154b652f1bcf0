/* The views: lines for a person, JSON Lines, summaries. */
#include "record/views.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "record/http_mask.h"
#include "trace/checksum.h"
#include "trace/descriptors.h"
#include "trace/filter.h"

enum { BODY_LIMIT = 64 << 20 };

/* A row of a summary. */
typedef struct row {
    char *name;
    uint64_t count, failures, nanoseconds, slowest, bytes;
} row;

typedef struct kind {
    const char *name, *singular;
    void (*take)(tc_view *view, const tc_record_item *item); /* beside flows; or NULL */
    void (*on_event)(tc_view *view, const tc_flow_event *event);
    bool http;
} kind;

struct tc_view {
    const kind *kind;
    tc_view_options options;
    const tc_record_facts *facts;
    tc_descriptors descriptors; /* of calls */
    tc_flows *flows;
    tc_http *http;
    tc_text text; /* what is being written */
    char **ring;  /* the last lines, where only these are asked for; owned */
    size_t ring_next;
    row *rows;
    size_t row_count;
    uint32_t *places; /* a hash table of the rows' numbers from 1; 0: free */
    size_t place_count;
};

/* ---- what is written ---- */

static bool is_in_time(const tc_view *view, uint64_t time) {
    return time >= view->options.since && time <= view->options.until;
}

/* Ends the text, which is of `time`, and sends it on its way. */
static void emit(tc_view *view, uint64_t time) {
    tc_text *text = &view->text;
    if (!text->length || !is_in_time(view, time) || view->options.summary) {
        tc_text_clear(text);
        return;
    }
    if (text->data[text->length - 1] != '\n')
        tc_text_add(text, "\n", 1);
    if (view->options.last == SIZE_MAX) {
        fwrite(text->data, 1, text->length, view->options.out);
    } else if (view->options.last) {
        char **place = &view->ring[view->ring_next++ % view->options.last];
        free(*place);
        *place = tc_copy_text(text->data);
    }
    tc_text_clear(text);
}

static void write_ring(tc_view *view) {
    for (size_t i = 0; view->ring && i < view->options.last; i++) {
        const char *one = view->ring[(view->ring_next + i) % view->options.last];
        if (one)
            fputs(one, view->options.out);
    }
}

static size_t place_of(const tc_view *view, const char *name) {
    size_t mask = view->place_count - 1, at = tc_checksum(name, strlen(name), 0) & mask;
    while (view->places[at] && strcmp(view->rows[view->places[at] - 1].name, name) != 0)
        at = (at + 1) & mask;
    return at;
}

/* Room for one more row, in a table that is at most half full. */
static void grow_rows(tc_view *view) {
    if (view->row_count < view->place_count / 2)
        return;
    view->place_count = view->place_count ? 2 * view->place_count : 64;
    free(view->places);
    view->places = tc_allocate(view->place_count * sizeof *view->places);
    view->rows = tc_reallocate(view->rows, view->place_count / 2 * sizeof *view->rows);
    for (size_t i = 0; i < view->row_count; i++)
        view->places[place_of(view, view->rows[i].name)] = (uint32_t)i + 1;
}

static row *find_row(tc_view *view, const char *name) {
    grow_rows(view);
    size_t place = place_of(view, name);
    if (!view->places[place]) {
        view->rows[view->row_count++] = (row){.name = tc_copy_text(name)};
        view->places[place] = (uint32_t)view->row_count;
    }
    return &view->rows[view->places[place] - 1];
}

static void count(tc_view *view, uint64_t time, const char *name, uint64_t nanoseconds, bool failed,
                  uint64_t bytes) {
    if (!view->options.summary || !is_in_time(view, time))
        return;
    row *found = find_row(view, name);
    found->count++;
    found->failures += failed;
    found->nanoseconds += nanoseconds;
    found->bytes += bytes;
    if (nanoseconds > found->slowest)
        found->slowest = nanoseconds;
}

static int by_time(const void *a, const void *b) {
    const row *one = a, *other = b;
    if (one->nanoseconds != other->nanoseconds)
        return one->nanoseconds < other->nanoseconds ? 1 : -1;
    return strcmp(one->name, other->name);
}

static void add_row(tc_view *view, const row *one) {
    tc_text *text = &view->text;
    if (view->options.json) {
        tc_text_print(text, "{\"name\":");
        tc_text_add_json(text, one->name, strlen(one->name));
        tc_text_print(text,
                      ",\"count\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"seconds\":%.9f,"
                      "\"slowest\":%.9f,\"bytes\":%" PRIu64 "}\n",
                      one->count, one->failures, (double)one->nanoseconds / 1e9,
                      (double)one->slowest / 1e9, one->bytes);
        return;
    }
    tc_text_print(text, "%12.6f %12.6f %9" PRIu64 " %9" PRIu64 " %12" PRIu64 "  ",
                  (double)one->nanoseconds / 1e9, (double)one->slowest / 1e9, one->count,
                  one->failures, one->bytes);
    tc_view_add_plain(text, one->name, strlen(one->name));
    tc_text_add(text, "\n", 1);
}

static void write_summary(tc_view *view) {
    row total = {.name = (char *)"total"};
    if (view->row_count)
        qsort(view->rows, view->row_count, sizeof *view->rows, by_time);
    if (!view->options.json)
        tc_text_print(&view->text, "%12s %12s %9s %9s %12s  %s\n", "seconds", "slowest", "count",
                      "errors", "bytes", view->kind->name);
    for (size_t i = 0; i < view->row_count; i++) {
        const row *one = &view->rows[i];
        add_row(view, one);
        total.count += one->count;
        total.failures += one->failures;
        total.nanoseconds += one->nanoseconds;
        total.bytes += one->bytes;
        if (one->slowest > total.slowest)
            total.slowest = one->slowest;
    }
    if (!view->options.json)
        add_row(view, &total);
    if (view->text.length)
        fwrite(view->text.data, 1, view->text.length, view->options.out);
    view->text.length = 0;
}

/* ---- pieces ---- */

static uint64_t time_of_day(const tc_view *view, uint64_t time) {
    return view->facts->started + time;
}

static void begin_line(tc_view *view, uint64_t time) {
    view->text.length = 0;
    tc_view_add_time(&view->text, time_of_day(view, time));
    tc_text_add(&view->text, " ", 1);
}

static void begin_json(tc_view *view, uint64_t time) {
    view->text.length = 0;
    tc_text_print(&view->text, "{\"time\":\"");
    tc_view_add_utc(&view->text, time_of_day(view, time));
    tc_text_print(&view->text, "\",\"since_start\":%.9f", (double)time / 1e9);
}

static void add_json_address(tc_text *text, const char *name, const tc_record_address *address) {
    tc_text shown = {0};
    tc_text_add_address(&shown, address);
    tc_view_add_json(text, name, address->family ? shown.data : NULL);
    tc_text_reset(&shown);
}

static void add_json_way(tc_text *text, const tc_connection *on, uint8_t direction) {
    add_json_address(text, "source", direction == TC_SENT ? &on->local : &on->peer);
    add_json_address(text, "destination", direction == TC_SENT ? &on->peer : &on->local);
}

static const char *result_name(uint32_t result) {
    return result ? tc_errno_name(result) : "OK";
}

/* Lines of 16 bytes: "    00000010  47 45 54 …  GET / HTTP/1.1..". */
static void add_hex(tc_text *text, const uint8_t *bytes, size_t length) {
    enum { ROW = 16 };
    for (size_t at = 0; at < length; at += ROW) {
        size_t some = length - at < ROW ? length - at : ROW;
        tc_text_print(text, "    %08zx ", at);
        for (size_t i = 0; i < ROW; i++)
            if (i < some)
                tc_text_print(text, " %02x%s", bytes[at + i], i == 7 ? " " : "");
            else
                tc_text_print(text, "   %s", i == 7 ? " " : "");
        tc_text_add(text, "  ", 2);
        for (size_t i = 0; i < some; i++) {
            char c = (char)bytes[at + i];
            tc_text_add(text, c >= 0x20 && c < 0x7f ? &c : ".", 1);
        }
        tc_text_add(text, "\n", 1);
    }
}

/* "data": a text, or else "data_base64". */
static void add_json_bytes(tc_text *text, const char *name, const void *bytes, size_t length) {
    if (tc_content_is_text(bytes, length)) {
        tc_text_print(text, ",\"%s\":", name);
        tc_text_add_json(text, bytes, length);
        return;
    }
    tc_text_print(text, ",\"%s_base64\":\"", name);
    tc_view_add_base64(text, bytes, length);
    tc_text_add(text, "\"", 1);
}

/* ---- calls ---- */

/* How much data a call has moved: what its vectors held. */
static uint64_t moved_by(const tc_call *call) {
    size_t position = 0;
    tc_chunk chunk;
    while (tc_call_next_chunk(call, &position, &chunk))
        if (chunk.head.flags & TC_CHUNK_SCATTERED)
            return chunk.head.length;
    return 0;
}

static void show_call(tc_view *view, const tc_record_item *item) {
    uint64_t time = item->call.record->start;
    bool wanted =
        tc_filter_wants(view->options.only, &item->call, item->import, &view->descriptors);
    tc_show show = {.string_size = view->options.verbose ? SIZE_MAX : 48,
                    .unmask = view->options.unmask,
                    .descriptor = tc_descriptors_show,
                    .context = &view->descriptors};
    tc_descriptors_mask(&view->descriptors, &item->call, item->import, &show);
    view->text.length = 0;
    if (!view->options.json)
        begin_line(view, time);
    if (view->options.json)
        tc_show_call_json(&view->text, &item->call, item->import, &show);
    else
        tc_show_call(&view->text, &item->call, item->import, &show);
    if (!wanted)
        return;
    emit(view, time);
    count(view, time, item->import ? item->import->name : "?", item->call.duration,
          item->call.result != 0, moved_by(&item->call));
}

static void show_trap(tc_view *view, const tc_record_item *item) {
    uint64_t time = tc_event_time(item->event, item->size);
    size_t position = 0;
    tc_field field;
    if (view->options.json)
        return;
    begin_line(view, time);
    tc_text_print(&view->text, "+++ trap: ");
    if (tc_event_find(item->event, item->size, TC_FIELD_REASON, &field))
        tc_view_add_plain(&view->text, field.value, field.length);
    while (tc_event_next_field(item->event, item->size, &position, &field)) {
        if (field.key != TC_FIELD_FRAME)
            continue;
        tc_text_print(&view->text, "\n    in ");
        tc_view_add_plain(&view->text, field.value, field.length);
    }
    emit(view, time);
}

static void show_end(tc_view *view, const tc_record_item *item) {
    static const char *const causes[] = {"ended",
                                         "exited",
                                         "trapped",
                                         "ran into its --timeout",
                                         "went on without the record",
                                         "was ended by a signal"};
    uint64_t time = tc_event_time(item->event, item->size);
    uint64_t cause = tc_event_number(item->event, item->size, TC_FIELD_CAUSE, 0);
    if (view->options.json)
        return;
    begin_line(view, time);
    tc_text_print(&view->text, "+++ %s with status %" PRIu64,
                  causes[cause < sizeof causes / sizeof *causes ? cause : 0],
                  tc_event_number(item->event, item->size, TC_FIELD_STATUS, 0));
    emit(view, time);
}

static void take_call(tc_view *view, const tc_record_item *item) {
    if (item->type == TC_EVENT_CALL) {
        tc_descriptors_note(&view->descriptors, &item->call, item->import);
        show_call(view, item);
        tc_descriptors_close(&view->descriptors, &item->call, item->import);
    } else if (item->type == TC_EVENT_TRAP) {
        show_trap(view, item);
    } else if (item->type == TC_EVENT_END) {
        show_end(view, item);
    } else {
        tc_descriptors_note_event(&view->descriptors, item->event, item->size);
    }
}

/* ---- network ---- */

static void add_tls(tc_text *text, const tc_tls_facts *tls) {
    const char *const parts[] = {tls->cipher, tls->group, tls->alpn, tls->server_name};
    static const char *const names[] = {"", "", "alpn ", ""};
    if (tls->version)
        tc_text_print(text, " %s", tc_tls_version_name(tls->version));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!parts[i])
            continue;
        tc_text_print(text, " %s", names[i]);
        tc_view_add_plain(text, parts[i], strlen(parts[i]));
    }
    if (tls->resumed)
        tc_text_print(text, " resumed");
    tc_text_print(text, " in ");
    tc_view_add_duration(text, tls->duration);
    if (tls->error && tls->reason) {
        tc_text_print(text, ": ");
        tc_view_add_plain(text, tls->reason, strlen(tls->reason));
    }
}

static void add_json_tls(tc_text *text, const tc_tls_facts *tls) {
    tc_text_print(text, ",\"role\":\"%s\",\"handshake\":%.9f,\"resumed\":%s",
                  tls->server ? "server" : "client", (double)tls->duration / 1e9,
                  tls->resumed ? "true" : "false");
    tc_view_add_json(text, "version", tls->version ? tc_tls_version_name(tls->version) : NULL);
    tc_view_add_json(text, "cipher", tls->cipher);
    tc_view_add_json(text, "group", tls->group);
    tc_view_add_json(text, "alpn", tls->alpn);
    tc_view_add_json(text, "server_name", tls->server_name);
    tc_view_add_json(text, "peer", tls->peer_info);
    tc_view_add_json(text, "reason", tls->error ? tls->reason : NULL);
}

static const char *verb_of(const tc_flow_event *event) {
    switch (event->kind) {
    case TC_FLOW_CONNECTED:
        return "CONNECTED";
    case TC_FLOW_STREAM_END:
        return event->verb && strcmp(event->verb, "SHUTDOWN") == 0 ? "SHUTDOWN" : "END";
    case TC_FLOW_CLOSE:
        return "CLOSE";
    default:
        return event->verb ? event->verb : "?";
    }
}

/* What a line of the network shows of data. */
typedef struct shown_data {
    tc_buffer bytes;
    uint64_t missing;
} shown_data;

static void free_mask(void *user) {
    tc_http_mask_destroy(user);
}

/* Data with its secrets masked. */
static shown_data mask_data(tc_view *view, const tc_flow_event *event) {
    tc_connection *on = event->connection;
    shown_data out = {0};
    if (!view->options.verbose)
        return out;
    if (!view->options.unmask && !on->user)
        on->user = tc_http_mask_create(on->server);
    if (event->kind == TC_FLOW_TLS && on->user && on->tls.alpn && strcmp(on->tls.alpn, "h2") == 0)
        tc_http_mask_expect_http2(on->user);
    if (event->kind != TC_FLOW_DATA)
        return out;
    if (on->user && !on->datagram) {
        tc_http_mask_feed(on->user, event->direction, event->bytes, event->kept, event->length,
                          &out.bytes, &out.missing);
    } else {
        tc_buffer_add(&out.bytes, event->bytes, event->kept);
        out.missing = event->length - event->kept;
    }
    return out;
}

static void show_network_line(tc_view *view, const tc_flow_event *event, const shown_data *data) {
    const tc_connection *on = event->connection;
    tc_text *text = &view->text;
    begin_line(view, event->time);
    tc_text_print(text, "%s ", event->kind == TC_FLOW_TLS ? "TLS" : tc_view_protocol(on));
    if (event->kind == TC_FLOW_LISTEN)
        tc_text_add_address(text, &on->local);
    else
        tc_view_add_way(text, on,
                        event->kind == TC_FLOW_OPEN && on->server ? TC_RECEIVED : event->direction);
    tc_text_print(text, ": %s", verb_of(event));
    if (event->reason)
        tc_text_print(text, " (%s)", event->reason);
    else
        tc_text_print(text, " %s", result_name(event->result));
    if (event->kind == TC_FLOW_DATA)
        tc_text_print(text, " %zu", event->length);
    if (event->kind == TC_FLOW_OPEN && on->host) {
        tc_text_print(text, " ");
        tc_view_add_plain(text, on->host, strlen(on->host));
    }
    if (event->kind == TC_FLOW_TLS)
        add_tls(text, &on->tls);
    tc_text_add(text, "\n", 1);
    add_hex(text, (const uint8_t *)data->bytes.data, data->bytes.length);
    if (data->missing)
        tc_text_print(text, "    (%" PRIu64 " bytes more, not in the record)\n", data->missing);
}

static void show_network_json(tc_view *view, const tc_flow_event *event, const shown_data *data) {
    const tc_connection *on = event->connection;
    tc_text *text = &view->text;
    begin_json(view, event->time);
    tc_text_print(text, ",\"connection\":%" PRIu64 ",\"fd\":%" PRIu32, on->id, on->fd);
    tc_view_add_json(text, "protocol", event->kind == TC_FLOW_TLS ? "TLS" : tc_view_protocol(on));
    tc_view_add_json(text, "event", verb_of(event));
    add_json_way(text, on,
                 event->kind == TC_FLOW_OPEN && on->server ? TC_RECEIVED : event->direction);
    tc_view_add_json(text, "result", result_name(event->result));
    tc_text_print(text, ",\"duration\":%.9f", (double)event->duration / 1e9);
    if (on->host)
        tc_view_add_json(text, "host", on->host);
    if (event->reason)
        tc_view_add_json(text, "reason", event->reason);
    if (event->kind == TC_FLOW_TLS)
        add_json_tls(text, &on->tls);
    if (event->kind == TC_FLOW_DATA)
        tc_text_print(text, ",\"bytes\":%zu", event->length);
    if (event->kind == TC_FLOW_DATA && view->options.verbose)
        add_json_bytes(text, "data", data->bytes.data ? data->bytes.data : "", data->bytes.length);
    tc_text_add(text, "}", 1);
}

static bool is_of_network(const tc_flow_event *event) {
    const tc_connection *on = event->connection;
    if (!on)
        return false;
    if (event->kind == TC_FLOW_CONNECTED) /* said already where connect itself has waited */
        return on->open_result != 0;
    return event->kind != TC_FLOW_CLOSE || on->begun || on->bytes[0] || on->bytes[1];
}

static void on_network(tc_view *view, const tc_flow_event *event) {
    tc_text way = {0};
    tc_record_address peer = {0};
    if (!is_of_network(event))
        return;
    shown_data data = mask_data(view, event);
    if (event->peer) { /* of a datagram: for this line only */
        peer = event->connection->peer;
        event->connection->peer = *event->peer;
    }
    if (view->options.json)
        show_network_json(view, event, &data);
    else
        show_network_line(view, event, &data);
    emit(view, event->time);
    tc_text_print(&way, "%s ", tc_view_protocol(event->connection));
    tc_view_add_way(&way, event->connection, TC_SENT);
    if (event->kind != TC_FLOW_CLOSE)
        count(view, event->time, way.data ? way.data : "", event->duration, event->result != 0,
              event->length);
    if (event->peer)
        event->connection->peer = peer;
    tc_text_reset(&way);
    tc_buffer_reset(&data.bytes);
}

/* ---- dns, tls ---- */

static void on_dns(tc_view *view, const tc_flow_event *event) {
    tc_text *text = &view->text, name = {0};
    if (event->kind != TC_FLOW_LOOKUP)
        return;
    const tc_lookup *lookup = event->lookup;
    tc_text_add(&name, lookup->name, lookup->name_length);
    if (view->options.json) {
        begin_json(view, event->time);
        tc_text_print(text, ",\"name\":");
        tc_text_add_json(text, lookup->name, lookup->name_length);
        tc_text_print(text, ",\"service\":");
        tc_text_add_json(text, lookup->service, lookup->service_length);
        tc_view_add_json(text, "result", result_name(lookup->result));
        tc_text_print(text, ",\"duration\":%.9f,\"answers\":[", (double)lookup->duration / 1e9);
    } else {
        begin_line(view, event->time);
        tc_text_print(text, "DNS ");
        tc_view_add_plain(text, lookup->name, lookup->name_length);
        if (lookup->service_length)
            tc_text_print(text, " ");
        tc_view_add_plain(text, lookup->service, lookup->service_length);
        tc_text_print(text, " => %s", result_name(lookup->result));
    }
    for (size_t i = 0; i < lookup->answer_count; i++) {
        tc_text shown = {0};
        tc_text_add_address(&shown, &lookup->answers[i]);
        tc_text_print(text, view->options.json ? "%s\"%s\"" : "%s %s",
                      view->options.json && i ? "," : "", shown.data ? shown.data : "");
        tc_text_reset(&shown);
    }
    if (view->options.json) {
        tc_text_print(text, "]}");
    } else {
        tc_text_print(text, " in ");
        tc_view_add_duration(text, lookup->duration);
    }
    emit(view, event->time);
    count(view, event->time, name.data ? name.data : "", lookup->duration, lookup->result != 0, 0);
    tc_text_reset(&name);
}

static void on_tls(tc_view *view, const tc_flow_event *event) {
    tc_text *text = &view->text;
    if (event->kind != TC_FLOW_TLS)
        return;
    const tc_connection *on = event->connection;
    const tc_tls_facts *tls = &on->tls;
    if (view->options.json) {
        begin_json(view, event->time);
        tc_text_print(text, ",\"connection\":%" PRIu64, on->id);
        add_json_way(text, on, on->server ? TC_RECEIVED : TC_SENT);
        tc_view_add_json(text, "result", result_name(event->result));
        add_json_tls(text, tls);
        tc_text_add(text, "}", 1);
    } else {
        begin_line(view, event->time);
        tc_text_print(text, "TLS ");
        tc_view_add_way(text, on, on->server ? TC_RECEIVED : TC_SENT);
        tc_text_print(text, ": HANDSHAKE %s", result_name(event->result));
        add_tls(text, tls);
        tc_text_add(text, "\n", 1);
    }
    if (!view->options.json && view->options.verbose && tls->peer_info) {
        for (const char *line = tls->peer_info; *line;) {
            size_t length = strcspn(line, "\n");
            tc_text_print(text, "    ");
            tc_view_add_plain(text, line, length);
            tc_text_add(text, "\n", 1);
            line += length + (line[length] == '\n');
        }
    }
    emit(view, event->time);
    char *key = tls->error ? tc_format("failed: %s", tls->reason ? tls->reason : "")
                           : tc_format("%s %s", tc_tls_version_name(tls->version),
                                       tls->cipher ? tls->cipher : "");
    count(view, event->time, key, tls->duration, tls->error != 0, 0);
    free(key);
}

/* ---- requests ---- */

static void add_body_lines(tc_view *view, const tc_message *message) {
    bool decoded, cut;
    tc_text *text = &view->text;
    tc_buffer body = tc_view_body(message, &decoded, &cut);
    if (body.length && tc_content_is_text(body.data, body.length)) {
        for (const char *line = body.data, *end = body.data + body.length; line < end;) {
            const char *stop = memchr(line, '\n', (size_t)(end - line));
            size_t length = (size_t)((stop ? stop : end) - line);
            tc_text_print(text, "    ");
            tc_view_add_plain(text, line, length - (length && line[length - 1] == '\r'));
            tc_text_add(text, "\n", 1);
            line += length + 1;
        }
    } else {
        add_hex(text, (const uint8_t *)body.data, body.length);
    }
    if (cut && message->present)
        tc_text_print(text, "    (not whole: %" PRIu64 " bytes were sent)\n", message->body_size);
    tc_buffer_reset(&body);
}

static void add_field_lines(tc_view *view, char mark, const tc_http_fields *fields) {
    for (size_t i = 0; i < fields->count; i++) {
        tc_text value = {0};
        tc_text_print(&view->text, "%c ", mark);
        tc_view_add_plain(&view->text, fields->items[i].name, fields->items[i].name_length);
        tc_text_print(&view->text, ": ");
        tc_view_add_value(&value, &fields->items[i], view->options.unmask);
        tc_view_add_plain(&view->text, value.data ? value.data : "", value.length);
        tc_text_add(&view->text, "\n", 1);
        tc_text_reset(&value);
    }
}

static void add_message_lines(tc_view *view, const tc_exchange *exchange, char mark,
                              const tc_message *message) {
    tc_text *text = &view->text;
    if (!message->present)
        return;
    tc_text_print(text, "%c ", mark);
    if (mark == '>') {
        tc_view_add_plain(text, message->method ? message->method : "?",
                          strlen(message->method ? message->method : "?"));
        tc_text_print(text, " ");
        tc_view_add_plain(text, message->target ? message->target : "",
                          strlen(message->target ? message->target : ""));
        tc_text_print(text, " %s\n", exchange->version);
        if (message->authority) {
            tc_text_print(text, "%c :authority: ", mark);
            tc_view_add_plain(text, message->authority, strlen(message->authority));
            tc_text_add(text, "\n", 1);
        }
    } else {
        tc_text_print(text, "%s %" PRIu32, exchange->version, message->status);
        if (message->reason) {
            tc_text_print(text, " ");
            tc_view_add_plain(text, message->reason, strlen(message->reason));
        }
        tc_text_add(text, "\n", 1);
    }
    add_field_lines(view, mark, &message->headers);
    add_body_lines(view, message);
    add_field_lines(view, mark, &message->trailers);
}

static uint64_t begin_of(const tc_exchange *exchange) {
    return exchange->request.present ? exchange->request.begun : exchange->response.begun;
}

static uint64_t end_of(const tc_exchange *exchange) {
    uint64_t a = exchange->request.ended, b = exchange->response.ended;
    uint64_t end = a > b ? a : b;
    return end > begin_of(exchange) ? end : begin_of(exchange);
}

static void add_outcome(tc_text *text, const tc_exchange *exchange) {
    const tc_message *answer = &exchange->response;
    if (answer->present)
        tc_text_print(text, "%" PRIu32, answer->status);
    if (answer->present && answer->reason) {
        tc_text_print(text, " ");
        tc_view_add_plain(text, answer->reason, strlen(answer->reason));
    }
    if (exchange->grpc && exchange->grpc_status) {
        tc_text_print(text, " grpc-status ");
        tc_view_add_plain(text, exchange->grpc_status, strlen(exchange->grpc_status));
        tc_text_print(text, " %s", tc_grpc_status_name(exchange->grpc_status));
        if (exchange->grpc_message) {
            tc_text_print(text, " ");
            tc_view_add_plain(text, exchange->grpc_message, strlen(exchange->grpc_message));
        }
    }
    if (exchange->failure)
        tc_text_print(text, "%s(%s)", answer->present ? " " : "", exchange->failure);
}

static void show_exchange_line(tc_view *view, const tc_exchange *exchange) {
    tc_text *text = &view->text;
    const tc_connection *on = exchange->connection;
    const char *method = exchange->request.method ? exchange->request.method : "?";
    const char *target = exchange->request.target ? exchange->request.target : "?";
    begin_line(view, begin_of(exchange));
    tc_text_print(text, "HTTP ");
    tc_view_add_way(text, on, on->server ? TC_RECEIVED : TC_SENT);
    tc_text_print(text, ": ");
    tc_view_add_plain(text, method, strlen(method));
    tc_text_print(text, " ");
    tc_view_add_plain(text, target, strlen(target));
    tc_text_print(text, " => ");
    add_outcome(text, exchange);
    tc_text_add(text, "\n", 1);
    if (!view->options.verbose)
        return;
    add_message_lines(view, exchange, '>', &exchange->request);
    for (size_t i = 0; i < exchange->interim_count; i++)
        tc_text_print(text, "< %s %" PRIu32 "\n", exchange->version, exchange->interim[i]);
    add_message_lines(view, exchange, '<', &exchange->response);
    tc_text_add(text, "\n", 1);
}

static void add_json_message(tc_view *view, const char *name, const tc_message *message) {
    tc_text *text = &view->text;
    bool decoded, cut;
    if (!message->present) {
        tc_text_print(text, ",\"%s\":null", name);
        return;
    }
    tc_text_print(text, ",\"%s\":{\"begun\":%.9f,\"ended\":%.9f,\"body_size\":%" PRIu64, name,
                  (double)message->begun / 1e9, (double)message->ended / 1e9, message->body_size);
    if (message->method)
        tc_view_add_json(text, "method", message->method);
    if (message->target)
        tc_view_add_json(text, "target", message->target);
    if (message->status)
        tc_text_print(text, ",\"status\":%" PRIu32, message->status);
    if (message->reason)
        tc_view_add_json(text, "reason", message->reason);
    tc_view_add_fields(text, "headers", &message->headers, view->options.unmask);
    if (message->trailers.count)
        tc_view_add_fields(text, "trailers", &message->trailers, view->options.unmask);
    if (view->options.verbose) {
        tc_buffer body = tc_view_body(message, &decoded, &cut);
        add_json_bytes(text, "body", body.data, body.length);
        tc_text_print(text, ",\"body_whole\":%s", cut ? "false" : "true");
        tc_buffer_reset(&body);
    }
    tc_text_add(text, "}", 1);
}

static void show_exchange_json(tc_view *view, const tc_exchange *exchange) {
    tc_text *text = &view->text;
    const tc_connection *on = exchange->connection;
    char *url = tc_exchange_url(exchange);
    begin_json(view, begin_of(exchange));
    tc_text_print(text, ",\"id\":%" PRIu64 ",\"connection\":%" PRIu64 ",\"role\":\"%s\"",
                  exchange->id, on->id, on->server ? "server" : "client");
    tc_view_add_json(text, "version", exchange->version);
    if (exchange->stream)
        tc_text_print(text, ",\"stream\":%" PRIu32, exchange->stream);
    add_json_way(text, on, on->server ? TC_RECEIVED : TC_SENT);
    tc_view_add_json(text, "url", url);
    tc_text_print(text, ",\"duration\":%.9f",
                  (double)(end_of(exchange) - begin_of(exchange)) / 1e9);
    tc_text_print(text, ",\"interim\":[");
    for (size_t i = 0; i < exchange->interim_count; i++)
        tc_text_print(text, "%s%" PRIu32, i ? "," : "", exchange->interim[i]);
    tc_text_add(text, "]", 1);
    if (exchange->grpc && exchange->grpc_status) {
        tc_view_add_json(text, "grpc_status", exchange->grpc_status);
        tc_view_add_json(text, "grpc_status_name", tc_grpc_status_name(exchange->grpc_status));
        tc_view_add_json(text, "grpc_message", exchange->grpc_message);
    }
    tc_view_add_json(text, "failure", exchange->failure);
    add_json_message(view, "request", &exchange->request);
    add_json_message(view, "response", &exchange->response);
    tc_text_add(text, "}", 1);
    free(url);
}

static void on_exchange(void *context, const tc_exchange *exchange) {
    tc_view *view = context;
    tc_text key = {0};
    if (view->options.json)
        show_exchange_json(view, exchange);
    else
        show_exchange_line(view, exchange);
    emit(view, begin_of(exchange));
    tc_text_print(&key, "%s ", exchange->request.method ? exchange->request.method : "?");
    const char *target = exchange->request.target ? exchange->request.target : "?";
    tc_text_add(&key, target, strcspn(target, "?"));
    tc_text_print(&key, " => ");
    if (exchange->response.present)
        tc_text_print(&key, "%" PRIu32, exchange->response.status);
    else
        tc_text_print(&key, "no answer");
    count(view, begin_of(exchange), key.data ? key.data : "", end_of(exchange) - begin_of(exchange),
          exchange->failure || exchange->response.status >= 400,
          exchange->request.body_size + exchange->response.body_size);
    tc_text_reset(&key);
}

static void on_message(void *context, const tc_socket_message *message) {
    tc_view *view = context;
    tc_text *text = &view->text;
    const tc_connection *on = message->connection;
    const char *opcode = tc_socket_opcode_name(message->opcode);
    if (view->options.json) {
        begin_json(view, message->time);
        tc_text_print(text, ",\"connection\":%" PRIu64 ",\"websocket\":\"%s\"", on->id, opcode);
        tc_view_add_json(text, "target", message->target);
        add_json_way(text, on, message->direction);
        tc_text_print(text, ",\"bytes\":%" PRIu64 ",\"compressed\":%s,\"whole\":%s", message->size,
                      message->compressed ? "true" : "false", message->missing ? "false" : "true");
        if (view->options.verbose)
            add_json_bytes(text, "data", message->bytes, message->length);
        tc_text_add(text, "}", 1);
    } else {
        begin_line(view, message->time);
        tc_text_print(text, "WS ");
        tc_view_add_way(text, on, message->direction);
        tc_text_print(text, ": ");
        tc_view_add_plain(text, message->target, strlen(message->target));
        tc_text_print(text, " %s %" PRIu64, opcode, message->size);
        if (message->opcode == 8 && message->length >= 2) {
            tc_text_print(text, " %d ", message->bytes[0] << 8 | message->bytes[1]);
            tc_view_add_plain(text, message->bytes + 2, message->length - 2);
        }
        tc_text_add(text, "\n", 1);
        if (view->options.verbose && tc_content_is_text(message->bytes, message->length) &&
            message->length) {
            tc_text_print(text, "    ");
            tc_view_add_plain(text, message->bytes, message->length);
            tc_text_add(text, "\n", 1);
        } else if (view->options.verbose) {
            add_hex(text, message->bytes, message->length);
        }
        if (view->options.verbose && message->missing)
            tc_text_print(text, "    (not whole)\n");
    }
    emit(view, message->time);
}

/* ---- all of them ---- */

static const kind kinds[] = {
    {.name = "calls", .singular = "call", .take = take_call},
    {.name = "network", .singular = "network", .on_event = on_network},
    {.name = "requests", .singular = "request", .http = true},
    {.name = "dns", .singular = "dns", .on_event = on_dns},
    {.name = "tls", .singular = "tls", .on_event = on_tls},
};

static void on_flow_event(void *context, const tc_flow_event *event) {
    tc_view *view = context;
    view->kind->on_event(view, event);
}

static void begin_flows(tc_view *view) {
    if (view->kind->http) {
        view->http = tc_http_create(&(tc_http_listener){
            .on_exchange = on_exchange,
            .on_message = on_message,
            .context = view,
            .body_limit = view->options.verbose ? BODY_LIMIT : 0,
        });
        view->flows = tc_flows_create(&(tc_flow_listener){
            .on_event = tc_http_on_event, .forget = tc_http_forget, .context = view->http});
    } else if (view->kind->on_event) {
        view->flows = tc_flows_create(
            &(tc_flow_listener){.on_event = on_flow_event, .forget = free_mask, .context = view});
    }
}

tc_view *tc_view_create(const char *what, const tc_view_options *options,
                        const tc_record_facts *facts) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, what) != 0 && strcmp(kinds[i].singular, what) != 0)
            continue;
        tc_view *view = tc_allocate(sizeof *view);
        view->kind = &kinds[i];
        view->options = *options;
        view->facts = facts;
        if (options->last != SIZE_MAX && options->last)
            view->ring = tc_allocate(options->last * sizeof *view->ring);
        begin_flows(view);
        return view;
    }
    return NULL;
}

void tc_view_take(tc_view *view, const tc_record_item *item) {
    if (view->kind->take)
        view->kind->take(view, item);
    if (view->flows)
        tc_flows_take(view->flows, item);
}

void tc_view_finish(tc_view *view, const char *reason) {
    if (view->flows)
        tc_flows_finish(view->flows, reason);
    write_ring(view);
    if (view->options.summary)
        write_summary(view);
}

void tc_view_destroy(tc_view *view) {
    if (!view)
        return;
    tc_flows_destroy(view->flows);
    tc_http_destroy(view->http);
    tc_descriptors_reset(&view->descriptors);
    tc_text_reset(&view->text);
    for (size_t i = 0; view->ring && i < view->options.last; i++)
        free(view->ring[i]);
    free(view->ring);
    for (size_t i = 0; i < view->row_count; i++)
        free(view->rows[i].name);
    free(view->rows);
    free(view->places);
    free(view);
}
