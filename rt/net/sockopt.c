/* Socket options: those of the WasmEdge extension, by its numbers, and TIMECRAFT_LEVEL: host TLS'
 * own and those of Linux that have numbers there. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "io/io.h"
#include "net/internal.h"
#include "timecraft/options.h"

/* Levels and names of the extension. */
enum { LEVEL_SOCKET = 0, LEVEL_TCP = 6 };
enum {
    NAME_REUSEADDR,
    NAME_TYPE,
    NAME_ERROR,
    NAME_DONTROUTE,
    NAME_BROADCAST,
    NAME_SNDBUF,
    NAME_RCVBUF,
    NAME_KEEPALIVE,
    NAME_OOBINLINE,
    NAME_LINGER,
    NAME_RCVLOWAT,
    NAME_RCVTIMEO,
    NAME_SNDTIMEO,
    NAME_ACCEPTCONN,
    NAME_BINDTODEVICE,
    NAME_NODELAY,
};

/* Values as guests pass them; everything else is an i32. */
typedef struct guest_time {
    int64_t seconds;
    int64_t microseconds;
} guest_time;

typedef struct guest_linger {
    int32_t on;
    int32_t seconds;
} guest_linger;

/* What the kernel takes for no memory whatever the option is: IPv6's take NULL for a value of 0. */
#define NO_MEMORY ((void *)-4096)

/* The host's option for one whose value is a plain i32. */
typedef struct int_option {
    uint32_t level, name;
    int host_level, host_name;
} int_option;

static const int_option int_options[] = {
    {LEVEL_SOCKET, NAME_REUSEADDR, SOL_SOCKET, SO_REUSEADDR},
    {LEVEL_SOCKET, NAME_DONTROUTE, SOL_SOCKET, SO_DONTROUTE},
    {LEVEL_SOCKET, NAME_BROADCAST, SOL_SOCKET, SO_BROADCAST},
    {LEVEL_SOCKET, NAME_SNDBUF, SOL_SOCKET, SO_SNDBUF},
    {LEVEL_SOCKET, NAME_RCVBUF, SOL_SOCKET, SO_RCVBUF},
    {LEVEL_SOCKET, NAME_KEEPALIVE, SOL_SOCKET, SO_KEEPALIVE},
    {LEVEL_SOCKET, NAME_OOBINLINE, SOL_SOCKET, SO_OOBINLINE},
    {LEVEL_SOCKET, NAME_RCVLOWAT, SOL_SOCKET, SO_RCVLOWAT},
    {LEVEL_SOCKET, NAME_ACCEPTCONN, SOL_SOCKET, SO_ACCEPTCONN},
    {LEVEL_TCP, NAME_NODELAY, IPPROTO_TCP, TCP_NODELAY},
    /* Not the extension's, by their numbers on Linux; guests of older SDKs have them. */
    {LEVEL_TCP, TCP_KEEPIDLE, IPPROTO_TCP, TCP_KEEPIDLE},
    {LEVEL_TCP, TCP_KEEPINTVL, IPPROTO_TCP, TCP_KEEPINTVL},
    {LEVEL_TCP, TCP_KEEPCNT, IPPROTO_TCP, TCP_KEEPCNT},
    {IPPROTO_IPV6, IPV6_V6ONLY, IPPROTO_IPV6, IPV6_V6ONLY},
};

static const int_option *find_int_option(uint32_t level, uint32_t name) {
    for (size_t i = 0; i < sizeof int_options / sizeof *int_options; i++)
        if (int_options[i].level == level && int_options[i].name == name)
            return &int_options[i];
    return NULL;
}

/* Linux' options with numbers of TIMECRAFT_LEVEL. The kernel reads and writes the values, so that
 * lengths and errors are the ones that native programs get. */

typedef enum option_form {
    FORM_INT,
    FORM_BYTE,
    FORM_TEXT,
    FORM_BYTES,
    FORM_JOIN4,
    FORM_JOIN6
} option_form;

typedef struct linux_option {
    uint32_t number;
    int level, name;
    option_form form;
} linux_option;

#define LINUX_OPTION(number, level, name, form) {number, level, name, FORM_##form},
static const linux_option linux_options[] = {TIMECRAFT_SOCKET_OPTIONS(LINUX_OPTION)};

