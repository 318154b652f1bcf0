/* A worker's connection with its supervisor, and what it knows of the other workers. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "service/internal.h"

static int connection = -1;
static atomic_int *all;
static unsigned self, all_count;

atomic_int *tc_workers_make(unsigned count) {
    atomic_int *made =
        mmap(NULL, count * sizeof *made, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED)
        return NULL;
    for (unsigned i = 0; i < count; i++)
        made[i] = -1;
    return made;
}

void tc_worker_begin(int control, atomic_int *workers, unsigned count, unsigned index) {
    connection = control;
    all = workers;
    self = index;
    all_count = count;
}

void tc_worker_note(int connections) {
    if (all)
        atomic_store_explicit(&all[self], connections, memory_order_relaxed);
}

bool tc_service_is_ahead(void) {
    int ours = all ? atomic_load_explicit(&all[self], memory_order_relaxed) : 0;
    for (unsigned i = 0; all && i < all_count; i++) {
        int theirs = atomic_load_explicit(&all[i], memory_order_relaxed);
        if (theirs >= 0 && theirs < ours)
            return true;
    }
    return false;
}

int tc_service_control(void) {
    return connection;
}

bool tc_worker_tell(char request) {
    if (connection < 0)
        return false;
    while (send(connection, &request, 1, MSG_NOSIGNAL) < 0 && errno == EINTR)
        continue;
    return true;
}
