/* Every way from one state of a stream socket to another: for each family, blocking or not, and
 * each kind of peer (nobody, one whose queue is full, one who listens), a first connect, something
 * in between, and something after that; then a listener for those that failed. One line each. */
#define _GNU_SOURCE /* accept4 */
#include "guest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { TIME_LIMIT_US = 2000 };

typedef struct peer {
    int fd; /* the listener, or -1 */
    struct address address;
} peer;

/* Whom a socket connects to, of one family. */
static struct { peer nobody, full, listener; } peers;

static void say(const char *what, int result) {
    printf(" %s=%s", what, result < 0 ? error_name(errno) : "ok");
}

/* Peers. */

static void loopback(int family, const char *path, struct address *address) {
    memset(address, 0, sizeof *address);
    if (family == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)&address->storage;
        in->sin_family = AF_INET;
        in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address->length = sizeof *in;
    } else if (family == AF_INET6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address->storage;
        in6->sin6_family = AF_INET6;
        in6->sin6_addr = in6addr_loopback;
        address->length = sizeof *in6;
    } else {
        struct sockaddr_un *un = (struct sockaddr_un *)address->room;
        un->sun_family = AF_UNIX;
        strcpy(un->sun_path, path);
        unlink(path);
        address->length = sizeof *un;
    }
}

static int bound(int family, const char *path, struct address *address) {
    int fd = socket(family, SOCK_STREAM, 0);
    loopback(family, path, address);
    if (bind(fd, &address->any, address->length) < 0)
        perror("bind");
    if (family != AF_UNIX) {
        address->length = sizeof address->room;
        getsockname(fd, &address->any, &address->length);
    }
    return fd;
}

static void make_peers(int family) {
    peers.nobody.fd = bound(family, "nobody", &peers.nobody.address);
    peers.full.fd = bound(family, "full", &peers.full.address);
    listen(peers.full.fd, 0);
    for (int i = 0; i < 3; i++) {
        int fd = socket(family, SOCK_STREAM, 0);
        fcntl(fd, F_SETFL, O_NONBLOCK);
        (void)!connect(fd, &peers.full.address.any, peers.full.address.length);
    }
    peers.listener.fd = bound(family, "listener", &peers.listener.address);
    listen(peers.listener.fd, 100);
}

/* Takes away what has been connected to it, so that there is room. */
static void empty_queue(void) {
    fcntl(peers.listener.fd, F_SETFL, O_NONBLOCK);
    int fd;
    while ((fd = accept(peers.listener.fd, NULL, NULL)) >= 0)
        close(fd);
}

/* What is done with a socket. */

static void connect_to(int fd, const peer *to) {
    say("connect", connect(fd, &to->address.any, to->address.length));
}

static void do_nothing(int fd) {
    (void)fd;
}

static void do_error(int fd) {
    int error = -1;
    socklen_t length = sizeof error;
    int result = getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    printf(" SO_ERROR=%s", error_name(result < 0 ? errno : error));
}

static void do_poll(int fd) {
    struct pollfd one = {.fd = fd, .events = POLLIN | POLLOUT};
    int result = poll(&one, 1, 2);
    printf(" poll=%d%s%s%s%s", result, one.revents & POLLIN ? "in" : "",
           one.revents & POLLOUT ? "out" : "", one.revents & POLLERR ? "err" : "",
           one.revents & POLLHUP ? "hup" : "");
}

static void do_recv(int fd) {
    char byte;
    ssize_t got = recv(fd, &byte, 1, 0);
    if (got < 0)
        say("recv", -1);
    else
        printf(" recv=%d", (int)got);
}

static void do_send(int fd) {
    say("send", (int)send(fd, "x", 1, MSG_NOSIGNAL));
}

static void do_shut_reading(int fd) {
    say("shutdown(rd)", shutdown(fd, SHUT_RD));
}

static void do_shut_writing(int fd) {
    say("shutdown(wr)", shutdown(fd, SHUT_WR));
}

