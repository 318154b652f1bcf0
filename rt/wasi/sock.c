/* Sockets: those of preview 1 (sock_accept, sock_recv, sock_send, sock_shutdown) and the WasmEdge
 * extension in both of its versions, which differ in how addresses are laid out:
 *
 *   version 1: 4 or 16 bytes of address, the port beside it
 *   version 2: 128 bytes: u16 family, then 4 or 16 bytes of address, or a NUL-ended path
 *
 * Every address argument is a pointer to {u32 buffer; u32 length}; the length tells the versions
 * apart where a function has the same type in both.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "wasi/internal.h"

/* Families and types of the extension. */
enum { FAMILY_UNSPEC = 0, FAMILY_INET4 = 1, FAMILY_INET6 = 2, FAMILY_UNIX = 3 };
enum { TYPE_ANY = 0, TYPE_DATAGRAM = 1, TYPE_STREAM = 2 };

/* riflags, roflags, sdflags of preview 1. */
enum { RECV_PEEK = 1, RECV_WAITALL = 2 };
enum { RECV_DATA_TRUNCATED = 1 };
enum { SHUTDOWN_RD = 1, SHUTDOWN_WR = 2 };

#define V2_ADDRESS_SIZE 128u
#define V2_PATH_MAX     (V2_ADDRESS_SIZE - sizeof(uint16_t))

/* The socket behind a descriptor. EBADF if there is none, ENOTSOCK for a file, ENOTCAPABLE when a
 * right is missing. */
static uint32_t get_socket(tc_wasi *wasi, uint32_t number, uint64_t rights, tc_socket **out) {
    const tc_fd *fd = tc_fdtable_get(&wasi->fds, number);
    if (!fd)
        return TC_WASI_BADF;
    if (fd->kind != TC_FD_SOCKET)
        return TC_WASI_NOTSOCK;
    if ((fd->rights & rights) != rights)
        return TC_WASI_NOTCAPABLE;
    *out = fd->socket;
    return TC_WASI_SUCCESS;
}

/* Gives a new socket a descriptor and stores its number; closes it if that fails. */
static uint32_t publish_socket(tc_wasi *wasi, tc_socket *socket, uint32_t result) {
    void *at = tc_memory_span(&wasi->memory, result, sizeof(uint32_t));
    int number = -EFAULT;
    if (at)
        number = tc_fdtable_insert(&wasi->fds, (tc_fd){.kind = TC_FD_SOCKET,
                                                       .rights = TC_RIGHTS_SOCKET,
                                                       .rights_inheriting = TC_RIGHTS_SOCKET,
                                                       .socket = socket});
    if (number < 0) {
        tc_socket_close(socket);
        return tc_wasi_errno(number);
    }
    uint32_t stored = (uint32_t)number;
    memcpy(at, &stored, sizeof stored);
    return TC_WASI_SUCCESS;
}

/* Addresses. */

typedef struct guest_buffer {
    uint8_t *bytes;
    uint32_t length;
} guest_buffer;

/* What an address argument points to. */
static bool load_buffer(const tc_memory *memory, uint32_t pointer, guest_buffer *out) {
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
    size_t length = strnlen((const char *)bytes, V2_PATH_MAX);
    if (length == 0 || length == V2_PATH_MAX)
        return TC_WASI_INVAL;
    if (length >= sizeof un->sun_path)
        return TC_WASI_NAMETOOLONG;
    *out = (tc_address){.length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1)};
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, bytes, length);
    return TC_WASI_SUCCESS;
}

/* Reads an address of either version. */
static uint32_t load_address(const tc_memory *memory, uint32_t pointer, uint32_t port,
                             tc_address *out) {
    guest_buffer buffer;
    if (!load_buffer(memory, pointer, &buffer))
        return TC_WASI_FAULT;
    if (port > UINT16_MAX)
        return TC_WASI_INVAL;
    unsigned family = buffer.length == 4    ? FAMILY_INET4
                      : buffer.length == 16 ? FAMILY_INET6
                                            : FAMILY_UNSPEC;
    const uint8_t *bytes = buffer.bytes;
    if (buffer.length >= V2_ADDRESS_SIZE) {
        family = (unsigned)(bytes[0] | bytes[1] << 8);
        bytes += 2;
    }
    switch (family) {
    case FAMILY_INET4:
        set_inet4(out, bytes, (uint16_t)port);
        return TC_WASI_SUCCESS;
    case FAMILY_INET6:
        set_inet6(out, bytes, (uint16_t)port);
        return TC_WASI_SUCCESS;
    case FAMILY_UNIX:
        return set_unix(out, bytes);
    default:
        return TC_WASI_INVAL;
    }
}

