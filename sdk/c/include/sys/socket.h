/* <sys/socket.h> for guests of Timecraft: wasi-libc's header, and what it lacks or hides of
 * IEEE Std 1003.1-2017 (POSIX). The functions are in libtimecraft-guest.
 *
 * Numbers that wasi-libc defines keep their values (AF_INET is 1, SOCK_STREAM is 6); the others
 * have those of its origin, musl. Descriptors, read, write, close, fcntl(F_SETFL, O_NONBLOCK) and
 * ioctl(FIONBIO) work on sockets as on files.
 */
#include_next <sys/socket.h>

#ifndef TIMECRAFT_SYS_SOCKET_H
#define TIMECRAFT_SYS_SOCKET_H

#include <__struct_iovec.h>
#include <__typedef_ssize_t.h>

/* Address families (wasi-libc: AF_UNSPEC 0, AF_INET 1, AF_INET6 2, AF_UNIX 3). */
#ifndef PF_UNSPEC
#define PF_UNSPEC AF_UNSPEC
#endif
#ifndef PF_INET
#define PF_INET AF_INET
#endif
#ifndef PF_INET6
#define PF_INET6 AF_INET6
#endif
#ifndef AF_LOCAL
#define AF_LOCAL AF_UNIX
#endif
#ifndef PF_UNIX
#define PF_UNIX AF_UNIX
#endif
#ifndef PF_LOCAL
#define PF_LOCAL AF_LOCAL
#endif

/* Known, so that programs compile; socket() answers EPROTOTYPE. */
#ifndef SOCK_RAW
#define SOCK_RAW 3
#endif
#ifndef SOCK_SEQPACKET
#define SOCK_SEQPACKET 4
#endif

/* Flags of send and recv. MSG_DONTWAIT makes one call non-blocking. MSG_NOSIGNAL changes nothing:
 * a guest has no SIGPIPE. wasi-libc gives MSG_TRUNC MSG_PEEK's value. Those that can't be honoured
 * are answered with EOPNOTSUPP. */
#undef MSG_TRUNC
#define MSG_TRUNC 0x0020
/* Casts in wasi-libc's header; plain numbers are fit for #if. */
#undef MSG_PEEK
#undef MSG_WAITALL
#undef SHUT_RD
#undef SHUT_WR
#undef SHUT_RDWR
#define MSG_PEEK    0x0001
#define MSG_WAITALL 0x0002
#define SHUT_RD     1
#define SHUT_WR     2
#define SHUT_RDWR   3
#ifndef MSG_OOB
#define MSG_OOB 0x10000
#endif
#ifndef MSG_DONTROUTE
#define MSG_DONTROUTE 0x0004
#endif
#ifndef MSG_CTRUNC
#define MSG_CTRUNC 0x0008
#endif
#ifndef MSG_DONTWAIT
#define MSG_DONTWAIT 0x0040
#endif
#ifndef MSG_EOR
#define MSG_EOR 0x0080
#endif
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0x4000
#endif
#ifndef MSG_MORE
#define MSG_MORE 0x8000
#endif

/* Other levels of options (wasi-libc: SOL_SOCKET). */
#ifndef SOL_IP
#define SOL_IP 0
#endif
#ifndef SOL_IPV6
#define SOL_IPV6 41
#endif

