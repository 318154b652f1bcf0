/* Receiving and sending: plain sockets through the engine, TLS sockets through tls/. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/io.h"
#include "net/internal.h"

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
    ssize_t got = tc_io_recvmsg(socket->fd, &message, flags, deadline);
    if (got >= 0 && from)
        from->length = message.msg_namelen;
    *truncated = got >= 0 && message.msg_flags & MSG_TRUNC;
    return got;
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

/* MSG_WAITALL on a blocking stream: until all the vectors are full, the end, or an error. */
static ssize_t receive_all(tc_socket *socket, const struct iovec *vectors, int count,
                           uint64_t deadline) {
    size_t wanted = total_length(vectors, count), total = 0;
    struct iovec *rest = malloc((size_t)count * sizeof *rest);
    bool truncated;
    if (!rest)
        return -ENOMEM;
    ssize_t got = 0;
    while (total < wanted) {
        int left = skip_bytes(vectors, count, total, rest);
        got = receive_once(socket, rest, left, 0, deadline, &truncated, NULL);
        if (got <= 0)
            break;
        total += (size_t)got;
    }
    free(rest);
    return total ? (ssize_t)total : got;
}

ssize_t tc_socket_recv(tc_socket *socket, const struct iovec *vectors, int count, int flags,
                       bool *truncated, tc_address *from) {
    bool ignored;
    if (!truncated)
        truncated = &ignored;
    *truncated = false;
    if (!socket->tls && socket->type == SOCK_STREAM && socket->state != TC_SOCKET_CONNECTED &&
        socket->state != TC_SOCKET_CONNECTING)
        return -ENOTCONN;
    socket->used = true;
    tc_socket_advance(socket);
    uint64_t deadline = tc_socket_deadline(socket, socket->receive_timeout);
    if (flags & MSG_WAITALL && !(flags & MSG_PEEK) && deadline && socket->type == SOCK_STREAM &&
        count > 0)
        return receive_all(socket, vectors, count, deadline);
    return receive_once(socket, vectors, count, flags & MSG_PEEK, deadline, truncated, from);
}

/* Sending. */

static ssize_t send_tls(tc_socket *socket, const struct iovec *vectors, int count) {
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

static int check_send(tc_socket *socket, const tc_address *to) {
    if (socket->tls)
        return to ? -EISCONN : 0;
    int refused = tc_grants_clear_text();
    if (!refused && to) {
        if (socket->type == SOCK_STREAM)
            return -EISCONN;
        if (to->storage.ss_family != socket->family)
            return -EAFNOSUPPORT;
        refused = tc_grants_connect(to);
    }
    return refused;
}

/* A blocking stream takes everything, as send(2) does; what was sent before an error counts. */
ssize_t tc_socket_send(tc_socket *socket, const struct iovec *vectors, int count,
                       const tc_address *to) {
    int refused = check_send(socket, to);
    if (refused)
        return refused;
    socket->used = true;
    tc_socket_advance(socket);
    uint64_t deadline = tc_socket_deadline(socket, socket->send_timeout);
    size_t wanted = total_length(vectors, count), total = 0;
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
        int error = sent == -EAGAIN || socket->tls ? tc_socket_wait(socket, POLLOUT, deadline) : 0;
        if (error) {
            sent = error;
            break;
        }
    }
    free(rest);
    return total ? (ssize_t)total : sent;
}
