/* Name look-up of the socket extension: sock_getaddrinfo, the same in both versions. */
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "timecraft/options.h"
#include "wasi/internal.h"
#include "wasi/sock_address.h"

/* The guest has allocated a linked list of these, and what they point to. */
typedef struct guest_addrinfo {
    uint16_t flags;
    uint8_t family;
    uint8_t type;
    uint32_t protocol; /* 0 any, 1 TCP, 2 UDP; of a hint only the first byte counts */
    uint32_t address_length;
    uint32_t address; /* of a guest_sockaddr */
    uint32_t canonical;
    uint32_t canonical_length;
    uint32_t next;
} guest_addrinfo;

typedef struct guest_sockaddr {
    uint32_t family;
    uint32_t data_length;
    uint32_t data; /* of the port in network order, the address, and (ours) an IPv6 one's scope */
} guest_sockaddr;

/* Flags of the extension. */
enum {
    HINT_PASSIVE = 1,
    HINT_CANONNAME = 2,
    HINT_NUMERICHOST = 4,
    HINT_NUMERICSERV = 8,
    /* Ours: see timecraft/options.h. */
    HINT_REVERSE = TIMECRAFT_LOOKUP_REVERSE,
    HINT_NOWAIT = TIMECRAFT_LOOKUP_NOWAIT,
};

/* Guests of the extension's own library allocate this much data and say 14. */
#define SOCKADDR_DATA_SAID 14u
#define SOCKADDR_DATA_TRUE 26u

#define RESULTS_MAX 64u

static uint32_t load_hints(const tc_memory *memory, uint32_t pointer, tc_resolve_hints *hints) {
    guest_addrinfo guest;
    *hints = (tc_resolve_hints){.family = AF_UNSPEC};
    if (pointer == 0)
        return TC_WASI_SUCCESS;
    const void *at = tc_memory_span(memory, pointer, sizeof guest);
    if (!at)
        return TC_WASI_FAULT;
    memcpy(&guest, at, sizeof guest);
    if (guest.family > TC_SOCK_INET6)
        return TC_WASI_AFNOSUPPORT;
    guest.protocol &= 0xff; /* a byte in Rust's structure, and what is behind it anything */
    if (guest.type > TC_SOCK_STREAM || guest.protocol > 2)
        return TC_WASI_INVAL;
    static const int families[] = {AF_UNSPEC, AF_INET, AF_INET6};
    static const int types[] = {0, SOCK_DGRAM, SOCK_STREAM};
    static const int protocols[] = {0, IPPROTO_TCP, IPPROTO_UDP};
    hints->family = families[guest.family];
    hints->type = types[guest.type];
    hints->protocol = protocols[guest.protocol];
    hints->flags = (guest.flags & HINT_PASSIVE ? AI_PASSIVE : 0) |
                   (guest.flags & HINT_CANONNAME ? AI_CANONNAME : 0) |
                   (guest.flags & HINT_NUMERICHOST ? AI_NUMERICHOST : 0) |
                   (guest.flags & HINT_NUMERICSERV ? AI_NUMERICSERV : 0);
    hints->nowait = guest.flags & HINT_NOWAIT;
    hints->reverse = guest.flags & HINT_REVERSE;
    return TC_WASI_SUCCESS;
}

/* Copies a string of the guest, which may or may not count the NUL at its end. Empty: NULL. */
static uint32_t load_string(const tc_memory *memory, uint32_t pointer, uint32_t length,
                            char buffer[static NI_MAXHOST], char **out) {
    *out = NULL;
    const char *at = tc_memory_span(memory, pointer, length);
    if (!at)
        return TC_WASI_FAULT;
    if (length > 0 && at[length - 1] == 0)
        length--;
    if (length == 0)
        return TC_WASI_SUCCESS;
    if (length >= NI_MAXHOST)
        return TC_WASI_NOENT; /* no such name can be */
    if (memchr(at, 0, length))
        return TC_WASI_INVAL;
    memcpy(buffer, at, length);
    buffer[length] = 0;
    *out = buffer;
    return TC_WASI_SUCCESS;
}

