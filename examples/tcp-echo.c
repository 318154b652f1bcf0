/* A plain TCP echo server: sends back what it receives, to many clients at once, with one poll. A
 * client that does not read holds up only itself.
 *
 *   tcp-echo [PORT [ADDRESS]]      defaults: 7007, 127.0.0.1; it runs until it is stopped
 *
 * Run:    make -C examples run-tcp-echo PORT=7007
 *   or:   timecraft run --allow-listen=127.0.0.1:7007 tcp-echo.wasm 7007
 * Needs:  --allow-listen=ADDRESS:PORT
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CLIENTS 1024

typedef struct client {
    int fd;
    size_t start, end; /* what is to be sent back */
    int ended;         /* the client has sent all it will */
    char buffer[16384];
} client;

static client *clients[MAX_CLIENTS];
static size_t client_count;

static int listen_on(const char *address, const char *port) {
    struct addrinfo hints = {0}, *list;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    int error = getaddrinfo(address, port, &hints, &list);
    if (error) {
        fprintf(stderr, "tcp-echo: %s port %s: %s\n", address, port, gai_strerror(error));
        return -1;
    }
    int fd = socket(list->ai_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, list->ai_addr, list->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0) {
        fprintf(stderr, "tcp-echo: can't listen on %s port %s: %s\n", address, port,
                strerror(errno));
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    return fd;
}

static void accept_all(int listener) {
    while (client_count < MAX_CLIENTS) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0)
            return;
        client *new = malloc(sizeof *new);
        if (!new) {
            close(fd);
            return;
        }
        new->fd = fd;
        new->start = new->end = 0;
        new->ended = 0;
        clients[client_count++] = new;
    }
}

static void drop(size_t index) {
    close(clients[index]->fd);
    free(clients[index]);
    clients[index] = clients[--client_count];
}

/* Receives when there is nothing left to send back, sends when there is. Returns whether the client
 * stays. */
static int serve(client *c) {
    if (c->start == c->end) {
        ssize_t got = recv(c->fd, c->buffer, sizeof c->buffer, 0);
        if (got < 0)
            return errno == EAGAIN;
        c->start = 0;
        c->end = (size_t)got;
        c->ended = got == 0;
    }
    while (c->start < c->end) {
        ssize_t sent = send(c->fd, c->buffer + c->start, c->end - c->start, 0);
        if (sent < 0)
            return errno == EAGAIN;
        c->start += (size_t)sent;
    }
    return !c->ended;
}

static void turn(int listener, struct pollfd *fds) {
    fds[0] = (struct pollfd){.fd = client_count < MAX_CLIENTS ? listener : -1, .events = POLLIN};
    size_t count = client_count;
    for (size_t i = 0; i < count; i++) {
        int sending = clients[i]->start < clients[i]->end;
        fds[i + 1] = (struct pollfd){.fd = clients[i]->fd, .events = sending ? POLLOUT : POLLIN};
    }
    if (poll(fds, count + 1, -1) < 0) {
        perror("tcp-echo: poll");
        exit(1);
    }
    /* Backwards: drop() moves the last client, already served, into the gap. */
    for (size_t i = count; i-- > 0;) {
        if (fds[i + 1].revents && !serve(clients[i]))
            drop(i);
    }
    if (fds[0].revents)
        accept_all(listener);
}

int main(int argc, char **argv) {
    const char *port = argc > 1 ? argv[1] : "7007";
    const char *address = argc > 2 ? argv[2] : "127.0.0.1";
    static struct pollfd fds[MAX_CLIENTS + 1];
    int listener = listen_on(address, port);
    if (listener < 0)
        return 1;
    printf("tcp-echo: listening on %s port %s\n", address, port);
    fflush(stdout);
    for (;;)
        turn(listener, fds);
}
