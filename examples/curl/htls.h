/* curl's TLS backend over host TLS, htls.c. */
#ifndef HEADER_CURL_HTLS_H
#define HEADER_CURL_HTLS_H

#include "curl_setup.h"

#ifdef USE_HTLS
extern const struct Curl_ssl Curl_ssl_htls;
#endif

#endif
