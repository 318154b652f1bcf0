// run: --allow-net=127.0.0.1 --allow-listen=127.0.0.1
/* select and pselect over sockets. */
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>

#include "check.h"

int main(void) {
    int fds[2];
    connected_pair(fds);
    int limit = (fds[0] > fds[1] ? fds[0] : fds[1]) + 1;
    fd_set readers, writers, others;
    FD_ZERO(&readers);
    FD_ZERO(&writers);
    FD_ZERO(&others);
    FD_SET(fds[0], &readers);
    FD_SET(fds[0], &others);
    struct timeval timeout = {0, 50000};
    CHECK(select(limit, &readers, NULL, &others, &timeout) == 0);
    CHECK(!FD_ISSET(fds[0], &readers) && !FD_ISSET(fds[0], &others));

    CHECK(send(fds[1], "x", 1, 0) == 1);
    FD_SET(fds[0], &readers);
    FD_SET(fds[1], &readers);
    FD_SET(fds[1], &writers);
    CHECK(select(limit, &readers, &writers, NULL, NULL) == 2);
    CHECK(FD_ISSET(fds[0], &readers) && !FD_ISSET(fds[1], &readers) && FD_ISSET(fds[1], &writers));

    struct timespec none = {0, 0};
    FD_ZERO(&readers);
    FD_SET(fds[0], &readers);
    CHECK(pselect(limit, &readers, NULL, NULL, &none, NULL) == 1);
    /* Descriptors at the limit and above are not looked at. */
    FD_SET(fds[0], &readers);
    CHECK(pselect(fds[0], &readers, NULL, NULL, &none, NULL) == 0 && !FD_ISSET(fds[0], &readers));

    CHECK(close(fds[0]) == 0);
    FD_ZERO(&readers);
    FD_SET(fds[0], &readers);
    CHECK_ERRNO(select(limit, &readers, NULL, NULL, NULL), EBADF);
    timeout.tv_usec = -1;
    CHECK_ERRNO(select(limit, NULL, NULL, NULL, &timeout), EINVAL);
    CHECK_ERRNO(select(-1, NULL, NULL, NULL, NULL), EINVAL);
    close(fds[1]);
    return 0;
}
