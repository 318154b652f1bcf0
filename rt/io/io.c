/* The engine's choice, and what begins with it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/report.h"
#include "io/engine.h"

static const tc_engine *choose_engine(void) {
    const char *wanted = getenv("TIMECRAFT_IO");
    if (wanted && strcmp(wanted, "syscall") == 0)
        return tc_engine_syscall();
    if (wanted && *wanted && strcmp(wanted, "uring") != 0)
        tc_report("TIMECRAFT_IO=%s is not an I/O engine; known are uring and "
                  "syscall, choosing one",
                  wanted);
    const tc_engine *uring = tc_engine_uring();
    if (uring)
        return uring;
    if (wanted && strcmp(wanted, "uring") == 0)
        tc_report("TIMECRAFT_IO=uring: this kernel or container does not allow "
                  "io_uring as needed "
                  "(Linux 6.1 or newer); using system calls");
    return tc_engine_syscall();
}

/* Made, and not in use yet: wait.c does without as long as it can. */
static const tc_engine *prepared;

const tc_engine *tc_engine_get(void) {
    if (!tc_engine_chosen)
        tc_engine_chosen = prepared ? prepared : choose_engine();
    return tc_engine_chosen;
}

void tc_io_prepare(bool network) {
    prepared = network ? choose_engine() : tc_engine_syscall();
}

const char *tc_io_engine_name(void) {
    return tc_engine_get()->name;
}

/* Which is lost if the process is left with it in hand; of a stream there is no end. */
static bool is_datagram(int fd) {
    int type = 0;
    socklen_t length = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_DGRAM;
}

ssize_t tc_io_recvmsg(int fd, struct msghdr *message, int flags, uint64_t deadline) {
    ssize_t got;
    if (deadline != 0) {
        do { /* again when what was there to receive turned out to be nothing */
            got = tc_engine_get()->recvmsg(fd, message, flags, deadline);
            if (got < 0 || !tc_io_leaving || !is_datagram(fd))
                tc_engine_waited();
        } while (got == -EAGAIN && (deadline == TC_NEVER || tc_io_now() < deadline));
        return got;
    }
    do
        got = tc_engine_receive(fd, message, flags);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

ssize_t tc_io_sendmsg(int fd, const struct msghdr *message, int flags, uint64_t deadline) {
    flags |= MSG_DONTWAIT | MSG_NOSIGNAL;
    for (;;) {
        ssize_t sent = tc_engine_send(fd, message, flags);
        if (sent >= 0)
            return sent;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN || deadline == 0)
            return -errno;
        tc_io_interest writable = {.fd = fd, .events = POLLOUT};
        int ready = tc_io_wait(&writable, 1, deadline);
        if (ready < 0)
            return ready;
        if (ready == 0 && deadline != TC_NEVER && tc_io_now() >= deadline)
            return -EAGAIN;
    }
}

tc_stream *tc_stream_open(int fd) {
    tc_stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return NULL;
    stream->fd = fd;
    tc_engine_get()->stream_open(stream);
    return stream;
}
