/* The functions of <arpa/inet.h> and <net/if.h> that wasi-libc lacks. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stddef.h>

in_addr_t inet_addr(const char *text) {
    struct in_addr address;
    return inet_aton(text, &address) ? address.s_addr : INADDR_NONE;
}

in_addr_t inet_network(const char *text) {
    return ntohl(inet_addr(text));
}

char *inet_ntoa(struct in_addr address) {
    static char text[INET_ADDRSTRLEN];
    return (char *)inet_ntop(AF_INET, &address, text, sizeof text);
}

/* How many bits of an address (host order) name the host, by the classes of RFC 791. */
static unsigned host_bits(in_addr_t address) {
    if (IN_CLASSA(address))
        return IN_CLASSA_NSHIFT;
    return IN_CLASSB(address) ? IN_CLASSB_NSHIFT : IN_CLASSC_NSHIFT;
}

/* A network's number stands without its host part: 10 or 0xc0a801 (192.168.1). */
struct in_addr inet_makeaddr(in_addr_t network, in_addr_t host) {
    unsigned bits = network < 256 ? 24 : network < 65536 ? 16 : network < 1u << 24 ? 8 : 0;
    return (struct in_addr){htonl(network << bits | host)};
}

in_addr_t inet_lnaof(struct in_addr address) {
    in_addr_t value = ntohl(address.s_addr);
    return value & ((1u << host_bits(value)) - 1);
}

in_addr_t inet_netof(struct in_addr address) {
    in_addr_t value = ntohl(address.s_addr);
    return value >> host_bits(value);
}

unsigned if_nametoindex(const char *name) {
    (void)name;
    errno = ENXIO;
    return 0;
}

char *if_indextoname(unsigned index, char *name) {
    (void)index;
    (void)name;
    errno = ENXIO;
    return NULL;
}
