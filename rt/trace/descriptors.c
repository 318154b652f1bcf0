/* Following descriptors. The numbers may come from a hostile record. */
#include "trace/descriptors.h"

#include <stdlib.h>
#include <string.h>

enum { FD_MAX = 65536 }; /* as TC_FD_MAX: a guest has no more */
enum { OK = 0, INPROGRESS = 26 };
enum { STREAM = 2 };

static void free_entry(tc_descriptor **place) {
    if (!*place)
        return;
    free((*place)->path);
    free((*place)->host);
    free(*place);
    *place = NULL;
}

void tc_descriptors_reset(tc_descriptors *all) {
    for (size_t i = 0; i < all->capacity; i++)
        free_entry(&all->entries[i]);
    free(all->entries);
    *all = (tc_descriptors){0};
}

tc_descriptor *tc_descriptors_get(const tc_descriptors *all, uint32_t fd) {
    return fd < all->capacity ? all->entries[fd] : NULL;
}

/* A new entry in the place of what was there; NULL: no memory, or no such number. */
static tc_descriptor *make(tc_descriptors *all, uint32_t fd, uint8_t kind) {
    if (fd >= FD_MAX)
        return NULL;
    if (fd >= all->capacity) {
        size_t capacity = fd + 1 > 2 * all->capacity ? fd + 1 : 2 * all->capacity;
        tc_descriptor **grown = realloc(all->entries, capacity * sizeof *grown);
        if (!grown) {
            all->lost = true;
            return NULL;
        }
        memset(grown + all->capacity, 0, (capacity - all->capacity) * sizeof *grown);
        all->entries = grown;
        all->capacity = capacity;
    }
    free_entry(&all->entries[fd]);
    all->entries[fd] = calloc(1, sizeof **all->entries);
    if (all->entries[fd])
        all->entries[fd]->kind = kind;
    else
        all->lost = true;
    return all->entries[fd];
}

static void set_text(tc_descriptors *all, char **to, const uint8_t *text, size_t length) {
    free(*to);
    *to = strndup((const char *)text, length);
    all->lost |= !*to;
}

/* ---- calls ---- */

/* A path below a folder: "/data" and "x" are "/data/x". */
static void set_path(tc_descriptors *all, tc_descriptor *to, const tc_descriptor *folder,
                     const uint8_t *path, size_t length) {
    tc_text text = {0};
    if (folder && folder->path && strcmp(folder->path, "/") != 0 && strcmp(folder->path, ".") != 0)
        tc_text_print(&text, "%s/", folder->path);
    else if (folder && folder->path && folder->path[0] == '/')
        tc_text_add(&text, "/", 1);
    if (length == 1 && path[0] == '.' && text.length > 1)
        text.data[--text.length] = '\0'; /* the folder itself */
    else
        tc_text_add(&text, (const char *)path, length);
    free(to->path);
    to->path = text.data;
    all->lost |= text.cut;
}

static void note_open(tc_descriptors *all, const tc_call *call) {
    uint64_t fd;
    tc_chunk path;
    if (!tc_call_out_number(call, 8, &fd) || !tc_call_find_chunk(call, 2, 0, &path))
        return;
    bool folder = call->arguments[4] & 2; /* OFLAG_DIRECTORY */
    tc_descriptor *made =
        make(all, (uint32_t)fd, folder ? TC_DESCRIPTOR_FOLDER : TC_DESCRIPTOR_FILE);
    if (!made)
        return;
    made->opened_by = call->record->index;
    set_path(all, made, tc_descriptors_get(all, (uint32_t)call->arguments[0]), path.bytes,
             path.head.kept);
}

static void note_socket(tc_descriptors *all, const tc_call *call) {
    uint64_t fd;
    if (!tc_call_out_number(call, 2, &fd))
        return;
    tc_descriptor *made = make(all, (uint32_t)fd, TC_DESCRIPTOR_SOCKET);
    if (!made)
        return;
    made->opened_by = call->record->index;
    made->family = call->arguments[0] ? (uint8_t)call->arguments[0] : 1;
    made->type = call->arguments[1] == 1 ? 1 : STREAM;
}

static void note_accept(tc_descriptors *all, const tc_call *call, uint32_t out) {
    uint64_t fd;
    if (!tc_call_out_number(call, out, &fd))
        return;
    const tc_descriptor *listener = tc_descriptors_get(all, (uint32_t)call->arguments[0]);
    uint8_t family = listener ? listener->family : 0;
    bool tls = listener && listener->tls;
    tc_descriptor *made = make(all, (uint32_t)fd, TC_DESCRIPTOR_SOCKET);
    if (!made)
        return;
    made->opened_by = call->record->index;
    made->family = family;
    made->type = STREAM;
    made->server = true;
    made->tls = tls;
}

