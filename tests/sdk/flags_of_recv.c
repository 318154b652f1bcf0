// run: --allow-net=127.0.0.1 --allow-listen=127.0.0.1
/* MSG_PEEK leaves the bytes, MSG_WAITALL waits for all of them, MSG_DONTWAIT does not wait and
 * leaves the socket blocking; what can't be done is refused. */
#include <fcntl.h>

#include "check.h"

int main(void) {
    int fds[2];
    char buffer[16];
    connected_pair(fds);
    CHECK_ERRNO(recv(fds[0], buffer, 1, MSG_DONTWAIT), EAGAIN);
    CHECK(!(fcntl(fds[0], F_GETFL) & O_NONBLOCK));
    CHECK(send(fds[1], "abc", 3, MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE) == 3);
    CHECK(recv(fds[0], buffer, sizeof buffer, MSG_PEEK) >= 1 && buffer[0] == 'a');
    CHECK(recv(fds[0], buffer, 1, MSG_PEEK) == 1 && buffer[0] == 'a');
    CHECK(send(fds[1], "defg", 4, 0) == 4);
    CHECK(recv(fds[0], buffer, 7, MSG_WAITALL) == 7 && !memcmp(buffer, "abcdefg", 7));

    /* A socket that is non-blocking already stays so. */
    CHECK(fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0);
    CHECK_ERRNO(recv(fds[0], buffer, 1, MSG_DONTWAIT), EAGAIN);
    CHECK(fcntl(fds[0], F_GETFL) & O_NONBLOCK);

    CHECK_ERRNO(recv(fds[0], buffer, 1, MSG_OOB), EOPNOTSUPP);
    CHECK_ERRNO(send(fds[0], buffer, 1, MSG_OOB), EOPNOTSUPP);
    CHECK_ERRNO(recv(999, buffer, 1, 0), EBADF);
    CHECK_ERRNO(recv(999, buffer, 1, MSG_DONTWAIT), EBADF);
    CHECK_ERRNO(send(1, buffer, 1, 0), ENOTSOCK);
    return 0;
}
