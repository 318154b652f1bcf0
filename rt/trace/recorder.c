#include "trace/recorder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/module.h"
#include "guest/report.h"
#include "options/options.h"
#include "trace/identity.h"
#include "trace/writer.h"

#ifndef TIMECRAFT_VERSION
#define TIMECRAFT_VERSION "?"
#endif

/* What is known of a descriptor beside what can be shown of it. */
typedef struct watched {
    uint64_t burst;          /* bytes that the current burst may still keep */
    uint8_t direction;       /* of the burst: 1 in, 2 out, 0 none yet */
    tc_text connection, tls; /* their events, for the state */
} watched;

static struct {
    const tc_recorder_setup *setup;
    tc_record_detail detail;
    watched *all; /* by descriptor */
    size_t count;
    bool failed; /* told of in an event */
    bool on;
    char executable[4096], folder[4096]; /* paths; "": not known */
} recorder;

/* ---- events of fields ---- */

void tc_fields_begin(tc_text *event, uint16_t type, uint32_t descriptor, uint64_t time) {
    tc_record_event head = {.type = type, .detail32 = descriptor};
    tc_text_clear(event);
    tc_text_add(event, (const char *)&head, sizeof head);
    tc_text_add(event, (const char *)&time, sizeof time);
}

void tc_fields_add(tc_text *event, uint16_t key, const void *value, size_t length) {
    static const char zeroes[8];
    tc_record_field head = {.key = key, .length = (uint32_t)length};
    tc_text_add(event, (const char *)&head, sizeof head);
    tc_text_add(event, value, length);
    tc_text_add(event, zeroes, -length & 7);
}

void tc_fields_add_text(tc_text *event, uint16_t key, const char *text) {
    if (*text)
        tc_fields_add(event, key, text, strlen(text));
}

void tc_fields_add_number(tc_text *event, uint16_t key, uint64_t number) {
    tc_fields_add(event, key, &number, sizeof number);
}

void tc_fields_end(tc_text *event) {
    uint32_t size = (uint32_t)event->length;
    if (!event->cut)
        memcpy(event->data + offsetof(tc_record_event, size), &size, sizeof size);
}

/* ---- the state ---- */

static void put(const tc_text *event, uint64_t call) {
    if (event->cut) { /* a record is whole, or it ends */
        tc_writer_fail(ENOMEM);
        return;
    }
    if (!event->length)
        return;
    char *at = tc_writer_reserve(event->length, call, 0);
    if (!at)
        return;
    memcpy(at, event->data, event->length);
    tc_writer_commit(at);
}

static void put_program(tc_text *event) {
    uint8_t hash[TC_MODULE_HASH_SIZE];
    size_t build_length;
    const void *build = tc_identity_build(&build_length);
    tc_fields_begin(event, TC_EVENT_PROGRAM, 0, 0);
    tc_fields_add_text(event, TC_FIELD_NAME, tc_guest_module.name);
    if (tc_identity_module(hash))
        tc_fields_add(event, TC_FIELD_MODULE_HASH, hash, sizeof hash);
    tc_fields_add_text(event, TC_FIELD_VERSION, TIMECRAFT_VERSION);
    if (build)
        tc_fields_add(event, TC_FIELD_BUILD_ID, build, build_length);
    if (*recorder.executable)
        tc_fields_add_text(event, TC_FIELD_EXECUTABLE, recorder.executable);
    tc_fields_add_number(event, TC_FIELD_PID, (uint64_t)getpid());
    for (size_t i = 0; i < 3; i++) {
        tc_text words = {0};
        if (recorder.setup->words[i])
            tc_text_print(&words, "%s", recorder.setup->words[i]);
        tc_mask_words((uint8_t *)words.data, words.length);
        tc_fields_add(event, TC_FIELD_GRANTS, words.data, words.length);
        event->cut |= words.cut;
        tc_text_reset(&words);
    }
    if (*recorder.folder)
        tc_fields_add_text(event, TC_FIELD_FOLDER, recorder.folder);
    tc_fields_add_number(event, TC_FIELD_MEMORY_LIMIT, recorder.setup->view->options->max_memory);
    tc_fields_end(event);
    put(event, 0);
}

