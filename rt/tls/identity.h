/* Identities: certificate chains with their keys. Uses context.h. */
#ifndef TC_TLS_IDENTITY_H
#define TC_TLS_IDENTITY_H

#include <openssl/ssl.h>
#include <stddef.h>

typedef struct tc_identity {
    unsigned references; /* the configurations that have it */
    X509 *certificate;
    STACK_OF(X509) * chain; /* what comes above it; may be NULL */
    EVP_PKEY *key;
} tc_identity;

/* Of a PEM text. -EINVAL for what is not a chain and a key, -EACCES when they do not belong
 * together. */
int tc_identity_parse(const void *pem, size_t length, tc_identity **out);
/* One more reference to one that the host holds (--identity). -EACCES, and a line for the person,
 * when there is none of that name or it cannot be used. */
int tc_identity_named(const char *name, tc_identity **out);
void tc_identity_release(tc_identity *identity); /* may be NULL */

#endif
