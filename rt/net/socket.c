/* A socket's life: open, bind, listen, accept, connect, close. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/io.h"
#include "net/internal.h"

/* How long the end of the program waits for connections that are being closed, in nanoseconds. */
#define EXIT_PATIENCE UINT64_C(2000000000)

static int socket_new(int fd, int family, int type, tc_socket **out) {
    tc_socket *made = calloc(1, sizeof *made);
    if (!made) {
        close(fd);
        return -ENOMEM;
    }
    made->fd = fd;
    made->family = family;
    made->type = type;
    *out = made;
    return 0;
}

int tc_socket_open(int family, int type, tc_socket **out) {
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    return socket_new(fd, family, type, out);
}

void tc_socket_close(tc_socket *socket) {
    if (socket->tls)
        tc_tls_close(socket->tls); /* and the descriptor with it */
    else
        close(socket->fd);
    tc_tls_config_release(socket->config);
    free(socket);
}

void tc_net_finish(void) {
    tc_io_finish(EXIT_PATIENCE);
}

uint64_t tc_socket_deadline(const tc_socket *socket, uint64_t timeout) {
    if (socket->nonblocking)
        return 0;
    return timeout ? tc_io_now() + timeout : TC_NEVER;
}

int tc_socket_wait(tc_socket *socket, short events, uint64_t deadline) {
    tc_io_interest interest = {.fd = socket->fd, .events = events};
    if (socket->tls)
        interest = tc_tls_interest(socket->tls, events);
    /* Asked before the wait: what has come at the last moment is still looked at, and a peer that
     * always has something to say, but nothing for the guest, does not put the deadline off. */
    if (deadline && deadline != TC_NEVER && tc_io_now() >= deadline)
        return -EAGAIN;
    int ready = tc_io_wait(&interest, 1, deadline);
    return ready < 0 ? ready : 0;
}

void tc_socket_advance(tc_socket *socket) {
    if (socket->tls && tc_tls_status(socket->tls) == -EINPROGRESS)
        tc_socket_wait(socket, 0, 0);
}

/* Binding to a port is what a server does. An ephemeral port (0) is a client's way to choose its
 * own address: for that any connection grant is enough, and listening on it is asked for later. */
static int check_bind(const tc_socket *socket, const tc_address *address) {
    in_port_t port = 0;
    if (address->storage.ss_family == AF_INET)
        port = ((const struct sockaddr_in *)&address->storage)->sin_port;
    else if (address->storage.ss_family == AF_INET6)
        port = ((const struct sockaddr_in6 *)&address->storage)->sin6_port;
    else
        port = 1; /* a path */
    if (port == 0 && (socket->type == SOCK_STREAM || tc_grants_any_connect()))
        return 0;
    return tc_grants_listen(address);
}

int tc_socket_bind(tc_socket *socket, const tc_address *address) {
    if (address->storage.ss_family != socket->family)
        return -EAFNOSUPPORT;
    int refused = check_bind(socket, address);
    if (refused)
        return refused;
    if (bind(socket->fd, (const struct sockaddr *)&address->storage, address->length) < 0)
        return -errno;
    return 0;
}

int tc_socket_listen(tc_socket *socket, int backlog) {
    tc_address bound;
    if (socket->type != SOCK_STREAM)
        return -EOPNOTSUPP;
    if (socket->state != TC_SOCKET_FRESH && socket->state != TC_SOCKET_LISTENING)
        return -EINVAL;
    int error = tc_socket_local_address(socket, &bound);
    if (!error && socket->family != AF_UNIX)
        error = tc_grants_listen(&bound); /* a path was checked by bind */
    if (error)
        return error;
    if (listen(socket->fd, backlog) < 0)
        return -errno;
    socket->state = TC_SOCKET_LISTENING;
    return 0;
}

/* A listening socket's TLS begins with the connection. The guest has the socket at once: a client
 * that is slow to shake hands holds nobody up. */
static int start_accepted(tc_socket **accepted) {
    int error = tc_tls_accept((*accepted)->fd, (*accepted)->config, &(*accepted)->tls);
    if (error) {
        tc_socket_close(*accepted);
        *accepted = NULL;
    }
    return error;
}

int tc_socket_accept(tc_socket *socket, bool nonblocking, tc_socket **out) {
    if (socket->state != TC_SOCKET_LISTENING)
        return -EINVAL;
    uint64_t deadline = tc_socket_deadline(socket, socket->receive_timeout);
    for (;;) {
        int fd = accept4(socket->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            int error = socket_new(fd, socket->family, socket->type, out);
            if (error)
                return error;
            (*out)->state = TC_SOCKET_CONNECTED;
            (*out)->nonblocking = nonblocking;
            (*out)->config = tc_tls_config_share(socket->config);
            return socket->serves_tls ? start_accepted(out) : 0;
        }
        if (errno == EINTR || errno == ECONNABORTED)
            continue;
        if (errno != EAGAIN || deadline == 0)
            return -errno;
        int error = tc_socket_wait(socket, POLLIN, deadline);
        if (error)
            return error;
    }
}

