/* The way of a call while it is watched: what it is given, the call, what it gave; then lines and
 * events. */
#include "trace/trace.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "guest/guest.h"
#include "guest/observer.h"
#include "guest/report.h"
#include "options/options.h"
#include "trace/capture.h"
#include "trace/chaos.h"
#include "trace/descriptors.h"
#include "trace/live.h"
#include "trace/recorder.h"
#include "trace/start.h"
#include "trace/writer.h"

bool tc_trace_on;
const tc_wasi_socket_observer *tc_trace_sockets;
/* The binding of a module that imports sockets refers to it. */
#pragma weak tc_wasi_sockets_observed
uint64_t (*tc_trace_source)(tc_invocation *invocation) = tc_trace_perform;

enum { OK = 0, INPROGRESS = 26 };
enum { NAMES = 64 };
/* So much of a call's data goes through the masks of what --trace shows. */
#define LIVE_DATA ((uint64_t)1 << 20)
#define SECOND    UINT64_C(1000000000)

static struct {
    tc_wasi *wasi;
    tc_wasi_view view;
    tc_recorder_setup setup;
    tc_descriptors descriptors;
    tc_capture capture;
    uint64_t next_index;
    int pending; /* the import under way, or -1 */
    bool live, recording, chaos;
    tc_text event;        /* what --trace shows, and events of fields */
    uint32_t *handshakes; /* descriptors whose handshake goes on */
    size_t handshake_count, handshake_capacity;
    struct {
        tc_record_address address;
        char name[256];
    } names[NAMES]; /* the last look-ups' answers, a ring */
    unsigned next_name;
} trace = {.pending = -1};

/* Held while events are written: --timeout ends the process on another thread. */
static atomic_flag busy = ATOMIC_FLAG_INIT;
static bool ended;

