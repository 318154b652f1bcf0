/* What a guest configures before TLS starts: its options, set and got. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "timecraft/options.h"
#include "tls/answer.h"
#include "tls/config.h"
#include "tls/context.h"

/* Longest value of an option, and the most trust anchors that a socket may have. */
#define VALUE_MAX   (1024u * 1024)
#define ANCHORS_MAX 4096

static const tc_tls_config defaults;

tc_tls_config *tc_tls_config_share(tc_tls_config *config) {
    if (config)
        config->references++;
    return config;
}

void tc_tls_config_release(tc_tls_config *config) {
    if (!config || --config->references > 0)
        return;
    for (size_t i = 0; i < config->identity_count; i++)
        tc_identity_release(config->identities[i]);
    sk_X509_pop_free(config->anchors, X509_free);
    X509_STORE_free(config->store);
    free(config->identities);
    free(config->alpn);
    free(config->ciphers_1_2);
    free(config->ciphers_1_3);
    free(config->groups);
    free(config);
}

/* A copy to free; *done becomes false where there is no memory for it. */
static void *copy_of(const void *from, size_t length, bool *done) {
    void *copy = from ? malloc(length) : NULL;
    if (copy)
        memcpy(copy, from, length);
    else if (from)
        *done = false;
    return copy;
}

static char *text_copy_of(const char *from, bool *done) {
    return copy_of(from, from ? strlen(from) + 1 : 0, done);
}

static tc_tls_config *config_copy(const tc_tls_config *from) {
    tc_tls_config *copy = malloc(sizeof *copy);
    if (!copy)
        return NULL;
    *copy = *from;
    copy->references = 1;
    if (copy->store)
        X509_STORE_up_ref(copy->store);
    bool done = true;
    size_t identities_size = from->identity_count * sizeof *from->identities;
    copy->identities = copy_of(from->identities, identities_size, &done);
    copy->identity_count = copy->identities ? from->identity_count : 0;
    for (size_t i = 0; i < copy->identity_count; i++)
        copy->identities[i]->references++;
    copy->alpn = copy_of(from->alpn, from->alpn_length, &done);
    copy->ciphers_1_2 = text_copy_of(from->ciphers_1_2, &done);
    copy->ciphers_1_3 = text_copy_of(from->ciphers_1_3, &done);
    copy->groups = text_copy_of(from->groups, &done);
    copy->anchors = from->anchors ? X509_chain_up_ref(from->anchors) : NULL;
    done &= copy->anchors || !from->anchors;
    if (done)
        return copy;
    tc_tls_config_release(copy);
    return NULL;
}

tc_tls_config *tc_tls_config_own(tc_tls_config *config) {
    if (config && config->references == 1)
        return config;
    tc_tls_config *copy = config_copy(config ? config : &defaults);
    if (copy)
        tc_tls_config_release(config);
    return copy;
}

bool tc_tls_config_has_identity(const tc_tls_config *config) {
    return config && config->identity_count > 0;
}

bool tc_tls_config_is_upgrade(const tc_tls_config *config) {
    return config && config->upgrade;
}

/* Reading values. */

static bool read_u32(const void *value, uint32_t length, uint32_t *number) {
    if (length != sizeof *number)
        return false;
    memcpy(number, value, sizeof *number);
    return true;
}

/* A text without the NUL that may end it; NULL when it holds others or nothing. Caller frees. */
static char *read_text(const char *value, uint32_t length) {
    if (length > 0 && value[length - 1] == 0)
        length--;
    if (length == 0 || memchr(value, 0, length))
        return NULL;
    return strndup(value, length);
}

/* Trust. */

/* All certificates of a PEM text; -ENOENT when it is none. */
static int read_anchors(BIO *bio, STACK_OF(X509) * added) {
    X509 *certificate;
    while ((certificate = PEM_read_bio_X509(bio, NULL, NULL, "")))
        if (!sk_X509_push(added, certificate)) {
            X509_free(certificate);
            return -ENOMEM;
        }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        return -EINVAL; /* there is one more, which cannot be read */
    return sk_X509_num(added) ? 0 : -ENOENT;
}

