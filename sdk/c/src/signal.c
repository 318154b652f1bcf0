/* sigaction and its relatives, over wasi-libc's signal() and raise(). */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

static struct sigaction actions[NSIG];

static void handle(int number) {
    struct sigaction action = actions[number];
    if (action.sa_flags & (int)SA_RESETHAND) {
        memset(&actions[number], 0, sizeof actions[number]);
        signal(number, SIG_DFL);
    } else {
        signal(number, handle);
    }
    if (action.sa_flags & SA_SIGINFO) {
        siginfo_t info = {.si_signo = number, .si_code = SI_USER, .si_pid = getpid()};
        action.sa_sigaction(number, &info, NULL);
    } else {
        action.sa_handler(number);
    }
}

int sigaction(int number, const struct sigaction *restrict new, struct sigaction *restrict old) {
    if (number <= 0 || number >= NSIG || ((number == SIGKILL || number == SIGSTOP) && new))
        return tc_result(EINVAL);
    void (*wanted)(int) = SIG_DFL;
    if (new)
        wanted =
            new->sa_handler == SIG_DFL || new->sa_handler == SIG_IGN ? new->sa_handler : handle;
    /* What is in force may have been set by signal(): it is looked at by taking it away. */
    void (*before)(int) = signal(number, wanted);
    if (before == SIG_ERR)
        return tc_result(EINVAL);
    if (!new)
        signal(number, before);
    struct sigaction found = {0};
    if (before == handle)
        found = actions[number];
    else
        found.sa_handler = before;
    if (new)
        actions[number] = *new;
    if (old)
        *old = found;
    return 0;
}

static bool is_signal(int number) {
    return number > 0 && number < NSIG;
}

int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old) {
    if (set && how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK)
        return tc_result(EINVAL);
    return old ? sigemptyset(old) : 0;
}

int sigemptyset(sigset_t *set) {
    memset(set, 0, sizeof *set);
    return 0;
}

int sigfillset(sigset_t *set) {
    return sigemptyset(set);
}

int sigaddset(sigset_t *set, int number) {
    (void)set;
    return is_signal(number) ? 0 : tc_result(EINVAL);
}

int sigdelset(sigset_t *set, int number) {
    (void)set;
    return is_signal(number) ? 0 : tc_result(EINVAL);
}

int sigismember(const sigset_t *set, int number) {
    (void)set;
    return is_signal(number) ? 0 : tc_result(EINVAL);
}

int sigpending(sigset_t *set) {
    return sigemptyset(set);
}

int kill(pid_t process, int number) {
    if (number < 0 || number >= NSIG)
        return tc_result(EINVAL);
    if (process != getpid() && process != 0 && process != -1)
        return tc_result(ESRCH);
    return number ? raise(number) : 0;
}
