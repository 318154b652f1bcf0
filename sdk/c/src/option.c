/* getsockopt and setsockopt: POSIX's and Linux' names to the host's. */
#define _GNU_SOURCE /* struct tcp_info */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>

#include "host.h"
#include "timecraft.h"

/* Levels of the host: that of the socket extension for SOL_SOCKET, and IPPROTO_TCP. */
#define HOST_SOL_SOCKET 0
#define HOST_TCP        6

/* What getsockopt stores: see timecraft/options.h. */
typedef enum form { INT, BYTE, TEXT, BYTES, JOIN4, JOIN6, TIME, LINGER } form;

/* An option by its level and name in POSIX' and Linux' headers, and as the host has it. */
typedef struct known_option {
    int level, name;
    uint32_t host_level, host_name;
    form form;
} known_option;

#define LINUX_OPTION(number, level, name, form) {level, name, TIMECRAFT_LEVEL, number, form},

static const known_option known_options[] = {{SOL_SOCKET, SO_REUSEADDR, HOST_SOL_SOCKET, 0, INT},
                                             {SOL_SOCKET, SO_ERROR, HOST_SOL_SOCKET, 2, INT},
                                             {SOL_SOCKET, SO_DONTROUTE, HOST_SOL_SOCKET, 3, INT},
                                             {SOL_SOCKET, SO_BROADCAST, HOST_SOL_SOCKET, 4, INT},
                                             {SOL_SOCKET, SO_SNDBUF, HOST_SOL_SOCKET, 5, INT},
                                             {SOL_SOCKET, SO_RCVBUF, HOST_SOL_SOCKET, 6, INT},
                                             {SOL_SOCKET, SO_KEEPALIVE, HOST_SOL_SOCKET, 7, INT},
                                             {SOL_SOCKET, SO_OOBINLINE, HOST_SOL_SOCKET, 8, INT},
                                             {SOL_SOCKET, SO_LINGER, HOST_SOL_SOCKET, 9, LINGER},
                                             {SOL_SOCKET, SO_RCVLOWAT, HOST_SOL_SOCKET, 10, INT},
                                             {SOL_SOCKET, SO_RCVTIMEO, HOST_SOL_SOCKET, 11, TIME},
                                             {SOL_SOCKET, SO_SNDTIMEO, HOST_SOL_SOCKET, 12, TIME},
                                             {SOL_SOCKET, SO_ACCEPTCONN, HOST_SOL_SOCKET, 13, INT},
                                             {SOL_SOCKET, SO_TYPE, HOST_SOL_SOCKET, 1, INT},
                                             {IPPROTO_TCP, TCP_NODELAY, HOST_TCP, 15, INT},
                                             TIMECRAFT_SOCKET_OPTIONS(LINUX_OPTION)};

/* The host takes struct timeval as {i64 seconds; i64 microseconds} and struct linger as two i32,
 * which is how this ABI has them. */
_Static_assert(sizeof(struct timeval) == 16, "host's layout");
_Static_assert(sizeof(struct linger) == 8, "host's layout");

static const known_option *find(int level, int name) {
    for (size_t i = 0; i < sizeof known_options / sizeof *known_options; i++)
        if (known_options[i].level == level && known_options[i].name == name)
            return &known_options[i];
    return NULL;
}

/* SO_TYPE, SO_DOMAIN and SO_PROTOCOL, from what every descriptor tells. Returns 0 or an errno. */
static int describe(int fd, int name, int *value) {
    __wasi_fdstat_t status;
    int error = __wasi_fd_fdstat_get(fd, &status);
    if (error)
        return error;
    int type = status.fs_filetype; /* SOCK_STREAM and SOCK_DGRAM are preview 1's file types */
    if (type != SOCK_STREAM && type != SOCK_DGRAM)
        return ENOTSOCK;
    if (name == SO_TYPE) {
        *value = type;
        return 0;
    }
    tc_host_address address;
    int port;
    tc_address_prepare(&address);
    error = tc_host_getlocaladdr(fd, &address.view, &port);
    if (error)
        return error;
    if (name == SO_DOMAIN)
        *value = address.family;
    else if (address.family == AF_UNIX)
        *value = 0;
    else
        *value = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
    return 0;
}

/* How many bytes of `room` Linux stores. */
static socklen_t stored(const known_option *option, const void *value, socklen_t room) {
    socklen_t size = sizeof(int);
    int number;
    if (option->form == TIME)
        size = sizeof(struct timeval);
    else if (option->form == LINGER)
        size = sizeof(struct linger);
    else if (option->form == TEXT)
        size = 16; /* TCP_CA_NAME_MAX */
    else if (option->name == TCP_INFO && option->level == IPPROTO_TCP)
        size = sizeof(struct tcp_info);
    /* ip(7)'s numbers take one byte where there is no room for four. */
    if (option->form == BYTE && room > 0 && room < size) {
        memcpy(&number, value, sizeof number);
        return number >= 0 && number <= 255 ? 1 : room;
    }
    return room < size ? room : size;
}

