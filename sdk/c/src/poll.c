/* poll and select over poll_oneoff. wasi-libc has them too, but refuses a descriptor without events
 * and keeps all subscriptions on the stack, which a thousand sockets overflow. */
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/select.h>
#include <time.h>

#include "host.h"

#define ON_STACK   16 /* subscriptions that need no allocation */
#define READ_BITS  (POLLRDNORM | POLLRDBAND | POLLPRI)
#define WRITE_BITS (POLLWRNORM | POLLWRBAND)

/* What poll_oneoff is given, and what it answers. */
typedef struct poll_set {
    __wasi_subscription_t *subscriptions;
    __wasi_event_t *events;
    size_t count;
} poll_set;

static void subscribe(poll_set *set, __wasi_eventtype_t type, int fd, size_t index) {
    __wasi_subscription_t *new = &set->subscriptions[set->count++];
    *new = (__wasi_subscription_t){.userdata = index};
    new->u.tag = type;
    new->u.u.fd_read.file_descriptor = fd; /* fd_write has the same layout */
}

static void subscribe_clock(poll_set *set, __wasi_timestamp_t nanoseconds) {
    __wasi_subscription_t *new = &set->subscriptions[set->count++];
    *new = (__wasi_subscription_t){0};
    new->u.tag = __WASI_EVENTTYPE_CLOCK;
    new->u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
    new->u.u.clock.timeout = nanoseconds;
}

static void subscribe_all(poll_set *set, const struct pollfd *fds, size_t count,
                          __wasi_timestamp_t timeout) {
    for (size_t i = 0; i < count; i++) {
        if (fds[i].fd < 0)
            continue;
        if (fds[i].events & READ_BITS)
            subscribe(set, __WASI_EVENTTYPE_FD_READ, fds[i].fd, i);
        if (fds[i].events & WRITE_BITS)
            subscribe(set, __WASI_EVENTTYPE_FD_WRITE, fds[i].fd, i);
    }
    if (timeout != UINT64_MAX)
        subscribe_clock(set, timeout);
    else if (set->count == 0)
        subscribe_clock(set, INT64_MAX); /* nothing to wait for, for ever */
}

static short event_bits(const __wasi_event_t *event) {
    if (event->error == EBADF)
        return POLLNVAL;
    if (event->error == EPIPE)
        return POLLHUP;
    if (event->error)
        return POLLERR;
    unsigned flags = event->fd_readwrite.flags;
    short bits = event->type == __WASI_EVENTTYPE_FD_READ ? POLLRDNORM : POLLWRNORM;
    if (flags & TC_HOST_EVENT_NOT_READY)
        bits = 0;
    if (flags & TC_HOST_EVENT_ERROR)
        bits |= POLLERR;
    if (flags & __WASI_EVENTRWFLAGS_FD_READWRITE_HANGUP)
        bits |= POLLHUP;
    return bits;
}

/* Waits once and sets revents. Returns how many are not 0, or -1. */
static int wait_for(poll_set *set, struct pollfd *fds, size_t count) {
    size_t event_count = 0;
    int error = __wasi_poll_oneoff(set->subscriptions, set->events, set->count, &event_count);
    if (error)
        return tc_result(error);
    for (size_t i = 0; i < count; i++)
        fds[i].revents = 0;
    int ready = 0;
    for (size_t i = 0; i < event_count; i++) {
        const __wasi_event_t *event = &set->events[i];
        if (event->type == __WASI_EVENTTYPE_CLOCK)
            continue;
        struct pollfd *fd = &fds[event->userdata];
        ready += fd->revents == 0;
        fd->revents |= event_bits(event);
    }
    return ready;
}

