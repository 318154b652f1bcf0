/* Sessions of clients, kept for resumption (RFC 8446, 2.2; RFC 5077): by the
 * server's name and by all of the configuration that bears on trust, so that no
 * session made under one set of trust anchors serves another. The oldest goes
 * when there are too many. No early data is ever sent. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "tls/internal.h"

#define KEPT_MAX 256

typedef struct kept_session {
    uint8_t key[32];
    SSL_SESSION *session; /* NULL: free */
    uint64_t age;         /* when it was kept, as a count */
} kept_session;

static kept_session kept[KEPT_MAX];
static uint64_t clock_count;

static bool session_key(const tc_tls *tls, uint8_t key[32]) {
    uint8_t digest[32];
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool done = hash && tc_tls_config_digest(tls->config, digest) &&
                EVP_DigestInit_ex(hash, EVP_sha256(), NULL) &&
                EVP_DigestUpdate(hash, digest, sizeof digest) &&
                EVP_DigestUpdate(hash, tls->name, strlen(tls->name)) &&
                EVP_DigestFinal_ex(hash, key, NULL);
    EVP_MD_CTX_free(hash);
    return done;
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
    SSL_set_session(tls->ssl, newest->session);
    /* A ticket of TLS 1.3 is for one use: two connections with it could be linked
     * (RFC 8446, C.4). */
    if (SSL_SESSION_get_protocol_version(newest->session) >= TLS1_3_VERSION) {
        SSL_SESSION_free(newest->session);
        newest->session = NULL;
    }
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