/* Waits for a connection that is being made. */
static int await_connection(tc_socket *socket) {
    uint64_t deadline = tc_socket_deadline(socket, socket->send_timeout);
    int error;
    struct pollfd writable = {.fd = socket->fd, .events = POLLOUT};
    do {
        error = tc_socket_wait(socket, POLLOUT, deadline);
        if (error)
            return error == -EAGAIN ? -EINPROGRESS : error; /* as connect(2) with SO_SNDTIMEO */
    } while (poll(&writable, 1, 0) == 0);
    socklen_t length = sizeof error;
    getsockopt(socket->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error) {
        socket->state = TC_SOCKET_FRESH;
        return -error;
    }
    socket->state = TC_SOCKET_CONNECTED;
    return 0;
}

int tc_socket_connect(tc_socket *socket, const tc_address *address) {
    if (address->storage.ss_family != socket->family)
        return -EAFNOSUPPORT;
    /* Asked again, Linux says once that a connection is made now. */
    if (socket->tls || (socket->state == TC_SOCKET_CONNECTED && socket->type == SOCK_STREAM))
        return -EISCONN;
    int refused = tc_grants_connect(address);
    if (refused)
        return refused;
    int result;
    do
        result = connect(socket->fd, (const struct sockaddr *)&address->storage, address->length);
    while (result < 0 && errno == EINTR);
    if (result == 0) {
        socket->state = TC_SOCKET_CONNECTED;
        return 0;
    }
    if (errno == EISCONN)
        socket->state = TC_SOCKET_CONNECTED;
    if (errno != EINPROGRESS && errno != EALREADY)
        return -errno;
    int pending = -errno;
    socket->state = TC_SOCKET_CONNECTING;
    return socket->nonblocking ? pending : await_connection(socket);
}

int tc_socket_shutdown(tc_socket *socket, int how) {
    if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
        return -EINVAL;
    if (!socket->tls)
        return shutdown(socket->fd, how) < 0 ? -errno : 0;
    if (how != SHUT_WR)
        socket->reading_shut = true;
    if (how == SHUT_RD)
        return 0;
    int error;
    uint64_t deadline = tc_socket_deadline(socket, socket->send_timeout);
    while ((error = tc_tls_shutdown(socket->tls)) == -EAGAIN && deadline)
        if ((error = tc_socket_wait(socket, POLLOUT, deadline)) < 0)
            break;
    return error;
}

static int name_of(int (*ask)(int, struct sockaddr *, socklen_t *), int fd, tc_address *out) {
    *out = (tc_address){.length = sizeof out->storage};
    return ask(fd, (struct sockaddr *)&out->storage, &out->length) < 0 ? -errno : 0;
}

static int ask_local(int fd, struct sockaddr *address, socklen_t *length) {
    return getsockname(fd, address, length);
}

static int ask_peer(int fd, struct sockaddr *address, socklen_t *length) {
    return getpeername(fd, address, length);
}

int tc_socket_local_address(tc_socket *socket, tc_address *out) {
    return name_of(ask_local, socket->fd, out);
}

int tc_socket_peer_address(tc_socket *socket, tc_address *out) {
    return name_of(ask_peer, socket->fd, out);
}

bool tc_socket_nonblocking(const tc_socket *socket) {
    return socket->nonblocking;
}

void tc_socket_set_nonblocking(tc_socket *socket, bool nonblocking) {
    socket->nonblocking = nonblocking;
}

bool tc_socket_is_stream(const tc_socket *socket) {
    return socket->type == SOCK_STREAM;
}

int tc_socket_stat(tc_socket *socket, struct stat *out) {
    return fstat(socket->fd, out) < 0 ? -errno : 0;
}

bool tc_socket_handshake(const tc_socket *socket, bool *server, uint64_t *begun, uint64_t *ended) {
    if (!socket->tls)
        return false;
    *server = tc_tls_is_server(socket->tls);
    tc_tls_handshake_times(socket->tls, begun, ended);
    return true;
}

uint64_t tc_socket_readable_bytes(tc_socket *socket) {
    if (socket->tls)
        return tc_tls_pending(socket->tls);
    int count = 0;
    if (ioctl(socket->fd, FIONREAD, &count) < 0 || count < 0)
        return 0;
    return (uint64_t)count;
}

short tc_socket_poll(tc_socket *socket, short wanted, tc_io_interest *interest) {
    if (socket->tls) {
        *interest = tc_tls_interest(socket->tls, wanted);
        return tc_tls_ready(socket->tls, wanted, false);
    }
    if (socket->state == TC_SOCKET_CONNECTED)
        socket->used = true;
    *interest = (tc_io_interest){.fd = socket->fd, .events = wanted};
    return 0;
}

short tc_socket_polled(tc_socket *socket, short wanted, const tc_io_interest *interest) {
    if (socket->tls)
        return tc_tls_ready(socket->tls, wanted, interest->revents & POLLIN);
    if (socket->state == TC_SOCKET_CONNECTING && interest->revents)
        socket->state = TC_SOCKET_CONNECTED;
    return interest->revents;
}
