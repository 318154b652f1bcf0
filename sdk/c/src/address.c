/* Addresses between their POSIX form and the one imports take. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "host.h"

#define ADDRESS_OFFSET 2 /* after the family */

void tc_address_prepare(tc_host_address *out) {
    memset(out, 0, sizeof *out);
    out->view.bytes = out->bytes;
    out->view.size = sizeof out->bytes;
}

/* sun_path need not be ended: the address's length does it. */
static int from_unix(const struct sockaddr_un *address, socklen_t length, tc_host_address *out) {
    size_t header = offsetof(struct sockaddr_un, sun_path);
    if (length < header || length > sizeof *address)
        return EINVAL;
    size_t path_length = strnlen(address->sun_path, length - header);
    if (path_length == 0)
        return EINVAL;
    memcpy(out->bytes + ADDRESS_OFFSET, address->sun_path, path_length);
    return 0;
}

int tc_address_from_posix(const struct sockaddr *address, socklen_t length, tc_host_address *out,
                          int *port) {
    if (!address || length < sizeof address->sa_family)
        return EINVAL;
    tc_address_prepare(out);
    out->family = address->sa_family;
    *port = 0;
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;
        if (length < offsetof(struct sockaddr_in, sin_zero))
            return EINVAL;
        memcpy(out->bytes + ADDRESS_OFFSET, &in->sin_addr, sizeof in->sin_addr);
        *port = ntohs(in->sin_port);
        return 0;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
        if (length < offsetof(struct sockaddr_in6, sin6_scope_id))
            return EINVAL;
        memcpy(out->bytes + ADDRESS_OFFSET, &in6->sin6_addr, sizeof in6->sin6_addr);
        *port = ntohs(in6->sin6_port);
        return 0;
    }
    if (address->sa_family == AF_UNIX)
        return from_unix((const struct sockaddr_un *)address, length, out);
    return EAFNOSUPPORT;
}

void tc_address_to_posix(const tc_host_address *address, int port, struct sockaddr *out,
                         socklen_t *length) {
    if (!out)
        return;
    union {
        struct sockaddr_storage storage;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    } whole;
    memset(&whole, 0, sizeof whole);
    whole.storage.ss_family = address->family;
    socklen_t whole_length = 0; /* no address: a stream's recvfrom */
    if (address->family == AF_INET) {
        whole.in.sin_port = htons((uint16_t)port);
        memcpy(&whole.in.sin_addr, address->bytes + ADDRESS_OFFSET, sizeof whole.in.sin_addr);
        whole_length = sizeof whole.in;
    } else if (address->family == AF_INET6) {
        whole.in6.sin6_port = htons((uint16_t)port);
        memcpy(&whole.in6.sin6_addr, address->bytes + ADDRESS_OFFSET, sizeof whole.in6.sin6_addr);
        whole_length = sizeof whole.in6;
    } else if (address->family == AF_UNIX) {
        const char *path = (const char *)address->bytes + ADDRESS_OFFSET;
        size_t path_length = strnlen(path, sizeof whole.un.sun_path - 1);
        memcpy(whole.un.sun_path, path, path_length);
        whole_length = offsetof(struct sockaddr_un, sun_path);
        if (path_length)
            whole_length += path_length + 1;
    }
    memcpy(out, &whole, *length < whole_length ? *length : whole_length);
    *length = whole_length;
}
