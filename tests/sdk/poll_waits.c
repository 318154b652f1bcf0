// run: --allow-net=127.0.0.1 --allow-listen=127.0.0.1
/* poll over sockets: what is ready, what is not, timeouts, descriptors without events or that do
 * not exist, the end of a stream, and more descriptors than fit on the stack. */
#include <poll.h>
#include <time.h>

#include "check.h"

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void check_readiness(void) {
    int fds[2];
    char byte;
    connected_pair(fds);
    struct pollfd one = {.fd = fds[0], .events = POLLIN};
    CHECK(poll(&one, 1, 0) == 0 && one.revents == 0);
    one.events = POLLIN | POLLOUT;
    CHECK(poll(&one, 1, -1) == 1 && one.revents == POLLOUT);
    CHECK(send(fds[1], "x", 1, 0) == 1);
    one.events = POLLIN;
    CHECK(poll(&one, 1, -1) == 1 && one.revents == POLLIN);
    one.events = POLLIN | POLLOUT | POLLPRI;
    CHECK(poll(&one, 1, -1) == 1 && one.revents == (POLLIN | POLLOUT));
    CHECK(recv(fds[0], &byte, 1, 0) == 1);

    CHECK(close(fds[1]) == 0);
    one.events = POLLIN;
    CHECK(poll(&one, 1, 5000) == 1 && one.revents & POLLIN);
    CHECK(recv(fds[0], &byte, 1, 0) == 0);
    close(fds[0]);
}

static void check_timeout(void) {
    int fds[2];
    connected_pair(fds);
    struct pollfd two[] = {{.fd = fds[0], .events = POLLIN}, {.fd = fds[1], .events = 0}};
    double start = now();
    CHECK(poll(two, 2, 150) == 0);
    CHECK(now() - start > 0.14 && now() - start < 5);
    start = now();
    CHECK(poll(NULL, 0, 50) == 0);
    CHECK(now() - start > 0.045 && now() - start < 5);
    close(fds[0]);
    close(fds[1]);
}

static void check_odd_descriptors(void) {
    int fds[2];
    connected_pair(fds);
    struct pollfd odd[] = {{.fd = -1, .events = POLLIN, .revents = 9},
                           {.fd = 999, .events = POLLIN},
                           {.fd = fds[0], .events = POLLOUT}};
    CHECK(poll(odd, 3, 5000) >= 1);
    CHECK(odd[0].revents == 0);
    CHECK(odd[1].revents == POLLNVAL);
    close(fds[0]);
    close(fds[1]);
}

static void check_many(void) {
    enum { COUNT = 300 };
    struct pollfd all[COUNT];
    struct sockaddr_in address;
    for (int i = 0; i < COUNT; i++) {
        all[i].fd = bound_socket(SOCK_DGRAM, &address);
        all[i].events = POLLIN;
    }
    CHECK(sendto(all[0].fd, "x", 1, 0, (struct sockaddr *)&address, sizeof address) == 1);
    CHECK(poll(all, COUNT, 5000) == 1);
    CHECK(all[COUNT - 1].revents == POLLIN && all[0].revents == 0);
    for (int i = 0; i < COUNT; i++)
        close(all[i].fd);
}

int main(void) {
    check_readiness();
    check_timeout();
    check_odd_descriptors();
    check_many();
    return 0;
}
