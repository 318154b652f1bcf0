/* systemd's side of a service, as sd_listen_fds(3), sd_notify(3) and sd_watchdog_enabled(3) have
 * it, without their library: environment variables, numbers of descriptors, datagrams.
 *
 * LISTEN_FDS sockets stand from number 3 on, if LISTEN_PID is this process (another's are not
 * ours). They become the guest's first descriptors after its standard streams, in their order: what
 * was passed was granted, --allow-listen is for addresses that the guest chooses itself.
 * LISTEN_FDNAMES and the other variables are for the guest only if they are granted as any other
 * variable is (--env LISTEN_FDNAMES).
 *
 * NOTIFY_SOCKET is told READY=1 when the guest first listens, or accepts from or polls what was
 * passed; STOPPING=1 when it begins to drain; WATCHDOG=1 twice in WATCHDOG_USEC as long as the
 * guest makes progress: it waits for something or has waited since the last time. One that computes
 * for all that time falls silent, and systemd ends it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "confine/confine.h"
#include "guest/report.h"
#include "service/internal.h"

enum { FIRST = 3 /* SD_LISTEN_FDS_START */, PASSED_MOST = 1024 };

static int notify_fd = -1;
static int passed_next = FIRST, passed_end = FIRST;
static bool nonblocking[PASSED_MOST]; /* as they came (NonBlocking= of the unit) */
static uint64_t watchdog;             /* nanoseconds */

/* A decimal number of the environment, in full; false: there is none. */
static bool get_number(const char *name, unsigned long long most, unsigned long long *number) {
    const char *text = getenv(name);
    char *end;
    if (!text || *text < '0' || *text > '9')
        return false;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' && *number <= most;
}

static bool is_for_us(const char *name, bool needed) {
    unsigned long long process;
    if (!needed && !getenv(name))
        return true;
    return get_number(name, INT_MAX, &process) && process == (unsigned long long)getpid();
}

static void take_sockets(void) {
    unsigned long long count;
    struct stat status;
    if (!is_for_us("LISTEN_PID", true) || !get_number("LISTEN_FDS", PASSED_MOST, &count))
        return;
    for (int fd = FIRST; fd < FIRST + (int)count; fd++) {
        if (fstat(fd, &status) < 0 || !S_ISSOCK(status.st_mode)) {
            tc_report("LISTEN_FDS=%llu: descriptor %d is not a socket; only sockets can be passed "
                      "to this program (ListenStream=, ListenDatagram=)",
                      count, fd);
            exit(1);
        }
        tc_confine_keep(fd);
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        int flags = fcntl(fd, F_GETFL);
        nonblocking[fd - FIRST] = flags & O_NONBLOCK;
        fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    }
    passed_end = FIRST + (int)count;
}

/* "/run/systemd/notify", or "@name" for an abstract one. */
static void connect_to_manager(void) {
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (!path || !*path)
        return;
    size_t length = strlen(path);
    if ((*path != '/' && *path != '@') || length < 2 || length >= sizeof to.sun_path) {
        tc_report("NOTIFY_SOCKET=%s is no absolute path and no abstract name (@…): nobody is "
                  "notified",
                  path);
        return;
    }
    memcpy(to.sun_path, path, length);
    if (*path == '@')
        to.sun_path[0] = '\0';
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (notify_fd >= 0 && connect(notify_fd, (struct sockaddr *)&to, size) == 0)
        return;
    tc_report("NOTIFY_SOCKET=%s: %s; nobody is notified", path, strerror(errno));
    tc_systemd_leave();
}

void tc_systemd_start(void) {
    unsigned long long microseconds;
    take_sockets();
    connect_to_manager();
    if (notify_fd >= 0 && is_for_us("WATCHDOG_PID", false) &&
        get_number("WATCHDOG_USEC", UINT64_MAX / 2000, &microseconds))
        watchdog = microseconds * 1000;
}

void tc_systemd_notify(const char *state) {
    ssize_t sent;
    if (notify_fd < 0)
        return;
    do
        sent = send(notify_fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        tc_report_once("the service manager could not be told \"%s\": %s", state, strerror(errno));
}

uint64_t tc_systemd_watchdog(void) {
    return watchdog;
}

void tc_systemd_leave(void) {
    if (notify_fd >= 0)
        close(notify_fd);
    notify_fd = -1;
}

int tc_service_take_passed(bool *was_nonblocking) {
    if (passed_next == passed_end)
        return -1;
    *was_nonblocking = nonblocking[passed_next - FIRST];
    return passed_next++;
}

size_t tc_service_descriptors(int *fds, size_t room) {
    size_t count = 0;
    if (notify_fd >= 0 && count < room)
        fds[count++] = notify_fd;
    if (tc_service_control() >= 0 && count < room)
        fds[count++] = tc_service_control();
    for (int fd = passed_next; fd < passed_end && count < room; fd++)
        fds[count++] = fd;
    return count;
}
