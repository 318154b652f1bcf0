/* A file of PEM certificates that is read certificate by certificate, as a folder of hashed names
 * is: taking all of a system's 150 apart costs four fifths of a first request. Uses nothing of
 * tls/. */
#ifndef TC_TLS_BUNDLE_H
#define TC_TLS_BUNDLE_H

#include <openssl/x509.h>
#include <stdbool.h>

/* Lets a store take from the file at `path` what it looks for; the file's content is kept, as it is
 * now, for the rest of the process. What of it has a name that a certificate in the store has too
 * is taken at once. Returns false if no certificate stands in the file, or no memory is left. May
 * be called once a store. */
bool tc_bundle_add_to(X509_STORE *store, const char *path);

#endif
