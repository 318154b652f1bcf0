/* <signal.h> for guests of Timecraft: wasi-libc's header (its signals are those that a guest raises
 * itself), and what it hides of IEEE Std 1003.1-2017. A signal never comes from outside and is
 * handled before raise() returns, so that masks have no meaning: every set is empty.
 */
#include_next <signal.h>

#ifndef TIMECRAFT_SIGNAL_H
#define TIMECRAFT_SIGNAL_H

#include <__typedef_sigset_t.h>
#include <sys/types.h>

#ifndef SA_RESTART
#define SIG_BLOCK   0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define SA_NOCLDSTOP 0x00000001
#define SA_NOCLDWAIT 0x00000002
#define SA_SIGINFO   0x00000004
#define SA_ONSTACK   0x08000000
#define SA_RESTART   0x10000000
#define SA_NODEFER   0x40000000
#define SA_RESETHAND 0x80000000

#define SI_USER 0

union sigval {
    int sival_int;
    void *sival_ptr;
};

typedef struct {
    int si_signo;
    int si_errno;
    int si_code;
    pid_t si_pid;
    uid_t si_uid;
    int si_status;
    void *si_addr;
    union sigval si_value;
} siginfo_t;

struct sigaction {
    union {
        void (*sa_handler)(int);
        void (*sa_sigaction)(int, siginfo_t *, void *);
    } __sa_handler;
    sigset_t sa_mask;
    int sa_flags;
};
#define sa_handler   __sa_handler.sa_handler
#define sa_sigaction __sa_handler.sa_sigaction

#ifdef __cplusplus
extern "C" {
#endif

/* Of the flags SA_RESETHAND and SA_SIGINFO have effects, and si_code is SI_USER. EINVAL for
 * SIGKILL, SIGSTOP and numbers that are no signals. */
int sigaction(int, const struct sigaction *__restrict, struct sigaction *__restrict);

int sigprocmask(int, const sigset_t *__restrict, sigset_t *__restrict);
int sigemptyset(sigset_t *);
int sigfillset(sigset_t *);
int sigaddset(sigset_t *, int);
int sigdelset(sigset_t *, int);
int sigismember(const sigset_t *, int);
int sigpending(sigset_t *);

/* The guest itself, and a signal of 0: ESRCH for every other process. */
int kill(pid_t, int);

#ifdef __cplusplus
}
#endif
#endif

#endif
