#include "trace/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guest/guest.h"
#include "guest/keeper.h"
#include "guest/observer.h"
#include "guest/report.h"
#include "trace/capture.h"
#include "trace/identity.h"
#include "trace/input.h"
#include "trace/trace.h"

/* `timecraft replay` looks for it, so that a record cannot make it start just any program. */
const char tc_replay_mark[] = "timecraft: this program replays records";

/* Of a call's data, in a message. */
#define SHOWN_MOST UINT64_C(65536)
enum { FD_MAX = 65536, NO_STREAM = 0, VECTOR_SIZE = 8 };
#define SECOND UINT64_C(1000000000)

volatile uint64_t tc_replay_until = UINT64_MAX;

static struct {
    const char *path;
    const tc_options *options;
    uint64_t timeout_ns; /* --timeout of the recorded run */
    const tc_memory *memory;
    const tc_record_event *next; /* a call, a trap, the end; NULL: there is no more */
    tc_text notes;               /* events of fields that came before it: not yet taken in */
    tc_import_id imports[256];   /* which of ours the record's are */
    size_t import_count;
    uint64_t last_end;       /* when the last call came back, as recorded */
    uint64_t answered;       /* how many calls were */
    uint8_t streams[FD_MAX]; /* host descriptor + 1 behind the guest's; NO_STREAM */
    bool debugged;
    const tc_guest_observer *inner;
} replay;

/* ---- the end ---- */

_Noreturn static void refuse(const char *why) {
    tc_report("cannot replay %s: %s", replay.path, why);
    exit(TC_EXIT_DIVERGED);
}

_Noreturn static void give_up(const char *why) {
    tc_report("the replay of %s ends before call %" PRIu64 ": %s", replay.path, replay.answered,
              why);
    _exit(TC_EXIT_DIVERGED);
}

static void report_call(const char *what, const tc_call *call) {
    tc_text text = {0};
    tc_show show = {.string_size = 256, .unmask = replay.options->unmask};
    size_t import = call->record->import;
    tc_show_call(
        &text, call,
        import < replay.import_count ? &tc_imports_described[replay.imports[import]] : NULL, &show);
    tc_report_detail("%s %s", what, text.data ? text.data : "?");
    tc_text_reset(&text);
}

/* The call as the guest makes it now, in the form of a record's. */
static void report_made(const tc_invocation *made) {
    static tc_capture capture;
    tc_call call;
    tc_capture_before(&capture, made->id, made->arguments, *replay.memory);
    tc_capture_offered(&capture);
    uint64_t size = tc_capture_size(&capture, SHOWN_MOST);
    tc_record_call *event = calloc(1, size);
    if (!event)
        return;
    event->event.detail[1] = TC_CALL_NO_RESULT;
    event->index = made->index;
    tc_capture_write(&capture, event, SHOWN_MOST);
    /* The import has our number, not the record's. */
    for (size_t i = 0; i < replay.import_count; i++)
        if (replay.imports[i] == made->id)
            event->import = (uint16_t)i;
    if (tc_call_read(event, event->event.size, &call))
        report_call("made:    ", &call);
    free(event);
}

_Noreturn static void diverge(const tc_invocation *made, const tc_call *recorded, const char *why) {
    tc_report("%s goes another way than its record %s: call %" PRIu64 " %s", tc_guest_module.name,
              replay.path, made->index, why);
    if (recorded)
        report_call("recorded:", recorded);
    report_made(made);
    tc_guest_print_stack();
    _exit(TC_EXIT_DIVERGED);
}

/* ---- events ---- */

static bool is_fields(const tc_record_event *event) {
    return event->type != TC_EVENT_CALL && event->type != TC_EVENT_TRAP &&
           event->type != TC_EVENT_END;
}

static uint64_t number(const tc_record_event *event, uint16_t key, uint64_t missing) {
    return tc_event_number(event, event->size, key, missing);
}

/* The recorded run's end was none of the guest's doing: this one's is the same. */
_Noreturn static void end_from_outside(void) {
    uint64_t status = number(replay.next, TC_FIELD_STATUS, 0);
    if (number(replay.next, TC_FIELD_CAUSE, 0) == TC_END_TIMEOUT)
        tc_guest_timed_out(replay.timeout_ns);
    int signal = (int)number(replay.next, TC_FIELD_SIGNAL, 0);
    tc_report("the record %s ends here, after %" PRIu64 " calls: signal %d ended the program",
              replay.path, replay.answered, signal);
    tc_guest_end(signal, (int)(status & 0xff));
}

