/* UDP: a client that has a window of datagrams of 100 bytes on their way to a server that sends
 * each back, until so many have come. The same program is the server, until it is stopped.
 *
 *   datagrams client PORT WINDOW COUNT
 *   datagrams server PORT
 *
 * The client prints the CPU time that they took. Loopback loses none while the window is small. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cpu_time.h"

enum { SIZE = 100 };

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "datagrams: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int serve(int fd, struct sockaddr_in *own) {
    if (bind(fd, (struct sockaddr *)own, sizeof *own) < 0)
        fail("bind");
    printf("serving\n");
    fflush(stdout);
    for (;;) {
        char bytes[SIZE];
        struct sockaddr_in peer;
        socklen_t length = sizeof peer;
        ssize_t got = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&peer, &length);
        if (got < 0 || sendto(fd, bytes, (size_t)got, 0, (struct sockaddr *)&peer, length) < 0)
            fail("an exchange");
    }
}

static void send_one(int fd, const struct sockaddr_in *peer) {
    static const char bytes[SIZE] = "a datagram";
    if (sendto(fd, bytes, SIZE, 0, (const struct sockaddr *)peer, sizeof *peer) != SIZE)
        fail("sendto");
}

int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((in_port_t)atoi(argv[2]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0)
        fail("socket");
    if (strcmp(argv[1], "server") == 0)
        return serve(fd, &address);
    if (argc < 5)
        return 2;
    int window = atoi(argv[3]), count = atoi(argv[4]), sent = 0;
    uint64_t begin = cpu_time();
    while (sent < window)
        send_one(fd, &address), sent++;
    for (int came = 0; came < count; came++) {
        char bytes[SIZE];
        if (recv(fd, bytes, sizeof bytes, 0) != SIZE)
            fail("recv");
        if (sent < count)
            send_one(fd, &address), sent++;
    }
    tell_cpu_time_since(begin);
    return 0;
}
