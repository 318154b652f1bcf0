/* Fetches a path again and again over one kept-alive connection: the client whose CPU time the
 * benchmark measures. Compiled twice, as a guest that uses hTLS and as a program of the host that
 * uses OpenSSL on the socket (with -DNATIVE), so that both do the same work around the TLS.
 *
 *   keep_fetching ADDRESS:PORT NAME PATH COUNT BUFFER-SIZE [poll|write]
 *
 * `poll` makes the socket non-blocking and waits with poll(2) before every receive, as event loops
 * do; `write` writes all that comes to standard output. Prints the CPU time of the fetching, and
 * how many bytes of bodies came. */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "connection.h"
#include "cpu_time.h"

static connection server;
static bool polling, writing;

static void wait_for_bytes(void) {
    struct pollfd interest = {.fd = server.fd, .events = POLLIN};
    if (poll(&interest, 1, -1) < 0)
        fail("poll");
}

/* As an event loop does it where it is polling: natively OpenSSL may have bytes that the socket has
 * not, so there it asks first. */
static ssize_t receive_some(void *buffer, size_t size) {
    for (;;) {
#ifndef NATIVE
        if (polling)
            wait_for_bytes();
#endif
        ssize_t got = receive(&server, buffer, size);
        if (got >= 0 || errno != EAGAIN)
            return got;
#ifdef NATIVE
        wait_for_bytes();
#endif
    }
}

/* Receives what there is, and writes it where that is asked for. */
static size_t take(char *buffer, size_t size) {
    ssize_t got = receive_some(buffer, size);
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
    open_connection(&server, argv[1], argv[2]);
    if (polling)
        make_nonblocking(&server);
    uint64_t begin = cpu_time();
    for (int left = atoi(argv[4]); left > 0; left--) {
        if (transmit(&server, request, (size_t)length) != length)
            fail("send");
        total += receive_response(buffer, size);
    }
    tell_cpu_time_since(begin);
    printf("%llu\n", (unsigned long long)total);
    return 0;
}
