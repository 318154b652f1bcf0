/* An HTTPS server: a page, and an echo, to many clients at once: one epoll tells which of them want
 * something. Its key is the host's: it names an identity that whoever runs it holds, so the key
 * never enters the guest's memory.
 *
 *   https-server [PORT [IDENTITY [clients]]]     defaults: 8443, www; it runs until it is stopped
 *
 *   GET /        the page            POST /echo      sends back what comes, up to 64 KiB
 *
 * With "clients", a client must show a certificate that the host trusts, and the page tells whose.
 *
 * Run:    make -C examples run-https-server PORT=8443        then, as it says, curl
 *   or:   timecraft run --allow-listen=127.0.0.1:8443 --identity=www=cert.pem,key.pem \
 *             https-server.wasm 8443 www
 * Needs:  --allow-listen=127.0.0.1:PORT --identity=NAME=CERT,KEY
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <timecraft/tls.h>
#include <unistd.h>

#define MAX_CLIENTS 16384
#define MAX_HEAD    8192
#define MAX_BODY    65536
#define IN_SIZE     (MAX_HEAD + MAX_BODY + 1)
#define EVENTS      64 /* that are taken at a time */

/* Requests are answered one after the other: what came of the next one waits in `in`. A client that
 * is idle has no buffers, so that thousands may be. */
typedef struct client {
    int fd;
    char *in; /* of IN_SIZE bytes; NULL: empty. A NUL stands behind what has come */
    size_t in_size;
    char *out; /* an answer on its way; NULL: none */
    size_t out_start, out_size;
    int closing;        /* after this answer */
    int waits_for_room; /* and not for a request: EPOLLOUT */
} client;

static int queue; /* epoll's; an event's pointer is the client, or NULL: the listener */
static size_t client_count;
static int wants_clients; /* certificates */

static int listen_on(const char *port, const char *identity) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timecraft_tls_config config = {.named_identity = identity, .alpn = "http/1.1"};
    if (wants_clients)
        config.verify = TIMECRAFT_VERIFY_REQUIRE;
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, SOMAXCONN) < 0 ||
        timecraft_tls_serve(fd, &config) < 0) {
        fprintf(stderr, "https-server: can't serve on port %s as %s: %s\n", port, identity,
                strerror(errno));
        exit(1);
    }
    return fd;
}

static int watch(int how, int fd, uint32_t events, client *c) {
    struct epoll_event wanted = {.events = events, .data.ptr = c};
    return epoll_ctl(queue, how, fd, &wanted);
}

static void watch_listener(int how, int listener) {
    if (watch(how, listener, client_count < MAX_CLIENTS ? EPOLLIN : 0, NULL) < 0) {
        perror("https-server: epoll_ctl");
        exit(1);
    }
}

/* Every connection is TLS; its handshake goes on while the others are served. */
static void accept_all(int listener) {
    int fd;
    while (client_count < MAX_CLIENTS && (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        client *new = calloc(1, sizeof *new);
        if (!new || watch(EPOLL_CTL_ADD, fd, EPOLLIN, new) < 0) {
            free(new);
            close(fd);
            return;
        }
        new->fd = fd;
        client_count++;
    }
    if (client_count == MAX_CLIENTS)
        watch_listener(EPOLL_CTL_MOD, listener);
}

/* Closing takes it out of the queue. */
static void drop(client *c, int listener) {
    close(c->fd);
    free(c->in);
    free(c->out);
    free(c);
    if (client_count-- == MAX_CLIENTS)
        watch_listener(EPOLL_CTL_MOD, listener);
}

/* Queues an answer. */
static int answer(client *c, const char *status, const char *type, const char *body, size_t size) {
    char head[256];
    int length = snprintf(head, sizeof head,
                          "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                          "Connection: %s\r\n\r\n",
                          status, type, size, c->closing ? "close" : "keep-alive");
    c->out_start = 0;
    c->out_size = (size_t)length + size;
    c->out = malloc(c->out_size);
    if (!c->out)
        return 0;
    memcpy(c->out, head, (size_t)length);
    memcpy(c->out + length, body, size);
    return 1;
}

static int answer_page(client *c) {
    char page[1024], cipher[64], name[256] = "nobody that I know";
    timecraft_tls_cipher(c->fd, cipher, sizeof cipher);
    char *info = timecraft_tls_peer_info(c->fd);
    if (info && *info)
        timecraft_tls_info_field(info, "subject", 0, name, sizeof name);
    free(info);
    /* The certificate was accepted, but its text is still the client's: plain text is no markup. */
    int size =
        snprintf(page, sizeof page, "Hello from WebAssembly, over TLS %s with %s.\nYou are %s.\n",
                 timecraft_tls_version(c->fd) == TIMECRAFT_TLS_1_3 ? "1.3" : "1.2", cipher, name);
    return answer(c, "200 OK", "text/plain", page, (size_t)size);
}

/* The value of a header field, or NULL. `head` ends with an empty line, and a NUL after it. */
static const char *field(const char *head, const char *name) {
    size_t length = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, length) == 0 && line[2 + length] == ':')
            return line + 3 + length + strspn(line + 3 + length, " ");
    return NULL;
}

