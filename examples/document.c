/* The C program of the hTLS document, word for word: what lies between the two rulers is its text.
 * Added are the includes, main, and the sending and receiving that the document leaves to "...".
 * It checks nothing, as the document's text does not; htls-get.c is the same with checks.
 *
 * Run:    make -C examples run-document
 * Needs:  --allow-net=example.com:443
 */
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <timecraft.h>

static const char request[] = "GET / HTTP/1.0\r\nHost: example.com\r\n\r\n";

int main(void) {
    /* clang-format off */
/* ---------------------------------------------------------------------------------------------- */
struct addrinfo hints, *res;
memset(&hints, 0, sizeof(hints));
hints.ai_family = AF_UNSPEC;
hints.ai_socktype = SOCK_STREAM;
getaddrinfo("example.com", "443", &hints, &res);

int sock = socket(res->ai_family, res->ai_socktype, res->ai_protocol);
connect(sock, res->ai_addr, res->ai_addrlen);
setsockopt(sock, TIMECRAFT_LEVEL, HTLS_OPTION, "example.com", sizeof("example.com"));
/* ---------------------------------------------------------------------------------------------- */
    /* clang-format on */

    send(sock, request, sizeof request - 1, 0);
    char buffer[4096];
    ssize_t got;
    while ((got = recv(sock, buffer, sizeof buffer, 0)) > 0)
        fwrite(buffer, 1, (size_t)got, stdout);
    freeaddrinfo(res);
    return got < 0;
}
