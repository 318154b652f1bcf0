/* Receives a datagram and asks options and addresses as the crate wasmedge_wasi_socket lays its
 * memory out, and prints what the crate's callers would see. CRATE says which release:
 *
 *   4  0.4.1 to 0.4.3 (src/socket.rs: recv_from, get_local, take_error), the version 1 imports. The
 *      sender is read from 16 bytes: u16 family (2: IPv4), u16 port, 4 bytes of address; a sender
 * of any other family is [::] with the port. 5  0.5.0 to 0.5.5, version 2's sock_recv_from with 128
 * bytes, and version 1's sock_getlocaladdr.
 *
 * Both hand sock_getsockopt a pointer to the size of the value. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifndef CRATE
#define CRATE 4
#endif

#define IMPORT(name)                                                                               \
    __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) uint32_t name

typedef struct wasi_address {
    const uint8_t *buffer;
    uint32_t size;
} wasi_address;

typedef struct io_vector {
    uint8_t *buffer;
    uint32_t size;
} io_vector;

IMPORT(sock_open)(uint32_t family, uint32_t type, uint32_t *fd);
IMPORT(sock_bind)(uint32_t fd, wasi_address *address, uint32_t port);
IMPORT(sock_connect)(uint32_t fd, wasi_address *address, uint32_t port);
IMPORT(sock_send_to)
(uint32_t fd, const io_vector *vectors, uint32_t count, const uint8_t *address, uint32_t port,
 uint32_t flags, uint32_t *sent);
#if CRATE == 4
IMPORT(sock_recv_from)
(uint32_t fd, io_vector *vectors, uint32_t count, uint8_t *address, uint32_t flags,
 uint32_t *received, uint32_t *out_flags);
#else
IMPORT(sock_recv_from)
(uint32_t fd, io_vector *vectors, uint32_t count, uint8_t *address, uint32_t flags, uint32_t *port,
 uint32_t *received, uint32_t *out_flags);
#endif
IMPORT(sock_getlocaladdr)(uint32_t fd, wasi_address *address, uint32_t *type, uint32_t *port);
IMPORT(sock_getsockopt)
(uint32_t fd, int32_t level, int32_t name, int32_t *value, uint32_t *size);

enum { INET4 = 1, INET6 = 2, DATAGRAM = 1, STREAM = 2 };
enum { SO_TYPE_NAME = 1, SO_ERROR_NAME = 2, SO_RCVTIMEO_NAME = 11 };

static const uint8_t loopback4[4] = {127, 0, 0, 1}, loopback6[16] = {[15] = 1};

static uint32_t bound(uint32_t family, uint32_t *port) {
    uint32_t fd = 0, type = 0;
    uint8_t found[16] = {0};
    wasi_address address = {family == INET4 ? loopback4 : loopback6, family == INET4 ? 4 : 16};
    wasi_address own = {found, sizeof found};
    if (sock_open(family, DATAGRAM, &fd) || sock_bind(fd, &address, 0) ||
        sock_getlocaladdr(fd, &own, &type, port))
        printf("no socket\n");
    printf("get_local: type %u, %s\n", (unsigned)type,
           memcmp(found, address.buffer, address.size) ? "another address" : "loopback");
    return fd;
}

static void print_port(uint32_t port, uint32_t sender) {
    if (port == sender)
        printf(":sender\n");
    else
        printf(":%u\n", (unsigned)port);
}

/* What Socket::recv_from makes of what was stored. */
static void recv_from(uint32_t fd, uint32_t sender_port) {
    uint8_t bytes[64];
    io_vector vector = {bytes, sizeof bytes};
    uint32_t received = 0, out_flags = 0;
#if CRATE == 4
    uint8_t stored[16] = {0};
    wasi_address address = {stored, sizeof stored};
    uint32_t error = sock_recv_from(fd, &vector, 1, (uint8_t *)&address, 0, &received, &out_flags);
    uint32_t port = stored[2] | (uint32_t)stored[3] << 8;
    const uint8_t *ip = stored + 4;
    int is_inet4 = (stored[0] | stored[1] << 8) == 2, is_inet6 = 0;
#else
    uint8_t stored[128] = {0};
    wasi_address address = {stored, sizeof stored};
    uint32_t port = 0;
    uint32_t error =
        sock_recv_from(fd, &vector, 1, (uint8_t *)&address, 0, &port, &received, &out_flags);
    const uint8_t *ip = stored + 2;
    int is_inet4 = (stored[0] | stored[1] << 8) == INET4;
    int is_inet6 = (stored[0] | stored[1] << 8) == INET6;
#endif
    printf("recv_from: error %u, %.*s from ", (unsigned)error, (int)received, (char *)bytes);
    if (is_inet4)
        printf("%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
    else
        printf("[%s]", is_inet6 && !memcmp(ip, loopback6, sizeof loopback6) ? "::1" : "::");
    print_port(port, sender_port);
}

static void exchange(uint32_t family) {
    uint32_t from_port = 0, to_port = 0, sent = 0;
    uint32_t from = bound(family, &from_port), to = bound(family, &to_port);
    io_vector vector = {(uint8_t *)"hello", 5};
    wasi_address address = {family == INET4 ? loopback4 : loopback6, family == INET4 ? 4 : 16};
    printf("send_to: error %u\n",
           (unsigned)sock_send_to(from, &vector, 1, (uint8_t *)&address, to_port, 0, &sent));
    recv_from(to, from_port);
}

static void ask(const char *what, uint32_t fd, int32_t name) {
    /* What lies behind a value is the caller's own. */
    struct {
        int32_t value[4];
        uint8_t behind[64];
    } memory;
    memset(&memory, 0x55, sizeof memory);
    uint32_t size = name == SO_RCVTIMEO_NAME ? sizeof memory.value : sizeof memory.value[0];
    uint32_t error = sock_getsockopt(fd, 0, name, memory.value, &size);
    unsigned changed = 0;
    for (unsigned i = 0; i < sizeof memory.behind; i++)
        changed += memory.behind[i] != 0x55;
    printf("%s: error %u, value %d, size %u, %u bytes behind it changed\n", what, (unsigned)error,
           (int)memory.value[0], (unsigned)size, changed);
}

static void ask_options(void) {
    uint32_t port = 0, fd = 0;
    uint32_t nobody = bound(INET4, &port);
    wasi_address address = {loopback4, sizeof loopback4};
    ask("type", nobody, SO_TYPE_NAME);
    ask("receive timeout", nobody, SO_RCVTIMEO_NAME);
    /* Nobody listens where a datagram socket is bound. */
    sock_open(INET4, STREAM, &fd);
    printf("connect: error %u\n", (unsigned)sock_connect(fd, &address, port));
    ask("take_error", fd, SO_ERROR_NAME);
}

int main(void) {
    exchange(INET4);
    exchange(INET6);
    ask_options();
    return 0;
}
