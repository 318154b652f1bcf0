/* Staying up: what a server's process does beside running its guest.
 *
 *   - SIGTERM and SIGINT drain it: it is given no new connections, those that are open may end
 *     within --drain=SECONDS, then it ends with status 0; a second signal ends it at once
 * (drain.c).
 *   - --workers=N: a supervisor outside of the guest's reach runs N processes of the guest, and
 *     starts again what fails (supervisor.c).
 *   - systemd: sockets that it has opened (sd_listen_fds(3)), READY=1 and the like for it
 *     (sd_notify(3)), its watchdog (systemd.c).
 *
 * Listening sockets and who else has them:
 *
 *   OWN     this process alone. While it drains, the kernel takes no new connection for it, and the
 *           guest is still given those that the kernel had taken: no client is lost.
 *   SHARED  all workers: one socket that the supervisor holds too. (With SO_REUSEPORT and a socket
 *           for each, a worker that dies takes along what the kernel has queued for it, its share
 * of the connections is what a hash says, however busy it is, and paths can have one socket only.)
 * A worker that drains alone leaves what is queued to the others; when all do, it is as if they
 * owned it. PASSED  systemd, which keeps it for the next process: a drain leaves there what is
 * queued.
 *
 * One socket, and not one for each worker with SO_REUSEPORT: there a worker that dies takes along
 * what the kernel has queued for it, a hash says whose a connection is, however busy that one is,
 * and a path has one socket only. But whoever comes first takes all that is queued, and of
 * connections that stay for long one worker may have them all; so a worker that has more than
 * another leaves that one a moment to come first. Measured with two workers on 2 processors, 8
 * clients and 3 ms of work a request: with a connection for each request the busier one had 50 to
 * 51 % of them, with SO_REUSEPORT 51 to 53 %; of connections that stay and are made at once it had
 * all before it left others that moment, 50 to 51 % since. Two workers then answer 1.9 times what
 * one does (tests/bench/workers.py).
 *
 * A process that listens to nobody is ended by the signal, as any other. A datagram socket that is
 * bound to a port listens, until it is connected: its queue is what a drain waits for.
 *
 * Nothing here is linked into a program whose module has no sockets.
 *
 * May use: io/, confine/, guest/ and options/.
 */
#ifndef TC_SERVICE_H
#define TC_SERVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "options/options.h"

typedef enum tc_listener {
    TC_LISTENER_OWN,
    TC_LISTENER_SHARED,
    TC_LISTENER_PASSED,
} tc_listener;

/* What the supervisor does with a request for a socket that came from a worker: reads one message
 * of `control`, of which the first byte is TC_REQUEST_SOCKET, and answers it there. The worker is
 * as hostile as its guest may be. */
typedef void tc_service_answer(int control);

/* How many workers the supervisor has. */
unsigned tc_service_workers(void);

/* The first byte of each message from a worker, whose only one it is but for the first kind. */
enum {
    TC_REQUEST_SOCKET = 's',
    TC_REQUEST_LISTENS = 'l',
    TC_REQUEST_PROGRESS = 'p',
    TC_REQUEST_DRAINS = 'd', /* by itself, not because the supervisor has said so */
};

/* Takes what systemd has given this process, and starts what the options ask for. With --workers
 * this process is the supervisor and never comes back from here, but each worker does, and has its
 * files for --record and --trace in the options. end: ends the process in good order with status 0,
 * after `signal`; called on the guest's thread. Before there are threads and files. */
void tc_service_start(tc_options *options, tc_service_answer *answer, void (*end)(int signal));

/* ---- for net/, on the guest's thread ---- */

/* A socket listens, or is one of datagrams and bound to a port; or no longer (known or not). */
void tc_service_listens(int fd, tc_listener kind);
void tc_service_closes(int fd);

/* The guest serves, from now on at the latest. */
void tc_service_is_ready(void);

/* There is one more connection that somebody has opened to this process, or one less. */
void tc_service_connections(int change);

/* Whether the process drains: only then what follows is of interest. */
extern atomic_int tc_service_draining;

/* Whether the guest is given nothing more of a listener. */
bool tc_service_is_shut(int fd);

/* Whether another worker has fewer connections than this one. */
bool tc_service_is_ahead(void);

/* The kernel had no connection for a listener. */
void tc_service_emptied(int fd);

/* The worker's end of its connection with the supervisor, SOCK_SEQPACKET; -1: it has none. */
int tc_service_control(void);

/* The next socket that systemd has passed, which the caller owns then, and whether it came
 * non-blocking, which it is now in any case; -1: there is none left. */
int tc_service_take_passed(bool *was_nonblocking);

/* ---- for whoever closes what the process does not need ---- */

/* Descriptors that are this room's, stored in fds; how many, at most 2 and those not taken yet. */
size_t tc_service_descriptors(int *fds, size_t room);

#endif
