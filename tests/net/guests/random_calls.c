/* Plays socket calls, good ones and bad ones, in an order that a seed gives, and prints what each
 * answered: random_calls SEED COUNT [SETTLE], where SETTLE are microseconds after each call.
 * Compiled for the host too, where every line must be the same.
 *
 * What is left out, because preview 1 or the extension has no way to do as Linux does:
 *
 *   - kinds of sockets that guests do not have (raw ones, SOCK_SEQPACKET; their errno has no number
 *     in preview 1), abstract names of Unix sockets and bind's autobind, socketpair, dup;
 *   - ancillary data, MSG_OOB, MSG_ERRQUEUE and flags of send and recv that Linux ignores;
 *   - poll for no event at all, which preview 1 cannot ask for; POLLRDHUP;
 *   - addresses of a length that its family does not have and that is not too short: the extension
 *     has no lengths;
 *   - options that there are not, for which Linux has an errno by its version and the family;
 *   - sizes of buffers, and bytes that fill them: they depend on the time;
 *   - descriptors that are not sockets, and FIONREAD of a listening socket, which preview 1 has no
 *     errno for in the poll that it is asked by.
 *
 * All sockets have time limits, so that blocking calls end too. Ports that the kernel chooses are
 * told by the slot of the socket that has them. The sockets of a slot are closed and made again. */
#define _GNU_SOURCE /* accept4 */
#include "guest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 10, TIME_LIMIT_US = 5000, DATA_MOST = 3000 };

typedef struct slot {
    int fd; /* may be closed already, or never have been */
    int family;
    int type;
    bool open;
    bool bound;     /* to a port that stays its own */
    bool listening; /* has been once */
} slot;

static slot slots[SLOTS];
static char data[80000], room[DATA_MOST];

/* Chance: xorshift64 (Marsaglia 2003). */

static uint64_t state;

static unsigned chance(unsigned limit) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 32) % limit);
}

static int any_slot(void) {
    return (int)chance(SLOTS);
}

/* A slot whose socket is open, if one of a few is. */
static int open_slot(void) {
    int at = any_slot();
    for (int i = 0; i < 8 && !slots[at].open; i++)
        at = any_slot();
    return at;
}

/* What comes over loopback has come after a moment, which is longer where the machine does much
 * else.
 */
static unsigned settle_us = 200;

static void settle(void) {
    nanosleep(&(struct timespec){0, (long)settle_us * 1000}, NULL);
}

/* Addresses. */

enum { REFUSED4, REFUSED6, FULL4, FULL_UNIX, HELD };

/* Sockets that are there all the time: what connects to the first two is refused, to the others it
 * waits. */
static int held[HELD];
static uint16_t held_ports[HELD];

static struct sockaddr_in *inet(struct address *address, uint32_t host, unsigned port) {
    memset(address, 0, sizeof *address);
    struct sockaddr_in *in = (struct sockaddr_in *)&address->storage;
    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(host);
    in->sin_port = htons((uint16_t)port);
    address->length = sizeof *in;
    return in;
}

static struct sockaddr_in6 *inet6(struct address *address, const char *host, unsigned port) {
    memset(address, 0, sizeof *address);
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address->storage;
    in6->sin6_family = AF_INET6;
    inet_pton(AF_INET6, host, &in6->sin6_addr);
    in6->sin6_port = htons((uint16_t)port);
    address->length = sizeof *in6;
    return in6;
}

static void unix_path(struct address *address, const char *path) {
    memset(address, 0, sizeof *address);
    struct sockaddr_un *un = (struct sockaddr_un *)address->room;
    un->sun_family = AF_UNIX;
    strcpy(un->sun_path, path);
    address->length = (socklen_t)sizeof *un;
}

static unsigned port_of(const struct address *address) {
    if (address->any.sa_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)&address->storage)->sin_port);
    if (address->any.sa_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address->storage)->sin6_port);
    return 0;
}

static void local_address(int fd, struct address *address) {
    memset(address, 0, sizeof *address);
    address->length = sizeof address->room;
    if (getsockname(fd, &address->any, &address->length) < 0)
        address->length = 0;
}

/* Whether the port that a socket tells is its own: TCP's is not any more after a connection that
 * failed or has ended, but for one that was bound. Somebody else may have it then, by chance. */
