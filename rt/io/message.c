/* Messages, by one system call each. Programs without sockets have this too, but not io.c, which
 * brings in io_uring.
 *
 * What is called for each datagram is called past the C library: there these calls are points at
 * which a thread can be cancelled, for which each costs 40 ns more in a process with threads, a
 * tenth of receiving one. */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "io/engine.h"

/* The kernel has less to copy for recvfrom(2). */
ssize_t tc_engine_receive(int fd, struct msghdr *message, int flags) {
    flags |= MSG_DONTWAIT;
    if (message->msg_iovlen != 1)
        return recvmsg(fd, message, flags);
    return syscall(SYS_recvfrom, fd, message->msg_iov->iov_base, message->msg_iov->iov_len, flags,
                   message->msg_name, &message->msg_namelen);
}

/* To somebody who is named. The kernel has less to copy for sendto(2). */
static ssize_t send_to_named(int fd, const struct msghdr *message, int flags) {
    if (message->msg_iovlen != 1)
        return sendmsg(fd, message, flags);
    return syscall(SYS_sendto, fd, message->msg_iov->iov_base, message->msg_iov->iov_len, flags,
                   message->msg_name, message->msg_namelen);
}

/* To a connection's peer by write(2): what can name nobody else has no conditions in the wall, and
 * so costs least (confine/calls.def). */
static ssize_t send_to_peer(int fd, const struct msghdr *message, int flags) {
    size_t length = 0;
    for (size_t i = 0; i < message->msg_iovlen; i++)
        length += message->msg_iov[i].iov_len;
    if (length == 0) /* a datagram of nothing; writev(2) would send none */
        return send(fd, "", 0, flags);
    if (message->msg_iovlen == 1)
        return syscall(SYS_write, fd, message->msg_iov->iov_base, length);
    return writev(fd, message->msg_iov, (int)message->msg_iovlen);
}

ssize_t tc_engine_send(int fd, const struct msghdr *message, int flags) {
    return message->msg_name ? send_to_named(fd, message, flags) : send_to_peer(fd, message, flags);
}
