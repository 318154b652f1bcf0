/* socketpair: of every kind of socket, with good and bad arguments, and a life of a pair until its
 * end: what each call answers, a line each. The same natively. */
#include <fcntl.h>
#include <poll.h>

#include "as_native.h"

static void received(int fd, size_t room, int flags) {
    char buffer[64] = "";
    ssize_t got = recv(fd, buffer, room, flags);
    said("recv", (int)got);
    if (got > 0)
        printf(":%.*s", (int)(got < (ssize_t)room ? got : (ssize_t)room), buffer);
}

static void polled(int fd) {
    struct pollfd one = {.fd = fd, .events = POLLIN | POLLOUT};
    said("poll", poll(&one, 1, 0));
    printf(":%s%s%s", one.revents & POLLIN ? "in" : "", one.revents & POLLOUT ? "out" : "",
           one.revents & POLLHUP ? "hup" : "");
}

static void named(int fd, int (*ask)(int, struct sockaddr *, socklen_t *), const char *what) {
    struct sockaddr_storage name = {.ss_family = 99};
    socklen_t length = sizeof name;
    said(what, ask(fd, (struct sockaddr *)&name, &length));
    printf(":%d,%u", name.ss_family == AF_UNIX, (unsigned)length);
}

static void try_making(const char *text, int domain, int type, int protocol) {
    int fds[2] = {-1, -1};
    printf("%s:", text);
    int result = socketpair(domain, type, protocol, fds);
    said("made", result);
    if (result == 0) {
        said("nonblocking", !!(fcntl(fds[1], F_GETFL) & O_NONBLOCK));
        printf(" others=%d", fds[1] != fds[0]);
        close(fds[0]);
        close(fds[1]);
    }
    printf("\n");
}

static void live(const char *text, int type) {
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    int fds[2], of_type = 0;
    socklen_t length = sizeof of_type;
    printf("%s:", text);
    said("made", socketpair(AF_UNIX, type, 0, fds));
    named(fds[0], getsockname, "own");
    named(fds[1], getpeername, "peer");
    said("type", getsockopt(fds[0], SOL_SOCKET, SO_TYPE, &of_type, &length));
    printf(":%d\n%s used:", of_type == type, text);
    polled(fds[0]);
    said("send", (int)send(fds[0], "hello", 5, 0));
    said("write", (int)write(fds[0], "you", 3));
    polled(fds[1]);
    received(fds[1], 2, MSG_PEEK);
    received(fds[1], 3, 0);
    received(fds[1], sizeof fds, 0);
    said("back", (int)send(fds[1], "thanks", 6, 0));
    received(fds[0], 60, 0);
    received(fds[0], 60, MSG_DONTWAIT);
    printf("\n%s unfit:", text);
    said("listen", listen(fds[0], 1));
    said("accept", accept(fds[0], NULL, NULL));
    if (type == SOCK_STREAM)
        said("connect", connect(fds[0], &nowhere, sizeof nowhere));
    said("send", (int)send(fds[0], "again", 5, 0));
    received(fds[1], 60, 0);
    printf("\n%s shut:", text);
    said("shutdown", shutdown(fds[0], SHUT_WR));
    said("send", (int)send(fds[0], "x", 1, MSG_NOSIGNAL));
    received(fds[1], 60, MSG_DONTWAIT);
    said("back", (int)send(fds[1], "still", 5, 0));
    received(fds[0], 60, 0);
    polled(fds[1]);
    printf("\n%s closed:", text);
    said("close", close(fds[0]));
    polled(fds[1]);
    said("send", (int)send(fds[1], "x", 1, MSG_NOSIGNAL));
    received(fds[1], 60, MSG_DONTWAIT);
    said("close", close(fds[1]));
    printf("\n");
}

/* More than a socket's buffer has room for. */
static void fill(void) {
    static char block[65536];
    int fds[2];
    size_t sent = 0, got = 0;
    ssize_t part;
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds);
    while ((part = send(fds[0], block, sizeof block, 0)) > 0)
        sent += (size_t)part;
    printf("full:");
    said("send", (int)part);
    polled(fds[0]);
    while ((part = recv(fds[1], block, sizeof block, 0)) > 0)
        got += (size_t)part;
    said("recv", (int)part);
    printf(" all=%d\n", got == sent && sent > 0);
    close(fds[0]);
    close(fds[1]);
}

int main(void) {
    try_making("stream", AF_UNIX, SOCK_STREAM, 0);
    try_making("datagram", AF_UNIX, SOCK_DGRAM, 0);
    try_making("flags", AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    try_making("protocol", AF_UNIX, SOCK_STREAM, PF_UNIX);
    try_making("wrong protocol", AF_UNIX, SOCK_STREAM, 77);
    try_making("wrong family", 77, SOCK_STREAM, 0);
    try_making("inet", AF_INET, SOCK_STREAM, 0);
    try_making("inet6 datagrams", AF_INET6, SOCK_DGRAM, 0);
    printf("nowhere:");
    said("made", socketpair(AF_UNIX, SOCK_STREAM, 0, WILD));
    said("made", socketpair(AF_UNIX, SOCK_STREAM, 0, NULL));
    printf("\n");
    live("streams", SOCK_STREAM);
    live("datagrams", SOCK_DGRAM);
    fill();
    return 0;
}
