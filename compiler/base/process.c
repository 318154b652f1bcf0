/* Running other programs: several at a time, their output kept, and all of them stopped when the
 * command is.
 *
 * Between tc_process_enter and tc_process_leave the signals that matter are blocked and taken by
 * sigwaitinfo, so that none can fall between looking and waiting.
 */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    sigset_t waited;   /* SIGCHLD and what asks us to stop */
    sigset_t original; /* the mask to give to programs */
    int interrupted;
    pid_t *running;
    size_t running_count;
} state;

void tc_process_enter(void) {
    static const int stops[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigemptyset(&state.waited);
    sigaddset(&state.waited, SIGCHLD);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        struct sigaction action;
        /* What was ignored from the start, as by nohup, stays so. */
        if (sigaction(stops[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&state.waited, stops[i]);
    }
    /* With SIGCHLD ignored, as some parents leave it, there would be no status to wait for. */
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_BLOCK, &state.waited, &state.original);
}

void tc_process_leave(void) {
    /* One that came since the last wait counts too. */
    struct timespec no_time = {0, 0};
    sigset_t stops = state.waited;
    sigdelset(&stops, SIGCHLD);
    int number = sigtimedwait(&stops, NULL, &no_time);
    if (number > 0 && !state.interrupted)
        state.interrupted = number;
    sigprocmask(SIG_SETMASK, &state.original, NULL);
}

int tc_process_interrupted(void) {
    return state.interrupted;
}

/* What a program's environment is: a compiler's own files go to the directory that it works in, the
 * only one that it may write in. */
static void add_environment(tc_words *environment, const char *directory) {
    for (char **item = environ; *item; item++)
        if (!directory || strncmp(*item, "TMPDIR=", 7) != 0)
            tc_words_add(environment, "%s", *item);
    if (directory)
        tc_words_add(environment, "TMPDIR=%s", directory);
}

/* In the new process, which has this one's memory until exec(3): it changes nothing there. Returns
 * the errno value of a failure. */
static int become(const tc_words *argv, const tc_words *environment, const char *directory,
                  int output) {
    int empty = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (empty < 0 || dup2(empty, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(output, STDERR_FILENO) < 0 || (directory && chdir(directory) < 0))
        return errno;
    sigprocmask(SIG_SETMASK, &state.original, NULL);
    int error = tc_wall_enter(directory);
    if (error)
        return error;
    execvpe(argv->items[0], argv->items, environment->items);
    return errno;
}

/* By vfork(2): a build holds all of the module's C, whose page tables fork(2) would copy for each
 * unit. The new process says in `error` why it could not begin. */
static pid_t __attribute__((noinline))
start_one(const tc_words *argv, const tc_words *environment, const char *directory, int output,
          volatile int *error) {
    pid_t pid = vfork();
    if (pid == 0) {
        *error = become(argv, environment, directory, output);
        _exit(127);
    }
    return pid;
}

static int spawn(pid_t *pid, const tc_words *argv, const char *directory, int output) {
    volatile int error = 0;
    tc_words environment = {0};
    add_environment(&environment, directory);
    *pid = start_one(argv, &environment, directory, output, &error);
    if (*pid < 0)
        error = errno;
    else if (error)
        waitpid(*pid, NULL, 0);
    tc_words_reset(&environment);
    return error;
}

pid_t tc_process_start(const tc_words *argv, const char *directory, int output) {
    pid_t pid = -1;
    tc_progress_command(argv);
    int error = spawn(&pid, argv, directory, output);
    if (error) {
        errno = error;
        return -1;
    }
    state.running = tc_reallocate(state.running, (state.running_count + 1) * sizeof *state.running);
    state.running[state.running_count++] = pid;
    return pid;
}

static void forget(pid_t pid) {
    for (size_t i = 0; i < state.running_count; i++) {
        if (state.running[i] == pid) {
            state.running[i] = state.running[--state.running_count];
            return;
        }
    }
}

void tc_process_stop(void) {
    for (size_t i = 0; i < state.running_count; i++)
        kill(state.running[i], SIGTERM);
    while (state.running_count) {
        pid_t pid = waitpid(state.running[0], NULL, 0);
        if (pid < 0 && errno == EINTR)
            continue;
        forget(state.running[0]);
    }
}

pid_t tc_process_wait(int *status) {
    while (state.running_count && !state.interrupted) {
        int raw;
        pid_t pid = waitpid(-1, &raw, WNOHANG);
        if (pid > 0) {
            forget(pid);
            *status = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
            return pid;
        }
        int number = sigwaitinfo(&state.waited, NULL);
        if (number > 0 && number != SIGCHLD)
            state.interrupted = number;
    }
    tc_process_stop();
    return -1;
}

int tc_process_output(void) {
    int output = memfd_create("timecraft", MFD_CLOEXEC);
    if (output < 0)
        tc_error("no memory for the output of a program: %s", strerror(errno));
    return output;
}

int tc_process_run(const tc_words *argv, const char *directory, tc_buffer *text) {
    int status = 127;
    int output = tc_process_output();
    tc_buffer_reset(text);
    tc_buffer_add(text, "", 0);
    if (output < 0)
        return status;
    if (tc_process_start(argv, directory, output) < 0)
        tc_buffer_print(text, "%s: %s\n", argv->items[0], strerror(errno));
    else if (tc_process_wait(&status) < 0)
        status = -1;
    else
        tc_file_read_descriptor(output, SIZE_MAX / 2, text);
    close(output);
    return status;
}