/* Fills what a node's address points to. */
static uint32_t store_sockaddr(const tc_memory *memory, uint32_t pointer,
                               const tc_sock_address *address) {
    guest_sockaddr guest;
    uint8_t data[2 + sizeof(struct in6_addr)];
    void *at = tc_memory_span(memory, pointer, sizeof guest);
    if (pointer == 0 || !at)
        return TC_WASI_FAULT;
    memcpy(&guest, at, sizeof guest);
    uint32_t room =
        guest.data_length == SOCKADDR_DATA_SAID ? SOCKADDR_DATA_TRUE : guest.data_length;
    uint8_t *to = tc_memory_span(memory, guest.data, room);
    if (!to)
        return TC_WASI_FAULT;
    if (room < 2 + address->length)
        return TC_WASI_OVERFLOW;
    data[0] = (uint8_t)(address->port >> 8);
    data[1] = (uint8_t)address->port;
    memcpy(data + 2, address->bytes, address->length);
    memcpy(to, data, 2 + address->length);
    if (room >= sizeof data + sizeof address->scope)
        memcpy(to + sizeof data, &address->scope, sizeof address->scope);
    memcpy(at, &(uint32_t){address->family}, sizeof(uint32_t));
    return TC_WASI_SUCCESS;
}

/* The first node alone carries the canonical name, as far as the guest has room for it. */
static void store_canonical(const tc_memory *memory, guest_addrinfo *node, const char *name) {
    if (!name || node->canonical == 0 || node->canonical_length == 0) {
        node->canonical_length = 0;
        return;
    }
    size_t length = strlen(name) + 1;
    if (length > node->canonical_length)
        length = node->canonical_length;
    char *at = tc_memory_span(memory, node->canonical, length);
    if (at) {
        memcpy(at, name, length);
        at[length - 1] = 0;
    }
    node->canonical_length = at ? (uint32_t)length : 0;
}

static uint32_t store_result(const tc_memory *memory, uint32_t pointer, const tc_resolved *result,
                             const char *canonical, uint32_t *next) {
    guest_addrinfo node;
    void *at = tc_memory_span(memory, pointer, sizeof node);
    if (pointer == 0 || !at)
        return TC_WASI_FAULT;
    memcpy(&node, at, sizeof node);
    tc_sock_address address = tc_sock_address_of(&result->address);
    uint32_t error = store_sockaddr(memory, node.address, &address);
    if (error)
        return error;
    node.flags = 0;
    node.family = (uint8_t)address.family;
    node.type = result->type == SOCK_DGRAM ? TC_SOCK_DATAGRAM : TC_SOCK_STREAM;
    node.protocol = result->protocol == IPPROTO_UDP ? 2 : 1;
    node.address_length = 16; /* what the extension's own library expects: a guest_sockaddr's */
    store_canonical(memory, &node, canonical);
    memcpy(at, &node, sizeof node);
    *next = node.next;
    return TC_WASI_SUCCESS;
}

static uint32_t store_results(const tc_memory *memory, uint32_t list, const tc_resolved *results,
                              size_t count, const char *canonical, uint32_t stored) {
    uint32_t node, done = 0;
    if (!tc_memory_load_u32(memory, list, &node))
        return TC_WASI_FAULT;
    for (size_t i = 0; i < count && (i == 0 || node != 0); i++, done++) {
        uint32_t error = store_result(memory, node, &results[i], i == 0 ? canonical : NULL, &node);
        if (error)
            return error;
    }
    return tc_memory_store_u32(memory, stored, done) ? TC_WASI_SUCCESS : TC_WASI_FAULT;
}

uint32_t tc_wasi_sock_getaddrinfo(tc_wasi *wasi, uint32_t name, uint32_t name_length,
                                  uint32_t service, uint32_t service_length, uint32_t hints,
                                  uint32_t list, uint32_t capacity, uint32_t stored) {
    const tc_memory *memory = &wasi->memory;
    char host_name[NI_MAXHOST], host_service[NI_MAXHOST];
    char *name_text, *service_text, *canonical = NULL;
    tc_resolve_hints host_hints;
    tc_resolved results[RESULTS_MAX];
    size_t count;
    uint32_t error = load_string(memory, name, name_length, host_name, &name_text);
    if (!error)
        error = load_string(memory, service, service_length, host_service, &service_text);
    if (!error)
        error = load_hints(memory, hints, &host_hints);
    if (!error && !tc_memory_span(memory, stored, sizeof(uint32_t)))
        error = TC_WASI_FAULT;
    if (!error && ((!name_text && !service_text) || capacity == 0))
        error = TC_WASI_INVAL;
    if (error)
        return error;
    int failed;
    if (host_hints.reverse) {
        failed = tc_reverse(name_text, &results[0], &canonical);
        count = 1;
    } else {
        failed = tc_resolve(name_text, service_text, &host_hints, results,
                            capacity < RESULTS_MAX ? capacity : RESULTS_MAX, &count, &canonical);
    }
    error = failed ? tc_wasi_errno(failed)
                   : store_results(memory, list, results, count, canonical, stored);
    free(canonical);
    return error;
}
