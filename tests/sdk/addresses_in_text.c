// run:
/* inet_pton, inet_ntop and the older functions turn addresses into text and back, without the host.
 */
#include <arpa/inet.h>
#include <net/if.h>

#include "check.h"

int main(void) {
    struct in_addr in;
    struct in6_addr in6;
    char text[INET6_ADDRSTRLEN];

    CHECK(inet_pton(AF_INET, "192.0.2.1", &in) == 1 && in.s_addr == htonl(0xc0000201));
    CHECK(inet_pton(AF_INET, "192.0.2", &in) == 0);
    CHECK(inet_pton(AF_INET6, "2001:db8::1", &in6) == 1);
    CHECK(!strcmp(inet_ntop(AF_INET6, &in6, text, sizeof text), "2001:db8::1"));
    CHECK(inet_ntop(AF_INET6, &in6, text, 4) == NULL && errno == ENOSPC);

    CHECK(inet_aton("127.1", &in) && in.s_addr == htonl(INADDR_LOOPBACK));
    CHECK(!strcmp(inet_ntoa(in), "127.0.0.1"));
    CHECK(inet_addr("10.1.2.3") == htonl(0x0a010203));
    CHECK(inet_addr("nonsense") == INADDR_NONE);
    CHECK(inet_network("10.1.2.3") == 0x0a010203);

    CHECK(inet_makeaddr(10, 5).s_addr == htonl(0x0a000005));
    CHECK(inet_makeaddr(0xc0a801, 5).s_addr == htonl(0xc0a80105));
    in.s_addr = htonl(0xc0a80105);
    CHECK(inet_netof(in) == 0xc0a801 && inet_lnaof(in) == 5);
    in.s_addr = htonl(0x0a000005);
    CHECK(inet_netof(in) == 10 && inet_lnaof(in) == 5);

    CHECK(htons(0x1234) == 0x3412 && ntohl(htonl(0x12345678)) == 0x12345678);
    CHECK(if_nametoindex("lo") == 0 && errno == ENXIO);
    CHECK(if_indextoname(1, text) == NULL && errno == ENXIO);
    return 0;
}