static void *time_out(void *unused) {
    (void)unused;
    uint64_t left = tc_event_time(replay.next, replay.next->size) - replay.last_end;
    struct timespec pause = {.tv_sec = (time_t)(left / SECOND), .tv_nsec = (long)(left % SECOND)};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, &pause) == EINTR)
        continue;
    end_from_outside();
}

/* The recorded run was computing, not calling, when its time was over: so it is now. */
static void await_time_out(void) {
    pthread_t thread;
    if (!replay.debugged && tc_event_time(replay.next, replay.next->size) >= replay.last_end &&
        pthread_create(&thread, NULL, time_out, NULL) == 0)
        pthread_detach(thread);
}

static bool is_from_outside(const tc_record_event *event) {
    uint64_t cause = event && event->type == TC_EVENT_END ? number(event, TC_FIELD_CAUSE, 0) : 0;
    return cause == TC_END_TIMEOUT || cause == TC_END_SIGNAL;
}

/* To the next call, trap or end. */
static void advance(void) {
    while ((replay.next = tc_input_next()) && is_fields(replay.next))
        if (replay.next->type <= TC_EVENT_END) /* else of a later version */
            tc_text_add(&replay.notes, (const char *)replay.next, replay.next->size);
    if (is_from_outside(replay.next) &&
        number(replay.next, TC_FIELD_PENDING, UINT64_MAX) == UINT64_MAX)
        await_time_out();
}

static void take_notes(void) {
    for (size_t at = 0; at < replay.notes.length;) {
        const tc_record_event *event = (const tc_record_event *)(replay.notes.data + at);
        tc_trace_note_event(event, event->size);
        at += event->size;
    }
    tc_text_clear(&replay.notes);
}

/* The guest makes a call, and the record has none. */
_Noreturn static void end_of_record(const tc_invocation *made) {
    const tc_record_event *end = replay.next;
    uint64_t cause = end ? number(end, TC_FIELD_CAUSE, 0) : 0;
    if (!end && tc_input_problem())
        give_up(tc_input_problem());
    if (!end) {
        tc_report("the record %s ends here, after %" PRIu64 " calls: %s", replay.path,
                  replay.answered,
                  tc_input_is_growing() ? "the program has not ended yet"
                                        : "the program was killed in the next one, or before it");
        report_made(made);
        tc_guest_print_stack();
        _exit(TC_EXIT_KILLED);
    }
    if (end->type == TC_EVENT_TRAP)
        diverge(made, NULL, "is made where the record has a trap");
    if (is_from_outside(end))
        end_from_outside();
    if (cause == TC_END_UNWRITABLE)
        give_up("from here on the record could not be written (was the disk full?)");
    diverge(made, NULL, "is made where the record has the program's end");
}

/* ---- what is checked, and what is given ---- */

/* The guest's vectors: the parameter's first chunk has their array. */
typedef struct vectors {
    const uint8_t *array;
    size_t count;
} vectors;

static vectors vectors_of(const tc_call *call, uint32_t parameter) {
    tc_chunk chunk;
    if (!tc_call_find_chunk(call, parameter, 0, &chunk))
        return (vectors){0};
    return (vectors){chunk.bytes, chunk.head.kept / VECTOR_SIZE};
}

/* What is done with a part of guest memory and the record's bytes of it. */
typedef bool use_part(void *memory, const uint8_t *bytes, size_t size);

/* Goes through the parts of guest memory over which `length` bytes lie; false: they are outside of
 * it, or `use` says no. */
static bool each_part(vectors over, const uint8_t *bytes, uint64_t length, use_part *use) {
    for (size_t i = 0; i < over.count && length; i++) {
        uint32_t pair[2];
        memcpy(pair, over.array + VECTOR_SIZE * i, sizeof pair);
        uint64_t part = pair[1] < length ? pair[1] : length;
        void *at = tc_memory_span(replay.memory, pair[0], part);
        if (!at || (part && !use(at, bytes, part)))
            return false;
        bytes += part;
        length -= part;
    }
    return length == 0;
}

static bool is_same(void *memory, const uint8_t *bytes, size_t size) {
    return memcmp(memory, bytes, size) == 0;
}

/* What the call was given, but for the vectors' bytes. */
static bool is_given_the_same(const tc_call *call) {
    size_t position = 0;
    tc_chunk chunk;
    while (tc_call_next_chunk(call, &position, &chunk)) {
        if ((chunk.head.flags & (TC_CHUNK_OUT | TC_CHUNK_SCATTERED)) || !chunk.head.kept)
            continue;
        const void *at = tc_memory_span(replay.memory, chunk.head.address, chunk.head.kept);
        if (!at || memcmp(at, chunk.bytes, chunk.head.kept) != 0)
            return false;
    }
    return true;
}

