/* getaddrinfo: numeric text and well-known services by itself, the rest through the host. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

#define MAX_ADDRESSES  32
#define CANONICAL_SIZE 256
#define PORT_TEXT_SIZE 6
#define HOST_DATA_SIZE 26 /* what other guests allocate too; an IPv6 address needs 18 */
#define PORT_SIZE      2
#define SCOPE_OFFSET   (PORT_SIZE + 16)
#define KNOWN_FLAGS                                                                                \
    (AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_NUMERICSERV | AI_V4MAPPED | AI_ALL |          \
     AI_ADDRCONFIG)
#define HOST_FLAGS (AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_NUMERICSERV)

/* One address that was found, without socket type. */
typedef struct found {
    int family;
    uint8_t bytes[16];
    uint32_t scope; /* of a link-local IPv6 address; 0: none */
    uint16_t port;  /* as the host says; host order */
} found;

typedef struct answer {
    found addresses[MAX_ADDRESSES];
    size_t count;
    char canonical[CANONICAL_SIZE];
} answer;

/* One socket type that the caller can use, with its port. */
typedef struct kind {
    int type;
    int protocol;
    uint16_t port; /* host order */
} kind;

/* --- asking the host --- */

/* What sock_getaddrinfo fills. */
typedef struct exchange {
    tc_host_addrinfo nodes[MAX_ADDRESSES];
    tc_host_sockaddr addresses[MAX_ADDRESSES];
    uint8_t data[MAX_ADDRESSES][HOST_DATA_SIZE];
    char canonical[CANONICAL_SIZE];
} exchange;

static exchange *exchange_new(void) {
    exchange *new = calloc(1, sizeof *new);
    if (!new)
        return NULL;
    for (size_t i = 0; i < MAX_ADDRESSES; i++) {
        new->addresses[i].data = new->data[i];
        new->addresses[i].datalen = HOST_DATA_SIZE;
        new->nodes[i].addr = &new->addresses[i];
        new->nodes[i].addrlen = sizeof new->addresses[i];
        new->nodes[i].next = i + 1 < MAX_ADDRESSES ? &new->nodes[i + 1] : NULL;
    }
    new->nodes[0].canonname = new->canonical;
    new->nodes[0].canonnamelen = CANONICAL_SIZE - 1;
    return new;
}

static int error_from_host(int error, const char *service) {
    switch (error) {
    case ENOENT:
        return EAI_NONAME;
    case EAGAIN:
    case ETIMEDOUT:
        return EAI_AGAIN;
    case EACCES:
        errno = EACCES;
        return EAI_FAIL;
    case EINVAL:
        return service ? EAI_SERVICE : EAI_BADFLAGS;
    case EAFNOSUPPORT:
        return EAI_FAMILY;
    case ENOMEM:
        return EAI_MEMORY;
    default:
        errno = error;
        return EAI_SYSTEM;
    }
}

static void take_answer(const exchange *from, size_t count, answer *out) {
    out->count = 0;
    for (size_t i = 0; i < count && i < MAX_ADDRESSES; i++) {
        const tc_host_sockaddr *address = &from->addresses[i];
        if (address->family != AF_INET && address->family != AF_INET6)
            continue;
        found *entry = &out->addresses[out->count++];
        entry->family = (int)address->family;
        entry->port = (uint16_t)(from->data[i][0] << 8 | from->data[i][1]);
        memcpy(entry->bytes, from->data[i] + PORT_SIZE, sizeof entry->bytes);
        memcpy(&entry->scope, from->data[i] + SCOPE_OFFSET, sizeof entry->scope);
    }
    memcpy(out->canonical, from->canonical, sizeof out->canonical);
    out->canonical[CANONICAL_SIZE - 1] = 0;
}

/* Either of name and service may be NULL. Returns 0 or EAI_…. */
static int ask_host(const char *name, const char *service, int family, int type, int flags,
                    answer *out) {
    exchange *exchange = exchange_new();
    if (!exchange)
        return EAI_MEMORY;
    tc_host_addrinfo hints = {
        .flags = (uint16_t)(flags & HOST_FLAGS),
        .family = (uint8_t)family,
        .socktype = type == SOCK_DGRAM ? TC_HOST_DATAGRAM : TC_HOST_STREAM,
    };
    tc_host_addrinfo *first = exchange->nodes;
    size_t count = 0;
    int error =
        tc_host_getaddrinfo(name, name ? strlen(name) : 0, service, service ? strlen(service) : 0,
                            &hints, &first, MAX_ADDRESSES, &count);
    if (error)
        error = error_from_host(error, service);
    else
        take_answer(exchange, count, out);
    free(exchange);
    return error;
}

/* --- services --- */