static void put_words(tc_text *event, uint16_t type, char *const *words, int count,
                      bool names_only) {
    tc_fields_begin(event, type, 0, 0);
    for (int i = 0; i < count; i++) {
        size_t length = strlen(words[i]), name = strcspn(words[i], "=");
        tc_fields_add(event, TC_FIELD_WORD, words[i],
                      names_only && name < length ? name + 1 : length);
    }
    tc_fields_end(event);
    put(event, 0);
}

static void put_clock_and_imports(tc_text *event) {
    char text[128];
    tc_fields_begin(event, TC_EVENT_CLOCK, 0, 0);
    tc_fields_add_number(event, TC_FIELD_REALTIME, recorder.setup->realtime);
    tc_fields_add_number(event, TC_FIELD_MONOTONIC, recorder.setup->monotonic);
    tc_fields_end(event);
    put(event, 0);
    tc_fields_begin(event, TC_EVENT_IMPORTS, 0, 0);
    for (size_t i = 0; i < TC_ID_COUNT; i++) {
        const tc_described *one = &tc_imports_described[i];
        snprintf(text, sizeof text, "%s %s %s", one->module, one->name, one->type);
        tc_fields_add_text(event, TC_FIELD_IMPORT, text);
    }
    tc_fields_end(event);
    put(event, 0);
}

static void put_descriptor(tc_text *event, uint32_t fd, const tc_descriptor *one) {
    tc_fields_begin(event, TC_EVENT_DESCRIPTOR, fd, 0);
    tc_fields_add_number(event, TC_FIELD_KIND, one->kind);
    if (one->path)
        tc_fields_add_text(event, TC_FIELD_PATH, one->path);
    if (one->kind == TC_DESCRIPTOR_SOCKET) {
        tc_fields_add_number(event, TC_FIELD_FAMILY, one->family);
        tc_fields_add_number(event, TC_FIELD_TYPE, one->type);
        tc_fields_add_number(event, TC_FIELD_LISTENING, one->listening);
        tc_fields_add_number(event, TC_FIELD_HAS_TLS, one->tls);
        tc_fields_add_number(event, TC_FIELD_SERVER, one->server);
        if (one->local.family)
            tc_fields_add(event, TC_FIELD_LOCAL, &one->local, sizeof one->local);
        if (one->peer.family)
            tc_fields_add(event, TC_FIELD_PEER, &one->peer, sizeof one->peer);
        if (one->host)
            tc_fields_add_text(event, TC_FIELD_HOST, one->host);
    }
    tc_fields_add_number(event, TC_FIELD_CALL, one->opened_by);
    tc_fields_end(event);
    put(event, 0);
}

static void begin_segment(void) {
    const tc_wasi_view *view = recorder.setup->view;
    tc_text event = {0};
    put_program(&event);
    put_words(&event, TC_EVENT_ARGUMENTS, view->argv, view->argc, false);
    put_words(&event, TC_EVENT_ENVIRONMENT, view->envv, view->envc,
              recorder.detail != TC_DETAIL_ALL);
    put_clock_and_imports(&event);
    for (size_t fd = 0; fd < recorder.setup->descriptors->capacity; fd++) {
        const tc_descriptor *one = tc_descriptors_get(recorder.setup->descriptors, (uint32_t)fd);
        if (!one)
            continue;
        put_descriptor(&event, (uint32_t)fd, one);
        if (fd < recorder.count) {
            put(&recorder.all[fd].connection, 0);
            put(&recorder.all[fd].tls, 0);
        }
    }
    tc_text_reset(&event);
}

