/* getnameinfo: addresses to names by the host, or in text, and well-known services by name. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "timecraft/options.h"

#define KNOWN_FLAGS                                                                                \
    (NI_NUMERICHOST | NI_NUMERICSERV | NI_NOFQDN | NI_NAMEREQD | NI_DGRAM | NI_NUMERICSCOPE)

/* Copies a text into a caller's buffer, if one was given. */
static int put(const char *text, char *buffer, socklen_t size) {
    if (!buffer || !size)
        return 0;
    size_t length = strlen(text);
    if (length >= size)
        return EAI_OVERFLOW;
    memcpy(buffer, text, length + 1);
    return 0;
}

int tc_address_name(int family, const void *bytes, char *name, size_t size) {
    char text[INET6_ADDRSTRLEN];
    uint8_t data[26];
    tc_host_sockaddr address = {.data = data, .datalen = sizeof data};
    tc_host_addrinfo hints = {.flags = TIMECRAFT_LOOKUP_REVERSE},
                     *first = &(tc_host_addrinfo){.addr = &address,
                                                  .addrlen = sizeof address,
                                                  .canonname = name,
                                                  .canonnamelen = (uint32_t)size};
    size_t count = 0;
    inet_ntop(family, bytes, text, sizeof text);
    name[0] = 0;
    return tc_host_getaddrinfo(text, strlen(text), NULL, 0, &hints, &first, 1, &count);
}

/* The name of an address, without the domain where that is not wanted and is this host's: a guest
 * is in none. Returns 0 or EAI_…: EAI_NONAME where text will do. */
static int find_name(int family, const void *bytes, char name[static NI_MAXHOST]) {
    switch (tc_address_name(family, bytes, name, NI_MAXHOST)) {
    case 0:
        return name[0] ? 0 : EAI_NONAME;
    case EAGAIN:
    case ETIMEDOUT:
        return EAI_AGAIN;
    case ENOMEM:
        return EAI_MEMORY;
    default:
        return EAI_NONAME; /* none, or none that was granted */
    }
}

/* An address in text: an IPv6 one with its scope, always as a number, because a guest does not know
 * the interfaces' names. getaddrinfo takes both. */
static void put_address(int family, const void *bytes, unsigned scope, char *text, size_t size) {
    inet_ntop(family, bytes, text, (socklen_t)size);
    size_t length = strlen(text);
    if (scope)
        snprintf(text + length, size - length, "%%%u", scope);
}

int getnameinfo(const struct sockaddr *restrict address, socklen_t length, char *restrict host,
                socklen_t host_size, char *restrict service, socklen_t service_size, int flags) {
    const void *bytes;
    unsigned port, scope = 0;
    if (length < sizeof address->sa_family)
        return EAI_FAMILY;
    if (address->sa_family == AF_INET && length >= offsetof(struct sockaddr_in, sin_zero)) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;
        bytes = &in->sin_addr;
        port = ntohs(in->sin_port);
    } else if (address->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
        bytes = &in6->sin6_addr;
        port = ntohs(in6->sin6_port);
        scope = in6->sin6_scope_id;
    } else {
        return EAI_FAMILY;
    }
    bool wants_host = host && host_size, wants_service = service && service_size;
    if (flags & ~KNOWN_FLAGS)
        return EAI_BADFLAGS;
    if ((!wants_host && !wants_service) ||
        (wants_host && (flags & NI_NAMEREQD) && (flags & NI_NUMERICHOST)))
        return EAI_NONAME;

    char text[NI_MAXHOST];
    if (wants_host) {
        int missing = EAI_NONAME;
        if (!(flags & NI_NUMERICHOST))
            missing = find_name(address->sa_family, bytes, text);
        if (missing && (flags & NI_NAMEREQD))
            return missing;
        if (missing)
            put_address(address->sa_family, bytes, scope, text, sizeof text);
        int error = put(text, host, host_size);
        if (error)
            return error;
    }
    const tc_service *known = NULL;
    if (!(flags & NI_NUMERICSERV))
        known = tc_service_find(NULL, port, flags & NI_DGRAM ? TC_UDP : TC_TCP);
    snprintf(text, sizeof text, "%u", port);
    return put(known ? known->name : text, service, service_size);
}
