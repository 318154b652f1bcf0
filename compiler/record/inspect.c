/* What a record is of. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "record/views.h"
#include "trace/descriptors.h"

typedef struct summary {
    uint64_t calls, first_call, last_call, failed, last_time;
    uint64_t connections, handshakes, failed_handshakes, lookups;
    uint64_t sent, received, cut, made_up, unknown;
    bool any;
} summary;

static void on_event(void *context, const tc_flow_event *event) {
    summary *sum = context;
    sum->connections += event->kind == TC_FLOW_OPEN;
    sum->handshakes += event->kind == TC_FLOW_TLS;
    sum->failed_handshakes += event->kind == TC_FLOW_TLS && event->result;
    sum->lookups += event->kind == TC_FLOW_LOOKUP;
    if (event->kind == TC_FLOW_DATA)
        *(event->direction == TC_SENT ? &sum->sent : &sum->received) += event->length;
}

static void print(FILE *out, const char *name, tc_text *value) {
    fprintf(out, "%-14s %s\n", name, value->data ? value->data : "");
    value->length = 0;
}

static void print_text(FILE *out, const char *name, const tc_record_item *item, uint16_t key) {
    tc_field field;
    tc_text text = {0};
    if (tc_event_find(item->event, item->size, key, &field)) {
        tc_view_add_plain(&text, field.value, field.length);
        print(out, name, &text);
    }
    tc_text_reset(&text);
}

static void print_hex(FILE *out, const char *name, const tc_record_item *item, uint16_t key) {
    tc_field field;
    tc_text text = {0};
    if (tc_event_find(item->event, item->size, key, &field)) {
        for (uint32_t i = 0; i < field.length && i < 64; i++)
            tc_text_print(&text, "%02x", field.value[i]);
        print(out, name, &text);
    }
    tc_text_reset(&text);
}

/* The values of --env NAME=VALUE in the words of a grant, to the end of each word. */
static void mask_grants(char *text) {
    for (char *at = text; (at = strstr(at, "--env"));) {
        at += strlen("--env");
        if (*at != '=' && *at != ' ')
            continue;
        at++;
        at += strcspn(at, "= ");
        if (*at != '=')
            continue;
        char quote = at > text && strchr("'\"", at[1]) && at[1] ? at[1] : ' ';
        for (at += quote == ' ' ? 1 : 2; *at && *at != quote; at++)
            *at = '*';
    }
}

static void print_program(FILE *out, const tc_record_item *item, bool unmask) {
    size_t position = 0;
    tc_field field;
    tc_text text = {0};
    print_text(out, "module:", item, TC_FIELD_NAME);
    print_hex(out, "sha256:", item, TC_FIELD_MODULE_HASH);
    print_text(out, "runtime:", item, TC_FIELD_VERSION);
    print_text(out, "executable:", item, TC_FIELD_EXECUTABLE);
    print_hex(out, "build id:", item, TC_FIELD_BUILD_ID);
    print_text(out, "folder:", item, TC_FIELD_FOLDER);
    tc_text_print(&text, "%" PRIu64, tc_event_number(item->event, item->size, TC_FIELD_PID, 0));
    print(out, "pid:", &text);
    while (tc_event_next_field(item->event, item->size, &position, &field)) {
        if (field.key != TC_FIELD_GRANTS || !field.length)
            continue;
        char *words = tc_format("%.*s", (int)field.length, (const char *)field.value);
        if (!unmask)
            mask_grants(words);
        tc_view_add_plain(&text, words, strlen(words));
        free(words);
        print(out, "grants:", &text);
    }
    tc_text_reset(&text);
}

