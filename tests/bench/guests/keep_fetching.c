/* Fetches a path again and again over one kept-alive connection: the client whose CPU time the
 * benchmark measures. Compiled twice, as a guest that uses hTLS and as a program of the host that
 * uses OpenSSL on the socket (with -DNATIVE), so that both do the same work around the TLS.
 *
 *   keep_fetching ADDRESS:PORT NAME PATH COUNT BUFFER-SIZE [poll|write]
 *
 * `poll` makes the socket non-blocking and waits with poll(2) before every receive, as event loops
 * do; `write` writes all that comes to standard output. Prints how many bytes of bodies came. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int connection;
static bool polling, writing;

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "keep_fetching: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void wait_for(short events) {
    struct pollfd interest = {.fd = connection, .events = events};
    if (poll(&interest, 1, -1) < 0)
        fail("poll");
}

#ifdef NATIVE
#include <openssl/err.h>
#include <openssl/ssl.h>

static SSL *ssl;

static void start_tls(const char *name) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_default_verify_paths(context);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (getenv("READ_AHEAD")) {
        SSL_CTX_set_read_ahead(context, 1);
        SSL_CTX_set_default_read_buffer_len(context, 65536);
    }
    ssl = SSL_new(context);
    SSL_set_tlsext_host_name(ssl, name);
    SSL_set1_host(ssl, name);
    SSL_set_fd(ssl, connection);
    if (SSL_connect(ssl) != 1) {
        ERR_print_errors_fp(stderr);
        exit(1);
    }
}

/* SSL_read, waiting for the socket where it is non-blocking. */
static ssize_t receive(void *buffer, size_t size) {
    for (;;) {
        int got = SSL_read(ssl, buffer, (int)size);
        if (got > 0)
            return got;
        if (SSL_get_error(ssl, got) != SSL_ERROR_WANT_READ)
            return -1;
        wait_for(POLLIN);
    }
}

static bool transmit(const char *text, size_t length) {
    return SSL_write(ssl, text, (int)length) == (int)length;
}
#else
#include <timecraft.h>

static void start_tls(const char *name) {
    if (setsockopt(connection, TIMECRAFT_LEVEL, HTLS_OPTION, name, strlen(name)) < 0)
        fail("setsockopt(HTLS_OPTION)");
}

static ssize_t receive(void *buffer, size_t size) {
    for (;;) {
        if (polling)
            wait_for(POLLIN);
        ssize_t got = recv(connection, buffer, size, 0);
        if (got >= 0 || errno != EAGAIN)
            return got;
    }
}

static bool transmit(const char *text, size_t length) {
    return send(connection, text, length, 0) == (ssize_t)length;
}
#endif

static void open_connection(const char *address, const char *name) {
    char host[64];
    int port;
    struct sockaddr_in peer = {.sin_family = AF_INET};
    if (sscanf(address, "%63[^:]:%d", host, &port) != 2 ||
        inet_pton(AF_INET, host, &peer.sin_addr) != 1)
        fail(address);
    peer.sin_port = htons((uint16_t)port);
    connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connection < 0 || connect(connection, (struct sockaddr *)&peer, sizeof peer) < 0)
        fail("connect");
    int on = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    start_tls(name);
    if (polling)
        fcntl(connection, F_SETFL, O_NONBLOCK);
}

/* Receives what there is, and writes it where that is asked for. */
static size_t take(char *buffer, size_t size) {
    ssize_t got = receive(buffer, size);
    if (got <= 0)
        fail("receive");
    if (writing && write(1, buffer, (size_t)got) != got)
        fail("write");
    return (size_t)got;
}

/* Receives a response; returns the length of its body. */
static uint64_t receive_response(char *buffer, size_t size) {
    size_t have = 0;
    char *body = NULL;
    while (!body) {
        have += take(buffer + have, size - 1 - have);
        buffer[have] = 0;
        body = strstr(buffer, "\r\n\r\n");
    }
    const char *length_field = strstr(buffer, "Content-Length: ");
    if (!length_field || length_field > body)
        fail("no Content-Length");
    uint64_t length = strtoull(length_field + strlen("Content-Length: "), NULL, 10);
    uint64_t received = have - (size_t)(body + 4 - buffer);
    while (received < length)
        received += take(buffer, size - 1);
    return length;
}

int main(int argc, char **argv) {
    if (argc < 6)
        return 2;
    size_t size = (size_t)atoi(argv[5]);
    polling = argc > 6 && !strcmp(argv[6], "poll");
    writing = argc > 6 && !strcmp(argv[6], "write");
    char *buffer = malloc(size), request[512];
    int length =
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", argv[3], argv[2]);
    uint64_t total = 0;
    open_connection(argv[1], argv[2]);
    for (int left = atoi(argv[4]); left > 0; left--) {
        if (!transmit(request, (size_t)length))
            fail("send");
        total += receive_response(buffer, size);
    }
    printf("%llu\n", (unsigned long long)total);
    return 0;
}
