/* getsockopt and setsockopt: POSIX's names to the host's. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>

#include "host.h"
#include "timecraft.h"

/* Levels and names as the host has them. Level 0 is SOL_SOCKET; others keep their numbers. */
#define HOST_SOL_SOCKET  0
#define HOST_TCP_NODELAY 15

static const struct {
    uint8_t posix;
    uint8_t host;
} socket_names[] = {
    {SO_REUSEADDR, 0}, {SO_ERROR, 2},       {SO_DONTROUTE, 3},     {SO_BROADCAST, 4},
    {SO_SNDBUF, 5},    {SO_RCVBUF, 6},      {SO_KEEPALIVE, 7},     {SO_OOBINLINE, 8},
    {SO_LINGER, 9},    {SO_RCVLOWAT, 10},   {SO_RCVTIMEO, 11},     {SO_SNDTIMEO, 12},
    {SO_TYPE, 1},      {SO_ACCEPTCONN, 13}, {SO_BINDTODEVICE, 14},
};

/* The host takes struct timeval as {i64 seconds; i64 microseconds} and struct linger as two i32,
 * which is how this ABI has them. */
_Static_assert(sizeof(struct timeval) == 16, "host's layout");
_Static_assert(sizeof(struct linger) == 8, "host's layout");

/* Translates both in place. Returns 0 or ENOPROTOOPT. */
static int to_host(int *level, int *name) {
    if (*level == IPPROTO_TCP && *name == TCP_NODELAY) {
        *name = HOST_TCP_NODELAY;
        return 0;
    }
    if (*level == HOST_SOL_SOCKET)
        return ENOPROTOOPT; /* POSIX's IPPROTO_IP: another level to the host */
    if (*level != SOL_SOCKET)
        return 0; /* TIMECRAFT_LEVEL, and whatever else the host may know */
    for (size_t i = 0; i < sizeof socket_names / sizeof *socket_names; i++) {
        if (socket_names[i].posix == *name) {
            *level = HOST_SOL_SOCKET;
            *name = socket_names[i].host;
            return 0;
        }
    }
    return ENOPROTOOPT;
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

/* How many bytes the host writes for an option of SOL_SOCKET or TCP. */
static socklen_t value_size(int level, int name, socklen_t size) {
    if (level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_SNDTIMEO))
        return sizeof(struct timeval);
    if (level == SOL_SOCKET && name == SO_LINGER)
        return sizeof(struct linger);
    if (level == SOL_SOCKET && name == SO_BINDTODEVICE)
        return size;
    return sizeof(int);
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
    default:
        return sizeof length;
    }
}

int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict size) {
    if (level == TIMECRAFT_LEVEL) {
        int error = tc_host_getsockopt(fd, level, name, value, *size);
        if (!error)
            *size = filled(name, value, *size);
        return tc_result(error);
    }
    union {
        int number;
        struct timeval time;
        struct linger linger;
        char text[128];
    } whole = {0};
    socklen_t whole_size = value_size(level, name, *size);
    if (whole_size > sizeof whole)
        whole_size = sizeof whole;
    int error;
    if (level == SOL_SOCKET && (name == SO_TYPE || name == SO_DOMAIN || name == SO_PROTOCOL)) {
        error = describe(fd, name, &whole.number);
    } else {
        int host_level = level, host_name = name;
        error = to_host(&host_level, &host_name);
        if (!error)
            error = tc_host_getsockopt(fd, host_level, host_name, &whole, whole_size);
    }
    if (error)
        return tc_result(error);
    if (*size > whole_size)
        *size = whole_size;
    memcpy(value, &whole, *size);
    return 0;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t size) {
    int host_level = level, host_name = name;
    int error = to_host(&host_level, &host_name);
    if (!error)
        error = tc_host_setsockopt(fd, host_level, host_name, value, size);
    return tc_result(error);
}
