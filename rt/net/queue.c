/* Readiness queues: which of the sockets in one are ready, at a cost that grows with those that
 * have had an event, and not with how many there are.
 *
 * A queue has an epoll(7) instance of the kernel, in the place of its socket's descriptor, so that
 * no call for sockets works on it. There stand the sockets whose readiness the kernel knows. That
 * of a TLS socket it does not know: bytes may have been received and not decrypted, or decrypted
 * and not read. Such a socket becomes a candidate when its stream has had an event (where the
 * engine does not tell, the kernel does, once an event), and stays one for as long as it is asked
 * and found ready. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "net/internal.h"
#include "timecraft/options.h"

_Static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR &&
                   EPOLLHUP == POLLHUP,
               "one set of bits");

#define EVENTS_TOLD (EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP | EPOLLPRI)
#define EVENTS_ONCE (EPOLLET | EPOLLONESHOT) /* what the kernel tells once */
#define EVENTS_MAX  64                       /* taken of the kernel at a time */

struct tc_watch {
    tc_socket *queue, *socket;
    uint64_t data;
    uint32_t events; /* as the guest gave them; 0 in EVENTS_TOLD: disabled by EPOLLONESHOT */
    uint32_t found;  /* by the kernel, when it was asked last */
    bool in_kernel;
    bool candidate;
    bool noticed;                             /* something has come since it was looked at */
    tc_watch *next, **previous;               /* of the queue's candidates */
    tc_watch *next_of_all, **previous_of_all; /* of all its sockets */
};

struct tc_queue {
    tc_watch *all;
    tc_watch *first, **last; /* candidates */
    unsigned in_kernel;
    bool fresh; /* the kernel has been asked, and the guest has not yet */
};

static void set_candidate(tc_watch *one, bool candidate) {
    tc_queue *queue = one->queue->queue;
    if (one->candidate == candidate)
        return;
    one->candidate = candidate;
    if (candidate) {
        one->next = NULL;
        one->previous = queue->last;
        *queue->last = one;
        queue->last = &one->next;
        return;
    }
    *one->previous = one->next;
    if (one->next)
        one->next->previous = one->previous;
    else
        queue->last = one->previous;
}

static void on_event(void *context) {
    tc_watch *one = context;
    one->noticed = true;
    set_candidate(one, true);
}

/* ---- where a socket's readiness is known ---- */

static int leave_kernel(tc_watch *one) {
    if (one->in_kernel) {
        one->queue->queue->in_kernel--;
        epoll_ctl(one->queue->fd, EPOLL_CTL_DEL, one->socket->fd, NULL);
    }
    one->in_kernel = false;
    return 0;
}

static int enter_kernel(tc_watch *one, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = one};
    int how = one->in_kernel ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(one->queue->fd, how, one->socket->fd, &event) < 0)
        return -errno;
    if (!one->in_kernel)
        one->queue->queue->in_kernel++;
    one->in_kernel = true;
    return 0;
}

