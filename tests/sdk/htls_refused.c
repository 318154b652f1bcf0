// run: --allow-net=127.0.0.1 --allow-listen=127.0.0.1
/* hTLS where it can't be: before connect, on a UDP socket, on a file, after the first send; and
 * with a peer that does not speak TLS, whose reason can be read in words. */
#include <poll.h>
#include <timecraft.h>

#include "check.h"

static void check_misuse(void) {
    struct sockaddr_in address;
    char text[64] = "untouched";
    int stream = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_ERRNO(timecraft_htls_connect(stream, "localhost"), ENOTCONN);
    int datagram = bound_socket(SOCK_DGRAM, &address);
    CHECK_ERRNO(timecraft_htls_connect(datagram, "localhost"), EINVAL);
    CHECK_ERRNO(timecraft_htls_connect(1, "localhost"), ENOTSOCK);
    CHECK_ERRNO(timecraft_htls_connect(999, "localhost"), EBADF);
    CHECK(timecraft_htls_error(stream, text, sizeof text) == 0 && text[0] == 0);
    text[0] = 'u';
    CHECK_ERRNO(timecraft_htls_error(999, text, sizeof text), EBADF);
    CHECK(text[0] == 0);

    int fds[2];
    connected_pair(fds);
    CHECK(send(fds[0], "x", 1, 0) == 1);
    CHECK_ERRNO(timecraft_htls_connect(fds[0], "localhost"), EINVAL);
}

static void check_plain_peer(void) {
    struct sockaddr_in address;
    char text[256], cut[8], byte;
    int listener = listener_on_loopback(&address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = 0;
    socklen_t size = sizeof error;
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS);
    CHECK(timecraft_htls_connect(fd, "localhost") == 0);
    CHECK_ERRNO(send(fd, "secret", 6, 0), EAGAIN);
    CHECK_ERRNO(recv(fd, &byte, 1, 0), EAGAIN);
    CHECK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == EINPROGRESS);

    int peer = accept(listener, NULL, NULL);
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    CHECK(peer >= 0 && send(peer, answer, sizeof answer - 1, 0) == sizeof answer - 1);
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    CHECK(poll(&ready, 1, 10000) == 1);
    CHECK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == EPROTO);
    CHECK_ERRNO(send(fd, "secret", 6, 0), EPROTO);
    CHECK_ERRNO(recv(fd, &byte, 1, 0), EPROTO);

    size = sizeof text;
    CHECK(getsockopt(fd, TIMECRAFT_LEVEL, TIMECRAFT_HTLS_ERROR_OPTION, text, &size) == 0);
    CHECK(size > 8 && size == strlen(text) + 1);
    CHECK(timecraft_htls_error(fd, cut, sizeof cut) == 0 && strlen(cut) == sizeof cut - 1);
    CHECK(!strncmp(cut, text, sizeof cut - 1));
    close(fd);
    close(peer);
    close(listener);
}

int main(void) {
    check_misuse();
    check_plain_peer();
    return 0;
}
