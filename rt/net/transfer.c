/* Receiving and sending: plain sockets through the engine, TLS sockets through tls/. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/io.h"
#include "net/internal.h"
#include "service/service.h"

static size_t total_length(const struct iovec *vectors, int count) {
    size_t total = 0;
    for (int i = 0; i < count; i++)
        total += vectors[i].iov_len;
    return total;
}

/* Copies at most `capacity` vectors, without their first `skip` bytes. Returns how many. */
static int skip_bytes(const struct iovec *vectors, int count, size_t skip, struct iovec *rest) {
    int used = 0;
    for (int i = 0; i < count; i++) {
        size_t here = skip < vectors[i].iov_len ? skip : vectors[i].iov_len;
        skip -= here;
        if (here == vectors[i].iov_len)
            continue;
        rest[used++] =
            (struct iovec){(char *)vectors[i].iov_base + here, vectors[i].iov_len - here};
    }
    return used;
}

/* Receiving. */

static ssize_t receive_tls(tc_socket *socket, const struct iovec *vectors, int count, bool peek,
                           uint64_t deadline) {
    if (socket->reading_shut)
        return 0;
    for (;;) {
        ssize_t total = 0;
        for (int i = 0; i < count; i++) {
            ssize_t got = tc_tls_recv(socket->tls, vectors[i].iov_base, vectors[i].iov_len, peek);
            if (got == 0 && vectors[i].iov_len == 0)
                continue;
            if (got <= 0) {
                /* What came before an end or a failure is handed over first; they are sticky. */
                if (total == 0)
                    total = got;
                break;
            }
            total += got;
            if (peek || (size_t)got < vectors[i].iov_len)
                break;
        }
        if (total != -EAGAIN || deadline == 0)
            return total;
        int error = tc_socket_wait(socket, POLLIN, deadline);
        if (error)
            return error;
    }
}

static ssize_t receive_plain(tc_socket *socket, const struct iovec *vectors, int count, int flags,
                             uint64_t deadline, bool *truncated, tc_address *from) {
    struct msghdr message = {.msg_iov = (struct iovec *)vectors, .msg_iovlen = (size_t)count};
    if (from) {
        message.msg_name = &from->storage;
        message.msg_namelen = sizeof from->storage;
    }
    /* Datagrams that have come are still to be had after shutdown(SHUT_RD), and then a blocking
     * socket has an end, but a non-blocking one EAGAIN. */
    bool ends = socket->type == SOCK_DGRAM && socket->reading_shut && deadline;
    while (tc_socket_is_shut(socket)) { /* the guest is given nothing more, and waits */
        if (deadline == 0 || (deadline != TC_NEVER && tc_io_now() >= deadline))
            return -EAGAIN;
        int error = tc_socket_wait((tc_socket *)socket, POLLIN, deadline);
        if (error)
            return error;
    }
    size_t room = socket->type == SOCK_DGRAM ? total_length(vectors, count) : SIZE_MAX;
    int asked = socket->type == SOCK_DGRAM ? flags | MSG_TRUNC : flags;
    ssize_t got = tc_io_recvmsg(socket->fd, &message, asked, ends ? 0 : deadline);
    if (ends && got == -EAGAIN)
        return 0;
    if (got >= 0 && from)
        from->length = message.msg_namelen;
    *truncated = got > 0 && (size_t)got > room;
    return *truncated && !(flags & MSG_TRUNC) ? (ssize_t)room : got;
}

static ssize_t receive_once(tc_socket *socket, const struct iovec *vectors, int count, int flags,
                            uint64_t deadline, bool *truncated, tc_address *from) {
    if (socket->tls) {
        if (from)
            from->length = 0;
        return receive_tls(socket, vectors, count, flags & MSG_PEEK, deadline);
    }
    return receive_plain(socket, vectors, count, flags, deadline, truncated, from);
}

