/* calls.def as a filter; and the line for the person when a call was none of those. */
#include "confine/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine/confine.h"
#include "confine/filter.h"
#include "guest/module.h"
#include "guest/report.h"

#define EXIT_STOPPED (128 + SIGSYS)

/* Numbers that some architectures, or older headers, do not have. */
#ifndef SYS_dup2
#define SYS_dup2 -1
#endif
#ifndef SYS_poll
#define SYS_poll -1
#endif
#ifndef SYS_epoll_wait
#define SYS_epoll_wait -1
#endif
#ifndef SYS_renameat
#define SYS_renameat -1
#endif
#ifndef SYS_time
#define SYS_time -1
#endif
#ifndef SYS_rseq
#define SYS_rseq -1
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

enum { SOCKET_TYPE = 0xf }; /* without SOCK_CLOEXEC and the like */

#define ALWAYS   TC_NEED_ALWAYS
#define FOLDERS  TC_NEED_FOLDERS
#define CHANGES  TC_NEED_CHANGES
#define SOCKETS  TC_NEED_SOCKETS
#define NETWORK  TC_NEED_NETWORK
#define CONNECTS TC_NEED_CONNECTS
#define LISTENS  TC_NEED_LISTENS
#define UNIX     TC_NEED_UNIX
#define ALONE    TC_NEED_ALONE
#define CORE     TC_NEED_CORE
#define RING     TC_NEED_RING
#define THREADS  TC_NEED_THREADS
#define PROFILE  TC_NEED_PROFILE
#define RECORD   TC_NEED_RECORD

#define ALLOW         SECCOMP_RET_ALLOW
#define REFUSE(error) (SECCOMP_RET_ERRNO | (error))
#define ANY                                                                                        \
    {                                                                                              \
        { TC_IF_ALWAYS, 0, 0, 0 }                                                                  \
    }
#define IF(...)                                                                                    \
    { __VA_ARGS__ }
#define IS(argument, value)         {TC_IF_IS, argument, UINT32_MAX, (uint32_t)(value)},
#define BITS(argument, mask, value) {TC_IF_IS, argument, (uint32_t)(mask), (uint32_t)(value)},
#define NOT(argument, value)        {TC_IF_NOT, argument, UINT32_MAX, (uint32_t)(value)},
#define NIL(argument)               {TC_IF_NULL, argument, 0, 0},

/* Stands for the process's own number. */
#define OWN_PROCESS UINT32_MAX

static const struct line {
    unsigned needs;
    tc_rule rule;
} lines[] = {
#define TC_CALL(call, needs, answer, conditions, reason) {needs, {SYS_##call, answer, conditions}},
#include "confine/calls.def"
#undef TC_CALL
};
enum { LINES = sizeof lines / sizeof *lines };

/* ---- the wall is met ---- */

/* Ends the process in the kernel: the filter kills whoever would replace the handler below, and
 * this one too. */
_Noreturn static void die(void) {
    syscall(SYS_rt_sigaction, SIGSYS, NULL, NULL, _NSIG / 8);
    _exit(EXIT_STOPPED);
}

static void on_forbidden_call(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    if (info->si_code > 0) { /* not sent by kill(2) and the like */
        bool own = info->si_arch == tc_filter_architecture();
        const char *name = own ? tc_call_name(info->si_syscall) : "of another architecture";
        tc_report(
            "%s was stopped by the kernel: it made the system call %s%s%d%s, which nothing that "
            "it was granted needs",
            tc_guest_module.name, name ? name : "", name ? " (" : "", info->si_syscall,
            name ? ")" : "");
        tc_report(
            "this is an attack from inside the sandbox, or a fault of Timecraft: please report "
            "it. TIMECRAFT_OPTIONS=--no-confinement runs the program without this wall");
    }
    die();
}

static int catch_forbidden_calls(void) {
    struct sigaction action = {.sa_sigaction = on_forbidden_call,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigset_t own;
    sigfillset(&action.sa_mask);
    sigemptyset(&own);
    sigaddset(&own, SIGSYS);
    return sigaction(SIGSYS, &action, NULL) < 0 || sigprocmask(SIG_UNBLOCK, &own, NULL) < 0 ? -errno
                                                                                            : 0;
}

int tc_calls_enforce(unsigned needs) {
    tc_rule *rules = calloc(LINES + 1, sizeof *rules);
    size_t count = 0;
    int error = rules ? catch_forbidden_calls() : -ENOMEM;
    for (size_t i = 0; i < LINES && !error; i++) {
        if (!(lines[i].needs & needs))
            continue;
        rules[count] = lines[i].rule;
        if (rules[count].call == SYS_tgkill)
            rules[count].conditions[0].value = (uint32_t)getpid();
        count++;
    }
    if (!error) {
        rules[count++] = (tc_rule){.call = SYS_rt_sigaction, .answer = SECCOMP_RET_KILL_PROCESS};
        error = tc_filter_enforce(rules, count, SECCOMP_RET_TRAP, true);
    }
    free(rules);
    return error;
}
