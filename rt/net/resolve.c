/* Name resolution, by the host's resolver, under the grants. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/internal.h"
#include "net/lookup.h"

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

/* A question with what getaddrinfo(3) is told. EAI_SERVICE: there is no service of such a name. */
static int make_question(const char *name, const char *service, const tc_resolve_hints *hints,
                         tc_lookup_question *question) {
    *question = (tc_lookup_question){.has_name = name != NULL,
                                     .has_service = service != NULL,
                                     .family = hints->family,
                                     .type = hints->type,
                                     .protocol = hints->protocol,
                                     .flags = hints->flags};
    if (service && strlen(service) >= sizeof question->service)
        return EAI_SERVICE;
    snprintf(question->name, sizeof question->name, "%s", name ? name : "");
    snprintf(question->service, sizeof question->service, "%s", service ? service : "");
    return 0;
}

/* Whether it is an address in words: all that getaddrinfo takes for one, "127.1" and "fe80::1%lo"
 * too, so that no grant of a name is asked for it. Only the name behind a % is looked up anywhere.
 */
static bool is_literal(const char *name) {
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST}, *found;
    if (strchr(name, '%')) {
        tc_lookup_question question;
        tc_lookup_answer answer;
        const tc_resolve_hints asked = {.flags = AI_NUMERICHOST};
        return make_question(name, NULL, &asked, &question) == 0 &&
               tc_lookup(&question, &answer) == 0;
    }
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

static void store_result(const tc_lookup_address *found, tc_resolved *result) {
    *result = (tc_resolved){.type = found->type, .protocol = found->protocol};
    result->address.length =
        found->address.sin6_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof found->address;
    memcpy(&result->address.storage, &found->address, result->address.length);
}

/* The loopback addresses of the families wanted, IPv4's first, as servers of this host have. As
 * getaddrinfo(3). */
static int look_up_localhost(const char *service, const tc_resolve_hints *wanted,
                             tc_lookup_answer *found) {
    static const struct {
        int family;
        const char *address;
    } loopback[] = {{AF_INET, "127.0.0.1"}, {AF_INET6, "::1"}};
    tc_resolve_hints hints = *wanted;
    hints.flags = (wanted->flags | AI_NUMERICHOST) & ~AI_CANONNAME;
    *found = (tc_lookup_answer){0};
    for (size_t i = 0; i < sizeof loopback / sizeof *loopback; i++) {
        tc_lookup_question question;
        tc_lookup_answer one;
        if (wanted->family != AF_UNSPEC && wanted->family != loopback[i].family)
            continue;
        int error = make_question(loopback[i].address, service, &hints, &question);
        if (!error)
            error = tc_lookup(&question, &one);
        if (error)
            return error;
        for (uint32_t k = 0; k < one.count && found->count < TC_LOOKUP_ADDRESSES; k++)
            found->addresses[found->count++] = one.addresses[k];
    }
    return 0;
}

/* As getaddrinfo(3); with `nowait` the answer may be EAI_INPROGRESS. */
static int look_up(const char *name, const char *service, const tc_resolve_hints *hints,
                   bool nowait, tc_lookup_answer *found) {
    tc_lookup_question question;
    errno = 0;
    if (name && !(hints->flags & AI_NUMERICHOST) && is_localhost(name))
        return look_up_localhost(service, hints, found);
    int error = make_question(name, service, hints, &question);
    if (error)
        return error;
    return nowait ? tc_lookup_nowait(&question, found) : tc_lookup(&question, found);
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
    tc_lookup_answer found;
    int error = look_up(name ? copy : NULL, service, hints, hints->nowait && granted_name, &found);
    if (error)
        return tc_resolver_errno(error);
    for (uint32_t i = 0; i < found.count && *count < capacity; i++) {
        const tc_lookup_address *one = &found.addresses[i];
        if (one->type != SOCK_STREAM && one->type != SOCK_DGRAM)
            continue; /* raw sockets, for one: guests have none */
        store_result(one, &results[*count]);
        if (granted_name)
            tc_grants_note_address(copy, &results[*count].address);
        (*count)++;
    }
    if (canonical && *found.name)
        *canonical = strdup(found.name);
    else if (canonical && name && hints->flags & AI_CANONNAME)
        *canonical = strdup(copy); /* a name that is its own */
    return *count ? 0 : -ENOENT;
}
