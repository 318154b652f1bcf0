/* Addresses to names, by the host's resolver, under the grants. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#include "net/internal.h"
#include "net/lookup.h"

/* An IPv4 address inside an IPv6 one is the IPv4 address: so grants see it, and so it has a name.
 */
static bool parse(const char *literal, tc_address *out) {
    struct sockaddr_in *in = (struct sockaddr_in *)&out->storage;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out->storage;
    struct in6_addr bytes;
    *out = (tc_address){.length = sizeof *in};
    in->sin_family = AF_INET;
    if (inet_pton(AF_INET, literal, &in->sin_addr) == 1)
        return true;
    if (inet_pton(AF_INET6, literal, &bytes) != 1)
        return false;
    if (IN6_IS_ADDR_V4MAPPED(&bytes)) {
        memcpy(&in->sin_addr, bytes.s6_addr + 12, sizeof in->sin_addr);
        return true;
    }
    *out = (tc_address){.length = sizeof *in6};
    in6->sin6_family = AF_INET6;
    in6->sin6_addr = bytes;
    return true;
}

static bool is_loopback(const tc_address *address) {
    if (address->storage.ss_family == AF_INET)
        return ((const struct sockaddr_in *)&address->storage)->sin_addr.s_addr ==
               htonl(INADDR_LOOPBACK);
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)&address->storage)->sin6_addr);
}

int tc_reverse(const char *literal, tc_resolved *result, char **name) {
    *result = (tc_resolved){.type = SOCK_STREAM, .protocol = IPPROTO_TCP};
    *name = NULL;
    if (!literal || !parse(literal, &result->address))
        return -EINVAL;
    if (!is_loopback(&result->address)) { /* that one tells nothing of the host, and asks nobody */
        int refused = tc_grants_reverse(&result->address);
        if (refused)
            return refused;
        tc_lookup_question question = {.reverse = true};
        tc_lookup_answer answer;
        memcpy(&question.address, &result->address.storage, result->address.length);
        errno = 0;
        int error = tc_lookup(&question, &answer);
        if (error)
            return tc_resolver_errno(error);
        *name = strdup(answer.name);
    } else {
        *name = strdup("localhost");
    }
    return *name ? 0 : -ENOMEM;
}
