/* A socket's life: open, bind, listen, accept, connect, close. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "io/io.h"
#include "net/internal.h"
#include "service/service.h"

/* How long the end of the program waits for connections that are being closed, in nanoseconds. */
#define EXIT_PATIENCE UINT64_C(2000000000)

/* The first and the longest pause between two attempts at what the kernel has no event for. */
#define PAUSE_FIRST UINT64_C(500000)
#define PAUSE_MOST  UINT64_C(20000000)

/* How long another worker is waited for, in nanoseconds, and how often. */
#define OTHERS_PAUSE  50000
#define OTHERS_PAUSES 10

int tc_socket_adopt(int fd, int family, int type, tc_socket **out) {
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

/* Both ends of a pair. A datagram socket can send to every other of the host by its path, where a
 * process may name addresses at all: without a grant of Unix the ends are SEQPACKET's there, which
 * keeps messages apart too, and are each other's only. */
static int make_pair(int type, int fds[2]) {
    bool bound = tc_grants_any() && !tc_grants_any_unix();
    int host = type == SOCK_DGRAM && bound ? SOCK_SEQPACKET : type;
    return socketpair(AF_UNIX, host | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds);
}

/* What cannot be connected, for the kernel's wall allows none that can (confine/calls.def), but
 * answers as a socket does: the half of a pair. */
static int open_unconnectable(void) {
    int fds[2];
    if (make_pair(SOCK_STREAM, fds) < 0)
        return -1;
    close(fds[1]);
    return fds[0];
}

int tc_socket_open(int family, int type, tc_socket **out) {
    bool half = family == AF_UNIX && !tc_grants_any_unix();
    int fd = half ? open_unconnectable() : socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int error = tc_socket_adopt(fd, family, type, out);
    if (error == 0)
        (*out)->half = half;
    return error;
}

/* Whether it is as tc_socket_open has made it, but for options. */
static bool is_unused_unix(const tc_socket *socket) {
    struct sockaddr_un name;
    socklen_t length = sizeof name;
    bool unused = socket->family == AF_UNIX && !socket->queue && !socket->watch && !socket->tls &&
                  !socket->used && !socket->paired;
    if (socket->half)
        return unused;
    return unused && socket->state == TC_SOCKET_FRESH &&
           getsockname(socket->fd, (struct sockaddr *)&name, &length) == 0 &&
           length == sizeof name.sun_family &&
           getpeername(socket->fd, (struct sockaddr *)&name, &length) < 0;
}

int tc_socket_pair(tc_socket *one, tc_socket *other) {
    int fds[2];
    if (one == other || one->type != other->type || !is_unused_unix(one) || !is_unused_unix(other))
        return -EINVAL;
    if (make_pair(one->type, fds) < 0)
        return -errno;
    tc_socket *sockets[] = {one, other};
    for (int i = 0; i < 2; i++) {
        close(sockets[i]->fd);
        sockets[i]->fd = fds[i];
        sockets[i]->paired = true;
        sockets[i]->half = false;
        if (one->type == SOCK_STREAM)
            sockets[i]->state = TC_SOCKET_CONNECTED;
    }
    return 0;
}

void tc_socket_count(tc_socket *socket) {
    if (!socket->counted)
        tc_service_connections(1);
    socket->counted = true;
}

bool tc_socket_is_shut(const tc_socket *socket) {
    return tc_service_draining && socket->noted && tc_service_is_shut(socket->fd);
}

static void forget_listening(tc_socket *socket) {
    if (socket->noted)
        tc_service_closes(socket->fd);
    socket->noted = false;
}

static void note_listening(tc_socket *socket) {
    tc_service_listens(socket->fd, socket->passed        ? TC_LISTENER_PASSED
                                   : tc_share_is(socket) ? TC_LISTENER_SHARED
                                                         : TC_LISTENER_OWN);
    socket->noted = true;
}

/* To a port, and to no peer. */
static bool is_bound_for_datagrams(tc_socket *socket) {
    tc_address bound, peer;
    return socket->type == SOCK_DGRAM && tc_socket_local_address(socket, &bound) == 0 &&
           tc_address_port(&bound) != 0 && tc_socket_peer_address(socket, &peer) != 0;
}

int tc_net_take_passed(tc_socket **out) {
    bool nonblocking;
    int domain, type, fd = tc_service_take_passed(&nonblocking);
    if (fd < 0)
        return 0;
    if (!tc_share_kind(fd, &domain, &type))
        return -EPROTONOSUPPORT;
    int error = tc_socket_adopt(fd, domain, type, out);
    if (error)
        return error;
    (*out)->passed = true;
    (*out)->nonblocking = nonblocking;
    tc_socket_settle(*out);
    if ((*out)->state == TC_SOCKET_CONNECTED)
        tc_socket_count(*out);
    if ((*out)->state == TC_SOCKET_LISTENING || is_bound_for_datagrams(*out))
        note_listening(*out);
    return 1;
}

bool tc_socket_is_passed(const tc_socket *socket) {
    return socket->passed;
}

void tc_socket_end_vigil(tc_socket *socket) {
    tc_vigil_end(socket->vigil);
    socket->vigil = NULL;
}

void tc_socket_close(tc_socket *socket) {
    tc_socket_end_vigil(socket);
    tc_queue_forget(socket);
    tc_share_forget(socket);
    forget_listening(socket);
    if (socket->counted)
        tc_service_connections(-1);
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

/* Where the guest is given nothing more it can still send its last datagrams. */
static tc_io_interest interest_in(const tc_socket *socket, short events) {
    tc_io_interest interest = {.fd = socket->fd, .events = events};
    if (tc_socket_is_shut(socket)) {
        interest.events &= socket->type == SOCK_DGRAM ? POLLOUT : 0;
        interest.fd = interest.events ? socket->fd : -1;
    }
    return interest;
}

int tc_socket_wait(tc_socket *socket, short events, uint64_t deadline) {
    tc_io_interest interest = interest_in(socket, events);
    if (socket->tls)
        interest = tc_tls_interest(socket->tls, events);
    /* Asked before the wait: what has come at the last moment is still looked at, and a peer that
     * always has something to say, but nothing for the guest, does not put the deadline off. */
    if (deadline && deadline != TC_NEVER && tc_io_now() >= deadline)
        return -EAGAIN;
    int ready = tc_io_wait(&interest, 1, deadline);
    return ready < 0 ? ready : 0;
}

int tc_socket_wait_a_little(uint64_t *pause, uint64_t deadline) {
    uint64_t now = tc_io_now();
    if (deadline != TC_NEVER && now >= deadline)
        return -EAGAIN;
    *pause = *pause ? 2 * *pause : PAUSE_FIRST;
    if (*pause > PAUSE_MOST)
        *pause = PAUSE_MOST;
    uint64_t until = now + *pause < deadline ? now + *pause : deadline;
    int waited = 0;
    while (waited >= 0 && tc_io_now() < until)
        waited = tc_io_wait(NULL, 0, until); /* events of other sockets' TLS end it early */
    return waited < 0 ? waited : 0;
}

/* Where the kernel does not say, it is as it was: above all, a socket on which hTLS could not be
 * begun must not count as a new one. */
static tc_socket_state tcp_state(const tc_socket *socket) {
    uint8_t state = TCP_CLOSE; /* the first of tcp_info, the only part that is asked for */
    socklen_t length = sizeof state;
    if (getsockopt(socket->fd, IPPROTO_TCP, TCP_INFO, &state, &length) < 0)
        return socket->state;
    switch (state) {
    case TCP_CLOSE:
        return TC_SOCKET_FRESH;
    case TCP_SYN_SENT:
    case TCP_SYN_RECV:
        return TC_SOCKET_CONNECTING;
    case TCP_LISTEN:
        return TC_SOCKET_LISTENING;
    default:
        return TC_SOCKET_CONNECTED; /* or closing down */
    }
}

/* A Unix socket is connected at once, or not at all. */
static tc_socket_state unix_state(int fd) {
    struct sockaddr_un peer;
    int listening = 0;
    socklen_t length = sizeof listening;
    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length);
    if (listening)
        return TC_SOCKET_LISTENING;
    length = sizeof peer;
    return getpeername(fd, (struct sockaddr *)&peer, &length) == 0 ? TC_SOCKET_CONNECTED
                                                                   : TC_SOCKET_FRESH;
}

void tc_socket_settle(tc_socket *socket) {
    if (socket->type != SOCK_STREAM || socket->tls)
        return;
    socket->state = socket->family == AF_UNIX ? unix_state(socket->fd) : tcp_state(socket);
    if (socket->state == TC_SOCKET_FRESH) {
        socket->used = socket->reading_shut = socket->writing_shut = socket->serves_tls = false;
        socket->tls_error = 0;
    }
}

void tc_socket_advance(tc_socket *socket) {
    if (socket->tls && tc_tls_status(socket->tls) == -EINPROGRESS)
        tc_socket_wait(socket, 0, 0);
}

/* Whether it says where: it is not a family alone, nor of a family that the kernel refuses. */
static bool is_somewhere(const tc_address *address) {
    sa_family_t family = address->storage.ss_family;
    return (family == AF_INET || family == AF_INET6 || family == AF_UNIX) &&
           address->length > sizeof family;
}

int tc_socket_check_destination(const tc_address *address) {
    return is_somewhere(address) ? tc_grants_connect(address) : 0;
}

in_port_t tc_address_port(const tc_address *address) {
    if (address->storage.ss_family == AF_INET)
        return ((const struct sockaddr_in *)&address->storage)->sin_port;
    if (address->storage.ss_family == AF_INET6)
        return ((const struct sockaddr_in6 *)&address->storage)->sin6_port;
    return address->storage.ss_family == AF_UNIX;
}

/* Binding to a port is what a server does. An ephemeral port (0) is a client's way to choose its
 * own address: for that any connection grant is enough, and listening on it is asked for later. */
static int check_bind(const tc_socket *socket, const tc_address *address) {
    if (!is_somewhere(address))
        return 0;
    if (tc_address_port(address) == 0 && (socket->type == SOCK_STREAM || tc_grants_any_connect()))
        return 0;
    return tc_grants_listen(address);
}

int tc_socket_bind(tc_socket *socket, const tc_address *address) {
    tc_address host = *address;
    struct sockaddr_in *in = (struct sockaddr_in *)&host.storage;
    /* Linux takes AF_UNSPEC with the wildcard address for AF_INET; so do its grants. */
    if (socket->family == AF_INET && in->sin_family == AF_UNSPEC && in->sin_addr.s_addr == 0)
        in->sin_family = AF_INET;
    if (socket->family == AF_UNIX && !is_somewhere(&host))
        return -EINVAL; /* which would be an abstract name of the kernel's choice */
    int refused = check_bind(socket, &host);
    if (refused)
        return refused;
    int shared = is_somewhere(&host) ? tc_share_bind(socket, &host) : 1;
    if (shared > 0 && bind(socket->fd, (const struct sockaddr *)&host.storage, host.length) < 0)
        shared = -errno;
    if (shared < 0)
        return shared;
    if (socket->type == SOCK_DGRAM && tc_address_port(&host) != 0) {
        note_listening(socket);
        tc_service_is_ready();
    }
    return 0;
}

int tc_socket_listen(tc_socket *socket, int backlog) {
    tc_address bound;
    if (socket->type != SOCK_STREAM)
        return -EOPNOTSUPP;
    if (socket->tls)
        return -EINVAL;
    int error = tc_socket_local_address(socket, &bound);
    if (!error && socket->family != AF_UNIX && !socket->passed)
        error = tc_grants_listen(&bound); /* a path was checked by bind */
    if (error)
        return error;
    if (listen(socket->fd, backlog) < 0)
        return -errno;
    tc_socket_settle(socket);
    note_listening(socket);
    tc_service_is_ready();
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

/* Where other workers take from the same queue, one that has more connections than another leaves
 * that one a moment to take the next: it was woken too. */
static void let_others(const tc_socket *socket) {
    const struct timespec pause = {.tv_nsec = OTHERS_PAUSE};
    struct pollfd polled = {.fd = socket->fd, .events = POLLIN};
    if (tc_service_control() < 0 || !(socket->passed || tc_share_is(socket)))
        return;
    for (int i = 0; i < OTHERS_PAUSES && tc_service_is_ahead() && poll(&polled, 1, 0) > 0; i++)
        nanosleep(&pause, NULL);
}

/* accept4(2) of what the guest is to be given. */
static int accept_one(const tc_socket *socket) {
    let_others(socket);
    errno = EAGAIN;
    int fd = tc_socket_is_shut(socket)
                 ? -1
                 : accept4(socket->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && tc_service_draining && (errno == EAGAIN || errno == EINVAL)) {
        tc_service_emptied(socket->fd);
        errno = EAGAIN;
    }
    return fd;
}

/* Takes one out of the queue. In a drain it counts before it has left that, or the program might
 * end between the two. */
static int take_connection(tc_socket *socket, tc_socket **out) {
    bool drains = tc_service_draining;
    if (drains)
        tc_service_connections(1);
    int fd = accept_one(socket);
    int error = fd < 0 ? -errno : tc_socket_adopt(fd, socket->family, socket->type, out);
    if (!error)
        tc_socket_count(*out);
    if (drains)
        tc_service_connections(-1);
    return error;
}

int tc_socket_accept(tc_socket *socket, bool nonblocking, tc_socket **out) {
    if (socket->tls)
        return -EINVAL;
    if (socket->type != SOCK_STREAM)
        return -EOPNOTSUPP;
    if (socket->passed)
        tc_service_is_ready();
    uint64_t deadline = tc_socket_deadline(socket, socket->receive_timeout);
    for (;;) {
        int error = take_connection(socket, out);
        if (!error) {
            (*out)->state = TC_SOCKET_CONNECTED;
            (*out)->nonblocking = nonblocking;
            if (socket->family != AF_UNIX) { /* as the kernel has it */
                (*out)->receive_timeout = socket->receive_timeout;
                (*out)->send_timeout = socket->send_timeout;
                (*out)->receive_low = socket->receive_low;
            }
            (*out)->config = tc_tls_config_share(socket->config);
            return socket->serves_tls ? start_accepted(out) : 0;
        }
        if (error == -EINTR || error == -ECONNABORTED)
            continue;
        if (error != -EAGAIN || deadline == 0)
            return error;
        if (socket->reading_shut) /* of a path's listener; TCP's listens no more then */
            return -EINVAL;
        error = tc_socket_wait(socket, POLLIN, deadline);
        if (error)
            return error;
    }
}

/* One connect(2); which begins a connection, or tells how one that was begun stands. */
static int connect_once(tc_socket *socket, const tc_address *address) {
    int result;
    do
        result = connect(socket->fd, (const struct sockaddr *)&address->storage, address->length);
    while (result < 0 && errno == EINTR);
    result = result < 0 ? -errno : 0;
    if (result == -EINPROGRESS || result == -EALREADY)
        socket->state = TC_SOCKET_CONNECTING; /* the guest has heard of nothing else yet */
    else if (result == 0 && socket->type == SOCK_STREAM)
        socket->state = TC_SOCKET_CONNECTED; /* unless the kernel says that it has ended again */
    if (result != -EINPROGRESS && result != -EALREADY && result != -EISCONN)
        tc_socket_settle(socket);
    return result;
}

/* Whether a blocking connect goes on after the kernel's answer to a non-blocking one: the
 * connection is being made, or (EAGAIN, for paths) the listener's queue is full. */
static bool is_pending(const tc_socket *socket, int answer) {
    return answer == -EINPROGRESS || answer == -EALREADY ||
           (answer == -EAGAIN && socket->family == AF_UNIX);
}

/* The handshake's outcome stands for the connection's. One that was begun on a connection that was
 * there already leaves that as it is until it fails. */
static int connect_tls(const tc_socket *socket) {
    int status = tc_tls_status(socket->tls);
    if (status == -EINPROGRESS)
        return socket->state == TC_SOCKET_CONNECTING ? -EALREADY : -EISCONN;
    return status ? status : -EISCONN;
}

int tc_socket_connect(tc_socket *socket, const tc_address *address) {
    if (socket->tls)
        return connect_tls(socket);
    int refused = tc_socket_check_destination(address);
    if (refused)
        return refused;
    refused = tc_share_leave(socket);
    if (refused)
        return refused;
    uint64_t deadline = tc_socket_deadline(socket, socket->send_timeout), pause = 0;
    int first = connect_once(socket, address), answer = first;
    while (deadline && is_pending(socket, answer)) {
        int error = answer == -EAGAIN ? tc_socket_wait_a_little(&pause, deadline)
                                      : tc_socket_wait(socket, POLLOUT, deadline);
        if (error)
            return error == -EAGAIN ? first : error; /* as connect(2) with SO_SNDTIMEO */
        answer = connect_once(socket, address);
    }
    if (answer == 0 && socket->type == SOCK_DGRAM) { /* it has got another peer */
        socket->paired = false;
        if (address->storage.ss_family != AF_UNSPEC)
            forget_listening(socket);
    }
    return answer;
}

int tc_socket_shutdown(tc_socket *socket, int how) {
    if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
        return -EINVAL;
    /* Of an unconnected datagram socket too, though to the kernel that is an error as well. */
    socket->reading_shut |= how != SHUT_WR;
    tc_socket_end_vigil(socket);
    if (!socket->tls) {
        int error = shutdown(socket->fd, how) < 0 ? -errno : 0;
        socket->writing_shut |= !error && how != SHUT_RD;
        if (socket->state != TC_SOCKET_CONNECTED) /* which it stays, however soon it is closed */
            tc_socket_settle(socket);
        if (socket->type == SOCK_STREAM && socket->state != TC_SOCKET_LISTENING)
            forget_listening(socket);
        return error;
    }
    if (how == SHUT_RD)
        return 0;
    int error;
    uint64_t deadline = tc_socket_deadline(socket, socket->send_timeout);
    while ((error = tc_tls_shutdown(socket->tls)) == -EAGAIN && deadline)
        if ((error = tc_socket_wait(socket, POLLOUT, deadline)) < 0)
            break;
    return error;
}

/* The peer sees a reset too, when the guest closes the socket. */
void tc_socket_break(tc_socket *socket) {
    struct linger at_once = {.l_onoff = 1};
    setsockopt(socket->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    shutdown(socket->fd, SHUT_RDWR);
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
    int error = tc_share_listen(socket); /* which has its port, all workers' */
    return error ? error : name_of(ask_local, socket->fd, out);
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

bool tc_socket_is_listening(const tc_socket *socket) {
    return socket->state == TC_SOCKET_LISTENING;
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
    if (socket->queue || ioctl(socket->fd, FIONREAD, &count) < 0 || count < 0)
        return 0;
    return (uint64_t)count;
}

short tc_socket_poll(tc_socket *socket, short wanted, tc_io_interest *interest) {
    if (socket->queue && wanted & POLLIN)
        return tc_queue_poll(socket, interest);
    if (socket->tls) {
        *interest = tc_tls_interest(socket->tls, wanted);
        return tc_tls_ready(socket->tls, wanted, false);
    }
    if (socket->state == TC_SOCKET_CONNECTED)
        socket->used = true;
    if (socket->passed)
        tc_service_is_ready();
    *interest = interest_in(socket, wanted);
    if (socket->state == TC_SOCKET_LISTENING) {
        if (!socket->vigil)
            socket->vigil = tc_vigil_new(); /* without one it is polled each time */
        interest->vigil = socket->vigil;
    }
    return 0;
}

short tc_socket_polled(tc_socket *socket, short wanted, const tc_io_interest *interest) {
    if (socket->queue && wanted & POLLIN)
        return tc_queue_polled(socket, interest);
    if (socket->tls)
        return tc_tls_ready(socket->tls, wanted, interest->revents & POLLIN);
    if (socket->state == TC_SOCKET_CONNECTING && interest->revents)
        tc_socket_settle(socket);
    return tc_socket_is_shut(socket) ? interest->revents & POLLOUT : interest->revents;
}

bool tc_socket_rest(tc_socket *socket, tc_stream_event *notice, void *context) {
    return socket->tls && !socket->watch && tc_tls_rest(socket->tls, notice, context);
}

void tc_socket_end_rest(tc_socket *socket) {
    if (socket->tls && !socket->watch)
        tc_tls_notice(socket->tls, NULL, NULL);
}