/* An address of the host in the extension's terms. */
typedef struct plain_address {
    uint16_t family;
    uint32_t port;
    size_t length; /* of bytes */
    uint8_t bytes[V2_PATH_MAX];
} plain_address;

static plain_address plain(const tc_address *address) {
    plain_address out = {.family = FAMILY_UNSPEC};
    if (address->length == 0)
        return out;
    if (address->storage.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&address->storage;
        out = (plain_address){.family = FAMILY_INET4, .port = ntohs(in->sin_port), .length = 4};
        memcpy(out.bytes, &in->sin_addr, 4);
    } else if (address->storage.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address->storage;
        out = (plain_address){.family = FAMILY_INET6, .port = ntohs(in6->sin6_port), .length = 16};
        memcpy(out.bytes, &in6->sin6_addr, 16);
    } else if (address->storage.ss_family == AF_UNIX) {
        const struct sockaddr_un *un = (const struct sockaddr_un *)&address->storage;
        size_t path = address->length > offsetof(struct sockaddr_un, sun_path)
                          ? address->length - offsetof(struct sockaddr_un, sun_path)
                          : 0;
        out.family = FAMILY_UNIX;
        out.length = strnlen(un->sun_path, path) + 1; /* with its NUL: bytes is zero behind it */
        memcpy(out.bytes, un->sun_path, out.length - 1);
    }
    return out;
}

/* Writes an address as version 2 lays it out. */
static uint32_t store_address(const tc_memory *memory, uint32_t pointer,
                              const plain_address *address) {
    guest_buffer buffer;
    if (!load_buffer(memory, pointer, &buffer))
        return TC_WASI_FAULT;
    if (buffer.length < V2_ADDRESS_SIZE)
        return TC_WASI_INVAL;
    memset(buffer.bytes, 0, V2_ADDRESS_SIZE);
    buffer.bytes[0] = (uint8_t)address->family;
    memcpy(buffer.bytes + 2, address->bytes, address->length);
    return TC_WASI_SUCCESS;
}

/* The same for version 1, whose buffers must have room for the address. */
static uint32_t store_address_v1(const tc_memory *memory, uint32_t pointer,
                                 const plain_address *address) {
    guest_buffer buffer;
    if (!load_buffer(memory, pointer, &buffer))
        return TC_WASI_FAULT;
    if (address->family == FAMILY_UNIX)
        return TC_WASI_NOTSUP;
    if (buffer.length < address->length)
        return TC_WASI_INVAL;
    memcpy(buffer.bytes, address->bytes, address->length);
    return TC_WASI_SUCCESS;
}

/* Opening and connecting. */

uint32_t tc_wasi_sock_open(tc_wasi *wasi, uint32_t family, uint32_t type, uint32_t result) {
    static const int families[] = {[FAMILY_UNSPEC] = AF_INET,
                                   [FAMILY_INET4] = AF_INET,
                                   [FAMILY_INET6] = AF_INET6,
                                   [FAMILY_UNIX] = AF_UNIX};
    tc_socket *socket;
    if (family > FAMILY_UNIX)
        return TC_WASI_AFNOSUPPORT;
    if (type > TYPE_STREAM)
        return TC_WASI_PROTOTYPE;
    int error =
        tc_socket_open(families[family], type == TYPE_DATAGRAM ? SOCK_DGRAM : SOCK_STREAM, &socket);
    return error ? tc_wasi_errno(error) : publish_socket(wasi, socket, result);
}

static uint32_t with_address(tc_wasi *wasi, uint32_t fd, uint32_t pointer, uint32_t port,
                             int (*action)(tc_socket *, const tc_address *)) {
    tc_socket *socket;
    tc_address address;
    uint32_t error = get_socket(wasi, fd, 0, &socket);
    if (!error)
        error = load_address(&wasi->memory, pointer, port, &address);
    return error ? error : tc_wasi_errno(action(socket, &address));
}

uint32_t tc_wasi_sock_bind(tc_wasi *wasi, uint32_t fd, uint32_t address, uint32_t port) {
    return with_address(wasi, fd, address, port, tc_socket_bind);
}

uint32_t tc_wasi_sock_connect(tc_wasi *wasi, uint32_t fd, uint32_t address, uint32_t port) {
    return with_address(wasi, fd, address, port, tc_socket_connect);
}