/* HTLS_OPTION and SERVER_OPTION of TIMECRAFT_LEVEL begin a handshake. */
static void note_option(tc_descriptors *all, tc_descriptor *one, const tc_call *call) {
    tc_chunk value;
    if (call->arguments[1] != 0x74696d65 || call->arguments[2] > 3 || call->arguments[2] == 2)
        return;
    one->tls = true;
    if (call->arguments[2] == 1 && tc_call_find_chunk(call, 3, 0, &value))
        set_text(all, &one->host, value.bytes, value.head.kept);
}

/* How the parameters of a call name its data: 0 sent, 1 received, -1 none. */
static int direction_of(const tc_described *import) {
    for (uint32_t i = 0; i < import->count; i++)
        if (import->parameters[i].kind == TC_P_VECTORS_IN ||
            import->parameters[i].kind == TC_P_VECTORS_OUT)
            return import->parameters[i].kind == TC_P_VECTORS_OUT;
    return -1;
}

/* HTTP/2 begins with a preface (RFC 9113, 3.4), which may come in pieces, and behind an upgrade of
 * HTTP/1. */
static void note_data(tc_descriptor *one, const tc_call *call, const tc_described *import) {
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    int direction = direction_of(import);
    size_t position = 0, length = sizeof preface - 1;
    tc_chunk chunk;
    if (direction < 0 || one->http2)
        return;
    uint8_t *seen = &one->preface[direction];
    while (tc_call_next_chunk(call, &position, &chunk)) {
        if (!(chunk.head.flags & TC_CHUNK_SCATTERED) || chunk.head.kept == 0)
            continue;
        size_t left = length - *seen;
        size_t part = chunk.head.kept < left ? chunk.head.kept : left;
        bool same = memcmp(chunk.bytes, preface + *seen, part) == 0;
        if (!same && *seen) { /* it may begin here */
            *seen = 0;
            left = length;
            part = chunk.head.kept < left ? chunk.head.kept : left;
            same = memcmp(chunk.bytes, preface, part) == 0;
        }
        *seen = same && chunk.head.kept == chunk.head.length ? (uint8_t)(*seen + part) : 0;
        one->http2 = same && part == left;
        return;
    }
}

void tc_descriptors_note(tc_descriptors *all, const tc_call *call, const tc_described *import) {
    if (!import || (call->result != OK && call->result != INPROGRESS) ||
        call->argument_count != import->count)
        return;
    tc_import_id id = (tc_import_id)(import - tc_imports_described);
    tc_descriptor *one =
        call->argument_count ? tc_descriptors_get(all, (uint32_t)call->arguments[0]) : NULL;
    switch (id) {
    case TC_ID_tc_wasi_path_open:
        note_open(all, call);
        break;
    case TC_ID_tc_wasi_sock_open:
        note_socket(all, call);
        break;
    case TC_ID_tc_wasi_sock_accept:
        note_accept(all, call, 2);
        break;
    case TC_ID_tc_wasi_sock_accept_v1:
        note_accept(all, call, 1);
        break;
    case TC_ID_tc_wasi_sock_bind:
        if (one)
            one->local = tc_call_address(call, import, 1);
        break;
    case TC_ID_tc_wasi_sock_connect:
        if (one)
            one->peer = tc_call_address(call, import, 1);
        break;
    case TC_ID_tc_wasi_sock_listen:
        if (one)
            one->listening = true;
        break;
    case TC_ID_tc_wasi_sock_setsockopt:
        if (one)
            note_option(all, one, call);
        break;
    default:
        if (one)
            note_data(one, call, import);
        break;
    }
}

void tc_descriptors_close(tc_descriptors *all, const tc_call *call, const tc_described *import) {
    if (!import || call->result != OK || call->argument_count != import->count)
        return;
    tc_import_id id = (tc_import_id)(import - tc_imports_described);
    uint32_t fd = call->argument_count ? (uint32_t)call->arguments[0] : 0;
    if (id == TC_ID_tc_wasi_fd_close && fd < all->capacity)
        free_entry(&all->entries[fd]);
    if (id != TC_ID_tc_wasi_fd_renumber || call->arguments[1] == fd)
        return;
    tc_descriptor *moved = tc_descriptors_get(all, fd);
    uint32_t to = (uint32_t)call->arguments[1];
    if (moved)
        all->entries[fd] = NULL;
    if (make(all, to, 0) || to < all->capacity) {
        free_entry(&all->entries[to]);
        all->entries[to] = moved;
    } else {
        free_entry(&moved);
    }
}

