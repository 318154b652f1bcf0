/* Every option of a socket that the SDK knows, set and got with good and bad values, lengths and
 * pointers, on sockets of every kind: what each call answers, a line each. The same natively. */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/time.h>

#include "as_native.h"
#include "timecraft/options.h"

typedef struct option {
    int level, name;
    const char *text;
} option;

#define OPTION(number, level, name, form) {level, name, #name},
#define OF_EXTENSION(X)                                                                            \
    X(0, SOL_SOCKET, SO_REUSEADDR, INT)                                                            \
    X(0, SOL_SOCKET, SO_ERROR, INT)                                                                \
    X(0, SOL_SOCKET, SO_DONTROUTE, INT)                                                            \
    X(0, SOL_SOCKET, SO_BROADCAST, INT)                                                            \
    X(0, SOL_SOCKET, SO_KEEPALIVE, INT)                                                            \
    X(0, SOL_SOCKET, SO_OOBINLINE, INT)                                                            \
    X(0, SOL_SOCKET, SO_LINGER, BYTES)                                                             \
    X(0, SOL_SOCKET, SO_RCVLOWAT, INT)                                                             \
    X(0, SOL_SOCKET, SO_ACCEPTCONN, INT)                                                           \
    X(0, IPPROTO_TCP, TCP_NODELAY, INT)

static const option options[] = {TIMECRAFT_SOCKET_OPTIONS(OPTION) OF_EXTENSION(OPTION)};

static const socklen_t lengths[] = {0, 1, 3, 4, 5, 8, 12, 20};

/* What differs between two runs, or two machine's ideas of a struct. */
static int is_told(const option *option) {
    return option->level != IPPROTO_TCP || option->name != TCP_INFO;
}

static void got(const option *option, int result, const unsigned char *value, socklen_t length) {
    if (!is_told(option)) {
        said("get", result);
        return;
    }
    said("get", result);
    printf(" %u:", (unsigned)length);
    for (socklen_t i = 0; i < length && i < 20; i++)
        printf("%02x", value[i]);
}

static void get_one(int fd, const option *option, socklen_t length) {
    unsigned char value[64] = {0xee, 0xee, 0xee, 0xee};
    int result = getsockopt(fd, option->level, option->name, value, &length);
    got(option, result, value, length);
}

static void set_one(int fd, const option *option, const void *value, socklen_t length) {
    said("set", setsockopt(fd, option->level, option->name, value, length));
    get_one(fd, option, 4);
}

static void try_option(const char *kind, int domain, int type, const option *option) {
    static const int values[] = {0, 1, 2, 42, 255, 256, 70000, -1, 0x7fffffff};
    int fd = socket(domain, type, 0);
    printf("%s %s:", kind, option->text);
    for (size_t i = 0; i < COUNT(lengths); i++)
        get_one(fd, option, lengths[i]);
    for (size_t i = 0; i < COUNT(values); i++)
        set_one(fd, option, &(int[8]){values[i]}, sizeof(int));
    for (size_t i = 0; i < COUNT(lengths); i++)
        set_one(fd, option, &(int[8]){1}, lengths[i]);
    if (option->level != IPPROTO_IPV6) { /* whose options take it for a pointer to 0 */
        set_one(fd, option, NULL, 0);
        set_one(fd, option, NULL, 1);
        set_one(fd, option, NULL, 4);
    }
    set_one(fd, option, WILD, 4);
    socklen_t length = 4;
    said("get", getsockopt(fd, option->level, option->name, NULL, &length));
    said("get", getsockopt(fd, option->level, option->name, WILD, &length));
    if (getsockopt(fd, option->level, option->name, &(int){0}, &length) == 0)
        said("get", getsockopt(fd, option->level, option->name, &length, NULL));
    said("closed", close(fd));
    set_one(fd, option, &length, 4);
    set_one(0, option, &length, 4);
    printf("\n");
}