static void do_shut_both(int fd) {
    say("shutdown(rdwr)", shutdown(fd, SHUT_RDWR));
}

static void do_end(int fd) {
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    say("connect(AF_UNSPEC)", connect(fd, &none, sizeof none));
}

static void do_names(int fd) {
    struct address address = {.length = sizeof address.room};
    say("getpeername", getpeername(fd, &address.any, &address.length));
    address.length = sizeof address.room;
    say("getsockname", getsockname(fd, &address.any, &address.length));
}

static void do_again(int fd) {
    connect_to(fd, &peers.nobody);
}

static void do_full(int fd) {
    connect_to(fd, &peers.full);
}

static void do_listener(int fd) {
    connect_to(fd, &peers.listener);
}

static void do_listen(int fd) {
    say("listen", listen(fd, 1));
}

static void do_accept(int fd) {
    int accepted = accept(fd, NULL, NULL);
    say("accept", accepted);
    if (accepted >= 0)
        close(accepted);
}

static void do_bind(int fd) {
    struct address address = peers.nobody.address;
    if (address.any.sa_family == AF_INET)
        ((struct sockaddr_in *)&address.storage)->sin_port = 0;
    else if (address.any.sa_family == AF_INET6)
        ((struct sockaddr_in6 *)&address.storage)->sin6_port = 0;
    say("bind", bind(fd, &address.any, address.length));
}

static void do_blocking(int fd) {
    int flags = fcntl(fd, F_GETFL);
    say("fcntl", fcntl(fd, F_SETFL, flags & O_NONBLOCK ? 0 : O_NONBLOCK));
}

typedef void act(int fd);

static act *const between[] = {do_nothing,      do_error,        do_poll,      do_recv, do_send,
                               do_shut_reading, do_shut_writing, do_shut_both, do_end,  do_names,
                               do_listen,       do_bind,         do_blocking};
static act *const after[] = {do_again, do_full,  do_listener, do_listen, do_accept, do_names,
                             do_poll,  do_error, do_recv,     do_send,   do_end,    do_shut_both};
enum { BETWEEN = sizeof between / sizeof *between, AFTER = sizeof after / sizeof *after };

static void play(int family, bool blocking, const peer *first, int second, int third) {
    struct timeval limit = {0, TIME_LIMIT_US};
    int fd = socket(family, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (!blocking)
        fcntl(fd, F_SETFL, O_NONBLOCK);
    if (first)
        connect_to(fd, first);
    between[second](fd);
    after[third](fd);
    /* It always comes to an end: two connects to one who listens, whatever was before. */
    do_listener(fd);
    do_listener(fd);
    do_names(fd);
    do_poll(fd);
    close(fd);
    empty_queue();
    putchar('\n');
}

static void play_all(int family, bool blocking) {
    const peer *const firsts[] = {NULL, &peers.nobody, &peers.full, &peers.listener};
    static const char *const names[] = {"fresh", "nobody", "full", "listener"};
    for (int first = 0; first < 4; first++) {
        for (int second = 0; second < BETWEEN; second++) {
            /* What waits for the time limit is not combined with all else. */
            bool slow = blocking && first == 2;
            for (int third = 0; third < AFTER; third += slow ? 4 : 1) {
                printf("%s %s %s:",
                       family == AF_INET    ? "4"
                       : family == AF_INET6 ? "6"
                                            : "unix",
                       blocking ? "blocking" : "non-blocking", names[first]);
                play(family, blocking, firsts[first], second, third);
            }
        }
    }
}

int main(int argc, char **argv) {
    const char *kind = argc > 1 ? argv[1] : "4";
    int family = *kind == '4' ? AF_INET : *kind == '6' ? AF_INET6 : AF_UNIX;
#ifndef __wasi__
    signal(SIGPIPE, SIG_IGN);
#endif
    make_peers(family);
    play_all(family, true);
    play_all(family, false);
    return 0;
}
