/* Showing a call, as a line for a person and as JSON.
 *
 * A call is shown in two walks over its import's parameters: what went in, what came out. Each kind
 * of parameter has one function, that writes nothing for what its walk does not have. */
#include "trace/describe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "trace/bytes.h"
#include "trace/names.h"

/* Longer lists (of vectors, subscriptions, entries) are cut in lines; JSON has them whole. */
enum { LIST_SHOWN = 16 };

#define SECOND UINT64_C(1000000000)

typedef struct writer {
    tc_text *out;
    const tc_call *call;
    const tc_described *import;
    const tc_show *show;
    bool json;
    bool any; /* something has been written of this walk */
} writer;

/* ---- pieces ---- */

static void add(writer *to, const char *text) {
    tc_text_add(to->out, text, strlen(text));
}

/* Begins a parameter: a comma where needed; its name in JSON, and in lines where `named`. */
static void begin(writer *to, const tc_parameter *parameter, bool named) {
    if (to->any)
        add(to, to->json ? "," : ", ");
    to->any = true;
    if (to->json)
        tc_text_print(to->out, "\"%s\":", parameter->name);
    else if (named)
        tc_text_print(to->out, "%s=", parameter->name);
}

/* A word of ours: bare in lines, a string in JSON. */
static void add_word(writer *to, const char *word) {
    tc_text_print(to->out, to->json ? "\"%s\"" : "%s", word);
}

static void add_bytes(writer *to, const void *bytes, size_t kept, size_t whole) {
    if (to->json)
        tc_text_add_json(to->out, bytes, kept);
    else
        tc_text_add_quoted(to->out, bytes, kept, to->show->string_size, kept < whole);
}

static void add_descriptor(writer *to, uint32_t fd) {
    tc_text_print(to->out, to->json ? "%" PRIu32 : "fd %" PRIu32, fd);
    if (to->json || !to->show->descriptor)
        return;
    tc_text behind = {0};
    to->show->descriptor(to->show->context, fd, &behind);
    if (behind.length)
        tc_text_print(to->out, to->show->colour ? " <\x1b[36m%s\x1b[0m>" : " <%s>", behind.data);
    tc_text_reset(&behind);
}

/* "creat|trunc", "creat|0x40", "0". */
static void add_flags(writer *to, uint64_t flags, const char *(*name)(uint8_t, uint64_t),
                      uint8_t list) {
    const char *separator = "";
    if (to->json)
        add(to, "\"");
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t mask = UINT64_C(1) << bit;
        const char *found = flags & mask ? name(list, bit) : NULL;
        if (!found)
            continue;
        tc_text_print(to->out, "%s%s", separator, found);
        separator = "|";
        flags &= ~mask;
    }
    if (flags || !*separator)
        tc_text_print(to->out, flags ? "%s0x%" PRIx64 : "%s%" PRIu64, separator, flags);
    if (to->json)
        add(to, "\"");
}

static const char *right_name(uint8_t list, uint64_t bit) {
    (void)list;
    return tc_right_name((unsigned)bit);
}

/* Programs ask for a score of rights at a time: a line has the few, or their number. */
static void add_rights(writer *to, uint64_t rights) {
    if (to->json || __builtin_popcountll(rights) <= 3)
        add_flags(to, rights, right_name, 0);
    else
        tc_text_print(to->out, "0x%" PRIx64, rights);
}

/* "2026-11-26T01:12:51.123456789Z" */
static void add_time(writer *to, uint64_t nanoseconds) {
    time_t seconds = (time_t)(nanoseconds / SECOND);
    struct tm parts;
    char text[32];
    if (nanoseconds == 0 || !gmtime_r(&seconds, &parts)) {
        tc_text_print(to->out, "%" PRIu64, nanoseconds);
        return;
    }
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    tc_text_print(to->out, to->json ? "\"%s.%09" PRIu64 "Z\"" : "%s.%09" PRIu64 "Z", text,
                  nanoseconds % SECOND);
}

