/* Host TLS with types: configuration, both roles, and what was negotiated. Each function is one or
 * a few of the options of timecraft/options.h, which has the details.
 *
 *     // A client with its own trust and its own certificate.
 *     timecraft_tls_config config = {.trust_anchors = pem, .trust_anchors_size = pem_size,
 *                                    .named_identity = "client", .alpn = "h2,http/1.1"};
 *     int fd = timecraft_tls_open("example.com", "443", &config);
 *
 *     // A server: what it accepts speaks TLS.
 *     timecraft_tls_config config = {.named_identity = "www"};
 *     listen(fd, 128);
 *     timecraft_tls_serve(fd, &config);
 *
 * Functions that return int give 0, or a value that is not negative where it says so, and -1 with
 * errno on an error. EINVAL: the wrong time, role or value. EBADF and ENOTSOCK as for any socket.
 * Whoever asks for results: EAGAIN while the handshake goes on, ENOTCONN for a socket without TLS,
 * and a failed handshake's own errno. Nothing here keeps what it is given. */
#ifndef TIMECRAFT_TLS_H
#define TIMECRAFT_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <timecraft/options.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- configuration ---- */

/* What is 0 or NULL stays the default. All pointers are borrowed for the call. */
typedef struct timecraft_tls_config {
    const void *trust_anchors;  /* certificates: any number in PEM, or one in DER */
    size_t trust_anchors_size;  /* bytes */
    bool trust_system_too;      /* the anchors come beside the host's trust store, not instead */
    uint32_t verify;            /* TIMECRAFT_VERIFY_CHAIN …; default: FULL, for servers NONE */
    bool verify_nothing;        /* a client takes any certificate (TIMECRAFT_VERIFY_NONE) */
    const char *named_identity; /* one that the host holds, see --identity; text */
    const char *identity;       /* PEM: a certificate chain and its key */
    size_t identity_size;       /* bytes; 0: identity is text that ends with a NUL */
    const char *alpn;           /* protocols in order of preference, such as "h2,http/1.1" */
    uint32_t min_version;       /* TIMECRAFT_TLS_1_2, TIMECRAFT_TLS_1_3 */
    uint32_t max_version;
    const char *ciphers; /* suites by their IANA names, separated by ':' */
    const char *groups;  /* such as "X25519:P-256" */
    uint32_t handshake_timeout_ms;
} timecraft_tls_config;

/* Sets all that `config` says on a socket where TLS has not started: connected, accepted, or
 * listening (then for what it accepts). `config` may be NULL. EACCES: a named identity that was not
 * granted, or a key that does not belong to its certificate. */
int timecraft_tls_configure(int fd, const timecraft_tls_config *config);

/* Further identities and anchors: a server may have a certificate for each of its names. */
int timecraft_tls_add_identity(int fd, const char *pem, size_t size);
int timecraft_tls_add_named_identity(int fd, const char *name);
int timecraft_tls_add_trust_anchors(int fd, const void *certificates, size_t size);

/* "h2,http/1.1": EINVAL for an empty name, or one of more than 255 bytes. */
int timecraft_tls_set_alpn(int fd, const char *protocols);

/* ---- starting ---- */

/* Configures and starts a client's TLS on a socket that is connected, or connecting in non-blocking
 * mode, and that nothing was sent to or received from. `name` is the server's. On a blocking socket
 * it returns with the handshake's outcome: EACCES (certificate, or the grant --allow-insecure-tls),
 * EPROTO, ECONNRESET, ETIMEDOUT; timecraft_htls_error has the words. */
int timecraft_tls_connect(int fd, const char *name, const timecraft_tls_config *config);

/* The same for a server: on a socket that was accepted, or on a listening one, whose connections
 * then are TLS from the start (the handshake goes on while the guest has them already). */
int timecraft_tls_serve(int fd, const timecraft_tls_config *config);

/* The same after clear text (STARTTLS). `read_ahead` is how many bytes the caller has received
 * beyond the line that ended the clear text: anything but 0 was sent by somebody who wants it taken
 * for a part of the encrypted stream, and gives EPROTO. */
int timecraft_tls_upgrade_client(int fd, const char *name, const timecraft_tls_config *config,
                                 size_t read_ahead);
int timecraft_tls_upgrade_server(int fd, const timecraft_tls_config *config, size_t read_ahead);

/* Resolves, connects to the first address that answers, and does timecraft_tls_connect. Returns a
 * blocking socket that the caller closes, or -1 with errno, see timecraft_connect_tls. */
int timecraft_tls_open(const char *host, const char *service, const timecraft_tls_config *config);

/* Waits until the handshake is over: 0 once it is done, EAGAIN after `milliseconds` (-1: no limit
 * of its own), or the handshake's errno. */
int timecraft_tls_wait(int fd, int milliseconds);

/* ---- results ---- */

int timecraft_tls_version(int fd); /* returns TIMECRAFT_TLS_1_2 or TIMECRAFT_TLS_1_3 */
int timecraft_tls_resumed(int fd); /* returns 1 if the session was resumed, else 0 */

/* Texts, with a NUL at the end, cut to `size` bytes where they are longer. */
int timecraft_tls_cipher(int fd, char *buffer, size_t size);      /* its IANA name */
int timecraft_tls_group(int fd, char *buffer, size_t size);       /* "" if there was none */
int timecraft_tls_alpn(int fd, char *buffer, size_t size);        /* "" if none was agreed */
int timecraft_tls_server_name(int fd, char *buffer, size_t size); /* SNI; "" if there was none */

/* The peer's certificates as it sent them, its own first. */
typedef struct timecraft_tls_certificates {
    uint8_t *data; /* private from here */
    size_t size, position;
} timecraft_tls_certificates;

/* Fills *out, empty where the peer has no certificate. Free it in any case. */
int timecraft_tls_peer_certificates(int fd, timecraft_tls_certificates *out);
/* The next one: DER, borrowed from `all`. False at the end. */
bool timecraft_tls_next_certificate(timecraft_tls_certificates *all, const uint8_t **der,
                                    size_t *size);
void timecraft_tls_certificates_free(timecraft_tls_certificates *all);

/* The main fields of the peer's own certificate, as TIMECRAFT_PEER_INFO_OPTION has them: a text for
 * the caller to free, empty where there is no certificate. NULL and errno on an error. */
char *timecraft_tls_peer_info(int fd);

/* Copies the value of the field's line number `index` (from 0), such as that of "subject" or
 * "name", from the text. False, and an empty buffer, where there is no such line; a value that is
 * longer than `size` with its NUL is cut. */
bool timecraft_tls_info_field(const char *info, const char *field, size_t index, char *buffer,
                              size_t size);

/* Channel bindings: tls-exporter (RFC 9266), ENOTSUP where the session has none; and
 * tls-server-end-point (RFC 5929), which returns its length, 32 to 64 bytes. ERANGE: too little
 * room. */
int timecraft_tls_exporter(int fd, uint8_t binding[32]);
ssize_t timecraft_tls_server_end_point(int fd, uint8_t *binding, size_t size);

#ifdef __cplusplus
}
#endif

#endif