static int answer_request(client *c, const char *head, const char *body, size_t body_size) {
    if (strncmp(head, "GET / ", 6) == 0)
        return answer_page(c);
    if (strncmp(head, "POST /echo ", 11) == 0)
        return answer(c, "200 OK", "application/octet-stream", body, body_size);
    return answer(c, "404 Not Found", "text/plain", "There is / and /echo.\n", 22);
}

static int refuse(client *c, const char *status) {
    c->closing = 1;
    return answer(c, status, "text/plain", "", 0);
}

/* Answers the first request in `in`, if it is whole. False: the connection is of no more use. */
static int look_for_request(client *c) {
    const char *end = strstr(c->in, "\r\n\r\n");
    size_t head_size = end ? (size_t)(end - c->in) + 4 : c->in_size;
    if (head_size > MAX_HEAD)
        return refuse(c, "431 Request Header Fields Too Large");
    if (!end)
        return 1;
    char head[MAX_HEAD + 1];
    memcpy(head, c->in, head_size);
    head[head_size] = 0;
    const char *length = field(head, "Content-Length"), *connection = field(head, "Connection");
    unsigned long long size = length ? strtoull(length, NULL, 10) : 0;
    if (size > MAX_BODY || field(head, "Transfer-Encoding"))
        return refuse(c, "413 Content Too Large");
    if (c->in_size < head_size + size)
        return 1;
    c->closing = (connection && strncasecmp(connection, "close", 5) == 0) ||
                 (!connection && strstr(head, " HTTP/1.0\r\n"));
    int stays = answer_request(c, head, c->in + head_size, (size_t)size);
    c->in_size -= head_size + (size_t)size;
    memmove(c->in, c->in + head_size + size, c->in_size + 1);
    return stays;
}

/* Sends what there is. False: the connection is over. */
static int send_answer(client *c) {
    while (c->out_start < c->out_size) {
        ssize_t sent = send(c->fd, c->out + c->out_start, c->out_size - c->out_start, 0);
        if (sent < 0)
            return errno == EAGAIN;
        c->out_start += (size_t)sent;
    }
    free(c->out);
    c->out = NULL;
    return !c->closing;
}

/* Takes what has come. False: the connection is over. */
static int receive(client *c) {
    if (!c->in && !(c->in = malloc(IN_SIZE)))
        return 0;
    ssize_t got = recv(c->fd, c->in + c->in_size, IN_SIZE - 1 - c->in_size, 0);
    if (got > 0)
        c->in_size += (size_t)got;
    c->in[c->in_size] = 0;
    return got > 0 || (got < 0 && errno == EAGAIN);
}

/* Answers as many requests as have come, while their answers find room. False: the connection is of
 * no more use. */
static int answer_all(client *c) {
    for (;;) {
        if (!c->out && c->in_size > 0 && !look_for_request(c))
            return 0;
        if (!c->out)
            return 1;
        if (!send_answer(c))
            return 0;
        if (c->out)
            return 1;
    }
}

/* Returns whether the client stays. */
static int serve(client *c) {
    if ((!c->out && !receive(c)) || !answer_all(c))
        return 0;
    if (c->in_size == 0) {
        free(c->in);
        c->in = NULL;
    }
    if (c->waits_for_room == (c->out != NULL))
        return 1;
    c->waits_for_room = c->out != NULL;
    return watch(EPOLL_CTL_MOD, c->fd, c->out ? EPOLLOUT : EPOLLIN, c) == 0;
}

static void turn(int listener) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(queue, events, EVENTS, -1);
    if (count < 0) {
        perror("https-server: epoll_wait");
        exit(1);
    }
    for (int i = 0; i < count; i++) {
        client *c = events[i].data.ptr;
        if (!c)
            accept_all(listener);
        else if (!serve(c))
            drop(c, listener);
    }
}

int main(int argc, char **argv) {
    const char *port = argc > 1 ? argv[1] : "8443", *identity = argc > 2 ? argv[2] : "www";
    wants_clients = argc > 3 && strcmp(argv[3], "clients") == 0;
    queue = epoll_create1(0);
    if (queue < 0) {
        perror("https-server: epoll_create1");
        return 1;
    }
    int listener = listen_on(port, identity);
    watch_listener(EPOLL_CTL_ADD, listener);
    printf("https-server: https://localhost:%s/ as %s\n", port, identity);
    fflush(stdout);
    for (;;)
        turn(listener);
}
