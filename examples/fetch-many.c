/* Fetches many HTTPS addresses at once: non-blocking sockets, hTLS on each, one poll for all.
 * Prints a line for each when it is done.
 *
 *   fetch-many [-n TIMES] HOST[:PORT][/PATH] ...
 *
 * Run:    make -C examples run-fetch-many URLS="example.com www.debian.org:443/distrib/"
 *   or:   timecraft run --allow-net=:443 fetch-many.wasm example.com www.debian.org/distrib/
 * Needs:  --allow-net, or --allow-net=HOST:PORT for each of them
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <timecraft.h>
#include <unistd.h>

/* CONNECTING: TCP and then TLS, until SO_ERROR is no longer EINPROGRESS.
 *
 *   CONNECTING -> SENDING -> RECEIVING -> DONE        any -> DONE on failure
 */
typedef enum state { CONNECTING, SENDING, RECEIVING, DONE } state;

typedef struct fetch {
    char host[256];
    char port[8];
    char path[1024];
    state state;
    int fd;
    char request[2048];
    size_t request_length;
    size_t sent;
    char status[128]; /* first line of the response */
    size_t status_length;
    size_t received;
    struct timespec start;
    int failed;
} fetch;

static double seconds_since(const struct timespec *start) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void finish(fetch *f, const char *failure) {
    if (failure)
        printf("%s:%s%s: failed: %s\n", f->host, f->port, f->path, failure);
    else
        printf("%s:%s%s: %.*s, %zu bytes, %.0f ms\n", f->host, f->port, f->path,
               (int)strcspn(f->status, "\r\n"), f->status, f->received,
               seconds_since(&f->start) * 1000);
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
    f->failed = failure != NULL;
    f->state = DONE;
}

/* Ends a fetch with the reason of its TLS failure in words, else with that of an errno. */
static void finish_error(fetch *f, int error) {
    char reason[256];
    if (timecraft_htls_error(f->fd, reason, sizeof reason) < 0 || !reason[0])
        snprintf(reason, sizeof reason, "%s", strerror(error));
    finish(f, reason);
}

/* "example.com:8443/a" to its parts. Returns 0, or -1 if one is too long or empty. */
static int parse(const char *address, fetch *f) {
    if (!strncmp(address, "https://", 8))
        address += 8;
    size_t host = strcspn(address, ":/");
    if (address[0] == '[') { /* an IPv6 address: [2001:db8::1]:443 */
        address++;
        host = strcspn(address, "]");
    }
    const char *rest = address + host + (address[host] == ']');
    size_t port = rest[0] == ':' ? strcspn(rest + 1, "/") : 0;
    const char *path = rest + port + (rest[0] == ':');
    if (host == 0 || host >= sizeof f->host || port >= sizeof f->port ||
        strlen(path) >= sizeof f->path)
        return -1;
    snprintf(f->host, sizeof f->host, "%.*s", (int)host, address);
    snprintf(f->port, sizeof f->port, "%.*s", port ? (int)port : 3, port ? rest + 1 : "443");
    snprintf(f->path, sizeof f->path, "%s", *path ? path : "/");
    return 0;
}

/* Begins to connect, and asks for TLS right away: both go on in the background. */
static void start(fetch *f, const struct addrinfo *address) {
    clock_gettime(CLOCK_MONOTONIC, &f->start);
    const char *form = strchr(f->host, ':') ? "GET %s HTTP/1.0\r\nHost: [%s]:%s\r\n\r\n"
                                            : "GET %s HTTP/1.0\r\nHost: %s:%s\r\n\r\n";
    f->request_length =
        (size_t)snprintf(f->request, sizeof f->request, form, f->path, f->host, f->port);
    f->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (f->fd < 0) {
        finish(f, strerror(errno));
        return;
    }
    if (connect(f->fd, address->ai_addr, address->ai_addrlen) < 0 && errno != EINPROGRESS) {
        finish(f, strerror(errno));
        return;
    }
    if (timecraft_htls_connect(f->fd, f->host) < 0)
        finish_error(f, errno);
}

