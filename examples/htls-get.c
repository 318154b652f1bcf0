/* Fetches a page over HTTPS: the hTLS document's C program, with the host and the port taken from
 * the command line, and with checks that tell a person what went wrong.
 *
 * Run:    make -C examples run-htls-get HOST=example.com PORT=443
 *   or:   timecraft run --allow-net=example.com:443 htls-get.wasm example.com 443 /
 * Needs:  --allow-net=HOST:PORT
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <timecraft.h>
#include <unistd.h>

/* Connects to the first address of the host that answers. Returns the socket or -1. */
static int connect_to(const char *host, const char *port) {
    struct addrinfo hints, *res;
    memset(&hints, 0, sizeof(hints));
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    int error = getaddrinfo(host, port, &hints, &res);
    if (error) {
        fprintf(stderr, "htls-get: %s port %s: %s\n", host, port, gai_strerror(error));
        return -1;
    }
    int sock = -1;
    for (struct addrinfo *i = res; i && sock < 0; i = i->ai_next) {
        sock = socket(i->ai_family, i->ai_socktype, i->ai_protocol);
        if (sock >= 0 && connect(sock, i->ai_addr, i->ai_addrlen) < 0) {
            error = errno;
            close(sock);
            errno = error;
            sock = -1;
        }
    }
    if (sock < 0)
        fprintf(stderr, "htls-get: can't connect to %s port %s: %s\n", host, port, strerror(errno));
    freeaddrinfo(res);
    return sock;
}

/* Says why TLS failed on the socket, in the host's words. */
static int fail(const char *what, int sock) {
    int error = errno;
    char reason[256];
    if (timecraft_htls_error(sock, reason, sizeof reason) < 0 || !reason[0])
        snprintf(reason, sizeof reason, "%s", strerror(error));
    fprintf(stderr, "htls-get: %s: %s\n", what, reason);
    close(sock);
    return 1;
}

static int send_all(int sock, const char *data, size_t size) {
    while (size > 0) {
        ssize_t sent = send(sock, data, size, 0);
        if (sent < 0)
            return -1;
        data += sent;
        size -= (size_t)sent;
    }
    return 0;
}

int main(int argc, char **argv) {
    const char *host = argc > 1 ? argv[1] : "example.com";
    const char *port = argc > 2 ? argv[2] : "443";
    const char *path = argc > 3 ? argv[3] : "/";

    int sock = connect_to(host, port);
    if (sock < 0)
        return 1;
    if (setsockopt(sock, TIMECRAFT_LEVEL, HTLS_OPTION, host, strlen(host) + 1) < 0)
        return fail("TLS handshake", sock);

    char request[2048];
    const char *form = strchr(host, ':') ? "GET %s HTTP/1.0\r\nHost: [%s]:%s\r\n\r\n"
                                         : "GET %s HTTP/1.0\r\nHost: %s:%s\r\n\r\n";
    int length = snprintf(request, sizeof request, form, path, host, port);
    if (length < 0 || (size_t)length >= sizeof request) {
        fprintf(stderr, "htls-get: the host's name and the path are too long together\n");
        return 2;
    }
    if (send_all(sock, request, (size_t)length) < 0)
        return fail("sending", sock);

    char buffer[16384];
    ssize_t got;
    while ((got = recv(sock, buffer, sizeof buffer, 0)) > 0)
        fwrite(buffer, 1, (size_t)got, stdout);
    if (got < 0)
        return fail("receiving", sock);
    close(sock);
    return 0;
}
