// run: --allow-net=127.0.0.1 --allow-listen=127.0.0.1
/* A readiness queue tells of the sockets that are ready, by level, by edge and once, and of no
 * other; what cannot be in one is refused as Linux refuses it. */
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>

#include "check.h"

enum { ROOM = 8 };

static struct epoll_event events[ROOM];

static void control(int queue, int how, int fd, uint32_t wanted, uint64_t data) {
    struct epoll_event event = {.events = wanted, .data.u64 = data};
    CHECK(epoll_ctl(queue, how, fd, &event) == 0);
}

/* Exactly one socket is ready, with these events. */
static void one_is_ready(int queue, uint32_t wanted, uint64_t data) {
    CHECK(epoll_wait(queue, events, ROOM, 5000) == 1);
    CHECK(events[0].events == wanted && events[0].data.u64 == data);
}

static void none_is_ready(int queue) {
    CHECK(epoll_wait(queue, events, ROOM, 20) == 0);
}

static void levels(int queue, int near, int far) {
    char byte;
    control(queue, EPOLL_CTL_ADD, near, EPOLLIN, UINT64_C(0x123456789abcdef0));
    none_is_ready(queue);
    CHECK(send(far, "ab", 2, 0) == 2);
    one_is_ready(queue, EPOLLIN, UINT64_C(0x123456789abcdef0));
    one_is_ready(queue, EPOLLIN, UINT64_C(0x123456789abcdef0));
    CHECK(recv(near, &byte, 1, 0) == 1);
    one_is_ready(queue, EPOLLIN, UINT64_C(0x123456789abcdef0));
    CHECK(recv(near, &byte, 1, 0) == 1);
    none_is_ready(queue);
    control(queue, EPOLL_CTL_MOD, near, EPOLLIN | EPOLLOUT, 2);
    one_is_ready(queue, EPOLLOUT, 2);
    control(queue, EPOLL_CTL_MOD, near, 0, 2);
    none_is_ready(queue);
    control(queue, EPOLL_CTL_DEL, near, 0, 0);
    none_is_ready(queue);
}

static void edges(int queue, int near, int far) {
    char bytes[2];
    control(queue, EPOLL_CTL_ADD, near, EPOLLIN | EPOLLET, 3);
    CHECK(send(far, "a", 1, 0) == 1);
    one_is_ready(queue, EPOLLIN, 3);
    none_is_ready(queue);
    CHECK(send(far, "b", 1, 0) == 1);
    one_is_ready(queue, EPOLLIN, 3);
    control(queue, EPOLL_CTL_MOD, near, EPOLLIN | EPOLLONESHOT, 4);
    one_is_ready(queue, EPOLLIN, 4);
    none_is_ready(queue);
    control(queue, EPOLL_CTL_MOD, near, EPOLLIN | EPOLLONESHOT, 5);
    one_is_ready(queue, EPOLLIN, 5);
    CHECK(recv(near, bytes, 2, 0) == 2);
    control(queue, EPOLL_CTL_DEL, near, 0, 0);
}

static void refusals(int queue, int socket_fd) {
    struct epoll_event event = {.events = EPOLLIN};
    char byte;
    int other = epoll_create1(EPOLL_CLOEXEC);
    CHECK(other >= 0);
    CHECK_ERRNO(epoll_create1(1), EINVAL);
    CHECK_ERRNO(epoll_create(0), EINVAL);
    CHECK_ERRNO(epoll_ctl(queue, EPOLL_CTL_DEL, socket_fd, &event), ENOENT);
    CHECK_ERRNO(epoll_ctl(queue, EPOLL_CTL_MOD, socket_fd, &event), ENOENT);
    CHECK_ERRNO(epoll_ctl(queue, 9, socket_fd, &event), EINVAL);
    CHECK(epoll_ctl(queue, EPOLL_CTL_ADD, socket_fd, &event) == 0);
    CHECK_ERRNO(epoll_ctl(queue, EPOLL_CTL_ADD, socket_fd, &event), EEXIST);
    CHECK_ERRNO(epoll_ctl(other, EPOLL_CTL_ADD, socket_fd, &event), EBUSY);
    CHECK_ERRNO(epoll_ctl(queue, EPOLL_CTL_ADD, queue, &event), EINVAL);
    CHECK_ERRNO(epoll_ctl(queue, EPOLL_CTL_ADD, other, &event), EINVAL);
    CHECK_ERRNO(epoll_ctl(queue, EPOLL_CTL_ADD, 1000, &event), EBADF);
    CHECK_ERRNO(epoll_ctl(1000, EPOLL_CTL_ADD, socket_fd, &event), EBADF);
    CHECK_ERRNO(epoll_ctl(socket_fd, EPOLL_CTL_ADD, socket_fd, &event), EINVAL);
    CHECK_ERRNO(epoll_ctl(0, EPOLL_CTL_ADD, socket_fd, &event), EINVAL);
    CHECK_ERRNO(epoll_wait(queue, events, 0, 0), EINVAL);
    CHECK_ERRNO(epoll_wait(1000, events, ROOM, 0), EBADF);
    CHECK_ERRNO(epoll_wait(socket_fd, events, ROOM, 0), EINVAL);
    /* A queue is no socket. */
    CHECK_ERRNO(recv(queue, &byte, 1, 0), ENOTSOCK);
    CHECK(send(queue, "a", 1, 0) < 0);
    CHECK(listen(queue, 1) < 0);
    CHECK(close(other) == 0);
    control(queue, EPOLL_CTL_DEL, socket_fd, 0, 0);
}

int main(void) {
    struct sockaddr_in address;
    int listener = listener_on_loopback(&address);
    int queue = epoll_create1(0);
    CHECK(queue >= 0);
    control(queue, EPOLL_CTL_ADD, listener, EPOLLIN, 1);
    none_is_ready(queue);

    int far = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fcntl(far, F_SETFL, O_NONBLOCK) == 0);
    control(queue, EPOLL_CTL_ADD, far, EPOLLOUT | EPOLLONESHOT, 7);
    CHECK(epoll_wait(queue, events, ROOM, 0) == 1); /* not connected: EPOLLHUP, as Linux has it */
    CHECK(connect(far, (struct sockaddr *)&address, sizeof address) < 0 && errno == EINPROGRESS);
    one_is_ready(queue, EPOLLIN, 1);
    int near = accept(listener, NULL, NULL);
    CHECK(near >= 0);
    control(queue, EPOLL_CTL_MOD, far, EPOLLOUT, 7);
    one_is_ready(queue, EPOLLOUT, 7);
    control(queue, EPOLL_CTL_DEL, far, 0, 0);

    levels(queue, near, far);
    edges(queue, near, far);
    refusals(queue, near);

    /* With others in poll(2), and gone when it is closed. */
    control(queue, EPOLL_CTL_ADD, near, EPOLLIN, 8);
    struct pollfd both[2] = {{.fd = queue, .events = POLLIN}, {.fd = far, .events = POLLIN}};
    CHECK(poll(both, 2, 20) == 0);
    CHECK(send(far, "a", 1, 0) == 1);
    CHECK(poll(both, 2, 5000) == 1 && both[0].revents == POLLIN && both[1].revents == 0);
    CHECK(close(near) == 0);
    none_is_ready(queue);
    CHECK(close(queue) == 0 && close(far) == 0 && close(listener) == 0);
    return 0;
}
