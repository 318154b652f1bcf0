/* The socket options of host TLS (hTLS): the one list that the runtime and every SDK share. Numbers
 * and formats never change once published; new options get new numbers. No other header is needed.
 *
 * All are options of the level TIMECRAFT_LEVEL of a stream socket. Integers are 32-bit, unsigned,
 * little-endian. Text is UTF-8; a NUL at the end of a text that is set is ignored, a text that is
 * got ends with a NUL, zeros fill the rest of the buffer, and a longer one is cut. A blob that is
 * got is u32 length, then as many of its bytes as there is room for, then zeros: where the length
 * is larger than the room, ask again with a larger buffer.
 *
 * When:
 *
 *   configure  before hTLS starts on the socket, connected or not. On a listening socket it holds
 *              for the connections that are accepted afterwards; each may be configured further.
 *   start      once; the handshake begins.
 *   result     once the handshake is done: before, EAGAIN while it goes on and ENOTCONN without
 *              hTLS; a failed handshake gives its own errno.
 *
 * Errors of all: EBADF, ENOTSOCK; EINVAL for a socket that is no stream, a value of the wrong
 * length or form, the wrong time or role; ENOPROTOOPT for a number that is not one of these, or a
 * direction (set, get) that the option does not have; EFAULT.
 */
#ifndef TIMECRAFT_OPTIONS_H
#define TIMECRAFT_OPTIONS_H

#define TIMECRAFT_LEVEL 0x74696d65

/* ---- starting ---- */

/* start, set: text, the name of the server, 1 to 253 bytes: a host name or an IP literal. Starts a
 * client's handshake on a socket that is connected, or connecting in non-blocking mode, before the
 * first recv, send or poll. Fails with EACCES (certificate not accepted), EPROTO, ECONNRESET,
 * ETIMEDOUT; ENOTCONN. See timecraft.h. */
#define HTLS_OPTION           1
#define TIMECRAFT_HTLS_OPTION HTLS_OPTION

/* result (also of a failed handshake), get: text, why hTLS failed on the socket, in words; empty
 * when it has not. */
#define TIMECRAFT_HTLS_ERROR_OPTION 2

/* start, set: u32 1. The socket is a server: a connected one (accepted before) starts the server's
 * handshake, a listening one does so with every connection that it accepts from then on; there the
 * handshake goes on while the guest has the socket already, and recv and send wait for it, or give
 * EAGAIN. An identity must be configured, else EINVAL. */
#define TIMECRAFT_SERVER_OPTION 3

/* configure, set: u32 1. Lets HTLS and SERVER start after clear text has been sent and received
 * (STARTTLS). Bytes that the peer sent before its handshake and the guest has not read are never
 * taken for anything but TLS: they make the handshake fail with EPROTO. */
#define TIMECRAFT_UPGRADE_OPTION 4

/* ---- verification ---- */

/* configure, set: certificates in PEM (any number) or DER (one). They are added to the trust
 * anchors of this socket; unless TRUST says otherwise they take the place of the system's. */
#define TIMECRAFT_TRUST_ANCHORS_OPTION 5

/* configure, set and get: u32, where trust comes from: the host's trust store (the default while no
 * anchors are set), the anchors set (the default once there are any), or both. */
#define TIMECRAFT_TRUST_OPTION 6
#define TIMECRAFT_TRUST_SYSTEM 0
#define TIMECRAFT_TRUST_GIVEN  1
#define TIMECRAFT_TRUST_BOTH   2

/* configure, set and get: u32, what a client demands of the server's certificate, and a server of
 * its clients'. The client's default is FULL, the server's NONE. A client needs the grant
 * --allow-insecure-tls for less than FULL, else EACCES.
 *
 * Their values: anything goes, and a server asks for no certificate; a client wants the certificate
 * trusted, but does not compare the name; a client wants it trusted, and for the server's name; a
 * server asks for a certificate, and one that comes must be trusted; a server shakes no hand
 * without a trusted certificate. */
#define TIMECRAFT_VERIFY_OPTION  7
#define TIMECRAFT_VERIFY_NONE    0
#define TIMECRAFT_VERIFY_CHAIN   1
#define TIMECRAFT_VERIFY_FULL    2
#define TIMECRAFT_VERIFY_REQUEST 3
#define TIMECRAFT_VERIFY_REQUIRE 4

