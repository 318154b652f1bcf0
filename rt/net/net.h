/* Sockets as the guest has them: state, addresses, options, name resolution, grants.
 *
 * A tc_socket is plain at first: its calls go to the kernel through the I/O engine. The hTLS option
 * turns it into a TLS one, whose bytes go through tls/. Every function returns 0 or a count, or a
 * negative errno value.
 *
 * May use: tls/, service/, io/, guest/ and options/.
 */
#ifndef TC_NET_H
#define TC_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "io/io.h"
#include "options/options.h"

typedef struct tc_socket tc_socket;

/* An address with its length, of AF_INET, AF_INET6, AF_UNIX or AF_UNSPEC; or a family alone. */
typedef struct tc_address {
    socklen_t length;
    struct sockaddr_storage storage;
} tc_address;

/* Where the grants come from. Borrowed; must outlive every socket. */
void tc_net_init(const tc_options *options);

/* As tc_service_start, under these grants; calls tc_net_init too. */
void tc_net_serve(tc_options *options, void (*end)(int signal));

/* The next socket that systemd has passed to this process: 1; 0: there is none left;
 * -EPROTONOSUPPORT for one of a kind that is not known here. */
int tc_net_take_passed(tc_socket **out);
bool tc_socket_is_passed(const tc_socket *socket);

/* On the thread that will use sockets, before the first: makes what cannot be made later, when the
 * process is confined. Does nothing without tc_net_init, as in a replay. */
void tc_net_prepare(void);

/* family: AF_INET, AF_INET6, AF_UNIX; type: SOCK_STREAM or SOCK_DGRAM. */
int tc_socket_open(int family, int type, tc_socket **out);

/* Closes and frees. A TLS socket says close_notify, and what is queued is sent, in the background.
 */
void tc_socket_close(tc_socket *socket);

/* Waits a moment for what goes on in the background; call it before the process ends. */
void tc_net_finish(void);

int tc_socket_bind(tc_socket *socket, const tc_address *address);
int tc_socket_listen(tc_socket *socket, int backlog);
int tc_socket_accept(tc_socket *socket, bool nonblocking, tc_socket **out);
/* An address of AF_UNSPEC ends a datagram socket's association and a TCP connection. */
int tc_socket_connect(tc_socket *socket, const tc_address *address);
int tc_socket_shutdown(tc_socket *socket, int how); /* SHUT_RD, SHUT_WR, SHUT_RDWR */
/* Ends a connection in both directions, TLS or not, without a word: as if the peer had reset it. */
void tc_socket_break(tc_socket *socket);
int tc_socket_local_address(tc_socket *socket, tc_address *out);
int tc_socket_peer_address(tc_socket *socket, tc_address *out);

/* flags: MSG_PEEK, MSG_WAITALL and MSG_TRUNC (the count is a datagram's whole length, however much
 * of it fits; a stream's bytes are thrown away). The vectors are host memory (spans of the
 * guest's). *truncated is set when a datagram did not fit; `from` (may be NULL) gets the sender. */
ssize_t tc_socket_recv(tc_socket *socket, const struct iovec *vectors, int count, int flags,
                       bool *truncated, tc_address *from);
/* `to` may be NULL, and does not matter for TCP, whose peer is known. */
ssize_t tc_socket_send(tc_socket *socket, const struct iovec *vectors, int count,
                       const tc_address *to);

bool tc_socket_nonblocking(const tc_socket *socket);
void tc_socket_set_nonblocking(tc_socket *socket, bool nonblocking);
bool tc_socket_is_stream(const tc_socket *socket);
bool tc_socket_is_listening(const tc_socket *socket);
int tc_socket_stat(tc_socket *socket, struct stat *out);

/* Options by the WasmEdge extension's numbers (sockopt.c) and of TIMECRAFT_LEVEL (tls/tls.h).
 * `value` is host memory (a span of the guest's), or NULL where the guest named none: the kernel
 * then says whether that or something else is wrong. get stores at most *length bytes and sets
 * *length to how many. Errors inside a value (SO_ERROR) are positive errno values of the host. */
int tc_socket_set_option(tc_socket *socket, uint32_t level, uint32_t name, const void *value,
                         uint32_t length);