static void try_unknown(int domain, int level) {
    int fd = socket(domain, SOCK_STREAM, 0), value = 1;
    socklen_t size = sizeof value;
    printf("unknown %d:", level == SOL_SOCKET ? -1 : level);
    said("set", setsockopt(fd, level, 1234, &value, sizeof value));
    said("get", getsockopt(fd, level, 1234, &value, &size));
    said("set", setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, 0x80000000u));
    size = 0x80000000u;
    said("get", getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &size));
    printf(" %d\n", (int)value);
    close(fd);
}

static void try_timeouts(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct timeval time[2] = {{1, 200000}, {0, 0}};
    for (int name = SO_RCVTIMEO;; name = SO_SNDTIMEO) {
        printf("time-outs:");
        said("set", setsockopt(fd, SOL_SOCKET, name, time, sizeof *time));
        said("set", setsockopt(fd, SOL_SOCKET, name, time, sizeof *time - 1));
        said("set", setsockopt(fd, SOL_SOCKET, name, time, 2 * sizeof *time));
        struct timeval bad = {0, 1000000}, found = {0};
        said("set", setsockopt(fd, SOL_SOCKET, name, &bad, sizeof bad));
        socklen_t size = sizeof found;
        said("get", getsockopt(fd, SOL_SOCKET, name, &found, &size));
        printf(" %d %d %d\n", (int)found.tv_sec, (int)found.tv_usec, (int)size);
        if (name == SO_SNDTIMEO)
            break;
    }
    close(fd);
}

/* Options do what they are for. */

static void try_reuse_of_ports(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fds[3], on = 1;
    printf("ports are shared:");
    for (int i = 0; i < 3; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (i < 2)
            said("set", setsockopt(fds[i], SOL_SOCKET, SO_REUSEPORT, &on, sizeof on));
        said("bind", bind(fds[i], (struct sockaddr *)&address, sizeof address));
        said("listen", i < 2 ? listen(fds[i], 1) : 0);
        getsockname(fds[0], (struct sockaddr *)&address, &size);
    }
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    printf("\n");
}

static void try_both_families(int alone) {
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t size = sizeof in6;
    int six = socket(AF_INET6, SOCK_DGRAM, 0), four = socket(AF_INET, SOCK_DGRAM, 0);
    printf("IPv6 alone %d:", alone);
    said("set", setsockopt(six, IPPROTO_IPV6, IPV6_V6ONLY, &alone, sizeof alone));
    said("bind", bind(six, (struct sockaddr *)&in6, sizeof in6));
    getsockname(six, (struct sockaddr *)&in6, &size);
    in.sin_port = in6.sin6_port;
    said("bind", bind(four, (struct sockaddr *)&in, sizeof in));
    said("set", setsockopt(six, IPPROTO_IPV6, IPV6_V6ONLY, &alone, sizeof alone));
    close(six);
    close(four);
    printf("\n");
}