bool tc_recorder_open(const tc_recorder_setup *setup) {
    const tc_options *options = setup->view->options;
    recorder.setup = setup;
    /* Once it is confined the process cannot ask for these. */
    if (readlink("/proc/self/exe", recorder.executable, sizeof recorder.executable - 1) < 0)
        recorder.executable[0] = 0;
    if (!getcwd(recorder.folder, sizeof recorder.folder))
        recorder.folder[0] = 0;
    recorder.detail = options->record_detail;
    recorder.on = tc_writer_open(options->record, tc_guest_module.name, options->record_limit,
                                 (uint8_t)options->record_detail, setup->realtime, begin_segment);
    return recorder.on;
}

/* ---- failures ---- */

/* Of an event that is laid out where it goes: in a signal handler, or for want of memory. */
static char *put_field(char *at, uint16_t key, const void *value, size_t length) {
    tc_record_field head = {.key = key, .length = (uint32_t)length};
    memcpy(at, &head, sizeof head);
    at += sizeof head;
    memcpy(at, value, length);
    memset(at + length, 0, -length & 7);
    return at + length + (-length & 7);
}

/* The person has been told; the record says it too. Memory is not asked for: there may be none. */
static void note_failure(uint64_t time) {
    enum { SIZE = sizeof(tc_record_event) + sizeof time + 2 * 16 };
    uint64_t cause = TC_END_UNWRITABLE, error = (uint64_t)tc_writer_error();
    if (recorder.failed || !error)
        return;
    recorder.failed = true;
    recorder.on = false;
    char *event = tc_writer_reserve_last(SIZE);
    if (event) {
        tc_record_event head = {.size = SIZE, .type = TC_EVENT_END};
        memcpy(event, &head, sizeof head);
        memcpy(event + sizeof head, &time, sizeof time);
        char *at =
            put_field(event + sizeof head + sizeof time, TC_FIELD_CAUSE, &cause, sizeof cause);
        put_field(at, TC_FIELD_ERROR, &error, sizeof error);
        tc_writer_commit(event);
    }
    tc_writer_close();
}

void tc_recorder_lost(uint64_t time) {
    if (!recorder.on)
        return;
    tc_writer_fail(ENOMEM);
    note_failure(time);
}

/* ---- calls ---- */

static watched *watch(uint32_t fd) {
    enum { FD_MAX = 65536 };
    if (fd < recorder.count)
        return &recorder.all[fd];
    if (fd >= FD_MAX)
        return NULL;
    size_t count = fd + 1 > 2 * recorder.count ? fd + 1 : 2 * recorder.count;
    watched *grown = realloc(recorder.all, count * sizeof *grown);
    if (!grown) {
        tc_writer_fail(ENOMEM);
        return NULL;
    }
    memset(grown + recorder.count, 0, (count - recorder.count) * sizeof *grown);
    recorder.all = grown;
    recorder.count = count;
    return &grown[fd];
}

/* How much of a call's data is kept: see record.h. */
static uint64_t kept_data(const tc_capture *capture) {
    bool in;
    if (recorder.detail == TC_DETAIL_ALL)
        return UINT64_MAX;
    uint64_t moved = recorder.detail == TC_DETAIL_HEADERS ? tc_capture_moved(capture, &in) : 0;
    watched *one = moved ? watch((uint32_t)capture->arguments[0]) : NULL;
    if (!one)
        return 0;
    uint8_t direction = in ? 1 : 2;
    if (one->direction != direction) {
        one->direction = direction;
        one->burst = TC_RECORD_BURST;
    }
    uint64_t kept = moved < one->burst ? moved : one->burst;
    one->burst -= kept;
    return kept;
}

const tc_record_call *tc_recorder_call(const tc_capture *capture, const tc_record_call *head) {
    if (!recorder.on)
        return NULL;
    if (capture->lost) {
        tc_recorder_lost(head->start);
        return NULL;
    }
    uint64_t data = kept_data(capture), size = tc_capture_size(capture, data);
    uint64_t most = tc_writer_most();
    bool cut = size > most;
    if (cut) { /* as much data as there is room for; structure is never so large but in a small
                  limit */
        uint64_t least = tc_capture_size(capture, 0);
        data = least < most ? (most - least) & ~UINT64_C(7) : 0;
        size = tc_capture_size(capture, data);
    }
    tc_record_call *event = tc_writer_reserve(size, head->index, head->start);
    if (event) {
        *event = *head;
        event->event.detail[1] |= cut ? TC_CALL_CUT : 0;
        tc_capture_write(capture, event, data);
        tc_writer_commit(event);
    }
    if (tc_writer_error()) { /* it is closed then, and the event is not there any more */
        note_failure(head->start);
        return NULL;
    }
    return event;
}