/* "1.5s" without zeroes at the end; "1000ns" below a microsecond's thousand. */
static void add_duration(writer *to, uint64_t nanoseconds) {
    char digits[24];
    if (to->json) {
        tc_text_print(to->out, "%" PRIu64, nanoseconds);
    } else if (nanoseconds < 1000000) {
        tc_text_print(to->out, "%" PRIu64 "ns", nanoseconds);
    } else {
        int length = snprintf(digits, sizeof digits, "%" PRIu64 ".%09" PRIu64, nanoseconds / SECOND,
                              nanoseconds % SECOND);
        while (digits[length - 1] == '0')
            length--;
        length -= digits[length - 1] == '.';
        tc_text_print(to->out, "%.*ss", length, digits);
    }
}

static void add_choice(writer *to, uint8_t list, uint64_t value) {
    const char *name = tc_name_of(list, value);
    if (name)
        add_word(to, name);
    else
        tc_text_print(to->out, "%" PRIu64, value);
}

static void add_address(writer *to, const tc_record_address *address) {
    tc_text text = {0};
    tc_text_add_address(&text, address);
    if (to->json)
        tc_text_add_json(to->out, text.data ? text.data : "", text.length);
    else
        tc_text_add(to->out, text.data ? text.data : "", text.length);
    tc_text_reset(&text);
}

/* Data, or a copy with its secrets masked. */
static void add_data(writer *to, const tc_chunk *chunk, bool environment) {
    tc_text masked = {0};
    tc_mask mask = {0};
    tc_mask *in_order = to->show->mask ? to->show->mask : &mask;
    const uint8_t *bytes = chunk->bytes;
    if (!to->show->unmask && chunk->head.kept) {
        tc_text_add(&masked, (const char *)bytes, chunk->head.kept);
        bytes = (const uint8_t *)masked.data;
        if (masked.length != chunk->head.kept) {
            bytes = NULL; /* no memory: nothing rather than a secret */
            tc_mask_lose(in_order);
        } else if (environment) {
            tc_mask_environment((uint8_t *)masked.data, masked.length);
        } else if (to->show->hide) {
            memset(masked.data, '*', masked.length);
        } else {
            tc_mask_headers(in_order, (uint8_t *)masked.data, masked.length);
        }
    }
    add_bytes(to, bytes, bytes ? chunk->head.kept : 0, chunk->head.length);
    tc_text_reset(&masked);
}

/* Whether a list is to be cut here; a line says so. */
static bool cuts_list(writer *to, size_t index) {
    if (index > 0)
        add(to, to->json ? "," : ", ");
    if (to->json || index < LIST_SHOWN)
        return false;
    add(to, "…");
    return true;
}

/* ---- what goes in ---- */

static uint64_t argument(const writer *to, uint32_t index) {
    return index < to->call->argument_count ? to->call->arguments[index] : 0;
}

static void show_pointer(writer *to, uint32_t index) {
    tc_text_print(to->out, to->json ? "%" PRIu64 : "0x%" PRIx64, argument(to, index));
}

/* A text, path or option: its bytes, or its address where that is no place in memory. */
static void show_text_in(writer *to, uint32_t index) {
    tc_chunk chunk;
    if (!tc_call_find_chunk(to->call, index, 0, &chunk))
        show_pointer(to, index);
    else
        add_bytes(to, chunk.bytes, chunk.head.kept, chunk.head.length);
}

