/* What a guest configures before TLS starts, and putting it on a connection. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "guest/report.h"
#include "tls/internal.h"

/* Longest value of an option, and the most that a socket may have of something. */
#define VALUE_MAX      (1024u * 1024)
#define IDENTITIES_MAX 64u
#define ANCHORS_MAX    4096

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

static uint32_t trust_of(const tc_tls_config *config) {
    if (config->trust_set)
        return config->trust;
    return config->anchors ? TIMECRAFT_TRUST_GIVEN : TIMECRAFT_TRUST_SYSTEM;
}

/* The store for a trust that is not the system's alone. */
static X509_STORE *make_store(const tc_tls_config *config) {
    X509_STORE *store = X509_STORE_new();
    if (!store)
        return NULL;
    for (int i = 0; i < (config->anchors ? sk_X509_num(config->anchors) : 0); i++)
        X509_STORE_add_cert(store, sk_X509_value(config->anchors, i));
    if (trust_of(config) == TIMECRAFT_TRUST_BOTH)
        tc_tls_load_trust(store);
    /* An anchor may be an intermediate certificate: whoever set it trusts it. */
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    ERR_clear_error();
    return store;
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
    if (config->identity_count < IDENTITIES_MAX)
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

static uint32_t lowest_version(const tc_tls_config *config) {
    uint32_t lowest = config->min_version ? config->min_version : TIMECRAFT_TLS_1_2;
    return lowest > tc_tls_policy->tls_min_version ? lowest : tc_tls_policy->tls_min_version;
}

static uint32_t highest_version(const tc_tls_config *config) {
    uint32_t highest = config->max_version ? config->max_version : TIMECRAFT_TLS_1_3;
    return highest < tc_tls_policy->tls_max_version ? highest : tc_tls_policy->tls_max_version;
}

/* Nanoseconds. */
static uint64_t time_limit_of(const tc_tls_config *config) {
    uint64_t limit = tc_tls_policy->handshake_timeout_ns;
    uint64_t wanted = (uint64_t)config->handshake_timeout_ms * 1000000u;
    return wanted && wanted < limit ? wanted : limit;
}

static uint32_t verify_of(const tc_tls_config *config, bool server) {
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
        return tc_answer_u32(trust_of(config), value, length);
    case TIMECRAFT_VERIFY_OPTION:
        return tc_answer_u32(verify_of(config, server), value, length);
    case TIMECRAFT_MIN_VERSION_OPTION:
        return tc_answer_u32(lowest_version(config), value, length);
    case TIMECRAFT_MAX_VERSION_OPTION:
        return tc_answer_u32(highest_version(config), value, length);
    case TIMECRAFT_HANDSHAKE_TIMEOUT_OPTION:
        return tc_answer_u32((uint32_t)(time_limit_of(config) / 1000000u), value, length);
    default:
        return -ENOPROTOOPT;
    }
}

/* Putting it on a connection. */

static int apply_verify(tc_tls_config *config, tc_tls *tls) {
    uint32_t verify = verify_of(config, tls->server);
    int mode = SSL_VERIFY_PEER;
    bool for_server = verify == TIMECRAFT_VERIFY_NONE || verify >= TIMECRAFT_VERIFY_REQUEST;
    if (tls->server ? !for_server : verify > TIMECRAFT_VERIFY_FULL)
        return -EINVAL; /* a value for the other role */
    if (!tls->server && verify != TIMECRAFT_VERIFY_FULL && !tc_tls_policy->allow_insecure_tls) {
        tc_report_once("refused to leave the verification of %s out: it was not "
                       "granted. To allow "
                       "it, build or run with --allow-insecure-tls",
                       tls->name);
        return -EACCES;
    }
    if (verify == TIMECRAFT_VERIFY_NONE)
        mode = SSL_VERIFY_NONE;
    else if (verify == TIMECRAFT_VERIFY_REQUIRE)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_set_verify(tls->ssl, mode, mode == SSL_VERIFY_NONE ? NULL : tc_tls_verify_callback);
    if (verify != TIMECRAFT_VERIFY_FULL) {
        X509_VERIFY_PARAM_set1_host(SSL_get0_param(tls->ssl), NULL, 0);
        X509_VERIFY_PARAM_set1_ip(SSL_get0_param(tls->ssl), NULL, 0);
    }
    return 0;
}

static int apply_trust(tc_tls_config *config, tc_tls *tls) {
    if (trust_of(config) != TIMECRAFT_TRUST_SYSTEM) {
        if (!config->store && !(config->store = make_store(config)))
            return -ENOMEM;
        if (!SSL_set1_verify_cert_store(tls->ssl, config->store))
            return -ENOMEM;
    }
    /* What a server tells its clients it would accept. */
    for (int i = 0; tls->server && config->anchors && i < sk_X509_num(config->anchors); i++)
        SSL_add_client_CA(tls->ssl, sk_X509_value(config->anchors, i));
    return 0;
}

static bool use_identity(SSL *ssl, const tc_identity *identity) {
    return SSL_use_cert_and_key(ssl, identity->certificate, identity->key, identity->chain, 1) == 1;
}

