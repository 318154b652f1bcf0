/* A UDP exchange: a server that sends each datagram back in capital letters, and a client that asks
 * it, and asks again when no answer comes: UDP may lose both.
 *
 *   udp server [PORT [ADDRESS]]
 *   udp client [PORT [ADDRESS [TEXT ...]]]      defaults: 7008, 127.0.0.1, "hello"
 *
 * Run:    make -C examples run-udp-server PORT=7008      and in another terminal
 *         make -C examples run-udp-client PORT=7008
 *   or:   timecraft run --allow-listen=127.0.0.1:7008 --allow-net=127.0.0.1 udp.wasm server 7008
 *         timecraft run --allow-net=127.0.0.1:7008 udp.wasm client 7008 127.0.0.1 hello
 * Needs:  the server --allow-listen=ADDRESS:PORT, and --allow-net for its clients' addresses;
 *         the client --allow-net=ADDRESS:PORT
 */
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRIES      4
#define TIMEOUT_MS 500

/* A socket for the address, which is stored at *out. Returns it or -1. */
static int open_socket(const char *address, const char *port, struct sockaddr_storage *out,
                       socklen_t *length) {
    struct addrinfo hints = {0}, *list;
    hints.ai_socktype = SOCK_DGRAM;
    int error = getaddrinfo(address, port, &hints, &list);
    if (error) {
        fprintf(stderr, "udp: %s port %s: %s\n", address, port, gai_strerror(error));
        return -1;
    }
    memcpy(out, list->ai_addr, list->ai_addrlen);
    *length = list->ai_addrlen;
    int fd = socket(list->ai_family, list->ai_socktype, list->ai_protocol);
    if (fd < 0)
        perror("udp: socket");
    freeaddrinfo(list);
    return fd;
}

static int serve(const char *port, const char *address) {
    struct sockaddr_storage own, peer;
    socklen_t length;
    int fd = open_socket(address, port, &own, &length);
    if (fd < 0)
        return 1;
    if (bind(fd, (struct sockaddr *)&own, length) < 0) {
        perror("udp: bind");
        return 1;
    }
    printf("udp: serving on %s port %s\n", address, port);
    fflush(stdout);
    for (;;) {
        char text[2048], host[64], service[8];
        socklen_t peer_length = sizeof peer;
        ssize_t got = recvfrom(fd, text, sizeof text, 0, (struct sockaddr *)&peer, &peer_length);
        if (got < 0) {
            perror("udp: recvfrom");
            return 1;
        }
        for (ssize_t i = 0; i < got; i++)
            text[i] = (char)toupper((unsigned char)text[i]);
        if (sendto(fd, text, (size_t)got, 0, (struct sockaddr *)&peer, peer_length) < 0)
            perror("udp: sendto");
        if (getnameinfo((struct sockaddr *)&peer, peer_length, host, sizeof host, service,
                        sizeof service, NI_NUMERICHOST | NI_NUMERICSERV) == 0)
            printf("udp: answered %s port %s\n", host, service);
        fflush(stdout);
    }
}

/* Sends a text and prints the answer. Returns 0 or 1. */
static int ask(int fd, const char *text) {
    char answer[2048];
    for (int try = 0; try < TRIES; try++) {
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        if (send(fd, text, strlen(text), 0) < 0) {
            perror("udp: send");
            return 1;
        }
        if (poll(&readable, 1, TIMEOUT_MS) <= 0)
            continue;
        ssize_t got = recv(fd, answer, sizeof answer, 0);
        if (got >= 0) {
            printf("%s -> %.*s\n", text, (int)got, answer);
            return 0;
        }
        if (errno != ECONNREFUSED) {
            perror("udp: recv");
            return 1;
        }
    }
    fprintf(stderr, "udp: no answer to \"%s\"\n", text);
    return 1;
}

static int request(const char *port, const char *address, int count, char **texts) {
    struct sockaddr_storage peer;
    socklen_t length;
    int fd = open_socket(address, port, &peer, &length);
    if (fd < 0)
        return 1;
    if (connect(fd, (struct sockaddr *)&peer, length) < 0) {
        perror("udp: connect");
        return 1;
    }
    int failed = 0;
    for (int i = 0; i < count; i++)
        failed |= ask(fd, texts[i]);
    close(fd);
    return failed;
}

int main(int argc, char **argv) {
    static char *default_text[] = {"hello"};
    const char *port = argc > 2 ? argv[2] : "7008";
    const char *address = argc > 3 ? argv[3] : "127.0.0.1";
    if (argc > 1 && !strcmp(argv[1], "server"))
        return serve(port, address);
    if (argc > 1 && !strcmp(argv[1], "client"))
        return request(port, address, argc > 4 ? argc - 4 : 1, argc > 4 ? argv + 4 : default_text);
    fprintf(stderr, "usage: udp server [PORT [ADDRESS]] | udp client [PORT [ADDRESS [TEXT...]]]\n");
    return 2;
}
