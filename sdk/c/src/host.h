/* The host's side of the socket library: the imports of the WasmEdge socket extension (version 2),
 * the form addresses have there, and what the files of the library share.
 *
 * Imports return a WASI errno, whose numbers are wasi-libc's errno values, or 0. Preview 1's own
 * imports (sock_recv, fd_fdstat_get …) come from <wasi/api.h>.
 */
#ifndef TIMECRAFT_HOST_H
#define TIMECRAFT_HOST_H

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <wasi/api.h>

/* Nothing of the library but the POSIX names is visible to what is linked with it dynamically. */
#define TC_PRIVATE __attribute__((visibility("hidden")))

/* An address as imports take it: 128 bytes, u16 family (AF_INET 1, AF_INET6 2, AF_UNIX 3), then 4
 * or 16 bytes of address in network order, or a NUL-ended path. Ports travel apart. Ours alone:
 * behind an IPv6 address its scope, u32; AF_UNSPEC 0, laid out as AF_INET; and a `size` of 2 bytes
 * for a family whose address is too short, which the host refuses as the call does. */
#define TC_HOST_ADDRESS_SIZE 128
typedef struct tc_host_address {
    struct {
        void *bytes;
        uint32_t size;
    } view; /* what is passed: {u32 buf; u32 len} */
    union {
        uint16_t family;
        uint8_t bytes[TC_HOST_ADDRESS_SIZE];
    };
} tc_host_address;

/* An element of the list that sock_getaddrinfo fills; the guest allocates all of it. */
typedef struct tc_host_addrinfo {
    uint16_t flags;
    uint8_t family;
    uint8_t socktype;
    uint32_t protocol;
    uint32_t addrlen;
    struct tc_host_sockaddr *addr;
    char *canonname;
    uint32_t canonnamelen;
    struct tc_host_addrinfo *next;
} tc_host_addrinfo;

typedef struct tc_host_sockaddr {
    uint32_t family;
    uint32_t datalen;
    uint8_t *data; /* port in network order, the address, and an IPv6 one's scope */
} tc_host_sockaddr;

_Static_assert(sizeof(tc_host_addrinfo) == 28, "layout of the socket extension");
_Static_assert(sizeof(tc_host_sockaddr) == 12, "layout of the socket extension");

/* Socket types of the extension. */
enum { TC_HOST_DATAGRAM = 1, TC_HOST_STREAM = 2 };

#define TC_IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))

TC_IMPORT(sock_open) int tc_host_open(int family, int type, int *fd);
TC_IMPORT(sock_bind) int tc_host_bind(int fd, const void *address, int port);
TC_IMPORT(sock_connect) int tc_host_connect(int fd, const void *address, int port);
TC_IMPORT(sock_listen) int tc_host_listen(int fd, int backlog);
TC_IMPORT(sock_send_to)
int tc_host_send_to(int fd, const struct iovec *vectors, size_t count, const void *address,
                    int port, int flags, size_t *sent);
TC_IMPORT(sock_recv_from)
int tc_host_recv_from(int fd, const struct iovec *vectors, size_t count, void *address, int flags,
                      int *port, size_t *received, uint16_t *out_flags);
TC_IMPORT(sock_getsockopt)
int tc_host_getsockopt(int fd, int level, int name, void *value, size_t size);
TC_IMPORT(sock_setsockopt)
int tc_host_setsockopt(int fd, int level, int name, const void *value, size_t size);
TC_IMPORT(sock_getlocaladdr) int tc_host_getlocaladdr(int fd, void *address, int *port);
TC_IMPORT(sock_getpeeraddr) int tc_host_getpeeraddr(int fd, void *address, int *port);
TC_IMPORT(sock_getaddrinfo)
int tc_host_getaddrinfo(const char *name, size_t name_length, const char *service,
                        size_t service_length, const tc_host_addrinfo *hints,
                        tc_host_addrinfo **results, size_t capacity, size_t *count);

/* 0 for 0; else sets errno and gives -1. */
static inline int tc_result(int error) {
    if (!error)
        return 0;
    errno = error;
    return -1;
}

/* A program's wild pointers are an error, as they are to a kernel, and not a trap. */
static inline bool tc_is_memory(const void *pointer, size_t size) {
    uint64_t end = (uint64_t)(uintptr_t)pointer + size;
    return size == 0 || (pointer && end <= (uint64_t)__builtin_wasm_memory_size(0) << 16);
}

/* address.c */

/* Makes `out` empty and ready to be filled by the host. */
TC_PRIVATE void tc_address_prepare(tc_host_address *out);
/* From a POSIX address, whatever it is: the host judges. Returns 0 or, for what cannot be handed
 * on, EINVAL, EFAULT, or for a descriptor that is no socket EBADF or ENOTSOCK. */
TC_PRIVATE int tc_address_from_posix(int fd, const struct sockaddr *address, socklen_t length,
                                     tc_host_address *out, int *port);
/* `error`, unless the descriptor is at fault first: EBADF or ENOTSOCK. */
TC_PRIVATE int tc_socket_error(int fd, int error);
/* To a POSIX address, cut where *length is too small, as accept(2) and getsockname(2) have it;
 * *length becomes the whole length. `out` may be NULL, then so may `length`. */
TC_PRIVATE void tc_address_to_posix(const tc_host_address *address, int port, struct sockaddr *out,
                                    socklen_t *length);

/* nameinfo.c */

/* The host's name for the 4 or 16 bytes of an address, cut to `size`. Returns 0 or an errno. */
TC_PRIVATE int tc_address_name(int family, const void *bytes, char *name, size_t size);

/* riflags of the host's that preview 1 lacks: MSG_TRUNC. */
#define TC_HOST_WHOLE_LENGTH 0x20

/* eventrwflags of the host's that preview 1 lacks: see rt/wasi/poll.c. */
#define TC_HOST_EVENT_ERROR     0x4000
#define TC_HOST_EVENT_NOT_READY 0x8000

/* inet.c */

/* Reads an IPv4 address as inet_aton has it: one to four numbers, decimal, octal or hexadecimal,
 * the last of which fills what is left. Returns what follows it; NULL: there is none, or a number
 * is too large for its place. */
TC_PRIVATE const char *tc_parse_inet(const char *text, struct in_addr *address);

/* services.c */

enum { TC_TCP = 1, TC_UDP = 2 };
typedef struct tc_service {
    const char *name;
    uint16_t port;
    uint8_t protocols; /* TC_TCP | TC_UDP */
} tc_service;

/* The first well-known service that has the name (or, when it is NULL, the port) and one of the
 * protocols; NULL if there is none. */
TC_PRIVATE const tc_service *tc_service_find(const char *name, unsigned port, unsigned protocols);

#endif
