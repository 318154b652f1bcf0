/* Sends and receives at once over one non-blocking connection, and checks every byte.
 *
 *   both_ways ADDRESS NAME|- BYTES SEND_CHUNK RECV_CHUNK
 *
 * The byte at position i, of both directions, is i % 251. Prints "N sent, N received, end". */
#include "guest.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PERIOD = 251, CHUNK_MAX = 1 << 18, PATIENCE_MS = 60000 };

static uint8_t pattern[PERIOD + CHUNK_MAX];
static uint8_t input[CHUNK_MAX];

static bool ended(const char *what, uint64_t position) {
    printf("%s at byte %llu: %s\n", what, (unsigned long long)position, error_name(errno));
    exit(1);
}

static size_t smaller(size_t chunk, uint64_t left) {
    return left < chunk ? (size_t)left : chunk;
}

/* Sends what the socket takes; says whether it would have to wait now. */
static void send_some(int fd, uint64_t *sent, uint64_t total, size_t chunk) {
    while (*sent < total) {
        ssize_t count = send(fd, pattern + *sent % PERIOD, smaller(chunk, total - *sent), 0);
        if (count < 0 && errno == EAGAIN)
            return;
        if (count <= 0)
            ended("send", *sent);
        *sent += (uint64_t)count;
    }
}

/* Receives at most 64 chunks, so that sending has its turn too. */
static void receive_some(int fd, uint64_t *received, uint64_t total, size_t chunk) {
    for (int turn = 0; turn < 64 && *received < total; turn++) {
        ssize_t count = recv(fd, input, smaller(chunk, total - *received), 0);
        if (count < 0 && errno == EAGAIN)
            return;
        if (count <= 0)
            ended("recv", *received);
        if (memcmp(input, pattern + *received % PERIOD, (size_t)count) != 0)
            ended("wrong bytes", *received);
        *received += (uint64_t)count;
    }
}

static void expect_end(int fd) {
    ssize_t count;
    do
        wait_for(fd, POLLIN, PATIENCE_MS);
    while ((count = recv(fd, input, 1, 0)) < 0 && errno == EAGAIN);
    if (count != 0)
        ended(count < 0 ? "recv" : "more than expected", 0);
}

int main(int argc, char **argv) {
    if (argc != 6)
        return 2;
    uint64_t total = strtoull(argv[3], NULL, 10), sent = 0, received = 0;
    size_t send_chunk = (size_t)atoi(argv[4]), recv_chunk = (size_t)atoi(argv[5]);
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i % PERIOD);
    int fd = open_connection(argv[1], argv[2], true);
    while (sent < total || received < total) {
        int events = (sent < total ? POLLOUT : 0) | (received < total ? POLLIN : 0);
        int ready = wait_for(fd, events, PATIENCE_MS);
        if (ready <= 0)
            ended("poll", sent + received);
        if (ready & ~POLLIN)
            send_some(fd, &sent, total, send_chunk);
        if (ready & ~POLLOUT)
            receive_some(fd, &received, total, recv_chunk);
    }
    if (shutdown(fd, SHUT_WR) < 0)
        ended("shutdown", sent);
    expect_end(fd);
    printf("%llu sent, %llu received, end\n", (unsigned long long)sent,
           (unsigned long long)received);
    return 0;
}