/* Arguments, or the environment's names with their values masked. */
static void print_words(FILE *out, const tc_record_item *item, bool unmask) {
    bool environment = item->type == TC_EVENT_ENVIRONMENT;
    size_t position = 0;
    tc_field field;
    tc_text text = {0};
    while (tc_event_next_field(item->event, item->size, &position, &field)) {
        if (field.key != TC_FIELD_WORD)
            continue;
        tc_buffer word = {0};
        tc_buffer_add(&word, field.value, field.length);
        if (environment && !unmask)
            tc_mask_environment((uint8_t *)word.data, word.length);
        if (environment) {
            tc_view_add_plain(&text, word.data, word.length);
            print(out, "environment:", &text);
        } else {
            tc_text_add_quoted(&text, word.data, word.length, SIZE_MAX, false);
            tc_text_add(&text, " ", 1);
        }
        tc_buffer_reset(&word);
    }
    if (!environment)
        print(out, "arguments:", &text);
    tc_text_reset(&text);
}

static void print_trap(FILE *out, const tc_record_item *item) {
    size_t position = 0;
    tc_field field;
    tc_text text = {0};
    print_text(out, "trap:", item, TC_FIELD_REASON);
    while (tc_event_next_field(item->event, item->size, &position, &field)) {
        if (field.key != TC_FIELD_FRAME)
            continue;
        tc_view_add_plain(&text, field.value, field.length);
        print(out, "  in", &text);
    }
    tc_text_reset(&text);
}

static void print_end(FILE *out, const tc_record_item *item) {
    uint64_t status = tc_event_number(item->event, item->size, TC_FIELD_STATUS, 0);
    switch (tc_event_number(item->event, item->size, TC_FIELD_CAUSE, 0)) {
    case TC_END_EXIT:
        fprintf(out, "%-14s it exited with status %" PRIu64 "\n", "end:", status);
        break;
    case TC_END_TRAP:
        fprintf(out, "%-14s it trapped; status %" PRIu64 "\n", "end:", status);
        break;
    case TC_END_TIMEOUT:
        fprintf(out, "%-14s its --timeout was over; status %" PRIu64 "\n", "end:", status);
        break;
    case TC_END_SIGNAL:
        fprintf(out, "%-14s signal %" PRIu64 " ended it; status %" PRIu64 "\n",
                "end:", tc_event_number(item->event, item->size, TC_FIELD_SIGNAL, 0), status);
        break;
    case TC_END_UNWRITABLE:
        fprintf(out, "%-14s the record could not be written (%s); the program went on\n",
                "end:", strerror((int)tc_event_number(item->event, item->size, TC_FIELD_ERROR, 0)));
        break;
    default:
        fprintf(out, "%-14s for a reason that this timecraft does not know\n", "end:");
    }
}

static void take_call(summary *sum, const tc_record_item *item) {
    const tc_record_call *call = item->call.record;
    uint64_t end = call->start + item->call.duration;
    if (!sum->any)
        sum->first_call = call->index;
    sum->any = true;
    sum->calls++;
    sum->last_call = call->index;
    sum->failed += item->call.result != 0;
    sum->cut += (call->event.detail[1] & TC_CALL_CUT) != 0;
    sum->made_up += (call->event.detail[1] & TC_CALL_CHAOS) != 0;
    sum->unknown += item->import == NULL;
    if (end > sum->last_time)
        sum->last_time = end;
}

static void print_head(FILE *out, const tc_record_facts *facts, const char *path) {
    char *size = tc_size_shown(facts->file_size);
    tc_text text = {0};
    fprintf(out, "%s: record of a program's run, %s", path, size);
    free(size);
    if (facts->limit) {
        size = tc_size_shown(facts->limit);
        fprintf(out, " (never more than %s)", size);
        free(size);
    }
    fprintf(out, "\n");
    tc_view_add_time(&text, facts->started);
    print(out, "began:", &text);
    tc_text_reset(&text);
}