static int read_der_anchor(const void *value, uint32_t length, STACK_OF(X509) * added) {
    const unsigned char *at = value;
    X509 *certificate = d2i_X509(NULL, &at, (long)length);
    if (certificate && at == (const unsigned char *)value + length &&
        sk_X509_push(added, certificate))
        return 0;
    X509_free(certificate);
    return -EINVAL;
}

static int add_anchors(tc_tls_config *config, const void *value, uint32_t length) {
    STACK_OF(X509) *added = sk_X509_new_null();
    BIO *bio = BIO_new_mem_buf(value, (int)length);
    int error = added && bio ? read_anchors(bio, added) : -ENOMEM;
    if (error == -ENOENT) /* no PEM */
        error = read_der_anchor(value, length, added);
    int count = config->anchors ? sk_X509_num(config->anchors) : 0;
    if (!error && count + sk_X509_num(added) > ANCHORS_MAX)
        error = -ENOMEM;
    if (!error && !config->anchors && !(config->anchors = sk_X509_new_null()))
        error = -ENOMEM;
    if (!error && !sk_X509_reserve(config->anchors, sk_X509_num(added)))
        error = -ENOMEM;
    while (!error && sk_X509_num(added) > 0)
        sk_X509_push(config->anchors, sk_X509_shift(added)); /* there is room */
    if (!error) {
        X509_STORE_free(config->store);
        config->store = NULL;
    }
    sk_X509_pop_free(added, X509_free);
    BIO_free(bio);
    ERR_clear_error();
    return error;
}

uint32_t tc_tls_config_trust(const tc_tls_config *config) {
    if (config->trust_set)
        return config->trust;
    return config->anchors ? TIMECRAFT_TRUST_GIVEN : TIMECRAFT_TRUST_SYSTEM;
}

static int set_trust(tc_tls_config *config, uint32_t trust) {
    if (trust > TIMECRAFT_TRUST_BOTH)
        return -EINVAL;
    config->trust = trust;
    config->trust_set = true;
    X509_STORE_free(config->store);
    config->store = NULL;
    return 0;
}

static int set_verify(tc_tls_config *config, uint32_t verify) {
    if (verify > TIMECRAFT_VERIFY_REQUIRE)
        return -EINVAL;
    config->verify = verify;
    config->verify_set = true;
    return 0;
}

/* Identity. */

static int add_identity(tc_tls_config *config, tc_identity *identity) {
    tc_identity **grown = NULL;
    if (config->identity_count < TC_TLS_IDENTITIES_MAX)
        grown = reallocarray(config->identities, config->identity_count + 1, sizeof *grown);
    if (!grown) {
        tc_identity_release(identity);
        return -ENOMEM;
    }
    config->identities = grown;
    grown[config->identity_count++] = identity;
    return 0;
}

static int set_identity(tc_tls_config *config, const void *value, uint32_t length) {
    tc_identity *identity;
    int error = tc_identity_parse(value, length, &identity);
    return error ? error : add_identity(config, identity);
}

static int set_named_identity(tc_tls_config *config, const void *value, uint32_t length) {
    tc_identity *identity;
    char *name = read_text(value, length);
    int error = name ? tc_identity_named(name, &identity) : -EINVAL;
    free(name);
    return error ? error : add_identity(config, identity);
}

/* Parameters. */

static int set_alpn(tc_tls_config *config, const uint8_t *value, uint32_t length) {
    if (length == 0 || length > UINT16_MAX)
        return -EINVAL;
    for (uint32_t at = 0; at < length; at += value[at] + 1u)
        if (value[at] == 0 || value[at] >= length - at)
            return -EINVAL;
    uint8_t *alpn = malloc(length);
    if (!alpn)
        return -ENOMEM;
    memcpy(alpn, value, length);
    free(config->alpn);
    config->alpn = alpn;
    config->alpn_length = length;
    return 0;
}

static int set_version(uint32_t *version, uint32_t number) {
    if (number != TIMECRAFT_TLS_1_2 && number != TIMECRAFT_TLS_1_3)
        return -EINVAL;
    *version = number;
    return 0;
}

/* Appends a name to a list separated by ':'. */
static bool append_name(char **list, const char *name) {
    size_t length = *list ? strlen(*list) : 0;
    char *grown = realloc(*list, length + strlen(name) + 2);
    if (!grown)
        return false;
    if (length)
        grown[length++] = ':';
    strcpy(grown + length, name);
    *list = grown;
    return true;
}

