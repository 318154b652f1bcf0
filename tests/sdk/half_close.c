// run: --allow-net=127.0.0.1 --allow-listen=127.0.0.1
/* shutdown ends one direction and leaves the other. */
#include "check.h"

static void check_write_side(void) {
    int fds[2];
    char buffer[16];
    connected_pair(fds);
    CHECK(send(fds[0], "last", 4, 0) == 4);
    CHECK(shutdown(fds[0], SHUT_WR) == 0);
    CHECK(recv(fds[1], buffer, sizeof buffer, MSG_WAITALL) == 4);
    CHECK(recv(fds[1], buffer, sizeof buffer, 0) == 0);
    CHECK_ERRNO(send(fds[0], "more", 4, MSG_NOSIGNAL), EPIPE);
    CHECK(send(fds[1], "reply", 5, 0) == 5);
    CHECK(recv(fds[0], buffer, sizeof buffer, 0) == 5);
    close(fds[0]);
    close(fds[1]);
}

static void check_read_side(void) {
    int fds[2];
    char byte;
    connected_pair(fds);
    CHECK(shutdown(fds[0], SHUT_RD) == 0);
    CHECK(recv(fds[0], &byte, 1, 0) == 0);
    CHECK(send(fds[0], "x", 1, 0) == 1);
    CHECK(recv(fds[1], &byte, 1, 0) == 1 && byte == 'x');
    CHECK(shutdown(fds[1], SHUT_RDWR) == 0);
    CHECK(recv(fds[1], &byte, 1, 0) == 0);
    close(fds[0]);
    close(fds[1]);
}

static void check_refused(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_ERRNO(shutdown(fd, SHUT_WR), ENOTCONN);
    CHECK_ERRNO(shutdown(fd, 0), EINVAL);
    CHECK_ERRNO(shutdown(fd, 77), EINVAL);
    CHECK_ERRNO(shutdown(999, SHUT_WR), EBADF);
    CHECK_ERRNO(shutdown(1, SHUT_WR), ENOTSOCK);
    close(fd);
}

int main(void) {
    check_write_side();
    check_read_side();
    check_refused();
    return 0;
}
