/* The functions of wasi_unstable, preview 1's predecessor, that preview 1 changed
 * (WebAssembly/WASI, legacy/preview0/docs.md). All others are the same.
 *
 * Each calls preview 1's function on a memory of its own, where what the guest has written stands
 * in the new layout, and takes the results from there.
 */
#include <stdlib.h>
#include <string.h>

#include "wasi/internal.h"

/* Structures of the old layout. The events of poll_oneoff are the same in both. */
typedef struct old_filestat {
    uint64_t device;
    uint64_t inode;
    uint8_t filetype;
    uint32_t link_count; /* later 64 bits */
    uint64_t size;
    uint64_t access_time;
    uint64_t modification_time;
    uint64_t change_time;
} old_filestat;

typedef struct old_subscription {
    uint64_t userdata;
    uint8_t type;
    union {
        struct {
            uint64_t identifier; /* later gone */
            uint32_t id;
            uint64_t timeout;
            uint64_t precision;
            uint16_t flags;
        } clock;
        uint32_t fd;
    };
} old_subscription;

/* Those of preview 1. */
typedef struct filestat {
    uint64_t device;
    uint64_t inode;
    uint8_t filetype;
    uint64_t link_count;
    uint64_t size;
    uint64_t times[3];
} filestat;

typedef struct subscription {
    uint64_t userdata;
    uint8_t type;
    union {
        struct {
            uint32_t id;
            uint64_t timeout;
            uint64_t precision;
            uint16_t flags;
        } clock;
        uint32_t fd;
    };
} subscription;

_Static_assert(sizeof(old_filestat) == 56 && sizeof(old_subscription) == 56, "preview 0's layout");
_Static_assert(sizeof(filestat) == 64 && sizeof(subscription) == 48, "preview 1's layout");

enum { EVENT_SIZE = 32, TYPE_CLOCK = 0 };

/* A host's buffer in the guest's place: addresses are offsets in it. Returns the guest's. */
static tc_memory exchange_memory(tc_wasi *wasi, wasm_rt_memory_t *own, void *buffer, size_t size) {
    tc_memory guest = wasi->memory;
    *own = (wasm_rt_memory_t){.data = buffer, .size = size};
    wasi->memory.wasm = own;
    return guest;
}

uint32_t tc_wasi_unstable_fd_seek(tc_wasi *wasi, uint32_t fd, uint64_t offset, uint32_t whence,
                                  uint32_t result) {
    /* Was 0 current, 1 end, 2 set; is 0 set, 1 current, 2 end. */
    return tc_wasi_fd_seek(wasi, fd, offset, whence < 3 ? (whence + 1) % 3 : whence, result);
}

static uint32_t store_filestat(const tc_memory *memory, uint32_t address, const filestat *from) {
    void *to = tc_memory_span(memory, address, sizeof(old_filestat));
    if (!to)
        return TC_WASI_FAULT;
    old_filestat old = {
        .device = from->device,
        .inode = from->inode,
        .filetype = from->filetype,
        .link_count = from->link_count < UINT32_MAX ? (uint32_t)from->link_count : UINT32_MAX,
        .size = from->size,
        .access_time = from->times[0],
        .modification_time = from->times[1],
        .change_time = from->times[2],
    };
    memcpy(to, &old, sizeof old);
    return TC_WASI_SUCCESS;
}

uint32_t tc_wasi_unstable_fd_filestat_get(tc_wasi *wasi, uint32_t fd, uint32_t out) {
    filestat status;
    wasm_rt_memory_t own;
    tc_memory guest = exchange_memory(wasi, &own, &status, sizeof status);
    uint32_t error = tc_wasi_fd_filestat_get(wasi, fd, 0);
    wasi->memory = guest;
    return error ? error : store_filestat(&guest, out, &status);
}

uint32_t tc_wasi_unstable_path_filestat_get(tc_wasi *wasi, uint32_t fd, uint32_t lookup,
                                            uint32_t address, uint32_t length, uint32_t out) {
    struct {
        filestat status;
        char path[PATH_MAX + 1]; /* one more than any path has, to be refused as too long */
    } buffer;
    const char *path = tc_memory_span(&wasi->memory, address, length);
    if (!path)
        return TC_WASI_FAULT;
    if (length > sizeof buffer.path)
        length = sizeof buffer.path;
    memcpy(buffer.path, path, length);
    wasm_rt_memory_t own;
    tc_memory guest = exchange_memory(wasi, &own, &buffer, sizeof buffer);
    uint32_t error = tc_wasi_path_filestat_get(wasi, fd, lookup, sizeof buffer.status, length, 0);
    wasi->memory = guest;
    return error ? error : store_filestat(&guest, out, &buffer.status);
}

static subscription convert(const char *from) {
    old_subscription old;
    memcpy(&old, from, sizeof old);
    subscription new = {.userdata = old.userdata, .type = old.type};
    if (old.type == TYPE_CLOCK) {
        new.clock.id = old.clock.id;
        new.clock.timeout = old.clock.timeout;
        new.clock.precision = old.clock.precision;
        new.clock.flags = old.clock.flags;
    } else {
        new.fd = old.fd;
    }
    return new;
}

uint32_t tc_wasi_unstable_poll_oneoff(tc_wasi *wasi, uint32_t in, uint32_t out, uint32_t count,
                                      uint32_t result) {
    const char *from =
        tc_memory_span(&wasi->memory, in, (uint64_t)count * sizeof(old_subscription));
    char *to = tc_memory_span(&wasi->memory, out, (uint64_t)count * EVENT_SIZE);
    void *stored = tc_memory_span(&wasi->memory, result, sizeof(uint32_t));
    if (!from || !to || !stored)
        return TC_WASI_FAULT;
    if (count == 0 || count > TC_WASI_SUBSCRIPTIONS_MAX)
        return TC_WASI_INVAL;
    uint32_t events = count * (uint32_t)sizeof(subscription), end = events + count * EVENT_SIZE;
    char *buffer = malloc(end + sizeof(uint32_t));
    if (!buffer)
        return TC_WASI_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        subscription one = convert(from + i * sizeof(old_subscription));
        memcpy(buffer + i * sizeof one, &one, sizeof one);
    }
    wasm_rt_memory_t own;
    tc_memory guest = exchange_memory(wasi, &own, buffer, end + sizeof(uint32_t));
    uint32_t error = tc_wasi_poll_oneoff(wasi, 0, events, count, end);
    wasi->memory = guest;
    if (!error) {
        uint32_t number;
        memcpy(&number, buffer + end, sizeof number);
        memcpy(stored, &number, sizeof number);
        memcpy(to, buffer + events, (size_t)number * EVENT_SIZE);
    }
    free(buffer);
    return error;
}