static uint64_t clock_now(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static uint64_t since_start(void) {
    return clock_now(CLOCK_MONOTONIC) - trace.setup.monotonic;
}

uint64_t tc_trace_perform(tc_invocation *invocation) {
    return invocation->perform(invocation->host, invocation->arguments);
}

const tc_descriptor *tc_trace_descriptor(uint32_t fd) {
    return tc_descriptors_get(&trace.descriptors, fd);
}

void tc_trace_note_event(const void *event, size_t size) {
    if (trace.live)
        tc_descriptors_note_event(&trace.descriptors, event, size);
}

/* ---- connections ---- */

static tc_record_address in_record(const tc_wasi_address *from) {
    tc_record_address out = {.family = from->family, .port = from->port, .length = from->length};
    memcpy(out.bytes, from->bytes, sizeof from->bytes);
    return out;
}

static void note_names(const tc_call *call, const tc_described *import) {
    tc_chunk name;
    tc_record_address address;
    size_t position = 0;
    if (call->result != OK || !tc_call_find_chunk(call, 0, 0, &name))
        return;
    size_t length = strnlen((const char *)name.bytes, name.head.kept);
    if (length == 0 || length >= sizeof trace.names[0].name)
        return;
    while (tc_call_next_result(call, import, &position, &address)) {
        unsigned place = trace.next_name++ % NAMES;
        trace.names[place].address = address;
        memcpy(trace.names[place].name, name.bytes, length);
        trace.names[place].name[length] = '\0';
    }
}

static const char *name_of(const tc_record_address *address) {
    for (unsigned back = 1; back <= NAMES; back++) {
        unsigned place = (trace.next_name - back) % NAMES;
        const tc_record_address *known = &trace.names[place].address;
        if (known->family && known->family == address->family && known->length == address->length &&
            memcmp(known->bytes, address->bytes, address->length) == 0)
            return trace.names[place].name;
    }
    return "";
}

static void take_event(uint64_t call) {
    tc_fields_end(&trace.event);
    if (trace.event.cut) {
        trace.descriptors.lost = true;
        tc_recorder_lost(since_start());
        return;
    }
    tc_descriptors_note_event(&trace.descriptors, trace.event.data, trace.event.length);
    tc_recorder_event(trace.event.data, trace.event.length, call);
}

static void note_connection(uint32_t fd, uint64_t call) {
    tc_wasi_address local, peer;
    const tc_descriptor *one = tc_descriptors_get(&trace.descriptors, fd);
    if (!tc_trace_sockets || !one || !tc_trace_sockets->addresses(trace.wasi, fd, &local, &peer))
        return;
    tc_record_address there = peer.family ? in_record(&peer) : one->peer, here = in_record(&local);
    bool server = one->server;
    tc_fields_begin(&trace.event, TC_EVENT_CONNECTION, fd, since_start());
    tc_fields_add(&trace.event, TC_FIELD_LOCAL, &here, sizeof here);
    if (there.family)
        tc_fields_add(&trace.event, TC_FIELD_PEER, &there, sizeof there);
    tc_fields_add_text(&trace.event, TC_FIELD_HOST, server ? "" : name_of(&there));
    tc_fields_add_number(&trace.event, TC_FIELD_SERVER, server);
    tc_fields_add_number(&trace.event, TC_FIELD_CALL, call);
    take_event(call);
}

static void expect_handshake(uint32_t fd) {
    for (size_t i = 0; i < trace.handshake_count; i++)
        if (trace.handshakes[i] == fd)
            return;
    if (trace.handshake_count == trace.handshake_capacity) {
        size_t capacity = 2 * trace.handshake_capacity + 8;
        uint32_t *grown = realloc(trace.handshakes, capacity * sizeof *grown);
        if (!grown) {
            tc_recorder_lost(since_start());
            return;
        }
        trace.handshakes = grown;
        trace.handshake_capacity = capacity;
    }
    trace.handshakes[trace.handshake_count++] = fd;
}

static void note_tls(uint32_t fd, uint64_t call) {
    static tc_wasi_tls_view view;
    tc_trace_sockets->tls(trace.wasi, fd, &view);
    tc_text *event = &trace.event;
    tc_fields_begin(event, TC_EVENT_TLS, fd, since_start());
    tc_fields_add_number(event, TC_FIELD_BEGUN, view.begun - trace.setup.monotonic);
    tc_fields_add_number(event, TC_FIELD_DURATION, view.ended - view.begun);
    tc_fields_add_number(event, TC_FIELD_SERVER, view.server);
    tc_fields_add_number(event, TC_FIELD_ERROR, view.error);
    tc_fields_add_text(event, TC_FIELD_REASON, view.reason);
    if (view.state == TC_WASI_TLS_DONE) {
        tc_fields_add_number(event, TC_FIELD_TLS_VERSION, view.version);
        tc_fields_add_text(event, TC_FIELD_CIPHER, view.cipher);
        tc_fields_add_text(event, TC_FIELD_GROUP, view.group);
        tc_fields_add_text(event, TC_FIELD_ALPN, view.alpn);
        tc_fields_add_text(event, TC_FIELD_SERVER_NAME, view.server_name);
        tc_fields_add_number(event, TC_FIELD_RESUMED, view.resumed);
        tc_fields_add_text(event, TC_FIELD_PEER_INFO, view.peer);
    }
    take_event(call);
}

/* Those that are over by now: of one descriptor, or of all. */
static void note_handshakes(bool all, uint32_t fd, uint64_t call) {
    for (size_t i = 0; i < trace.handshake_count && tc_trace_sockets;) {
        uint32_t one = trace.handshakes[i];
        tc_wasi_tls_state state = TC_WASI_TLS_HANDSHAKE;
        if (all || one == fd)
            state = tc_trace_sockets->tls_state(trace.wasi, one);
        if (state == TC_WASI_TLS_HANDSHAKE) {
            i++;
            continue;
        }
        trace.handshakes[i] = trace.handshakes[--trace.handshake_count];
        if (state != TC_WASI_TLS_NONE)
            note_tls(one, call);
    }
}

static void drop_handshake(uint32_t fd) {
    for (size_t i = 0; i < trace.handshake_count; i++)
        if (trace.handshakes[i] == fd)
            trace.handshakes[i--] = trace.handshakes[--trace.handshake_count];
}

/* What a call has begun that has events of its own. */
static void follow_up(const tc_invocation *invocation, uint32_t result, const tc_call *call,
                      const tc_described *import) {
    uint64_t opened = 0;
    uint32_t fd = import->count ? (uint32_t)invocation->arguments[0] : 0;
    const tc_descriptor *one;
    switch (invocation->id) {
    case TC_ID_tc_wasi_sock_connect:
        if (result == OK || result == INPROGRESS)
            note_connection(fd, invocation->index);
        break;
    case TC_ID_tc_wasi_sock_accept:
    case TC_ID_tc_wasi_sock_accept_v1:
        if (result != OK || !tc_call_out_number(call, import->count - 1, &opened))
            break;
        note_connection((uint32_t)opened, invocation->index);
        one = tc_descriptors_get(&trace.descriptors, fd);
        if (one && one->tls)
            expect_handshake((uint32_t)opened);
        break;
    case TC_ID_tc_wasi_sock_setsockopt:
        one = tc_descriptors_get(&trace.descriptors, fd);
        if (invocation->arguments[1] == 0x74696d65 &&
            (invocation->arguments[2] == 1 || invocation->arguments[2] == 3) &&
            !(one && one->listening))
            expect_handshake(fd);
        break;
    case TC_ID_tc_wasi_sock_getaddrinfo:
        note_names(call, import);
        break;
    case TC_ID_tc_wasi_fd_close:
        if (result == OK) {
            tc_recorder_forget(fd);
            drop_handshake(fd);
        }
        return;
    case TC_ID_tc_wasi_fd_renumber:
        if (result == OK) {
            tc_recorder_move(fd, (uint32_t)invocation->arguments[1]);
            drop_handshake((uint32_t)invocation->arguments[1]);
            for (size_t i = 0; i < trace.handshake_count; i++)
                if (trace.handshakes[i] == fd)
                    trace.handshakes[i] = (uint32_t)invocation->arguments[1];
        }
        return;
    default:
        break;
    }
    if (trace.handshake_count)
        note_handshakes(invocation->id == TC_ID_tc_wasi_poll_oneoff ||
                            invocation->id == TC_ID_tc_wasi_unstable_poll_oneoff,
                        fd, invocation->index);
}

/* ---- calls ---- */

/* Whether a call bears on what is known of descriptors. */
static bool changes_descriptors(tc_import_id id) {
    switch (id) {
    case TC_ID_tc_wasi_path_open:
    case TC_ID_tc_wasi_fd_close:
    case TC_ID_tc_wasi_fd_renumber:
    case TC_ID_tc_wasi_sock_open:
    case TC_ID_tc_wasi_sock_accept:
    case TC_ID_tc_wasi_sock_accept_v1:
    case TC_ID_tc_wasi_sock_bind:
    case TC_ID_tc_wasi_sock_connect:
    case TC_ID_tc_wasi_sock_listen:
    case TC_ID_tc_wasi_sock_setsockopt:
    case TC_ID_tc_wasi_sock_getaddrinfo:
        return true;
    default:
        return false;
    }
}

/* An event of the call in memory of our own, with less of its data; NULL: no memory. */
static const tc_record_call *own_event(const tc_record_call *head) {
    static tc_text room;
    uint64_t size = tc_capture_size(&trace.capture, LIVE_DATA);
    room.length = 0;
    while (room.capacity < size + 1) {
        size_t before = room.capacity;
        char *grown = realloc(room.data, size + 1);
        if (!grown)
            return NULL;
        room.data = grown;
        room.capacity = size + 1;
        if (room.capacity == before)
            return NULL;
    }
    tc_record_call *event = (tc_record_call *)room.data;
    *event = *head;
    tc_capture_write(&trace.capture, event, LIVE_DATA);
    return event;
}

static void note(const tc_invocation *invocation, tc_record_call *head) {
    const tc_described *import = trace.capture.import;
    const tc_record_call *event = NULL;
    tc_call call;
    if (trace.recording)
        event = tc_recorder_call(&trace.capture, head);
    bool follows = changes_descriptors(invocation->id);
    if (trace.live || (follows && !event))
        event = own_event(head);
    if ((trace.live || follows) && (!event || trace.capture.lost))
        trace.descriptors.lost = true;
    if (trace.live && !event)
        tc_live_end("+++ a call is left out: there is no memory for it +++");
    bool read = (trace.live || follows) && event && tc_call_read(event, event->event.size, &call);
    if (!read) {
        if (trace.handshake_count && !follows)
            follow_up(invocation, head->event.detail32, NULL, import);
        return;
    }
    if (trace.live || follows)
        tc_descriptors_note(&trace.descriptors, &call, import);
    if (trace.live)
        tc_live_call(&call, import);
    if (follows)
        tc_descriptors_close(&trace.descriptors, &call, import);
    follow_up(invocation, call.result, &call, import);
}

static void lock(void) {
    while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire))
        continue;
}