int tc_socket_get_option(tc_socket *socket, uint32_t level, uint32_t name, void *value,
                         uint32_t *length);

/* For observers: whether TLS was turned on; if so, whether as a server, and when its handshake
 * began and ended (0: it goes on), in tc_io_now's time. */
bool tc_socket_handshake(const tc_socket *socket, bool *server, uint64_t *begun, uint64_t *ended);

/* Whether no value of the level's options has more than so many bytes. */
#define TC_SOCKET_SMALL_OPTION 256u
bool tc_socket_has_small_options(uint32_t level);

/* Polling, for poll_oneoff (wasi/poll.c). tc_socket_poll says what the engine must wait for so that
 * the `wanted` events (POLLIN, POLLOUT) can come, and returns those that hold already;
 * tc_socket_polled, after the wait, returns those that hold (with POLLERR and POLLHUP where the
 * kernel said so). Polling a connected socket ends the time in which hTLS can be turned on. */
short tc_socket_poll(tc_socket *socket, short wanted, tc_io_interest *interest);
short tc_socket_polled(tc_socket *socket, short wanted, const tc_io_interest *interest);

/* Whether the socket is not readable, and stays so until the engine tells of something. Then it
 * does by calling `notice`, which must only take note; until that, or the socket's use by anything
 * else, it need not be polled for POLLIN. The second ends it: before the socket is used, and when
 * the notice has come. */
bool tc_socket_rest(tc_socket *socket, tc_stream_event *notice, void *context);
void tc_socket_end_rest(tc_socket *socket);

/* Sets what `queue`, a readiness queue, watches of another socket; `how` is TIMECRAFT_QUEUE_ADD and
 * so on. -EINVAL: no queue, or a queue in a queue; -EBUSY: it is in another one; -EEXIST, -ENOENT.
 */
int tc_socket_watch(tc_socket *queue, tc_socket *socket, uint32_t how, uint32_t events,
                    uint64_t data);

/* Connects two Unix sockets of one type to each other, which were opened and not used: else
 * -EINVAL. What is sent to the other then stays in the process, and needs no grant. */
int tc_socket_pair(tc_socket *one, tc_socket *other);

/* Bytes that a recv would give at once (0 if unknown). */
uint64_t tc_socket_readable_bytes(tc_socket *socket);

/* One result of a name look-up. */
typedef struct tc_resolved {
    tc_address address; /* with its port */
    int type;           /* SOCK_STREAM or SOCK_DGRAM */
    int protocol;       /* IPPROTO_TCP or IPPROTO_UDP */
} tc_resolved;

typedef struct tc_resolve_hints {
    int family;   /* AF_UNSPEC, AF_INET, AF_INET6 */
    int type;     /* 0, SOCK_STREAM, SOCK_DGRAM */
    int protocol; /* 0, IPPROTO_TCP, IPPROTO_UDP */
    int flags;    /* AI_PASSIVE, AI_CANONNAME, AI_NUMERICHOST, AI_NUMERICSERV */
    bool nowait;  /* do not wait for the answer if it takes more than reading a literal */
    bool reverse; /* an address is to be turned into a name: tc_reverse, not tc_resolve */
} tc_resolve_hints;

/* Starts the process that looks names up, before this one is confined: later it cannot be.
 * `required`: it must have a wall of its own. */
void tc_resolver_start(bool required);

/* Resolves under the grants: a name that none covers is -EACCES. `name` or
 * `service` may be NULL. Stores at most `capacity` results, *count how many,
 * *canonical (may be NULL) a string to free or NULL. Errors: -ENOENT name
 * unknown, -EAGAIN try again, -EINVAL bad arguments, -EINPROGRESS with
 * `nowait`: ask again in a while. */
int tc_resolve(const char *name, const char *service, const tc_resolve_hints *hints,
               tc_resolved *results, size_t capacity, size_t *count, char **canonical);

/* Turns an IP address in text into its name, under the grants: an address that none covers is
 * -EACCES. *result is the address, *name a string to free. Errors: -ENOENT no name, -EAGAIN try
 * again, -EINVAL no address. */
int tc_reverse(const char *literal, tc_resolved *result, char **name);

#endif