static void add_option(writer *to, uint32_t index, const tc_chunk *chunk) {
    uint64_t level = index >= 2 ? argument(to, index - 2) : 0;
    uint64_t name = index >= 1 ? argument(to, index - 1) : 0;
    tc_option_kind kind = tc_option_kind_of(level, name);
    if (chunk->head.kept == 4 && kind == TC_OPTION_NUMBER)
        tc_text_print(to->out, "%" PRIu32, tc_load32(chunk->bytes));
    else if (chunk->head.kept == 4 && kind == TC_OPTION_ERRNO)
        add_word(to, tc_errno_name(tc_load32(chunk->bytes)));
    else if (kind == TC_OPTION_SECRET)
        add_word(to, "[not kept]");
    else if (kind == TC_OPTION_TEXT) /* ends with a NUL, or does not */
        add_bytes(to, chunk->bytes, strnlen((const char *)chunk->bytes, chunk->head.kept),
                  strnlen((const char *)chunk->bytes, chunk->head.kept));
    else
        add_bytes(to, chunk->bytes, chunk->head.kept,
                  chunk->head.flags & TC_CHUNK_ZEROES ? chunk->head.kept : chunk->head.length);
}

static void show_option_in(writer *to, uint32_t index) {
    tc_chunk chunk;
    if (!tc_call_find_chunk(to->call, index, 0, &chunk))
        show_pointer(to, index);
    else
        add_option(to, index, &chunk);
}

/* The room of vectors: [4096, 10]. */
static void show_vectors(writer *to, uint32_t index) {
    tc_chunk array;
    if (!tc_call_find_chunk(to->call, index, 0, &array)) {
        show_pointer(to, index);
        return;
    }
    add(to, "[");
    for (size_t i = 0; i < array.head.kept / 8 && !cuts_list(to, i); i++)
        tc_text_print(to->out, "%" PRIu32, tc_load32(array.bytes + 8 * i + 4));
    add(to, "]");
}

/* What was sent of vectors: "GET / HTTP/1.1\r\n", and how much there was where not all was taken.
 */
static void show_vectors_in(writer *to, uint32_t index) {
    tc_chunk array, data;
    uint64_t offered = 0;
    bool sent = tc_call_find_chunk(to->call, index, TC_CHUNK_SCATTERED, &data);
    if (!sent || !tc_call_find_chunk(to->call, index, 0, &array)) {
        show_vectors(to, index);
        return;
    }
    add_data(to, &data, false);
    for (size_t i = 0; i < array.head.kept / 8; i++)
        offered += tc_load32(array.bytes + 8 * i + 4);
    if (!to->json && offered > data.head.length)
        tc_text_print(to->out, " of %" PRIu64, offered);
}

static void show_subscription(writer *to, const uint8_t *at, bool old) {
    const uint8_t *clock = at + (old ? 24 : 16);
    uint8_t type = at[8];
    if (to->json)
        tc_text_print(to->out, "{\"userdata\":%" PRIu64 ",", tc_load64(at));
    if (type == 1 || type == 2) {
        if (to->json)
            tc_text_print(to->out, "\"type\":\"%s\",\"fd\":%" PRIu32 "}",
                          type == 1 ? "fd_read" : "fd_write", tc_load32(at + 16));
        else {
            add_descriptor(to, tc_load32(at + 16));
            add(to, type == 1 ? " read" : " write");
        }
        return;
    }
    if (to->json) {
        tc_text_print(to->out, "\"type\":%s,\"clock\":", type == 0 ? "\"clock\"" : "null");
        add_choice(to, TC_CLOCKS, tc_load32(clock));
        tc_text_print(to->out, ",\"timeout\":%" PRIu64 ",\"absolute\":%s}", tc_load64(clock + 8),
                      tc_load16(clock + 24) & 1 ? "true" : "false");
    } else if (type == 0) {
        add_choice(to, TC_CLOCKS, tc_load32(clock));
        add(to, tc_load16(clock + 24) & 1 ? " until " : " ");
        if (tc_load16(clock + 24) & 1 && tc_load32(clock) == 0)
            add_time(to, tc_load64(clock + 8));
        else
            add_duration(to, tc_load64(clock + 8));
    } else {
        tc_text_print(to->out, "type %u", type);
    }
}

