/* Identities: certificate chains with their keys, given by the guest or held by the host. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "guest/report.h"
#include "tls/context.h"
#include "tls/identity.h"

/* Longest chain that is taken. */
#define CHAIN_MAX 16

/* Nobody is there to type a pass phrase. */
static int no_pass_phrase(char *buffer, int size, int writing, void *context) {
    (void)buffer, (void)size, (void)writing, (void)context;
    return -1;
}

void tc_identity_release(tc_identity *identity) {
    if (!identity || --identity->references > 0)
        return;
    X509_free(identity->certificate);
    sk_X509_pop_free(identity->chain, X509_free);
    EVP_PKEY_free(identity->key);
    free(identity);
}

/* Reads all certificates of a PEM text. */
static bool read_certificates(BIO *bio, tc_identity *identity) {
    X509 *certificate;
    while ((certificate = PEM_read_bio_X509(bio, NULL, no_pass_phrase, NULL))) {
        if (!identity->certificate) {
            identity->certificate = certificate;
            continue;
        }
        if (!identity->chain)
            identity->chain = sk_X509_new_null();
        if (!identity->chain || sk_X509_num(identity->chain) == CHAIN_MAX ||
            !sk_X509_push(identity->chain, certificate)) {
            X509_free(certificate);
            return false;
        }
    }
    /* The end of the text, and not a certificate that cannot be read. */
    return identity->certificate && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

/* Whether OpenSSL would work with it: keys may be too weak, or of an unknown kind. */
static bool is_usable(const tc_identity *identity) {
    SSL_CTX *context = tc_tls_server_context();
    SSL *probe = context ? SSL_new(context) : NULL;
    bool usable = probe && SSL_use_cert_and_key(probe, identity->certificate, identity->key,
                                                identity->chain, 1) == 1;
    SSL_free(probe);
    return usable;
}

static int read_identity(BIO *certificates, BIO *keys, tc_identity **out) {
    tc_identity *identity = calloc(1, sizeof *identity);
    if (!identity)
        return -ENOMEM;
    identity->references = 1;
    int error = 0;
    if (!read_certificates(certificates, identity) ||
        !(identity->key = PEM_read_bio_PrivateKey(keys, NULL, no_pass_phrase, NULL)))
        error = -EINVAL;
    else if (!X509_check_private_key(identity->certificate, identity->key))
        error = -EACCES;
    else if (!is_usable(identity))
        error = -EINVAL;
    ERR_clear_error();
    if (error)
        tc_identity_release(identity);
    else
        *out = identity;
    return error;
}

int tc_identity_parse(const void *pem, size_t length, tc_identity **out) {
    /* The text is read twice: the key may stand before the certificates. */
    BIO *certificates = BIO_new_mem_buf(pem, (int)length);
    BIO *keys = BIO_new_mem_buf(pem, (int)length);
    int error = certificates && keys ? read_identity(certificates, keys, out) : -ENOMEM;
    BIO_free(certificates);
    BIO_free(keys);
    return error;
}

/* The identities that the host holds, read when a guest first names them. */
static tc_identity **held;

static int read_held(const tc_identity_grant *grant, tc_identity **out) {
    BIO *certificates = BIO_new_file(grant->certificate, "r");
    BIO *keys = BIO_new_file(grant->key, "r");
    int error = certificates && keys ? read_identity(certificates, keys, out) : -ENOENT;
    if (error)
        tc_report("the identity %s cannot be used: %s; see --identity=%s=%s,%s", grant->name,
                  !certificates || !keys ? "one of its files cannot be read"
                  : error == -EACCES     ? "its key does not belong to its certificate"
                                         : "its files hold no certificate and key in PEM, without "
                                           "a pass phrase and strong enough",
                  grant->name, grant->certificate, grant->key);
    BIO_free(certificates);
    BIO_free(keys);
    ERR_clear_error();
    return error ? -EACCES : 0;
}

int tc_identity_named(const char *name, tc_identity **out) {
    const tc_options *policy = tc_tls_policy;
    if (!held && policy->identity_count && !(held = calloc(policy->identity_count, sizeof *held)))
        return -ENOMEM;
    for (size_t i = 0; i < policy->identity_count; i++) {
        if (strcmp(policy->identities[i].name, name) != 0)
            continue;
        int error = held[i] ? 0 : read_held(&policy->identities[i], &held[i]);
        if (error)
            return error;
        held[i]->references++;
        *out = held[i];
        return 0;
    }
    if (strchr(name, '\n')) /* somebody's key, perhaps: it must not get into a log */
        tc_report_once("refused an identity: the guest gave a text of several lines as its name. "
                       "A certificate and its key are for TIMECRAFT_IDENTITY_OPTION");
    else
        tc_report_once("refused the identity %s: it was not granted. To allow it, build or run "
                       "with --identity=%s=CERT,KEY",
                       name, name);
    return -EACCES;
}
