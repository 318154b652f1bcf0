/* Putting the parts together. */
#include "service/internal.h"

void tc_service_start(tc_options *options, tc_service_answer *answer, void (*end)(int signal)) {
    tc_systemd_start();
    pid_t supervisor = options->workers ? tc_supervise(options, answer) : 0;
    tc_drain_start(options, end, supervisor);
}