static bool has_port(const slot *one) {
    struct address peer = {.length = sizeof peer.room};
    return one->type == SOCK_DGRAM || one->bound ||
           getpeername(one->fd, &peer.any, &peer.length) == 0;
}

/* The address of a slot's socket, with loopback where it is a wildcard one. */
static void slot_address(int at, struct address *address) {
    local_address(slots[at].fd, address);
    if (!has_port(&slots[at]))
        address->length = 0;
    if (address->any.sa_family == AF_INET && address->length)
        inet(address, INADDR_LOOPBACK, port_of(address));
    else if (address->any.sa_family == AF_INET6 && address->length)
        inet6(address, "::1", port_of(address));
}

static const char *const paths[] = {"a", "b", "missing/c"};

/* Sets an address and gives its name. Most fit the family. */
static const char *choose_address(const slot *one, struct address *address) {
    static char name[32];
    int family = one->family;
    unsigned kind = chance(100);
    if (kind < 60) {
        int at = open_slot();
        for (int i = 0; i < 12 && (slots[at].family != family || slots[at].type != one->type ||
                                   (one->type == SOCK_STREAM && !slots[at].listening));
             i++)
            at = open_slot();
        slot_address(at, address);
        if (family != AF_UNIX && slots[at].type != one->type)
            address->length = 0; /* there, by chance, that port may be anybody's */
        snprintf(name, sizeof name, "@%d", at);
        if (address->length == 0 || (address->any.sa_family == AF_UNIX && address->length <= 2)) {
            unix_path(address, "b"); /* nothing to go by */
            return "b";
        }
        if (address->any.sa_family == AF_UNIX)
            address->length = (socklen_t)sizeof(struct sockaddr_un); /* as programs pass it */
        return name;
    }
    if (kind < 85 && family == AF_INET) {
        switch (chance(6)) {
        case 0:
            inet(address, INADDR_LOOPBACK, held_ports[REFUSED4]);
            return "refused4";
        case 1:
            inet(address, INADDR_LOOPBACK, held_ports[FULL4]);
            return "full4";
        case 2:
            inet(address, INADDR_ANY, 0);
            return "0.0.0.0:0";
        case 3:
            inet(address, INADDR_LOOPBACK + 1, 0);
            return "127.0.0.2:0";
        default:
            inet(address, INADDR_LOOPBACK, 0);
            return "127.0.0.1:0";
        }
    }
    if (kind < 85 && family == AF_INET6) {
        switch (chance(5)) {
        case 0:
            inet6(address, "::1", held_ports[REFUSED6]);
            return "refused6";
        case 1:
            inet6(address, "::ffff:127.0.0.1", held_ports[REFUSED4]);
            return "::ffff:refused4";
        case 2:
            inet6(address, "::", 0);
            return "[::]:0";
        default:
            inet6(address, "::1", 0);
            return "[::1]:0";
        }
    }
    if (kind < 85) {
        unsigned which = chance(4);
        if (which == 3) {
            unix_path(address, "full");
            return "full";
        }
        unix_path(address, paths[which]);
        return paths[which];
    }
    if (kind < 88) {
        inet(address, INADDR_ANY, 0)->sin_family = AF_UNSPEC;
        return "AF_UNSPEC";
    }
    if (kind < 89) {
        inet(address, INADDR_ANY, 0)->sin_family = AF_UNSPEC;
        address->length = sizeof(sa_family_t);
        return "AF_UNSPEC alone";
    }
    if (kind < 90) {
        inet(address, INADDR_LOOPBACK, 1)->sin_family = AF_UNSPEC;
        return "AF_UNSPEC 127.0.0.1:1";
    }
    if (kind < 92) {
        inet(address, INADDR_ANY, 0)->sin_family = 99;
        return "family 99";
    }
    if (kind < 94) {
        inet(address, INADDR_LOOPBACK, held_ports[REFUSED4]);
        address->length = 8;
        return "refused4, 8 bytes";
    }
    if (kind < 96) {
        inet6(address, "::1", held_ports[REFUSED6]);
        address->length = 12;
        return "refused6, 12 bytes";
    }
    if (kind < 98) {
        inet(address, INADDR_LOOPBACK, held_ports[REFUSED4]);
        address->length = chance(2) ? 1 : 1000;
        return address->length == 1 ? "1 byte" : "1000 bytes";
    }
    if (chance(2)) {
        inet(address, INADDR_LOOPBACK, held_ports[REFUSED4]);
        return "refused4";
    }
    inet6(address, "::1", held_ports[REFUSED6]);
    return "refused6";
}