/* ---- events ---- */

static void set_address(tc_record_address *to, const tc_field *field) {
    if (field->length == sizeof *to) {
        memcpy(to, field->value, sizeof *to);
        if (to->length > sizeof to->bytes)
            *to = (tc_record_address){0};
    }
}

void tc_descriptors_note_event(tc_descriptors *all, const void *event, size_t size) {
    tc_record_event head;
    tc_field field;
    if (size < sizeof head)
        return;
    memcpy(&head, event, sizeof head);
    if (head.type != TC_EVENT_DESCRIPTOR && head.type != TC_EVENT_CONNECTION &&
        head.type != TC_EVENT_TLS)
        return;
    tc_descriptor *one = tc_descriptors_get(all, head.detail32);
    if (head.type == TC_EVENT_DESCRIPTOR)
        one = make(all, head.detail32, (uint8_t)tc_event_number(event, size, TC_FIELD_KIND, 0));
    else if (!one)
        one = make(all, head.detail32, TC_DESCRIPTOR_SOCKET);
    if (!one)
        return;
    if (head.type == TC_EVENT_DESCRIPTOR) {
        one->family = (uint8_t)tc_event_number(event, size, TC_FIELD_FAMILY, 0);
        one->type = (uint8_t)tc_event_number(event, size, TC_FIELD_TYPE, 0);
        one->listening = tc_event_number(event, size, TC_FIELD_LISTENING, 0);
        if (tc_event_find(event, size, TC_FIELD_PATH, &field))
            set_text(all, &one->path, field.value, field.length);
    }
    one->tls |= head.type == TC_EVENT_TLS || tc_event_number(event, size, TC_FIELD_HAS_TLS, 0);
    one->server |= tc_event_number(event, size, TC_FIELD_SERVER, 0) != 0;
    one->opened_by = tc_event_number(event, size, TC_FIELD_CALL, one->opened_by);
    if (tc_event_find(event, size, TC_FIELD_LOCAL, &field))
        set_address(&one->local, &field);
    if (tc_event_find(event, size, TC_FIELD_PEER, &field))
        set_address(&one->peer, &field);
    if ((tc_event_find(event, size, TC_FIELD_HOST, &field) ||
         tc_event_find(event, size, TC_FIELD_SERVER_NAME, &field)) &&
        field.length)
        set_text(all, &one->host, field.value, field.length);
    if (tc_event_find(event, size, TC_FIELD_ALPN, &field))
        one->http2 |= field.length == 2 && memcmp(field.value, "h2", 2) == 0;
}

/* ---- showing ---- */

void tc_descriptors_mask(const tc_descriptors *all, const tc_call *call, const tc_described *import,
                         tc_show *show) {
    int direction = import ? direction_of(import) : -1;
    tc_descriptor *one = direction >= 0 && call->argument_count
                             ? tc_descriptors_get(all, (uint32_t)call->arguments[0])
                             : NULL;
    show->mask = one ? &one->masks[direction] : NULL;
    show->hide = direction >= 0 && (all->lost || (one && one->http2));
}

static void show_socket(const tc_descriptor *one, tc_text *out) {
    static const char *const families[] = {"unspec", "inet4", "inet6", "unix"};
    if (one->listening) {
        tc_text_print(out, "listening ");
        tc_text_add_address(out, &one->local);
    } else if (one->peer.family) {
        if (one->type == 1)
            tc_text_print(out, "udp ");
        tc_text_add_address(out, &one->peer);
    } else if (one->family < 4) {
        tc_text_print(out, "%s %s", families[one->family], one->type == 1 ? "datagram" : "stream");
    }
    if (one->tls)
        tc_text_print(out, " tls");
    if (one->tls && one->host)
        tc_text_print(out, " %s", one->host);
}

void tc_descriptors_show(void *context, uint32_t fd, tc_text *out) {
    const tc_descriptor *one = tc_descriptors_get(context, fd);
    tc_text text = {0};
    if (!one)
        return;
    if (one->path)
        tc_text_print(&text, "%s", one->path);
    else if (one->kind == TC_DESCRIPTOR_SOCKET)
        show_socket(one, &text);
    /* A path may have bytes that a terminal obeys. */
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte < 0x20 || byte == 0x7f)
            tc_text_print(out, "\\%03o", byte);
        else
            tc_text_add(out, text.data + i, 1);
    }
    tc_text_reset(&text);
}
