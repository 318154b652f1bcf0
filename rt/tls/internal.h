/* Inside the hTLS layer. */
#ifndef TC_TLS_INTERNAL_H
#define TC_TLS_INTERNAL_H

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "timecraft/options.h"
#include "tls/tls.h"

typedef enum tc_tls_state { TC_TLS_HANDSHAKE, TC_TLS_OPEN, TC_TLS_FAILED } tc_tls_state;

struct tc_tls {
    tc_tls_state state;
    bool server;
    tc_tls_config *config; /* a reference */
    tc_stream *stream;
    SSL *ssl;
    int error;         /* negative errno once FAILED */
    char reason[512];  /* why, in words */
    int stream_error;  /* negative errno that reading the stream gave to the BIO */
    bool stream_ended; /* the BIO has seen the stream's end */
    bool sent_close;   /* close_notify has been queued */
    bool wants_room;   /* OpenSSL could not queue what it must send before it reads
                          on */
    size_t appetite;   /* bytes that the current call into OpenSSL may still read */
    uint64_t deadline; /* of the handshake */
    uint64_t time_limit;
    char name[TC_TLS_NAME_MAX + 1]; /* of the server; "the client" for a server's peer */
};

/* A certificate chain and its key. */
typedef struct tc_identity {
    unsigned references; /* the configurations that have it */
    X509 *certificate;
    STACK_OF(X509) * chain; /* what comes above it; may be NULL */
    EVP_PKEY *key;
} tc_identity;

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

/* The operator's decisions. */
extern const tc_options *tc_tls_policy;

/* The process's contexts, with the trust store; made at the first use. NULL: no memory. */
SSL_CTX *tc_tls_client_context(void);
SSL_CTX *tc_tls_server_context(void);

/* Adds the system's trust (or what --ca says instead) to a store. */
void tc_tls_load_trust(X509_STORE *store);

/* A BIO over tls->stream; borrowed by tls->ssl. NULL: no memory. */
BIO *tc_tls_bio_new(tc_tls *tls);

/* Identities (identity.c). parse: -EINVAL for what is not a chain and a key,
 * -EACCES when they do not belong together. */
int tc_identity_parse(const void *pem, size_t length, tc_identity **out);
int tc_identity_named(const char *name, tc_identity **out);
void tc_identity_release(tc_identity *identity);

/* Gets an option of the kind "configure"; `config` may be NULL. */
int tc_tls_config_get(const tc_tls_config *config, bool server, uint32_t name, void *value,
                      uint32_t *length);

/* Puts the configuration on a new connection (config.c). -EINVAL when it cannot be satisfied. */
int tc_tls_config_apply(tc_tls_config *config, tc_tls *tls);
/* Puts the identities that suit the client's name on it: the certificate callback of servers. */
int tc_tls_config_choose_identity(SSL *ssl, void *unused);
/* ALPN callback of servers. */
int tc_tls_config_choose_alpn(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_length,
                              const unsigned char *offered, unsigned int offered_length,
                              void *unused);
/* What sessions of the configuration have in common: SHA-256 over all that bears on trust, or on
 * what was agreed. */
bool tc_tls_config_digest(const tc_tls_config *config, uint8_t digest[32]);

/* Sessions of clients (session.c): offers one that was kept; keeps new ones. */
void tc_session_offer(tc_tls *tls);
int tc_session_keep(SSL *ssl, SSL_SESSION *session);
void tc_session_note_renewal(tc_tls *tls); /* once a handshake is done */
/* Tickets of servers: what they are good for, made, and taken back. */
int tc_session_bind(SSL *ssl, int *alert, void *unused);
int tc_session_seal(SSL *ssl, void *unused);
SSL_TICKET_RETURN tc_session_unseal(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                    size_t name_length, SSL_TICKET_STATUS status, void *unused);
/* The certificate that the server showed, in this handshake or in the one that the session comes
 * from; borrowed. NULL: not known. */
X509 *tc_session_server_certificate(const tc_tls *tls);

/* Values that are got (info.c); see timecraft/options.h. */
int tc_answer_u32(uint32_t number, void *value, uint32_t *length);
int tc_answer_text(const char *text, void *value, uint32_t *length);
int tc_answer_blob(const void *data, size_t size, void *value, uint32_t *length);

/* Moves to FAILED for what OpenSSL has just reported (SSL_get_error's value), and says why. */
void tc_tls_fail_ssl(tc_tls *tls, int ssl_error);
void tc_tls_fail(tc_tls *tls, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* SSL_VERIFY callback that notes why a certificate is refused. */
int tc_tls_verify_callback(int accepted, X509_STORE_CTX *store_context);

#endif
