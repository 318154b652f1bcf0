/* Resumption (RFC 8446, 2.2; RFC 5077). A client's sessions are kept by the server's name and by
 * all of the configuration that bears on trust, so that no session made under one set of trust
 * anchors serves another; the oldest goes when there are too many. A server keeps nothing: its
 * tickets are good for the same configuration. No early data is ever sent or taken. As with Go's
 * crypto/tls, a session does not outlive the peer's certificate. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "tls/config.h"
#include "tls/session.h"

#define KEPT_MAX 256

typedef struct kept_session {
    uint8_t key[32];
    SSL_SESSION *session; /* NULL: free */
    uint64_t age;         /* when it was kept, as a count */
} kept_session;

static kept_session kept[KEPT_MAX];
static uint64_t clock_count;

/* Whether the certificate that the session's peer has shown (if any) is still good. */
static bool is_fresh(SSL_SESSION *session) {
    const X509 *peer = SSL_SESSION_get0_peer(session);
    return !peer || X509_cmp_current_time(X509_get0_notAfter(peer)) > 0;
}

static void forget(kept_session *one) {
    SSL_SESSION_free(one->session);
    one->session = NULL;
}

/* What a session is good for: a configuration, and the name of a server. */
static bool make_key(const tc_tls *tls, const void *name, size_t length, uint8_t key[32]) {
    uint8_t digest[32];
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool done = hash && tc_tls_config_digest(tls->config, digest) &&
                EVP_DigestInit_ex(hash, EVP_sha256(), NULL) &&
                EVP_DigestUpdate(hash, digest, sizeof digest) &&
                EVP_DigestUpdate(hash, name, length) && EVP_DigestFinal_ex(hash, key, NULL);
    EVP_MD_CTX_free(hash);
    return done;
}

static bool session_key(const tc_tls *tls, uint8_t key[32]) {
    return make_key(tls, tls->name, strlen(tls->name), key);
}

void tc_session_offer(tc_tls *tls) {
    uint8_t key[32];
    kept_session *newest = NULL;
    if (!session_key(tls, key))
        return;
    for (kept_session *one = kept; one < kept + KEPT_MAX; one++)
        if (one->session && memcmp(one->key, key, sizeof key) == 0 &&
            (!newest || one->age > newest->age))
            newest = one;
    if (!newest)
        return;
    if (!is_fresh(newest->session) || !SSL_SESSION_is_resumable(newest->session)) {
        forget(newest);
        return;
    }
    SSL_set_session(tls->ssl, newest->session);
    /* A ticket of TLS 1.3 is for one use: two connections with it could be linked (RFC 8446, C.4).
     */
    if (SSL_SESSION_get_protocol_version(newest->session) >= TLS1_3_VERSION)
        forget(newest);
}

int tc_session_keep(SSL *ssl, SSL_SESSION *session) {
    const tc_tls *tls = SSL_get_app_data(ssl);
    uint8_t key[32];
    if (!tls || tls->server || !SSL_SESSION_is_resumable(session) || !session_key(tls, key))
        return 0;
    kept_session *slot = &kept[0];
    for (kept_session *one = kept; one < kept + KEPT_MAX && slot->session; one++)
        if (!one->session || one->age < slot->age)
            slot = one;
    SSL_SESSION_free(slot->session);
    memcpy(slot->key, key, sizeof key);
    slot->session = session; /* the reference is ours: that is what 1 says */
    slot->age = ++clock_count;
    return 1;
}

/* Where a server of TLS 1.2 answers a ticket with a new one, OpenSSL takes the old one out of use,
 * and says nothing of the new one to tc_session_keep. */
void tc_session_note_renewal(tc_tls *tls) {
    if (tls->server || SSL_version(tls->ssl) >= TLS1_3_VERSION || !SSL_session_reused(tls->ssl))
        return;
    SSL_SESSION *session = SSL_get1_session(tls->ssl);
    bool is_kept = false;
    for (const kept_session *one = kept; one < kept + KEPT_MAX; one++)
        is_kept |= one->session == session;
    if (is_kept || !tc_session_keep(tls->ssl, session))
        SSL_SESSION_free(session);
}

static bool certificate_digest(const X509 *certificate, uint8_t digest[32]) {
    return certificate && X509_digest(certificate, EVP_sha256(), digest, NULL);
}

/* Before a ticket is looked at: one that was made under another configuration, or for another name
 * (RFC 6066, 3), is no good. */
int tc_session_bind(SSL *ssl, int *alert, void *unused) {
    (void)unused;
    const unsigned char *name = (const unsigned char *)"";
    size_t length = 0;
    uint8_t key[32];
    SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &name, &length);
    if (make_key(SSL_get_app_data(ssl), name, length, key) &&
        SSL_set_session_id_context(ssl, key, sizeof key))
        return SSL_CLIENT_HELLO_SUCCESS;
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_CLIENT_HELLO_ERROR;
}

/* A resumed connection has no certificate of its own: the ticket remembers which one the server
 * had shown. */
int tc_session_seal(SSL *ssl, void *unused) {
    (void)unused;
    uint8_t digest[32];
    const X509 *shown = tc_session_server_certificate(SSL_get_app_data(ssl));
    return !certificate_digest(shown, digest) ||
           SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), digest, sizeof digest);
}

SSL_TICKET_RETURN tc_session_unseal(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                    size_t name_length, SSL_TICKET_STATUS status, void *unused) {
    (void)name, (void)name_length, (void)unused;
    bool good = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
    if (!good || !is_fresh(session))
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    bool renew = status == SSL_TICKET_SUCCESS_RENEW || SSL_version(ssl) >= TLS1_3_VERSION;
    return renew ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE;
}

X509 *tc_session_server_certificate(const tc_tls *tls) {
    uint8_t *remembered, digest[32];
    size_t size;
    X509 *shown = SSL_get_certificate(tls->ssl);
    if (shown)
        return shown;
    SSL_SESSION *session = SSL_get_session(tls->ssl);
    if (!session || !SSL_SESSION_get0_ticket_appdata(session, (void **)&remembered, &size) ||
        size != sizeof digest)
        return NULL;
    for (size_t i = 0; i < tls->config->identity_count; i++)
        if (certificate_digest(tls->config->identities[i]->certificate, digest) &&
            memcmp(digest, remembered, size) == 0)
            return tls->config->identities[i]->certificate;
    return NULL;
}
