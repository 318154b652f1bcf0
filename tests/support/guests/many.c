/* Many connections to a peer that echoes.
 *
 *   many parallel ADDRESS NAME|- COUNT     all open at once, driven by one poll loop
 *   many sequential ADDRESS NAME|- COUNT   one after the other
 *
 * Each sends a few bytes of its own and must get them back. `sequential` prints "paused" after a
 * tenth of them and at the end, and waits for a line each time, so that the test can count what the
 * process holds. At the end: "N connections, highest descriptor N". */
#include "guest.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_SIZE = 32, PATIENCE_MS = 60000 };

typedef struct connection {
    char text[TEXT_SIZE]; /* what it sends */
    size_t sent, received;
} connection;

static int highest;

static int fail(const char *what, int number) {
    printf("connection %d: %s: %s\n", number, what, error_name(errno));
    exit(1);
}

static int open_one(const char *address, const char *name, bool nonblocking, int number,
                    connection *one) {
    int fd = open_connection(address, name, nonblocking);
    *one = (connection){.sent = 0};
    snprintf(one->text, sizeof one->text, "connection number %06d", number);
    highest = fd > highest ? fd : highest;
    return fd;
}

static void receive(int fd, connection *one, int number) {
    char echo[TEXT_SIZE];
    ssize_t count = recv(fd, echo, TEXT_SIZE - one->received, 0);
    if (count < 0 && errno == EAGAIN)
        return;
    if (count <= 0)
        fail("recv", number);
    if (memcmp(echo, one->text + one->received, (size_t)count) != 0)
        fail("wrong echo", number);
    one->received += (size_t)count;
}

static void transmit(int fd, connection *one, int number) {
    ssize_t count = send(fd, one->text + one->sent, TEXT_SIZE - one->sent, 0);
    if (count < 0 && errno == EAGAIN)
        return;
    if (count <= 0)
        fail("send", number);
    one->sent += (size_t)count;
}

static void advance(struct pollfd *interest, connection *one, int number) {
    if (!interest->revents)
        return;
    if (one->sent < TEXT_SIZE)
        transmit(interest->fd, one, number);
    else
        receive(interest->fd, one, number);
    interest->events = one->sent < TEXT_SIZE ? POLLOUT : POLLIN;
}

/* Moves those that are done behind the others, so that poll need not look at them again. */
static int keep_unfinished(struct pollfd *interests, connection *all, int active) {
    for (int i = 0; i < active; i++)
        while (i < active && all[i].received == TEXT_SIZE) {
            active--;
            connection one = all[i];
            struct pollfd interest = interests[i];
            all[i] = all[active], interests[i] = interests[active];
            all[active] = one, interests[active] = interest;
        }
    return active;
}

static void parallel(const char *address, const char *name, int count) {
    connection *all = calloc((size_t)count, sizeof *all);
    struct pollfd *interests = calloc((size_t)count, sizeof *interests);
    for (int i = 0; i < count; i++) {
        interests[i].fd = open_one(address, name, true, i, &all[i]);
        interests[i].events = POLLOUT;
    }
    for (int active = count; active > 0;) {
        if (poll(interests, (nfds_t)active, PATIENCE_MS) <= 0)
            fail("poll", active);
        for (int i = 0; i < active; i++)
            advance(&interests[i], &all[i], i);
        active = keep_unfinished(interests, all, active);
    }
    for (int i = 0; i < count; i++)
        close(interests[i].fd);
}

static void pause_here(void) {
    char line[16];
    printf("paused\n");
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        exit(1);
}

static void sequential(const char *address, const char *name, int count) {
    for (int i = 0; i < count; i++) {
        connection one;
        int fd = open_one(address, name, false, i, &one);
        while (one.sent < TEXT_SIZE)
            transmit(fd, &one, i);
        while (one.received < TEXT_SIZE)
            receive(fd, &one, i);
        close(fd);
        if (i + 1 == count / 10 || i + 1 == count)
            pause_here();
    }
}

int main(int argc, char **argv) {
    if (argc != 5)
        return 2;
    int count = atoi(argv[4]);
    (strcmp(argv[1], "parallel") == 0 ? parallel : sequential)(argv[2], argv[3], count);
    printf("%d connections, highest descriptor %d\n", count, highest);
    return 0;
}