static const linux_option *find_linux_option(uint32_t number) {
    for (size_t i = 0; i < sizeof linux_options / sizeof *linux_options; i++)
        if (linux_options[i].number == number)
            return &linux_options[i];
    return NULL;
}

/* A group that is joined sends to this host what the guest did not ask for: that is listening. */
static int check_join(option_form form, const void *value, uint32_t length) {
    tc_address group = {0};
    if (!value)
        return 0; /* no group, which the kernel says */
    if (form == FORM_JOIN4 && length >= sizeof(struct in_addr)) {
        struct sockaddr_in *in = (struct sockaddr_in *)&group.storage;
        in->sin_family = AF_INET;
        memcpy(&in->sin_addr, value, sizeof in->sin_addr);
    } else if (form == FORM_JOIN6 && length >= sizeof(struct in6_addr)) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&group.storage;
        in6->sin6_family = AF_INET6;
        memcpy(&in6->sin6_addr, value, sizeof in6->sin6_addr);
    } else {
        return 0; /* likewise */
    }
    return tc_grants_join(&group);
}

/* Before one of the host's is asked for or set: where TLS has changed it for a while, it is again
 * as the guest has set it. */
static void lay_bare(tc_socket *socket, const int_option *option) {
    if (socket->tls && option->name == NAME_NODELAY)
        tc_tls_unhurry(socket->tls);
}

/* The kernel reads the value: a linger has the same layout there. */
static int set_host_option(const tc_socket *socket, int level, int name, const void *value,
                           uint32_t length) {
    return setsockopt(socket->fd, level, name, value ? value : NO_MEMORY, length) < 0 ? -errno : 0;
}

static int set_linux_option(const tc_socket *socket, const linux_option *option, const void *value,
                            uint32_t length) {
    int refused = check_join(option->form, value, length);
    if (refused)
        return refused;
    return set_host_option(socket, option->level, option->name, value, length);
}

static int get_linux_option(const tc_socket *socket, const linux_option *option, void *value,
                            uint32_t *length) {
    void *at = value ? value : NO_MEMORY;
    return getsockopt(socket->fd, option->level, option->name, at, length) < 0 ? -errno : 0;
}

/* TLS. */

/* Whether hTLS may start on the socket now, as either role. */
static int check_start(const tc_socket *socket) {
    if (socket->tls)
        return -EINVAL;
    if (socket->state == TC_SOCKET_FRESH)
        return -ENOTCONN;
    if (socket->writing_shut)
        return -EPIPE;
    return socket->used && !tc_tls_config_is_upgrade(socket->config) ? -EINVAL : 0;
}

/* The outcome of a start: on a blocking socket the handshake's. */
static int await_handshake(tc_socket *socket) {
    int status = 0;
    while (!socket->nonblocking && (status = tc_tls_status(socket->tls)) == -EINPROGRESS) {
        int failed = tc_socket_wait(socket, 0, TC_NEVER); /* the handshake has its own deadline */
        if (failed)
            return failed;
    }
    return status;
}

/* A guest that does not look must not have less of what it asked for, own anchors for example: hTLS
 * does not begin where there was no memory for an option, until that has been set after all. */
static int configure(tc_socket *socket, uint32_t name, const void *value, uint32_t length) {
    tc_tls_config *own = tc_tls_config_own(socket->config);
    if (own)
        socket->config = own;
    int error = own ? tc_tls_config_set(own, name, value, length) : -ENOMEM;
    if (error == -ENOMEM)
        socket->lost_option = name;
    else if (!error && socket->lost_option == name)
        socket->lost_option = 0;
    return error;
}

static int check_configuration(const tc_socket *socket) {
    return socket->lost_option ? -ENOMEM : 0;
}

/* Of a start on a connected socket. What the guest did wrong leaves the socket as it was; after any
 * other failure a guest that does not look at it must not go on in clear text. */
static int note_start(tc_socket *socket, int error) {
    socket->tls_error = error == -EINVAL ? socket->tls_error : error;
    tc_queue_tls_started(socket);
    return error ? error : await_handshake(socket);
}

