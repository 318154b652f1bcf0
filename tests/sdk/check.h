/* What the guests of tests/sdk share: checks that end the guest with a line telling which failed,
 * and pairs of connected sockets on loopback.
 */
#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHECK(condition) check((condition) ? 1 : 0, #condition, __FILE__, __LINE__)

/* `call` fails, and with this errno. */
#define CHECK_ERRNO(call, number)                                                                  \
    do {                                                                                           \
        errno = 0;                                                                                 \
        CHECK((call) < 0);                                                                         \
        CHECK(errno == (number));                                                                  \
    } while (0)

static inline void check(int holds, const char *text, const char *file, int line) {
    if (holds)
        return;
    fprintf(stderr, "%s:%d: not so: %s (errno %d: %s)\n", file, line, text, errno, strerror(errno));
    exit(1);
}

static inline struct sockaddr_in loopback(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* A socket bound to a free port of 127.0.0.1, whose address is stored. */
static inline int bound_socket(int type, struct sockaddr_in *address) {
    int fd = socket(AF_INET, type, 0);
    CHECK(fd >= 0);
    *address = loopback(0);
    CHECK(bind(fd, (struct sockaddr *)address, sizeof *address) == 0);
    socklen_t length = sizeof *address;
    CHECK(getsockname(fd, (struct sockaddr *)address, &length) == 0);
    CHECK(length == sizeof *address && address->sin_port != 0);
    return fd;
}

static inline int listener_on_loopback(struct sockaddr_in *address) {
    int fd = bound_socket(SOCK_STREAM, address);
    CHECK(listen(fd, 16) == 0);
    return fd;
}

/* Two blocking TCP sockets that are connected to each other. */
static inline void connected_pair(int fds[2]) {
    struct sockaddr_in address;
    int listener = listener_on_loopback(&address);
    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fds[0] >= 0);
    CHECK(connect(fds[0], (struct sockaddr *)&address, sizeof address) == 0);
    fds[1] = accept(listener, NULL, NULL);
    CHECK(fds[1] >= 0);
    CHECK(close(listener) == 0);
}

#endif
