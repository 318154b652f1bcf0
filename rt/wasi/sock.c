/* Sockets: the calls of preview 1 (sock_accept, sock_recv, sock_send, sock_shutdown) and of the
 * WasmEdge extension in both of its versions, which differ in how addresses are laid out (see
 * sock_address.h). */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <string.h>

#include "timecraft/options.h"
#include "wasi/internal.h"
#include "wasi/sock_address.h"

/* Comes along with whatever can make a socket; see sockets.h. */
#define SOCKET_CALL(function) (void (*)(void))(function),
__attribute__((used)) static void (*const linked[])(void) = {
#include "wasi/sockets.def"
};
#undef SOCKET_CALL

/* riflags, roflags, sdflags of preview 1. */
enum {
    RECV_PEEK = 1,
    RECV_WAITALL = 2,
    /* Not preview 1's: the count is a datagram's whole length, as MSG_TRUNC has it in recv(2). */
    RECV_WHOLE_LENGTH = 0x20,
};
enum { RECV_DATA_TRUNCATED = 1 };
enum { SHUTDOWN_RD = 1, SHUTDOWN_WR = 2 };

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

/* Opening and connecting. */

uint32_t tc_wasi_sock_open(tc_wasi *wasi, uint32_t family, uint32_t type, uint32_t result) {
    static const int families[] = {[TC_SOCK_UNSPEC] = AF_INET,
                                   [TC_SOCK_INET4] = AF_INET,
                                   [TC_SOCK_INET6] = AF_INET6,
                                   [TC_SOCK_UNIX] = AF_UNIX};
    tc_socket *socket;
    if (family > TC_SOCK_UNIX)
        return TC_WASI_AFNOSUPPORT;
    if (type > TC_SOCK_STREAM)
        return TC_WASI_PROTOTYPE;
    int error = tc_socket_open(families[family],
                               type == TC_SOCK_DATAGRAM ? SOCK_DGRAM : SOCK_STREAM, &socket);
    return error ? tc_wasi_errno(error) : publish_socket(wasi, socket, result);
}

static uint32_t with_address(tc_wasi *wasi, uint32_t fd, uint32_t pointer, uint32_t port,
                             int (*action)(tc_socket *, const tc_address *)) {
    tc_socket *socket;
    tc_address address;
    uint32_t error = get_socket(wasi, fd, 0, &socket);
    if (!error)
        error = tc_sock_load_address(&wasi->memory, pointer, port, &address);
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
    if (flags & ~(uint32_t)(RECV_PEEK | RECV_WAITALL | RECV_WHOLE_LENGTH))
        return TC_WASI_INVAL;
    int used = tc_wasi_vectors(&wasi->memory, vectors, count, host);
    if (used < 0 || !tc_memory_span(&wasi->memory, nread, sizeof(uint32_t)) ||
        !tc_memory_span(&wasi->memory, oflags, sizeof(uint16_t)))
        return TC_WASI_FAULT;
    int host_flags = (flags & RECV_PEEK ? MSG_PEEK : 0) | (flags & RECV_WAITALL ? MSG_WAITALL : 0) |
                     (flags & RECV_WHOLE_LENGTH ? MSG_TRUNC : 0);
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
    tc_sock_buffer buffer;
    if (!tc_sock_load_buffer(&wasi->memory, address, &buffer) ||
        !tc_memory_span(&wasi->memory, port, sizeof(uint32_t)))
        return TC_WASI_FAULT;
    if (buffer.length < TC_SOCK_ADDRESS_SIZE)
        return TC_WASI_INVAL;
    uint32_t error = receive(wasi, fd, vectors, count, flags, nread, oflags, &from);
    if (error)
        return error;
    tc_sock_address sender = tc_sock_address_of(&from);
    tc_memory_store_u32(&wasi->memory, port, sender.port);
    return tc_sock_store_address(&wasi->memory, address, &sender);
}

uint32_t tc_wasi_sock_recv_from_v1(tc_wasi *wasi, uint32_t fd, uint32_t vectors, uint32_t count,
                                   uint32_t address, uint32_t flags, uint32_t nread,
                                   uint32_t oflags) {
    tc_address from = {0};
    tc_sock_buffer buffer;
    if (!tc_sock_load_buffer(&wasi->memory, address, &buffer))
        return TC_WASI_FAULT;
    if (!tc_sock_has_room_for_sender_v1(&buffer))
        return TC_WASI_INVAL; /* before a datagram is taken, and lost */
    uint32_t error = receive(wasi, fd, vectors, count, flags, nread, oflags, &from);
    if (error)
        return error;
    tc_sock_address sender = tc_sock_address_of(&from);
    return tc_sock_store_sender_v1(&wasi->memory, address, &sender);
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
        error = tc_sock_load_address(&wasi->memory, address, port, &to);
    return error ? error : transmit(wasi, fd, vectors, count, &to, nwritten);
}

/* Names. */

