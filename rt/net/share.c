/* Sockets that all workers have (service/service.h).
 *
 * Of sockets that are bound to an address, workers share one for each address: the supervisor keeps
 * it. A worker that binds sends its socket along: the supervisor binds that one, under the grants,
 * and keeps it, or has another worker's and answers with it, which then takes the place of the
 * worker's own. So it has the options that the guest had set before. Where the kernel is to choose
 * the port, a stream socket is shared when it listens (or its port is asked for): the first one
 * that a worker makes with the first one of the others, and so on. What a client binds without a
 * port stays its own.
 *
 * A request is TC_REQUEST_SOCKET, the address and a count in one message with the socket; the
 * answer is 0 or a negative errno value, and perhaps a socket. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "guest/report.h"
#include "net/internal.h"
#include "service/service.h"

/* More than any server listens on; a guest that binds for ever gets them for itself. */
#define SHARED_MOST 256

typedef struct request {
    char kind;         /* TC_REQUEST_SOCKET */
    uint32_t ordinal;  /* without a port: which one it is, from 1; 0: it is to be bound */
    tc_address wanted; /* what the guest has bound it to */
} request;

/* ---- messages ---- */

static ssize_t send_with(int control, const void *data, size_t size, int fd, int flags) {
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } extra = {0};
    struct iovec vector = {(void *)data, size};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = &extra;
        message.msg_controllen = sizeof extra.room;
        extra.head = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&extra.head), &fd, sizeof fd);
    }
    ssize_t sent;
    do
        sent = sendmsg(control, &message, flags | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

/* *fd: the one that came along, or -1. No other can: there is no room for more. */
static ssize_t receive_with(int control, void *data, size_t size, int *fd, int flags) {
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } extra;
    struct iovec vector = {data, size};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = &extra,
                             .msg_controllen = sizeof extra.room};
    ssize_t got;
    *fd = -1;
    do
        got = recvmsg(control, &message, flags | MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
        head->cmsg_len == CMSG_LEN(sizeof *fd))
        memcpy(fd, CMSG_DATA(head), sizeof *fd);
    /* One that found no room here is lost; without it the answer means something else. */
    return message.msg_flags & MSG_CTRUNC && *fd < 0 ? -EMFILE : got;
}

/* ---- the supervisor ---- */

typedef struct shared {
    int fd;
    ino_t path; /* of a path: what stands there */
    int domain, type;
    uint32_t ordinal;
    tc_address wanted;
} shared;

static shared kept[SHARED_MOST];
static size_t kept_count;

bool tc_share_kind(int fd, int *domain, int *type) {
    socklen_t length = sizeof *domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, domain, &length) < 0)
        return false;
    length = sizeof *type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, type, &length) == 0 &&
           (*domain == AF_INET || *domain == AF_INET6 || *domain == AF_UNIX) &&
           (*type == SOCK_STREAM || *type == SOCK_DGRAM);
}

static shared *find(int domain, int type, const request *asked) {
    for (size_t i = 0; i < kept_count; i++) {
        shared *one = &kept[i];
        if (one->domain == domain && one->type == type && one->ordinal == asked->ordinal &&
            one->wanted.length == asked->wanted.length &&
            memcmp(&one->wanted.storage, &asked->wanted.storage, asked->wanted.length) == 0)
            return one;
    }
    return NULL;
}

static ino_t path_of(int domain, const tc_address *address) {
    const struct sockaddr_un *un = (const struct sockaddr_un *)&address->storage;
    struct stat status;
    return domain == AF_UNIX && stat(un->sun_path, &status) == 0 ? status.st_ino : 0;
}

/* Whether the request is one: its address has a length, and a path an end. */
static bool is_sound(const request *asked, int domain) {
    const struct sockaddr_un *un = (const struct sockaddr_un *)&asked->wanted.storage;
    socklen_t length = asked->wanted.length;
    if (length < sizeof(sa_family_t) || length > sizeof asked->wanted.storage ||
        asked->wanted.storage.ss_family != domain)
        return false;
    return domain != AF_UNIX ||
           (length <= sizeof *un && length > offsetof(struct sockaddr_un, sun_path) &&
            memchr(un->sun_path, '\0', length - offsetof(struct sockaddr_un, sun_path)));
}

/* What has removed the path that it shares with others has taken it from them. With one worker
 * there are none, but its predecessor. */
static bool may_replace(shared *one) {
    if (tc_service_workers() == 1) {
        close(one->fd);
        *one = kept[--kept_count];
        return true;
    }
    tc_report_once("the path of a socket that all workers share was removed or replaced; a program "
                   "that removes it before it binds can have one worker only: let systemd pass the "
                   "socket, or leave the path alone");
    return false;
}

/* The answer's number; *found is a socket to answer with, or -1: the worker's is the one. */
static int answer_request(const request *asked, int fd, bool *keep, int *found) {
    int domain, type;
    if (!tc_share_kind(fd, &domain, &type) || !is_sound(asked, domain))
        return -EINVAL;
    shared *one = find(domain, type, asked);
    if (one && one->path == path_of(domain, &asked->wanted)) {
        *found = one->fd;
        return 0;
    }
    if (one && !may_replace(one))
        return -EADDRINUSE;
    int refused = asked->ordinal ? 0 : tc_grants_listen(&asked->wanted);
    if (refused)
        return refused;
    if (!asked->ordinal &&
        bind(fd, (const struct sockaddr *)&asked->wanted.storage, asked->wanted.length) < 0)
        return -errno;
    if (kept_count == SHARED_MOST)
        return 0;
    kept[kept_count++] =
        (shared){fd, path_of(domain, &asked->wanted), domain, type, asked->ordinal, asked->wanted};
    *keep = true;
    return 0;
}

