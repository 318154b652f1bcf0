/* Addresses between their POSIX form and the one imports take. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "host.h"

#define ADDRESS_OFFSET 2 /* after the family */
#define SCOPE_OFFSET   (ADDRESS_OFFSET + 16)

/* The largest address that Linux takes (sockaddr_storage there). */
#define LARGEST_ADDRESS 128

void tc_address_prepare(tc_host_address *out) {
    memset(out, 0, sizeof *out);
    out->view.bytes = out->bytes;
    out->view.size = sizeof out->bytes;
}

int tc_socket_error(int fd, int error) {
    __wasi_fdstat_t status;
    int failed = __wasi_fd_fdstat_get(fd, &status);
    if (failed)
        return failed;
    int type = status.fs_filetype; /* SOCK_STREAM and SOCK_DGRAM are preview 1's file types */
    return type == SOCK_STREAM || type == SOCK_DGRAM ? error : ENOTSOCK;
}

/* A family without an address. */
static void set_family_alone(tc_host_address *out) {
    out->view.size = sizeof out->family;
}

/* sun_path need not be ended: the address's length does it. */
static int from_unix(int fd, const struct sockaddr_un *address, socklen_t length,
                     tc_host_address *out) {
    size_t header = offsetof(struct sockaddr_un, sun_path);
    if (length > sizeof *address)
        return tc_socket_error(fd, EINVAL);
    size_t path_length = length > header ? strnlen(address->sun_path, length - header) : 0;
    if (path_length == 0)
        set_family_alone(out);
    memcpy(out->bytes + ADDRESS_OFFSET, address->sun_path, path_length);
    return 0;
}

int tc_address_from_posix(int fd, const struct sockaddr *address, socklen_t length,
                          tc_host_address *out, int *port) {
    if (length > LARGEST_ADDRESS || length < sizeof address->sa_family)
        return tc_socket_error(fd, EINVAL);
    if (!address)
        return tc_socket_error(fd, EFAULT);
    tc_address_prepare(out);
    out->family = address->sa_family;
    *port = 0;
    const struct sockaddr_in *in = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
    switch (address->sa_family) {
    case AF_UNIX:
        return from_unix(fd, (const struct sockaddr_un *)address, length, out);
    case AF_INET6:
        if (length < offsetof(struct sockaddr_in6, sin6_scope_id)) {
            set_family_alone(out);
            break;
        }
        memcpy(out->bytes + ADDRESS_OFFSET, &in6->sin6_addr, sizeof in6->sin6_addr);
        if (length >= offsetof(struct sockaddr_in6, sin6_scope_id) + sizeof in6->sin6_scope_id)
            memcpy(out->bytes + SCOPE_OFFSET, &in6->sin6_scope_id, sizeof in6->sin6_scope_id);
        *port = ntohs(in6->sin6_port);
        break;
    default:
        if (length < sizeof *in) {
            set_family_alone(out);
            break;
        }
        memcpy(out->bytes + ADDRESS_OFFSET, &in->sin_addr, sizeof in->sin_addr);
        *port = ntohs(in->sin_port);
        break;
    }
    return 0;
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
        memcpy(&whole.in6.sin6_scope_id, address->bytes + SCOPE_OFFSET,
               sizeof whole.in6.sin6_scope_id);
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
