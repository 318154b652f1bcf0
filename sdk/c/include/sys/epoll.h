/* <sys/epoll.h> for guests of Timecraft, which wasi-libc does not have: Linux' readiness queues
 * (epoll(7)) over those of timecraft/options.h. Differences: only sockets can be in one (EPERM),
 * each in one at a time (EBUSY), and EPOLLEXCLUSIVE and EPOLLWAKEUP change nothing. */
#ifndef TIMECRAFT_SYS_EPOLL_H
#define TIMECRAFT_SYS_EPOLL_H

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EPOLL_CLOEXEC 02000000 /* a guest has no exec: changes nothing */

enum EPOLL_EVENTS {
    EPOLLIN = 0x001,
    EPOLLPRI = 0x002,
    EPOLLOUT = 0x004,
    EPOLLERR = 0x008,
    EPOLLHUP = 0x010,
    EPOLLRDNORM = 0x040,
    EPOLLRDBAND = 0x080,
    EPOLLWRNORM = 0x100,
    EPOLLWRBAND = 0x200,
    EPOLLMSG = 0x400,
    EPOLLRDHUP = 0x2000
};
#define EPOLLEXCLUSIVE (1u << 28)
#define EPOLLWAKEUP    (1u << 29)
#define EPOLLONESHOT   (1u << 30)
#define EPOLLET        (1u << 31)

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3

typedef union epoll_data {
    void *ptr;
    int fd;
    uint32_t u32;
    uint64_t u64;
} epoll_data_t;

struct epoll_event {
    uint32_t events;
    epoll_data_t data;
};

int epoll_create(int size);
int epoll_create1(int flags);
int epoll_ctl(int queue, int how, int fd, struct epoll_event *event);
/* At most 1,024 events at a time. */
int epoll_wait(int queue, struct epoll_event *events, int room, int timeout);
/* A guest gets no signals: the mask has no meaning. */
int epoll_pwait(int queue, struct epoll_event *events, int room, int timeout, const sigset_t *mask);

#ifdef __cplusplus
}
#endif

#endif