static void receive(int fd) {
    char text[16] = "";
    struct timeval soon = {2, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
    said("recv", (int)recv(fd, text, sizeof text - 1, 0));
    printf(" %s", text);
}

static void try_multicast(void) {
    struct sockaddr_in address = {.sin_family = AF_INET}, to;
    struct ip_mreq group = {0};
    struct ip_mreqn by_number = {0};
    socklen_t size = sizeof address;
    group.imr_multiaddr.s_addr = htonl(0xefff4201); /* 239.255.66.1 */
    group.imr_interface.s_addr = htonl(INADDR_LOOPBACK);
    by_number.imr_multiaddr.s_addr = htonl(0xefff4202);
    by_number.imr_ifindex = 1;
    int listener = socket(AF_INET, SOCK_DGRAM, 0), sender = socket(AF_INET, SOCK_DGRAM, 0);
    unsigned char on = 1, hops = 0;
    printf("multicast:");
    said("bind", bind(listener, (struct sockaddr *)&address, sizeof address));
    getsockname(listener, (struct sockaddr *)&address, &size);
    said("join", setsockopt(listener, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group));
    said("join", setsockopt(listener, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group));
    said("join", setsockopt(listener, IPPROTO_IP, IP_ADD_MEMBERSHIP, &by_number, sizeof by_number));
    struct in_addr self = group.imr_interface, found = {0};
    said("from", setsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, &self, sizeof self));
    size = sizeof found;
    said("from", getsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, &found, &size));
    printf(" %d %d", (int)size, found.s_addr == self.s_addr);
    said("loop", setsockopt(sender, IPPROTO_IP, IP_MULTICAST_LOOP, &on, 1));
    said("hops", setsockopt(sender, IPPROTO_IP, IP_MULTICAST_TTL, &hops, 1));
    to = address;
    to.sin_addr = group.imr_multiaddr;
    said("send", (int)sendto(sender, "one", 3, 0, (struct sockaddr *)&to, sizeof to));
    receive(listener);
    to.sin_addr = by_number.imr_multiaddr;
    said("send", (int)sendto(sender, "other", 5, 0, (struct sockaddr *)&to, sizeof to));
    receive(listener);
    said("leave", setsockopt(listener, IPPROTO_IP, IP_DROP_MEMBERSHIP, &group, sizeof group));
    said("leave", setsockopt(listener, IPPROTO_IP, IP_DROP_MEMBERSHIP, &group, sizeof group));
    close(listener);
    close(sender);
    printf("\n");
}

static void try_multicast_of_ipv6(void) {
    struct ipv6_mreq group = {.ipv6mr_interface = 1};
    group.ipv6mr_multiaddr.s6_addr[0] = 0xff; /* ff01::4201: never leaves the interface */
    group.ipv6mr_multiaddr.s6_addr[1] = 0x01;
    group.ipv6mr_multiaddr.s6_addr[14] = 0x42;
    group.ipv6mr_multiaddr.s6_addr[15] = 0x01;
    struct sockaddr_in6 address = {.sin6_family = AF_INET6};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET6, SOCK_DGRAM, 0), sender = socket(AF_INET6, SOCK_DGRAM, 0);
    int one = 1;
    printf("multicast of IPv6:");
    said("bind", bind(listener, (struct sockaddr *)&address, sizeof address));
    getsockname(listener, (struct sockaddr *)&address, &size);
    said("join", setsockopt(listener, IPPROTO_IPV6, IPV6_JOIN_GROUP, &group, sizeof group));
    said("from", setsockopt(sender, IPPROTO_IPV6, IPV6_MULTICAST_IF, &one, sizeof one));
    said("hops", setsockopt(sender, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &one, sizeof one));
    address.sin6_addr = group.ipv6mr_multiaddr;
    int sent = (int)sendto(sender, "six", 3, 0, (struct sockaddr *)&address, sizeof address);
    said("send", sent);
    if (sent > 0) /* not every machine's loopback does that */
        receive(listener);
    said("leave", setsockopt(listener, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &group, sizeof group));
    said("leave", setsockopt(listener, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &group, sizeof group - 1));
    close(listener);
    close(sender);
    printf("\n");
}

int main(void) {
    for (size_t i = 0; i < COUNT(options); i++) {
        try_option("tcp4", AF_INET, SOCK_STREAM, &options[i]);
        try_option("tcp6", AF_INET6, SOCK_STREAM, &options[i]);
        try_option("udp4", AF_INET, SOCK_DGRAM, &options[i]);
        try_option("udp6", AF_INET6, SOCK_DGRAM, &options[i]);
        try_option("unix", AF_UNIX, SOCK_STREAM, &options[i]);
    }
    try_unknown(AF_INET, SOL_SOCKET);
    try_unknown(AF_INET, IPPROTO_TCP);
    try_unknown(AF_INET, IPPROTO_IP);
    try_unknown(AF_INET6, IPPROTO_IPV6);
    try_timeouts();
    try_reuse_of_ports();
    try_both_families(0);
    try_both_families(1);
    try_multicast();
    try_multicast_of_ipv6();
    return 0;
}
