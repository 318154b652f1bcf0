/* Reads the grants and the runner's other words. The runtime uses it on the build's grants and on
 * TIMECRAFT_OPTIONS, the timecraft command on its command line; so it stands on the C library only.
 */
#include "guest/options.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIB        (UINT64_C(1) << 10)
#define MIB        (UINT64_C(1) << 20)
#define GIB        (UINT64_C(1) << 30)
#define SECOND     UINT64_C(1000000000) /* in nanoseconds */
#define STACK_MIN  MIB
#define STACK_MAX  (4 * GIB)
#define MEMORY_MIN (64 * KIB) /* one page */
#define MEMORY_MAX (4 * GIB)  /* what 32-bit addresses reach */

enum { TLS_1_2 = 0x0303, TLS_1_3 = 0x0304 }; /* as on the wire (RFC 8446, 4.2.1) */

enum {
    NAME_MAX_LENGTH = 253, /* RFC 1035, 2.3.4, without the root's dot */
    LABEL_MAX_LENGTH = 63,
    UNIX_PATH_MAX_LENGTH = 107, /* unix(7): sun_path with its NUL is 108 bytes */
};

const char tc_options_help[] =
    "  --dir=HOST[::GUEST][:ro]      open the folder HOST to the program, which sees it as GUEST;\n"
    "                                with :ro it can only read there\n"
    "  --env=NAME[=VALUE]            set a variable; without a value, that of the environment\n"
    "  --inherit-env                 pass on the whole environment\n"
    "  --allow-net[=HOST[:PORT],…]   let it connect and send: everywhere, or to names, addresses,\n"
    "                                prefixes (10.0.0.0/8, [2001:db8::]/32), :PORT, unix:PATH\n"
    "  --allow-listen[=ADDR:PORT,…]  let it bind and listen: everywhere, or as above\n"
    "  --require-tls                 let no byte leave in clear text\n"
    "  --ca=FILE                     trust these certificates (PEM) instead of the system's\n"
    "  --identity=NAME=CERT,KEY      hold a certificate chain and its key (PEM files) for it, "
    "which\n"
    "                                it can use as NAME and never sees\n"
    "  --tls-min-version=1.2|1.3     the lowest version of TLS (1.2), and the highest (1.3):\n"
    "  --tls-max-version=1.2|1.3\n"
    "  --allow-insecure-tls          let it leave the verification of servers out\n"
    "  --max-memory=SIZE[K|M|G]      limit the linear memory; 0: the module's own limit\n"
    "  --timeout=SECONDS             end it after this time, with exit status 124; 0: never\n"
    "  --tls-handshake-timeout=SECONDS   give up on a TLS handshake after this time (30)\n"
    "  --stack-size=SIZE[K|M|G]      size of the call stack (64M)\n"
    "  --invoke=NAME                 call this function that the module exports, with numbers as\n"
    "                                arguments, and print its results\n"
    "  --payload=GUEST               show the program's own file, and so what was appended to it,\n"
    "                                as the file GUEST; no grant, but part of the program\n"
    "  --no-grants                   forget every grant given before this word\n";

/* ---- memory and messages ---- */

static void *must(void *allocated) {
    if (!allocated) {
        fputs("timecraft: out of memory\n", stderr);
        exit(1);
    }
    return allocated;
}

static char *copy(const char *text, size_t length) {
    return must(strndup(text, length));
}

/* Grows an array by one element and returns the new, zeroed one. */
static void *append(void *array_address, size_t *count, size_t element_size) {
    void **array = array_address;
    *array = must(reallocarray(*array, *count + 1, element_size));
    void *added = (char *)*array + *count * element_size;
    memset(added, 0, element_size);
    ++*count;
    return added;
}

__attribute__((format(printf, 2, 3))) static int fail(char **error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(error, format, arguments) < 0)
        must(NULL);
    va_end(arguments);
    return -1;
}

void tc_options_init(tc_options *options) {
    *options = (tc_options){
        .handshake_timeout_ns = 30 * SECOND,
        .tls_min_version = TLS_1_2,
        .tls_max_version = TLS_1_3,
        .stack_size = 64 * MIB,
    };
}

