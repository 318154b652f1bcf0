/* epoll over the host's readiness queues: options of TIMECRAFT_LEVEL. */
#include <sys/epoll.h>

#include "host.h"
#include "timecraft/options.h"

#define ROOM_MAX 1024

/* QUEUE_READY fills what epoll_wait is given. */
_Static_assert(sizeof(struct epoll_event) == 16 && offsetof(struct epoll_event, data) == 8,
               "host's layout");
_Static_assert(EPOLL_CTL_ADD == TIMECRAFT_QUEUE_ADD && EPOLL_CTL_DEL == TIMECRAFT_QUEUE_REMOVE &&
                   EPOLL_CTL_MOD == TIMECRAFT_QUEUE_CHANGE,
               "host's numbers");

int epoll_create1(int flags) {
    enum { INET4 = 1 };
    int queue;
    uint32_t one = 1;
    if (flags & ~EPOLL_CLOEXEC)
        return tc_result(EINVAL);
    int error = tc_host_open(INET4, TC_HOST_STREAM, &queue);
    if (error)
        return tc_result(error);
    error = tc_host_setsockopt(queue, TIMECRAFT_LEVEL, TIMECRAFT_QUEUE_OPTION, &one, sizeof one);
    if (!error)
        return queue;
    (void)!__wasi_fd_close(queue);
    return tc_result(error);
}

int epoll_create(int size) {
    return size <= 0 ? tc_result(EINVAL) : epoll_create1(0);
}

int epoll_ctl(int queue, int how, int fd, struct epoll_event *event) {
    struct {
        uint32_t how, fd, events, unused;
        uint64_t data;
    } watch = {.how = (uint32_t)how, .fd = (uint32_t)fd};
    if (how != EPOLL_CTL_DEL) {
        if (!event)
            return tc_result(EFAULT);
        watch.events = event->events;
        watch.data = event->data.u64;
    }
    int error = tc_host_setsockopt(queue, TIMECRAFT_LEVEL, TIMECRAFT_QUEUE_WATCH_OPTION, &watch,
                                   sizeof watch);
    return tc_result(error == ENOTSOCK ? EINVAL : error);
}

/* Waits until the queue has something. Returns 0 or an errno. */
static int wait_for(int queue, int timeout) {
    __wasi_subscription_t both[2] = {{0}};
    __wasi_event_t events[2];
    size_t count;
    both[0].u.tag = __WASI_EVENTTYPE_FD_READ;
    both[0].u.u.fd_read.file_descriptor = queue;
    both[1].u.tag = __WASI_EVENTTYPE_CLOCK;
    both[1].u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
    both[1].u.u.clock.timeout = (__wasi_timestamp_t)timeout * 1000000;
    int error = __wasi_poll_oneoff(both, events, timeout < 0 ? 1 : 2, &count);
    for (size_t i = 0; !error && i < count; i++)
        error = events[i].error;
    return error;
}

int epoll_wait(int queue, struct epoll_event *events, int room, int timeout) {
    if (room <= 0)
        return tc_result(EINVAL);
    size_t most = (size_t)(room < ROOM_MAX ? room : ROOM_MAX);
    int error = wait_for(queue, timeout);
    if (!error)
        error = tc_host_getsockopt(queue, TIMECRAFT_LEVEL, TIMECRAFT_QUEUE_READY_OPTION, events,
                                   most * sizeof *events);
    if (error)
        return tc_result(error == ENOTSOCK ? EINVAL : error);
    int count = 0;
    while ((size_t)count < most && events[count].events)
        count++;
    return count;
}

int epoll_pwait(int queue, struct epoll_event *events, int room, int timeout,
                const sigset_t *mask) {
    (void)mask;
    return epoll_wait(queue, events, room, timeout);
}
