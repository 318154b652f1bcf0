/* Timecraft's own socket options, and helpers around them, for guests in C.
 *
 * With host TLS (hTLS) a guest connects an ordinary stream socket, sets one option to the name of
 * the server, and from then on sends and receives clear text while the host encrypts:
 *
 *     connect(fd, address, length);
 *     setsockopt(fd, TIMECRAFT_LEVEL, HTLS_OPTION, "example.com", sizeof("example.com"));
 *
 * The option is accepted once the socket is connected, or connecting in non-blocking mode, and not
 * after the first recv, send or poll on it. The host does the TLS handshake and checks the
 * certificate against that name. On a non-blocking socket setsockopt returns at once: SO_ERROR is
 * EINPROGRESS and send and recv fail with EAGAIN until the handshake is over, and then poll reports
 * the socket. A failed handshake stays: SO_ERROR, send and recv repeat its errno.
 *
 * Everything else that TLS users ask for (own trust, certificates, ALPN, versions, servers,
 * STARTTLS, what was negotiated) is in timecraft/tls.h.
 */
#ifndef TIMECRAFT_H
#define TIMECRAFT_H

#include <stddef.h>
#include <sys/socket.h>

#include <timecraft/options.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sets HTLS_OPTION to `host`. Returns 0, or -1 with errno as above. */
int timecraft_htls_connect(int fd, const char *host);

/* Stores the reason of the last hTLS failure on `fd`, at most `size` bytes with the final NUL.
 * Returns 0, or -1 with errno; then, if size is not 0, the text is empty. */
int timecraft_htls_error(int fd, char *buffer, size_t size);

/* Resolves `host`, connects to the first of its addresses that answers at `service` (a port number
 * or the name of a service), and starts TLS with it. Returns a blocking socket that the caller
 * closes, or -1 with errno; ENOENT stands for a name that does not resolve, and EACCES for a
 * certificate or a network grant. timecraft_connect_reason() then has the reason in words. */
int timecraft_connect_tls(const char *host, const char *service);

/* Why the last timecraft_connect_tls failed, in words: such as "resolve example.com: Name does not
 * resolve". Borrowed: valid until the next timecraft_connect_tls. Empty if none has failed. */
const char *timecraft_connect_reason(void);

#ifdef __cplusplus
}
#endif

#endif