/* The port of a service for one socket type, at *port. Returns 0 or EAI_…. */
static int find_port(const char *service, int type, int flags, uint16_t *port) {
    *port = 0;
    if (!service)
        return 0;
    char *end;
    unsigned long number = strtoul(service, &end, 10);
    if (*service >= '0' && *service <= '9' && !*end) {
        *port = (uint16_t)number;
        return number <= UINT16_MAX ? 0 : EAI_SERVICE;
    }
    if (flags & AI_NUMERICSERV)
        return EAI_NONAME;
    const tc_service *known = tc_service_find(service, 0, TC_TCP | TC_UDP);
    if (known) {
        known = tc_service_find(service, 0, type == SOCK_STREAM ? TC_TCP : TC_UDP);
        *port = known ? known->port : 0;
        return known ? 0 : EAI_SERVICE;
    }
    answer answer;
    int error = ask_host(NULL, service, AF_UNSPEC, type, 0, &answer);
    if (!error && answer.count == 0)
        error = EAI_SERVICE;
    if (error)
        return error == EAI_NONAME ? EAI_SERVICE : error;
    *port = answer.addresses[0].port;
    return 0;
}

/* The socket types that fit the hints and the service. Returns how many, or EAI_…. */
static int find_kinds(const struct addrinfo *hints, const char *service, kind kinds[2]) {
    static const struct {
        int type;
        int protocol;
    } natural[] = {{SOCK_STREAM, IPPROTO_TCP}, {SOCK_DGRAM, IPPROTO_UDP}};

    if (hints->ai_socktype && hints->ai_socktype != SOCK_STREAM && hints->ai_socktype != SOCK_DGRAM)
        return EAI_SOCKTYPE;
    int count = 0;
    int error = EAI_SOCKTYPE;
    for (size_t i = 0; i < 2; i++) {
        if (hints->ai_socktype && hints->ai_socktype != natural[i].type)
            continue;
        if (hints->ai_protocol && hints->ai_protocol != natural[i].protocol)
            continue;
        kind *new = &kinds[count];
        error = find_port(service, natural[i].type, hints->ai_flags, &new->port);
        if (error)
            continue;
        new->type = natural[i].type;
        new->protocol = natural[i].protocol;
        count++;
    }
    return count ? count : error;
}

/* --- addresses --- */

static void add_address(answer *out, int family, const void *bytes, size_t size) {
    found *entry = &out->addresses[out->count++];
    memset(entry, 0, sizeof *entry);
    entry->family = family;
    memcpy(entry->bytes, bytes, size);
}

/* No host name: the wildcard address, or loopback (RFC 3493, 6.1). */
static void find_own(const struct addrinfo *hints, answer *out) {
    bool passive = hints->ai_flags & AI_PASSIVE;
    in_addr_t in = htonl(passive ? INADDR_ANY : INADDR_LOOPBACK);
    if (hints->ai_family != AF_INET6)
        add_address(out, AF_INET, &in, sizeof in);
    if (hints->ai_family != AF_INET)
        add_address(out, AF_INET6, passive ? &in6addr_any : &in6addr_loopback, sizeof in6addr_any);
}

/* ::ffff:192.0.2.1 (RFC 4291, 2.5.5.2) */
static void map_to_inet6(found *address) {
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    memcpy(address->bytes + sizeof prefix, address->bytes, 4);
    memcpy(address->bytes, prefix, sizeof prefix);
    address->family = AF_INET6;
}

/* Text such as 192.0.2.1, 2001:db8::1 or fe80::1%eth0, whose interface the host knows. Returns 0;
 * the family may not be the one asked for. EAI_NONAME: it is no address. */
static int find_numeric(const char *host, int type, answer *out) {
    struct in_addr in;
    struct in6_addr in6;
    const char *end = tc_parse_inet(host, &in);
    if (end && !*end)
        add_address(out, AF_INET, &in, sizeof in);
    else if (inet_pton(AF_INET6, host, &in6) == 1)
        add_address(out, AF_INET6, &in6, sizeof in6);
    else if (strchr(host, '%'))
        return ask_host(host, NULL, AF_INET6, type, AI_NUMERICHOST, out);
    else
        return EAI_NONAME;
    return 0;
}

/* AI_V4MAPPED: IPv4 addresses where there are no others, or also (AI_ALL). */
static int find_mapped(const char *host, const char *port, int type, int flags, int error,
                       answer *out) {
    if (error && error != EAI_NONAME)
        return error;
    if (!error && out->count && !(flags & AI_ALL))
        return 0;
    answer inet;
    int inet_error = ask_host(host, port, AF_INET, type, flags, &inet);
    if (inet_error)
        return error;
    if (error) {
        out->count = 0;
        memcpy(out->canonical, inet.canonical, sizeof out->canonical);
    }
    for (size_t i = 0; i < inet.count && out->count < MAX_ADDRESSES; i++) {
        out->addresses[out->count] = inet.addresses[i];
        map_to_inet6(&out->addresses[out->count++]);
    }
    return 0;
}