static int start_client(tc_socket *socket, const char *name, uint32_t length) {
    int error = socket->state == TC_SOCKET_LISTENING ? -EINVAL : check_start(socket);
    if (error)
        return error;
    /* C programs pass sizeof "name": the NUL that ends it is not part of it. */
    if (length > 0 && name[length - 1] == 0)
        length--;
    error = check_configuration(socket);
    if (!error)
        error = tc_tls_connect(socket->fd, name, length, socket->config, &socket->tls);
    return note_start(socket, error);
}

static int start_server(tc_socket *socket, const void *value, uint32_t length) {
    uint32_t number;
    if (length != sizeof number)
        return -EINVAL;
    memcpy(&number, value, length);
    if (number != 1)
        return -EINVAL;
    if (socket->state == TC_SOCKET_LISTENING) {
        int refused = check_configuration(socket);
        if (!refused)
            refused = tc_tls_check_server(socket->config);
        if (!refused)
            socket->serves_tls = true;
        return refused;
    }
    int error = check_start(socket);
    if (error)
        return error;
    error = check_configuration(socket);
    if (!error)
        error = tc_tls_accept(socket->fd, socket->config, &socket->tls);
    return note_start(socket, error);
}

static int make_queue(tc_socket *socket, const void *value, uint32_t length) {
    uint32_t one;
    if (length != sizeof one)
        return -EINVAL;
    memcpy(&one, value, sizeof one);
    return one == 1 ? tc_queue_make(socket) : -EINVAL;
}

static int set_timecraft_option(tc_socket *socket, uint32_t name, const void *value,
                                uint32_t length) {
    const linux_option *option = find_linux_option(name);
    if (option)
        return set_linux_option(socket, option, value, length);
    if (!value)
        return -EFAULT;
    if (socket->type != SOCK_STREAM)
        return -EINVAL;
    if (name == TIMECRAFT_HTLS_OPTION)
        return start_client(socket, value, length);
    if (name == TIMECRAFT_SERVER_OPTION)
        return start_server(socket, value, length);
    if (name == TIMECRAFT_QUEUE_OPTION)
        return make_queue(socket, value, length);
    if (!tc_tls_config_has_option(name))
        return -ENOPROTOOPT;
    if (socket->tls)
        return -EINVAL;
    return configure(socket, name, value, length);
}

static int get_timecraft_option(tc_socket *socket, uint32_t name, void *value, uint32_t *length) {
    const linux_option *option = find_linux_option(name);
    if (option)
        return get_linux_option(socket, option, value, length);
    if (!value)
        return -EFAULT;
    if (socket->type != SOCK_STREAM)
        return -EINVAL;
    if (name == TIMECRAFT_QUEUE_READY_OPTION)
        return tc_queue_ready(socket, value, length);
    tc_socket_advance(socket);
    return tc_tls_get_option(socket->tls, socket->config, socket->serves_tls, name, value, length);
}

/* Setting. What is longer than its option needs is taken, as setsockopt(2) does. */

static int set_timeout(uint64_t *timeout, const void *value, uint32_t length) {
    guest_time time;
    if (length < sizeof time)
        return -EINVAL;
    if (!value)
        return -EFAULT;
    memcpy(&time, value, sizeof time);
    if (time.microseconds < 0 || time.microseconds >= 1000000)
        return -EDOM;
    if (time.seconds > INT32_MAX)
        time.seconds = INT32_MAX;
    if (time.seconds < 0) { /* Linux takes it for no time at all, and tells 0 */
        *timeout = 1;
        return 0;
    }
    *timeout = (uint64_t)time.seconds * 1000000000u + (uint64_t)time.microseconds * 1000u;
    return 0;
}

static int get_host_int(const tc_socket *socket, int level, int name, int32_t *number) {
    socklen_t size = sizeof *number;
    return getsockopt(socket->fd, level, name, number, &size) < 0 ? -errno : 0;
}

static int set_int_option(tc_socket *socket, const int_option *option, const void *value,
                          uint32_t length) {
    int32_t number;
    lay_bare(socket, option);
    int error = set_host_option(socket, option->host_level, option->host_name, value, length);
    if (!error && option->level == LEVEL_SOCKET && option->name == NAME_RCVLOWAT &&
        get_host_int(socket, SOL_SOCKET, SO_RCVLOWAT, &number) == 0)
        socket->receive_low = (uint32_t)number; /* the kernel's, which has no 0 */
    return error;
}

