/* A server of lines: each is answered with this process's number, which it makes up, and the line.
 *
 *   serve poll|queue|block tcp:PORT|tcp6:PORT|unix:PATH|fd:N|udp:PORT
 *
 * poll: many connections at once; block: one after the other, in blocking calls. A client's words:
 * "bye" also ends the connection, "trap", "exit N" and "spin" do so instead of an answer, "cat
 * FILE" and "env NAME" are answered with what that has, "work N" after N rounds of a loop, "take N"
 * after N MiB of memory were written to. It says where it listens on standard output. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "guest.h"

enum { CONNECTIONS = 256 };

static unsigned number;

static int listen_on_path(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    unlink(path); /* where a folder of it is granted */
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 128))
        return -1;
    return fd;
}

static int listen_on_port(int family, int type, const char *port) {
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons(atoi(port))};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                               .sin6_addr = IN6ADDR_LOOPBACK_INIT,
                               .sin6_port = htons(atoi(port))};
    int fd = socket(family, type, 0), yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    int bound = family == AF_INET ? bind(fd, (struct sockaddr *)&in, sizeof in)
                                  : bind(fd, (struct sockaddr *)&in6, sizeof in6);
    if (bound || (type == SOCK_STREAM && listen(fd, 512)))
        return -1;
    return fd;
}

static int listener_of(const char *where) {
    const char *rest = strchr(where, ':') + 1;
    if (strncmp(where, "unix:", 5) == 0)
        return listen_on_path(rest);
    if (strncmp(where, "fd:", 3) == 0)
        return atoi(rest);
    if (strncmp(where, "tcp6:", 5) == 0)
        return listen_on_port(AF_INET6, SOCK_STREAM, rest);
    return listen_on_port(AF_INET, strncmp(where, "udp:", 4) == 0 ? SOCK_DGRAM : SOCK_STREAM, rest);
}

/* What a line is answered with. */
static const char *content(const char *line) {
    static char text[256];
    if (strncmp(line, "env ", 4) == 0)
        return getenv(line + 4) ? getenv(line + 4) : "-";
    if (strncmp(line, "work ", 5) == 0)
        for (volatile int rounds = atoi(line + 5); rounds > 0; rounds--)
            continue;
    if (strncmp(line, "take ", 5) == 0) {
        size_t size = (size_t)atoi(line + 5) << 20;
        volatile char *taken = malloc(size); /* or the compiler would leave it out */
        for (size_t i = 0; taken && i < size; i += 4096)
            taken[i] = 1;
    }
    if (strncmp(line, "cat ", 4) != 0)
        return line;
    FILE *file = fopen(line + 4, "r");
    size_t got = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[got] = '\0';
    return text;
}

/* Answers what has come; false: the connection is over. */
static int serve(int fd) {
    char line[256], answer[300];
    ssize_t got = recv(fd, line, sizeof line - 1, 0);
    if (got <= 0)
        return 0;
    line[got] = '\0';
    if (strncmp(line, "trap", 4) == 0)
        __builtin_trap();
    if (strncmp(line, "exit ", 5) == 0)
        exit(atoi(line + 5));
    for (volatile int spins = strncmp(line, "spin", 4) == 0; spins;)
        continue;
    int length = snprintf(answer, sizeof answer, "%u %s", number, content(line));
    if (send(fd, answer, (size_t)length, 0) != length)
        return 0;
    return strncmp(line, "bye", 3) != 0;
}

static int serve_many(int listener) {
    static struct pollfd polled[CONNECTIONS + 1];
    nfds_t count = 1;
    fcntl(listener, F_SETFL, O_NONBLOCK);
    polled[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    for (;;) {
        if (poll(polled, count, -1) < 0)
            return 1;
        for (nfds_t i = count; i-- > 1;) {
            if (!polled[i].revents || serve(polled[i].fd))
                continue;
            close(polled[i].fd);
            polled[i] = polled[--count];
        }
        while (polled[0].revents && count <= CONNECTIONS) {
            int fd = accept(listener, NULL, NULL);
            if (fd < 0)
                break;
            polled[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
        }
    }
}

static int serve_queued(int listener) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[16];
    int queue = epoll_create1(0);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(queue, EPOLL_CTL_ADD, listener, &event))
        return 1;
    for (;;) {
        int count = epoll_wait(queue, ready, 16, -1);
        if (count < 0)
            return 1;
        for (int i = 0; i < count; i++) {
            int fd = ready[i].data.fd;
            if (fd == listener) {
                event.data.fd = accept(listener, NULL, NULL);
                if (event.data.fd >= 0 && epoll_ctl(queue, EPOLL_CTL_ADD, event.data.fd, &event))
                    return 1;
            } else if (!serve(fd)) {
                close(fd);
            }
        }
    }
}

static int serve_one_by_one(int listener) {
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            return 1;
        while (serve(fd))
            continue;
        close(fd);
    }
}

static int serve_datagrams(int fd) {
    char line[256], answer[300];
    for (;;) {
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        ssize_t got = recvfrom(fd, line, sizeof line - 1, 0, (struct sockaddr *)&from, &size);
        if (got < 0)
            return 1;
        line[got] = '\0';
        int length = snprintf(answer, sizeof answer, "%u %s", number, content(line));
        sendto(fd, answer, (size_t)length, 0, (struct sockaddr *)&from, size);
    }
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    getentropy(&number, sizeof number);
    int listener = listener_of(argv[2]);
    if (listener < 0) {
        perror(argv[2]);
        return 3;
    }
    struct sockaddr_in6 bound;
    socklen_t size = sizeof bound;
    int port = getsockname(listener, (struct sockaddr *)&bound, &size) ? 0 : ntohs(bound.sin6_port);
    printf("serving %d\n", port);
    fflush(stdout);
    if (strncmp(argv[2], "udp:", 4) == 0)
        return serve_datagrams(listener);
    if (strcmp(argv[1], "queue") == 0)
        return serve_queued(listener);
    return strcmp(argv[1], "poll") == 0 ? serve_many(listener) : serve_one_by_one(listener);
}
