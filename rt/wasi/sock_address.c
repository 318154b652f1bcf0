/* Addresses of the socket extension: read from the guest's memory, and written there. */
#include "wasi/sock_address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "wasi/internal.h"
#include "wasi/sockets.h"

bool tc_sock_load_buffer(const tc_memory *memory, uint32_t pointer, tc_sock_buffer *out) {
    uint32_t at;
    if (!tc_memory_load_u32(memory, pointer, &at) ||
        !tc_memory_span(memory, pointer, 2 * sizeof(uint32_t)))
        return false;
    memcpy(&out->length, (char *)tc_memory_span(memory, pointer, 8) + 4, sizeof out->length);
    out->bytes = tc_memory_span(memory, at, out->length);
    return out->bytes != NULL;
}

static void set_inet4(tc_address *out, const uint8_t *bytes, uint16_t port) {
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    memcpy(&in.sin_addr, bytes, 4);
    memcpy(&out->storage, &in, sizeof in);
    out->length = sizeof in;
}

static void set_inet6(tc_address *out, const uint8_t *bytes, uint16_t port) {
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    memcpy(&in6.sin6_addr, bytes, 16);
    memcpy(&out->storage, &in6, sizeof in6);
    out->length = sizeof in6;
}

/* Of any other address it has no meaning, and what stands there may be anything. */
static bool has_scope(const struct in6_addr *address) {
    return IN6_IS_ADDR_LINKLOCAL(address) || IN6_IS_ADDR_MC_LINKLOCAL(address);
}

static void set_scope(tc_address *out, const uint8_t *scope) {
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out->storage;
    if (has_scope(&in6->sin6_addr))
        memcpy(&in6->sin6_scope_id, scope, sizeof in6->sin6_scope_id);
}

/* No address of ours, but one that the kernel refuses as it refuses the guest's. */
#define FAMILY_OF_NONE 0xffff

static int host_family(unsigned family) {
    static const int families[] = {[TC_SOCK_UNSPEC] = AF_UNSPEC,
                                   [TC_SOCK_INET4] = AF_INET,
                                   [TC_SOCK_INET6] = AF_INET6,
                                   [TC_SOCK_UNIX] = AF_UNIX};
    return family < sizeof families / sizeof *families ? families[family] : FAMILY_OF_NONE;
}

static void set_family(tc_address *out, unsigned family, socklen_t length) {
    *out = (tc_address){.length = length};
    out->storage.ss_family = (sa_family_t)host_family(family);
}

static uint32_t set_unix(tc_address *out, const uint8_t *bytes) {
    struct sockaddr_un *un = (struct sockaddr_un *)&out->storage;
    size_t length = strnlen((const char *)bytes, TC_SOCK_PATH_MAX);
    if (length == 0 || length == TC_SOCK_PATH_MAX)
        return TC_WASI_INVAL;
    if (length >= sizeof un->sun_path)
        return TC_WASI_NAMETOOLONG;
    *out = (tc_address){.length = sizeof *un}; /* the path ends with its NUL */
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, bytes, length);
    return TC_WASI_SUCCESS;
}

uint32_t tc_sock_load_address(const tc_memory *memory, uint32_t pointer, uint32_t port,
                              tc_address *out) {
    tc_sock_buffer buffer;
    if (!tc_sock_load_buffer(memory, pointer, &buffer))
        return TC_WASI_FAULT;
    if (port > UINT16_MAX)
        return TC_WASI_INVAL;
    const uint8_t *bytes = buffer.bytes;
    if (buffer.length == 4 || buffer.length == 16) {
        (buffer.length == 4 ? set_inet4 : set_inet6)(out, bytes, (uint16_t)port);
        return TC_WASI_SUCCESS;
    }
    if (buffer.length != sizeof(uint16_t) && buffer.length < TC_SOCK_ADDRESS_SIZE)
        return TC_WASI_INVAL;
    unsigned family = (unsigned)(bytes[0] | bytes[1] << 8);
    if (buffer.length == sizeof(uint16_t)) {
        set_family(out, family, sizeof(sa_family_t));
        return TC_WASI_SUCCESS;
    }
    bytes += sizeof(uint16_t);
    switch (family) {
    case TC_SOCK_INET6:
        set_inet6(out, bytes, (uint16_t)port);
        set_scope(out, bytes + sizeof(struct in6_addr));
        return TC_WASI_SUCCESS;
    case TC_SOCK_UNIX:
        return set_unix(out, bytes);
    case TC_SOCK_INET4:
    case TC_SOCK_UNSPEC:
        set_inet4(out, bytes, (uint16_t)port);
        out->storage.ss_family = (sa_family_t)host_family(family);
        return TC_WASI_SUCCESS;
    default:
        set_family(out, family, sizeof(struct sockaddr_in));
        return TC_WASI_SUCCESS;
    }
}

