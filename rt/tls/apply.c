/* Putting what a guest has configured on a connection. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "guest/report.h"
#include "timecraft/options.h"
#include "tls/config.h"
#include "tls/context.h"

static tc_tls_config nothing; /* is configured */

/* The store for a trust that is not the system's alone. */
static X509_STORE *make_store(const tc_tls_config *config) {
    X509_STORE *store = X509_STORE_new();
    bool done = store != NULL;
    for (int i = 0; done && i < (config->anchors ? sk_X509_num(config->anchors) : 0); i++)
        done = X509_STORE_add_cert(store, sk_X509_value(config->anchors, i));
    if (!done) {
        X509_STORE_free(store);
        return NULL;
    }
    if (tc_tls_config_trust(config) == TIMECRAFT_TRUST_BOTH)
        tc_tls_load_trust(store);
    /* An anchor may be an intermediate certificate: whoever set it trusts it. */
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    ERR_clear_error();
    return store;
}

static int apply_verify(const tc_tls_config *config, SSL *ssl, bool server, const char *peer) {
    uint32_t verify = tc_tls_config_verify(config, server);
    int mode = SSL_VERIFY_PEER;
    bool for_server = verify == TIMECRAFT_VERIFY_NONE || verify >= TIMECRAFT_VERIFY_REQUEST;
    if (server ? !for_server : verify > TIMECRAFT_VERIFY_FULL)
        return -EINVAL; /* a value for the other role */
    if (!server && verify != TIMECRAFT_VERIFY_FULL && !tc_tls_policy->allow_insecure_tls) {
        tc_report_once("refused to leave the verification of %s out: it was not "
                       "granted. To allow "
                       "it, build or run with --allow-insecure-tls",
                       peer);
        return -EACCES;
    }
    if (verify == TIMECRAFT_VERIFY_NONE)
        mode = SSL_VERIFY_NONE;
    else if (verify == TIMECRAFT_VERIFY_REQUIRE)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_set_verify(ssl, mode, NULL);
    if (verify != TIMECRAFT_VERIFY_FULL) {
        X509_VERIFY_PARAM_set1_host(SSL_get0_param(ssl), NULL, 0);
        X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl), NULL, 0);
    }
    return 0;
}

static int apply_trust(tc_tls_config *config, SSL *ssl, bool server) {
    if (tc_tls_config_trust(config) != TIMECRAFT_TRUST_SYSTEM) {
        if (!config->store && !(config->store = make_store(config)))
            return -ENOMEM;
        if (!SSL_set1_verify_cert_store(ssl, config->store))
            return -ENOMEM;
    }
    /* What a server tells its clients it would accept. */
    for (int i = 0; server && config->anchors && i < sk_X509_num(config->anchors); i++)
        if (!SSL_add_client_CA(ssl, sk_X509_value(config->anchors, i)))
            return -ENOMEM;
    return 0;
}

static bool use_identity(SSL *ssl, const tc_identity *identity) {
    return SSL_use_cert_and_key(ssl, identity->certificate, identity->key, identity->chain, 1) == 1;
}

static int apply_parameters(const tc_tls_config *config, SSL *ssl, bool server) {
    uint32_t lowest = tc_tls_config_min_version(config),
             highest = tc_tls_config_max_version(config);
    /* A list without a suite of a version rules the version out. */
    bool limited = config->ciphers_1_2 || config->ciphers_1_3;
    if (limited && !config->ciphers_1_3 && highest > TIMECRAFT_TLS_1_2)
        highest = TIMECRAFT_TLS_1_2;
    if (limited && !config->ciphers_1_2 && lowest < TIMECRAFT_TLS_1_3)
        lowest = TIMECRAFT_TLS_1_3;
    if (lowest > highest)
        return -EINVAL;
    bool good = SSL_set_min_proto_version(ssl, (int)lowest) &&
                SSL_set_max_proto_version(ssl, (int)highest) &&
                (!config->ciphers_1_2 || SSL_set_cipher_list(ssl, config->ciphers_1_2)) &&
                (!config->ciphers_1_3 || SSL_set_ciphersuites(ssl, config->ciphers_1_3)) &&
                (!config->groups || SSL_set1_groups_list(ssl, config->groups)) &&
                (!config->alpn || server ||
                 SSL_set_alpn_protos(ssl, config->alpn, config->alpn_length) == 0);
    for (size_t i = 0; good && !server && i < config->identity_count; i++)
        good = use_identity(ssl, config->identities[i]);
    return good ? 0 : -EINVAL;
}

int tc_tls_config_apply(tc_tls_config *config, SSL *ssl, bool server, const char *peer) {
    if (!config)
        config = &nothing;
    int error = apply_verify(config, ssl, server, peer);
    if (!error)
        error = apply_trust(config, ssl, server);
    return error ? error : apply_parameters(config, ssl, server);
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
                         bool matches[TC_TLS_IDENTITIES_MAX]) {
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
int tc_tls_config_choose_identity(const tc_tls_config *config, SSL *ssl) {
    bool matches[TC_TLS_IDENTITIES_MAX] = {false};
    bool any = find_matches(config, SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name), matches);
    int used[TC_TLS_IDENTITIES_MAX], used_count = 0;
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

int tc_tls_config_choose_alpn(const tc_tls_config *config, const unsigned char **chosen,
                              unsigned char *chosen_length, const unsigned char *offered,
                              unsigned int offered_length) {
    if (!config || !config->alpn)
        return SSL_TLSEXT_ERR_NOACK;
    unsigned char *found;
    if (SSL_select_next_proto(&found, chosen_length, config->alpn, config->alpn_length, offered,
                              offered_length) != OPENSSL_NPN_NEGOTIATED)
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
        config = &nothing;
    int anchor_count = config->anchors ? sk_X509_num(config->anchors) : 0;
    uint32_t numbers[] = {tc_tls_config_trust(config),
                          config->verify_set,
                          config->verify,
                          tc_tls_config_min_version(config),
                          tc_tls_config_max_version(config),
                          config->alpn_length,
                          (uint32_t)anchor_count,
                          (uint32_t)config->identity_count};
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
