/* Staying up, with sockets that all workers share. */
#include "net/internal.h"
#include "service/service.h"

void tc_net_serve(tc_options *options, void (*end)(int signal)) {
    tc_net_init(options);
    tc_service_start(options, tc_share_answer, end);
}