/* Finds a suite that would be used by its IANA name; NULL when there is none. */
static const SSL_CIPHER *find_cipher(const STACK_OF(SSL_CIPHER) * usable, const char *name) {
    for (int i = 0; i < sk_SSL_CIPHER_num(usable); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(usable, i);
        const char *standard_name = SSL_CIPHER_standard_name(cipher);
        if (standard_name && strcmp(standard_name, name) == 0)
            return cipher;
    }
    return NULL;
}

/* Sorts IANA names into the two lists that OpenSSL has. Nothing is taken but what
 * OpenSSL would use: suites that authenticate nobody or encrypt nothing are not. */
static int sort_ciphers(char *names, const STACK_OF(SSL_CIPHER) * usable, char **ciphers_1_2,
                        char **ciphers_1_3) {
    for (char *name; (name = strsep(&names, ":"));) {
        const SSL_CIPHER *cipher = find_cipher(usable, name);
        if (!cipher)
            return -EINVAL;
        bool is_1_3 = strcmp(SSL_CIPHER_get_version(cipher), "TLSv1.3") == 0;
        if (!append_name(is_1_3 ? ciphers_1_3 : ciphers_1_2, SSL_CIPHER_get_name(cipher)))
            return -ENOMEM;
    }
    return 0;
}

/* The suites that a connection can have, whatever it prefers. Free with sk_SSL_CIPHER_free; NULL:
 * no memory. */
static STACK_OF(SSL_CIPHER) * usable_ciphers(void) {
    SSL_CTX *context = tc_tls_client_context();
    SSL *probe = context ? SSL_new(context) : NULL;
    STACK_OF(SSL_CIPHER) *usable = NULL;
    if (probe && SSL_set_cipher_list(probe, "ALL:!aNULL:!eNULL:!PSK:!SRP") &&
        SSL_set_ciphersuites(probe, "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
                                    "TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256"))
        usable = SSL_get1_supported_ciphers(probe);
    SSL_free(probe);
    ERR_clear_error();
    return usable;
}

static int set_ciphers(tc_tls_config *config, const void *value, uint32_t length) {
    char *names = read_text(value, length), *ciphers_1_2 = NULL, *ciphers_1_3 = NULL;
    STACK_OF(SSL_CIPHER) *usable = usable_ciphers();
    int error = !usable ? -ENOMEM
                : names ? sort_ciphers(names, usable, &ciphers_1_2, &ciphers_1_3)
                        : -EINVAL;
    sk_SSL_CIPHER_free(usable);
    free(names);
    if (error) {
        free(ciphers_1_2);
        free(ciphers_1_3);
        return error;
    }
    free(config->ciphers_1_2);
    free(config->ciphers_1_3);
    config->ciphers_1_2 = ciphers_1_2;
    config->ciphers_1_3 = ciphers_1_3;
    return 0;
}

/* Whether all names are of those that the option knows: OpenSSL's lists have a syntax of their own,
 * which differs between its versions. */
static bool are_groups(const char *list) {
    static const char *const known[] = {"X25519", "X448", "P-256", "P-384", "P-521"};
    for (;;) {
        size_t length = strcspn(list, ":"), i = 0;
        while (i < sizeof known / sizeof *known &&
               (strlen(known[i]) != length || memcmp(known[i], list, length) != 0))
            i++;
        if (i == sizeof known / sizeof *known)
            return false;
        if (list[length] == 0)
            return true;
        list += length + 1;
    }
}

static int set_groups(tc_tls_config *config, const void *value, uint32_t length) {
    char *groups = read_text(value, length);
    if (!groups || !are_groups(groups)) {
        free(groups);
        return -EINVAL;
    }
    free(config->groups);
    config->groups = groups;
    return 0;
}

static int set_number(tc_tls_config *config, uint32_t name, uint32_t number) {
    switch (name) {
    case TIMECRAFT_UPGRADE_OPTION:
        config->upgrade |= number == 1;
        return number == 1 ? 0 : -EINVAL;
    case TIMECRAFT_TRUST_OPTION:
        return set_trust(config, number);
    case TIMECRAFT_VERIFY_OPTION:
        return set_verify(config, number);
    case TIMECRAFT_MIN_VERSION_OPTION:
        return set_version(&config->min_version, number);
    case TIMECRAFT_MAX_VERSION_OPTION:
        return set_version(&config->max_version, number);
    default:
        if (number > 0)
            config->handshake_timeout_ms = number;
        return number > 0 ? 0 : -EINVAL;
    }
}

