/* An echo server with libev, which stops when all its clients have gone: prints its port, and at
 * the end how many bytes it gave back, whether its timer has ticked, and what came through a pair
 * of sockets of its own, which the timer wrote. */
#include <ev.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static size_t echoed;
static int connections, ticks, pair[2];
static char heard[16];

static void echo(struct ev_loop *loop, ev_io *watcher, int events) {
    char buffer[16384];
    ssize_t got = recv(watcher->fd, buffer, sizeof buffer, 0);
    (void)events;
    if (got > 0) {
        send(watcher->fd, buffer, (size_t)got, 0);
        echoed += (size_t)got;
        return;
    }
    ev_io_stop(loop, watcher);
    close(watcher->fd);
    free(watcher);
    if (--connections == 0)
        ev_break(loop, EVBREAK_ALL);
}

static void accepted(struct ev_loop *loop, ev_io *listener, int events) {
    ev_io *watcher = malloc(sizeof *watcher);
    (void)events;
    connections++;
    ev_io_init(watcher, echo, accept(listener->fd, NULL, NULL), EV_READ);
    ev_io_start(loop, watcher);
}

static void ticked(struct ev_loop *loop, ev_timer *timer, int events) {
    (void)loop;
    (void)timer;
    (void)events;
    if (ticks++ == 0)
        write(pair[0], "tick", 4);
}

static void paired(struct ev_loop *loop, ev_io *watcher, int events) {
    (void)events;
    recv(watcher->fd, heard, sizeof heard - 1, 0);
    ev_io_stop(loop, watcher);
}

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    struct ev_loop *loop = ev_default_loop(0);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (!loop || bind(listener, (struct sockaddr *)&address, size) || listen(listener, 16) ||
        getsockname(listener, (struct sockaddr *)&address, &size) ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
        return 1;
    ev_io on_listener, on_pair;
    ev_timer timer;
    ev_io_init(&on_listener, accepted, listener, EV_READ);
    ev_io_start(loop, &on_listener);
    ev_io_init(&on_pair, paired, pair[1], EV_READ);
    ev_io_start(loop, &on_pair);
    ev_timer_init(&timer, ticked, 0., 0.01);
    ev_timer_start(loop, &timer);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    ev_run(loop, 0);
    printf("%zu %d %s\n", echoed, ticks > 0, heard);
    return 0;
}
