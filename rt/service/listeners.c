/* What the guest listens on, and how many connections it has: what a drain goes by.
 *
 * The kernel keeps new connections from a TCP listener by a filter that drops their SYN: what it
 * had accepted stays in its queue, unlike after shutdown(2) or close(2). Once that is empty, and a
 * client whose handshake was under way has come, the listener is shut down, so that clients are
 * refused at once. One whose SYN came in between tries again by itself. Datagrams that come from
 * then on are dropped by a filter too; those that have come are the guest's. */
#include <linux/filter.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "service/internal.h"

typedef struct listener {
    int fd;
    tc_listener kind;
    bool is_unix, is_datagram;
    bool emptied; /* it can have nothing new, and had nothing left */
} listener;

atomic_int tc_service_draining;

static struct {
    pthread_mutex_t lock; /* of the listeners */
    listener *listeners;
    size_t count, capacity;
} sockets = {.lock = PTHREAD_MUTEX_INITIALIZER};

static atomic_int connections;

static listener *find(int fd) {
    for (size_t i = 0; i < sockets.count; i++)
        if (sockets.listeners[i].fd == fd)
            return &sockets.listeners[i];
    return NULL;
}

static bool has(int fd, int option, int wanted) {
    int value = -1;
    socklen_t length = sizeof value;
    return getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 && value == wanted;
}

/* Whether nobody else will take what is queued. */
static bool is_ours(const listener *one) {
    return one->kind == TC_LISTENER_OWN ||
           (one->kind == TC_LISTENER_SHARED && tc_service_draining == TC_DRAIN_ALL);
}

static void refuse_new(const listener *one) {
    /* Byte 13 of a segment's header has its flags (RFC 9293, 3.1). */
    static struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x02 /* SYN */, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    static struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    const struct sock_fprog filter = {sizeof code / sizeof *code, code}, all = {1, nothing};
    if (!is_ours(one))
        return;
    if (one->is_datagram)
        setsockopt(one->fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof all);
    else if (one->is_unix)
        shutdown(one->fd, SHUT_RD); /* connect(2) is refused; what is queued stays */
    else
        setsockopt(one->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

void tc_service_listens(int fd, tc_listener kind) {
    pthread_mutex_lock(&sockets.lock);
    listener *one = find(fd);
    if (!one && sockets.count == sockets.capacity) {
        size_t capacity = 2 * sockets.capacity + 8;
        listener *grown = realloc(sockets.listeners, capacity * sizeof *grown);
        if (grown) {
            sockets.listeners = grown;
            sockets.capacity = capacity;
        }
    }
    if (!one && sockets.count < sockets.capacity)
        one = &sockets.listeners[sockets.count++];
    if (one) {
        *one = (listener){.fd = fd,
                          .kind = kind,
                          .is_unix = has(fd, SO_DOMAIN, AF_UNIX),
                          .is_datagram = has(fd, SO_TYPE, SOCK_DGRAM)};
        if (tc_service_draining)
            refuse_new(one);
    }
    pthread_mutex_unlock(&sockets.lock);
}

void tc_service_is_ready(void) {
    static bool told;
    if (!told)
        tc_worker_note(tc_listeners_connections());
    if (!told && !tc_worker_tell(TC_REQUEST_LISTENS))
        tc_systemd_notify("READY=1");
    told = true;
}

void tc_service_closes(int fd) {
    pthread_mutex_lock(&sockets.lock);
    listener *one = find(fd);
    if (one)
        *one = sockets.listeners[--sockets.count];
    pthread_mutex_unlock(&sockets.lock);
}

void tc_service_connections(int change) {
    tc_worker_note(atomic_fetch_add_explicit(&connections, change, memory_order_relaxed) + change);
}

bool tc_service_is_shut(int fd) {
    pthread_mutex_lock(&sockets.lock);
    const listener *one = tc_service_draining ? find(fd) : NULL;
    bool shut = one && (!is_ours(one) || one->emptied);
    pthread_mutex_unlock(&sockets.lock);
    return shut;
}

void tc_service_emptied(int fd) {
    pthread_mutex_lock(&sockets.lock);
    listener *one = tc_service_draining ? find(fd) : NULL;
    if (one && one->is_unix && !one->is_datagram && is_ours(one))
        one->emptied = true;
    pthread_mutex_unlock(&sockets.lock);
}

bool tc_listeners_settle(void) {
    bool all = true;
    pthread_mutex_lock(&sockets.lock);
    for (size_t i = 0; i < sockets.count; i++) {
        listener *one = &sockets.listeners[i];
        struct pollfd polled = {.fd = one->fd, .events = POLLIN};
        if (!is_ours(one) || one->emptied)
            continue;
        if (one->is_datagram) { /* the guest has the last one since a moment: it is not left yet */
            one->emptied = poll(&polled, 1, 0) == 0 || !(polled.revents & POLLIN);
            all = false;
            continue;
        }
        /* POLLHUP: another worker has shut it down. (Of a path's listener the guest tells.) */
        one->emptied = poll(&polled, 1, 0) == 0 || polled.revents & POLLHUP;
        if (one->emptied)
            shutdown(one->fd, SHUT_RD);
        else
            all = false;
    }
    pthread_mutex_unlock(&sockets.lock);
    return all;
}

void tc_listeners_refuse_new(void) {
    pthread_mutex_lock(&sockets.lock);
    for (size_t i = 0; i < sockets.count; i++)
        refuse_new(&sockets.listeners[i]);
    pthread_mutex_unlock(&sockets.lock);
}

bool tc_listeners_any(void) {
    pthread_mutex_lock(&sockets.lock);
    bool any = sockets.count > 0;
    pthread_mutex_unlock(&sockets.lock);
    return any;
}

int tc_listeners_connections(void) {
    return atomic_load_explicit(&connections, memory_order_relaxed);
}