static void show_subscriptions(writer *to, uint32_t index, bool old) {
    tc_chunk chunk;
    size_t size = old ? 56 : 48;
    if (!tc_call_find_chunk(to->call, index, 0, &chunk)) {
        show_pointer(to, index);
        return;
    }
    add(to, "[");
    for (size_t i = 0; i < chunk.head.kept / size && !cuts_list(to, i); i++)
        show_subscription(to, chunk.bytes + i * size, old);
    add(to, "]");
}

static void show_hints(writer *to, uint32_t index) {
    static const char *const protocols[] = {"any", "tcp", "udp"};
    static const char *const flags[] = {"passive", "canonname", "numerichost", "numericserv"};
    tc_chunk chunk;
    if (!tc_call_find_chunk(to->call, index, 0, &chunk) || chunk.head.kept < 28) {
        if (argument(to, index) == 0)
            add(to, to->json ? "null" : "NULL");
        else
            show_pointer(to, index);
        return;
    }
    uint32_t protocol = tc_load32(chunk.bytes + 4);
    uint16_t bits = tc_load16(chunk.bytes);
    add(to, to->json ? "{\"family\":" : "{");
    add_choice(to, TC_FAMILIES, chunk.bytes[2]);
    add(to, to->json ? ",\"type\":" : " ");
    add_choice(to, TC_TYPES, chunk.bytes[3]);
    add(to, to->json ? ",\"protocol\":" : " ");
    if (protocol < 3)
        add_word(to, protocols[protocol]);
    else
        tc_text_print(to->out, "%" PRIu32, protocol);
    if (to->json)
        tc_text_print(to->out, ",\"flags\":%u", bits);
    for (size_t i = 0; i < 4 && !to->json; i++)
        if (bits >> i & 1)
            tc_text_print(to->out, " %s", flags[i]);
    if (bits & 0x8000 && !to->json)
        add(to, " nowait");
    add(to, "}");
}

/* A LENGTH or COUNT says something that the parameter before it has not shown. */
static bool shows_length(const writer *to, uint32_t index) {
    tc_chunk chunk;
    uint32_t of = index;
    while (of > 0 && to->import->parameters[of].kind != TC_P_LENGTH &&
           to->import->parameters[of].kind != TC_P_COUNT)
        of--;
    const tc_parameter *before = &to->import->parameters[of > 0 ? of - 1 : 0];
    switch (before->kind) {
    case TC_P_PATH:
    case TC_P_TEXT:
    case TC_P_OPTION_IN:
    case TC_P_VECTORS_IN:
    case TC_P_VECTORS_OUT:
        return !tc_call_find_chunk(to->call, of - 1, 0, &chunk);
    case TC_P_EVENTS_OUT: /* the subscriptions stand before that */
        return !(of >= 2 && tc_call_find_chunk(to->call, of - 2, 0, &chunk));
    default:
        return true;
    }
}

static bool is_port_of_address(const tc_described *import, uint32_t index) {
    for (uint32_t i = 0; i < import->count; i++)
        if ((import->parameters[i].kind == TC_P_ADDRESS_IN ||
             import->parameters[i].kind == TC_P_ADDRESS_OUT) &&
            import->parameters[i].detail == index)
            return true;
    return false;
}

static void show_address_in(writer *to, uint32_t index) {
    tc_record_address address = tc_call_address(to->call, to->import, index);
    tc_chunk chunk;
    if (tc_call_find_chunk(to->call, index, 0, &chunk))
        add_address(to, &address);
    else
        show_pointer(to, index);
}

static void show_option_name(writer *to, uint32_t index) {
    bool is_level = to->import->parameters[index].kind == TC_P_OPTION_LEVEL;
    const char *name = is_level ? tc_option_level_name(argument(to, index))
                                : tc_option_name(argument(to, index - 1), argument(to, index));
    if (name)
        add_word(to, name);
    else
        tc_text_print(to->out, "%" PRIu64, argument(to, index));
}

