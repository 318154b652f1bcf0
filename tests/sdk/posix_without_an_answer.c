// stderr-has: tests: it did not work: No such file or directory
// stderr-lines: 1
/* What POSIX has and a guest has not (users, children, terminals, a system log) is declared, and
 * answers that there is none; signals are those that the guest raises. */
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/wait.h>
#include <syslog.h>
#include <termios.h>

#include "check.h"

static int handled, code = -1;

static void handle(int number, siginfo_t *info, void *context) {
    (void)context;
    handled += number == SIGUSR1 && info->si_signo == SIGUSR1;
    code = info->si_code;
}

static void check_signals(void) {
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_RESTART}, before;
    action.sa_sigaction = handle;
    CHECK(sigemptyset(&action.sa_mask) == 0);
    CHECK(sigaction(SIGUSR1, &action, &before) == 0 && before.sa_handler == SIG_DFL);
    CHECK(raise(SIGUSR1) == 0 && kill(getpid(), SIGUSR1) == 0);
    CHECK(handled == 2 && code == SI_USER);
    action.sa_flags |= (int)SA_RESETHAND;
    CHECK(sigaction(SIGUSR1, &action, &before) == 0 && before.sa_sigaction == handle);
    CHECK(raise(SIGUSR1) == 0 && handled == 3);
    CHECK(sigaction(SIGUSR1, NULL, &before) == 0 && before.sa_handler == SIG_DFL);
    CHECK(signal(SIGPIPE, SIG_IGN) == SIG_DFL);
    CHECK(sigaction(SIGPIPE, NULL, &before) == 0 && before.sa_handler == SIG_IGN);
    CHECK_ERRNO(sigaction(SIGKILL, &action, NULL), EINVAL);
    CHECK_ERRNO(sigaction(0, NULL, &before), EINVAL);
    CHECK_ERRNO(sigaction(1000, NULL, &before), EINVAL);
    CHECK_ERRNO(kill(getpid() + 1, 0), ESRCH);
    CHECK_ERRNO(sigaddset(&action.sa_mask, -1), EINVAL);
    CHECK_ERRNO(sigprocmask(17, &action.sa_mask, NULL), EINVAL);
    CHECK(sigprocmask(SIG_BLOCK, &action.sa_mask, NULL) == 0);
}

static void check_users(void) {
    struct passwd entry, *found = &entry;
    char buffer[100];
    CHECK(getuid() == geteuid() && getgid() == getegid());
    CHECK(getpwuid(getuid()) == NULL && getpwnam("root") == NULL && getgrgid(0) == NULL);
    CHECK(getpwuid_r(0, &entry, buffer, sizeof buffer, &found) == 0 && found == NULL);
    CHECK(gethostname(buffer, sizeof buffer) == 0 && !strcmp(buffer, "localhost"));
    CHECK_ERRNO(gethostname(buffer, 3), ENAMETOOLONG);
}

static void check_children_and_terminals(void) {
    struct termios attributes;
    int status;
    CHECK_ERRNO(waitpid(-1, &status, WNOHANG), ECHILD);
    CHECK_ERRNO(wait(NULL), ECHILD);
    CHECK_ERRNO(tcgetattr(0, &attributes), ENOTTY);
    CHECK_ERRNO(tcsetattr(999, TCSANOW, &attributes), EBADF);
    CHECK(WIFEXITED(0x0300) && WEXITSTATUS(0x0300) == 3 && WIFSIGNALED(9) && WTERMSIG(9) == 9);
}

int main(void) {
    check_signals();
    check_users();
    check_children_and_terminals();
    openlog("tests", 0, LOG_USER);
    setlogmask(LOG_UPTO(LOG_WARNING));
    syslog(LOG_INFO, "this is not told");
    errno = ENOENT;
    syslog(LOG_ERR, "it did not work: %m");
    return 0;
}
