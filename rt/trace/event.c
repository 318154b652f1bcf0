/* Taking events apart. What they hold may come from a hostile file: every length is checked against
 * what is left, before it is used. */
#include <string.h>

#include "trace/bytes.h"
#include "trace/describe.h"

static size_t rounded(size_t length) {
    return (length + 7) & ~(size_t)7;
}

bool tc_parameter_is_data(uint8_t kind) {
    return kind == TC_P_VECTORS_IN || kind == TC_P_VECTORS_OUT || kind == TC_P_BYTES_OUT ||
           kind == TC_P_STRINGS_OUT;
}

/* ---- calls ---- */

bool tc_call_next_chunk(const tc_call *call, size_t *position, tc_chunk *out) {
    size_t left = call->chunks_size - *position;
    if (left < sizeof out->head)
        return false;
    memcpy(&out->head, call->chunks + *position, sizeof out->head);
    left -= sizeof out->head;
    if (out->head.kept > out->head.length || out->head.kept > left ||
        rounded(out->head.kept) > left)
        return false;
    out->bytes = call->chunks + *position + sizeof out->head;
    *position += sizeof out->head + rounded(out->head.kept);
    return true;
}

bool tc_call_read(const void *event, size_t size, tc_call *out) {
    tc_record_call head;
    if (size < sizeof head)
        return false;
    memcpy(&head, event, sizeof head);
    size_t arguments = head.event.detail[0];
    if (head.event.type != TC_EVENT_CALL || head.event.size != size ||
        arguments > TC_PARAMETERS_MAX || size < sizeof head + arguments * sizeof(uint64_t))
        return false;
    const uint8_t *at = (const uint8_t *)event + sizeof head;
    *out = (tc_call){
        .record = event,
        .argument_count = (uint32_t)arguments,
        .chunks = at + arguments * sizeof(uint64_t),
        .chunks_size = size - sizeof head - arguments * sizeof(uint64_t),
        .duration = head.duration | (uint64_t)head.duration_high << 32,
        .result = head.event.detail[1] & TC_CALL_NO_RESULT ? 0 : head.event.detail32,
    };
    memcpy(out->arguments, at, arguments * sizeof(uint64_t));
    size_t position = 0;
    tc_chunk chunk;
    while (position < out->chunks_size)
        if (!tc_call_next_chunk(out, &position, &chunk))
            return false;
    return true;
}

bool tc_call_find_chunk(const tc_call *call, uint32_t parameter, uint8_t flags, tc_chunk *out) {
    size_t position = 0;
    while (tc_call_next_chunk(call, &position, out))
        if (out->head.parameter == parameter && (out->head.flags & ~TC_CHUNK_ZEROES) == flags)
            return true;
    return false;
}

bool tc_call_out_number(const tc_call *call, uint32_t parameter, uint64_t *out) {
    tc_chunk chunk;
    *out = 0;
    if (!tc_call_find_chunk(call, parameter, TC_CHUNK_OUT, &chunk) ||
        chunk.head.kept > sizeof *out || chunk.head.kept != chunk.head.length)
        return false;
    memcpy(out, chunk.bytes, chunk.head.kept);
    return true;
}

/* ---- addresses ---- */

enum { INET4 = 1, INET6 = 2, UNIX = 3, V2_SIZE = 128 };

static void set_address(tc_record_address *out, uint16_t family, const uint8_t *bytes,
                        size_t length) {
    size_t most = family == INET4 ? 4 : family == INET6 ? 16 : sizeof out->bytes;
    if (family < INET4 || family > UNIX || (family != UNIX && length < most))
        return;
    out->family = family;
    out->length = (uint32_t)(length < most ? length : most);
    if (family == UNIX)
        out->length = (uint32_t)strnlen((const char *)bytes, out->length);
    memcpy(out->bytes, bytes, out->length);
}

/* What version 1's sock_recv_from stores where there is room: see wasi/sock_address.h. */
enum { SENDER_SIZE = 16, SENDER_INET6_SIZE = 28, SENDER_INET4 = 2, SENDER_INET6 = 10 };

static void set_sender(tc_record_address *out, const uint8_t *bytes, size_t length) {
    unsigned family = bytes[0] | (unsigned)bytes[1] << 8;
    if (family == SENDER_INET4)
        set_address(out, INET4, bytes + 4, length - 4);
    else if (family == SENDER_INET6 && length >= SENDER_INET6_SIZE)
        set_address(out, INET6, bytes + 8, length - 8);
    out->port = (uint16_t)(bytes[2] | bytes[3] << 8);
}

