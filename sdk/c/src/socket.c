/* Making, naming, connecting and closing down sockets. */
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>

#include "host.h"
#include "timecraft/options.h"

/* What headers have as numbers of their own is preview 1's. */
_Static_assert(O_APPEND == __WASI_FDFLAGS_APPEND && O_DSYNC == __WASI_FDFLAGS_DSYNC &&
                   O_NONBLOCK == __WASI_FDFLAGS_NONBLOCK && O_RSYNC == __WASI_FDFLAGS_RSYNC &&
                   O_SYNC == __WASI_FDFLAGS_SYNC && O_CREAT == __WASI_OFLAGS_CREAT << 12 &&
                   O_DIRECTORY == __WASI_OFLAGS_DIRECTORY << 12 &&
                   O_EXCL == __WASI_OFLAGS_EXCL << 12 && O_TRUNC == __WASI_OFLAGS_TRUNC << 12,
               "fcntl.h");
_Static_assert(MSG_PEEK == __WASI_RIFLAGS_RECV_PEEK && MSG_WAITALL == __WASI_RIFLAGS_RECV_WAITALL &&
                   SHUT_RD == __WASI_SDFLAGS_RD && SHUT_WR == __WASI_SDFLAGS_WR,
               "sys/socket.h");

int socket(int domain, int type, int protocol) {
    bool nonblocking = type & SOCK_NONBLOCK;
    type &= ~(SOCK_NONBLOCK | SOCK_CLOEXEC); /* nothing survives the guest: it has no exec */
    if (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX)
        return tc_result(EAFNOSUPPORT);
    if (type != SOCK_STREAM && type != SOCK_DGRAM)
        return tc_result(EPROTOTYPE);
    int natural = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
    if (domain == AF_UNIX)
        natural = PF_UNIX;
    if (protocol != 0 && protocol != natural)
        return tc_result(EPROTONOSUPPORT);

    int fd;
    int error = tc_host_open(domain, type == SOCK_STREAM ? TC_HOST_STREAM : TC_HOST_DATAGRAM, &fd);
    if (error)
        return tc_result(error);
    if (nonblocking) {
        error = __wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_NONBLOCK);
        if (error) {
            (void)!__wasi_fd_close(fd);
            return tc_result(error);
        }
    }
    return fd;
}

int socketpair(int domain, int type, int protocol, int fds[2]) {
    if (!tc_is_memory(fds, 2 * sizeof *fds))
        return tc_result(EFAULT);
    int one = socket(domain, type, protocol);
    if (one < 0)
        return -1;
    int other = -1, error = EOPNOTSUPP; /* only Unix sockets come in pairs */
    if (domain == AF_UNIX) {
        other = socket(domain, type, protocol);
        error = other < 0 ? errno
                          : tc_host_setsockopt(one, TIMECRAFT_LEVEL, TIMECRAFT_PAIR_OPTION, &other,
                                               sizeof other);
    }
    if (!error) {
        fds[0] = one;
        fds[1] = other;
        return 0;
    }
    if (other >= 0)
        (void)!__wasi_fd_close(other);
    (void)!__wasi_fd_close(one);
    return tc_result(error);
}

int bind(int fd, const struct sockaddr *address, socklen_t length) {
    tc_host_address host;
    int port;
    int error = tc_address_from_posix(fd, address, length, &host, &port);
    return tc_result(error ? error : tc_host_bind(fd, &host.view, port));
}

int connect(int fd, const struct sockaddr *address, socklen_t length) {
    tc_host_address host;
    int port;
    int error = tc_address_from_posix(fd, address, length, &host, &port);
    return tc_result(error ? error : tc_host_connect(fd, &host.view, port));
}

int listen(int fd, int backlog) {
    return tc_result(tc_host_listen(fd, backlog));
}

int accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict length, int flags) {
    if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
        return tc_result(EINVAL);
    int accepted;
    int error =
        __wasi_sock_accept(fd, flags & SOCK_NONBLOCK ? __WASI_FDFLAGS_NONBLOCK : 0, &accepted);
    if (error)
        return tc_result(error);
    if (address) {
        /* A peer that has already gone has no address any more, but is accepted all the same. */
        tc_host_address host;
        int port = 0;
        tc_address_prepare(&host);
        if (tc_host_getpeeraddr(accepted, &host.view, &port))
            host.family = AF_UNSPEC;
        tc_address_to_posix(&host, port, address, length);
    }
    return accepted;
}

int accept(int fd, struct sockaddr *restrict address, socklen_t *restrict length) {
    return accept4(fd, address, length, 0);
}

/* SHUT_RD, SHUT_WR and SHUT_RDWR are preview 1's flags. */
int shutdown(int fd, int how) {
    if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
        return tc_result(tc_socket_error(fd, EINVAL));
    return tc_result(__wasi_sock_shutdown(fd, (__wasi_sdflags_t)how));
}

int getsockname(int fd, struct sockaddr *restrict address, socklen_t *restrict length) {
    tc_host_address host;
    int port = 0;
    tc_address_prepare(&host);
    int error = tc_host_getlocaladdr(fd, &host.view, &port);
    if (!error)
        tc_address_to_posix(&host, port, address, length);
    return tc_result(error);
}

int getpeername(int fd, struct sockaddr *restrict address, socklen_t *restrict length) {
    tc_host_address host;
    int port = 0;
    tc_address_prepare(&host);
    int error = tc_host_getpeeraddr(fd, &host.view, &port);
    if (!error)
        tc_address_to_posix(&host, port, address, length);
    return tc_result(error);
}
