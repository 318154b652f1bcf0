// run: --dir=. --allow-listen=unix:tc-pair.sock --allow-net=unix:tc-pair.sock --require-tls
/* The option below socketpair connects two new Unix sockets and nothing else. What goes from one to
 * the other stays in the process, so that it may be clear text where nothing that leaves may. */
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <timecraft/options.h>

#include "check.h"

static int pair(int one, uint32_t other) {
    return setsockopt(one, TIMECRAFT_LEVEL, TIMECRAFT_PAIR_OPTION, &other, sizeof other);
}

static int new_socket(int domain, int type) {
    int fd = socket(domain, type, 0);
    CHECK(fd >= 0);
    return fd;
}

static void check_bad(void) {
    int one = new_socket(AF_UNIX, SOCK_STREAM), other = new_socket(AF_UNIX, SOCK_STREAM);
    CHECK_ERRNO(pair(one, (uint32_t)one), EINVAL);
    CHECK_ERRNO(pair(one, (uint32_t)new_socket(AF_UNIX, SOCK_DGRAM)), EINVAL);
    CHECK_ERRNO(pair(one, (uint32_t)new_socket(AF_INET, SOCK_STREAM)), EINVAL);
    CHECK_ERRNO(pair(new_socket(AF_INET, SOCK_STREAM), (uint32_t)one), EINVAL);
    CHECK_ERRNO(pair(one, (uint32_t)epoll_create1(0)), EINVAL);
    CHECK_ERRNO(pair(one, 1), ENOTSOCK);
    CHECK_ERRNO(pair(one, 999), EBADF);
    CHECK_ERRNO(pair(one, UINT32_MAX), EBADF);
    CHECK_ERRNO(setsockopt(one, TIMECRAFT_LEVEL, TIMECRAFT_PAIR_OPTION, &other, 3), EINVAL);
    CHECK_ERRNO(setsockopt(one, TIMECRAFT_LEVEL, TIMECRAFT_PAIR_OPTION, &other, 8), EINVAL);
    CHECK_ERRNO(setsockopt(one, TIMECRAFT_LEVEL, TIMECRAFT_PAIR_OPTION, (void *)-4, 4), EFAULT);
    socklen_t length = sizeof other;
    CHECK_ERRNO(getsockopt(one, TIMECRAFT_LEVEL, TIMECRAFT_PAIR_OPTION, &other, &length),
                ENOPROTOOPT);
    CHECK(pair(one, (uint32_t)other) == 0);
    CHECK_ERRNO(pair(one, (uint32_t)other), EINVAL);
    CHECK_ERRNO(pair(new_socket(AF_UNIX, SOCK_STREAM), (uint32_t)other), EINVAL);
}

static void check_watched(void) {
    int queue = epoll_create1(0), one = new_socket(AF_UNIX, SOCK_DGRAM);
    struct epoll_event event = {.events = EPOLLIN};
    CHECK(epoll_ctl(queue, EPOLL_CTL_ADD, one, &event) == 0);
    CHECK_ERRNO(pair(one, (uint32_t)new_socket(AF_UNIX, SOCK_DGRAM)), EINVAL);
    CHECK_ERRNO(pair(new_socket(AF_UNIX, SOCK_DGRAM), (uint32_t)one), EINVAL);

    int fds[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    event = (struct epoll_event){.events = EPOLLIN, .data.fd = fds[0]};
    CHECK(epoll_ctl(queue, EPOLL_CTL_ADD, fds[0], &event) == 0);
    CHECK(epoll_wait(queue, &event, 1, 0) == 0);
    CHECK(send(fds[1], "x", 1, 0) == 1);
    CHECK(epoll_wait(queue, &event, 1, 1000) == 1 && event.data.fd == fds[0]);
    CHECK(close(fds[0]) == 0 && close(fds[1]) == 0 && close(queue) == 0);
}

/* A datagram socket of a pair may be given another peer; what that gets has left the process. */
static void check_clear_text(void) {
    struct sockaddr_un outside = {.sun_family = AF_UNIX, .sun_path = "tc-pair.sock"};
    int server = new_socket(AF_UNIX, SOCK_DGRAM), fds[2];
    char buffer[8];
    CHECK(bind(server, (struct sockaddr *)&outside, sizeof outside) == 0);
    CHECK_ERRNO(pair(server, (uint32_t)new_socket(AF_UNIX, SOCK_DGRAM)), EINVAL);
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0);
    CHECK(send(fds[0], "in", 2, 0) == 2);
    CHECK(recv(fds[1], buffer, sizeof buffer, 0) == 2);
    CHECK_ERRNO(sendto(fds[0], "out", 3, 0, (struct sockaddr *)&outside, sizeof outside), EACCES);
    CHECK(connect(fds[0], (struct sockaddr *)&outside, sizeof outside) == 0);
    CHECK_ERRNO(send(fds[0], "out", 3, 0), EACCES);
    CHECK(unlink(outside.sun_path) == 0);
}

int main(void) {
    check_bad();
    check_watched();
    check_clear_text();
    return 0;
}