/* The bytes that it took of vectors. */
static bool sends_the_same(const tc_call *call) {
    size_t position = 0;
    tc_chunk chunk;
    while (tc_call_next_chunk(call, &position, &chunk))
        if (chunk.head.flags == TC_CHUNK_SCATTERED &&
            !each_part(vectors_of(call, chunk.head.parameter), chunk.bytes, chunk.head.kept,
                       is_same))
            return false;
    return true;
}

static bool put(void *memory, const uint8_t *bytes, size_t size) {
    memcpy(memory, bytes, size);
    return true;
}

static bool give(const tc_chunk *chunk) {
    bool zeroes = chunk->head.flags & TC_CHUNK_ZEROES;
    uint32_t length = zeroes ? chunk->head.length : chunk->head.kept;
    char *at = tc_memory_span(replay.memory, chunk->head.address, length);
    if (!at)
        return false;
    if (chunk->head.kept)
        memcpy(at, chunk->bytes, chunk->head.kept);
    if (length > chunk->head.kept)
        memset(at + chunk->head.kept, 0, length - chunk->head.kept);
    return true;
}

/* Gives the guest what the call wrote. */
static bool give_all(const tc_call *call) {
    size_t position = 0;
    tc_chunk chunk;
    while (tc_call_next_chunk(call, &position, &chunk)) {
        if (!(chunk.head.flags & TC_CHUNK_OUT))
            continue;
        if (chunk.head.flags & TC_CHUNK_SCATTERED
                ? !each_part(vectors_of(call, chunk.head.parameter), chunk.bytes, chunk.head.kept,
                             put)
                : !give(&chunk))
            return false;
    }
    return true;
}

/* ---- standard output and error ---- */

/* What goes to a stream is written whatever the record's run had there. */
static struct {
    int fd;
    bool at_offset;
    uint64_t offset;
} out;

static bool emit(void *memory, const uint8_t *bytes, size_t size) {
    (void)bytes;
    for (size_t done = 0; done < size;) {
        const char *from = (const char *)memory + done;
        ssize_t count = out.at_offset
                            ? pwrite(out.fd, from, size - done, (off_t)(out.offset + done))
                            : write(out.fd, from, size - done);
        if (count < 0 && errno == ESPIPE) {
            out.at_offset = false;
        } else if (count < 0 && errno == EAGAIN) {
            poll(&(struct pollfd){.fd = out.fd, .events = POLLOUT}, 1, -1);
        } else if (count < 0 && errno != EINTR) {
            return true; /* nobody reads it any more: the replay goes on */
        } else if (count > 0) {
            done += (size_t)count;
        }
    }
    out.offset += size;
    return true;
}

static void write_out(const tc_invocation *made, const tc_call *call) {
    size_t position = 0;
    tc_chunk chunk;
    uint64_t fd = made->arguments[0];
    if (call->result || fd >= FD_MAX || replay.streams[fd] < 2)
        return;
    if (made->id != TC_ID_tc_wasi_fd_write && made->id != TC_ID_tc_wasi_fd_pwrite)
        return;
    while (tc_call_next_chunk(call, &position, &chunk)) {
        if (chunk.head.flags != TC_CHUNK_SCATTERED)
            continue;
        out.fd = replay.streams[fd] - 1;
        out.at_offset = made->id == TC_ID_tc_wasi_fd_pwrite;
        out.offset = out.at_offset ? made->arguments[3] : 0;
        each_part(vectors_of(call, chunk.head.parameter), chunk.bytes, chunk.head.kept, emit);
    }
}

static void follow_streams(const tc_invocation *made, const tc_call *call) {
    if (call->result)
        return;
    uint32_t from = (uint32_t)made->arguments[0];
    if (made->id == TC_ID_tc_wasi_fd_close && from < FD_MAX) {
        replay.streams[from] = NO_STREAM;
    } else if (made->id == TC_ID_tc_wasi_fd_renumber) {
        uint32_t to = (uint32_t)made->arguments[1];
        if (from < FD_MAX && to < FD_MAX && from != to) {
            replay.streams[to] = replay.streams[from];
            replay.streams[from] = NO_STREAM;
        }
    }
}

/* ---- calls ---- */

__attribute__((noinline)) void tc_replay_stop(uint64_t call) {
    __asm__ volatile("" : : "r"(call) : "memory");
}

static void stop_before(const tc_invocation *made) {
    if (replay.debugged) {
        tc_replay_stop(made->index);
        return;
    }
    tc_report("stopped before call %" PRIu64 ", as --until asks", made->index);
    report_made(made);
    tc_guest_print_stack();
    _exit(0);
}

