/* Addresses of the socket extension: read from the guest's memory, and written there. */
#include "wasi/sock_address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "wasi/internal.h"

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
    struct sockaddr_in *in = (struct sockaddr_in *)&out->storage;
    *out = (tc_address){.length = sizeof *in};
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    memcpy(&in->sin_addr, bytes, 4);
}

static void set_inet6(tc_address *out, const uint8_t *bytes, uint16_t port) {
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out->storage;
    *out = (tc_address){.length = sizeof *in6};
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    memcpy(&in6->sin6_addr, bytes, 16);
}

static uint32_t set_unix(tc_address *out, const uint8_t *bytes) {
    struct sockaddr_un *un = (struct sockaddr_un *)&out->storage;
    size_t length = strnlen((const char *)bytes, TC_SOCK_PATH_MAX);
    if (length == 0 || length == TC_SOCK_PATH_MAX)
        return TC_WASI_INVAL;
    if (length >= sizeof un->sun_path)
        return TC_WASI_NAMETOOLONG;
    *out = (tc_address){.length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1)};
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
    unsigned family = buffer.length == 4    ? TC_SOCK_INET4
                      : buffer.length == 16 ? TC_SOCK_INET6
                                            : TC_SOCK_UNSPEC;
    const uint8_t *bytes = buffer.bytes;
    if (buffer.length >= TC_SOCK_ADDRESS_SIZE) {
        family = (unsigned)(bytes[0] | bytes[1] << 8);
        bytes += 2;
    }
    switch (family) {
    case TC_SOCK_INET4:
        set_inet4(out, bytes, (uint16_t)port);
        return TC_WASI_SUCCESS;
    case TC_SOCK_INET6:
        set_inet6(out, bytes, (uint16_t)port);
        return TC_WASI_SUCCESS;
    case TC_SOCK_UNIX:
        return set_unix(out, bytes);
    default:
        return TC_WASI_INVAL;
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
