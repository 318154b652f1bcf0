/* Inside net/: the host's resolver, which is a process of its own.
 *
 * A look-up opens files, loads libraries that somebody has configured and talks to servers
 * (nss(5)): what a confined process may not do. So a process is started for them before the program
 * is confined, and gets questions over a socket pair, one message each (lookup.c asks, resolver.c
 * answers). It has a wall of its own, as far as NSS permits. What it is asked was granted; what it
 * answers is checked, for it reads what name servers send.
 */
#ifndef TC_NET_LOOKUP_H
#define TC_NET_LOOKUP_H

#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* Addresses in an answer at most; the others are left out. */
#define TC_LOOKUP_ADDRESSES 64

typedef struct tc_lookup_question {
    uint32_t number; /* of this question; the answer has it too */
    bool reverse;    /* getnameinfo(3) of the address, else getaddrinfo(3) of the name */
    bool has_name, has_service;
    int family, type, protocol, flags; /* of getaddrinfo's hints */
    struct sockaddr_in6 address;       /* or sockaddr_in */
    char name[NI_MAXHOST], service[NI_MAXSERV * 4];
} tc_lookup_question;

typedef struct tc_lookup_address {
    int type, protocol;
    struct sockaddr_in6 address; /* or sockaddr_in */
} tc_lookup_address;

typedef struct tc_lookup_answer {
    uint32_t number;
    int error;        /* EAI_…, or 0 */
    int system_error; /* errno of EAI_SYSTEM */
    uint32_t count;
    tc_lookup_address addresses[TC_LOOKUP_ADDRESSES];
    char name[NI_MAXHOST]; /* the canonical one, or the address'; "": none */
} tc_lookup_answer;

/* Becomes the resolver: answers what comes from the socket until its other end is closed.
 * `network`: name servers may be asked. `required`: it ends if it has no wall. */
_Noreturn void tc_resolver_serve(int socket, bool network, bool required);

/* Asks, and waits for the answer. Its error, EAI_… */
int tc_lookup(const tc_lookup_question *question, tc_lookup_answer *answer);

/* The same without waiting: EAI_INPROGRESS until there is an answer, which is given once to whoever
 * asks the same again. */
int tc_lookup_nowait(const tc_lookup_question *question, tc_lookup_answer *answer);

#endif
