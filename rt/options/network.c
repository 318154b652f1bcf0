/* The network: --allow-net, --allow-listen, --require-tls. */
#include "options/internal.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_MAX_LENGTH = 253, /* RFC 1035, 2.3.4, without the root's dot */
    LABEL_MAX_LENGTH = 63,
    UNIX_PATH_MAX_LENGTH = 107, /* unix(7): sun_path with its NUL is 108 bytes */
};

static bool parse_port(const char *text, uint16_t *port) {
    uint64_t number = 0;
    if (strcmp(text, "*") != 0 && (!tc_options_number(text, 65535, &number) || number == 0))
        return false;
    *port = (uint16_t)number;
    return true;
}

/* Clears the bits of an address that lie behind its prefix. */
static void mask_address(uint8_t *address, size_t size, unsigned prefix_len) {
    for (size_t i = 0; i < size; i++) {
        unsigned kept = prefix_len > 8 * i ? prefix_len - 8 * (unsigned)i : 0;
        if (kept < 8)
            address[i] &= (uint8_t)(0xff00u >> kept);
    }
}

/* "10.0.0.0/8", "127.0.0.1", "2001:db8::/32" (no brackets, no port). An IPv4 address inside an
 * IPv6 one (::ffff:127.0.0.1) is the IPv4 address. */
static bool parse_prefix(char *text, int family, tc_net_grant *grant) {
    unsigned size = family == AF_INET ? 4 : 16;
    uint64_t bits = 8 * size;
    char *slash = strchr(text, '/');
    if (slash) {
        *slash = '\0';
        if (!tc_options_number(slash + 1, 8 * size, &bits))
            return false;
    }
    if (inet_pton(family, text, grant->address) != 1)
        return false;
    mask_address(grant->address, size, (unsigned)bits);
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (size == 16 && bits >= 96 && memcmp(grant->address, mapped, sizeof mapped) == 0) {
        memmove(grant->address, grant->address + 12, 4);
        memset(grant->address + 4, 0, 12);
        family = AF_INET;
        bits -= 96;
    }
    grant->kind = TC_NET_PREFIX;
    grant->family = family;
    grant->prefix_len = (unsigned)bits;
    return true;
}

/* A host name's syntax (RFC 1123, 2.1; underscores are tolerated), made lower case and without the
 * final dot. A last label of digits, or 0x…, is refused: such a "name" is another spelling of an
 * address to many resolvers. */
static bool normalise_name(char *name) {
    size_t length = strlen(name);
    if (length > 1 && name[length - 1] == '.')
        name[--length] = '\0';
    if (length == 0 || length > NAME_MAX_LENGTH)
        return false;
    size_t label = 0; /* where the current one starts */
    for (size_t i = 0; i <= length; i++) {
        char *c = &name[i];
        if (*c == '.' || *c == '\0') {
            if (i == label || i - label > LABEL_MAX_LENGTH || name[label] == '-' ||
                name[i - 1] == '-')
                return false;
            if (*c == '.')
                label = i + 1;
        } else if (*c >= 'A' && *c <= 'Z') {
            *c = (char)(*c - 'A' + 'a');
        } else if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-' ||
                     *c == '_')) {
            return false;
        }
    }
    const char *last = name + label;
    return last[strspn(last, "0123456789")] != '\0' && strncmp(last, "0x", 2) != 0;
}

/* Splits "[2001:db8::]/32:443" into "2001:db8::/32" and "443" (NULL if there is no port), in place.
 */
static bool split_brackets(char *text, char **address, char **port) {
    char *close = strchr(text, ']');
    if (!close)
        return false;
    char *rest = close + 1;
    *port = strchr(rest, ':');
    if (*port)
        *(*port)++ = '\0';
    if (*rest != '\0' && *rest != '/')
        return false;
    memmove(close, rest, strlen(rest) + 1);
    *address = text + 1;
    return true;
}

/* What is wrong with an element, or NULL. `text` may be changed. */
static const char *parse_net_element(char *text, tc_net_grant *grant) {
    if (strncmp(text, "unix:", 5) == 0) {
        size_t length = strlen(text + 5);
        if (length == 0 || length > UNIX_PATH_MAX_LENGTH)
            return "the path of a Unix socket has 1 to 107 bytes";
        grant->kind = TC_NET_UNIX;
        grant->name = tc_options_copy(text + 5, length);
        return NULL;
    }
    char *host = text;
    char *port = strchr(text, ':');
    bool inet6 = *text == '[' || (port && strchr(port + 1, ':'));
    if (*text == '[') {
        if (!split_brackets(text, &host, &port))
            return "an IPv6 address with a port looks like [2001:db8::1]:443";
    } else if (inet6) {
        port = NULL;
    } else if (port) {
        *port++ = '\0';
    }
    if (port && !parse_port(port, &grant->port))
        return "a port is a number from 1 to 65535, or * for every one";
    if (inet6)
        return parse_prefix(host, AF_INET6, grant) ? NULL : "that is no IPv6 address or prefix";
    if (*host == '\0' || strcmp(host, "*") == 0) {
        grant->kind = TC_NET_ANY;
        return NULL;
    }
    if (strchr(host, '/') || host[strspn(host, "0123456789.")] == '\0')
        return parse_prefix(host, AF_INET, grant) ? NULL : "that is no IPv4 address or prefix";
    if (!normalise_name(host))
        return "that is no host name (of letters, digits, - and .; others in their xn-- form)";
    grant->kind = TC_NET_NAME;
    grant->name = tc_options_must(strdup(host));
    return NULL;
}

/* A list of elements; no list at all is "every address". An empty one is refused: it is more
 * likely an empty variable in somebody's script than the wish to allow everything. */
static int apply_net(const char *option, tc_net_grant **grants, size_t *count, const char *value,
                     char **error) {
    if (!value) {
        *(tc_net_grant *)tc_options_add(grants, count, sizeof **grants) =
            (tc_net_grant){.kind = TC_NET_ANY};
        return 0;
    }
    for (const char *at = value;; at++) {
        size_t length = strcspn(at, ",");
        char *element = tc_options_copy(at, length);
        tc_net_grant grant = {0};
        const char *problem =
            length == 0 ? "an element is empty" : parse_net_element(element, &grant);
        free(element);
        if (problem)
            return tc_options_fail(
                error,
                "%s=%s: \"%.*s\": %s; write for example %s=example.com:443,10.0.0.0/8, or "
                "%s alone for every address",
                option, value, (int)length, at, problem, option, option);
        *(tc_net_grant *)tc_options_add(grants, count, sizeof grant) = grant;
        at += length;
        if (*at == '\0')
            return 0;
    }
}

int tc_word_allow_net(tc_options *options, const char *value, char **error) {
    return apply_net("--allow-net", &options->connects, &options->connect_count, value, error);
}

int tc_word_allow_listen(tc_options *options, const char *value, char **error) {
    return apply_net("--allow-listen", &options->listens, &options->listen_count, value, error);
}

int tc_word_require_tls(tc_options *options, const char *value, char **error) {
    (void)value, (void)error;
    options->require_tls = true;
    return 0;
}

void tc_options_forget_network(tc_options *options) {
    for (size_t i = 0; i < options->connect_count; i++)
        free(options->connects[i].name);
    for (size_t i = 0; i < options->listen_count; i++)
        free(options->listens[i].name);
    free(options->connects);
    free(options->listens);
    options->connects = options->listens = NULL;
    options->connect_count = options->listen_count = 0;
}