static void unlock(void) {
    atomic_flag_clear_explicit(&busy, memory_order_release);
}

static void note_call(tc_invocation *invocation, uint64_t start, uint64_t end, uint64_t result,
                      bool returned) {
    uint64_t duration = end - start;
    tc_record_call head = {
        .event = {.detail = {0, (uint8_t)(invocation->flags | (returned ? 0 : TC_CALL_NO_RESULT))},
                  .detail32 = returned ? (uint32_t)result : 0},
        .index = invocation->index,
        .start = start - trace.setup.monotonic,
        .duration = (uint32_t)duration,
        .duration_high = (uint16_t)(duration >> 32),
    };
    lock();
    if (!ended) {
        note(invocation, &head);
        if (trace.descriptors.lost)
            tc_recorder_lost(since_start());
    }
    unlock();
}

uint64_t tc_trace_call(tc_import_id id, tc_trace_function *perform, tc_wasi *host,
                       const uint64_t *arguments) {
    tc_invocation invocation = {.id = id,
                                .perform = perform,
                                .host = host,
                                .arguments = arguments,
                                .index = trace.next_index++};
    bool watched = trace.live || trace.recording || trace.chaos;
    if (!watched)
        return tc_trace_source(&invocation);
    bool returns = id != TC_ID_tc_wasi_proc_exit;
    uint64_t start = clock_now(CLOCK_MONOTONIC);
    tc_capture_before(&trace.capture, id, arguments, *trace.view.memory);
    trace.pending = (int)id;
    if (!returns)
        note_call(&invocation, start, start, 0, false);
    if (id == TC_ID_tc_wasi_fd_close && trace.handshake_count) {
        lock();
        if (!ended)
            note_handshakes(false, (uint32_t)arguments[0], invocation.index);
        unlock();
    }
    uint64_t result = tc_trace_source(&invocation);
    uint64_t end = clock_now(CLOCK_MONOTONIC);
    if (invocation.recorded) {
        start = trace.setup.monotonic + invocation.recorded->start;
        end = start +
              (invocation.recorded->duration | (uint64_t)invocation.recorded->duration_high << 32);
    }
    trace.pending = -1;
    tc_capture_after(&trace.capture, (uint32_t)result);
    note_call(&invocation, start, end, result, returns);
    return result;
}