uint32_t tc_wasi_sock_listen(tc_wasi *wasi, uint32_t fd, uint32_t backlog) {
    tc_socket *socket;
    uint32_t error = get_socket(wasi, fd, 0, &socket);
    if (error)
        return error;
    return tc_wasi_errno(tc_socket_listen(socket, backlog > INT32_MAX ? INT32_MAX : (int)backlog));
}

uint32_t tc_wasi_sock_accept(tc_wasi *wasi, uint32_t fd, uint32_t flags, uint32_t result) {
    tc_socket *socket, *accepted;
    uint32_t error = get_socket(wasi, fd, TC_RIGHT_SOCK_ACCEPT, &socket);
    if (error)
        return error;
    if (flags & ~(uint32_t)TC_FDFLAG_NONBLOCK)
        return TC_WASI_INVAL;
    if (!tc_memory_span(&wasi->memory, result, sizeof(uint32_t)))
        return TC_WASI_FAULT; /* before a connection is taken, and lost */
    int failed = tc_socket_accept(socket, flags & TC_FDFLAG_NONBLOCK, &accepted);
    return failed ? tc_wasi_errno(failed) : publish_socket(wasi, accepted, result);
}

uint32_t tc_wasi_sock_accept_v1(tc_wasi *wasi, uint32_t fd, uint32_t result) {
    return tc_wasi_sock_accept(wasi, fd, 0, result);
}

uint32_t tc_wasi_sock_shutdown(tc_wasi *wasi, uint32_t fd, uint32_t how) {
    static const int ways[] = {
        [SHUTDOWN_RD] = SHUT_RD, [SHUTDOWN_WR] = SHUT_WR, [SHUTDOWN_RD | SHUTDOWN_WR] = SHUT_RDWR};
    tc_socket *socket;
    uint32_t error = get_socket(wasi, fd, TC_RIGHT_SOCK_SHUTDOWN, &socket);
    if (error)
        return error;
    if (how == 0 || how > (SHUTDOWN_RD | SHUTDOWN_WR))
        return TC_WASI_INVAL;
    return tc_wasi_errno(tc_socket_shutdown(socket, ways[how]));
}

/* Receiving. */

/* Receives into the guest's vectors; *nread and *oflags are spans that were checked. */
static uint32_t receive(tc_wasi *wasi, uint32_t fd, uint32_t vectors, uint32_t count,
                        uint32_t flags, uint32_t nread, uint32_t oflags, tc_address *from) {
    struct iovec host[IOV_MAX];
    tc_socket *socket;
    bool truncated;
    uint32_t error = get_socket(wasi, fd, TC_RIGHT_FD_READ, &socket);
    if (error)
        return error;
    if (flags & ~(uint32_t)(RECV_PEEK | RECV_WAITALL))
        return TC_WASI_INVAL;
    int used = tc_wasi_vectors(&wasi->memory, vectors, count, host);
    if (used < 0 || !tc_memory_span(&wasi->memory, nread, sizeof(uint32_t)) ||
        !tc_memory_span(&wasi->memory, oflags, sizeof(uint16_t)))
        return TC_WASI_FAULT;
    int host_flags = (flags & RECV_PEEK ? MSG_PEEK : 0) | (flags & RECV_WAITALL ? MSG_WAITALL : 0);
    ssize_t got = tc_socket_recv(socket, host, used, host_flags, &truncated, from);
    if (got < 0)
        return tc_wasi_errno(got);
    tc_memory_store_u32(&wasi->memory, nread, (uint32_t)got);
    tc_memory_store_u16(&wasi->memory, oflags, truncated ? RECV_DATA_TRUNCATED : 0);
    return TC_WASI_SUCCESS;
}

uint32_t tc_wasi_sock_recv(tc_wasi *wasi, uint32_t fd, uint32_t vectors, uint32_t count,
                           uint32_t flags, uint32_t nread, uint32_t oflags) {
    return receive(wasi, fd, vectors, count, flags, nread, oflags, NULL);
}

uint32_t tc_wasi_sock_recv_from(tc_wasi *wasi, uint32_t fd, uint32_t vectors, uint32_t count,
                                uint32_t address, uint32_t flags, uint32_t port, uint32_t nread,
                                uint32_t oflags) {
    tc_address from = {0};
    guest_buffer buffer;
    if (!load_buffer(&wasi->memory, address, &buffer) ||
        !tc_memory_span(&wasi->memory, port, sizeof(uint32_t)))
        return TC_WASI_FAULT;
    if (buffer.length < V2_ADDRESS_SIZE)
        return TC_WASI_INVAL;
    uint32_t error = receive(wasi, fd, vectors, count, flags, nread, oflags, &from);
    if (error)
        return error;
    plain_address sender = plain(&from);
    tc_memory_store_u32(&wasi->memory, port, sender.port);
    return store_address(&wasi->memory, address, &sender);
}