static void reset_grants(tc_options *options) {
    for (size_t i = 0; i < options->dir_count; i++) {
        free(options->dirs[i].host);
        free(options->dirs[i].guest);
    }
    for (size_t i = 0; i < options->env_count; i++) {
        free(options->envs[i].name);
        free(options->envs[i].value);
    }
    for (size_t i = 0; i < options->connect_count; i++)
        free(options->connects[i].name);
    for (size_t i = 0; i < options->listen_count; i++)
        free(options->listens[i].name);
    for (size_t i = 0; i < options->identity_count; i++) {
        free(options->identities[i].name);
        free(options->identities[i].certificate);
        free(options->identities[i].key);
    }
    free(options->identities);
    options->identities = NULL;
    options->identity_count = 0;
    options->allow_insecure_tls = false;
    free(options->dirs);
    free(options->envs);
    free(options->connects);
    free(options->listens);
    options->dirs = NULL;
    options->envs = NULL;
    options->connects = options->listens = NULL;
    options->dir_count = options->env_count = options->connect_count = options->listen_count = 0;
    options->inherit_env = false;
}

void tc_options_reset(tc_options *options) {
    reset_grants(options);
    free(options->payload);
    free(options->invoke);
    free(options->ca);
    tc_options_init(options);
}

/* ---- folders and environment ---- */

/* "data::/srv:ro" is the host's data, the guest's /srv, read-only. A later grant of the same guest
 * name replaces the earlier one. */
static int apply_dir(tc_options *options, const char *value, char **error) {
    size_t length = strlen(value);
    bool read_only = length >= 3 && strcmp(value + length - 3, ":ro") == 0;
    if (read_only)
        length -= 3;
    const char *separator = strstr(value, "::");
    if (separator && separator >= value + length)
        separator = NULL;
    size_t host_length = separator ? (size_t)(separator - value) : length;
    const char *guest = separator ? separator + 2 : value;
    size_t guest_length = separator ? (size_t)(value + length - guest) : length;
    if (host_length == 0 || guest_length == 0)
        return fail(error,
                    "--dir=%s names no folder%s; write for example --dir=data, --dir=data:ro or "
                    "--dir=/srv/data::/data",
                    value, host_length == 0 ? "" : " for the guest");

    /* wasi-libc compares names as they are, and no path that it looks up ends with a slash. */
    while (guest_length > 1 && guest[guest_length - 1] == '/')
        guest_length--;
    tc_dir_grant grant = {copy(value, host_length), copy(guest, guest_length), read_only};
    for (size_t i = 0; i < options->dir_count; i++) {
        tc_dir_grant *earlier = &options->dirs[i];
        if (strcmp(earlier->guest, grant.guest) == 0) {
            free(earlier->host);
            free(earlier->guest);
            *earlier = grant;
            return 0;
        }
    }
    *(tc_dir_grant *)append(&options->dirs, &options->dir_count, sizeof grant) = grant;
    return 0;
}

static int apply_env(tc_options *options, const char *value, char **error) {
    size_t name_length = strcspn(value, "=");
    if (name_length == 0)
        return fail(error,
                    "--env=%s names no variable; write for example --env=LANG or --env=LANG=C",
                    value);
    tc_env_grant grant = {copy(value, name_length), NULL};
    if (value[name_length] == '=')
        grant.value = must(strdup(value + name_length + 1));
    for (size_t i = 0; i < options->env_count; i++) {
        tc_env_grant *earlier = &options->envs[i];
        if (strcmp(earlier->name, grant.name) == 0) {
            free(earlier->name);
            free(earlier->value);
            *earlier = grant;
            return 0;
        }
    }
    *(tc_env_grant *)append(&options->envs, &options->env_count, sizeof grant) = grant;
    return 0;
}

static int apply_inherit_env(tc_options *options, const char *value, char **error) {
    (void)value, (void)error;
    options->inherit_env = true;
    return 0;
}

/* ---- network ---- */

