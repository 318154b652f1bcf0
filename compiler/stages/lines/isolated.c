/* A process for what reads a stranger's DWARF: whatever that does to it, the build goes on. */
#include "stages/lines/lines.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS_LEAST = 20, BYTES_A_SECOND = 512 << 10 };
#define MEMORY_LEAST  ((rlim_t)2 << 30)
#define MEMORY_FACTOR 64 /* times the DWARF's size */

#if defined __has_feature
#define TC_SANITIZED __has_feature(address_sanitizer)
#elif defined __SANITIZE_ADDRESS__
#define TC_SANITIZED 1
#else
#define TC_SANITIZED 0
#endif

static void limit(int what, rlim_t value) {
    setrlimit(what, &(struct rlimit){value, value});
}

/* Address space is not counted under AddressSanitizer, which takes all there is. */
static void set_limits(size_t size) {
    limit(RLIMIT_CPU, SECONDS_LEAST + size / BYTES_A_SECOND);
    limit(RLIMIT_CORE, 0);
#if !TC_SANITIZED
    limit(RLIMIT_AS, MEMORY_LEAST + MEMORY_FACTOR * (rlim_t)size);
#endif
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static _Noreturn void run(const char *(*work)(tc_buffer *, void *), void *context, size_t size,
                          int output) {
    static const int faults[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        signal(faults[i], SIG_DFL);
    set_limits(size);
    dup2(output, STDERR_FILENO); /* what the library prints is in nobody's way */
    tc_buffer text = {0};
    tc_buffer_add(&text, "", 1);
    const char *problem = work(&text, context);
    if (problem) {
        tc_buffer_reset(&text);
        tc_buffer_print(&text, "!%s", problem);
    }
    if (ftruncate(output, 0) < 0)
        _exit(1);
    size_t written = 0;
    while (written < text.length) {
        ssize_t count = pwrite(output, text.data + written, text.length - written, (off_t)written);
        if (count <= 0)
            _exit(1);
        written += (size_t)count;
    }
    _exit(0);
}

static char *explain(int status) {
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        return tc_copy_text("reading it takes too long");
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return tc_copy_text("reading it takes too long or too much memory");
    if (WIFSIGNALED(status))
        return tc_format("what reads it was ended by signal %d", WTERMSIG(status));
    return tc_copy_text("reading it takes too much memory");
}

int tc_isolated(const char *(*work)(tc_buffer *out, void *context), void *context, size_t size,
                tc_buffer *out, char **problem) {
    int status, output = memfd_create("timecraft", MFD_CLOEXEC);
    *problem = NULL;
    pid_t child = output < 0 ? -1 : fork();
    if (child == 0)
        run(work, context, size, output);
    if (child < 0) {
        *problem = tc_format("no process for reading it: %s", strerror(errno));
    } else {
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            *problem = explain(status);
        else if (tc_file_read_descriptor(output, SIZE_MAX / 2, out) < 0 || !out->length)
            *problem = tc_format("reading what was read of it: %s", strerror(errno));
        else if (*out->data == '!')
            *problem = tc_copy_text(out->data + 1);
    }
    if (output >= 0)
        close(output);
    return *problem ? -1 : 0;
}
