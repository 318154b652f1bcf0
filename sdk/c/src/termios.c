/* <termios.h>: EBADF, or ENOTTY of whatever there is. */
#include <termios.h>

#include "host.h"

static int refuse(int fd) {
    __wasi_fdstat_t status;
    return tc_result(__wasi_fd_fdstat_get(fd, &status) ? EBADF : ENOTTY);
}

int tcgetattr(int fd, struct termios *attributes) {
    (void)attributes;
    return refuse(fd);
}

int tcsetattr(int fd, int when, const struct termios *attributes) {
    (void)when;
    (void)attributes;
    return refuse(fd);
}

int tcflush(int fd, int queue) {
    (void)queue;
    return refuse(fd);
}