/* The whole of `text` as a decimal number up to `max`. */
static bool parse_number(const char *text, uint64_t max, uint64_t *number) {
    *number = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        unsigned digit = (unsigned)(*text - '0');
        if (*number > (max - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    return true;
}

static bool parse_port(const char *text, uint16_t *port) {
    uint64_t number = 0;
    if (strcmp(text, "*") != 0 && (!parse_number(text, 65535, &number) || number == 0))
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
        if (!parse_number(slash + 1, 8 * size, &bits))
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
        grant->name = copy(text + 5, length);
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
    grant->name = must(strdup(host));
    return NULL;
}

/* A list of elements; no list at all is "every address". An empty one is refused: it is more
 * likely an empty variable in somebody's script than the wish to allow everything. */
static int apply_net(const char *option, tc_net_grant **grants, size_t *count, const char *value,
                     char **error) {
    if (!value) {
        *(tc_net_grant *)append(grants, count, sizeof **grants) =
            (tc_net_grant){.kind = TC_NET_ANY};
        return 0;
    }
    for (const char *at = value;; at++) {
        size_t length = strcspn(at, ",");
        char *element = copy(at, length);
        tc_net_grant grant = {0};
        const char *problem =
            length == 0 ? "an element is empty" : parse_net_element(element, &grant);
        free(element);
        if (problem)
            return fail(error,
                        "%s=%s: \"%.*s\": %s; write for example %s=example.com:443,10.0.0.0/8, or "
                        "%s alone for every address",
                        option, value, (int)length, at, problem, option, option);
        *(tc_net_grant *)append(grants, count, sizeof grant) = grant;
        at += length;
        if (*at == '\0')
            return 0;
    }
}

static int apply_allow_net(tc_options *options, const char *value, char **error) {
    return apply_net("--allow-net", &options->connects, &options->connect_count, value, error);
}

static int apply_allow_listen(tc_options *options, const char *value, char **error) {
    return apply_net("--allow-listen", &options->listens, &options->listen_count, value, error);
}

static int apply_require_tls(tc_options *options, const char *value, char **error) {
    (void)value, (void)error;
    options->require_tls = true;
    return 0;
}

/* ---- TLS ---- */

static int apply_ca(tc_options *options, const char *value, char **error) {
    if (!*value)
        return fail(error, "--ca= names no file; write for example --ca=/etc/ssl/own-ca.pem");
    free(options->ca);
    options->ca = must(strdup(value));
    return 0;
}

/* "web=cert.pem,key.pem". A later grant of the same name replaces the earlier one. */
static int apply_identity(tc_options *options, const char *value, char **error) {
    size_t name_length = strcspn(value, "=");
    const char *certificate = value[name_length] ? value + name_length + 1 : "";
    const char *comma = strrchr(certificate, ',');
    if (name_length == 0 || !comma || comma == certificate || !comma[1])
        return fail(error,
                    "--identity=%s: a name, a file with certificates and one with the key are "
                    "needed; write for example --identity=web=cert.pem,key.pem",
                    value);
    tc_identity_grant grant = {copy(value, name_length),
                               copy(certificate, (size_t)(comma - certificate)),
                               must(strdup(comma + 1))};
    for (size_t i = 0; i < options->identity_count; i++) {
        tc_identity_grant *earlier = &options->identities[i];
        if (strcmp(earlier->name, grant.name) == 0) {
            free(earlier->name);
            free(earlier->certificate);
            free(earlier->key);
            *earlier = grant;
            return 0;
        }
    }
    *(tc_identity_grant *)append(&options->identities, &options->identity_count, sizeof grant) =
        grant;
    return 0;
}

static int apply_allow_insecure_tls(tc_options *options, const char *value, char **error) {
    (void)value, (void)error;
    options->allow_insecure_tls = true;
    return 0;
}

static int apply_tls_version(const char *option, unsigned *version, const char *value,
                             char **error) {
    if (strcmp(value, "1.2") != 0 && strcmp(value, "1.3") != 0)
        return fail(error, "%s=%s: the versions are 1.2 and 1.3; write for example %s=1.3", option,
                    value, option);
    *version = value[2] == '2' ? TLS_1_2 : TLS_1_3;
    return 0;
}

static int apply_tls_min_version(tc_options *options, const char *value, char **error) {
    return apply_tls_version("--tls-min-version", &options->tls_min_version, value, error);
}

static int apply_tls_max_version(tc_options *options, const char *value, char **error) {
    return apply_tls_version("--tls-max-version", &options->tls_max_version, value, error);
}

/* ---- limits ---- */

/* "64M" in bytes; 0 is passed on as 0. */
static bool parse_size(const char *text, uint64_t *bytes) {
    size_t length = strlen(text);
    unsigned shift = 0;
    switch (length > 0 ? text[length - 1] : '\0') {
    case 'K':
    case 'k':
        shift = 10;
        break;
    case 'M':
    case 'm':
        shift = 20;
        break;
    case 'G':
    case 'g':
        shift = 30;
        break;
    }
    char *digits = copy(text, shift ? length - 1 : length);
    bool valid = parse_number(digits, UINT64_MAX >> shift, bytes);
    free(digits);
    *bytes <<= shift;
    return valid;
}

/* "1.5" in nanoseconds. Nine digits on either side of the point are enough for everybody. */
static bool parse_seconds(const char *text, uint64_t *nanoseconds) {
    size_t whole_length = strcspn(text, ".");
    const char *fraction = text[whole_length] == '.' ? text + whole_length + 1 : NULL;
    char digits[10] = "000000000";
    if (fraction && (strlen(fraction) == 0 || strlen(fraction) > 9))
        return false;
    if (fraction)
        memcpy(digits, fraction, strlen(fraction));
    char *whole = copy(text, whole_length);
    uint64_t seconds, rest;
    bool valid = parse_number(whole, 999999999, &seconds) && parse_number(digits, SECOND, &rest);
    free(whole);
    if (valid)
        *nanoseconds = seconds * SECOND + rest;
    return valid;
}

static int apply_max_memory(tc_options *options, const char *value, char **error) {
    uint64_t bytes;
    if (!parse_size(value, &bytes) || (bytes != 0 && (bytes < MEMORY_MIN || bytes > MEMORY_MAX)))
        return fail(error,
                    "--max-memory=%s: a size from 64K to 4G, or 0, is needed; write for example "
                    "--max-memory=256M",
                    value);
    options->max_memory = bytes;
    return 0;
}

static int apply_stack_size(tc_options *options, const char *value, char **error) {
    uint64_t bytes;
    if (!parse_size(value, &bytes) || bytes < STACK_MIN || bytes > STACK_MAX)
        return fail(error,
                    "--stack-size=%s: a size from 1M to 4G is needed; write for example "
                    "--stack-size=64M",
                    value);
    options->stack_size = bytes;
    return 0;
}

static int apply_timeout(tc_options *options, const char *value, char **error) {
    if (!parse_seconds(value, &options->timeout_ns))
        return fail(error,
                    "--timeout=%s: a number of seconds is needed; write for example --timeout=10 "
                    "or --timeout=0.5",
                    value);
    return 0;
}

static int apply_handshake_timeout(tc_options *options, const char *value, char **error) {
    uint64_t nanoseconds;
    if (!parse_seconds(value, &nanoseconds) || nanoseconds == 0)
        return fail(error,
                    "--tls-handshake-timeout=%s: a number of seconds above 0 is needed; write for "
                    "example --tls-handshake-timeout=10",
                    value);
    options->handshake_timeout_ns = nanoseconds;
    return 0;
}

static int apply_payload(tc_options *options, const char *value, char **error) {
    if (!*value)
        return fail(error, "--payload= names no file; write for example --payload=/app.zip");
    free(options->payload);
    options->payload = must(strdup(value));
    return 0;
}

static int apply_invoke(tc_options *options, const char *value, char **error) {
    (void)error;
    free(options->invoke);
    options->invoke = must(strdup(value));
    return 0;
}

static int apply_no_grants(tc_options *options, const char *value, char **error) {
    (void)value, (void)error;
    reset_grants(options);
    return 0;
}

/* ---- words ---- */

typedef enum value_kind { VALUE_NONE, VALUE_OPTIONAL, VALUE_NEEDED } value_kind;

static const struct option {
    const char *name;
    value_kind value;
    const char *example;
    int (*apply)(tc_options *options, const char *value, char **error);
} known_options[] = {
    {"--dir", VALUE_NEEDED, "--dir=data:ro", apply_dir},
    {"--env", VALUE_NEEDED, "--env=LANG=C", apply_env},
    {"--inherit-env", VALUE_NONE, "--inherit-env", apply_inherit_env},
    {"--allow-net", VALUE_OPTIONAL, "--allow-net=example.com:443", apply_allow_net},
    {"--allow-listen", VALUE_OPTIONAL, "--allow-listen=127.0.0.1:8080", apply_allow_listen},
    {"--require-tls", VALUE_NONE, "--require-tls", apply_require_tls},
    {"--ca", VALUE_NEEDED, "--ca=/etc/ssl/own-ca.pem", apply_ca},
    {"--identity", VALUE_NEEDED, "--identity=web=cert.pem,key.pem", apply_identity},
    {"--tls-min-version", VALUE_NEEDED, "--tls-min-version=1.3", apply_tls_min_version},
    {"--tls-max-version", VALUE_NEEDED, "--tls-max-version=1.2", apply_tls_max_version},
    {"--allow-insecure-tls", VALUE_NONE, "--allow-insecure-tls", apply_allow_insecure_tls},
    {"--max-memory", VALUE_NEEDED, "--max-memory=256M", apply_max_memory},
    {"--timeout", VALUE_NEEDED, "--timeout=10", apply_timeout},
    {"--tls-handshake-timeout", VALUE_NEEDED, "--tls-handshake-timeout=10",
     apply_handshake_timeout},
    {"--stack-size", VALUE_NEEDED, "--stack-size=64M", apply_stack_size},
    {"--payload", VALUE_NEEDED, "--payload=/app.zip", apply_payload},
    {"--invoke", VALUE_NEEDED, "--invoke=add", apply_invoke},
    {"--no-grants", VALUE_NONE, "--no-grants", apply_no_grants},
};
enum { KNOWN_COUNT = sizeof known_options / sizeof *known_options };

int tc_options_apply(tc_options *options, const char *word, const char *next, char **error) {
    size_t name_length = strcspn(word, "=");
    const char *value = word[name_length] == '=' ? word + name_length + 1 : NULL;
    const struct option *option = known_options;
    while (option < known_options + KNOWN_COUNT &&
           (strncmp(option->name, word, name_length) != 0 || option->name[name_length] != '\0'))
        option++;
    if (option == known_options + KNOWN_COUNT)
        return 0;

    int used = 1;
    if (value && option->value == VALUE_NONE)
        return fail(error, "%s takes no value; write just %s", option->name, option->example);
    if (!value && option->value == VALUE_NEEDED) {
        if (!next || strncmp(next, "--", 2) == 0)
            return fail(error, "%s needs a value; write for example %s", option->name,
                        option->example);
        value = next;
        used = 2;
    }
    return option->apply(options, value, error) < 0 ? -1 : used;
}

/* Takes the next word off *text: the word (caller frees), or NULL at the end, or NULL with *error
 * set when a quote is not closed. Quoting is that of the POSIX shell (2.2), with no expansions. */
static char *next_word(const char **text, char **error) {
    const char *at = *text + strspn(*text, " \t\r\n\v\f");
    if (*at == '\0')
        return NULL;
    char *word = must(malloc(strlen(at) + 1));
    size_t length = 0;
    char quote = '\0';
    for (; *at && (quote || !strchr(" \t\r\n\v\f", *at)); at++) {
        if (quote ? *at == quote : (*at == '\'' || *at == '"')) {
            quote = quote ? '\0' : *at;
        } else if (*at == '\\' && at[1] && quote != '\'' && (!quote || strchr("\\\"$`", at[1]))) {
            word[length++] = *++at;
        } else {
            word[length++] = *at;
        }
    }
    word[length] = '\0';
    if (quote) {
        fail(error, "a %c is not closed in: %s", quote, *text);
        free(word);
        return NULL;
    }
    *text = at;
    return word;
}

static int fail_unknown(const char *word, char **error) {
    char names[512] = "";
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        strcat(names, i ? ", " : "");
        strcat(names, known_options[i].name);
    }
    return fail(error, "unknown option \"%s\"; the options are %s", word, names);
}

int tc_options_apply_text(tc_options *options, const char *text, char **error) {
    int result = 0;
    *error = NULL;
    char *word = next_word(&text, error);
    while (word && result == 0) {
        char *next = next_word(&text, error);
        int used = *error ? -1 : tc_options_apply(options, word, next, error);
        if (used == 0)
            used = fail_unknown(word, error);
        free(word);
        word = next;
        if (used == 2) {
            free(next);
            word = next_word(&text, error);
        }
        if (used < 0)
            result = -1;
    }
    free(word);
    return *error ? -1 : result;
}

char *tc_options_append_word(char *text, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_=:,./+@%";
    size_t length = text ? strlen(text) : 0;
    /* At worst each byte is a quote, written as '\''. */
    text = must(realloc(text, length + 4 * strlen(word) + 4));
    char *at = text + length;
    if (length > 0)
        *at++ = ' ';
    if (*word && word[strspn(word, plain)] == '\0') {
        strcpy(at, word);
        return text;
    }
    *at++ = '\'';
    for (; *word; word++) {
        if (*word == '\'')
            at = stpcpy(at, "'\\''");
        else
            *at++ = *word;
    }
    strcpy(at, "'");
    return text;
}
