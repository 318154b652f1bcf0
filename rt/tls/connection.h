/* A connection: what tls.c owns, and what bio.c, reason.c, session.c and info.c read of it. Uses
 * nothing else of tls/. */
#ifndef TC_TLS_CONNECTION_H
#define TC_TLS_CONNECTION_H

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "tls/tls.h"

typedef enum tc_tls_state { TC_TLS_HANDSHAKE, TC_TLS_OPEN, TC_TLS_FAILED } tc_tls_state;

struct tc_tls {
    tc_tls_state state;
    bool server;
    tc_tls_config *config; /* a reference */
    tc_stream *stream;
    SSL *ssl;
    int error;    /* negative errno once FAILED */
    char *reason; /* why, in words, of TC_TLS_REASON_SIZE bytes; NULL: nothing has failed yet, or
                     there was no memory for it */
    int stream_error;  /* negative errno that reading the stream gave to the BIO */
    bool stream_ended; /* the BIO has seen the stream's end */
    bool sent_close;   /* close_notify has been queued */
    bool sending;      /* OpenSSL is sending what the guest has given it */
    bool spoke;        /* it has sent words of its own since, which the peer may not have
                          acknowledged */
    bool drained;    /* OpenSSL holds nothing, and the engine had nothing when it was asked last */
    bool wants_room; /* OpenSSL could not queue what it must send before it reads
                        on */
    size_t appetite; /* bytes that the current call into OpenSSL may still read */
    uint64_t deadline; /* of the handshake */
    uint64_t time_limit;
    uint64_t ended; /* when the handshake was over, or failed; 0: it goes on */
    char name[];    /* of the server; "the client" for a server's peer */
};

/* A BIO over tls->stream (bio.c); borrowed by tls->ssl. NULL: no memory. */
BIO *tc_tls_bio_new(tc_tls *tls);

#define TC_TLS_REASON_SIZE 512

/* Failures (reason.c). Moves to FAILED for what OpenSSL has just reported (SSL_get_error's value),
 * and says why. */
void tc_tls_fail_ssl(tc_tls *tls, int ssl_error);
/* The same for an errno (positive) and its words, of which the first that are told stay. */
void tc_tls_fail(tc_tls *tls, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* SSL_VERIFY callback that notes why a certificate is refused. */
int tc_tls_verify_callback(int accepted, X509_STORE_CTX *store_context);

#endif