/* The bytes of what QUEUE_READY tells, up to the first without events. */
static socklen_t told(const char *value, socklen_t size) {
    enum { TOLD = 16 };
    socklen_t length = 0;
    for (uint32_t events; size - length >= TOLD; length += TOLD) {
        memcpy(&events, value + length, sizeof events);
        if (!events)
            break;
    }
    return length;
}

/* How much of a value of TIMECRAFT_LEVEL the host has filled: see timecraft/options.h. */
static socklen_t filled(int name, const void *value, socklen_t size) {
    uint32_t length;
    switch (name) {
    case TIMECRAFT_HTLS_ERROR_OPTION:
    case TIMECRAFT_ALPN_OPTION:
    case TIMECRAFT_CIPHER_OPTION:
    case TIMECRAFT_GROUP_OPTION:
    case TIMECRAFT_SERVER_NAME_OPTION:
        length = (uint32_t)strnlen(value, size);
        return length < size ? length + 1 : size;
    case TIMECRAFT_PEER_CERTIFICATES_OPTION:
    case TIMECRAFT_PEER_INFO_OPTION:
    case TIMECRAFT_TLS_EXPORTER_OPTION:
    case TIMECRAFT_SERVER_END_POINT_OPTION:
        memcpy(&length, value, sizeof length);
        return length < size - sizeof length ? sizeof length + length : size;
    case TIMECRAFT_QUEUE_READY_OPTION:
        return told(value, size);
    default:
        return sizeof length;
    }
}

static int get_timecraft_option(int fd, int name, void *value, socklen_t *size) {
    int error = tc_host_getsockopt(fd, TIMECRAFT_LEVEL, name, value, *size);
    if (!error)
        *size = filled(name, value, *size);
    return error;
}

/* What the host takes for no memory; 0 is memory to it. */
#define NO_MEMORY ((void *)UINTPTR_MAX)

/* Returns 0 or an errno. */
static int get_known_option(int fd, const known_option *option, void *value, socklen_t *size) {
    union {
        int number;
        struct timeval time;
        struct linger linger;
        struct tcp_info info;
        char text[16];
    } whole = {0};
    socklen_t room = *size < sizeof whole ? *size : sizeof whole;
    /* The kernel cuts numbers of one byte by its own rule: it gets room for all of them. */
    socklen_t asked = option->form == BYTE && room > 0 ? (socklen_t)sizeof whole.number : room;
    bool has_room = tc_is_memory(value, room < sizeof(int) ? room : sizeof(int));
    int error = tc_host_getsockopt(fd, (int)option->host_level, (int)option->host_name,
                                   has_room ? &whole : NO_MEMORY, asked);
    if (error)
        return error;
    *size = stored(option, &whole, room);
    memcpy(value, &whole, *size);
    return 0;
}

static int get_described(int fd, int name, void *value, socklen_t *size) {
    int number;
    int error = describe(fd, name, &number);
    if (error)
        return error;
    if (*size > sizeof number)
        *size = sizeof number;
    if (!tc_is_memory(value, *size))
        return EFAULT;
    memcpy(value, &number, *size);
    return 0;
}

/* `error`, unless the descriptor is no socket's: that comes first. */
static int after_descriptor(int fd, int error) {
    int type;
    int of_descriptor = describe(fd, SO_TYPE, &type);
    return of_descriptor ? of_descriptor : error;
}

int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict size) {
    const known_option *option = find(level, name);
    if (!tc_is_memory(size, sizeof *size))
        return tc_result(after_descriptor(fd, EFAULT));
    if (*size > INT32_MAX)
        return tc_result(after_descriptor(fd, EINVAL));
    if (level == TIMECRAFT_LEVEL)
        return tc_result(get_timecraft_option(fd, name, value, size));
    if (level == SOL_SOCKET && (name == SO_TYPE || name == SO_DOMAIN || name == SO_PROTOCOL))
        return tc_result(get_described(fd, name, value, size));
    if (!option)
        return tc_result(after_descriptor(fd, ENOPROTOOPT));
    return tc_result(get_known_option(fd, option, value, size));
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t size) {
    known_option own = {.host_level = TIMECRAFT_LEVEL, .host_name = (uint32_t)name};
    const known_option *option = level == TIMECRAFT_LEVEL ? &own : find(level, name);
    if (size > INT32_MAX)
        return tc_result(after_descriptor(fd, EINVAL));
    if (!option)
        return tc_result(after_descriptor(fd, ENOPROTOOPT));
    return tc_result(tc_host_setsockopt(fd, (int)option->host_level, (int)option->host_name,
                                        tc_is_memory(value, size) ? value : NO_MEMORY, size));
}
