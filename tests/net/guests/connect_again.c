/* connect once more on a socket whose connection was refused: with somebody listening by then, with
 * and without the error having been asked for. */
#include "guest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static struct sockaddr_in address;

static void choose_address(void) {
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(fd, (struct sockaddr *)&address, sizeof address);
    getsockname(fd, (struct sockaddr *)&address, &length);
    close(fd);
}

static void try(const char *what, int fd) {
    int result = connect(fd, (struct sockaddr *)&address, sizeof address);
    printf("%s: %d %s\n", what, result, result ? error_name(errno) : "");
}

static int listener(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bind(fd, (struct sockaddr *)&address, sizeof address);
    listen(fd, 3);
    return fd;
}

static int pending_error(int fd) {
    int error = -1;
    socklen_t length = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    return error;
}

static void wait_for_end(int fd) {
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    poll(&writable, 1, 1000);
}

int main(void) {
    choose_address();
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    try("blocking, nobody listens", fd);
    try("again", fd);
    try("again", fd);
    try("again", fd);
    int server = listener();
    try("now somebody listens", fd);
    try("again", fd);
    close(fd);
    close(server);

    fd = socket(AF_INET, SOCK_STREAM, 0);
    try("blocking, nobody listens", fd);
    server = listener();
    try("now somebody listens", fd);
    close(fd);
    close(server);

    fd = socket(AF_INET, SOCK_STREAM, 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    try("non-blocking", fd);
    wait_for_end(fd);
    try("connect to learn", fd);
    try("again", fd);
    wait_for_end(fd);
    try("again", fd);
    close(fd);

    fd = socket(AF_INET, SOCK_STREAM, 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    try("non-blocking", fd);
    wait_for_end(fd);
    printf("SO_ERROR %s\n", error_name(pending_error(fd)));
    try("after SO_ERROR", fd);
    try("again", fd);
    wait_for_end(fd);
    printf("SO_ERROR %s\n", error_name(pending_error(fd)));
    char byte;
    errno = 0;
    printf("recv %d %s\n", (int)recv(fd, &byte, 1, 0), error_name(errno));
    try("after recv", fd);
    return 0;
}