/* Options of SOL_SOCKET. Those that the host does not have are answered with ENOPROTOOPT. */
#ifndef SO_DEBUG
#define SO_DEBUG 1
#endif
#ifndef SO_REUSEADDR
#define SO_REUSEADDR 2
#endif
#ifndef SO_ERROR
#define SO_ERROR 4
#endif
#ifndef SO_DONTROUTE
#define SO_DONTROUTE 5
#endif
#ifndef SO_BROADCAST
#define SO_BROADCAST 6
#endif
#ifndef SO_SNDBUF
#define SO_SNDBUF 7
#endif
#ifndef SO_RCVBUF
#define SO_RCVBUF 8
#endif
#ifndef SO_KEEPALIVE
#define SO_KEEPALIVE 9
#endif
#ifndef SO_OOBINLINE
#define SO_OOBINLINE 10
#endif
#ifndef SO_PRIORITY
#define SO_PRIORITY 12
#endif
#ifndef SO_LINGER
#define SO_LINGER 13
#endif
#ifndef SO_REUSEPORT
#define SO_REUSEPORT 15
#endif
#ifndef SO_RCVLOWAT
#define SO_RCVLOWAT 18
#endif
#ifndef SO_SNDLOWAT
#define SO_SNDLOWAT 19
#endif
#ifndef SO_BINDTODEVICE
#define SO_BINDTODEVICE 25
#endif
#ifndef SO_ACCEPTCONN
#define SO_ACCEPTCONN 30
#endif
#ifndef SO_PROTOCOL
#define SO_PROTOCOL 38
#endif
#ifndef SO_DOMAIN
#define SO_DOMAIN 39
#endif
#ifndef SO_RCVTIMEO
#define SO_RCVTIMEO 66
#endif
#ifndef SO_SNDTIMEO
#define SO_SNDTIMEO 67
#endif

#ifndef SOMAXCONN
#define SOMAXCONN 128
#endif

/* Ancillary data. The host has none: recvmsg gives none, sendmsg with any is EOPNOTSUPP. The names
 * are here so that programs which can do without compile. */
#ifndef SCM_RIGHTS
struct cmsghdr {
    socklen_t cmsg_len;
    int cmsg_level;
    int cmsg_type;
};

#define SCM_RIGHTS 1

#define CMSG_ALIGN(len) (((len) + sizeof(size_t) - 1) & ~(sizeof(size_t) - 1))
#define CMSG_LEN(len)   (CMSG_ALIGN(sizeof(struct cmsghdr)) + (len))
#define CMSG_SPACE(len) (CMSG_ALIGN(sizeof(struct cmsghdr)) + CMSG_ALIGN(len))
#define CMSG_DATA(cmsg) ((unsigned char *)(cmsg) + CMSG_ALIGN(sizeof(struct cmsghdr)))
#define CMSG_FIRSTHDR(message)                                                                     \
    ((message)->msg_controllen >= sizeof(struct cmsghdr)                                           \
         ? (struct cmsghdr *)(message)->msg_control                                                \
         : (struct cmsghdr *)0)
#define CMSG_NXTHDR(message, cmsg) timecraft_cmsg_next((message), (cmsg))

static __inline struct cmsghdr *timecraft_cmsg_next(const struct msghdr *message,
                                                    struct cmsghdr *cmsg) {
    char *end = (char *)message->msg_control + message->msg_controllen;
    size_t left = (size_t)(end - (char *)cmsg);
    size_t step = CMSG_ALIGN(cmsg->cmsg_len);
    if (cmsg->cmsg_len < sizeof *cmsg || step > left || left - step < sizeof *cmsg)
        return (struct cmsghdr *)0;
    return (struct cmsghdr *)(void *)((char *)cmsg + step);
}
#endif

#ifdef __cplusplus
extern "C" {
#endif

int socket(int, int, int);
int bind(int, const struct sockaddr *, socklen_t);
int connect(int, const struct sockaddr *, socklen_t);
int listen(int, int);
int accept(int, struct sockaddr *__restrict, socklen_t *__restrict);
int accept4(int, struct sockaddr *__restrict, socklen_t *__restrict, int);
int shutdown(int, int);
int getsockname(int, struct sockaddr *__restrict, socklen_t *__restrict);
int getpeername(int, struct sockaddr *__restrict, socklen_t *__restrict);
int getsockopt(int, int, int, void *__restrict, socklen_t *__restrict);
int setsockopt(int, int, int, const void *, socklen_t);
ssize_t send(int, const void *, size_t, int);
ssize_t sendto(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
ssize_t sendmsg(int, const struct msghdr *, int);
ssize_t recv(int, void *, size_t, int);
ssize_t recvfrom(int, void *__restrict, size_t, int, struct sockaddr *__restrict,
                 socklen_t *__restrict);
ssize_t recvmsg(int, struct msghdr *, int);

/* Of AF_UNIX, streams and datagrams; needs no grant. */
int socketpair(int, int, int, int[2]);

#ifdef __cplusplus
}
#endif

#endif