/* On a blocking stream: until `wanted` bytes have come, the end, or an error. */
static ssize_t receive_all(tc_socket *socket, const struct iovec *vectors, int count, int flags,
                           size_t wanted, uint64_t deadline) {
    size_t total = 0;
    struct iovec *rest = malloc((size_t)count * sizeof *rest);
    bool truncated;
    if (!rest)
        return -ENOMEM;
    ssize_t got = 0;
    while (total < wanted) {
        int left = skip_bytes(vectors, count, total, rest);
        got = receive_once(socket, rest, left, flags, deadline, &truncated, NULL);
        if (got <= 0)
            break;
        total += (size_t)got;
    }
    free(rest);
    return total ? (ssize_t)total : got;
}

/* The same without taking them. What has come keeps the socket readable, so there is no event for
 * more of it. */
static ssize_t peek_all(tc_socket *socket, const struct iovec *vectors, int count, int flags,
                        size_t wanted, uint64_t deadline) {
    bool truncated;
    uint64_t pause = 0;
    for (ssize_t before = 0;;) {
        ssize_t got = receive_once(socket, vectors, count, flags, deadline, &truncated, NULL);
        struct pollfd ended = {.fd = socket->fd, .events = POLLRDHUP};
        if (got <= 0 || (size_t)got >= wanted)
            return got;
        if (got > before)
            pause = 0;
        else if (poll(&ended, 1, 0) > 0)
            return got; /* there will be no more */
        before = got;
        int error = tc_socket_wait_a_little(&pause, deadline);
        if (error)
            return got;
    }
}

/* How much a receive on a blocking stream waits for; less than that is the end, or a time limit. */
static size_t least_wanted(const tc_socket *socket, const struct iovec *vectors, int count,
                           int flags) {
    size_t room = total_length(vectors, count);
    if (flags & MSG_WAITALL)
        return room;
    return socket->receive_low < room ? socket->receive_low : room;
}

/* A blocking receive of nothing on TCP waits all the same, and its time limit is no error. */
static ssize_t receive_nothing(tc_socket *socket, int flags, uint64_t deadline) {
    bool truncated;
    ssize_t got;
    while ((got = receive_once(socket, NULL, 0, flags, 0, &truncated, NULL)) == -EAGAIN) {
        int error = tc_socket_wait(socket, POLLIN, deadline);
        if (error)
            return error == -EAGAIN ? 0 : error;
    }
    return got;
}

static void note_use(tc_socket *socket) {
    if (socket->state != TC_SOCKET_FRESH)
        socket->used = true;
}

ssize_t tc_socket_recv(tc_socket *socket, const struct iovec *vectors, int count, int flags,
                       bool *truncated, tc_address *from) {
    bool ignored;
    if (!truncated)
        truncated = &ignored;
    *truncated = false;
    note_use(socket);
    if (socket->passed)
        tc_service_is_ready();
    if (socket->tls_error)
        return socket->tls_error;
    tc_socket_advance(socket);
    uint64_t deadline = tc_socket_deadline(socket, socket->receive_timeout);
    int host_flags = flags & (MSG_PEEK | MSG_TRUNC);
    if (deadline && socket->type == SOCK_STREAM) {
        size_t least = least_wanted(socket, vectors, count, flags);
        if (total_length(vectors, count) == 0 && !socket->tls && socket->family != AF_UNIX)
            return receive_nothing(socket, host_flags, deadline);
        if (least > 1 && flags & MSG_PEEK && !socket->tls && socket->family != AF_UNIX)
            return peek_all(socket, vectors, count, host_flags, least, deadline);
        if (least > 1 && !(flags & MSG_PEEK))
            return receive_all(socket, vectors, count, host_flags, least, deadline);
    }
    return receive_once(socket, vectors, count, host_flags, deadline, truncated, from);
}

/* Sending. */

