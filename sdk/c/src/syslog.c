/* syslog, to standard error. */
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "host.h"

static const char *identity = "guest";
static int options, mask = 0xff;

void openlog(const char *ident, int option, int facility) {
    (void)facility;
    if (ident)
        identity = ident; /* kept by the caller, as POSIX has it */
    options = option;
}

void closelog(void) {
}

int setlogmask(int new) {
    int old = mask;
    if (new)
        mask = new;
    return old;
}

void vsyslog(int priority, const char *format, va_list arguments) {
    if (!(mask & LOG_MASK(LOG_PRI(priority))))
        return;
    int saved = errno; /* for %m, which wasi-libc's printf knows */
    fputs(identity, stderr);
    if (options & LOG_PID)
        fprintf(stderr, "[%d]", getpid());
    fputs(": ", stderr);
    errno = saved;
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    errno = saved;
}

void syslog(int priority, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsyslog(priority, format, arguments);
    va_end(arguments);
}