bool tc_tls_config_has_option(uint32_t name) {
    return name == TIMECRAFT_UPGRADE_OPTION || name == TIMECRAFT_TRUST_ANCHORS_OPTION ||
           name == TIMECRAFT_TRUST_OPTION || name == TIMECRAFT_VERIFY_OPTION ||
           (name >= TIMECRAFT_IDENTITY_OPTION && name <= TIMECRAFT_HANDSHAKE_TIMEOUT_OPTION);
}

int tc_tls_config_set(tc_tls_config *config, uint32_t name, const void *value, uint32_t length) {
    uint32_t number;
    if (length > VALUE_MAX)
        return -EINVAL;
    switch (name) {
    case TIMECRAFT_UPGRADE_OPTION:
    case TIMECRAFT_TRUST_OPTION:
    case TIMECRAFT_VERIFY_OPTION:
    case TIMECRAFT_MIN_VERSION_OPTION:
    case TIMECRAFT_MAX_VERSION_OPTION:
    case TIMECRAFT_HANDSHAKE_TIMEOUT_OPTION:
        return read_u32(value, length, &number) ? set_number(config, name, number) : -EINVAL;
    case TIMECRAFT_TRUST_ANCHORS_OPTION:
        return add_anchors(config, value, length);
    case TIMECRAFT_IDENTITY_OPTION:
        return set_identity(config, value, length);
    case TIMECRAFT_NAMED_IDENTITY_OPTION:
        return set_named_identity(config, value, length);
    case TIMECRAFT_ALPN_OPTION:
        return set_alpn(config, value, length);
    case TIMECRAFT_CIPHERS_OPTION:
        return set_ciphers(config, value, length);
    case TIMECRAFT_GROUPS_OPTION:
        return set_groups(config, value, length);
    default:
        return -ENOPROTOOPT;
    }
}

uint32_t tc_tls_config_min_version(const tc_tls_config *config) {
    uint32_t lowest = config->min_version ? config->min_version : TIMECRAFT_TLS_1_2;
    return lowest > tc_tls_policy->tls_min_version ? lowest : tc_tls_policy->tls_min_version;
}

uint32_t tc_tls_config_max_version(const tc_tls_config *config) {
    uint32_t highest = config->max_version ? config->max_version : TIMECRAFT_TLS_1_3;
    return highest < tc_tls_policy->tls_max_version ? highest : tc_tls_policy->tls_max_version;
}

uint64_t tc_tls_config_time_limit(const tc_tls_config *config) {
    uint64_t limit = tc_tls_policy->handshake_timeout_ns;
    uint64_t wanted = config ? (uint64_t)config->handshake_timeout_ms * 1000000u : 0;
    return wanted && wanted < limit ? wanted : limit;
}

uint32_t tc_tls_config_verify(const tc_tls_config *config, bool server) {
    if (config->verify_set)
        return config->verify;
    return server ? TIMECRAFT_VERIFY_NONE : TIMECRAFT_VERIFY_FULL;
}

int tc_tls_config_get(const tc_tls_config *config, bool server, uint32_t name, void *value,
                      uint32_t *length) {
    if (!config)
        config = &defaults;
    switch (name) {
    case TIMECRAFT_TRUST_OPTION:
        return tc_answer_u32(tc_tls_config_trust(config), value, length);
    case TIMECRAFT_VERIFY_OPTION:
        return tc_answer_u32(tc_tls_config_verify(config, server), value, length);
    case TIMECRAFT_MIN_VERSION_OPTION:
        return tc_answer_u32(tc_tls_config_min_version(config), value, length);
    case TIMECRAFT_MAX_VERSION_OPTION:
        return tc_answer_u32(tc_tls_config_max_version(config), value, length);
    case TIMECRAFT_HANDSHAKE_TIMEOUT_OPTION:
        return tc_answer_u32((uint32_t)(tc_tls_config_time_limit(config) / 1000000u), value,
                             length);
    default:
        return -ENOPROTOOPT;
    }
}
