/* What of the network was granted: --allow-net, --allow-listen, --require-tls.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "confine/confine.h"
#include "guest/report.h"
#include "net/internal.h"

static const tc_options *options;

/* An address that a granted name has resolved to. The oldest is forgotten when there are too many.
 */
typedef struct noted_address {
    size_t grant; /* index into options->connects */
    int family;
    uint8_t bytes[16];
} noted_address;

#define NOTED_MAX 4096
static noted_address *noted;
static size_t noted_count, noted_next;

void tc_net_init(const tc_options *given) {
    options = given;
    tc_confine_need(TC_NEED_SOCKETS);
    tc_tls_init(given);
}

void tc_net_prepare(void) {
    if (options)
        tc_io_prepare(tc_grants_any() || getenv("LISTEN_FDS"));
}

bool tc_grants_any(void) {
    return options->connect_count + options->listen_count > 0;
}

/* Without a grant of one, a Unix socket can only be made one of a pair. */
bool tc_grants_any_unix(void) {
    for (size_t i = 0; i < options->connect_count; i++)
        if (options->connects[i].kind == TC_NET_UNIX)
            return true;
    for (size_t i = 0; i < options->listen_count; i++)
        if (options->listens[i].kind == TC_NET_UNIX)
            return true;
    return false;
}

bool tc_grants_any_connect(void) {
    return options->connect_count > 0;
}

/* An address' bytes and port; an IPv4 address that is written as an IPv6 one (::ffff:192.0.2.1)
 * counts as IPv4, so that a grant cannot be gone round. */
typedef struct endpoint {
    int family;
    const uint8_t *bytes;
    uint16_t port;
} endpoint;

static endpoint endpoint_of(const tc_address *address) {
    if (address->storage.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&address->storage;
        return (endpoint){AF_INET, (const uint8_t *)&in->sin_addr, ntohs(in->sin_port)};
    }
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address->storage;
    if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
        return (endpoint){AF_INET, in6->sin6_addr.s6_addr + 12, ntohs(in6->sin6_port)};
    return (endpoint){AF_INET6, in6->sin6_addr.s6_addr, ntohs(in6->sin6_port)};
}

const char *tc_address_text(const tc_address *address, char text[static TC_ADDRESS_TEXT]) {
    char words[INET6_ADDRSTRLEN] = "?";
    if (address->storage.ss_family == AF_UNIX) {
        const struct sockaddr_un *un = (const struct sockaddr_un *)&address->storage;
        snprintf(text, TC_ADDRESS_TEXT, "unix:%.*s", (int)sizeof un->sun_path, un->sun_path);
        return text;
    }
    endpoint end = endpoint_of(address);
    inet_ntop(end.family, end.bytes, words, sizeof words);
    snprintf(text, TC_ADDRESS_TEXT, end.family == AF_INET ? "%s:%u" : "[%s]:%u", words, end.port);
    return text;
}

static bool prefix_covers(const tc_net_grant *grant, const endpoint *end) {
    if (grant->family != end->family)
        return false;
    unsigned bytes = grant->prefix_len / 8, bits = grant->prefix_len % 8;
    if (memcmp(grant->address, end->bytes, bytes) != 0)
        return false;
    uint8_t mask = (uint8_t)(0xff00u >> bits);
    return bits == 0 || (grant->address[bytes] & mask) == (end->bytes[bytes] & mask);
}

static bool name_covers(size_t grant, const endpoint *end) {
    size_t size = end->family == AF_INET ? 4 : 16;
    for (size_t i = 0; i < noted_count; i++)
        if (noted[i].grant == grant && noted[i].family == end->family &&
            memcmp(noted[i].bytes, end->bytes, size) == 0)
            return true;
    return false;
}

/* Whatever the port is. */
static bool covers_host(const tc_net_grant *grants, size_t index, const tc_address *address) {
    endpoint end = endpoint_of(address);
    switch (grants[index].kind) {
    case TC_NET_ANY:
        return true;
    case TC_NET_PREFIX:
        return prefix_covers(&grants[index], &end);
    case TC_NET_NAME:
        return grants == options->connects && name_covers(index, &end);
    default:
        return false;
    }
}

