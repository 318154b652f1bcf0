/* The socket options of host TLS (hTLS), and those of Linux that the socket extension has no
 * numbers for: the one list that the runtime and every SDK share. Numbers and formats never change
 * once published; new options get new numbers. No other header is needed.
 *
 * All are options of the level TIMECRAFT_LEVEL, those of hTLS (below 64) of a stream socket. Of the
 * values of hTLS, integers are 32-bit, unsigned, little-endian. Text is UTF-8; a NUL at the end of
 * a text that is set is ignored, a text that is got ends with a NUL, zeros fill the rest of the
 * buffer, and a longer one is cut. A blob that is got is u32 length, then as many of its bytes as
 * there is room for, then zeros: where the length is larger than the room, ask again with a larger
 * buffer.
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
 * ETIMEDOUT; ENOTCONN; EPIPE after the guest's own shutdown(SHUT_WR). See timecraft.h. */
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

/* ---- Linux's own ---- */

/* Set and get at any time, of sockets of all types: options of Linux, each with its level and name
 * in <sys/socket.h>, <netinet/in.h> and <netinet/tcp.h>, under a number of ours. Values, lengths
 * and errors are those of socket(7), ip(7), ipv6(7) and tcp(7). The SDKs give them under their
 * ordinary names: setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, …). What is not here, and not the
 * extension's, is ENOPROTOOPT: above all what would come as ancillary data, which guests do not
 * get, and what would lead round the grants.
 *
 * The forms of their values (the last column):
 *
 *   INT      an int, in the machine's order
 *   BYTE     the same; a single byte will do, for values up to 255
 *   TEXT     a name, without an end
 *   BYTES    a struct, as Linux has it, or an address in network order
 *   JOIN4    a group of IPv4 first, in network order. EACCES unless --allow-listen grants its
 *            address, with any port
 *   JOIN6    a group of IPv6 first, likewise
 */
#define TIMECRAFT_SOCKET_OPTIONS(X)                                                                \
    X(64, SOL_SOCKET, SO_REUSEPORT, INT)                                                           \
    X(65, SOL_SOCKET, SO_PRIORITY, INT)                                                            \
    X(66, SOL_SOCKET, SO_SNDLOWAT, INT)                                                            \
    X(67, SOL_SOCKET, SO_DEBUG, INT)                                                               \
    X(70, IPPROTO_TCP, TCP_MAXSEG, INT)                                                            \
    X(71, IPPROTO_TCP, TCP_CORK, INT)                                                              \
    X(72, IPPROTO_TCP, TCP_KEEPIDLE, INT)                                                          \
    X(73, IPPROTO_TCP, TCP_KEEPINTVL, INT)                                                         \
    X(74, IPPROTO_TCP, TCP_KEEPCNT, INT)                                                           \
    X(75, IPPROTO_TCP, TCP_SYNCNT, INT)                                                            \
    X(76, IPPROTO_TCP, TCP_LINGER2, INT)                                                           \
    X(77, IPPROTO_TCP, TCP_DEFER_ACCEPT, INT)                                                      \
    X(78, IPPROTO_TCP, TCP_WINDOW_CLAMP, INT)                                                      \
    X(79, IPPROTO_TCP, TCP_INFO, BYTES)                                                            \
    X(80, IPPROTO_TCP, TCP_QUICKACK, INT)                                                          \
    X(81, IPPROTO_TCP, TCP_CONGESTION, TEXT)                                                       \
    X(82, IPPROTO_TCP, TCP_USER_TIMEOUT, INT)                                                      \
    X(83, IPPROTO_TCP, TCP_FASTOPEN, INT)                                                          \
    X(84, IPPROTO_TCP, TCP_NOTSENT_LOWAT, INT)                                                     \
    X(90, IPPROTO_IP, IP_TOS, BYTE)                                                                \
    X(91, IPPROTO_IP, IP_TTL, BYTE)                                                                \
    X(92, IPPROTO_IP, IP_MTU_DISCOVER, BYTE)                                                       \
    X(93, IPPROTO_IP, IP_MTU, BYTE)                                                                \
    X(94, IPPROTO_IP, IP_MINTTL, BYTE)                                                             \
    X(95, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, BYTE)                                               \
    X(96, IPPROTO_IP, IP_MULTICAST_IF, BYTES)                                                      \
    X(97, IPPROTO_IP, IP_MULTICAST_TTL, BYTE)                                                      \
    X(98, IPPROTO_IP, IP_MULTICAST_LOOP, BYTE)                                                     \
    X(99, IPPROTO_IP, IP_MULTICAST_ALL, BYTE)                                                      \
    X(100, IPPROTO_IP, IP_ADD_MEMBERSHIP, JOIN4)                                                   \
    X(101, IPPROTO_IP, IP_DROP_MEMBERSHIP, BYTES)                                                  \
    X(102, IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, JOIN4)                                            \
    X(103, IPPROTO_IP, IP_DROP_SOURCE_MEMBERSHIP, BYTES)                                           \
    X(104, IPPROTO_IP, IP_BLOCK_SOURCE, BYTES)                                                     \
    X(105, IPPROTO_IP, IP_UNBLOCK_SOURCE, BYTES)                                                   \
    X(110, IPPROTO_IPV6, IPV6_UNICAST_HOPS, INT)                                                   \
    X(111, IPPROTO_IPV6, IPV6_MULTICAST_IF, INT)                                                   \
    X(112, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, INT)                                                 \
    X(113, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, INT)                                                 \
    X(114, IPPROTO_IPV6, IPV6_JOIN_GROUP, JOIN6)                                                   \
    X(115, IPPROTO_IPV6, IPV6_LEAVE_GROUP, BYTES)                                                  \
    X(116, IPPROTO_IPV6, IPV6_MTU_DISCOVER, INT)                                                   \
    X(117, IPPROTO_IPV6, IPV6_MTU, INT)                                                            \
    X(118, IPPROTO_IPV6, IPV6_V6ONLY, INT)                                                         \
    X(119, IPPROTO_IPV6, IPV6_MULTICAST_ALL, INT)                                                  \
    X(120, IPPROTO_IPV6, IPV6_DONTFRAG, INT)                                                       \
    X(121, IPPROTO_IPV6, IPV6_TCLASS, INT)

