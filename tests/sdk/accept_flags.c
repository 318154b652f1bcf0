// run: --allow-net=127.0.0.1 --allow-listen=127.0.0.1
/* accept4 makes the new socket non-blocking when asked; a listener without anybody waiting says so.
 */
#include <fcntl.h>
#include <poll.h>

#include "check.h"

int main(void) {
    struct sockaddr_in address;
    int listener = listener_on_loopback(&address);
    CHECK(fcntl(listener, F_SETFL, O_NONBLOCK) == 0);
    CHECK_ERRNO(accept(listener, NULL, NULL), EAGAIN);
    CHECK_ERRNO(accept4(listener, NULL, NULL, 0x40000000), EINVAL);

    int first = socket(AF_INET, SOCK_STREAM, 0), second = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(first, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(connect(second, (struct sockaddr *)&address, sizeof address) == 0);
    struct pollfd waiting = {.fd = listener, .events = POLLIN};
    CHECK(poll(&waiting, 1, 5000) == 1 && waiting.revents == POLLIN);
    int one = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    CHECK(one >= 0 && fcntl(one, F_GETFL) & O_NONBLOCK);
    int two = accept4(listener, NULL, NULL, 0);
    CHECK(two >= 0 && !(fcntl(two, F_GETFL) & O_NONBLOCK));
    CHECK_ERRNO(accept(listener, NULL, NULL), EAGAIN);
    CHECK_ERRNO(accept(first, NULL, NULL), EINVAL);
    CHECK_ERRNO(accept(1, NULL, NULL), ENOTSOCK);
    return 0;
}
