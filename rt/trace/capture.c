/* Finding what a call reads and writes. Every pointer and length is the guest's and hostile: what
 * does not lie in memory is left out, and the call will have failed for it. */
#include "trace/capture.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "trace/names.h"
#include "wasi/sock_address.h"

enum {
    TEXT_MAX = 64 << 10,     /* no path and no name is longer */
    STRUCTURE_MAX = 8 << 20, /* nor more subscriptions, nor a longer option */
    ADDRESS_MAX = 128,
    VECTORS_MAX = IOV_MAX, /* as many as the imports use */
    RESULTS_MAX = 64,
    NODE_SIZE = 28,
    SOCKADDR_SIZE = 12,
    SOCKADDR_DATA_MAX = 26,
};

static struct {
    uint32_t count;
    uint64_t size;
} strings[2];

void tc_capture_strings(unsigned which, uint32_t count, uint64_t size) {
    strings[which].count = count;
    strings[which].size = size;
}

static size_t rounded(size_t length) {
    return (length + 7) & ~(size_t)7;
}

static uint32_t argument(const tc_capture *capture, uint32_t index) {
    return (uint32_t)capture->arguments[index];
}

static tc_span *add_span(tc_capture *capture, uint32_t parameter, uint8_t flags, uint32_t address,
                         uint64_t length) {
    if (capture->span_count == TC_SPANS_MAX) {
        capture->cut = true;
        return NULL;
    }
    tc_span *span = &capture->spans[capture->span_count++];
    *span = (tc_span){.head = {.address = address,
                               .length = (uint32_t)length,
                               .kept = (uint32_t)length,
                               .parameter = (uint8_t)parameter,
                               .flags = flags}};
    return span;
}

/* What the call is given: copied. */
static const uint8_t *add_copy(tc_capture *capture, uint32_t parameter, uint32_t address,
                               uint64_t length, uint64_t most) {
    const void *at = tc_memory_span(&capture->memory, address, length);
    uint64_t kept = length < most ? length : most;
    if (!at || length > UINT32_MAX)
        return NULL;
    size_t needed = capture->copied_size + kept;
    if (!capture->copied || needed > capture->copied_capacity) {
        size_t capacity = 64 + needed * 2;
        uint8_t *grown = realloc(capture->copied, capacity);
        if (!grown) {
            capture->cut = capture->lost = true;
            return NULL;
        }
        capture->copied = grown;
        capture->copied_capacity = capacity;
    }
    tc_span *span = add_span(capture, parameter, 0, address, length);
    if (!span)
        return NULL;
    span->head.kept = (uint32_t)kept;
    span->offset = capture->copied_size;
    if (kept)
        memcpy(capture->copied + span->offset, at, kept);
    capture->copied_size += kept;
    return capture->copied + span->offset;
}

/* What the call has written. */
static void add_out(tc_capture *capture, uint32_t parameter, uint32_t address, uint64_t length,
                    bool data) {
    const void *at = tc_memory_span(&capture->memory, address, length);
    if (!at || length > UINT32_MAX)
        return;
    tc_span *span = add_span(capture, parameter, TC_CHUNK_OUT, address, length);
    if (!span)
        return;
    span->bytes = at;
    span->data = data;
}

/* The COUNT that belongs to a parameter: the next one. */
static uint32_t count_behind(const tc_capture *capture, uint32_t index) {
    while (++index < capture->import->count)
        if (capture->import->parameters[index].kind == TC_P_COUNT)
            return argument(capture, index);
    return 0;
}

/* ---- before the call ---- */

static void copy_address(tc_capture *capture, uint32_t index, bool content) {
    uint32_t place[2];
    const uint8_t *at =
        add_copy(capture, index, argument(capture, index), sizeof place, sizeof place);
    if (!at)
        return;
    memcpy(place, at, sizeof place);
    if (content)
        add_copy(capture, index, place[0], place[1] < ADDRESS_MAX ? place[1] : ADDRESS_MAX,
                 ADDRESS_MAX);
}

static void copy_option(tc_capture *capture, uint32_t index) {
    uint64_t level = argument(capture, index - 2), name = argument(capture, index - 1);
    bool secret = tc_option_kind_of(level, name) == TC_OPTION_SECRET;
    add_copy(capture, index, argument(capture, index), argument(capture, index + 1),
             secret ? 0 : STRUCTURE_MAX);
}