/* What differs between a call and the record's next one; NULL: nothing. */
static const char *difference(const tc_invocation *made, const tc_call *recorded) {
    size_t import = recorded->record->import;
    if (import >= replay.import_count || replay.imports[import] != made->id)
        return "is another one";
    if (recorded->argument_count != tc_imports_described[made->id].count ||
        memcmp(recorded->arguments, made->arguments, recorded->argument_count * sizeof(uint64_t)) !=
            0)
        return "has other arguments";
    if (!is_given_the_same(recorded))
        return "finds something else where its arguments point";
    return NULL;
}

static uint64_t answer(tc_invocation *made) {
    tc_call call;
    take_notes();
    if (made->index == tc_replay_until)
        stop_before(made);
    const tc_record_event *event = replay.next;
    if (event && event->type == TC_EVENT_END && made->id == TC_ID_tc_wasi_proc_raise &&
        number(event, TC_FIELD_CAUSE, 0) == TC_END_EXIT)
        return tc_trace_perform(made); /* it ends the program, and so was not recorded */
    if (!event || event->type != TC_EVENT_CALL)
        end_of_record(made);
    if (!tc_call_read(event, event->size, &call))
        give_up("the record is damaged there");
    if (call.record->index != made->index)
        give_up("the record has lost it");
    const char *why = difference(made, &call);
    if (why)
        diverge(made, &call, why);
    uint8_t flags = call.record->event.detail[1];
    if (flags & TC_CALL_CUT)
        give_up("it was too large for the record");
    bool sends_same = sends_the_same(&call);
    write_out(made, &call);
    if (!give_all(&call))
        give_up("the record is damaged there");
    /* Unless the call itself has written over what it sent: that is what the record has then. */
    if (!sends_same && !sends_the_same(&call))
        diverge(made, &call, "sends other bytes");
    follow_streams(made, &call);
    made->flags |= flags & TC_CALL_CHAOS;
    made->recorded = call.record;
    replay.last_end = call.record->start + call.duration;
    replay.answered++;
    uint32_t result = call.record->event.detail32;
    bool ends = flags & TC_CALL_NO_RESULT;
    advance();
    if (ends && made->id != TC_ID_tc_wasi_proc_exit)
        give_up("the record is damaged there");
    return ends ? tc_trace_perform(made) : result;
}

/* ---- the guest's own end ---- */

static void on_process_exit(int status, void *unused) {
    (void)unused;
    const tc_record_event *next = replay.next;
    tc_call call;
    if (!next) {
        if (tc_input_problem())
            give_up(tc_input_problem());
        tc_report("the record %s ends before the program: it was killed after its last call",
                  replay.path);
        return;
    }
    bool is_call = next->type == TC_EVENT_CALL && tc_call_read(next, next->size, &call);
    if (next->type == TC_EVENT_END) {
        uint64_t cause = number(next, TC_FIELD_CAUSE, 0);
        uint64_t recorded = number(next, TC_FIELD_STATUS, (uint64_t)status & 0xff);
        if (cause == TC_END_UNWRITABLE ||
            (cause == TC_END_EXIT && recorded == ((uint64_t)status & 0xff)))
            return;
        tc_report("%s goes another way than its record %s: it ends with status %d, in the record "
                  "with %" PRIu64,
                  tc_guest_module.name, replay.path, status & 0xff, recorded);
    } else {
        tc_report("%s goes another way than its record %s: it ends with status %d before call "
                  "%" PRIu64,
                  tc_guest_module.name, replay.path, status & 0xff, replay.answered);
    }
    if (is_call)
        report_call("recorded:", &call);
    _exit(TC_EXIT_DIVERGED);
}

static void on_trap(const char *why, const char *const *frames, unsigned count) {
    const tc_record_event *next = replay.next;
    if (replay.inner)
        replay.inner->trapped(why, frames, count);
    if (next && next->type == TC_EVENT_TRAP)
        return;
    if (!next)
        tc_report("the record %s ends before the trap", replay.path);
    else
        tc_report("%s goes another way than its record %s: the record has no trap after call "
                  "%" PRIu64,
                  tc_guest_module.name, replay.path, replay.answered);
    if (next)
        _exit(TC_EXIT_DIVERGED);
}

static void on_time_out(int status) {
    if (replay.inner)
        replay.inner->timed_out(status);
}

static void on_signal(int signal, int status) {
    if (replay.inner)
        replay.inner->signalled(signal, status);
}

static bool on_fault(const void *address) {
    if (tc_input_contains(address)) {
        tc_report("the record %s was cut while it was replayed", replay.path);
        _exit(TC_EXIT_DIVERGED);
    }
    return replay.inner && replay.inner->fault(address);
}