tc_sock_address tc_sock_address_of(const tc_address *address) {
    tc_sock_address out = {.family = TC_SOCK_UNSPEC};
    if (address->length == 0)
        return out;
    if (address->storage.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&address->storage;
        out = (tc_sock_address){.family = TC_SOCK_INET4, .port = ntohs(in->sin_port), .length = 4};
        memcpy(out.bytes, &in->sin_addr, 4);
    } else if (address->storage.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address->storage;
        out =
            (tc_sock_address){.family = TC_SOCK_INET6, .port = ntohs(in6->sin6_port), .length = 16};
        memcpy(out.bytes, &in6->sin6_addr, 16);
        out.scope = has_scope(&in6->sin6_addr) ? in6->sin6_scope_id : 0;
    } else if (address->storage.ss_family == AF_UNIX) {
        const struct sockaddr_un *un = (const struct sockaddr_un *)&address->storage;
        size_t path = address->length > offsetof(struct sockaddr_un, sun_path)
                          ? address->length - offsetof(struct sockaddr_un, sun_path)
                          : 0;
        out.family = TC_SOCK_UNIX;
        out.length = strnlen(un->sun_path, path) + 1; /* with its NUL: bytes is zero behind it */
        memcpy(out.bytes, un->sun_path, out.length - 1);
    }
    return out;
}

uint32_t tc_sock_store_address(const tc_memory *memory, uint32_t pointer,
                               const tc_sock_address *address) {
    tc_sock_buffer buffer;
    if (!tc_sock_load_buffer(memory, pointer, &buffer))
        return TC_WASI_FAULT;
    if (buffer.length < TC_SOCK_ADDRESS_SIZE)
        return TC_WASI_INVAL;
    memset(buffer.bytes, 0, TC_SOCK_ADDRESS_SIZE);
    buffer.bytes[0] = (uint8_t)address->family;
    memcpy(buffer.bytes + 2, address->bytes, address->length);
    if (address->family == TC_SOCK_INET6)
        memcpy(buffer.bytes + 2 + address->length, &address->scope, sizeof address->scope);
    return TC_WASI_SUCCESS;
}

uint32_t tc_sock_store_address_v1(const tc_memory *memory, uint32_t pointer,
                                  const tc_sock_address *address) {
    tc_sock_buffer buffer;
    if (!tc_sock_load_buffer(memory, pointer, &buffer))
        return TC_WASI_FAULT;
    if (address->family == TC_SOCK_UNIX)
        return TC_WASI_NOTSUP;
    if (buffer.length < address->length)
        return TC_WASI_INVAL;
    memcpy(buffer.bytes, address->bytes, address->length);
    return TC_WASI_SUCCESS;
}

/* Linux's, whatever the families are called elsewhere in the extension. */
enum { SENDER_INET4 = 2, SENDER_INET6 = 10 };
enum { SENDER_SIZE = 16, SENDER_INET6_SIZE = 28 };

bool tc_sock_has_room_for_sender_v1(const tc_sock_buffer *buffer) {
    return buffer->length == sizeof(struct in_addr) || buffer->length >= SENDER_SIZE;
}

uint32_t tc_sock_store_sender_v1(const tc_memory *memory, uint32_t pointer,
                                 const tc_sock_address *address) {
    tc_sock_buffer buffer;
    uint8_t bytes[SENDER_INET6_SIZE] = {0};
    if (!tc_sock_load_buffer(memory, pointer, &buffer))
        return TC_WASI_FAULT;
    if (!tc_sock_has_room_for_sender_v1(&buffer))
        return TC_WASI_INVAL;
    if (buffer.length < SENDER_SIZE)
        return address->family == TC_SOCK_INET4 ? tc_sock_store_address_v1(memory, pointer, address)
                                                : TC_WASI_SUCCESS; /* nothing of it fits */
    bool inet6 = address->family == TC_SOCK_INET6;
    if (inet6 || address->family == TC_SOCK_INET4) {
        bytes[0] = inet6 ? SENDER_INET6 : SENDER_INET4;
        bytes[2] = (uint8_t)address->port;
        bytes[3] = (uint8_t)(address->port >> 8);
        if (!inet6 || buffer.length >= SENDER_INET6_SIZE)
            memcpy(bytes + (inet6 ? 8 : 4), address->bytes, address->length);
    }
    if (buffer.length >= SENDER_INET6_SIZE)
        memcpy(buffer.bytes, bytes, SENDER_INET6_SIZE);
    else
        memcpy(buffer.bytes, bytes, SENDER_SIZE);
    return TC_WASI_SUCCESS;
}

bool tc_sock_is_pointer_to_size(uint32_t level, uint32_t size) {
    return tc_socket_has_small_options(level) && size > TC_SOCKET_SMALL_OPTION;
}