/* ---- the end ---- */

static void end_with(uint64_t cause, int status, int signal) {
    if (ended)
        return;
    ended = true;
    bool cut_off = cause == TC_END_TIMEOUT || cause == TC_END_SIGNAL;
    tc_recorder_end(since_start(), cause, (uint64_t)status, signal, cut_off ? trace.pending : -1);
}

static void end_by_signal(int signal, int status) {
    if (!ended)
        tc_live_end("+++ ended by SIG%s%s%s +++", sigabbrev_np(signal),
                    trace.pending >= 0 ? " in " : "",
                    trace.pending >= 0 ? tc_imports_described[trace.pending].name : "");
    end_with(TC_END_SIGNAL, status, signal);
}

static void on_process_exit(int status, void *unused) {
    (void)unused;
    lock();
    if (tc_guest_ended_by)
        end_by_signal(tc_guest_ended_by, status & 0xff);
    if (!ended)
        tc_live_end("+++ exited with %d +++", status & 0xff);
    end_with(TC_END_EXIT, status & 0xff, 0);
    unlock();
}

/* The guest's own code has trapped, so that nothing here is at work. */
static void on_trap(const char *why, const char *const *frames, unsigned count) {
    if (ended)
        return;
    tc_live_end("+++ trapped: %s +++", why);
    tc_recorder_trap(since_start(), why, frames, count);
    end_with(TC_END_TRAP, TC_EXIT_TRAP, 0);
}

static void on_time_out(int status) {
    lock();
    if (!ended)
        tc_live_end("+++ timed out%s%s +++", trace.pending >= 0 ? " in " : "",
                    trace.pending >= 0 ? tc_imports_described[trace.pending].name : "");
    end_with(TC_END_TIMEOUT, status, 0);
    /* It stays locked: the guest's thread writes nothing more. */
}

static void on_signal(int signal, int status) {
    lock();
    end_by_signal(signal, status);
    /* And so does it here. */
}

static const tc_guest_observer observer = {
    .trapped = on_trap,
    .timed_out = on_time_out,
    .signalled = on_signal,
    .fault = tc_writer_fault,
};

/* ---- the start ---- */