static int attach(tc_watch *one) {
    set_candidate(one, false);
    one->queue->queue->fresh = false;
    if (!one->socket->tls)
        return enter_kernel(one, one->events);
    on_event(one);
    if (tc_tls_notice(one->socket->tls, on_event, one))
        return leave_kernel(one);
    /* Edges: bytes that come, and room that comes, whatever was done about those before. */
    return enter_kernel(one, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

static void detach(tc_watch *one) {
    tc_queue *queue = one->queue->queue;
    leave_kernel(one);
    if (one->socket->tls)
        tc_tls_notice(one->socket->tls, NULL, NULL);
    set_candidate(one, false);
    *one->previous_of_all = one->next_of_all;
    if (one->next_of_all)
        one->next_of_all->previous_of_all = one->previous_of_all;
    one->socket->watch = NULL;
    queue->fresh = false;
    free(one);
}

void tc_queue_tls_started(tc_socket *socket) {
    tc_watch *one = socket->watch;
    if (!one || !socket->tls)
        return;
    leave_kernel(one);
    attach(one);
}

void tc_queue_renewed(tc_socket *socket) {
    tc_watch *one = socket->watch;
    if (!one)
        return;
    if (one->in_kernel) /* as the kernel has forgotten it */
        one->queue->queue->in_kernel--;
    one->in_kernel = false;
    attach(one);
}

void tc_queue_forget(tc_socket *socket) {
    if (socket->watch)
        detach(socket->watch);
    while (socket->queue && socket->queue->all)
        detach(socket->queue->all);
    free(socket->queue);
    socket->queue = NULL;
}

/* ---- what the guest sets ---- */

int tc_queue_make(tc_socket *socket) {
    if (socket->queue || socket->watch || socket->tls || socket->state != TC_SOCKET_FRESH)
        return -EINVAL;
    tc_queue *queue = calloc(1, sizeof *queue);
    int fd = queue ? epoll_create1(EPOLL_CLOEXEC) : -1;
    if (fd < 0) {
        int error = queue ? -errno : -ENOMEM;
        free(queue);
        return error;
    }
    queue->last = &queue->first;
    close(socket->fd);
    socket->fd = fd;
    socket->queue = queue;
    return 0;
}

static int add(tc_socket *queue, tc_socket *socket, uint32_t events, uint64_t data) {
    if (socket->watch)
        return -EBUSY;
    tc_watch *one = calloc(1, sizeof *one);
    if (!one)
        return -ENOMEM;
    *one = (tc_watch){.queue = queue, .socket = socket, .events = events, .data = data};
    one->next_of_all = queue->queue->all;
    one->previous_of_all = &queue->queue->all;
    if (one->next_of_all)
        one->next_of_all->previous_of_all = &one->next_of_all;
    queue->queue->all = socket->watch = one;
    int error = attach(one);
    if (error)
        detach(one);
    else if (socket->state == TC_SOCKET_CONNECTED)
        socket->used = true;
    return error;
}

int tc_socket_watch(tc_socket *queue, tc_socket *socket, uint32_t how, uint32_t events,
                    uint64_t data) {
    if (!queue->queue || socket->queue)
        return -EINVAL;
    tc_watch *one = socket->watch;
    bool known = one && one->queue == queue;
    events &= EVENTS_TOLD | EVENTS_ONCE;
    switch (how) {
    case TIMECRAFT_QUEUE_ADD:
        return known ? -EEXIST : add(queue, socket, events, data);
    case TIMECRAFT_QUEUE_CHANGE:
        if (!known)
            return -ENOENT;
        one->events = events;
        one->data = data;
        return attach(one);
    case TIMECRAFT_QUEUE_REMOVE:
        if (!known)
            return -ENOENT;
        detach(one);
        return 0;
    default:
        return -EINVAL;
    }
}

/* ---- what is ready ---- */

/* Forgets what the kernel has told of its sockets and tells again. */
static void forget_told(tc_queue *queue) {
    for (tc_watch *one = queue->first, *next; one; one = next) {
        next = one->next;
        if (!one->socket->tls && !(one->events & EVENTS_ONCE))
            set_candidate(one, false);
    }
    queue->fresh = false;
}

static void ask_kernel(tc_socket *socket) {
    tc_queue *queue = socket->queue;
    struct epoll_event events[EVENTS_MAX];
    forget_told(queue);
    int count = queue->in_kernel ? epoll_wait(socket->fd, events, EVENTS_MAX, 0) : 0;
    for (int i = 0; i < count; i++) {
        tc_watch *one = events[i].data.ptr;
        if (tc_socket_is_shut(one->socket)) {
            leave_kernel(one);
            continue;
        }
        one->found = events[i].events;
        on_event(one);
        if (one->socket->tls)
            tc_tls_flush(one->socket->tls);
        else if (one->socket->state == TC_SOCKET_CONNECTING)
            tc_socket_settle(one->socket);
    }
    queue->fresh = true;
}

/* What the guest is to hear of a candidate; one that has nothing to tell is none any longer. */
static uint32_t events_of(tc_watch *one) {
    uint32_t ready = one->found;
    if (one->socket->tls) {
        bool look = one->noticed || tc_tls_may_have_more(one->socket->tls);
        one->noticed = false;
        ready = (uint32_t)tc_tls_ready(one->socket->tls,
                                       (short)(one->events & (EPOLLIN | EPOLLOUT)), look);
        if (!ready && tc_tls_status(one->socket->tls) == -EINPROGRESS)
            return 0; /* its time limit is no event of the stream */
    }
    if (!ready)
        set_candidate(one, false);
    return ready;
}

static bool has_ready(tc_socket *socket) {
    bool any = false;
    for (tc_watch *one = socket->queue->first, *next; one && !any; one = next) {
        next = one->next;
        any = events_of(one) != 0;
    }
    return any;
}

short tc_queue_poll(tc_socket *socket, tc_io_interest *interest) {
    *interest =
        (tc_io_interest){.fd = socket->queue->in_kernel ? socket->fd : -1, .events = POLLIN};
    forget_told(socket->queue);
    return has_ready(socket) ? POLLIN : 0;
}

short tc_queue_polled(tc_socket *socket, const tc_io_interest *interest) {
    if (interest->revents)
        ask_kernel(socket);
    bool any = has_ready(socket);
    /* With nothing ready in it, the kernel need not be asked for what the guest is to hear now. */
    socket->queue->fresh |= any && interest->fd >= 0;
    return any ? POLLIN : 0;
}

/* Whoever was told stands behind those who were not. */
static void was_told(tc_watch *one) {
    set_candidate(one, false);
    if (one->socket->tls && one->events & EPOLLONESHOT)
        one->events &= ~(uint32_t)EVENTS_TOLD;
    else if (one->socket->tls && !(one->events & EPOLLET))
        set_candidate(one, true);
}

int tc_queue_ready(tc_socket *socket, void *value, uint32_t *length) {
    typedef struct guest_ready {
        uint32_t events;
        uint32_t unused;
        uint64_t data;
    } guest_ready;
    tc_queue *queue = socket->queue;
    if (!queue || *length < sizeof(guest_ready))
        return -EINVAL;
    if (!queue->fresh)
        ask_kernel(socket);
    uint32_t stored = 0;
    const tc_watch *last = NULL; /* the first that was told, and now stands behind the others */
    for (tc_watch *one = queue->first, *next; one && one != last; one = next) {
        next = one->next;
        guest_ready ready = {.events = events_of(one), .data = one->data};
        if (!ready.events)
            continue;
        if (*length - stored < sizeof ready)
            break;
        memcpy((char *)value + stored, &ready, sizeof ready);
        stored += sizeof ready;
        was_told(one);
        if (!last && one->candidate)
            last = one;
    }
    queue->fresh = false;
    *length = stored;
    return 0;
}
