// run: --allow-net=127.0.0.1 --allow-listen=127.0.0.1
/* Options can be set and read back in the form that POSIX gives them. */
#include <netinet/tcp.h>
#include <sys/time.h>
#include <time.h>

#include "check.h"

static int get(int fd, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    CHECK(getsockopt(fd, level, name, &value, &size) == 0 && size == sizeof value);
    return value;
}

static void set(int fd, int level, int name, int value) {
    CHECK(setsockopt(fd, level, name, &value, sizeof value) == 0);
}

static void check_numbers(void) {
    static const int switches[] = {SO_REUSEADDR, SO_KEEPALIVE, SO_OOBINLINE, SO_BROADCAST};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        CHECK(get(fd, SOL_SOCKET, switches[i]) == 0);
        set(fd, SOL_SOCKET, switches[i], 1);
        CHECK(get(fd, SOL_SOCKET, switches[i]) != 0);
    }
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    CHECK(get(fd, IPPROTO_TCP, TCP_NODELAY) != 0);
    set(fd, SOL_SOCKET, SO_RCVBUF, 65536);
    CHECK(get(fd, SOL_SOCKET, SO_RCVBUF) >= 65536);
    set(fd, SOL_SOCKET, SO_SNDBUF, 65536);
    CHECK(get(fd, SOL_SOCKET, SO_SNDBUF) >= 65536);
    set(fd, SOL_SOCKET, SO_RCVLOWAT, 3);
    CHECK(get(fd, SOL_SOCKET, SO_RCVLOWAT) == 3);
    CHECK(get(fd, SOL_SOCKET, SO_ERROR) == 0);
    CHECK(get(fd, SOL_SOCKET, SO_ACCEPTCONN) == 0);
    close(fd);
}

static void check_kind(void) {
    struct sockaddr_in address;
    int listener = listener_on_loopback(&address);
    CHECK(get(listener, SOL_SOCKET, SO_ACCEPTCONN) == 1);
    CHECK(get(listener, SOL_SOCKET, SO_TYPE) == SOCK_STREAM);
    CHECK(get(listener, SOL_SOCKET, SO_DOMAIN) == AF_INET);
    CHECK(get(listener, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP);
    close(listener);
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    CHECK(get(fd, SOL_SOCKET, SO_TYPE) == SOCK_DGRAM);
    CHECK(get(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET6);
    CHECK(get(fd, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_UDP);
    close(fd);
}

static void check_linger(void) {
    struct linger linger = {1, 7}, found = {0};
    socklen_t size = sizeof found;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0);
    CHECK(getsockopt(fd, SOL_SOCKET, SO_LINGER, &found, &size) == 0 && size == sizeof found);
    CHECK(found.l_onoff && found.l_linger == 7);
    close(fd);
}

static void check_timeout(void) {
    struct sockaddr_in address;
    struct timeval timeout = {0, 200000}, found = {9, 9};
    struct timespec before, after;
    char byte;
    socklen_t size = sizeof found;
    int fd = bound_socket(SOCK_DGRAM, &address);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0);
    CHECK(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &found, &size) == 0 && size == sizeof found);
    CHECK(found.tv_sec == 0 && found.tv_usec == 200000);
    clock_gettime(CLOCK_MONOTONIC, &before);
    CHECK_ERRNO(recv(fd, &byte, 1, 0), EAGAIN);
    clock_gettime(CLOCK_MONOTONIC, &after);
    long long waited =
        (after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec;
    CHECK(waited >= 190000000 && waited < 5000000000);
    close(fd);
}

static void check_refused(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), value = 1;
    struct timeval bad = {0, 1000000};
    CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, 0x1234, &value, sizeof value), ENOPROTOOPT);
    CHECK_ERRNO(setsockopt(fd, IPPROTO_IPV6, 0x1234, &value, sizeof value), ENOPROTOOPT);
    CHECK_ERRNO(setsockopt(fd, IPPROTO_IP, IP_HDRINCL, &value, sizeof value), ENOPROTOOPT);
    CHECK_ERRNO(setsockopt(fd, SOL_IP, IP_PKTINFO, &value, sizeof value), ENOPROTOOPT);
    CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2), ENOPROTOOPT);
    CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_TYPE, &value, sizeof value), ENOPROTOOPT);
    CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, 1), EINVAL);
    CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bad, sizeof bad), EDOM);
    CHECK_ERRNO(setsockopt(1, SOL_SOCKET, SO_REUSEADDR, &value, sizeof value), ENOTSOCK);
    CHECK_ERRNO(setsockopt(999, SOL_SOCKET, SO_REUSEADDR, &value, sizeof value), EBADF);

    /* A value is cut to the room there is. */
    unsigned char byte[2] = {9, 9};
    socklen_t size = 1;
    CHECK(getsockopt(fd, SOL_SOCKET, SO_TYPE, byte, &size) == 0);
    CHECK(size == 1 && byte[0] == SOCK_STREAM && byte[1] == 9);
    close(fd);
}

int main(void) {
    check_numbers();
    check_kind();
    check_linger();
    check_timeout();
    check_refused();
    return 0;
}