void tc_share_answer(int control) {
    request asked = {0};
    int fd, found = -1;
    bool keep = false;
    ssize_t got = receive_with(control, &asked, sizeof asked, &fd, MSG_DONTWAIT);
    int32_t result = -EINVAL;
    if (got == (ssize_t)sizeof asked && fd >= 0)
        result = answer_request(&asked, fd, &keep, &found);
    /* One that does not read is not waited for, and one that cannot be answered does not wait. */
    if (got >= 0 && send_with(control, &result, sizeof result, found, MSG_DONTWAIT) < 0)
        shutdown(control, SHUT_RDWR);
    if (fd >= 0 && !keep)
        close(fd);
}

/* ---- a worker ---- */

/* Of a socket that is shared, or will be. */
struct tc_share {
    tc_address wanted;
    uint32_t ordinal; /* it will be shared when it listens; 0: it is */
    tc_share *next;   /* of this worker's */
};

static tc_share *shares;

static int ask(tc_socket *socket, const tc_address *wanted, uint32_t ordinal) {
    static request asked; /* no byte of it is undefined: the whole is sent */
    int32_t result = 0;
    int fd;
    memset(&asked, 0, sizeof asked);
    asked.kind = TC_REQUEST_SOCKET;
    asked.ordinal = ordinal;
    asked.wanted.length = wanted->length;
    memcpy(&asked.wanted.storage, &wanted->storage, wanted->length);
    ssize_t moved = send_with(tc_service_control(), &asked, sizeof asked, socket->fd, 0);
    if (moved >= 0)
        moved = receive_with(tc_service_control(), &result, sizeof result, &fd, 0);
    if (moved < 0)
        return (int)moved;
    if (moved != (ssize_t)sizeof result)
        return -EIO;
    if (fd >= 0) {
        tc_socket_end_vigil(socket);
        if (dup3(fd, socket->fd, O_CLOEXEC) < 0)
            result = -errno;
        close(fd);
        tc_queue_renewed(socket);
    }
    return result;
}

/* Whether this worker has a socket of the address already: then the kernel is asked, which knows
 * what that means. */
static bool holds(const tc_address *address) {
    for (const tc_share *one = shares; one; one = one->next)
        if (one->ordinal == 0 && one->wanted.length == address->length &&
            memcmp(&one->wanted.storage, &address->storage, address->length) == 0)
            return true;
    return false;
}

int tc_share_bind(tc_socket *socket, const tc_address *address) {
    static uint32_t without_port;
    bool chosen = tc_address_port(address) != 0;
    if (tc_service_control() < 0 || socket->share || socket->queue ||
        socket->state != TC_SOCKET_FRESH || address->storage.ss_family != socket->family ||
        (chosen ? holds(address) : socket->type != SOCK_STREAM))
        return 1;
    tc_share *share = calloc(1, sizeof *share);
    if (!share)
        return -ENOMEM;
    share->wanted = *address;
    share->ordinal = chosen ? 0 : ++without_port;
    int error = chosen ? ask(socket, address, 0) : 0;
    if (error) {
        free(share);
        return error;
    }
    share->next = shares;
    socket->share = shares = share;
    return chosen ? 0 : 1;
}

int tc_share_listen(tc_socket *socket) {
    tc_share *share = socket->share;
    if (!share || !share->ordinal)
        return 0;
    int error = ask(socket, &share->wanted, share->ordinal);
    if (!error)
        share->ordinal = 0;
    return error;
}

bool tc_share_is(const tc_socket *socket) {
    return socket->share && socket->share->ordinal == 0;
}

static int socket_of_its_own(const tc_socket *other, const tc_address *wanted) {
    int fd = socket(other->family, other->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&wanted->storage, wanted->length) == 0)
        return fd;
    int error = -errno;
    if (fd >= 0)
        close(fd);
    return error;
}

/* A client that has asked for its port before it connects shares it no longer. */
int tc_share_leave(tc_socket *socket) {
    const tc_address *wanted = socket->share ? &socket->share->wanted : NULL;
    if (!tc_share_is(socket) || tc_address_port(wanted) != 0)
        return 0;
    int fd = socket_of_its_own(socket, wanted);
    if (fd < 0)
        return fd;
    tc_socket_end_vigil(socket);
    int moved = dup3(fd, socket->fd, O_CLOEXEC) < 0 ? -errno : 0;
    close(fd);
    tc_queue_renewed(socket);
    tc_share_forget(socket);
    return moved;
}

void tc_share_forget(tc_socket *socket) {
    for (tc_share **at = &shares; socket->share && *at; at = &(*at)->next) {
        if (*at != socket->share)
            continue;
        *at = socket->share->next;
        break;
    }
    free(socket->share);
    socket->share = NULL;
}

/* ---- the start ---- */

/* Here, and not in a file of its own: this one is in every program that has net/, and what refers
 * to the function, from wasi/, does so weakly and brings nothing. */
void tc_net_serve(tc_options *options, void (*end)(int signal)) {
    tc_net_init(options);
    tc_service_start(options, tc_share_answer, end);
}
