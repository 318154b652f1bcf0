/* Inside net/: the socket's state and the grants. */
#ifndef TC_NET_INTERNAL_H
#define TC_NET_INTERNAL_H

#include <netinet/in.h>

#include "net/net.h"
#include "tls/tls.h"

/* Where a stream socket stands. The kernel has the state, and this is what was last known of it:
 * tc_socket_settle asks again after every call that can change it and, as long as it is CONNECTING,
 * after every poll that has found something.
 *
 *                       +------------------ connect, done at once ----------------+
 *                       |                                                         v
 *   LISTENING <-listen- FRESH --connect, EINPROGRESS--> CONNECTING --done--> CONNECTED
 *       |               ^ ^ ^                               |                     |
 *       |               | | +------ failed, shutdown -------+                     |
 *       +-shutdown(RD)--+ +-------- connect to AF_UNSPEC, from any state ---------+
 *
 * What connect answers is the kernel's word: EINPROGRESS begins (or, on a blocking socket, the time
 * limit has passed), EALREADY goes on, EISCONN connected or listening. A connection that has failed
 * tells its error once, through SO_ERROR or the next connect (ECONNABORTED if SO_ERROR has had it),
 * and the connect after that begins a new one, wherever to. One that was done in the background
 * tells 0 once, then EISCONN.
 *
 * The hTLS option sets `tls` in CONNECTING or CONNECTED, and then the state is as it was: what
 * connect and all else answer is the handshake's. Where the host could not begin it (there was no
 * memory), `tls_error` is set: sending and receiving have that error, until hTLS is on after all.
 */
typedef enum tc_socket_state {
    TC_SOCKET_FRESH,
    TC_SOCKET_CONNECTING,
    TC_SOCKET_CONNECTED,
    TC_SOCKET_LISTENING,
} tc_socket_state;

typedef struct tc_queue tc_queue;
typedef struct tc_watch tc_watch;
typedef struct tc_share tc_share;

struct tc_socket {
    int fd; /* non-blocking on the host, whatever the guest asked for */
    int family;
    int type;
    tc_socket_state state;
    bool nonblocking;         /* as the guest sees it */
    bool used;                /* received, sent or polled: too late for hTLS */
    bool reading_shut;        /* shutdown(SHUT_RD) */
    bool writing_shut;        /* shutdown(SHUT_WR) before TLS */
    bool serves_tls;          /* listening: hTLS starts on what it accepts */
    bool half;                /* of Unix, and can only be paired: none was granted */
    bool paired;              /* its peer is the guest's own, by tc_socket_pair */
    bool passed;              /* by systemd */
    bool noted;               /* it is known to service/ as a listener */
    bool counted;             /* a connection that was made to us: see tc_socket_count */
    tc_tls_config *config;    /* what the guest has configured; NULL: nothing */
    tc_tls *tls;              /* set once hTLS is on */
    uint32_t lost_option;     /* of `config`, for which there was no memory: see sockopt.c */
    int tls_error;            /* why hTLS could not be begun, of which no byte may leave in clear */
    uint32_t receive_low;     /* SO_RCVLOWAT; 0 as 1 */
    uint64_t receive_timeout; /* nanoseconds, SO_RCVTIMEO; 0: none */
    uint64_t send_timeout;    /* SO_SNDTIMEO */
    tc_queue *queue; /* set for what is a readiness queue, and no socket; `fd` is its own */
    tc_watch *watch; /* its place in a queue; or NULL */
    tc_share *share; /* what all workers share; or NULL */
    tc_vigil *vigil; /* of a listener that is polled; or NULL */
};

/* When a call on the socket gives up waiting: 0 (at once), a time, or TC_NEVER.
 */
uint64_t tc_socket_deadline(const tc_socket *socket, uint64_t timeout);

/* Waits once for the socket (or an event of any other): 0, look again; -EAGAIN, the deadline has
 * passed; or the error of waiting. */
int tc_socket_wait(tc_socket *socket, short events, uint64_t deadline);

