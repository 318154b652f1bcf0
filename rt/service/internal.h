/* Inside service/. */
#ifndef TC_SERVICE_INTERNAL_H
#define TC_SERVICE_INTERNAL_H

#include <stdint.h>
#include <sys/types.h>

#include "service/service.h"

#define MILLISECOND UINT64_C(1000000)
#define SECOND      UINT64_C(1000000000)

/* ---- listeners.c ---- */

/* What tc_service_draining is: who drains. */
enum { TC_DRAIN_NOT = 0, TC_DRAIN_ALONE, TC_DRAIN_ALL };

/* Once it is not TC_DRAIN_NOT: lets the kernel take no new connections for what is ours alone. */
void tc_listeners_refuse_new(void);

/* Shuts down those of ours that have no connection queued. True: the guest will be given none any
 * more. */
bool tc_listeners_settle(void);

bool tc_listeners_any(void);
int tc_listeners_connections(void);

/* ---- drain.c ---- */

/* From now on signals drain the process. supervisor: whose word counts in a worker; 0: there is
 * none. */
void tc_drain_start(const tc_options *options, void (*end)(int signal), pid_t supervisor);

/* ---- systemd.c ---- */

/* Takes LISTEN_FDS, NOTIFY_SOCKET and WATCHDOG_USEC where they are for this process; ends it with a
 * message where what was passed cannot be used. */
void tc_systemd_start(void);

/* Tells the service manager, if there is one: "READY=1". */
void tc_systemd_notify(const char *state);

/* How often it wants to hear of this process, in nanoseconds; 0: not at all. */
uint64_t tc_systemd_watchdog(void);

/* In a worker: the manager is the supervisor's. */
void tc_systemd_leave(void);

/* ---- supervisor.c ---- */

/* Comes back in a worker, with the supervisor's process number. */
pid_t tc_supervise(tc_options *options, tc_service_answer *answer);

/* ---- worker.c ---- */

/* How many connections each worker has; -1: it does not listen, or not yet. Shared memory, in which
 * a worker can write what it likes: nothing depends on it but how long others wait for it. */
atomic_int *tc_workers_make(unsigned count); /* NULL: no memory */

/* This process is a worker from now on. Its end of the connection, and its place. */
void tc_worker_begin(int control, atomic_int *workers, unsigned count, unsigned index);

/* It has so many connections, and listens. */
void tc_worker_note(int connections);

/* Tells the supervisor; false: there is none. */
bool tc_worker_tell(char request);

#endif
