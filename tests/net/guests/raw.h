/* The socket imports as a module sees them, with no library between: every pointer is a number, so
 * that it can be a wrong one. SOCK_VERSION (1 or 2) says which version of the WasmEdge socket
 * extension is meant; a module imports one of them. */
#ifndef RAW_H
#define RAW_H

#include <stdint.h>

#ifndef SOCK_VERSION
#define SOCK_VERSION 2
#endif

#define RAW(name)                                                                                  \
    __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) uint32_t raw_##name

RAW(fd_close)(uint32_t fd);
RAW(fd_fdstat_set_flags)(uint32_t fd, uint32_t flags);
RAW(poll_oneoff)(uint32_t in, uint32_t out, uint32_t count, uint32_t events);
RAW(sock_recv)
(uint32_t fd, uint32_t iov, uint32_t count, uint32_t flags, uint32_t nread, uint32_t oflags);
RAW(sock_send)(uint32_t fd, uint32_t iov, uint32_t count, uint32_t flags, uint32_t nwritten);
RAW(sock_shutdown)(uint32_t fd, uint32_t how);
RAW(sock_open)(uint32_t family, uint32_t type, uint32_t newfd);
RAW(sock_bind)(uint32_t fd, uint32_t address, uint32_t port);
RAW(sock_connect)(uint32_t fd, uint32_t address, uint32_t port);
RAW(sock_listen)(uint32_t fd, uint32_t backlog);
RAW(sock_send_to)
(uint32_t fd, uint32_t iov, uint32_t count, uint32_t address, uint32_t port, uint32_t flags,
 uint32_t nwritten);
RAW(sock_getsockopt)
(uint32_t fd, uint32_t level, uint32_t name, uint32_t value, uint32_t length);
RAW(sock_setsockopt)
(uint32_t fd, uint32_t level, uint32_t name, uint32_t value, uint32_t length);
RAW(sock_getaddrinfo)
(uint32_t name, uint32_t name_length, uint32_t service, uint32_t service_length, uint32_t hints,
 uint32_t results, uint32_t capacity, uint32_t count);

#if SOCK_VERSION == 1
RAW(sock_accept)(uint32_t fd, uint32_t newfd);
RAW(sock_recv_from)
(uint32_t fd, uint32_t iov, uint32_t count, uint32_t address, uint32_t flags, uint32_t nread,
 uint32_t oflags);
RAW(sock_getlocaladdr)(uint32_t fd, uint32_t address, uint32_t type, uint32_t port);
RAW(sock_getpeeraddr)(uint32_t fd, uint32_t address, uint32_t type, uint32_t port);
#else
RAW(sock_accept)(uint32_t fd, uint32_t flags, uint32_t newfd);
RAW(sock_recv_from)
(uint32_t fd, uint32_t iov, uint32_t count, uint32_t address, uint32_t flags, uint32_t port,
 uint32_t nread, uint32_t oflags);
RAW(sock_getlocaladdr)(uint32_t fd, uint32_t address, uint32_t port);
RAW(sock_getpeeraddr)(uint32_t fd, uint32_t address, uint32_t port);
#endif

/* errno of preview 1 */
enum {
    OK = 0,
    ACCES = 2,
    AFNOSUPPORT = 5,
    AGAIN = 6,
    BADF = 8,
    FAULT = 21,
    INVAL = 28,
    ISCONN = 30,
    MSGSIZE = 35,
    NAMETOOLONG = 37,
    NOENT = 44,
    NOPROTOOPT = 50,
    NOTCONN = 53,
    NOTDIR = 54,
    NOTSOCK = 57,
    NOTSUP = 58,
    PIPE = 64,
    PROTONOSUPPORT = 66,
    PROTOTYPE = 67,
    NOTCAPABLE = 76,
};

enum { UNSPEC, INET4, INET6, UNIX };
enum { ANY, DATAGRAM, STREAM };

typedef struct raw_span { /* an iovec, and what an address argument points to */
    uint32_t buffer;
    uint32_t length;
} raw_span;

#endif