static void show_in(writer *to, uint32_t index) {
    const tc_parameter *parameter = &to->import->parameters[index];
    uint64_t value = argument(to, index);
    switch (parameter->kind) {
    case TC_P_FD:
        begin(to, parameter, false);
        add_descriptor(to, (uint32_t)value);
        break;
    case TC_P_NUMBER:
    case TC_P_NUMBER64:
        begin(to, parameter, true);
        tc_text_print(to->out, "%" PRIu64, value);
        break;
    case TC_P_SIGNED64:
        begin(to, parameter, true);
        tc_text_print(to->out, "%" PRId64, (int64_t)value);
        break;
    case TC_P_FLAGS:
        begin(to, parameter, true);
        add_flags(to, value, tc_name_of, parameter->detail);
        break;
    case TC_P_CHOICE:
        begin(to, parameter, false);
        add_choice(to, parameter->detail, value);
        break;
    case TC_P_RIGHTS:
        begin(to, parameter, true);
        add_rights(to, value);
        break;
    case TC_P_TIME:
        begin(to, parameter, true);
        add_time(to, value);
        break;
    case TC_P_DURATION:
        begin(to, parameter, true);
        add_duration(to, value);
        break;
    case TC_P_PORT:
        if (is_port_of_address(to->import, index))
            break;
        begin(to, parameter, true);
        tc_text_print(to->out, "%" PRIu64, value);
        break;
    case TC_P_OPTION_LEVEL:
    case TC_P_OPTION_NAME:
        begin(to, parameter, false);
        show_option_name(to, index);
        break;
    case TC_P_LENGTH:
    case TC_P_COUNT:
        if (!to->json && !shows_length(to, index))
            break;
        begin(to, parameter, true);
        tc_text_print(to->out, "%" PRIu64, value);
        break;
    case TC_P_PATH:
    case TC_P_TEXT:
        begin(to, parameter, false);
        show_text_in(to, index);
        break;
    case TC_P_OPTION_IN:
        begin(to, parameter, false);
        show_option_in(to, index);
        break;
    case TC_P_VECTORS_IN:
        begin(to, parameter, false);
        show_vectors_in(to, index);
        break;
    case TC_P_VECTORS_OUT:
        begin(to, parameter, false);
        show_vectors(to, index);
        break;
    case TC_P_ADDRESS_IN:
        begin(to, parameter, false);
        show_address_in(to, index);
        break;
    case TC_P_SUBSCRIPTIONS_IN:
    case TC_P_OLD_SUBSCRIPTIONS_IN:
        begin(to, parameter, false);
        show_subscriptions(to, index, parameter->kind == TC_P_OLD_SUBSCRIPTIONS_IN);
        break;
    case TC_P_HINTS_IN:
        begin(to, parameter, false);
        show_hints(to, index);
        break;
    default: /* only written */
        break;
    }
}

/* ---- what comes out ---- */

/* The numbers that say how much there is come first, then what there is of it. */
static bool is_number_out(uint8_t kind) {
    return kind >= TC_P_FD_OUT && kind <= TC_P_FLAGS_OUT;
}

static void show_number_out(writer *to, uint32_t index) {
    const tc_parameter *parameter = &to->import->parameters[index];
    uint64_t value;
    if (!tc_call_out_number(to->call, index, &value))
        return;
    if ((parameter->kind == TC_P_PORT_OUT && is_port_of_address(to->import, index)) ||
        (parameter->kind == TC_P_FLAGS_OUT && value == 0 && !to->json))
        return;
    begin(to, parameter, false);
    switch (parameter->kind) {
    case TC_P_FD_OUT:
        add_descriptor(to, (uint32_t)value);
        break;
    case TC_P_TIME_OUT:
        if (argument(to, parameter->detail) == 0)
            add_time(to, value);
        else
            add_duration(to, value);
        break;
    case TC_P_DURATION_OUT:
        add_duration(to, value);
        break;
    case TC_P_FLAGS_OUT:
        add_flags(to, value, tc_name_of, parameter->detail);
        break;
    default:
        tc_text_print(to->out, "%" PRIu64, value);
    }
}