static void count_strings(unsigned which, char *const *strings, int count) {
    uint64_t size = 0;
    for (int i = 0; i < count; i++)
        size += strlen(strings[i]) + 1;
    tc_capture_strings(which, (uint32_t)count, size);
}

static void take_descriptor(uint32_t fd, uint8_t kind) {
    tc_fields_begin(&trace.event, TC_EVENT_DESCRIPTOR, fd, 0);
    tc_fields_add_number(&trace.event, TC_FIELD_KIND, kind);
}

static void took_descriptor(void) {
    tc_fields_end(&trace.event);
    if (trace.event.cut)
        trace.descriptors.lost = true;
    else
        tc_descriptors_note_event(&trace.descriptors, trace.event.data, trace.event.length);
}

static void note_file(uint32_t fd, const tc_wasi_file_view *file) {
    static const char *const standard[] = {"stdin", "stdout", "stderr"};
    const char *path = file->path                                   ? file->path
                       : file->standard >= 0 && file->standard <= 2 ? standard[file->standard]
                                                                    : "";
    take_descriptor(fd, file->preopen  ? TC_DESCRIPTOR_PREOPEN
                        : file->folder ? TC_DESCRIPTOR_FOLDER
                                       : TC_DESCRIPTOR_FILE);
    tc_fields_add_text(&trace.event, TC_FIELD_PATH, path);
    took_descriptor();
}

/* One that the program was started with. */
static void note_passed(uint32_t fd, const tc_wasi_address *local, const tc_wasi_address *peer) {
    enum { DATAGRAM = 1, STREAM = 2 };
    tc_record_address here = in_record(local), there = in_record(peer);
    take_descriptor(fd, TC_DESCRIPTOR_SOCKET);
    tc_fields_add_number(&trace.event, TC_FIELD_FAMILY, here.family);
    tc_fields_add_number(&trace.event, TC_FIELD_TYPE,
                         tc_trace_sockets->is_stream(trace.wasi, fd) ? STREAM : DATAGRAM);
    tc_fields_add_number(&trace.event, TC_FIELD_LISTENING,
                         tc_trace_sockets->is_listening(trace.wasi, fd));
    tc_fields_add(&trace.event, TC_FIELD_LOCAL, &here, sizeof here);
    if (there.family)
        tc_fields_add(&trace.event, TC_FIELD_PEER, &there, sizeof there);
    tc_fields_add_number(&trace.event, TC_FIELD_SERVER, 1);
    took_descriptor();
}

/* What the guest is given at the start: descriptors 0, 1, 2, sockets that were passed, and folders
 * of --dir. */
static void note_descriptors(void) {
    tc_wasi_file_view file;
    tc_wasi_address local, peer;
    tc_trace_sockets = &tc_wasi_sockets_observed;
    for (uint32_t fd = 0;; fd++) {
        if (tc_wasi_observe_file(trace.wasi, fd, &file))
            note_file(fd, &file);
        else if (tc_trace_sockets && tc_trace_sockets->addresses(trace.wasi, fd, &local, &peer))
            note_passed(fd, &local, &peer);
        else
            break;
    }
}

void tc_trace_start(tc_wasi *wasi, const char *const words[3]) {
    static const char *kept[3];
    trace.wasi = wasi;
    trace.view = tc_wasi_observe(wasi);
    const tc_options *options = trace.view.options;
    trace.chaos = options->chaos > 0;
    if (!options->trace && !options->record && !trace.chaos)
        return;
    memcpy(kept, words, sizeof kept);
    trace.setup = (tc_recorder_setup){
        .view = &trace.view,
        .words = kept,
        .descriptors = &trace.descriptors,
        .realtime = clock_now(CLOCK_REALTIME),
        .monotonic = clock_now(CLOCK_MONOTONIC),
    };
    count_strings(TC_ARGUMENTS, trace.view.argv, trace.view.argc);
    count_strings(TC_ENVIRONMENT, trace.view.envv, trace.view.envc);
    note_descriptors();
    trace.live = options->trace != NULL;
    trace.recording = options->record != NULL;
    if ((trace.live && !tc_live_open(options, &trace.descriptors)) ||
        (trace.recording && !tc_recorder_open(&trace.setup)))
        exit(2);
    if (trace.chaos)
        tc_chaos_start(wasi, options);
    tc_guest_observed_by = &observer;
    if (on_exit(on_process_exit, NULL) != 0) {
        tc_report("not enough memory for a trace or record that has its end");
        exit(2);
    }
    tc_trace_on = true;
}
