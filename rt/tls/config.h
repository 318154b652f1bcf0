/* What a guest configures of TLS (config.c), and putting it on a connection (apply.c): on
 * OpenSSL's, of which tls.c makes ours. Uses answer.h, context.h and identity.h; the functions for
 * net/ stand in tls.h. */
#ifndef TC_TLS_CONFIG_H
#define TC_TLS_CONFIG_H

#include <openssl/ssl.h>

#include "tls/identity.h"
#include "tls/tls.h"

/* The most that a socket may have. */
#define TC_TLS_IDENTITIES_MAX 64u

struct tc_tls_config {
    unsigned references;
    bool upgrade;
    STACK_OF(X509) * anchors; /* or NULL */
    X509_STORE *store;        /* made of anchors and trust when it is needed; or NULL */
    bool trust_set, verify_set;
    uint32_t trust, verify;
    tc_identity **identities;
    size_t identity_count;
    uint8_t *alpn; /* as on the wire */
    uint32_t alpn_length;
    uint32_t min_version, max_version; /* 0: not set */
    char *ciphers_1_2, *ciphers_1_3;   /* in OpenSSL's form; NULL: not set */
    char *groups;
    uint32_t handshake_timeout_ms; /* 0: not set */
};

/* Gets an option of the kind "configure"; `config` may be NULL. */
int tc_tls_config_get(const tc_tls_config *config, bool server, uint32_t name, void *value,
                      uint32_t *length);

/* What holds for a connection: the guest's choice where it has one, within the operator's. */
uint32_t tc_tls_config_trust(const tc_tls_config *config);
uint32_t tc_tls_config_verify(const tc_tls_config *config, bool server);
uint32_t tc_tls_config_min_version(const tc_tls_config *config);
uint32_t tc_tls_config_max_version(const tc_tls_config *config);
/* Of a handshake, in nanoseconds; `config` may be NULL. */
uint64_t tc_tls_config_time_limit(const tc_tls_config *config);

/* ---- apply.c; `config` may be NULL where nothing was configured ---- */

/* Puts the configuration on a new connection with `peer` (a name for messages). -EINVAL when it
 * cannot be satisfied, -EACCES when it was not granted. */
int tc_tls_config_apply(tc_tls_config *config, SSL *ssl, bool server, const char *peer);
/* Puts the identities that suit the client's name on a server's connection, as OpenSSL's
 * certificate callback does: 1, or 0 when that fails. */
int tc_tls_config_choose_identity(const tc_tls_config *config, SSL *ssl);
/* Chooses a protocol of those that a client offers, as OpenSSL's ALPN callback does. */
int tc_tls_config_choose_alpn(const tc_tls_config *config, const unsigned char **chosen,
                              unsigned char *chosen_length, const unsigned char *offered,
                              unsigned int offered_length);
/* What sessions of the configuration have in common: SHA-256 over all that bears on trust, or on
 * what was agreed. */
bool tc_tls_config_digest(const tc_tls_config *config, uint8_t digest[32]);

#endif