/* ---- own identity ---- */

/* configure, set: PEM of one certificate chain (the own certificate first) and its private key, in
 * any order. A server may have several: the first is the default, together with those for the
 * very same names; one that is for the name which the client asks for (SNI) is chosen over it.
 * Among different kinds of keys for a name, what the client can verify decides. EACCES if key and
 * certificate do not belong together. */
#define TIMECRAFT_IDENTITY_OPTION 8

/* configure, set: text, the name of an identity that the host holds (--identity NAME=CERT,KEY),
 * added as above. Its key never enters the guest. EACCES if there is none of the name. */
#define TIMECRAFT_NAMED_IDENTITY_OPTION 9

/* ---- parameters ---- */

/* configure, set: protocol names as ALPN has them on the wire (RFC 7301, 3.1): each preceded by its
 * length as one byte, in order of preference. A client offers them; a server chooses the first of
 * its own that the client offers, and refuses clients that offer others only. result, get: text,
 * the protocol chosen; empty when none was. */
#define TIMECRAFT_ALPN_OPTION 10

/* configure, set and get: u32, the lowest and the highest version allowed: 0x0303 for TLS 1.2,
 * 0x0304 for TLS 1.3. The host's own policy (--tls-min-version) is never undercut. */
#define TIMECRAFT_MIN_VERSION_OPTION 11
#define TIMECRAFT_MAX_VERSION_OPTION 12
#define TIMECRAFT_TLS_1_2            0x0303
#define TIMECRAFT_TLS_1_3            0x0304

/* configure, set: text, cipher suites by their IANA names, in order of preference, separated by
 * ':'. */
#define TIMECRAFT_CIPHERS_OPTION 13

/* configure, set: text, groups of the key exchange in order of preference, separated by ':':
 * X25519, X448, P-256, P-384, P-521. */
#define TIMECRAFT_GROUPS_OPTION 14

/* configure, set and get: u32 milliseconds, how long the handshake may take; at most what the host
 * allows (--tls-handshake-timeout). */
#define TIMECRAFT_HANDSHAKE_TIMEOUT_OPTION 15

/* ---- what was negotiated ---- */

/* result, get: u32, the version: 0x0303 or 0x0304. */
#define TIMECRAFT_VERSION_OPTION 16

/* result, get: text, the cipher suite by its IANA name. */
#define TIMECRAFT_CIPHER_OPTION 17

/* result, get: text, the group of the key exchange; empty when there was none (RSA key transport).
 */
#define TIMECRAFT_GROUP_OPTION 18

/* result, get: u32, 1 if the session was resumed. */
#define TIMECRAFT_RESUMED_OPTION 19

/* result, get: text, the name that the client asked for (SNI), or was started with; may be empty.
 */
#define TIMECRAFT_SERVER_NAME_OPTION 20

/* result, get: blob, the peer's certificates in DER, its own first, each preceded by its length as
 * u32. Empty when the peer has none. */
#define TIMECRAFT_PEER_CERTIFICATES_OPTION 21

/* result, get: blob of text, the main fields of the peer's own certificate, a line each, for guests
 * without an X.509 parser:
 *     version: 3                              serial: 0A1B2C
 *     subject: commonName=example.com         issuer: organizationName=Example Ltd
 *     not_before: 2026-01-31T00:00:00Z        not_after: 2027-01-31T00:00:00Z
 *     name: DNS:example.com                   name: IP:192.0.2.1
 *     sha256: 64 hexadecimal digits
 * subject and issuer have a line for each attribute in the certificate's order, name one for each
 * subjectAltName. Bytes outside of printable ASCII, and '\', are written \xHH. */
#define TIMECRAFT_PEER_INFO_OPTION 22

/* result, get: blob, channel bindings: tls-exporter (RFC 9266) and tls-server-end-point (RFC 5929,
 * 4). A TLS 1.2 session without extended master secret has no tls-exporter: ENOTSUP. */
#define TIMECRAFT_TLS_EXPORTER_OPTION     23
#define TIMECRAFT_SERVER_END_POINT_OPTION 24

#endif