uint32_t tc_wasi_sock_recv_from_v1(tc_wasi *wasi, uint32_t fd, uint32_t vectors, uint32_t count,
                                   uint32_t address, uint32_t flags, uint32_t nread,
                                   uint32_t oflags) {
    tc_address from = {0};
    guest_buffer buffer;
    if (!load_buffer(&wasi->memory, address, &buffer))
        return TC_WASI_FAULT;
    if (buffer.length < sizeof(struct in_addr))
        return TC_WASI_INVAL; /* before a datagram is taken, and lost */
    uint32_t error = receive(wasi, fd, vectors, count, flags, nread, oflags, &from);
    if (error)
        return error;
    plain_address sender = plain(&from);
    return store_address_v1(&wasi->memory, address, &sender);
}

/* Sending. */

static uint32_t transmit(tc_wasi *wasi, uint32_t fd, uint32_t vectors, uint32_t count,
                         const tc_address *to, uint32_t nwritten) {
    struct iovec host[IOV_MAX];
    tc_socket *socket;
    uint32_t error = get_socket(wasi, fd, TC_RIGHT_FD_WRITE, &socket);
    if (error)
        return error;
    int used = tc_wasi_vectors(&wasi->memory, vectors, count, host);
    if (used < 0 || !tc_memory_span(&wasi->memory, nwritten, sizeof(uint32_t)))
        return TC_WASI_FAULT;
    ssize_t sent = tc_socket_send(socket, host, used, to);
    if (sent < 0)
        return tc_wasi_errno(sent);
    tc_memory_store_u32(&wasi->memory, nwritten, (uint32_t)sent);
    return TC_WASI_SUCCESS;
}

uint32_t tc_wasi_sock_send(tc_wasi *wasi, uint32_t fd, uint32_t vectors, uint32_t count,
                           uint32_t flags, uint32_t nwritten) {
    if (flags != 0)
        return TC_WASI_INVAL; /* preview 1 defines none */
    return transmit(wasi, fd, vectors, count, NULL, nwritten);
}

uint32_t tc_wasi_sock_send_to(tc_wasi *wasi, uint32_t fd, uint32_t vectors, uint32_t count,
                              uint32_t address, uint32_t port, uint32_t flags, uint32_t nwritten) {
    tc_address to;
    tc_socket *socket;
    if (flags != 0)
        return TC_WASI_INVAL;
    uint32_t error = get_socket(wasi, fd, TC_RIGHT_FD_WRITE, &socket);
    if (!error)
        error = load_address(&wasi->memory, address, port, &to);
    return error ? error : transmit(wasi, fd, vectors, count, &to, nwritten);
}

/* Names. */

static uint32_t get_address(tc_wasi *wasi, uint32_t fd, int (*ask)(tc_socket *, tc_address *),
                            plain_address *out) {
    tc_socket *socket;
    tc_address address;
    uint32_t error = get_socket(wasi, fd, 0, &socket);
    if (error)
        return error;
    int failed = ask(socket, &address);
    if (failed)
        return tc_wasi_errno(failed);
    *out = plain(&address);
    return TC_WASI_SUCCESS;
}

static uint32_t answer_address(tc_wasi *wasi, uint32_t fd, uint32_t address, uint32_t port,
                               int (*ask)(tc_socket *, tc_address *)) {
    plain_address found;
    uint32_t error = get_address(wasi, fd, ask, &found);
    if (!error && !tc_memory_store_u32(&wasi->memory, port, found.port))
        error = TC_WASI_FAULT;
    return error ? error : store_address(&wasi->memory, address, &found);
}

/* Version 1 tells the kind of address as 4 or 6. */
static uint32_t answer_address_v1(tc_wasi *wasi, uint32_t fd, uint32_t address, uint32_t type,
                                  uint32_t port, int (*ask)(tc_socket *, tc_address *)) {
    plain_address found;
    uint32_t error = get_address(wasi, fd, ask, &found);
    if (!error && (!tc_memory_store_u32(&wasi->memory, port, found.port) ||
                   !tc_memory_store_u32(&wasi->memory, type, found.length == 16 ? 6 : 4)))
        error = TC_WASI_FAULT;
    return error ? error : store_address_v1(&wasi->memory, address, &found);
}

