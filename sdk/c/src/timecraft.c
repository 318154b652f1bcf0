/* The helpers of timecraft.h. */
#include "timecraft.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "timecraft/tls.h"

static char reason[512];

int timecraft_htls_connect(int fd, const char *host) {
    return setsockopt(fd, TIMECRAFT_LEVEL, HTLS_OPTION, host, (socklen_t)strlen(host));
}

int timecraft_htls_error(int fd, char *buffer, size_t size) {
    if (size)
        buffer[0] = 0;
    socklen_t length = (socklen_t)size;
    return getsockopt(fd, TIMECRAFT_LEVEL, TIMECRAFT_HTLS_ERROR_OPTION, buffer, &length);
}

const char *timecraft_connect_reason(void) {
    return reason;
}

/* The errno for a failed getaddrinfo. */
static int resolve_errno(int error) {
    switch (error) {
    case EAI_AGAIN:
        return EAGAIN;
    case EAI_MEMORY:
        return ENOMEM;
    case EAI_FAIL:
    case EAI_SYSTEM:
        return errno;
    default:
        return ENOENT;
    }
}

/* Connects to the first address that answers. Returns the socket or -1. */
static int connect_any(const struct addrinfo *list) {
    int fd = -1;
    for (const struct addrinfo *i = list; i && fd < 0; i = i->ai_next) {
        fd = socket(i->ai_family, i->ai_socktype, i->ai_protocol);
        if (fd >= 0 && connect(fd, i->ai_addr, i->ai_addrlen) < 0) {
            int error = errno;
            close(fd);
            errno = error;
            fd = -1;
        }
    }
    return fd;
}

int timecraft_connect_tls(const char *host, const char *service) {
    return timecraft_tls_open(host, service, NULL);
}

int timecraft_tls_open(const char *host, const char *service, const timecraft_tls_config *config) {
    reason[0] = 0;
    struct addrinfo hints = {0}, *list;
    hints.ai_socktype = SOCK_STREAM;
    int resolved = getaddrinfo(host, service, &hints, &list);
    if (resolved) {
        int error = resolve_errno(resolved);
        snprintf(reason, sizeof reason, "resolve %s: %s", host, gai_strerror(resolved));
        return tc_result(error);
    }
    int fd = connect_any(list);
    int error = errno;
    freeaddrinfo(list);
    if (fd < 0) {
        snprintf(reason, sizeof reason, "connect to %s port %s: %s", host, service,
                 strerror(error));
        return tc_result(error);
    }
    if (timecraft_tls_connect(fd, host, config) < 0) {
        error = errno;
        char words[384];
        if (timecraft_htls_error(fd, words, sizeof words) < 0 || !words[0])
            snprintf(words, sizeof words, "%s", strerror(error));
        snprintf(reason, sizeof reason, "TLS with %s: %s", host, words);
        close(fd);
        return tc_result(error);
    }
    return fd;
}