/* ---- the start ---- */

static const tc_record_event *need(uint16_t type) {
    const tc_record_event *event = tc_input_next();
    if (!event || event->type != type)
        refuse(tc_input_problem() ? tc_input_problem() : "its beginning is damaged");
    return event;
}

static char *copied(const tc_field *field) {
    char *text = strndup((const char *)field->value, field->length);
    if (!text)
        refuse(strerror(ENOMEM));
    return text;
}

static void check_identity(const tc_record_event *program) {
    tc_field field;
    uint8_t hash[TC_MODULE_HASH_SIZE];
    size_t length;
    const void *build = tc_identity_build(&length);
    if (!tc_event_find(program, program->size, TC_FIELD_MODULE_HASH, &field) ||
        !tc_identity_module(hash) || field.length != sizeof hash ||
        memcmp(field.value, hash, sizeof hash) != 0)
        refuse("it is of another module; replay it with the program that wrote it");
    bool has = tc_event_find(program, program->size, TC_FIELD_BUILD_ID, &field);
    if (has != (build != NULL) ||
        (has && (field.length != length || memcmp(field.value, build, length) != 0)))
        refuse("it is of the same module, built in another way; replay it with the very program "
               "that wrote it");
}

static void take_words(const tc_record_event *program, tc_replayed *to) {
    tc_field field;
    size_t position = 0, count = 0;
    while (tc_event_next_field(program, program->size, &position, &field))
        if (field.key == TC_FIELD_GRANTS && count < 3)
            to->words[count++] = copied(&field);
}

static char **take_strings(const tc_record_event *event, int *count) {
    tc_field field;
    size_t position = 0, made = 0;
    while (tc_event_next_field(event, event->size, &position, &field))
        made += field.key == TC_FIELD_WORD;
    char **strings = calloc(made + 1, sizeof *strings);
    if (!strings)
        refuse(strerror(ENOMEM));
    *count = (int)made;
    position = made = 0;
    while (tc_event_next_field(event, event->size, &position, &field))
        if (field.key == TC_FIELD_WORD)
            strings[made++] = copied(&field);
    return strings;
}

static void take_imports(const tc_record_event *event) {
    tc_field field;
    size_t position = 0;
    while (tc_event_next_field(event, event->size, &position, &field)) {
        if (field.key != TC_FIELD_IMPORT ||
            replay.import_count == sizeof replay.imports / sizeof *replay.imports)
            continue;
        const tc_described *found = tc_described_find((const char *)field.value, field.length);
        if (!found)
            refuse("this program does not know all its imports");
        replay.imports[replay.import_count++] = (tc_import_id)(found - tc_imports_described);
    }
}

void tc_replay_open(const char *path, tc_replayed *out) {
    replay.path = path;
    const char *why = tc_input_open(path);
    if (why)
        refuse(why);
    const tc_record_event *program = need(TC_EVENT_PROGRAM);
    check_identity(program);
    if (tc_input_header()->detail != TC_RECORD_DETAIL_ALL)
        refuse("it has not all that the program was told; record with detail=all, the default");
    take_words(program, out);
    out->argv = take_strings(need(TC_EVENT_ARGUMENTS), &out->argc);
    out->envv = take_strings(need(TC_EVENT_ENVIRONMENT), &out->envc);
    need(TC_EVENT_CLOCK);
    take_imports(need(TC_EVENT_IMPORTS));
}

static void take_until(void) {
    const char *text = getenv("TIMECRAFT_REPLAY_UNTIL");
    if (text && *text)
        tc_replay_until = strtoull(text, NULL, 10);
    replay.debugged = getenv("TIMECRAFT_REPLAY_GDB") != NULL;
}

void tc_replay_start(tc_wasi *wasi, tc_options *options) {
    static const tc_guest_observer observer = {
        .trapped = on_trap,
        .timed_out = on_time_out,
        .signalled = on_signal,
        .fault = on_fault,
    };
    replay.options = options;
    replay.timeout_ns = options->timeout_ns;
    options->timeout_ns = 0;
    replay.memory = tc_wasi_observe(wasi).memory;
    for (unsigned fd = 0; fd <= 2; fd++)
        replay.streams[fd] = (uint8_t)(fd + 1);
    take_until();
    replay.inner = tc_guest_observed_by;
    tc_guest_observed_by = &observer;
    tc_trace_source = answer;
    tc_trace_on = true;
    advance();
    if (on_exit(on_process_exit, NULL) != 0)
        refuse("there is not enough memory");
}