static void copy_in(tc_capture *capture, uint32_t index) {
    uint32_t pointer = argument(capture, index);
    uint64_t count;
    switch (capture->import->parameters[index].kind) {
    case TC_P_PATH:
    case TC_P_TEXT:
        add_copy(capture, index, pointer, argument(capture, index + 1), TEXT_MAX);
        break;
    case TC_P_OPTION_IN:
        copy_option(capture, index);
        break;
    case TC_P_VECTORS_IN:
    case TC_P_VECTORS_OUT:
        count = argument(capture, index + 1);
        add_copy(capture, index, pointer, 8 * (count < VECTORS_MAX ? count : VECTORS_MAX),
                 8 * VECTORS_MAX);
        break;
    case TC_P_ADDRESS_IN:
    case TC_P_ADDRESS_OUT:
        copy_address(capture, index, capture->import->parameters[index].kind == TC_P_ADDRESS_IN);
        break;
    case TC_P_SUBSCRIPTIONS_IN:
    case TC_P_OLD_SUBSCRIPTIONS_IN:
        count = capture->import->parameters[index].kind == TC_P_SUBSCRIPTIONS_IN ? 48 : 56;
        add_copy(capture, index, pointer, count * count_behind(capture, index), STRUCTURE_MAX);
        break;
    case TC_P_HINTS_IN:
        if (pointer)
            add_copy(capture, index, pointer, NODE_SIZE, NODE_SIZE);
        break;
    case TC_P_ADDRINFO_OUT:
        add_copy(capture, index, pointer, sizeof(uint32_t), sizeof(uint32_t));
        break;
    default:
        break;
    }
}

void tc_capture_before(tc_capture *capture, tc_import_id id, const uint64_t *arguments,
                       tc_memory memory) {
    capture->id = id;
    capture->import = &tc_imports_described[id];
    capture->arguments = arguments;
    capture->memory = memory;
    capture->span_count = 0;
    capture->copied_size = 0;
    capture->cut = capture->lost = false;
    for (uint32_t i = 0; i < capture->import->count; i++)
        copy_in(capture, i);
}

/* ---- after it ---- */

/* The first copied span of a parameter. */
static const tc_span *copied_of(const tc_capture *capture, uint32_t parameter) {
    for (size_t i = 0; i < capture->span_count; i++)
        if (capture->spans[i].head.parameter == parameter && capture->spans[i].head.flags == 0)
            return &capture->spans[i];
    return NULL;
}

/* How much the parameter `detail` says, at most `room`. */
static uint64_t bounded(const tc_capture *capture, uint8_t detail, uint64_t room) {
    uint32_t number = 0;
    if (detail == TC_WHOLE)
        return room;
    tc_memory_load_u32(&capture->memory, argument(capture, detail), &number);
    return number < room ? number : room;
}

/* The vectors as they were when the call began. */
static uint32_t vector(const tc_capture *capture, const tc_span *array, size_t index,
                       uint32_t *length) {
    uint32_t pair[2];
    memcpy(pair, capture->copied + array->offset + 8 * index, sizeof pair);
    *length = pair[1];
    return pair[0];
}

static void add_vectors(tc_capture *capture, uint32_t index, uint8_t flags, bool all) {
    const tc_span *array = copied_of(capture, index);
    uint64_t room = 0;
    uint32_t length, first = 0;
    for (size_t i = 0; array && i < array->head.kept / 8; i++) {
        uint32_t address = vector(capture, array, i, &length);
        if (i == 0)
            first = address;
        room += length;
    }
    if (room > INT32_MAX)
        room = INT32_MAX;
    uint64_t moved = all ? room : bounded(capture, capture->import->parameters[index].detail, room);
    tc_span *span =
        array ? add_span(capture, index, flags | TC_CHUNK_SCATTERED, first, moved) : NULL;
    if (span)
        span->data = true;
}