tc_record_address tc_call_address(const tc_call *call, const tc_described *import,
                                  uint32_t parameter) {
    tc_record_address out = {0};
    tc_chunk place, chunk;
    uint64_t port = 0;
    if (parameter >= import->count || parameter >= call->argument_count ||
        !tc_call_find_chunk(call, parameter, 0, &place))
        return out;
    const tc_parameter *described = &import->parameters[parameter];
    bool written = described->kind == TC_P_ADDRESS_OUT;
    if (written && !tc_call_find_chunk(call, parameter, TC_CHUNK_OUT, &chunk))
        return out;
    if (!written) { /* the second of its chunks */
        size_t position = (size_t)(place.bytes - call->chunks) + rounded(place.head.kept);
        if (!tc_call_next_chunk(call, &position, &chunk) || chunk.head.parameter != parameter ||
            chunk.head.flags)
            return out;
    }
    size_t length = chunk.head.kept;
    if (written && described->detail == TC_WHOLE && length >= SENDER_SIZE) {
        set_sender(&out, chunk.bytes, length);
        return out;
    }
    if (length >= V2_SIZE)
        set_address(&out, (uint16_t)(chunk.bytes[0] | chunk.bytes[1] << 8), chunk.bytes + 2,
                    length - 2);
    else
        set_address(&out, length >= 16 ? INET6 : INET4, chunk.bytes, length);
    if (described->detail < call->argument_count) {
        port = call->arguments[described->detail];
        if (import->parameters[described->detail].kind == TC_P_PORT_OUT)
            tc_call_out_number(call, described->detail, &port);
    }
    out.port = (uint16_t)port;
    return out;
}

/* ---- look-ups ---- */

enum { NODE_SIZE = 28, SOCKADDR_SIZE = 12 };

/* A node, its sockaddr and the sockaddr's data follow each other; a canonical name may come between
 * two results. */
bool tc_call_next_result(const tc_call *call, const tc_described *import, size_t *position,
                         tc_record_address *out) {
    tc_chunk node, chunk;
    while (tc_call_next_chunk(call, position, &node)) {
        uint8_t parameter = node.head.parameter;
        if (parameter >= import->count || import->parameters[parameter].kind != TC_P_ADDRINFO_OUT ||
            node.head.flags != TC_CHUNK_OUT || node.head.kept != NODE_SIZE)
            continue;
        if (!tc_call_next_chunk(call, position, &chunk) || chunk.head.kept != SOCKADDR_SIZE)
            return false;
        uint32_t family = tc_load32(chunk.bytes);
        if (!tc_call_next_chunk(call, position, &chunk) || chunk.head.kept < 2 || family > INET6)
            return false;
        *out = (tc_record_address){.port = (uint16_t)(chunk.bytes[0] << 8 | chunk.bytes[1])};
        set_address(out, (uint16_t)family, chunk.bytes + 2, chunk.head.kept - 2);
        return true;
    }
    return false;
}

/* ---- fields ---- */

enum { FIELDS_BEGIN = sizeof(tc_record_event) + sizeof(uint64_t) };

bool tc_event_next_field(const void *event, size_t size, size_t *position, tc_field *out) {
    tc_record_field head;
    if (size < FIELDS_BEGIN)
        return false;
    if (*position == 0)
        *position = FIELDS_BEGIN;
    if (*position > size || size - *position < sizeof head)
        return false;
    memcpy(&head, (const uint8_t *)event + *position, sizeof head);
    size_t left = size - *position - sizeof head;
    if (head.length > left || rounded(head.length) > left)
        return false;
    *out = (tc_field){.key = head.key,
                      .length = head.length,
                      .value = (const uint8_t *)event + *position + sizeof head};
    *position += sizeof head + rounded(head.length);
    return true;
}

bool tc_event_find(const void *event, size_t size, uint16_t key, tc_field *out) {
    size_t position = 0;
    while (tc_event_next_field(event, size, &position, out))
        if (out->key == key)
            return true;
    return false;
}

uint64_t tc_event_number(const void *event, size_t size, uint16_t key, uint64_t missing) {
    tc_field field;
    uint64_t number;
    if (!tc_event_find(event, size, key, &field) || field.length != sizeof number)
        return missing;
    memcpy(&number, field.value, sizeof number);
    return number;
}

uint64_t tc_event_time(const void *event, size_t size) {
    tc_record_call head;
    uint64_t time = 0;
    if (size >= sizeof head) {
        memcpy(&head, event, sizeof head);
        if (head.event.type == TC_EVENT_CALL)
            return head.start;
    }
    if (size >= FIELDS_BEGIN)
        memcpy(&time, (const uint8_t *)event + sizeof(tc_record_event), sizeof time);
    return time;
}
