// run: --dir=. --allow-net=unix:tc-sdk.sock --allow-listen=unix:tc-sdk.sock
/* Unix sockets, stream and datagram, named by a path. */
#include <stddef.h>
#include <sys/un.h>

#include "check.h"

#define PATH "tc-sdk.sock"

static void check_stream(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = PATH}, own;
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(listener >= 0);
    CHECK(bind(listener, (struct sockaddr *)&address, SUN_LEN(&address)) == 0);
    CHECK(listen(listener, 4) == 0);
    socklen_t length = sizeof own;
    CHECK(getsockname(listener, (struct sockaddr *)&own, &length) == 0);
    CHECK(own.sun_family == AF_UNIX && !strcmp(own.sun_path, PATH));
    CHECK(length == offsetof(struct sockaddr_un, sun_path) + sizeof PATH);

    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    length = sizeof own;
    int accepted = accept(listener, (struct sockaddr *)&own, &length);
    CHECK(accepted >= 0 && own.sun_family == AF_UNIX);
    CHECK(length == offsetof(struct sockaddr_un, sun_path)); /* the peer has no name */

    char buffer[8];
    CHECK(send(fd, "hello", 5, 0) == 5);
    CHECK(recv(accepted, buffer, sizeof buffer, 0) == 5 && !memcmp(buffer, "hello", 5));
    close(fd);
    CHECK(recv(accepted, buffer, sizeof buffer, 0) == 0);
    close(accepted);
    close(listener);
    CHECK(unlink(PATH) == 0);
}

static void check_datagram(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = PATH};
    int server = socket(AF_UNIX, SOCK_DGRAM, 0), client = socket(AF_UNIX, SOCK_DGRAM, 0);
    char buffer[8];
    CHECK(bind(server, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(sendto(client, "hi", 2, 0, (struct sockaddr *)&address, sizeof address) == 2);
    CHECK(recv(server, buffer, sizeof buffer, 0) == 2);
    close(client);
    close(server);
    CHECK(unlink(PATH) == 0);
}

static void check_refused(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "tc-sdk-other.sock"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_ERRNO(connect(fd, (struct sockaddr *)&address, sizeof address), EACCES);
    address.sun_path[0] = 0; /* neither abstract names nor none at all */
    CHECK_ERRNO(connect(fd, (struct sockaddr *)&address, sizeof address), EINVAL);
    CHECK_ERRNO(socket(AF_UNIX, SOCK_STREAM, IPPROTO_TCP), EPROTONOSUPPORT);
    close(fd);
}

int main(void) {
    unlink(PATH);
    check_stream();
    check_datagram();
    check_refused();
    return 0;
}
