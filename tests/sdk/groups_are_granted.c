// run: --allow-listen=127.0.0.1,239.1.2.0/24:5353,[ff05::1]
// stderr-has: refused to join the group 239.9.9.9: it was not granted.
// stderr-has: --allow-listen=239.9.9.9
// stderr-has: refused to join the group ff05::2: it was not granted.
/* A multicast group is joined only where --allow-listen grants its address, whatever the port. */
#include <arpa/inet.h>

#include "check.h"

static int join(int fd, const char *text, int name) {
    struct ip_mreq_source group = {0}; /* IP_ADD_MEMBERSHIP's ip_mreq is its beginning */
    CHECK(inet_pton(AF_INET, text, &group.imr_multiaddr) == 1);
    group.imr_interface.s_addr = htonl(INADDR_LOOPBACK);
    group.imr_sourceaddr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = name == IP_ADD_MEMBERSHIP ? sizeof(struct ip_mreq) : sizeof group;
    return setsockopt(fd, IPPROTO_IP, name, &group, size);
}

static int join6(int fd, const char *text) {
    struct ipv6_mreq group = {.ipv6mr_interface = 1};
    CHECK(inet_pton(AF_INET6, text, &group.ipv6mr_multiaddr) == 1);
    return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &group, sizeof group);
}

int main(void) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0), six = socket(AF_INET6, SOCK_DGRAM, 0);
    CHECK(join(fd, "239.1.2.3", IP_ADD_MEMBERSHIP) == 0);
    CHECK(join(fd, "239.1.2.4", IP_ADD_SOURCE_MEMBERSHIP) == 0);
    CHECK_ERRNO(join(fd, "239.9.9.9", IP_ADD_MEMBERSHIP), EACCES);
    CHECK_ERRNO(join(fd, "239.9.9.9", IP_ADD_SOURCE_MEMBERSHIP), EACCES);
    CHECK_ERRNO(join6(six, "ff05::2"), EACCES);
    CHECK(join6(six, "ff05::1") == 0 || errno != EACCES);
    /* A value that names no group is the kernel's to refuse. */
    CHECK_ERRNO(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, "abc", 3), EINVAL);
    return 0;
}