static void resolve_and_start(fetch *f) {
    struct addrinfo hints = {0}, *list;
    hints.ai_socktype = SOCK_STREAM;
    int error = getaddrinfo(f->host, f->port, &hints, &list);
    if (error) {
        finish(f, gai_strerror(error));
        return;
    }
    start(f, list);
    freeaddrinfo(list);
}

static void on_connecting(fetch *f) {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(f->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        error = errno;
    if (error == 0)
        f->state = SENDING;
    else if (error != EINPROGRESS)
        finish_error(f, error);
}

static void on_sending(fetch *f) {
    ssize_t sent = send(f->fd, f->request + f->sent, f->request_length - f->sent, 0);
    if (sent < 0) {
        if (errno != EAGAIN)
            finish_error(f, errno);
        return;
    }
    f->sent += (size_t)sent;
    if (f->sent == f->request_length)
        f->state = RECEIVING;
}

static void on_receiving(fetch *f) {
    char buffer[16384];
    ssize_t got = recv(f->fd, buffer, sizeof buffer, 0);
    if (got < 0) {
        if (errno != EAGAIN)
            finish_error(f, errno);
    } else if (got == 0) {
        finish(f, f->received ? NULL : "no response");
    } else {
        size_t room = sizeof f->status - 1 - f->status_length;
        size_t kept = (size_t)got < room ? (size_t)got : room;
        memcpy(f->status + f->status_length, buffer, kept);
        f->status_length += kept;
        f->received += (size_t)got;
    }
}

static void step(fetch *f) {
    switch (f->state) {
    case CONNECTING:
        on_connecting(f);
        break;
    case SENDING:
        on_sending(f);
        break;
    case RECEIVING:
        on_receiving(f);
        break;
    case DONE:
        break;
    }
}

/* Waits for all that are not done and moves those that are ready on. Returns how many are left. */
static size_t turn(fetch *fetches, size_t count, struct pollfd *fds) {
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        fds[i].fd = fetches[i].state == DONE ? -1 : fetches[i].fd;
        fds[i].events = fetches[i].state == RECEIVING ? POLLIN : POLLOUT;
        left += fetches[i].state != DONE;
    }
    if (left == 0)
        return 0;
    if (poll(fds, count, -1) < 0) {
        perror("fetch-many: poll");
        exit(1);
    }
    for (size_t i = 0; i < count; i++) {
        if (fds[i].fd >= 0 && fds[i].revents)
            step(&fetches[i]);
    }
    return left;
}

int main(int argc, char **argv) {
    int first = 1, times = 1;
    if (argc > 2 && !strcmp(argv[1], "-n")) {
        times = atoi(argv[2]);
        first = 3;
    }
    if (first >= argc || times < 1) {
        fprintf(stderr, "usage: fetch-many [-n TIMES] HOST[:PORT][/PATH] ...\n");
        return 2;
    }
    size_t count = (size_t)(argc - first) * (size_t)times;
    fetch *fetches = calloc(count, sizeof *fetches);
    struct pollfd *fds = calloc(count, sizeof *fds);
    if (!fetches || !fds) {
        fprintf(stderr, "fetch-many: out of memory\n");
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        fetches[i].fd = -1;
        if (parse(argv[first + (int)(i / (size_t)times)], &fetches[i]) < 0) {
            fprintf(stderr, "fetch-many: %s is no HOST[:PORT][/PATH]\n", argv[first]);
            return 2;
        }
        resolve_and_start(&fetches[i]);
    }
    while (turn(fetches, count, fds) > 0)
        ;
    size_t failures = 0;
    for (size_t i = 0; i < count; i++)
        failures += fetches[i].failed != 0;
    printf("%zu of %zu fetched\n", count - failures, count);
    free(fds);
    free(fetches);
    return failures > 0;
}