/* A port by the slot of a socket that has it. */
static void print_port(unsigned port, int family, int type) {
    static const char *const names[HELD] = {"refused4", "refused6", "full4", "full"};
    if (port == 0) {
        printf(":0");
        return;
    }
    for (int i = 0; i < HELD; i++) {
        if (held_ports[i] == port && type == SOCK_STREAM) {
            printf(":%s", names[i]);
            return;
        }
    }
    for (int i = 0; i < SLOTS; i++) {
        struct address own;
        if (!slots[i].open || slots[i].type != type || slots[i].family != family)
            continue;
        local_address(slots[i].fd, &own);
        if (own.length && port_of(&own) == port) {
            printf(":@%d", i);
            return;
        }
    }
    printf(":?");
}

static void print_socket_address(const struct address *address, socklen_t room_given, int type) {
    char text[INET6_ADDRSTRLEN] = "";
    if (address->length > room_given) {
        printf(" cut"); /* of how much: the structures differ in their padding */
        return;
    }
    if (address->length == 0) {
        printf(" no address");
        return;
    }
    if (address->any.sa_family == AF_UNIX) {
        const struct sockaddr_un *un = (const struct sockaddr_un *)address->room;
        printf(" unix:%s", address->length > 2 ? un->sun_path : "");
        return;
    }
    const struct sockaddr_in *in = (const struct sockaddr_in *)&address->storage;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address->storage;
    bool four = address->any.sa_family == AF_INET;
    inet_ntop(address->any.sa_family, four ? (const void *)&in->sin_addr : &in6->sin6_addr, text,
              sizeof text);
    printf(" %s", text);
    print_port(port_of(address), address->any.sa_family, type);
}

/* Telling. */

static void tell(long result, const char *format, ...) {
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    if (result < 0)
        printf(" = %s", error_name(error));
    else
        printf(" = %ld", result);
}

static void tell_bytes(long result) {
    if (result <= 0)
        return;
    unsigned sum = 0;
    for (long i = 0; i < result && i < DATA_MOST; i++)
        sum = sum * 31 + (unsigned char)room[i];
    printf(" #%08x", sum);
}

/* Calls. */

