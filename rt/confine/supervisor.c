/* The calls of the supervisor's process. Its workers, and their resolvers, inherit the filter: so
 * it is a list of what none of them does, and a refusal is an errno. */
#include <errno.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "confine/calls.h"
#include "confine/filter.h"

#define ALLOW   SECCOMP_RET_ALLOW
#define REFUSED (SECCOMP_RET_ERRNO | EPERM)

#define IS(argument, value)                                                                        \
    { TC_IF_IS, argument, UINT32_MAX, value }
#define BITS(argument, mask, value)                                                                \
    { TC_IF_IS, argument, mask, value }

enum { SOCKET_TYPE = 0xf }; /* without SOCK_CLOEXEC and the like */
#define NAMESPACES                                                                                 \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET)

static const tc_rule rules[] = {
    /* processes of its own, and no others' programs */
    {SYS_execve, REFUSED, {{0}}},
    {SYS_execveat, REFUSED, {{0}}},
    {SYS_clone, ALLOW, {BITS(0, NAMESPACES, 0)}},
    {SYS_clone, REFUSED, {{0}}},
    {SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS, {{0}}}, /* its flags are in memory */
    /* sockets of the guest's, the resolver's, and for the service manager */
    {SYS_socket, ALLOW, {IS(0, AF_UNIX)}},
    {SYS_socket, ALLOW, {IS(0, AF_NETLINK), IS(2, 0 /* NETLINK_ROUTE */)}},
    {SYS_socket, ALLOW, {IS(0, AF_INET), BITS(1, SOCKET_TYPE, SOCK_STREAM)}},
    {SYS_socket, ALLOW, {IS(0, AF_INET), BITS(1, SOCKET_TYPE, SOCK_DGRAM)}},
    {SYS_socket, ALLOW, {IS(0, AF_INET6), BITS(1, SOCKET_TYPE, SOCK_STREAM)}},
    {SYS_socket, ALLOW, {IS(0, AF_INET6), BITS(1, SOCKET_TYPE, SOCK_DGRAM)}},
    {SYS_socket, REFUSED, {{0}}},
    /* a worker's ring, before its own wall */
    {SYS_io_uring_setup, ALLOW, {{0}}},
    {SYS_io_uring_enter, ALLOW, {{0}}},
    {SYS_io_uring_register, ALLOW, {{0}}},
};

int tc_supervisor_calls_enforce(void) {
    return tc_filter_refuse(rules, sizeof rules / sizeof *rules);
}
