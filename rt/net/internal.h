/* Inside net/: the socket's state and the grants. */
#ifndef TC_NET_INTERNAL_H
#define TC_NET_INTERNAL_H

#include "net/net.h"
#include "tls/tls.h"

/*   FRESH --connect--> CONNECTING --writable--> CONNECTED
 *   FRESH --connect--> CONNECTED
 *   FRESH --listen--> LISTENING
 *   CONNECTING or CONNECTED --hTLS option--> the same, with `tls` set
 */
typedef enum tc_socket_state {
    TC_SOCKET_FRESH,
    TC_SOCKET_CONNECTING, /* non-blocking connect under way */
    TC_SOCKET_CONNECTED,
    TC_SOCKET_LISTENING,
} tc_socket_state;

struct tc_socket {
    int fd; /* non-blocking on the host, whatever the guest asked for */
    int family;
    int type;
    tc_socket_state state;
    bool nonblocking;         /* as the guest sees it */
    bool used;                /* received, sent or polled: too late for hTLS */
    bool reading_shut;        /* shutdown(SHUT_RD) of a TLS socket */
    bool serves_tls;          /* listening: hTLS starts on what it accepts */
    tc_tls_config *config;    /* what the guest has configured; NULL: nothing */
    tc_tls *tls;              /* set once hTLS is on */
    uint64_t receive_timeout; /* nanoseconds, SO_RCVTIMEO; 0: none */
    uint64_t send_timeout;    /* SO_SNDTIMEO */
};

/* When a call on the socket gives up waiting: 0 (at once), a time, or TC_NEVER.
 */
uint64_t tc_socket_deadline(const tc_socket *socket, uint64_t timeout);

/* Waits once for the socket (or an event of any other): 0, look again; -EAGAIN, the deadline has
 * passed; or the error of waiting. */
int tc_socket_wait(tc_socket *socket, short events, uint64_t deadline);

/* Lets a handshake that is under way use what has arrived: for guests that ask again and again, and
 * never poll. */
void tc_socket_advance(tc_socket *socket);

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

/* EAI_… of getaddrinfo(3) and getnameinfo(3), whose `errno` is that of EAI_SYSTEM, as a negative
 * errno value. */
int tc_resolver_errno(int error);

/* getaddrinfo in the background: EAI_INPROGRESS until it has an answer, which is given once. */
struct addrinfo;
int tc_lookup(const char *name, const char *service, const struct addrinfo *hints,
              struct addrinfo **found);

/* "192.0.2.1:443", "[2001:db8::1]:443" or "unix:PATH". */
#define TC_ADDRESS_TEXT 160
const char *tc_address_text(const tc_address *address, char text[static TC_ADDRESS_TEXT]);

#endif