static int apply_parameters(const tc_tls_config *config, tc_tls *tls) {
    uint32_t lowest = lowest_version(config), highest = highest_version(config);
    /* A list without a suite of a version rules the version out. */
    bool limited = config->ciphers_1_2 || config->ciphers_1_3;
    if (limited && !config->ciphers_1_3 && highest > TIMECRAFT_TLS_1_2)
        highest = TIMECRAFT_TLS_1_2;
    if (limited && !config->ciphers_1_2 && lowest < TIMECRAFT_TLS_1_3)
        lowest = TIMECRAFT_TLS_1_3;
    if (lowest > highest)
        return -EINVAL;
    SSL *ssl = tls->ssl;
    bool good = SSL_set_min_proto_version(ssl, (int)lowest) &&
                SSL_set_max_proto_version(ssl, (int)highest) &&
                (!config->ciphers_1_2 || SSL_set_cipher_list(ssl, config->ciphers_1_2)) &&
                (!config->ciphers_1_3 || SSL_set_ciphersuites(ssl, config->ciphers_1_3)) &&
                (!config->groups || SSL_set1_groups_list(ssl, config->groups)) &&
                (!config->alpn || tls->server ||
                 SSL_set_alpn_protos(ssl, config->alpn, config->alpn_length) == 0);
    for (size_t i = 0; good && !tls->server && i < config->identity_count; i++)
        good = use_identity(ssl, config->identities[i]);
    return good ? 0 : -EINVAL;
}

int tc_tls_config_apply(tc_tls_config *config, tc_tls *tls) {
    static tc_tls_config nothing;
    if (!config)
        config = &nothing;
    tls->time_limit = time_limit_of(config);
    int error = apply_verify(config, tls);
    if (!error)
        error = apply_trust(config, tls);
    return error ? error : apply_parameters(config, tls);
}

/* Whether two certificates are for the same names: one of each kind of key, as a
 * rule, for the same server. */
static bool have_same_names(const X509 *one, const X509 *other) {
    int at = X509_get_ext_by_NID(one, NID_subject_alt_name, -1);
    int at_other = X509_get_ext_by_NID(other, NID_subject_alt_name, -1);
    return at >= 0 && at_other >= 0 &&
           ASN1_OCTET_STRING_cmp(X509_EXTENSION_get_data(X509_get_ext(one, at)),
                                 X509_EXTENSION_get_data(X509_get_ext(other, at_other))) == 0;
}

/* Which identities are for the name itself or, where none is, for it by a wildcard. */
static bool find_matches(const tc_tls_config *config, const char *name,
                         bool matches[IDENTITIES_MAX]) {
    static const unsigned flags[] = {
        X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_WILDCARDS,
        X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS};
    bool any = false;
    for (size_t way = 0; name && !any && way < sizeof flags / sizeof *flags; way++)
        for (size_t i = 0; i < config->identity_count; i++) {
            matches[i] =
                X509_check_host(config->identities[i]->certificate, name, 0, flags[way], NULL) == 1;
            any |= matches[i];
        }
    return any;
}

/* Those for the name that the client asked for, or when there is none for it the
 * first and what has its names; of each kind of key the first, so that the client's
 * signature algorithms decide among them. */
int tc_tls_config_choose_identity(SSL *ssl, void *unused) {
    (void)unused;
    const tc_tls *tls = SSL_get_app_data(ssl);
    const tc_tls_config *config = tls->config;
    bool matches[IDENTITIES_MAX] = {false};
    bool any = find_matches(config, SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name), matches);
    int used[IDENTITIES_MAX], used_count = 0;
    for (size_t i = 0; i < config->identity_count; i++) {
        int kind = EVP_PKEY_get_base_id(config->identities[i]->key);
        bool suits = any ? matches[i]
                         : i == 0 || have_same_names(config->identities[0]->certificate,
                                                     config->identities[i]->certificate);
        for (int k = 0; k < used_count; k++)
            suits &= used[k] != kind;
        if (!suits)
            continue;
        if (!use_identity(ssl, config->identities[i]))
            return 0;
        used[used_count++] = kind;
    }
    ERR_clear_error();
    return 1;
}

int tc_tls_config_choose_alpn(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_length,
                              const unsigned char *offered, unsigned int offered_length,
                              void *unused) {
    (void)unused;
    const tc_tls *tls = SSL_get_app_data(ssl);
    if (!tls->config || !tls->config->alpn)
        return SSL_TLSEXT_ERR_NOACK;
    unsigned char *found;
    if (SSL_select_next_proto(&found, chosen_length, tls->config->alpn, tls->config->alpn_length,
                              offered, offered_length) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

static bool hash_certificate(EVP_MD_CTX *hash, X509 *certificate) {
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size;
    return X509_digest(certificate, EVP_sha256(), digest, &size) &&
           EVP_DigestUpdate(hash, digest, size);
}

/* A text of a known length: nothing that follows can be taken for its end. */
static bool hash_text(EVP_MD_CTX *hash, const char *text) {
    return EVP_DigestUpdate(hash, text ? text : "", text ? strlen(text) + 1 : 1);
}

bool tc_tls_config_digest(const tc_tls_config *config, uint8_t digest[32]) {
    if (!config)
        config = &defaults;
    int anchor_count = config->anchors ? sk_X509_num(config->anchors) : 0;
    uint32_t numbers[] = {trust_of(config),        config->verify_set,
                          config->verify,          lowest_version(config),
                          highest_version(config), config->alpn_length,
                          (uint32_t)anchor_count,  (uint32_t)config->identity_count};
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool done = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) &&
                EVP_DigestUpdate(hash, numbers, sizeof numbers) &&
                EVP_DigestUpdate(hash, config->alpn, config->alpn_length) &&
                hash_text(hash, config->ciphers_1_2) && hash_text(hash, config->ciphers_1_3) &&
                hash_text(hash, config->groups);
    for (int i = 0; done && i < anchor_count; i++)
        done = hash_certificate(hash, sk_X509_value(config->anchors, i));
    for (size_t i = 0; done && i < config->identity_count; i++)
        done = hash_certificate(hash, config->identities[i]->certificate);
    done = done && EVP_DigestFinal_ex(hash, digest, NULL);
    EVP_MD_CTX_free(hash);
    return done;
}