/* What a reader cannot learn from it. */
static void print_missing(FILE *out, const tc_record_facts *facts, const summary *sum,
                          bool unmask) {
    static const char *const details[] = {
        "calls: what was sent and received is not in it, nor the environment's values",
        "headers: of each message the first bytes are in it, not the environment's values",
        "all: all that a replay needs",
    };
    fprintf(out, "%-14s %s\n", "detail:", details[facts->detail]);
    if (sum->first_call)
        fprintf(out,
                "%-14s the first %" PRIu64 " calls were written over: the record has a limit\n",
                "missing:", sum->first_call);
    if (sum->cut)
        fprintf(out, "%-14s %" PRIu64 " calls were too large to be kept whole\n",
                "missing:", sum->cut);
    if (sum->unknown)
        fprintf(out, "%-14s %" PRIu64 " calls of imports that this timecraft does not know\n",
                "unknown:", sum->unknown);
    if (sum->made_up)
        fprintf(out, "%-14s %" PRIu64 " results were made up by --chaos\n", "chaos:", sum->made_up);
    if (facts->damaged)
        fprintf(out, "%-14s events are missing in %" PRIu64 " places\n",
                "damaged:", facts->damaged);
    if (!unmask)
        fprintf(out,
                "%-14s environment variables, Authorization, Cookie, Set-Cookie and\n"
                "%-14s Proxy-Authorization are shown as *** without --unmask\n",
                "masked:", "");
}

static void print_sum(FILE *out, const tc_record *record, const summary *sum, bool unmask) {
    const tc_record_facts *facts = tc_record_facts_of(record);
    tc_text text = {0};
    tc_view_add_duration(&text, sum->last_time);
    print(out, "lasted:", &text);
    tc_text_reset(&text);
    fprintf(out, "%-14s %" PRIu64 ", %" PRIu64 " of them failed; %" PRIu64 " to %" PRIu64 "\n",
            "calls:", sum->calls, sum->failed, sum->first_call, sum->last_call);
    fprintf(out, "%-14s %" PRIu64 ", %" PRIu64 " bytes sent, %" PRIu64 " received\n",
            "connections:", sum->connections, sum->sent, sum->received);
    fprintf(out, "%-14s %" PRIu64 ", %" PRIu64 " failed\n", "handshakes:", sum->handshakes,
            sum->failed_handshakes);
    fprintf(out, "%-14s %" PRIu64 "\n", "look-ups:", sum->lookups);
    fprintf(out, "%-14s %" PRIu64 " in %" PRIu64 " blocks, %" PRIu64 " of them compressed\n",
            "event bytes:", facts->event_bytes, facts->blocks, facts->compressed);
    if (!facts->ended)
        fprintf(out, "%-14s %s\n", "end:",
                tc_record_is_growing(record)
                    ? "none yet: the program runs still"
                    : "none: the program was killed, or the machine stopped; all calls that were "
                      "complete are there");
    print_missing(out, facts, sum, unmask);
}

int tc_record_inspect(tc_record *record, const char *path, bool unmask, FILE *out) {
    summary sum = {0};
    tc_record_item item;
    bool told = false;
    tc_flows *flows = tc_flows_create(&(tc_flow_listener){.on_event = on_event, .context = &sum});
    print_head(out, tc_record_facts_of(record), path);
    while (tc_record_next(record, &item) == TC_RECORD_EVENT) {
        uint64_t time = tc_event_time(item.event, item.size);
        if (time > sum.last_time)
            sum.last_time = time;
        if (item.type == TC_EVENT_CALL)
            take_call(&sum, &item);
        else if (item.type == TC_EVENT_PROGRAM && !told)
            print_program(out, &item, unmask);
        else if (item.type == TC_EVENT_ARGUMENTS && !told)
            print_words(out, &item, unmask);
        else if (item.type == TC_EVENT_ENVIRONMENT && !told)
            print_words(out, &item, unmask), told = true;
        else if (item.type == TC_EVENT_TRAP)
            print_trap(out, &item);
        else if (item.type == TC_EVENT_END)
            print_end(out, &item);
        tc_flows_take(flows, &item);
    }
    print_sum(out, record, &sum, unmask);
    tc_flows_destroy(flows);
    return told || sum.any ? 0 : -1;
}
