/* Many hTLS connections with a peer that echoes, in one readiness queue.
 *
 *   queue ADDRESS NAME CONNECTIONS idle ROUNDS     one after the other sends, the others are idle
 *   queue ADDRESS NAME CONNECTIONS beside ROUNDS   so too, and one that listens is in the queue
 *   queue ADDRESS NAME CONNECTIONS all ROUNDS      all send at once
 *   queue ADDRESS NAME CONNECTIONS large BYTES     each sends so much, and receives meanwhile
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest.h"
#include "timecraft.h"

enum { SIZE = 100, ROOM = 64, PATIENCE = 20000, PIECE = 30000 };

typedef struct connection {
    int fd;
    size_t sent, received;
} connection;

static int queue;
static connection *connections;
static int count;

static void fail(const char *what) {
    printf("%s: %s\n", what, error_name(errno));
    exit(1);
}

static void watch(int how, int number, uint32_t wanted) {
    struct epoll_event event = {.events = wanted, .data.u32 = (uint32_t)number};
    if (epoll_ctl(queue, how, connections[number].fd, &event) < 0)
        fail("epoll_ctl");
}

static char *message(int number, char bytes[SIZE]) {
    snprintf(bytes, SIZE, "%099d", number);
    return bytes;
}

static void begin(int number) {
    char bytes[SIZE];
    if (send(connections[number].fd, message(number, bytes), SIZE, 0) != SIZE)
        fail("send");
    connections[number].received = 0;
}

/* Handles events until `wanted` answers are whole; any other event is a fault. */
static void finish(int wanted, int only) {
    struct epoll_event events[ROOM];
    while (wanted > 0) {
        int ready = epoll_wait(queue, events, ROOM, PATIENCE);
        if (ready <= 0)
            fail("epoll_wait");
        for (int i = 0; i < ready; i++) {
            int number = (int)events[i].data.u32;
            connection *one = &connections[number];
            char bytes[SIZE], expected[SIZE];
            if (events[i].events != EPOLLIN || (only >= 0 && number != only))
                fail("an event that nothing happened for");
            ssize_t got = recv(one->fd, bytes, SIZE - one->received, 0);
            if (got <= 0)
                fail("recv");
            message(number, expected);
            if (memcmp(bytes, expected + one->received, (size_t)got) != 0)
                fail("another's answer");
            one->received += (size_t)got;
            wanted -= one->received == SIZE;
        }
    }
}

static void large(size_t size) {
    static char piece[PIECE];
    struct epoll_event events[ROOM];
    int left = count;
    for (int i = 0; i < count; i++)
        watch(EPOLL_CTL_MOD, i, EPOLLIN | EPOLLOUT);
    while (left > 0) {
        int ready = epoll_wait(queue, events, ROOM, PATIENCE);
        if (ready <= 0)
            fail("epoll_wait");
        for (int i = 0; i < ready; i++) {
            connection *one = &connections[events[i].data.u32];
            if (events[i].events & EPOLLOUT) {
                size_t part = size - one->sent < PIECE ? size - one->sent : PIECE;
                ssize_t sent = part ? send(one->fd, piece, part, 0) : 0;
                if (sent < 0)
                    fail("send");
                one->sent += (size_t)sent;
                if (one->sent == size)
                    watch(EPOLL_CTL_MOD, (int)events[i].data.u32, EPOLLIN);
            }
            if (events[i].events & EPOLLIN) {
                static char into[PIECE];
                ssize_t got = recv(one->fd, into, sizeof into, 0);
                if (got <= 0)
                    fail("recv");
                one->received += (size_t)got;
                left -= one->received == size;
            }
        }
    }
}

static void connect_all(const char *peer, const char *name) {
    struct address address;
    if (parse_address(peer, &address) != 0)
        fail(peer);
    for (int i = 0; i < count; i++) {
        int fd = socket(address.any.sa_family, SOCK_STREAM, 0);
        /* Every second connects and shakes hands in the background, half of these while they are in
         * the queue already. */
        if (fd < 0 || (i % 2 == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) < 0) ||
            (connect(fd, &address.any, address.length) < 0 && errno != EINPROGRESS))
            fail("connect");
        connections[i].fd = fd;
        if (i % 4 == 0)
            watch(EPOLL_CTL_ADD, i, EPOLLOUT | EPOLLONESHOT);
        if (setsockopt(fd, TIMECRAFT_LEVEL, HTLS_OPTION, name, strlen(name)) < 0)
            fail("htls");
        if (i % 4 != 0)
            watch(EPOLL_CTL_ADD, i, EPOLLOUT | EPOLLONESHOT);
        struct epoll_event event;
        if (epoll_wait(queue, &event, 1, PATIENCE) != 1 || event.data.u32 != (uint32_t)i ||
            event.events != EPOLLOUT)
            fail("the handshake's end");
        if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
            fail("fcntl");
        watch(EPOLL_CTL_MOD, i, EPOLLIN);
    }
}

/* Nobody connects to it: an event of it is a fault. */
static void watch_listener(void) {
    struct address any;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)count};
    if (fd < 0 || parse_address("127.0.0.1:0", &any) != 0 || bind(fd, &any.any, any.length) < 0 ||
        listen(fd, 1) < 0 || epoll_ctl(queue, EPOLL_CTL_ADD, fd, &event) < 0)
        fail("a socket that listens");
}

int main(int argc, char **argv) {
    if (argc != 6)
        return 2;
    count = atoi(argv[3]);
    int rounds = atoi(argv[5]);
    connections = calloc((size_t)count, sizeof *connections);
    queue = epoll_create1(0);
    if (queue < 0 || !connections)
        fail("epoll_create1");
    connect_all(argv[1], argv[2]);
    int beside = strcmp(argv[4], "beside") == 0;
    if (beside)
        watch_listener();
    if (strcmp(argv[4], "large") == 0)
        large((size_t)rounds);
    for (int round = 0; round < rounds && (beside || strcmp(argv[4], "idle") == 0); round++) {
        int number = round * 7 % count;
        begin(number);
        finish(1, number);
    }
    for (int round = 0; round < rounds && strcmp(argv[4], "all") == 0; round++) {
        for (int i = 0; i < count; i++)
            begin(i);
        finish(count, -1);
    }
    for (int i = 0; i < count; i++)
        close(connections[i].fd);
    close(queue);
    puts("done");
    return 0;
}