/* Waits a little, longer each time it is called with the same `pause` (0 at first), where the
 * kernel has no event for what is waited for. As tc_socket_wait. */
int tc_socket_wait_a_little(uint64_t *pause, uint64_t deadline);

/* A socket of a descriptor that exists, which is closed if that fails. */
int tc_socket_adopt(int fd, int family, int type, tc_socket **out);

/* A process that drains waits for the connection. */
void tc_socket_count(tc_socket *socket);

/* Whether it listens, and the guest is given nothing more of it because the process drains. */
bool tc_socket_is_shut(const tc_socket *socket);

/* In network order; of a path 1, and 0 for what has none. */
in_port_t tc_address_port(const tc_address *address);

/* Brings `state` up to date with the kernel's. */
void tc_socket_settle(tc_socket *socket);

/* Lets a handshake that is under way use what has arrived: for guests that ask again and again, and
 * never poll. */
void tc_socket_advance(tc_socket *socket);

/* Before its descriptor is closed or gets another file. */
void tc_socket_end_vigil(tc_socket *socket);

/* Readiness queues (queue.c; timecraft/options.h says what they are). Makes one of a socket that is
 * FRESH. */
int tc_queue_make(tc_socket *socket);
/* What is ready, as the guest is told it: `value` has room for *length bytes. */
int tc_queue_ready(tc_socket *socket, void *value, uint32_t *length);
/* For tc_socket_poll and tc_socket_polled. */
short tc_queue_poll(tc_socket *socket, tc_io_interest *interest);
short tc_queue_polled(tc_socket *socket, const tc_io_interest *interest);
/* The socket has become a TLS one. */
void tc_queue_tls_started(tc_socket *socket);
/* The socket has got another descriptor of the same number. */
void tc_queue_renewed(tc_socket *socket);
/* Before a socket is closed: ends its place in a queue, or the queue that it is. */
void tc_queue_forget(tc_socket *socket);

/* Sockets of all workers (share.c). To bind one: 0, it has been done; 1: the caller is to do it; or
 * the error. */
int tc_share_bind(tc_socket *socket, const tc_address *address);
/* Before it listens, and before its address is asked for: where its port was not chosen. */
int tc_share_listen(tc_socket *socket);
bool tc_share_is(const tc_socket *socket);
/* Before it connects: 0, or the error. */
int tc_share_leave(tc_socket *socket);
/* A tc_service_answer: what the supervisor does. */
void tc_share_answer(int control);
/* What a descriptor is; false: no socket, or of a kind that is not known here. */
bool tc_share_kind(int fd, int *domain, int *type);
/* Before it is closed. */
void tc_share_forget(tc_socket *socket);

/* Whether the guest may send there or connect to it: 0 or -EACCES. What is no address but a family
 * is the kernel's to refuse. */
int tc_socket_check_destination(const tc_address *address);

/* Grants (grants.c): 0, or -EACCES after a line for the person that names the grant. */
int tc_grants_connect(const tc_address *address);
int tc_grants_listen(const tc_address *address);
int tc_grants_join(const tc_address *group);      /* a multicast group, with any port */
int tc_grants_reverse(const tc_address *address); /* to learn its name, with any port */
int tc_grants_resolve(const char *name);
/* -EACCES if the guest may not send in clear text. */
int tc_grants_clear_text(void);
/* The guest has looked `name` up and got `address`: grants of the name now cover it. */
void tc_grants_note_address(const char *name, const tc_address *address);
/* Whether any connection at all is granted. */
bool tc_grants_any_connect(void);
bool tc_grants_any(void); /* to connect or to listen */
bool tc_grants_any_unix(void);

/* EAI_… of getaddrinfo(3) and getnameinfo(3), whose `errno` is that of EAI_SYSTEM, as a negative
 * errno value. */
int tc_resolver_errno(int error);

/* "192.0.2.1:443", "[2001:db8::1]:443" or "unix:PATH". */
#define TC_ADDRESS_TEXT 160
const char *tc_address_text(const tc_address *address, char text[static TC_ADDRESS_TEXT]);

#endif