/* timeout: nanoseconds, UINT64_MAX for ever. */
static int poll_for(struct pollfd *fds, size_t count, __wasi_timestamp_t timeout) {
    __wasi_subscription_t few_subscriptions[ON_STACK];
    __wasi_event_t few_events[ON_STACK];
    poll_set set = {few_subscriptions, few_events, 0};
    size_t most = 2 * count + 1; /* to read, to write, the clock */
    void *allocated = NULL;
    if (count > (SIZE_MAX / sizeof(__wasi_subscription_t) - 1) / 4)
        return tc_result(EINVAL);
    if (most > ON_STACK) {
        allocated = malloc(most * (sizeof *set.subscriptions + sizeof *set.events));
        if (!allocated)
            return tc_result(ENOMEM);
        set.subscriptions = allocated;
        set.events = (__wasi_event_t *)(set.subscriptions + most);
    }
    subscribe_all(&set, fds, count, timeout);
    int ready = wait_for(&set, fds, count);
    free(allocated);
    return ready;
}

int poll(struct pollfd *fds, nfds_t count, int timeout) {
    return poll_for(fds, count, timeout < 0 ? UINT64_MAX : (__wasi_timestamp_t)timeout * 1000000);
}

/* wasi-libc's fd_set is a list of descriptors. Adds those below `limit` to `fds`. */
static size_t add_set(const fd_set *set, int limit, short events, struct pollfd *fds) {
    size_t count = 0;
    for (size_t i = 0; set && i < set->__nfds; i++) {
        if (set->__fds[i] < limit)
            fds[count++] = (struct pollfd){.fd = set->__fds[i], .events = events};
    }
    return count;
}

static int keep_ready(fd_set *set, const struct pollfd *fds, size_t count) {
    if (!set)
        return 0;
    FD_ZERO(set);
    for (size_t i = 0; i < count; i++) {
        if (fds[i].revents)
            FD_SET(fds[i].fd, set);
    }
    return (int)set->__nfds;
}

static int select_for(int limit, fd_set *read_set, fd_set *write_set, fd_set *except_set,
                      __wasi_timestamp_t timeout) {
    if (limit < 0)
        return tc_result(EINVAL);
    size_t most = (read_set ? read_set->__nfds : 0) + (write_set ? write_set->__nfds : 0);
    struct pollfd *fds = malloc((most + 1) * sizeof *fds);
    if (!fds)
        return tc_result(ENOMEM);
    size_t readers = add_set(read_set, limit, POLLIN, fds);
    size_t writers = add_set(write_set, limit, POLLOUT, fds + readers);
    int ready = poll_for(fds, readers + writers, timeout);
    for (size_t i = 0; ready > 0 && i < readers + writers; i++) {
        if (fds[i].revents & POLLNVAL)
            ready = tc_result(EBADF);
    }
    if (ready >= 0) {
        ready = keep_ready(read_set, fds, readers) + keep_ready(write_set, fds + readers, writers);
        if (except_set)
            FD_ZERO(except_set); /* the host knows no exceptional conditions */
    }
    free(fds);
    return ready;
}

int select(int limit, fd_set *restrict read_set, fd_set *restrict write_set,
           fd_set *restrict except_set, struct timeval *restrict timeout) {
    if (!timeout)
        return select_for(limit, read_set, write_set, except_set, UINT64_MAX);
    if (timeout->tv_sec < 0 || timeout->tv_usec < 0 || timeout->tv_usec >= 1000000 ||
        timeout->tv_sec > INT32_MAX)
        return tc_result(EINVAL);
    return select_for(limit, read_set, write_set, except_set,
                      (uint64_t)timeout->tv_sec * 1000000000 + (uint64_t)timeout->tv_usec * 1000);
}

/* The signal mask has no meaning: a guest gets no signals. */
int pselect(int limit, fd_set *restrict read_set, fd_set *restrict write_set,
            fd_set *restrict except_set, const struct timespec *restrict timeout,
            const sigset_t *restrict mask) {
    (void)mask;
    if (!timeout)
        return select_for(limit, read_set, write_set, except_set, UINT64_MAX);
    if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= 1000000000 ||
        timeout->tv_sec > INT32_MAX)
        return tc_result(EINVAL);
    return select_for(limit, read_set, write_set, except_set,
                      (uint64_t)timeout->tv_sec * 1000000000 + (uint64_t)timeout->tv_nsec);
}
