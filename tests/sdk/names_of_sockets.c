// run: --allow-net=127.0.0.1,[::1] --allow-listen=127.0.0.1,[::1]
/* getsockname, getpeername and accept give the addresses that bind and connect used, IPv4 and IPv6,
 * and cut them where the caller's room is too small. */
#include <arpa/inet.h>

#include "check.h"

static void check_inet(void) {
    struct sockaddr_in server, own, peer;
    int listener = listener_on_loopback(&server);
    CHECK(server.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    CHECK_ERRNO(getpeername(fd, (struct sockaddr *)&peer, &(socklen_t){sizeof peer}), ENOTCONN);
    CHECK(connect(fd, (struct sockaddr *)&server, sizeof server) == 0);

    socklen_t length = sizeof own;
    CHECK(getsockname(fd, (struct sockaddr *)&own, &length) == 0);
    socklen_t peer_length = sizeof peer;
    int accepted = accept(listener, (struct sockaddr *)&peer, &peer_length);
    CHECK(accepted >= 0 && peer_length == sizeof peer);
    CHECK(peer.sin_family == AF_INET && peer.sin_port == own.sin_port);

    CHECK(getpeername(fd, (struct sockaddr *)&peer, &peer_length) == 0);
    CHECK(peer.sin_port == server.sin_port);

    /* The family and the port fit into four bytes; the length tells the whole. */
    unsigned char cut[16] __attribute__((aligned(16)));
    memset(cut, 0xee, sizeof cut);
    length = 4;
    CHECK(getpeername(fd, (struct sockaddr *)cut, &length) == 0);
    CHECK(length == sizeof peer && !memcmp(cut, &peer, 4) && cut[4] == 0xee);
    close(accepted);
    close(fd);
    close(listener);
}

static void check_inet6(void) {
    struct sockaddr_in6 server = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback}, peer;
    socklen_t length = sizeof server;
    int listener = socket(AF_INET6, SOCK_STREAM, 0);
    CHECK(listener >= 0);
    CHECK(bind(listener, (struct sockaddr *)&server, sizeof server) == 0);
    CHECK(listen(listener, 1) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&server, &length) == 0);
    CHECK(length == sizeof server && server.sin6_port != 0);
    CHECK(IN6_IS_ADDR_LOOPBACK(&server.sin6_addr));

    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    CHECK(connect(fd, (struct sockaddr *)&server, sizeof server) == 0);
    length = sizeof peer;
    CHECK(getpeername(fd, (struct sockaddr *)&peer, &length) == 0);
    CHECK(length == sizeof peer && !memcmp(&peer, &server, sizeof peer));
    close(fd);
    close(listener);
}

static void check_refused(void) {
    struct sockaddr_storage wrong = {.ss_family = 77};
    struct sockaddr_in address = loopback(1);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_ERRNO(connect(fd, (struct sockaddr *)&wrong, sizeof wrong), EAFNOSUPPORT);
    CHECK_ERRNO(connect(fd, (struct sockaddr *)&address, 1), EINVAL);
    CHECK_ERRNO(connect(fd, (struct sockaddr *)&address, 4), EINVAL);
    CHECK_ERRNO(bind(1, (struct sockaddr *)&address, sizeof address), ENOTSOCK);
    CHECK_ERRNO(bind(999, (struct sockaddr *)&address, sizeof address), EBADF);
    close(fd);
    CHECK_ERRNO(socket(77, SOCK_STREAM, 0), EAFNOSUPPORT);
    CHECK_ERRNO(socket(AF_INET, SOCK_RAW, 0), EPROTOTYPE);
    CHECK_ERRNO(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
    CHECK_ERRNO(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, (int[2]){0}), EPROTOTYPE);
}

int main(void) {
    check_inet();
    check_inet6();
    check_refused();
    return 0;
}