uint32_t tc_wasi_sock_getlocaladdr(tc_wasi *wasi, uint32_t fd, uint32_t address, uint32_t port) {
    return answer_address(wasi, fd, address, port, tc_socket_local_address);
}

uint32_t tc_wasi_sock_getpeeraddr(tc_wasi *wasi, uint32_t fd, uint32_t address, uint32_t port) {
    return answer_address(wasi, fd, address, port, tc_socket_peer_address);
}

uint32_t tc_wasi_sock_getlocaladdr_v1(tc_wasi *wasi, uint32_t fd, uint32_t address, uint32_t type,
                                      uint32_t port) {
    return answer_address_v1(wasi, fd, address, type, port, tc_socket_local_address);
}

uint32_t tc_wasi_sock_getpeeraddr_v1(tc_wasi *wasi, uint32_t fd, uint32_t address, uint32_t type,
                                     uint32_t port) {
    return answer_address_v1(wasi, fd, address, type, port, tc_socket_peer_address);
}

/* Options. */

/* SO_ERROR's value is an errno: the guest gets it in its own numbers. */
static bool is_error_option(uint32_t level, uint32_t name) {
    return level == 0 && name == 2;
}

uint32_t tc_wasi_sock_getsockopt(tc_wasi *wasi, uint32_t fd, uint32_t level, uint32_t name,
                                 uint32_t value, uint32_t length) {
    tc_socket *socket;
    uint32_t error = get_socket(wasi, fd, 0, &socket);
    if (error)
        return error;
    char *at = tc_memory_span(&wasi->memory, value, length);
    if (!at)
        return TC_WASI_FAULT;
    uint32_t stored = length;
    int failed = tc_socket_get_option(socket, level, name, at, &stored);
    if (failed)
        return tc_wasi_errno(failed);
    /* The type has no way to tell how much of the value was filled: the rest is zero. */
    memset(at + stored, 0, length - stored);
    int32_t host;
    if (is_error_option(level, name) && stored == sizeof host) {
        memcpy(&host, at, sizeof host);
        host = (int32_t)tc_wasi_errno(-(int64_t)host);
        memcpy(at, &host, sizeof host);
    }
    return TC_WASI_SUCCESS;
}

uint32_t tc_wasi_sock_setsockopt(tc_wasi *wasi, uint32_t fd, uint32_t level, uint32_t name,
                                 uint32_t value, uint32_t length) {
    tc_socket *socket;
    uint32_t error = get_socket(wasi, fd, 0, &socket);
    if (error)
        return error;
    const void *at = tc_memory_span(&wasi->memory, value, length);
    if (!at)
        return TC_WASI_FAULT;
    return tc_wasi_errno(tc_socket_set_option(socket, level, name, at, length));
}

/* Name resolution. The guest has allocated a linked list of these, and what they point to. */
typedef struct guest_addrinfo {
    uint16_t flags;
    uint8_t family;
    uint8_t type;
    uint32_t protocol; /* 0 any, 1 TCP, 2 UDP */
    uint32_t address_length;
    uint32_t address; /* of a guest_sockaddr */
    uint32_t canonical;
    uint32_t canonical_length;
    uint32_t next;
} guest_addrinfo;

typedef struct guest_sockaddr {
    uint32_t family;
    uint32_t data_length;
    uint32_t data; /* of the port in network order, then the address */
} guest_sockaddr;

/* Flags of the extension. */
enum {
    HINT_PASSIVE = 1,
    HINT_CANONNAME = 2,
    HINT_NUMERICHOST = 4,
    HINT_NUMERICSERV = 8,
    /* Not the extension's: INPROGRESS instead of waiting; the guest asks the same again. */
    HINT_NOWAIT = 0x8000,
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
    if (guest.family > FAMILY_INET6)
        return TC_WASI_AFNOSUPPORT;
    if (guest.type > TYPE_STREAM || guest.protocol > 2)
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
                               const plain_address *address) {
    guest_sockaddr guest;
    uint8_t data[2 + 16];
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
    plain_address address = plain(&result->address);
    uint32_t error = store_sockaddr(memory, node.address, &address);
    if (error)
        return error;
    node.flags = 0;
    node.family = (uint8_t)address.family;
    node.type = result->type == SOCK_DGRAM ? TYPE_DATAGRAM : TYPE_STREAM;
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
    int failed = tc_resolve(name_text, service_text, &host_hints, results,
                            capacity < RESULTS_MAX ? capacity : RESULTS_MAX, &count, &canonical);
    error = failed ? tc_wasi_errno(failed)
                   : store_results(memory, list, results, count, canonical, stored);
    free(canonical);
    return error;
}
