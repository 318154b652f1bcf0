// run: --allow-net=localhost
/* getservbyname, getprotobyname, getnameinfo and gethostbyname. */
#include <arpa/inet.h>
#include <netdb.h>

#include "check.h"

static void check_services(void) {
    CHECK(getservbyname("https", "tcp")->s_port == htons(443));
    CHECK(!strcmp(getservbyname("domain", "udp")->s_proto, "udp"));
    CHECK(!strcmp(getservbyname("domain", NULL)->s_name, "domain"));
    CHECK(getservbyname("http", "udp") == NULL);
    CHECK(getservbyname("no-such-service", NULL) == NULL);
    CHECK(!strcmp(getservbyport(htons(22), "tcp")->s_name, "ssh"));
    CHECK(getservbyport(htons(2), NULL) == NULL);
    CHECK(getservbyname("http", "sctp") == NULL);
    CHECK(getprotobyname("tcp")->p_proto == IPPROTO_TCP);
    CHECK(!strcmp(getprotobynumber(IPPROTO_UDP)->p_name, "udp"));
    CHECK(getprotobyname("nonsense") == NULL && getprotobynumber(250) == NULL);
}

static void check_getnameinfo(void) {
    struct sockaddr_in in = loopback(80);
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(12345)};
    struct sockaddr *address = (struct sockaddr *)&in;
    char host[NI_MAXHOST], service[NI_MAXSERV];
    in6.sin6_addr = in6addr_loopback;

    CHECK(getnameinfo(address, sizeof in, host, sizeof host, service, sizeof service, 0) == 0);
    CHECK(!strcmp(host, "localhost") && !strcmp(service, "http"));
    CHECK(getnameinfo(address, sizeof in, NULL, 0, service, sizeof service, NI_NUMERICSERV) == 0);
    CHECK(!strcmp(service, "80"));
    CHECK(getnameinfo((struct sockaddr *)&in6, sizeof in6, host, sizeof host, service,
                      sizeof service, 0) == 0);
    CHECK(!strcmp(host, "localhost") && !strcmp(service, "12345"));
    CHECK(getnameinfo((struct sockaddr *)&in6, sizeof in6, host, sizeof host, NULL, 0,
                      NI_NUMERICHOST) == 0);
    CHECK(!strcmp(host, "::1"));
    CHECK(getnameinfo(address, sizeof in, host, 4, NULL, 0, 0) == EAI_OVERFLOW);
    CHECK(getnameinfo(address, sizeof in, host, sizeof host, NULL, 0,
                      NI_NAMEREQD | NI_NUMERICHOST) == EAI_NONAME);
    CHECK(getnameinfo(address, sizeof in, host, sizeof host, NULL, 0, 0x4000) == EAI_BADFLAGS);
    CHECK(getnameinfo(address, sizeof in, NULL, 0, NULL, 0, 0) == EAI_NONAME);
    CHECK(getnameinfo(address, 3, host, sizeof host, NULL, 0, 0) == EAI_FAMILY);
    in.sin_family = AF_UNIX;
    CHECK(getnameinfo(address, sizeof in, host, sizeof host, NULL, 0, 0) == EAI_FAMILY);
}

static void check_gethostbyname(void) {
    struct hostent *entry = gethostbyname("localhost");
    CHECK(entry && entry->h_addrtype == AF_INET && entry->h_length == 4);
    CHECK(entry->h_name[0] && entry->h_aliases[0] == NULL);
    CHECK(*(in_addr_t *)(void *)entry->h_addr == htonl(INADDR_LOOPBACK));
    entry = gethostbyname("192.0.2.9");
    CHECK(entry && entry->h_addr_list[1] == NULL && ((unsigned char *)entry->h_addr)[3] == 9);
    CHECK(gethostbyname2("::1", AF_INET6)->h_length == 16);
    CHECK(gethostbyname("not-granted.example") == NULL && h_errno == NO_RECOVERY);
    CHECK(gethostbyname2("::1", AF_INET) == NULL && h_errno == HOST_NOT_FOUND);
    entry = gethostbyaddr("\177\0\0\1", 4, AF_INET);
    CHECK(entry && !strcmp(entry->h_name, "localhost") && entry->h_length == 4);
    CHECK(!memcmp(entry->h_addr, "\177\0\0\1", 4) && entry->h_addr_list[1] == NULL);
    CHECK(gethostbyaddr("\300\0\2\1", 4, AF_INET) == NULL && h_errno == HOST_NOT_FOUND);
    CHECK(gethostbyaddr("\177\0\0\1", 3, AF_INET) == NULL && h_errno == NO_RECOVERY);
    CHECK(hstrerror(h_errno)[0]);
}

int main(void) {
    check_services();
    check_getnameinfo();
    check_gethostbyname();
    return 0;
}