/* Entries of a folder: u64 next, u64 inode, u32 length of the name, u8 type, 3 of padding, name. */
static void show_entries(writer *to, const tc_chunk *chunk) {
    size_t at = 0, count = 0;
    add(to, "[");
    while (chunk->head.kept - at >= 24) {
        const uint8_t *entry = chunk->bytes + at;
        size_t length = tc_load32(entry + 16), left = chunk->head.kept - at - 24;
        if (length > left || cuts_list(to, count++))
            break;
        add(to, to->json ? "{\"name\":" : "");
        add_bytes(to, entry + 24, length, length);
        tc_text_print(to->out, to->json ? ",\"type\":\"%s\",\"inode\":%" PRIu64 "}" : " %s",
                      tc_filetype_name(entry[20]), tc_load64(entry + 8));
        at += 24 + length;
    }
    add(to, "]");
}

static void show_fdstat(writer *to, const uint8_t *at) {
    tc_text_print(to->out, to->json ? "{\"filetype\":\"%s\",\"flags\":" : "{%s flags=",
                  tc_filetype_name(at[0]));
    add_flags(to, tc_load16(at + 2), tc_name_of, TC_FDFLAGS);
    add(to, to->json ? ",\"rights_base\":" : " rights_base=");
    add_rights(to, tc_load64(at + 8));
    add(to, to->json ? ",\"rights_inheriting\":" : " rights_inheriting=");
    add_rights(to, tc_load64(at + 16));
    add(to, "}");
}

static void show_filestat(writer *to, const uint8_t *at, bool old) {
    uint64_t links = old ? tc_load32(at + 20) : tc_load64(at + 24);
    const uint8_t *rest = at + (old ? 24 : 32);
    const char *format = to->json ? "{\"filetype\":\"%s\",\"size\":%" PRIu64 ",\"nlink\":%" PRIu64
                                    ",\"ino\":%" PRIu64 ",\"mtim\":"
                                  : "{%s size=%" PRIu64 " nlink=%" PRIu64 " ino=%" PRIu64 " mtim=";
    tc_text_print(to->out, format, tc_filetype_name(at[16]), tc_load64(rest), links,
                  tc_load64(at + 8));
    add_time(to, tc_load64(rest + 16));
    add(to, "}");
}

/* What an event is of: the subscription with its userdata and type. */
static void show_event_source(writer *to, const uint8_t *event) {
    tc_chunk chunk;
    size_t size = 0;
    for (uint32_t i = 0; i < to->import->count && size == 0; i++) {
        uint8_t kind = to->import->parameters[i].kind;
        if ((kind == TC_P_SUBSCRIPTIONS_IN || kind == TC_P_OLD_SUBSCRIPTIONS_IN) &&
            tc_call_find_chunk(to->call, i, 0, &chunk))
            size = kind == TC_P_SUBSCRIPTIONS_IN ? 48 : 56;
    }
    for (size_t i = 0; size && i < chunk.head.kept / size; i++) {
        const uint8_t *one = chunk.bytes + i * size;
        if (tc_load64(one) == tc_load64(event) && one[8] == event[10]) {
            show_subscription(to, one, size == 56);
            return;
        }
    }
    tc_text_print(to->out, to->json ? "{\"userdata\":%" PRIu64 "}" : "userdata=%" PRIu64,
                  tc_load64(event));
}