static uint32_t get_address(tc_wasi *wasi, uint32_t fd, int (*ask)(tc_socket *, tc_address *),
                            tc_sock_address *out) {
    tc_socket *socket;
    tc_address address;
    uint32_t error = get_socket(wasi, fd, 0, &socket);
    if (error)
        return error;
    int failed = ask(socket, &address);
    if (failed)
        return tc_wasi_errno(failed);
    *out = tc_sock_address_of(&address);
    return TC_WASI_SUCCESS;
}

static uint32_t answer_address(tc_wasi *wasi, uint32_t fd, uint32_t address, uint32_t port,
                               int (*ask)(tc_socket *, tc_address *)) {
    tc_sock_address found;
    uint32_t error = get_address(wasi, fd, ask, &found);
    if (!error && !tc_memory_store_u32(&wasi->memory, port, found.port))
        error = TC_WASI_FAULT;
    return error ? error : tc_sock_store_address(&wasi->memory, address, &found);
}

/* Version 1 tells the kind of address as 4 or 6. */
static uint32_t answer_address_v1(tc_wasi *wasi, uint32_t fd, uint32_t address, uint32_t type,
                                  uint32_t port, int (*ask)(tc_socket *, tc_address *)) {
    tc_sock_address found;
    uint32_t error = get_address(wasi, fd, ask, &found);
    if (!error && (!tc_memory_store_u32(&wasi->memory, port, found.port) ||
                   !tc_memory_store_u32(&wasi->memory, type, found.length == 16 ? 6 : 4)))
        error = TC_WASI_FAULT;
    return error ? error : tc_sock_store_address_v1(&wasi->memory, address, &found);
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
                                 uint32_t value, uint32_t size) {
    tc_socket *socket;
    uint32_t error = get_socket(wasi, fd, 0, &socket);
    if (error)
        return error;
    uint32_t length = size;
    bool by_pointer = tc_sock_is_pointer_to_size(level, size);
    if (by_pointer && !tc_memory_load_u32(&wasi->memory, size, &length))
        return TC_WASI_FAULT;
    char *at = tc_memory_span(&wasi->memory, value, length);
    uint32_t stored = length;
    int failed = tc_socket_get_option(socket, level, name, at, &stored);
    if (failed)
        return tc_wasi_errno(failed);
    if (!at)
        return TC_WASI_SUCCESS; /* nothing was asked for */
    /* A size alone has no way to tell how much of the value was filled: the rest is zero. */
    if (by_pointer)
        tc_memory_store_u32(&wasi->memory, size, stored);
    else
        memset(at + stored, 0, length - stored);
    int32_t host;
    if (is_error_option(level, name) && stored == sizeof host) {
        memcpy(&host, at, sizeof host);
        host = (int32_t)tc_wasi_errno(-(int64_t)host);
        memcpy(at, &host, sizeof host);
    }
    return TC_WASI_SUCCESS;
}

/* The value names another descriptor, which only this side knows. */
static uint32_t watch_in_queue(tc_wasi *wasi, tc_socket *queue, const void *value,
                               uint32_t length) {
    struct {
        uint32_t how, fd, events, unused;
        uint64_t data;
    } watch;
    if (!value)
        return TC_WASI_FAULT;
    if (length != sizeof watch)
        return TC_WASI_INVAL;
    memcpy(&watch, value, sizeof watch);
    tc_socket *socket;
    uint32_t error = get_socket(wasi, watch.fd, TC_RIGHT_POLL_FD_READWRITE, &socket);
    if (error == TC_WASI_NOTSOCK)
        return TC_WASI_PERM;
    return error
               ? error
               : tc_wasi_errno(tc_socket_watch(queue, socket, watch.how, watch.events, watch.data));
}

/* Likewise. */
static uint32_t pair(tc_wasi *wasi, tc_socket *one, const void *value, uint32_t length) {
    uint32_t number;
    tc_socket *other;
    if (!value)
        return TC_WASI_FAULT;
    if (length != sizeof number)
        return TC_WASI_INVAL;
    memcpy(&number, value, sizeof number);
    uint32_t error = get_socket(wasi, number, 0, &other);
    return error ? error : tc_wasi_errno(tc_socket_pair(one, other));
}

uint32_t tc_wasi_sock_setsockopt(tc_wasi *wasi, uint32_t fd, uint32_t level, uint32_t name,
                                 uint32_t value, uint32_t length) {
    tc_socket *socket;
    uint32_t error = get_socket(wasi, fd, 0, &socket);
    if (error)
        return error;
    const void *at = tc_memory_span(&wasi->memory, value, length);
    if (level == TIMECRAFT_LEVEL && name == TIMECRAFT_QUEUE_WATCH_OPTION)
        return watch_in_queue(wasi, socket, at, length);
    if (level == TIMECRAFT_LEVEL && name == TIMECRAFT_PAIR_OPTION)
        return pair(wasi, socket, at, length);
    return tc_wasi_errno(tc_socket_set_option(socket, level, name, at, length));
}
