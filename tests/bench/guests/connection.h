/* A TLS connection of a client: hTLS in a guest, OpenSSL on the socket natively (with -DNATIVE), so
 * that both do the same work around the TLS. What fails ends the program. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

#ifdef NATIVE
#include <openssl/err.h>
#include <openssl/ssl.h>

typedef struct connection {
    int fd;
    SSL *ssl;
} connection;

static SSL_CTX *new_context(void) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_default_verify_paths(context);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (getenv("READ_AHEAD")) {
        SSL_CTX_set_read_ahead(context, 1);
        SSL_CTX_set_default_read_buffer_len(context, 65536);
    }
    return context;
}

static void start_tls(connection *c, const char *name) {
    static SSL_CTX *context;
    if (!context)
        context = new_context();
    c->ssl = SSL_new(context);
    SSL_set_tlsext_host_name(c->ssl, name);
    SSL_set1_host(c->ssl, name);
    SSL_set_fd(c->ssl, c->fd);
    if (SSL_connect(c->ssl) != 1) {
        ERR_print_errors_fp(stderr);
        exit(1);
    }
}

/* -1 and EAGAIN: nothing has come. */
static ssize_t receive(connection *c, void *buffer, size_t size) {
    int got = SSL_read(c->ssl, buffer, (int)size);
    if (got > 0)
        return got;
    errno = SSL_get_error(c->ssl, got) == SSL_ERROR_WANT_READ ? EAGAIN : EIO;
    return -1;
}

static ssize_t transmit(connection *c, const void *bytes, size_t size) {
    int sent = SSL_write(c->ssl, bytes, (int)size);
    return sent > 0 ? sent : -1;
}
#else
#include <timecraft.h>

typedef struct connection {
    int fd;
} connection;

static void start_tls(connection *c, const char *name) {
    if (setsockopt(c->fd, TIMECRAFT_LEVEL, HTLS_OPTION, name, strlen(name)) < 0)
        fail("setsockopt(HTLS_OPTION)");
}

static ssize_t receive(connection *c, void *buffer, size_t size) {
    return recv(c->fd, buffer, size, 0);
}

static ssize_t transmit(connection *c, const void *bytes, size_t size) {
    return send(c->fd, bytes, size, 0);
}
#endif

/* Connects to "127.0.0.1:PORT" and shakes hands; the socket is a blocking one. */
static void open_connection(connection *c, const char *address, const char *name) {
    char host[64];
    int port, on = 1;
    struct sockaddr_in peer = {.sin_family = AF_INET};
    if (sscanf(address, "%63[^:]:%d", host, &port) != 2 ||
        inet_pton(AF_INET, host, &peer.sin_addr) != 1)
        fail(address);
    peer.sin_port = htons((uint16_t)port);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&peer, sizeof peer) < 0)
        fail("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    start_tls(c, name);
}

static inline void make_nonblocking(const connection *c) {
    if (fcntl(c->fd, F_SETFL, O_NONBLOCK) < 0)
        fail("fcntl");
}

#endif