static void show_events(writer *to, const tc_chunk *chunk) {
    add(to, "[");
    for (size_t i = 0; i < chunk->head.kept / 32 && !cuts_list(to, i); i++) {
        const uint8_t *event = chunk->bytes + 32 * i;
        const char *error = tc_errno_name(tc_load16(event + 8));
        if (to->json)
            add(to, "{\"of\":");
        show_event_source(to, event);
        if (to->json) {
            tc_text_print(to->out, ",\"error\":\"%s\",\"nbytes\":%" PRIu64 ",\"hangup\":%s}", error,
                          tc_load64(event + 16), tc_load16(event + 24) & 1 ? "true" : "false");
            continue;
        }
        if (tc_load16(event + 8))
            tc_text_print(to->out, " %s", error);
        if (event[10] == 1 && !tc_load16(event + 8))
            tc_text_print(to->out, " nbytes=%" PRIu64, tc_load64(event + 16));
        if (event[10] && tc_load16(event + 24) & 1)
            add(to, " hangup");
    }
    add(to, "]");
}

static void show_results(writer *to) {
    size_t position = 0, count = 0;
    tc_record_address address;
    add(to, "[");
    while (tc_call_next_result(to->call, to->import, &position, &address) &&
           !cuts_list(to, count++))
        add_address(to, &address);
    add(to, "]");
}

/* Strings that each end with a NUL. */
static void show_strings(writer *to, const tc_chunk *chunk, bool environment) {
    size_t count = 0;
    add(to, "[");
    for (size_t at = 0; at < chunk->head.kept;) {
        size_t length = strnlen((const char *)chunk->bytes + at, chunk->head.kept - at);
        tc_chunk one = {.head = {.length = (uint32_t)length, .kept = (uint32_t)length},
                        .bytes = chunk->bytes + at};
        if (cuts_list(to, count++))
            break;
        if (environment)
            add_data(to, &one, true);
        else
            add_bytes(to, one.bytes, length, length);
        at += length + 1;
    }
    add(to, "]");
}

/* The size that a structure must have to be shown; 0: any. */
static uint32_t fixed_size(uint8_t kind) {
    switch (kind) {
    case TC_P_FDSTAT_OUT:
        return 24;
    case TC_P_FILESTAT_OUT:
        return 64;
    case TC_P_OLD_FILESTAT_OUT:
        return 56;
    case TC_P_PRESTAT_OUT:
        return 8;
    default:
        return 0;
    }
}

static bool is_shown_out(uint8_t kind) {
    return kind == TC_P_OPTION_OUT || kind == TC_P_BYTES_OUT || kind == TC_P_TEXT_OUT ||
           kind == TC_P_DIRENTS_OUT || kind == TC_P_VECTORS_OUT || kind == TC_P_ADDRESS_OUT ||
           kind == TC_P_EVENTS_OUT || kind == TC_P_ADDRINFO_OUT || kind == TC_P_STRINGS_OUT ||
           fixed_size(kind);
}

static void show_out(writer *to, uint32_t index) {
    const tc_parameter *parameter = &to->import->parameters[index];
    uint8_t kind = parameter->kind;
    tc_chunk chunk;
    uint8_t flags = TC_CHUNK_OUT | (kind == TC_P_VECTORS_OUT ? TC_CHUNK_SCATTERED : 0);
    if (!is_shown_out(kind) || !tc_call_find_chunk(to->call, index, flags, &chunk) ||
        chunk.head.kept < fixed_size(kind))
        return;
    begin(to, parameter, false);
    tc_record_address address;
    switch (kind) {
    case TC_P_OPTION_OUT:
        add_option(to, index, &chunk);
        break;
    case TC_P_BYTES_OUT:
    case TC_P_TEXT_OUT:
        add_bytes(to, chunk.bytes, chunk.head.kept, chunk.head.length);
        break;
    case TC_P_DIRENTS_OUT:
        show_entries(to, &chunk);
        break;
    case TC_P_VECTORS_OUT:
        add_data(to, &chunk, false);
        break;
    case TC_P_ADDRESS_OUT:
        address = tc_call_address(to->call, to->import, index);
        add_address(to, &address);
        break;
    case TC_P_FDSTAT_OUT:
        show_fdstat(to, chunk.bytes);
        break;
    case TC_P_FILESTAT_OUT:
    case TC_P_OLD_FILESTAT_OUT:
        show_filestat(to, chunk.bytes, kind == TC_P_OLD_FILESTAT_OUT);
        break;
    case TC_P_PRESTAT_OUT:
        if (chunk.bytes[0] != 0) /* see fd_prestat_get */
            tc_text_print(to->out, to->json ? "{\"socket\":true}" : "{socket}");
        else
            tc_text_print(to->out,
                          to->json ? "{\"name_len\":%" PRIu32 "}" : "{dir name_len=%" PRIu32 "}",
                          tc_load32(chunk.bytes + 4));
        break;
    case TC_P_EVENTS_OUT:
        show_events(to, &chunk);
        break;
    case TC_P_ADDRINFO_OUT:
        show_results(to);
        break;
    default:
        show_strings(to, &chunk, parameter->detail == TC_ENVIRONMENT);
    }
}

