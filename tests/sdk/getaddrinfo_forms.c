// run: --allow-net=localhost
/* getaddrinfo with and without host, service and hints; numeric forms do not need the host, names
 * go through it, and each mistake has its own error. */
#include <arpa/inet.h>
#include <netdb.h>

#include "check.h"

static struct addrinfo *resolve(const char *host, const char *service, int family, int type,
                                int flags) {
    struct addrinfo hints = {.ai_family = family, .ai_socktype = type, .ai_flags = flags}, *list;
    int error = getaddrinfo(host, service, &hints, &list);
    if (error)
        fprintf(stderr, "%s %s: %s\n", host ? host : "-", service ? service : "-",
                gai_strerror(error));
    CHECK(error == 0);
    return list;
}

static int failure(const char *host, const char *service, int family, int type, int flags) {
    struct addrinfo hints = {.ai_family = family, .ai_socktype = type, .ai_flags = flags}, *list;
    return getaddrinfo(host, service, &hints, &list);
}

static const struct sockaddr_in *in(const struct addrinfo *info) {
    CHECK(info->ai_family == AF_INET && info->ai_addrlen == sizeof(struct sockaddr_in));
    CHECK(info->ai_addr->sa_family == AF_INET);
    return (const struct sockaddr_in *)info->ai_addr;
}

static const struct sockaddr_in6 *in6(const struct addrinfo *info) {
    CHECK(info->ai_family == AF_INET6 && info->ai_addrlen == sizeof(struct sockaddr_in6));
    CHECK(info->ai_addr->sa_family == AF_INET6);
    return (const struct sockaddr_in6 *)info->ai_addr;
}

static void check_numeric(void) {
    struct addrinfo *list = resolve("192.0.2.7", "443", AF_UNSPEC, SOCK_STREAM, AI_NUMERICHOST);
    CHECK(in(list)->sin_addr.s_addr == htonl(0xc0000207) && in(list)->sin_port == htons(443));
    CHECK(list->ai_socktype == SOCK_STREAM && list->ai_protocol == IPPROTO_TCP && !list->ai_next);
    freeaddrinfo(list);

    list = resolve("2001:db8::7", NULL, AF_UNSPEC, SOCK_DGRAM, 0);
    CHECK(in6(list)->sin6_addr.s6_addr[15] == 7 && in6(list)->sin6_port == 0);
    CHECK(list->ai_socktype == SOCK_DGRAM && list->ai_protocol == IPPROTO_UDP && !list->ai_next);
    freeaddrinfo(list);

    list = resolve("192.0.2.7", "domain", AF_INET6, SOCK_STREAM, AI_V4MAPPED);
    CHECK(IN6_IS_ADDR_V4MAPPED(&in6(list)->sin6_addr) && in6(list)->sin6_port == htons(53));
    freeaddrinfo(list);

    /* No hints: a stream and a datagram element. */
    CHECK(getaddrinfo("127.0.0.1", "53", NULL, &list) == 0);
    CHECK(list->ai_socktype == SOCK_STREAM && list->ai_next->ai_socktype == SOCK_DGRAM);
    CHECK(!list->ai_next->ai_next);
    freeaddrinfo(list);

    /* A service of TCP alone has no datagram element. */
    CHECK(getaddrinfo("127.0.0.1", "http", NULL, &list) == 0);
    CHECK(list->ai_socktype == SOCK_STREAM && !list->ai_next);
    freeaddrinfo(list);

    list = resolve("127.0.0.1", "80", AF_INET, SOCK_STREAM, AI_CANONNAME);
    CHECK(!strcmp(list->ai_canonname, "127.0.0.1"));
    freeaddrinfo(list);
}

static void check_own(void) {
    struct addrinfo *list = resolve(NULL, "80", AF_INET, SOCK_STREAM, AI_PASSIVE);
    CHECK(in(list)->sin_addr.s_addr == htonl(INADDR_ANY));
    freeaddrinfo(list);
    list = resolve(NULL, "80", AF_INET6, SOCK_STREAM, 0);
    CHECK(IN6_IS_ADDR_LOOPBACK(&in6(list)->sin6_addr));
    freeaddrinfo(list);
    list = resolve(NULL, "80", AF_UNSPEC, SOCK_STREAM, 0);
    CHECK(in(list)->sin_addr.s_addr == htonl(INADDR_LOOPBACK) && in6(list->ai_next));
    freeaddrinfo(list);
}

static void check_names(void) {
    struct addrinfo *list = resolve("localhost", "8080", AF_INET, SOCK_STREAM, AI_CANONNAME);
    CHECK(in(list)->sin_addr.s_addr == htonl(INADDR_LOOPBACK) && in(list)->sin_port == htons(8080));
    CHECK(list->ai_canonname && list->ai_canonname[0]);
    freeaddrinfo(list);
    list = resolve("localhost", "https", AF_INET, 0, 0);
    CHECK(in(list)->sin_port == htons(443) && list->ai_next->ai_socktype == SOCK_DGRAM);
    freeaddrinfo(list);
}

static void check_errors(void) {
    CHECK(failure(NULL, NULL, 0, 0, 0) == EAI_NONAME);
    CHECK(failure("", "80", 0, 0, 0) == EAI_NONAME);
    CHECK(failure("localhost", "80", 0, 0, AI_NUMERICHOST) == EAI_NONAME);
    CHECK(failure("localhost", "http", 0, 0, AI_NUMERICSERV) == EAI_NONAME);
    CHECK(failure("192.0.2.1", "80", AF_INET6, 0, 0) == EAI_NONAME);
    CHECK(failure("192.0.2.1", "65536", 0, 0, 0) == EAI_SERVICE);
    CHECK(failure("192.0.2.1", "80x", 0, 0, 0) == EAI_SERVICE);
    CHECK(failure("192.0.2.1", "no-such-service", 0, 0, 0) == EAI_SERVICE);
    CHECK(failure("192.0.2.1", "http", 0, SOCK_DGRAM, 0) == EAI_SERVICE);
    CHECK(failure("192.0.2.1", "80", AF_UNIX, 0, 0) == EAI_FAMILY);
    CHECK(failure("192.0.2.1", "80", 0, SOCK_RAW, 0) == EAI_SOCKTYPE);
    CHECK(failure("192.0.2.1", "80", 0, 0, 0x8000) == EAI_BADFLAGS);
    CHECK(failure(NULL, "80", 0, 0, AI_CANONNAME) == EAI_BADFLAGS);
    /* No grant covers this name. */
    errno = 0;
    CHECK(failure("not-granted.example", "80", 0, 0, 0) == EAI_FAIL && errno == EACCES);
    for (int error = -12; error <= 0; error++)
        CHECK(gai_strerror(error)[0]);
}

int main(void) {
    check_numeric();
    check_own();
    check_names();
    check_errors();
    return 0;
}