static void keep_copy(tc_text *to, const void *event, size_t size) {
    tc_text_clear(to);
    tc_text_add(to, event, size);
}

void tc_recorder_event(const void *event, size_t size, uint64_t call) {
    tc_record_event head;
    if (!recorder.on)
        return;
    memcpy(&head, event, sizeof head);
    watched *one = watch(head.detail32);
    if (one && head.type == TC_EVENT_CONNECTION)
        keep_copy(&one->connection, event, size);
    if (one && head.type == TC_EVENT_TLS)
        keep_copy(&one->tls, event, size);
    put(&(tc_text){.data = (char *)event, .length = size}, call);
    note_failure(tc_event_time(event, size));
}

static void clear(watched *one) {
    tc_text_reset(&one->connection);
    tc_text_reset(&one->tls);
    *one = (watched){0};
}

void tc_recorder_forget(uint32_t fd) {
    if (fd < recorder.count)
        clear(&recorder.all[fd]);
}

void tc_recorder_move(uint32_t from, uint32_t to) {
    watched *target = recorder.count ? watch(to) : NULL;
    if (!target || from == to)
        return;
    clear(target);
    if (from < recorder.count) {
        *target = recorder.all[from];
        recorder.all[from] = (watched){0};
    }
}

/* ---- the end ---- */

void tc_recorder_trap(uint64_t time, const char *why, const char *const *frames, unsigned count) {
    size_t size = sizeof(tc_record_event) + sizeof time + sizeof(tc_record_field) + strlen(why) + 8;
    if (!recorder.on)
        return;
    for (unsigned i = 0; i < count; i++)
        size += sizeof(tc_record_field) + strlen(frames[i]) + 8;
    char *event = tc_writer_reserve(size, 0, time);
    if (!event)
        return;
    char *at = event + sizeof(tc_record_event) + sizeof time;
    memcpy(event + sizeof(tc_record_event), &time, sizeof time);
    at = put_field(at, TC_FIELD_REASON, why, strlen(why));
    for (unsigned i = 0; i < count; i++)
        at = put_field(at, TC_FIELD_FRAME, frames[i], strlen(frames[i]));
    *(tc_record_event *)event =
        (tc_record_event){.size = (uint32_t)(at - event), .type = TC_EVENT_TRAP};
    tc_writer_commit(event);
}

void tc_recorder_end(uint64_t time, uint64_t cause, uint64_t status, int signal, int pending) {
    char event[sizeof(tc_record_event) + 8 + 4 * 16];
    uint64_t import = (uint64_t)pending, number = (uint64_t)signal;
    if (!recorder.on)
        return;
    recorder.on = false;
    memcpy(event + sizeof(tc_record_event), &time, sizeof time);
    char *at = event + sizeof(tc_record_event) + sizeof time;
    at = put_field(at, TC_FIELD_CAUSE, &cause, sizeof cause);
    at = put_field(at, TC_FIELD_STATUS, &status, sizeof status);
    if (signal)
        at = put_field(at, TC_FIELD_SIGNAL, &number, sizeof number);
    if (pending >= 0)
        at = put_field(at, TC_FIELD_PENDING, &import, sizeof import);
    tc_record_event head = {.size = (uint32_t)(at - event), .type = TC_EVENT_END};
    memcpy(event, &head, sizeof head);
    char *room = tc_writer_reserve_last(head.size);
    if (!room)
        room = tc_writer_reserve(head.size, 0, time);
    if (room) {
        memcpy(room, event, head.size);
        tc_writer_commit(room);
    }
    tc_writer_close();
}