static int find_addresses(const char *host, const struct addrinfo *hints, const kind *kind,
                          answer *out) {
    int flags = hints->ai_flags;
    bool mapped = (flags & AI_V4MAPPED) && hints->ai_family == AF_INET6;
    out->count = 0;
    out->canonical[0] = 0;
    if (!host) {
        find_own(hints, out);
        return 0;
    }
    int error = find_numeric(host, kind->type, out);
    if (error && error != EAI_NONAME)
        return error;
    if (!error && out->count) {
        found *only = &out->addresses[0];
        if (mapped && only->family == AF_INET)
            map_to_inet6(only);
        bool fits = hints->ai_family == AF_UNSPEC || hints->ai_family == only->family;
        return fits ? 0 : EAI_NONAME;
    }
    if ((flags & AI_NUMERICHOST) || !*host)
        return EAI_NONAME;

    /* The host gets the port too: a grant may be for one port only. */
    char text[PORT_TEXT_SIZE], *port = NULL;
    if (kind->port) {
        char *digit = text + sizeof text;
        *--digit = 0;
        for (unsigned rest = kind->port; rest; rest /= 10)
            *--digit = (char)('0' + rest % 10);
        port = digit;
    }
    error = ask_host(host, port, hints->ai_family, kind->type, flags, out);
    if (mapped)
        error = find_mapped(host, port, kind->type, flags, error, out);
    return !error && out->count == 0 ? EAI_NONAME : error;
}

/* --- the list --- */

/* A list's element with its address behind it. */
typedef struct element {
    struct addrinfo info;
    struct sockaddr_storage address;
} element;

static element *element_new(const found *address, const kind *kind, int flags) {
    element *new = calloc(1, sizeof *new);
    if (!new)
        return NULL;
    struct addrinfo *info = &new->info;
    info->ai_flags = flags;
    info->ai_family = address->family;
    info->ai_socktype = kind->type;
    info->ai_protocol = kind->protocol;
    info->ai_addr = (struct sockaddr *)&new->address;
    if (address->family == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)&new->address;
        in->sin_family = AF_INET;
        in->sin_port = htons(kind->port);
        memcpy(&in->sin_addr, address->bytes, sizeof in->sin_addr);
        info->ai_addrlen = sizeof *in;
    } else {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&new->address;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(kind->port);
        memcpy(&in6->sin6_addr, address->bytes, sizeof in6->sin6_addr);
        in6->sin6_scope_id = address->scope;
        info->ai_addrlen = sizeof *in6;
    }
    return new;
}

/* Every address with every kind, in the order the host gave. */
static int make_list(const answer *answer, const kind *kinds, int kind_count, int flags,
                     struct addrinfo **list) {
    struct addrinfo **end = list;
    *list = NULL;
    for (size_t i = 0; i < answer->count; i++) {
        for (int k = 0; k < kind_count; k++) {
            element *new = element_new(&answer->addresses[i], &kinds[k], flags);
            if (!new)
                return EAI_MEMORY;
            *end = &new->info;
            end = &new->info.ai_next;
        }
    }
    return 0;
}

int getaddrinfo(const char *restrict host, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict result) {
    static const struct addrinfo no_hints;
    if (!hints)
        hints = &no_hints;
    if (!host && !service)
        return EAI_NONAME;
    if ((hints->ai_flags & ~KNOWN_FLAGS) || (!host && (hints->ai_flags & AI_CANONNAME)))
        return EAI_BADFLAGS;
    if (hints->ai_family != AF_UNSPEC && hints->ai_family != AF_INET &&
        hints->ai_family != AF_INET6)
        return EAI_FAMILY;

    kind kinds[2];
    int kind_count = find_kinds(hints, service, kinds);
    if (kind_count < 0)
        return kind_count;
    answer answer;
    int error = find_addresses(host, hints, &kinds[0], &answer);
    if (error)
        return error;
    struct addrinfo *list;
    error = make_list(&answer, kinds, kind_count, hints->ai_flags, &list);
    if (!error && (hints->ai_flags & AI_CANONNAME)) {
        list->ai_canonname = strdup(answer.canonical[0] ? answer.canonical : host);
        if (!list->ai_canonname)
            error = EAI_MEMORY;
    }
    if (error)
        freeaddrinfo(list);
    else
        *result = list;
    return error;
}

void freeaddrinfo(struct addrinfo *list) {
    while (list) {
        struct addrinfo *next = list->ai_next;
        free(list->ai_canonname);
        free(list); /* the first member of its element */
        list = next;
    }
}

const char *gai_strerror(int error) {
    static const struct {
        int error;
        const char *text;
    } texts[] = {
        {0, "No error"},
        {EAI_BADFLAGS, "Flags that are not allowed"},
        {EAI_NONAME, "Name does not resolve"},
        {EAI_AGAIN, "Name server gave no answer; try again"},
        {EAI_FAIL, "Name may not be resolved or can't be"},
        {EAI_FAMILY, "Address family not supported"},
        {EAI_SOCKTYPE, "Socket type not supported"},
        {EAI_SERVICE, "Service unknown for this socket type"},
        {EAI_MEMORY, "Out of memory"},
        {EAI_SYSTEM, "System error (see errno)"},
        {EAI_OVERFLOW, "Buffer too small"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i].error == error)
            return texts[i].text;
    }
    return "Unknown error";
}