/* The list's nodes and what they point to: the call has not changed the pointers. */
static void add_results(tc_capture *capture, uint32_t index, bool failed) {
    const tc_span *head = copied_of(capture, index);
    uint32_t node[NODE_SIZE / 4], address[SOCKADDR_SIZE / 4], pointer;
    if (!head)
        return;
    uint64_t capacity = argument(capture, index + 1);
    capacity = capacity < RESULTS_MAX ? capacity : RESULTS_MAX;
    uint64_t count =
        failed ? capacity : bounded(capture, capture->import->parameters[index].detail, capacity);
    memcpy(&pointer, capture->copied + head->offset, sizeof pointer);
    for (uint64_t i = 0; i < count && pointer; i++) {
        const void *at = tc_memory_span(&capture->memory, pointer, sizeof node);
        if (!at)
            return;
        memcpy(node, at, sizeof node);
        const void *sockaddr = tc_memory_span(&capture->memory, node[3], sizeof address);
        if (!sockaddr)
            return;
        memcpy(address, sockaddr, sizeof address);
        /* Guests allocate 26 bytes there and say 14. */
        uint32_t size =
            address[1] == 14 || address[1] > SOCKADDR_DATA_MAX ? SOCKADDR_DATA_MAX : address[1];
        add_out(capture, index, pointer, sizeof node, false);
        add_out(capture, index, node[3], sizeof address, false);
        add_out(capture, index, address[2], size, false);
        if (node[5])
            add_out(capture, index, node[4], node[5], false);
        pointer = node[6];
    }
}

static void add_written_address(tc_capture *capture, uint32_t index) {
    const tc_span *place = copied_of(capture, index);
    uint32_t pair[2];
    if (!place)
        return;
    memcpy(pair, capture->copied + place->offset, sizeof pair);
    add_out(capture, index, pair[0], pair[1] < ADDRESS_MAX ? pair[1] : ADDRESS_MAX, false);
}

/* What is there whatever the result: numbers and structures of fixed size. */
static void add_fixed(tc_capture *capture, uint32_t index, bool failed) {
    static const uint8_t sizes[TC_P_KIND_COUNT] = {
        [TC_P_FD_OUT] = 4,      [TC_P_SIZE_OUT] = 4,          [TC_P_SIZE64_OUT] = 8,
        [TC_P_TIME_OUT] = 8,    [TC_P_DURATION_OUT] = 8,      [TC_P_PORT_OUT] = 4,
        [TC_P_FLAGS_OUT] = 2,   [TC_P_FDSTAT_OUT] = 24,       [TC_P_FILESTAT_OUT] = 64,
        [TC_P_PRESTAT_OUT] = 8, [TC_P_OLD_FILESTAT_OUT] = 56,
    };
    uint8_t kind = capture->import->parameters[index].kind;
    if (sizes[kind])
        add_out(capture, index, argument(capture, index), sizes[kind], false);
    else if (kind == TC_P_ADDRESS_OUT)
        add_written_address(capture, index);
    else if (kind == TC_P_ADDRINFO_OUT)
        add_results(capture, index, failed);
}

/* The call has filled all the room behind an option's value with zeroes: of them a few are kept. */
static void leave_out_zeroes(tc_capture *capture, uint32_t index) {
    enum { ALWAYS_KEPT = 64 };
    tc_span *span = capture->span_count ? &capture->spans[capture->span_count - 1] : NULL;
    if (!span || span->head.parameter != index || span->head.kept <= ALWAYS_KEPT)
        return;
    while (span->head.kept > ALWAYS_KEPT && span->bytes[span->head.kept - 1] == 0)
        span->head.kept--;
    span->head.flags |= TC_CHUNK_ZEROES;
}

/* An option's value, whose size may stand in the guest's memory; then it is an answer too. */
static void add_option(tc_capture *capture, uint32_t index) {
    uint32_t level = argument(capture, index - 2), size = argument(capture, index + 1);
    uint32_t length = size;
    if (tc_sock_is_pointer_to_size(level, size)) {
        if (!tc_memory_load_u32(&capture->memory, size, &length))
            return;
        add_out(capture, index + 1, size, sizeof length, false);
    }
    add_out(capture, index, argument(capture, index), length, false);
    leave_out_zeroes(capture, index);
}

