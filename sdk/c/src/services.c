/* The well-known services (IANA, "Service Name and Transport Protocol Port Number Registry"), and
 * the functions of <netdb.h> that look services and protocols up. */
#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

#include "host.h"

static const tc_service services[] = {
    {"echo", 7, TC_TCP | TC_UDP},
    {"discard", 9, TC_TCP | TC_UDP},
    {"daytime", 13, TC_TCP},
    {"ftp", 21, TC_TCP},
    {"ssh", 22, TC_TCP},
    {"telnet", 23, TC_TCP},
    {"smtp", 25, TC_TCP},
    {"time", 37, TC_TCP | TC_UDP},
    {"domain", 53, TC_TCP | TC_UDP},
    {"tftp", 69, TC_UDP},
    {"http", 80, TC_TCP},
    {"www", 80, TC_TCP},
    {"kerberos", 88, TC_TCP | TC_UDP},
    {"pop3", 110, TC_TCP},
    {"ntp", 123, TC_UDP},
    {"imap2", 143, TC_TCP},
    {"imap", 143, TC_TCP},
    {"snmp", 161, TC_TCP | TC_UDP},
    {"ldap", 389, TC_TCP | TC_UDP},
    {"https", 443, TC_TCP | TC_UDP},
    {"submissions", 465, TC_TCP},
    {"syslog", 514, TC_UDP},
    {"submission", 587, TC_TCP},
    {"ldaps", 636, TC_TCP | TC_UDP},
    {"domain-s", 853, TC_TCP | TC_UDP},
    {"imaps", 993, TC_TCP},
    {"pop3s", 995, TC_TCP},
    {"mqtt", 1883, TC_TCP},
    {"mysql", 3306, TC_TCP},
    {"sip", 5060, TC_TCP | TC_UDP},
    {"sips", 5061, TC_TCP},
    {"xmpp-client", 5222, TC_TCP},
    {"postgresql", 5432, TC_TCP},
    {"amqps", 5671, TC_TCP},
    {"amqp", 5672, TC_TCP},
    {"redis", 6379, TC_TCP},
    {"http-alt", 8080, TC_TCP | TC_UDP},
    {"secure-mqtt", 8883, TC_TCP},
};

static const struct {
    const char *name;
    int number;
} protocols[] = {
    {"ip", IPPROTO_IP},   {"icmp", IPPROTO_ICMP}, {"tcp", IPPROTO_TCP},
    {"udp", IPPROTO_UDP}, {"ipv6", IPPROTO_IPV6}, {"ipv6-icmp", IPPROTO_ICMPV6},
};

static char *no_aliases[] = {NULL};

const tc_service *tc_service_find(const char *name, unsigned port, unsigned wanted) {
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        bool matches = name ? !strcmp(services[i].name, name) : services[i].port == port;
        if (matches && (services[i].protocols & wanted))
            return &services[i];
    }
    return NULL;
}

/* TC_TCP, TC_UDP, both for NULL, or 0 for a protocol that no service has. */
static unsigned protocol_bits(const char *protocol) {
    if (!protocol)
        return TC_TCP | TC_UDP;
    if (!strcmp(protocol, "tcp"))
        return TC_TCP;
    return strcmp(protocol, "udp") ? 0 : TC_UDP;
}

static struct servent *service_entry(const tc_service *service, unsigned wanted) {
    static struct servent entry;
    if (!service)
        return NULL;
    entry.s_name = (char *)service->name;
    entry.s_aliases = no_aliases;
    entry.s_port = htons(service->port);
    entry.s_proto = service->protocols & wanted & TC_TCP ? "tcp" : "udp";
    return &entry;
}

struct servent *getservbyname(const char *name, const char *protocol) {
    unsigned wanted = protocol_bits(protocol);
    return service_entry(tc_service_find(name, 0, wanted), wanted);
}

struct servent *getservbyport(int port, const char *protocol) {
    unsigned wanted = protocol_bits(protocol);
    return service_entry(tc_service_find(NULL, ntohs((uint16_t)port), wanted), wanted);
}

static struct protoent *protocol_entry(size_t index) {
    static struct protoent entry;
    entry.p_name = (char *)protocols[index].name;
    entry.p_aliases = no_aliases;
    entry.p_proto = protocols[index].number;
    return &entry;
}

struct protoent *getprotobyname(const char *name) {
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        if (!strcmp(protocols[i].name, name))
            return protocol_entry(i);
    }
    return NULL;
}

struct protoent *getprotobynumber(int number) {
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        if (protocols[i].number == number)
            return protocol_entry(i);
    }
    return NULL;
}