static ssize_t encrypt(tc_socket *socket, const struct iovec *vectors, int count) {
    ssize_t total = 0;
    for (int i = 0; i < count; i++) {
        if (vectors[i].iov_len == 0)
            continue;
        ssize_t sent = tc_tls_send(socket->tls, vectors[i].iov_base, vectors[i].iov_len);
        if (sent < 0)
            return total ? total : sent;
        total += sent;
        if ((size_t)sent < vectors[i].iov_len)
            break;
    }
    return total;
}

/* All that a call sends goes together, as sendmsg(2) has it. */
static ssize_t send_tls(tc_socket *socket, const struct iovec *vectors, int count) {
    ssize_t total = encrypt(socket, vectors, count);
    tc_tls_push(socket->tls);
    return total;
}

static ssize_t send_plain(tc_socket *socket, const struct iovec *vectors, int count,
                          const tc_address *to) {
    struct msghdr message = {.msg_iov = (struct iovec *)vectors, .msg_iovlen = (size_t)count};
    if (to) {
        message.msg_name = (void *)&to->storage;
        message.msg_namelen = to->length;
    }
    return tc_io_sendmsg(socket->fd, &message, 0, 0);
}

static ssize_t send_once(tc_socket *socket, const struct iovec *vectors, int count,
                         const tc_address *to) {
    return socket->tls ? send_tls(socket, vectors, count) : send_plain(socket, vectors, count, to);
}

/* What of an address that came with the bytes the kernel is to be given, NULL for nothing. A stream
 * of TCP has its peer: the kernel ignores another, and so is nothing granted to it. A datagram to
 * AF_UNSPEC goes where one to AF_INET would, from an IPv6 socket to the peer. */
static const tc_address *destination(const tc_socket *socket, const tc_address *to,
                                     tc_address *changed) {
    if (!to || (socket->type == SOCK_STREAM && socket->family != AF_UNIX))
        return NULL;
    if (to->storage.ss_family != AF_UNSPEC || socket->family == AF_UNIX)
        return to;
    if (socket->family == AF_INET6)
        return NULL;
    *changed = *to;
    changed->storage.ss_family = AF_INET;
    return changed;
}

static int check_send(const tc_socket *socket, const tc_address *to) {
    if (socket->tls_error)
        return socket->tls_error;
    if (socket->tls || (socket->paired && !to))
        return 0; /* encrypted, or not leaving the process */
    int refused = tc_grants_clear_text();
    return refused || !to ? refused : tc_socket_check_destination(to);
}

/* A blocking stream takes everything, as send(2) does; what was sent before an error counts. */
ssize_t tc_socket_send(tc_socket *socket, const struct iovec *vectors, int count,
                       const tc_address *given) {
    tc_address changed;
    const tc_address *to = destination(socket, given, &changed);
    int refused = check_send(socket, to);
    if (refused)
        return refused;
    note_use(socket);
    tc_socket_advance(socket);
    uint64_t deadline = tc_socket_deadline(socket, socket->send_timeout);
    size_t wanted = total_length(vectors, count), total = 0;
    uint64_t pause = 0;
    struct iovec *rest = NULL;
    ssize_t sent;
    for (;;) {
        if (total == 0)
            sent = send_once(socket, vectors, count, to);
        else
            sent = send_once(socket, rest, skip_bytes(vectors, count, total, rest), to);
        if (sent > 0)
            total += (size_t)sent;
        if ((sent < 0 && sent != -EAGAIN) || total >= wanted || deadline == 0 ||
            (socket->type == SOCK_DGRAM && sent >= 0))
            break;
        if (!rest && !(rest = malloc((size_t)count * sizeof *rest))) {
            sent = -ENOMEM;
            break;
        }
        int error = 0;
        if (sent == -EAGAIN && to && socket->family == AF_UNIX) /* the other's queue is full */
            error = tc_socket_wait_a_little(&pause, deadline);
        else if (sent == -EAGAIN || socket->tls)
            error = tc_socket_wait(socket, POLLOUT, deadline);
        if (error) {
            sent = error;
            break;
        }
    }
    free(rest);
    return total ? (ssize_t)total : sent;
}
