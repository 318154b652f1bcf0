/* The functions of <arpa/inet.h> and <net/if.h> that wasi-libc lacks; and inet_aton, which there
 * takes numbers that do not fit for 255.255.255.255. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

const char *tc_parse_inet(const char *text, struct in_addr *address) {
    uint32_t value = 0;
    for (unsigned part = 0; part < 4; part++) {
        char *end;
        if (*text < '0' || *text > '9')
            return NULL; /* strtoull would take spaces and signs */
        unsigned long long number = strtoull(text, &end, 0);
        if (*end != '.' || part == 3) {
            if (number >> (32 - 8 * part))
                return NULL;
            address->s_addr = htonl(value | (uint32_t)number);
            return end;
        }
        if (number > UINT8_MAX)
            return NULL;
        value |= (uint32_t)number << (24 - 8 * part);
        text = end + 1;
    }
    return NULL;
}

/* White space may follow, and after it anything. */
int inet_aton(const char *text, struct in_addr *address) {
    const char *end = tc_parse_inet(text, address);
    return end && (!*end || strchr(" \t\n\v\f\r", *end));
}

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
