/* Draining: from the signal to the end of the process.
 *
 *            SIGTERM or SIGINT          no connection is open and none is queued,
 *   RUNNING --------------------> DRAINING -------------------------------------> LEAVING -->
 * exit(0) or --drain is over
 *
 * All is decided on the first thread; the guest's thread counts its connections, and leaves when it
 * waits next (tc_io_leaving). It is interrupted again and again meanwhile, so that it takes notice
 * wherever it waits. One that does not come by, because it computes, is left behind.
 */
#include "guest/guest.h"
#include "guest/keeper.h"
#include "guest/observer.h"
#include "guest/report.h"
#include "io/io.h"
#include "service/internal.h"

/* How often the first thread looks while it drains. */
#define STEP (5 * MILLISECOND)
/* A drain lasts so long at least, since its last signal: handshakes of TCP that are under way come
 * to their end, a worker hears whether all of them drain, and all of them do before one shuts down
 * what they share. */
#define LEAST (100 * MILLISECOND)
/* How long the guest's thread may take to leave; net/ takes up to 2 s to flush. */
#define LEAVE_PATIENCE (3 * SECOND)

static struct {
    uint64_t patience;
    void (*end)(int signal);
    pid_t supervisor;
    int signal;
    uint64_t began, told, left; /* told: by the last signal; 0: not yet */
    uint64_t next_look;
    uint64_t watchdog; /* nanoseconds between two messages; 0: none */
    uint64_t next_message;
    uint64_t cpu_time;
    unsigned long waits;
} drain;

/* ---- signals ---- */

/* A worker is in its supervisor's hands. Signals that come from elsewhere are of whoever means the
 * whole group, the kernel for a terminal and systemd for a unit, and so come here twice, or of
 * somebody who wants this one worker to be renewed. */
static bool on_signal(int signal, pid_t sender) {
    bool counts = drain.supervisor == 0 || sender == drain.supervisor;
    if (!tc_service_draining && !tc_listeners_any() && tc_listeners_connections() == 0)
        return false;
    if (tc_service_draining && counts &&
        (drain.supervisor == 0 || tc_service_draining == TC_DRAIN_ALL))
        return false;
    if (tc_service_draining && !counts)
        return true;
    if (!tc_service_draining) {
        drain.signal = signal;
        drain.began = tc_io_now();
        if (!drain.supervisor)
            tc_systemd_notify("STOPPING=1");
        if (!counts)
            tc_worker_tell(TC_REQUEST_DRAINS);
    }
    drain.told = tc_io_now();
    tc_service_draining = counts ? TC_DRAIN_ALL : TC_DRAIN_ALONE;
    tc_listeners_refuse_new();
    return true;
}

static void leave(void) {
    tc_io_leaving = NULL;
    drain.end(drain.signal);
}

static void look_whether_done(uint64_t now) {
    bool over = now - drain.began >= drain.patience;
    bool settled = now - drain.told >= LEAST && tc_listeners_settle();
    int open = tc_listeners_connections(); /* which the last in a queue has become by now */
    if (!over && (!settled || open > 0))
        return;
    if (open > 0)
        tc_report("%s: %d connection%s still open after the %g s that --drain allows; %s now",
                  tc_guest_module.name, open, open == 1 ? " is" : "s are",
                  (double)drain.patience / (double)SECOND, open == 1 ? "it ends" : "they end");
    drain.left = now;
    tc_io_leaving = leave;
}

/* ---- the watchdog ---- */

/* The guest makes progress: it has come by, or it sleeps. */
static bool comes_by(void) {
    uint64_t cpu_time = tc_guest_cpu_time();
    unsigned long waits = tc_io_waits;
    bool busy = cpu_time - drain.cpu_time > MILLISECOND; /* all that a busy machine may give it */
    bool waited = waits != drain.waits;
    drain.cpu_time = cpu_time;
    drain.waits = waits;
    return waited || !busy;
}

static void send_message(uint64_t now) {
    drain.next_message = now + drain.watchdog;
    if (comes_by() && !tc_worker_tell(TC_REQUEST_PROGRESS))
        tc_systemd_notify("WATCHDOG=1");
}

/* ---- the first thread ---- */

static uint64_t due(void) {
    uint64_t next = drain.watchdog ? drain.next_message : TC_NEVER;
    uint64_t look = tc_service_draining ? drain.next_look : TC_NEVER;
    return look < next ? look : next;
}

static void tick(void) {
    uint64_t now = tc_io_now();
    if (drain.watchdog && now >= drain.next_message)
        send_message(now);
    if (!tc_service_draining || now < drain.next_look)
        return;
    drain.next_look = now + STEP;
    if (!drain.left)
        look_whether_done(now);
    if (drain.left && now - drain.left > LEAVE_PATIENCE)
        tc_guest_end(drain.signal, 0);
    tc_guest_wake();
}

void tc_drain_start(const tc_options *options, void (*end)(int signal), pid_t supervisor) {
    static const tc_guest_keeper keeper = {.signalled = on_signal, .due = due, .tick = tick};
    drain.patience = options->drain_ns;
    drain.end = end;
    drain.supervisor = supervisor;
    drain.watchdog = tc_systemd_watchdog() / 2;
    drain.next_message = tc_io_now() + drain.watchdog;
    tc_guest_kept_by = &keeper;
}