int tc_socket_set_option(tc_socket *socket, uint32_t level, uint32_t name, const void *value,
                         uint32_t length) {
    if (level == TIMECRAFT_LEVEL)
        return set_timecraft_option(socket, name, value, length);
    const int_option *option = find_int_option(level, name);
    if (option)
        return set_int_option(socket, option, value, length);
    if (level != LEVEL_SOCKET)
        return -ENOPROTOOPT;
    switch (name) {
    case NAME_LINGER:
        return set_host_option(socket, SOL_SOCKET, SO_LINGER, value, length);
    case NAME_RCVTIMEO:
        return set_timeout(&socket->receive_timeout, value, length);
    case NAME_SNDTIMEO:
        return set_timeout(&socket->send_timeout, value, length);
    case NAME_TYPE: /* which the kernel refuses */
        return set_host_option(socket, SOL_SOCKET, SO_TYPE, value, length);
    case NAME_ERROR:
        return set_host_option(socket, SOL_SOCKET, SO_ERROR, value, length);
    default:
        return -ENOPROTOOPT; /* BINDTODEVICE would go round the grants */
    }
}

/* Getting. */

/* A value that does not fit is cut, as getsockopt(2) does. */
static int answer(void *value, uint32_t *length, const void *found, size_t size) {
    if (!value)
        return -EFAULT;
    if (*length > size)
        *length = (uint32_t)size;
    memcpy(value, found, *length);
    return 0;
}

static int answer_host_int(const tc_socket *socket, int level, int name, void *value,
                           uint32_t *length) {
    int32_t number;
    int error = get_host_int(socket, level, name, &number);
    return error ? error : answer(value, length, &number, sizeof number);
}

static int answer_error(tc_socket *socket, void *value, uint32_t *length) {
    tc_socket_advance(socket);
    int32_t number = socket->tls ? -tc_tls_status(socket->tls) : -socket->tls_error;
    if (!socket->tls && !socket->tls_error) {
        int error = get_host_int(socket, SOL_SOCKET, SO_ERROR, &number);
        if (error)
            return error;
    }
    return answer(value, length, &number, sizeof number);
}

static int answer_timeout(uint64_t timeout, void *value, uint32_t *length) {
    guest_time time = {(int64_t)(timeout / 1000000000u), (int64_t)(timeout % 1000000000u / 1000u)};
    return answer(value, length, &time, sizeof time);
}

static int answer_linger(const tc_socket *socket, void *value, uint32_t *length) {
    struct linger host;
    socklen_t size = sizeof host;
    if (getsockopt(socket->fd, SOL_SOCKET, SO_LINGER, &host, &size) < 0)
        return -errno;
    guest_linger linger = {host.l_onoff, host.l_linger};
    return answer(value, length, &linger, sizeof linger);
}

bool tc_socket_has_small_options(uint32_t level) {
    return level != TIMECRAFT_LEVEL;
}

int tc_socket_get_option(tc_socket *socket, uint32_t level, uint32_t name, void *value,
                         uint32_t *length) {
    if (level == TIMECRAFT_LEVEL)
        return get_timecraft_option(socket, name, value, length);
    const int_option *option = find_int_option(level, name);
    if (option) {
        lay_bare(socket, option);
        return answer_host_int(socket, option->host_level, option->host_name, value, length);
    }
    if (level != LEVEL_SOCKET)
        return -ENOPROTOOPT;
    switch (name) {
    case NAME_TYPE: {
        int32_t type = socket->type == SOCK_DGRAM ? 1 : 2;
        return answer(value, length, &type, sizeof type);
    }
    case NAME_ERROR:
        return answer_error(socket, value, length);
    case NAME_LINGER:
        return answer_linger(socket, value, length);
    case NAME_RCVTIMEO:
        return answer_timeout(socket->receive_timeout, value, length);
    case NAME_SNDTIMEO:
        return answer_timeout(socket->send_timeout, value, length);
    default:
        return -ENOPROTOOPT;
    }
}
