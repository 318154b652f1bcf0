/* The hTLS layer: TLS spoken by the host over a stream of the I/O engine, the guest's bytes in
 * clear on this side. OpenSSL does the protocol and the verification.
 *
 *                 records                      clear text
 *   kernel --> tc_stream --> BIO (bio.c) --> OpenSSL --> guest memory
 *
 * Functions return 0 or a count, or a negative errno value; none of them waits. Where one gives
 * -EAGAIN the caller waits for the stream (tc_tls_interest) and asks again.
 *
 *   HANDSHAKE --done--> OPEN --close_notify received--> OPEN, reads give 0
 *       |                 |
 *       +---- failure ----+--> FAILED: every call gives the same errno, tc_tls_reason the words
 *
 * May use: io/, guest/ and options/. Inside, what is configured (config.h) knows nothing of a
 * connection (connection.h); tls.c puts one on the other.
 */
#ifndef TC_TLS_H
#define TC_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "io/io.h"
#include "options/options.h"

typedef struct tc_tls tc_tls;

/* What the operator granted and decided of TLS. Borrowed; must outlive everything here. */
void tc_tls_init(const tc_options *options);

/* What a guest has configured of a socket's TLS before it starts; shared by a listening socket and
 * the connections that it accepts. */
typedef struct tc_tls_config tc_tls_config;

/* What may be set through: `config` itself, or a copy that takes its place when others share it,
 * who keep what they have; a new one for NULL. NULL: no memory; then `config` is as it was. */
tc_tls_config *tc_tls_config_own(tc_tls_config *config);
tc_tls_config *tc_tls_config_share(tc_tls_config *config); /* one more reference */
void tc_tls_config_release(tc_tls_config *config);         /* may be NULL */

/* Whether there is such an option that can be set before TLS starts. */
bool tc_tls_config_has_option(uint32_t name);

/* Sets an option of the kind "configure" (timecraft/options.h tells formats and errors). After an
 * error the configuration is as it was. */
int tc_tls_config_set(tc_tls_config *config, uint32_t name, const void *value, uint32_t length);

/* Whether there is an identity, which a server needs; whether clear text may come before TLS. */
bool tc_tls_config_has_identity(const tc_tls_config *config);
bool tc_tls_config_is_upgrade(const tc_tls_config *config);

/* Longest host name (RFC 1035, 2.3.4, as text without the trailing dot). */
#define TC_TLS_NAME_MAX 253

/* Starts a client handshake with the server `name` (a host name or an IP
 * literal, `length` bytes, a trailing dot is ignored) over a connected or
 * connecting, non-blocking socket, which is the tls' own from then on (see
 * tc_stream_open). The handshake goes on whenever tc_io_wait runs, and fails
 * with ETIMEDOUT when it takes too long. `config` may be NULL: the defaults.
 * -EINVAL: no valid name, or a configuration that nothing can satisfy. */
int tc_tls_connect(int fd, const char *name, size_t length, tc_tls_config *config, tc_tls **out);

/* The same for a server's handshake, over a socket that was accepted. */
int tc_tls_accept(int fd, tc_tls_config *config, tc_tls **out);

/* Whether tc_tls_accept could work with the configuration: 0, or its error. */
int tc_tls_check_server(tc_tls_config *config);

/* 0: the handshake is done and nothing has failed. -EINPROGRESS: it goes on. Else the failure. */
int tc_tls_status(const tc_tls *tls);

/* Reads clear text: bytes, 0 after the peer's close_notify, -EAGAIN, or the failure. An end of the
 * stream without close_notify is -ECONNRESET. */
ssize_t tc_tls_recv(tc_tls *tls, void *buffer, size_t length, bool peek);

/* Encrypts and queues: the bytes taken, -EAGAIN, or the failure. tc_tls_push follows. */
ssize_t tc_tls_send(tc_tls *tls, const void *buffer, size_t length);

/* What goes together has been queued (tc_stream_push). */
void tc_tls_push(tc_tls *tls);

/* TCP_NODELAY of the descriptor is what the guest has set: to be called before that is asked for or
 * set. */
void tc_tls_unhurry(tc_tls *tls);

/* Says close_notify: nothing can be sent afterwards. 0, -EAGAIN, or the failure. */
int tc_tls_shutdown(tc_tls *tls);

/* Which of POLLIN and POLLOUT hold: a recv or a send would not give -EAGAIN. Decrypts what has
 * arrived to know; where `look` is false, only what the engine holds already. */
short tc_tls_ready(tc_tls *tls, short wanted, bool look);

/* As tc_stream_notice. */
bool tc_tls_notice(tc_tls *tls, tc_stream_event *notice, void *context);
/* As tc_socket_rest. */
bool tc_tls_rest(tc_tls *tls, tc_stream_event *notice, void *context);
/* Whether the kernel may hold bytes of which no notice comes: those that a read has left. */
bool tc_tls_may_have_more(const tc_tls *tls);
/* Sends what is queued, as much as the kernel takes. */
void tc_tls_flush(tc_tls *tls);

/* What to wait for after -EAGAIN from a recv (POLLIN) or a send (POLLOUT). */
tc_io_interest tc_tls_interest(tc_tls *tls, short wanted);

/* Clear text decrypted and not yet read. */
size_t tc_tls_pending(const tc_tls *tls);

/* Gets an option of any kind. `tls` is NULL before TLS has started; then `config` (which may be
 * NULL too) is asked, and `server` says for which role. */
int tc_tls_get_option(tc_tls *tls, const tc_tls_config *config, bool server, uint32_t name,
                      void *value, uint32_t *length);

/* Why it failed, in words; "" when it has not. Valid while the tls lives. */
const char *tc_tls_reason(const tc_tls *tls);

bool tc_tls_is_server(const tc_tls *tls);

/* When the handshake began, and when it was over or had failed (0: it goes on): tc_io_now's time.
 */
void tc_tls_handshake_times(const tc_tls *tls, uint64_t *begun, uint64_t *ended);

/* Says close_notify if it can, and ends the connection in the background (see tc_stream_close). */
void tc_tls_close(tc_tls *tls);

#endif