/* What the result bounds. */
static void add_bounded(tc_capture *capture, uint32_t index) {
    const tc_parameter *parameter = &capture->import->parameters[index];
    uint32_t pointer = argument(capture, index);
    switch (parameter->kind) {
    case TC_P_OPTION_OUT:
        add_option(capture, index);
        break;
    case TC_P_BYTES_OUT:
    case TC_P_TEXT_OUT:
    case TC_P_DIRENTS_OUT:
        add_out(capture, index, pointer,
                bounded(capture, parameter->detail, argument(capture, index + 1)),
                parameter->kind == TC_P_BYTES_OUT);
        break;
    case TC_P_VECTORS_IN:
        add_vectors(capture, index, 0, false);
        break;
    case TC_P_VECTORS_OUT:
        add_vectors(capture, index, TC_CHUNK_OUT, false);
        break;
    case TC_P_EVENTS_OUT:
        add_out(capture, index, pointer,
                32 * bounded(capture, parameter->detail, count_behind(capture, index)), false);
        break;
    case TC_P_POINTERS_OUT:
        add_out(capture, index, pointer, 4 * (uint64_t)strings[parameter->detail].count, false);
        break;
    case TC_P_STRINGS_OUT:
        add_out(capture, index, pointer, strings[parameter->detail].size, true);
        break;
    default:
        break;
    }
}

enum { EAGAIN_OF_WASI = 6 };

void tc_capture_after(tc_capture *capture, uint32_t result) {
    for (uint32_t i = 0; i < capture->import->count && result != EAGAIN_OF_WASI; i++) {
        add_fixed(capture, i, result != 0);
        if (result == 0)
            add_bounded(capture, i);
    }
}

void tc_capture_offered(tc_capture *capture) {
    for (uint32_t i = 0; i < capture->import->count; i++)
        if (capture->import->parameters[i].kind == TC_P_VECTORS_IN)
            add_vectors(capture, i, 0, true);
}

uint64_t tc_capture_moved(const tc_capture *capture, bool *in) {
    for (size_t i = 0; i < capture->span_count; i++) {
        const tc_record_chunk *head = &capture->spans[i].head;
        if (head->flags & TC_CHUNK_SCATTERED) {
            *in = head->flags & TC_CHUNK_OUT;
            return head->length;
        }
    }
    return 0;
}

/* ---- the event ---- */

static uint32_t kept_of(const tc_span *span, uint64_t most) {
    return span->data && span->head.kept > most ? (uint32_t)most : span->head.kept;
}

uint64_t tc_capture_size(const tc_capture *capture, uint64_t most) {
    uint64_t size = sizeof(tc_record_call) + capture->import->count * sizeof(uint64_t);
    for (size_t i = 0; i < capture->span_count; i++)
        size += sizeof(tc_record_chunk) + rounded(kept_of(&capture->spans[i], most));
    return size;
}

/* Gathers what lies over vectors. Returns how much was there. */
static uint32_t gather(const tc_capture *capture, const tc_span *span, uint8_t *to,
                       uint32_t wanted) {
    const tc_span *array = copied_of(capture, span->head.parameter);
    uint32_t done = 0, length;
    for (size_t i = 0; array && i < array->head.kept / 8 && done < wanted; i++) {
        uint32_t address = vector(capture, array, i, &length);
        uint32_t part = length < wanted - done ? length : wanted - done;
        const void *at = tc_memory_span(&capture->memory, address, part);
        if (!at)
            break;
        if (part)
            memcpy(to + done, at, part);
        done += part;
    }
    return done;
}

void tc_capture_write(const tc_capture *capture, tc_record_call *event, uint64_t most) {
    uint8_t *at = (uint8_t *)(event + 1);
    uint32_t count = capture->import->count;
    memcpy(at, capture->arguments, count * sizeof(uint64_t));
    at += count * sizeof(uint64_t);
    for (size_t i = 0; i < capture->span_count; i++) {
        const tc_span *span = &capture->spans[i];
        tc_record_chunk head = span->head;
        uint8_t *bytes = at + sizeof head;
        head.kept = kept_of(span, most);
        if (head.flags & TC_CHUNK_SCATTERED)
            head.kept = gather(capture, span, bytes, head.kept);
        else if (head.kept)
            memcpy(bytes, span->bytes ? span->bytes : capture->copied + span->offset, head.kept);
        memset(bytes + head.kept, 0, rounded(head.kept) - head.kept);
        memcpy(at, &head, sizeof head);
        at = bytes + rounded(head.kept);
    }
    event->event.size = (uint32_t)(at - (uint8_t *)event);
    event->event.type = TC_EVENT_CALL;
    event->event.detail[0] = (uint8_t)count;
    event->event.detail[1] |= capture->cut ? TC_CALL_CUT : 0;
    event->import = (uint16_t)capture->id;
}
