/* send, recv and their relatives. */
#include <string.h>

#include "host.h"

#define SEND_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE | MSG_EOR)
#define RECV_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL | MSG_PEEK | MSG_WAITALL | MSG_TRUNC)

/* IOV_MAX of Linux. */
#define MOST_VECTORS 1024

/* MSG_DONTWAIT: makes the descriptor non-blocking for one call. A guest has one thread, so nobody
 * sees it in between. Returns whether the descriptor is to be made blocking again, or -1. */
static int enter_call(int fd, int flags, __wasi_fdflags_t *before) {
    if (!(flags & MSG_DONTWAIT))
        return 0;
    __wasi_fdstat_t status;
    int error = __wasi_fd_fdstat_get(fd, &status);
    if (error)
        return tc_result(error);
    *before = status.fs_flags;
    if (status.fs_flags & __WASI_FDFLAGS_NONBLOCK)
        return 0;
    error = __wasi_fd_fdstat_set_flags(fd, *before | __WASI_FDFLAGS_NONBLOCK);
    return error ? tc_result(error) : 1;
}

static void leave_call(int fd, int entered, __wasi_fdflags_t before) {
    if (entered > 0)
        (void)!__wasi_fd_fdstat_set_flags(fd, before);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    if ((flags & ~SEND_FLAGS) || message->msg_controllen)
        return tc_result(tc_socket_error(fd, EOPNOTSUPP));
    if (message->msg_iovlen < 0 || message->msg_iovlen > MOST_VECTORS)
        return tc_result(tc_socket_error(fd, EMSGSIZE));
    tc_host_address to;
    int port = 0;
    if (message->msg_name) {
        /* Streams ignore an address, so one without even a family is not refused here. */
        static const struct sockaddr none = {.sa_family = (sa_family_t)-1};
        bool has_family = message->msg_namelen >= sizeof none.sa_family;
        int error = tc_address_from_posix(fd, has_family ? message->msg_name : &none,
                                          has_family ? message->msg_namelen : sizeof none.sa_family,
                                          &to, &port);
        if (error)
            return tc_result(error);
    }
    __wasi_fdflags_t before = 0;
    int entered = enter_call(fd, flags, &before);
    if (entered < 0)
        return -1;
    size_t sent = 0;
    size_t count = (size_t)message->msg_iovlen;
    int error;
    if (message->msg_name)
        error = tc_host_send_to(fd, message->msg_iov, count, &to.view, port, 0, &sent);
    else
        error = __wasi_sock_send(fd, (const __wasi_ciovec_t *)message->msg_iov, count, 0, &sent);
    leave_call(fd, entered, before);
    return error ? tc_result(error) : (ssize_t)sent;
}

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *address,
               socklen_t length) {
    struct iovec vector = {(void *)data, size};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    message.msg_name = (void *)address;
    message.msg_namelen = length;
    return sendmsg(fd, &message, flags);
}

ssize_t send(int fd, const void *data, size_t size, int flags) {
    return sendto(fd, data, size, flags, NULL, 0);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
    if (flags & ~RECV_FLAGS)
        return tc_result(tc_socket_error(fd, EOPNOTSUPP));
    if (message->msg_iovlen < 0 || message->msg_iovlen > MOST_VECTORS)
        return tc_result(tc_socket_error(fd, EMSGSIZE));
    __wasi_fdflags_t before = 0;
    int entered = enter_call(fd, flags, &before);
    if (entered < 0)
        return -1;
    size_t received = 0;
    size_t count = (size_t)message->msg_iovlen;
    uint16_t out_flags = 0;
    int host_flags = flags & (MSG_PEEK | MSG_WAITALL); /* wasi-libc's numbers are preview 1's */
    if (flags & MSG_TRUNC)
        host_flags |= TC_HOST_WHOLE_LENGTH;
    tc_host_address from;
    int port = 0;
    int error;
    if (message->msg_name) {
        tc_address_prepare(&from);
        error = tc_host_recv_from(fd, message->msg_iov, count, &from.view, host_flags, &port,
                                  &received, &out_flags);
    } else {
        error = __wasi_sock_recv(fd, (const __wasi_iovec_t *)message->msg_iov, count,
                                 (__wasi_riflags_t)host_flags, &received, &out_flags);
    }
    leave_call(fd, entered, before);
    if (error)
        return tc_result(error);
    if (message->msg_name)
        tc_address_to_posix(&from, port, message->msg_name, &message->msg_namelen);
    message->msg_controllen = 0;
    message->msg_flags = out_flags & __WASI_ROFLAGS_RECV_DATA_TRUNCATED ? MSG_TRUNC : 0;
    return (ssize_t)received;
}

ssize_t recvfrom(int fd, void *restrict data, size_t size, int flags,
                 struct sockaddr *restrict address, socklen_t *restrict length) {
    struct iovec vector = {data, size};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    message.msg_name = address;
    message.msg_namelen = address ? *length : 0;
    ssize_t received = recvmsg(fd, &message, flags);
    if (received >= 0 && address)
        *length = message.msg_namelen;
    return received;
}

ssize_t recv(int fd, void *data, size_t size, int flags) {
    return recvfrom(fd, data, size, flags, NULL, NULL);
}