static void show_all_out(writer *to) {
    for (uint32_t i = 0; i < to->import->count; i++)
        if (is_number_out(to->import->parameters[i].kind))
            show_number_out(to, i);
    for (uint32_t i = 0; i < to->import->count; i++)
        show_out(to, i);
}

/* An import that this program does not know: its numbers. */
static const tc_described unknown = {.module = "?", .name = "?", .type = ":"};

/* ---- calls ---- */

void tc_show_call(tc_text *out, const tc_call *call, const tc_described *import,
                  const tc_show *show) {
    writer to = {.out = out, .call = call, .import = import ? import : &unknown, .show = show};
    bool has_result = !(call->record->event.detail[1] & TC_CALL_NO_RESULT);
    tc_text_print(out, show->colour ? "\x1b[1m%s\x1b[0m(" : "%s(", to.import->name);
    for (uint32_t i = 0; i < to.import->count; i++)
        show_in(&to, i);
    for (uint32_t i = 0; !import && i < call->argument_count; i++)
        tc_text_print(out, "%s%" PRIu64, i ? ", " : "", call->arguments[i]);
    add(&to, ") = ");
    if (!has_result) {
        add(&to, "?");
    } else if (call->result) {
        tc_text_print(out, show->colour ? "\x1b[31m%s (%s)\x1b[0m" : "%s (%s)",
                      tc_errno_name(call->result), tc_errno_text(call->result));
    } else {
        to.any = false;
        show_all_out(&to);
        if (!to.any)
            add(&to, "0");
    }
    if (call->record->event.detail[1] & TC_CALL_CHAOS)
        add(&to, " (chaos)");
    if (has_result)
        tc_text_print(out, " <%" PRIu64 ".%06" PRIu64 ">", call->duration / SECOND,
                      call->duration % SECOND / 1000);
}

void tc_show_call_json(tc_text *out, const tc_call *call, const tc_described *import,
                       const tc_show *show) {
    writer to = {
        .out = out, .call = call, .import = import ? import : &unknown, .show = show, .json = true};
    const tc_record_call *record = call->record;
    tc_text_print(out,
                  "{\"call\":%" PRIu64 ",\"time\":%" PRIu64 ".%09" PRIu64 ",\"duration\":%" PRIu64
                  ".%09" PRIu64 ",\"name\":\"%s\",\"args\":{",
                  record->index, record->start / SECOND, record->start % SECOND,
                  call->duration / SECOND, call->duration % SECOND, to.import->name);
    for (uint32_t i = 0; i < to.import->count; i++)
        show_in(&to, i);
    if (record->event.detail[1] & TC_CALL_NO_RESULT) {
        add(&to, "},\"result\":null}");
        return;
    }
    tc_text_print(out, "},\"result\":\"%s\",\"out\":{",
                  call->result ? tc_errno_name(call->result) : "ok");
    to.any = false;
    if (call->result == 0)
        show_all_out(&to);
    add(&to, record->event.detail[1] & TC_CALL_CHAOS ? "},\"chaos\":true}" : "}}");
}