static bool covers(const tc_net_grant *grants, size_t index, const tc_address *address) {
    const tc_net_grant *grant = &grants[index];
    if (address->storage.ss_family == AF_UNIX) {
        const struct sockaddr_un *un = (const struct sockaddr_un *)&address->storage;
        return grant->kind == TC_NET_UNIX && strcmp(grant->name, un->sun_path) == 0;
    }
    if (grant->port && grant->port != endpoint_of(address).port)
        return false;
    return covers_host(grants, index, address);
}

typedef bool coverage(const tc_net_grant *grants, size_t index, const tc_address *address);

static bool any_covers(const tc_net_grant *grants, size_t count, const tc_address *address,
                       coverage *one_covers) {
    for (size_t i = 0; i < count; i++)
        if (one_covers(grants, i, address))
            return true;
    return false;
}

static int refuse(const char *what, const char *to, const char *grant) {
    tc_report_once("refused to %s %s: it was not granted. To allow it, build or "
                   "run with %s=%s",
                   what, to, grant, to);
    return -EACCES;
}

int tc_grants_connect(const tc_address *address) {
    char text[TC_ADDRESS_TEXT];
    if (any_covers(options->connects, options->connect_count, address, covers))
        return 0;
    return refuse("connect to", tc_address_text(address, text), "--allow-net");
}

int tc_grants_listen(const tc_address *address) {
    char text[TC_ADDRESS_TEXT];
    if (any_covers(options->listens, options->listen_count, address, covers))
        return 0;
    return refuse("listen on", tc_address_text(address, text), "--allow-listen");
}

/* An address without its port. */
static const char *host_text(const tc_address *address, char text[static INET6_ADDRSTRLEN]) {
    endpoint end = endpoint_of(address);
    inet_ntop(end.family, end.bytes, text, INET6_ADDRSTRLEN);
    return text;
}

int tc_grants_join(const tc_address *group) {
    char text[INET6_ADDRSTRLEN];
    if (any_covers(options->listens, options->listen_count, group, covers_host))
        return 0;
    return refuse("join the group", host_text(group, text), "--allow-listen");
}

/* Questions about addresses go to name servers, whom a guest could tell things in this way. */
int tc_grants_reverse(const tc_address *address) {
    char text[INET6_ADDRSTRLEN];
    if (any_covers(options->connects, options->connect_count, address, covers_host))
        return 0;
    return refuse("look up the name of", host_text(address, text), "--allow-net");
}

static bool name_matches(const tc_net_grant *grant, const char *name) {
    return grant->kind == TC_NET_NAME && strcasecmp(grant->name, name) == 0;
}

/* What a grant can name: letters, digits, '-', '_', '.', and what is not ASCII (RFC 1035, 2.3.4: at
 * most 253 bytes, without the last dot). */
static bool is_host_name(const char *name) {
    size_t length = strlen(name);
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("-_.", name[i]) && !(name[i] & 0x80))
            return false;
    return length > 0 && length <= 254;
}

int tc_grants_resolve(const char *name) {
    for (size_t i = 0; i < options->connect_count; i++)
        if (options->connects[i].kind == TC_NET_ANY || name_matches(&options->connects[i], name))
            return 0;
    if (!is_host_name(name)) { /* which may be anything: a key, a page of text */
        tc_report_once("refused to look up what the guest gave as a host's name: %zu bytes that "
                       "no host can be called",
                       strlen(name));
        return -EACCES;
    }
    return refuse("look up", name, "--allow-net");
}

void tc_grants_note_address(const char *name, const tc_address *address) {
    for (size_t i = 0; i < options->connect_count; i++) {
        endpoint end = endpoint_of(address);
        if (!name_matches(&options->connects[i], name) || name_covers(i, &end))
            continue;
        if (!noted && !(noted = calloc(NOTED_MAX, sizeof *noted)))
            return;
        noted_address *slot = &noted[noted_next];
        *slot = (noted_address){.grant = i, .family = end.family};
        memcpy(slot->bytes, end.bytes, end.family == AF_INET ? 4 : 16);
        noted_next = (noted_next + 1) % NOTED_MAX;
        if (noted_count < NOTED_MAX)
            noted_count++;
    }
}

int tc_grants_clear_text(void) {
    if (!options->require_tls)
        return 0;
    tc_report_once("refused to send in clear text: --require-tls is in force. "
                   "The guest must turn "
                   "hTLS on for its sockets, or run without --require-tls");
    return -EACCES;
}
