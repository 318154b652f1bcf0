/* Name resolution, by the host's resolver, under the grants. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/internal.h"

int tc_resolver_errno(int error) {
    switch (error) {
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
        return -ENOENT;
    case EAI_AGAIN:
        return -EAGAIN;
    case EAI_INPROGRESS:
        return -EINPROGRESS;
    case EAI_MEMORY:
        return -ENOMEM;
    case EAI_SYSTEM:
        return errno ? -errno : -EIO;
    case EAI_FAIL:
        return -EIO;
    default:
        return -EINVAL; /* EAI_BADFLAGS, EAI_FAMILY, EAI_SERVICE, EAI_SOCKTYPE */
    }
}

/* Without a trailing dot, as grants are kept. */
static bool copy_name(const char *name, char copy[NI_MAXHOST]) {
    size_t length = strlen(name);
    if (length > 1 && name[length - 1] == '.')
        length--;
    if (length >= NI_MAXHOST)
        return false;
    memcpy(copy, name, length);
    copy[length] = 0;
    return true;
}

/* Whether it is an address in words: all that getaddrinfo takes for one, "127.1" and "fe80::1%lo"
 * too, so that no grant of a name is asked for it. */
static bool is_literal(const char *name) {
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST}, *found;
    if (getaddrinfo(name, NULL, &hints, &found) != 0)
        return false;
    freeaddrinfo(found);
    return true;
}

/* "localhost" and the names below it are this host (RFC 6761, 6.3), wherever it is asked, or
 * whether anybody can be. `name` has no trailing dot. */
static bool is_localhost(const char *name) {
    static const char localhost[] = "localhost";
    size_t length = strlen(name), own = sizeof localhost - 1;
    return length >= own && strcasecmp(name + length - own, localhost) == 0 &&
           (length == own || name[length - own - 1] == '.');
}

static void store_result(const struct addrinfo *found, tc_resolved *result) {
    *result = (tc_resolved){.type = found->ai_socktype, .protocol = found->ai_protocol};
    result->address.length = found->ai_addrlen;
    memcpy(&result->address.storage, found->ai_addr, found->ai_addrlen);
}

/* The loopback addresses of the families wanted, IPv4's first, as servers of this host have. As
 * getaddrinfo(3). */
static int look_up_localhost(const char *service, const struct addrinfo *wanted,
                             struct addrinfo **found) {
    static const struct {
        int family;
        const char *address;
    } loopback[] = {{AF_INET, "127.0.0.1"}, {AF_INET6, "::1"}};
    struct addrinfo **end = found;
    struct addrinfo hints = *wanted;
    hints.ai_flags = (wanted->ai_flags | AI_NUMERICHOST) & ~AI_CANONNAME;
    *found = NULL;
    for (size_t i = 0; i < sizeof loopback / sizeof *loopback; i++) {
        if (wanted->ai_family != AF_UNSPEC && wanted->ai_family != loopback[i].family)
            continue;
        int error = getaddrinfo(loopback[i].address, service, &hints, end);
        if (error) {
            if (*found)
                freeaddrinfo(*found);
            return error;
        }
        while (*end)
            end = &(*end)->ai_next;
    }
    return 0;
}

/* As getaddrinfo(3); with `nowait` the answer may be EAI_INPROGRESS. */
static int look_up(const char *name, const char *service, const tc_resolve_hints *hints,
                   bool nowait, struct addrinfo **found) {
    struct addrinfo wanted = {.ai_family = hints->family,
                              .ai_socktype = hints->type,
                              .ai_protocol = hints->protocol,
                              .ai_flags = hints->flags};
    errno = 0;
    if (name && !(hints->flags & AI_NUMERICHOST) && is_localhost(name))
        return look_up_localhost(service, &wanted, found);
    return nowait ? tc_lookup(name, service, &wanted, found)
                  : getaddrinfo(name, service, &wanted, found);
}

int tc_resolve(const char *name, const char *service, const tc_resolve_hints *hints,
               tc_resolved *results, size_t capacity, size_t *count, char **canonical) {
    char copy[NI_MAXHOST];
    bool granted_name = false;
    *count = 0;
    if (canonical)
        *canonical = NULL;
    if (name && !copy_name(name, copy))
        return -ENOENT;
    if (name && !is_literal(copy) && !(hints->flags & AI_NUMERICHOST)) {
        int refused = tc_grants_resolve(copy);
        if (refused)
            return refused;
        granted_name = true;
    }
    struct addrinfo *found = NULL;
    int error = look_up(name ? copy : NULL, service, hints, hints->nowait && granted_name, &found);
    if (error)
        return tc_resolver_errno(error);
    for (const struct addrinfo *one = found; one && *count < capacity; one = one->ai_next) {
        bool known_type = one->ai_socktype == SOCK_STREAM || one->ai_socktype == SOCK_DGRAM;
        if (!known_type || (one->ai_family != AF_INET && one->ai_family != AF_INET6))
            continue; /* raw sockets, for one: guests have none */
        store_result(one, &results[*count]);
        if (granted_name)
            tc_grants_note_address(copy, &results[*count].address);
        (*count)++;
    }
    if (canonical && found->ai_canonname)
        *canonical = strdup(found->ai_canonname);
    else if (canonical && name && hints->flags & AI_CANONNAME)
        *canonical = strdup(copy); /* a name that is its own */
    freeaddrinfo(found);
    return *count ? 0 : -ENOENT;
}
