/* Many connections to a server in one thread. As many as are active each have a request on its way
 * all the time, the others are idle but looked after.
 *
 *   many_requests ADDRESS:PORT NAME PATH CONNECTIONS ACTIVE REQUESTS poll|epoll
 *
 * Prints the CPU time of the requests: connecting is not in it. */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "connection.h"
#include "cpu_time.h"

enum { ROOM = 64, SIZE = 4096 };

typedef struct client {
    connection connection;
    size_t have;
    char answer[SIZE];
} client;

static client *clients;
static struct pollfd *interests;
static int count, queue = -1;
static char request[512];
static size_t request_size;
static long to_send, to_come;

static void ask(client *c) {
    if (to_send == 0)
        return;
    to_send--;
    c->have = 0;
    if (transmit(&c->connection, request, request_size) != (ssize_t)request_size)
        fail("send");
}

/* Whether an answer is whole: head and body, whose length the head tells. */
static bool is_whole(client *c) {
    c->answer[c->have] = 0;
    const char *body = strstr(c->answer, "\r\n\r\n");
    const char *length = body ? strstr(c->answer, "Content-Length: ") : NULL;
    return length && c->have >= (size_t)(body + 4 - c->answer) + strtoull(length + 16, NULL, 10);
}

static void take(client *c) {
    ssize_t got = receive(&c->connection, c->answer + c->have, SIZE - 1 - c->have);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0)
        fail("receive");
    c->have += (size_t)got;
    if (is_whole(c)) {
        to_come--;
        ask(c);
    }
}

static void wait_with_poll(void) {
    int ready = poll(interests, (nfds_t)count, -1);
    if (ready < 0)
        fail("poll");
    for (int i = 0; i < count && ready > 0; i++) {
        if (interests[i].revents) {
            take(&clients[i]);
            ready--;
        }
    }
}

static void wait_with_epoll(void) {
    struct epoll_event events[ROOM];
    int ready = epoll_wait(queue, events, ROOM, -1);
    if (ready < 0)
        fail("epoll_wait");
    for (int i = 0; i < ready; i++)
        take(&clients[events[i].data.u32]);
}

static void open_all(const char *address, const char *name) {
    for (int i = 0; i < count; i++) {
        open_connection(&clients[i].connection, address, name);
        make_nonblocking(&clients[i].connection);
        interests[i] = (struct pollfd){.fd = clients[i].connection.fd, .events = POLLIN};
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        if (queue >= 0 && epoll_ctl(queue, EPOLL_CTL_ADD, clients[i].connection.fd, &event) < 0)
            fail("epoll_ctl");
    }
}

int main(int argc, char **argv) {
    if (argc < 8)
        return 2;
    count = atoi(argv[4]);
    int active = atoi(argv[5]);
    to_send = to_come = atol(argv[6]);
    if (strcmp(argv[7], "epoll") == 0 && (queue = epoll_create1(0)) < 0)
        fail("epoll_create1");
    clients = calloc((size_t)count, sizeof *clients);
    interests = calloc((size_t)count, sizeof *interests);
    if (!clients || !interests)
        fail("calloc");
    request_size = (size_t)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n",
                                    argv[3], argv[2]);
    open_all(argv[1], argv[2]);
    uint64_t begin = cpu_time();
    for (int i = 0; i < active; i++)
        ask(&clients[i]);
    while (to_come > 0)
        queue >= 0 ? wait_with_epoll() : wait_with_poll();
    tell_cpu_time_since(begin);
    return 0;
}
