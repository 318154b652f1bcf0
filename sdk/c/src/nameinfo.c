/* getnameinfo: addresses in text, and well-known services by name. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "host.h"

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

int getnameinfo(const struct sockaddr *restrict address, socklen_t length, char *restrict host,
                socklen_t host_size, char *restrict service, socklen_t service_size, int flags) {
    const void *bytes;
    unsigned port;
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
    } else {
        return EAI_FAMILY;
    }
    bool wants_host = host && host_size, wants_service = service && service_size;
    if ((!wants_host && !wants_service) || (wants_host && (flags & NI_NAMEREQD)))
        return EAI_NONAME;

    char text[INET6_ADDRSTRLEN];
    inet_ntop(address->sa_family, bytes, text, sizeof text);
    int error = put(text, host, host_size);
    if (error)
        return error;
    const tc_service *known = NULL;
    if (!(flags & NI_NUMERICSERV))
        known = tc_service_find(NULL, port, flags & NI_DGRAM ? TC_UDP : TC_TCP);
    snprintf(text, sizeof text, "%u", port);
    return put(known ? known->name : text, service, service_size);
}
