/* Sessions that are resumed. Uses connection.h and config.h. */
#ifndef TC_TLS_SESSION_H
#define TC_TLS_SESSION_H

#include "tls/connection.h"

/* Sessions of clients: offers one that was kept; keeps new ones. */
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

#endif