static void set_limits(int fd) {
    struct timeval limit = {0, TIME_LIMIT_US};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

static void occupy(int at, int fd, int family, int type) {
    if (slots[at].open)
        close(slots[at].fd);
    slots[at] = (slot){fd, family, type, fd >= 0, false, false};
    if (fd < 0)
        return;
    set_limits(fd);
    if (chance(2))
        fcntl(fd, F_SETFL, O_NONBLOCK);
}

static void do_socket(void) {
    static const int families[] = {AF_INET,  AF_INET, AF_INET, AF_INET6,
                                   AF_INET6, AF_UNIX, AF_UNIX, 77};
    int family = families[chance(8)], at = any_slot();
    int type = chance(3) ? SOCK_STREAM : SOCK_DGRAM;
    static const int protocols[] = {0, 0, 0, 0, 0, IPPROTO_TCP, IPPROTO_UDP};
    int protocol = family == AF_UNIX ? 0 : protocols[chance(7)];
    int fd = socket(family, type, protocol);
    tell(fd < 0 ? -1 : 0, "%d: socket(%s, %s, %d)", at,
         family == AF_INET    ? "inet"
         : family == AF_INET6 ? "inet6"
         : family == AF_UNIX  ? "unix"
                              : "77",
         type == SOCK_STREAM ? "stream" : "dgram", protocol);
    if (fd >= 0)
        occupy(at, fd, family, type);
}

static void do_bind(void) {
    struct address address;
    int at = open_slot();
    const char *name = choose_address(&slots[at], &address);
    if (slots[at].family == AF_UNIX && address.any.sa_family == AF_UNIX && chance(3))
        unlink(((struct sockaddr_un *)address.room)->sun_path);
    if (chance(3) == 0) {
        int on = 1;
        setsockopt(slots[at].fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    int result = bind(slots[at].fd, &address.any, address.length);
    tell(result, "%d: bind(%s)", at, name);
    slots[at].bound |= result == 0;
}

static void do_listen(void) {
    int at = open_slot(), backlog = (int)chance(6) - 1;
    int result = listen(slots[at].fd, backlog);
    tell(result, "%d: listen(%d)", at, backlog);
    slots[at].listening |= result == 0;
}

static void do_connect(void) {
    struct address address;
    int at = open_slot();
    const char *name = choose_address(&slots[at], &address);
    tell(connect(slots[at].fd, &address.any, address.length), "%d: connect(%s)", at, name);
}

static void do_accept(void) {
    int from = open_slot(), at = any_slot();
    for (int i = 0; i < 6 && !slots[from].listening; i++)
        from = open_slot();
    struct address address = {.length = chance(4) ? sizeof address.room : 4};
    socklen_t given = address.length;
    bool named = chance(2), with_flags = chance(2);
    int fd;
    if (with_flags)
        fd = accept4(slots[from].fd, named ? &address.any : NULL, named ? &address.length : NULL,
                     SOCK_NONBLOCK);
    else
        fd = accept(slots[from].fd, named ? &address.any : NULL, named ? &address.length : NULL);
    tell(fd < 0 ? -1 : 0, "%d: accept%s(%d)", at, with_flags ? "4" : "", from);
    if (fd < 0)
        return;
    if (named)
        print_socket_address(&address, given, SOCK_STREAM);
    printf(" %s", fcntl(fd, F_GETFL) & O_NONBLOCK ? "non-blocking" : "blocking");
    occupy(at, fd, slots[from].family, SOCK_STREAM);
}

static size_t some_length(void) {
    switch (chance(8)) {
    case 0:
        return 0;
    case 1:
        return 1 + chance(DATA_MOST - 1);
    default:
        return 1 + chance(16);
    }
}

static void do_send(void) {
    int at = open_slot();
    size_t length = chance(60) ? some_length() : 70000;
    if (length == 70000 && slots[at].type == SOCK_STREAM)
        length = 17;
    const char *bytes = data + chance(256);
    int flags = (chance(2) ? MSG_NOSIGNAL : 0) | (chance(3) ? 0 : MSG_DONTWAIT);
    struct iovec vectors[3] = {{(void *)bytes, length / 3},
                               {(void *)(bytes + length / 3), length / 3},
                               {(void *)(bytes + 2 * (length / 3)), length - 2 * (length / 3)}};
    switch (chance(4)) {
    case 0:
        tell(send(slots[at].fd, bytes, length, flags), "%d: send(%zu, %s)", at, length,
             flags & MSG_DONTWAIT ? "dontwait" : "0");
        break;
    case 1:
        tell(write(slots[at].fd, bytes, length), "%d: write(%zu)", at, length);
        break;
    case 2:
        tell(writev(slots[at].fd, vectors, 3), "%d: writev(%zu)", at, length);
        break;
    default: {
        struct msghdr message = {.msg_iov = vectors, .msg_iovlen = 3};
        tell(sendmsg(slots[at].fd, &message, flags), "%d: sendmsg(%zu, %s)", at, length,
             flags & MSG_DONTWAIT ? "dontwait" : "0");
    }
    }
}

static void do_sendto(void) {
    struct address address;
    int at = open_slot();
    const char *name = choose_address(&slots[at], &address);
    size_t length = some_length();
    tell(sendto(slots[at].fd, data + chance(256), length, MSG_NOSIGNAL, &address.any,
                address.length),
         "%d: sendto(%zu, %s)", at, length, name);
}

static void do_recv(void) {
    int at = open_slot();
    size_t length = chance(3) ? 1 + chance(16) : some_length();
    int flags = (chance(3) ? 0 : MSG_PEEK) | (chance(4) ? 0 : MSG_WAITALL) |
                (chance(4) ? 0 : MSG_TRUNC) | (chance(3) ? 0 : MSG_DONTWAIT);
    char words[64];
    snprintf(words, sizeof words, "%s%s%s%s", flags & MSG_PEEK ? " peek" : "",
             flags & MSG_WAITALL ? " waitall" : "", flags & MSG_TRUNC ? " trunc" : "",
             flags & MSG_DONTWAIT ? " dontwait" : "");
    memset(room, 0, sizeof room);
    struct address from = {.length = chance(4) ? sizeof from.room : 5};
    socklen_t given = from.length;
    struct iovec vectors[2] = {{room, length / 2}, {room + length / 2, length - length / 2}};
    long got;
    switch (chance(5)) {
    case 0:
        tell(got = recv(slots[at].fd, room, length, flags), "%d: recv(%zu%s)", at, length, words);
        break;
    case 1:
        tell(got = read(slots[at].fd, room, length), "%d: read(%zu)", at, length);
        break;
    case 2:
        tell(got = readv(slots[at].fd, vectors, 2), "%d: readv(%zu)", at, length);
        break;
    case 3: {
        struct msghdr message = {.msg_iov = vectors, .msg_iovlen = 2};
        tell(got = recvmsg(slots[at].fd, &message, flags), "%d: recvmsg(%zu%s)", at, length, words);
        if (got >= 0)
            printf(" %s", message.msg_flags & MSG_TRUNC ? "truncated" : "whole");
        break;
    }
    default:
        tell(got = recvfrom(slots[at].fd, room, length, flags, &from.any, &from.length),
             "%d: recvfrom(%zu%s)", at, length, words);
        if (got >= 0)
            print_socket_address(&from, given, slots[at].type);
    }
    tell_bytes(got);
}

static void do_shutdown(void) {
    static const int ways[] = {SHUT_RD, SHUT_WR, SHUT_RDWR, 77};
    int at = open_slot();
    unsigned which = chance(13) ? chance(3) : 3;
    tell(shutdown(slots[at].fd, ways[which]), "%d: shutdown(%s)", at,
         (const char *[]){"rd", "wr", "rdwr", "77"}[which]);
}

static void do_names(void) {
    int at = open_slot();
    struct address address = {.length = chance(4) ? sizeof address.room : 6};
    socklen_t given = address.length;
    bool own = chance(2);
    int result = (own ? getsockname : getpeername)(slots[at].fd, &address.any, &address.length);
    tell(result, "%d: get%sname", at, own ? "sock" : "peer");
    if (result == 0)
        print_socket_address(&address, given, slots[at].type);
}

/* Options whose value is a number; what is set is 0 or 1 or a little more. */
static const struct {
    const char *text;
    int level, name;
} options[] = {
    {"SO_ERROR", SOL_SOCKET, SO_ERROR},           {"SO_ERROR", SOL_SOCKET, SO_ERROR},
    {"SO_ERROR", SOL_SOCKET, SO_ERROR},           {"SO_TYPE", SOL_SOCKET, SO_TYPE},
    {"SO_ACCEPTCONN", SOL_SOCKET, SO_ACCEPTCONN}, {"SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR},
    {"SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE},   {"SO_OOBINLINE", SOL_SOCKET, SO_OOBINLINE},
    {"SO_RCVLOWAT", SOL_SOCKET, SO_RCVLOWAT},     {"TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY},
};
enum { OPTIONS = sizeof options / sizeof *options };

static void do_getsockopt(void) {
    int at = open_slot();
    unsigned which = chance(OPTIONS);
    int value = 0x55555555;
    socklen_t length = chance(6) ? sizeof value : chance(sizeof value + 4);
    socklen_t given = length;
    int result =
        getsockopt(slots[at].fd, options[which].level, options[which].name, &value, &length);
    tell(result, "%d: getsockopt(%s, %u)", at, options[which].text, (unsigned)given);
    if (result < 0)
        return;
    if (options[which].name == SO_TYPE && given >= sizeof value)
        printf(" %s", value == SOCK_STREAM ? "stream" : value == SOCK_DGRAM ? "dgram" : "?");
    else if (options[which].name == SO_ERROR && given >= sizeof value)
        printf(" %s", error_name(value));
    else if (options[which].name != SO_TYPE && options[which].name != SO_ERROR)
        printf(" %08x", (unsigned)value);
    printf(" %u", (unsigned)length);
}

static void do_setsockopt(void) {
    int at = open_slot();
    unsigned which = chance(OPTIONS);
    int value = (int)chance(4);
    socklen_t length = chance(6) ? sizeof value : chance(sizeof value);
    tell(setsockopt(slots[at].fd, options[which].level, options[which].name, &value, length),
         "%d: setsockopt(%s, %d, %u)", at, options[which].text, value, (unsigned)length);
}

static void do_limits(void) {
    int at = open_slot();
    static const struct timeval times[] = {{0, TIME_LIMIT_US}, {0, 1000000}, {0, -1}, {-1, 0}};
    struct timeval limit = times[chance(4)];
    bool receiving = chance(2);
    int name = receiving ? SO_RCVTIMEO : SO_SNDTIMEO;
    int result = setsockopt(slots[at].fd, SOL_SOCKET, name, &limit, sizeof limit);
    tell(result, "%d: setsockopt(SO_%sTIMEO, %ld.%ld)", at, receiving ? "RCV" : "SND",
         (long)limit.tv_sec, (long)limit.tv_usec);
    if (limit.tv_sec == 0 || result < 0)
        return;
    socklen_t length = sizeof limit;
    result = getsockopt(slots[at].fd, SOL_SOCKET, name, &limit, &length);
    tell(result, " getsockopt");
    printf(" %ld.%06ld", (long)limit.tv_sec, (long)limit.tv_usec);
    set_limits(slots[at].fd);
}

/* Closes with a reset. */
static void do_reset(void) {
    int at = open_slot();
    struct linger linger = {1, 0};
    tell(setsockopt(slots[at].fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), "%d: linger 0",
         at);
    tell(close(slots[at].fd), " close");
    slots[at].open = false;
}

static void do_close(void) {
    int at = any_slot();
    tell(close(slots[at].fd), "%d: close", at);
    slots[at].open = false;
}

static void do_blocking(void) {
    int at = open_slot();
    bool blocking = chance(2);
    tell(fcntl(slots[at].fd, F_SETFL, blocking ? 0 : O_NONBLOCK), "%d: fcntl(%s)", at,
         blocking ? "blocking" : "non-blocking");
    int flags = fcntl(slots[at].fd, F_GETFL);
    tell(flags < 0 ? -1 : !!(flags & O_NONBLOCK), " fcntl");
}

static void print_events(int events) {
    static const struct {
        int bit;
        const char *text;
    } bits[] = {
        {POLLIN, "in"}, {POLLOUT, "out"}, {POLLERR, "err"}, {POLLHUP, "hup"}, {POLLNVAL, "nval"}};
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        if (events & bits[i].bit)
            printf(" %s", bits[i].text);
}

static void do_poll(void) {
    struct pollfd polled[4];
    int count = 1 + (int)chance(4);
    static const short wanted[] = {POLLIN, POLLOUT, POLLIN | POLLOUT};
    int at[4];
    for (int i = 0; i < count; i++) {
        at[i] = i == 0 ? open_slot() : any_slot();
        polled[i] = (struct pollfd){.fd = slots[at[i]].fd, .events = wanted[chance(3)]};
    }
    int result = poll(polled, (nfds_t)count, chance(4) ? 0 : 3);
    tell(result, "poll");
    for (int i = 0; i < count; i++) {
        printf(" %d(%s%s)", at[i], polled[i].events & POLLIN ? "in" : "",
               polled[i].events & POLLOUT ? "out" : "");
        print_events(polled[i].revents);
    }
}

static void do_waiting(void) {
    int at = open_slot(), waiting = -1, listening = 0;
    socklen_t length = sizeof listening;
    getsockopt(slots[at].fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length);
    if (listening || !slots[at].open || slots[at].family == AF_UNIX)
        return;
    tell(ioctl(slots[at].fd, FIONREAD, &waiting), "%d: FIONREAD", at);
    printf(" %d", waiting);
}

static void do_seek(void) {
    int at = open_slot();
    tell(lseek(slots[at].fd, 0, SEEK_CUR), "%d: lseek", at);
}

/* A pair that is connected: what most programs have. */
static void do_pair(void) {
    int family = chance(3) ? AF_INET : AF_INET6;
    struct address address;
    int listener = socket(family, SOCK_STREAM, 0);
    if (family == AF_INET)
        inet(&address, INADDR_LOOPBACK, 0);
    else
        inet6(&address, "::1", 0);
    int result = bind(listener, &address.any, address.length) | listen(listener, 1);
    local_address(listener, &address);
    int first = any_slot(), second = (first + 1) % SLOTS;
    int client = socket(family, SOCK_STREAM, 0);
    result |= connect(client, &address.any, address.length);
    int server = accept(listener, NULL, NULL);
    tell(server < 0 ? -1 : result, "%d, %d: pair", first, second);
    close(listener);
    occupy(first, client, family, SOCK_STREAM);
    occupy(second, server, family, SOCK_STREAM);
}

/* A bound socket, of a stream's a listening one. */
static void do_bound(void) {
    static const int families[] = {AF_INET, AF_INET6, AF_UNIX};
    int family = families[chance(3)], type = chance(2) ? SOCK_STREAM : SOCK_DGRAM, at = any_slot();
    struct address address;
    int fd = socket(family, type, 0);
    if (family == AF_INET)
        inet(&address, INADDR_LOOPBACK, 0);
    else if (family == AF_INET6)
        inet6(&address, "::1", 0);
    else
        unix_path(&address, paths[chance(2)]);
    if (family == AF_UNIX)
        unlink(((struct sockaddr_un *)address.room)->sun_path);
    int result = bind(fd, &address.any, address.length);
    if (type == SOCK_STREAM)
        result |= listen(fd, 3);
    tell(result, "%d: bound(%d, %s)", at,
         family == AF_INET    ? 4
         : family == AF_INET6 ? 6
                              : 0,
         type == SOCK_STREAM ? "stream" : "dgram");
    occupy(at, fd, family, type);
    slots[at].bound = true;
    slots[at].listening = type == SOCK_STREAM;
}

static const struct {
    void (*call)(void);
    unsigned weight;
} calls[] = {
    {do_socket, 12},    {do_bind, 7},       {do_listen, 4},  {do_connect, 20}, {do_accept, 10},
    {do_send, 14},      {do_sendto, 8},     {do_recv, 18},   {do_shutdown, 5}, {do_names, 6},
    {do_getsockopt, 9}, {do_setsockopt, 5}, {do_limits, 2},  {do_reset, 1},    {do_close, 4},
    {do_blocking, 4},   {do_poll, 10},      {do_waiting, 3}, {do_seek, 1},     {do_pair, 6},
    {do_bound, 10},
};
enum { CALLS = sizeof calls / sizeof *calls };

static void any_call(void) {
    unsigned total = 0;
    for (int i = 0; i < CALLS; i++)
        total += calls[i].weight;
    unsigned which = chance(total);
    int i = 0;
    while (which >= calls[i].weight)
        which -= calls[i++].weight;
    errno = 0;
    calls[i].call();
}

/* What is there all the time. */

static void hold(int which, int family) {
    struct address address;
    held[which] = socket(family, SOCK_STREAM, 0);
    if (family == AF_INET)
        inet(&address, INADDR_LOOPBACK, 0);
    else if (family == AF_INET6)
        inet6(&address, "::1", 0);
    else
        unix_path(&address, "full");
    if (bind(held[which], &address.any, address.length) < 0)
        perror("bind");
    local_address(held[which], &address);
    held_ports[which] = (uint16_t)port_of(&address);
}

/* Makes connections until the listener takes no more. */
static void fill(int which) {
    struct address address;
    local_address(held[which], &address);
    listen(held[which], 0);
    for (int i = 0; i < 3; i++) {
        int fd = socket(address.any.sa_family, SOCK_STREAM, 0);
        fcntl(fd, F_SETFL, O_NONBLOCK);
        (void)!connect(fd, &address.any, address.length);
    }
    settle();
}

int main(int argc, char **argv) {
    unsigned count = argc > 2 ? (unsigned)atoi(argv[2]) : 200;
    if (argc > 3)
        settle_us = (unsigned)atoi(argv[3]);
    state = (argc > 1 ? strtoull(argv[1], NULL, 10) : 1) * UINT64_C(0x9e3779b97f4a7c15) + 1;
#ifndef __wasi__
    signal(SIGPIPE, SIG_IGN);
#endif
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 7 + i / 256);
    for (int i = 0; i < SLOTS; i++)
        slots[i].fd = -1;
    hold(REFUSED4, AF_INET);
    hold(REFUSED6, AF_INET6);
    hold(FULL4, AF_INET);
    hold(FULL_UNIX, AF_UNIX);
    fill(FULL4);
    fill(FULL_UNIX);
    for (unsigned i = 0; i < count; i++) {
        printf("%u ", i);
        any_call();
        putchar('\n');
        settle();
    }
    return 0;
}