/* TIMECRAFT_SO_REUSEPORT and so on, for those who call the host themselves. */
#define TIMECRAFT_OPTION_NUMBER(number, level, name, form) TIMECRAFT_##name = number,
enum { TIMECRAFT_SOCKET_OPTIONS(TIMECRAFT_OPTION_NUMBER) };

/* ---- readiness queues ---- */

/* A queue says which of many sockets are ready, at a cost that grows with those and not with how
 * many there are: what poll_oneoff is for few sockets, and sys/epoll.h on top of this for C. It is
 * ready to be read (poll_oneoff) while a socket in it is ready. A socket is in one queue at most,
 * and leaves it when it is closed. */

/* Set: u32 1. Makes a queue of a stream socket that was opened and not used; it is good for nothing
 * else then. EINVAL for any other; EMFILE, ENOMEM. */
#define TIMECRAFT_QUEUE_OPTION 128

/* Set, of a queue: u32 how, u32 descriptor, u32 events, u32 0, u64 data. ADD puts the socket in the
 * queue, CHANGE gives other events and data, REMOVE takes it out. The events are those of epoll(7)
 * on Linux: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLPRI, and EPOLLET and EPOLLONESHOT; EPOLLERR and
 * EPOLLHUP are always told. EBADF and ENOTCAPABLE for the descriptor, EPERM for one that is no
 * socket, EEXIST, ENOENT, EBUSY for one in another queue, EINVAL for a queue in a queue. */
#define TIMECRAFT_QUEUE_WATCH_OPTION 129
#define TIMECRAFT_QUEUE_ADD          1
#define TIMECRAFT_QUEUE_REMOVE       2
#define TIMECRAFT_QUEUE_CHANGE       3

/* Get, of a queue: what is ready, as many as there is room for, without waiting: u32 events, u32 0,
 * u64 data for each. Events of 0 end them before the room does. A TLS socket whose connection has
 * failed is ready for all that is asked, and recv or send tell the error. */
#define TIMECRAFT_QUEUE_READY_OPTION 130

/* ---- pairs of sockets ---- */

/* Set: u32, the descriptor of another socket. Connects the two to each other, as socketpair(2) has
 * it: both are Unix sockets of one type, stream or datagram, that were opened and not used. Nothing
 * has to be granted for it, and --require-tls does not hold for what goes to the other, because no
 * byte leaves the process. EBADF, ENOTSOCK and ENOTCAPABLE for the descriptor; EINVAL for a socket
 * of another kind or one that was used, or for a socket and itself; EMFILE, ENFILE. */
#define TIMECRAFT_PAIR_OPTION 131

/* ---- flags of sock_getaddrinfo that are ours ---- */

/* Does not wait: EINPROGRESS until there is an answer, to be asked the same again. */
#define TIMECRAFT_LOOKUP_NOWAIT 0x8000

/* Turns an address into its name: `name` is an IP address in text, the service is ignored, and the
 * one result is that address with its name as the canonical one, cut to the room there is. ENOENT
 * if it has no name. 127.0.0.1 and ::1 are "localhost" to everybody. For others --allow-net has to
 * grant the address, with any port, or a name that has resolved to it, else EACCES. The guest waits
 * for it, whatever NOWAIT says. */
#define TIMECRAFT_LOOKUP_REVERSE 0x4000

#endif
