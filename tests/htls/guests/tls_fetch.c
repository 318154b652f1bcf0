/* Fetches a page over hTLS, in the steps of the reference document's C program.
 *
 *   tls_fetch HOST PORT NAME PATH
 *
 * connects to HOST, asks for PATH of the server that can prove to be NAME, and prints the answer.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <timecraft.h>
#include <unistd.h>

static int fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    return 1;
}

/* A socket connected to the first of the addresses that accepts it, or -1. */
static int connect_to_one(const struct addrinfo *res) {
    int sock = -1;
    for (; res; res = res->ai_next) {
        sock = socket(res->ai_family, res->ai_socktype, res->ai_protocol);
        if (sock < 0 || connect(sock, res->ai_addr, res->ai_addrlen) == 0)
            return sock;
        int reason = errno;
        close(sock);
        errno = reason;
        sock = -1;
    }
    return sock;
}

int main(int argc, char **argv) {
    struct addrinfo hints, *res;
    if (argc != 5)
        return 2;
    memset(&hints, 0, sizeof(hints));
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    int error = getaddrinfo(argv[1], argv[2], &hints, &res);
    if (error) {
        fprintf(stderr, "%s: %s\n", argv[1], gai_strerror(error));
        return 1;
    }
    int sock = connect_to_one(res);
    if (sock < 0)
        return fail("connect");
    freeaddrinfo(res);
    if (setsockopt(sock, TIMECRAFT_LEVEL, HTLS_OPTION, argv[3], strlen(argv[3]) + 1) < 0)
        return fail("hTLS");

    char text[4096];
    int length =
        snprintf(text, sizeof text, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", argv[4], argv[3]);
    if (send(sock, text, (size_t)length, 0) != length)
        return fail("send");
    ssize_t count;
    while ((count = recv(sock, text, sizeof text, 0)) > 0)
        fwrite(text, 1, (size_t)count, stdout);
    if (count < 0)
        return fail("recv");
    return close(sock) < 0 ? fail("close") : 0;
}
