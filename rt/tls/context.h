/* What all of TLS in the process stands on: the operator's decisions, and OpenSSL's contexts. Uses
 * bundle.h. */
#ifndef TC_TLS_CONTEXT_H
#define TC_TLS_CONTEXT_H

#include <openssl/ssl.h>

#include "options/options.h"

/* The operator's decisions (see tc_tls_init). */
extern const tc_options *tc_tls_policy;

/* The process's contexts, with the trust store; made at the first use. NULL: no memory. What
 * connections do beyond OpenSSL's ways (callbacks) is put on them by tls.c. */
SSL_CTX *tc_tls_client_context(void);
SSL_CTX *tc_tls_server_context(void);

/* Adds the system's trust (or what --ca says instead) to a store. */
void tc_tls_load_trust(X509_STORE *store);

#endif
