// run: --allow-net=127.0.0.1 --allow-listen=127.0.0.1
/* connect on a non-blocking socket goes on in the background; poll and SO_ERROR tell how it ended.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "check.h"

static int outcome(int fd) {
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    int error = -1;
    socklen_t size = sizeof error;
    CHECK(poll(&writable, 1, 5000) == 1 && writable.revents);
    CHECK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0);
    return error;
}

static void check_accepted(void) {
    struct sockaddr_in address;
    int listener = listener_on_loopback(&address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
    int result = connect(fd, (struct sockaddr *)&address, sizeof address);
    CHECK(result == 0 || errno == EINPROGRESS);
    CHECK(outcome(fd) == 0);
    /* Linux says once more that it is done before it says EISCONN. */
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EISCONN);
    CHECK_ERRNO(connect(fd, (struct sockaddr *)&address, sizeof address), EISCONN);

    char byte;
    CHECK_ERRNO(recv(fd, &byte, 1, 0), EAGAIN);
    int accepted = accept(listener, NULL, NULL);
    CHECK(accepted >= 0 && !(fcntl(accepted, F_GETFL) & O_NONBLOCK));
    int on = 1;
    CHECK(ioctl(accepted, FIONBIO, &on) == 0 && fcntl(accepted, F_GETFL) & O_NONBLOCK);
    CHECK_ERRNO(recv(accepted, &byte, 1, 0), EAGAIN);
    CHECK(fcntl(accepted, F_SETFL, 0) == 0);
    CHECK(send(fd, "x", 1, 0) == 1);
    CHECK(recv(accepted, &byte, 1, 0) == 1);
    close(accepted);
    close(fd);
    close(listener);
}

/* Nobody listens on a port that was bound and closed just before. */
static void check_refused(void) {
    struct sockaddr_in address;
    close(bound_socket(SOCK_STREAM, &address));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int result = connect(fd, (struct sockaddr *)&address, sizeof address);
    CHECK(result < 0 && (errno == EINPROGRESS || errno == ECONNREFUSED));
    if (errno == EINPROGRESS)
        CHECK(outcome(fd) == ECONNREFUSED);
    close(fd);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_ERRNO(connect(fd, (struct sockaddr *)&address, sizeof address), ECONNREFUSED);
    close(fd);
}

int main(void) {
    check_accepted();
    check_refused();
    return 0;
}
