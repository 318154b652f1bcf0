/* An echo server with libevent's buffers, which stops after a while that a timer of libevent
 * measures: prints its port, and at the end how many bytes it gave back. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static size_t echoed;
static int connections;

static void echo(struct bufferevent *connection, void *base) {
    struct evbuffer *input = bufferevent_get_input(connection);
    (void)base;
    echoed += evbuffer_get_length(input);
    evbuffer_add_buffer(bufferevent_get_output(connection), input);
}

static void ended(struct bufferevent *connection, short what, void *base) {
    if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)))
        return;
    bufferevent_free(connection);
    if (--connections == 0)
        event_base_loopexit(base, &(struct timeval){0, 50000});
}

static void accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                     int length, void *base) {
    (void)listener;
    (void)address;
    (void)length;
    connections++;
    struct bufferevent *connection = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(connection, echo, NULL, ended, base);
    bufferevent_enable(connection, EV_READ | EV_WRITE);
}

static void ticked(evutil_socket_t fd, short what, void *count) {
    (void)fd;
    (void)what;
    ++*(int *)count;
}

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int ticks = 0;
    struct event_base *base = event_base_new();
    struct evconnlistener *listener =
        evconnlistener_new_bind(base, accepted, base, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, -1,
                                (struct sockaddr *)&address, sizeof address);
    if (!base || !listener ||
        getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &size))
        return 1;
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    struct event *tick = event_new(base, -1, EV_PERSIST, ticked, &ticks);
    event_add(tick, &(struct timeval){0, 10000});
    event_base_dispatch(base);
    printf("%zu %d\n", echoed, ticks > 0);
    event_free(tick);
    evconnlistener_free(listener);
    event_base_free(base);
    return 0;
}
