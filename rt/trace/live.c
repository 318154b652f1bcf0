#include "trace/live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/report.h"
#include "trace/filter.h"

static struct {
    int fd;
    const char *only; /* --trace-only, or NULL */
    tc_show show;
    tc_descriptors *descriptors;
    tc_text line;
} live = {.fd = -1};

/* A trace has what the guest says and hears: nobody else reads it. What is there is replaced, but a
 * symbolic link that somebody has put there leads nowhere; devices such as /dev/stderr are links.
 */
static int open_output(const char *path) {
    bool device = strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/self/fd/", 14) == 0;
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | (device ? O_NOCTTY : O_NOFOLLOW),
                0600);
}

bool tc_live_open(const tc_options *options, tc_descriptors *descriptors) {
    live.fd = *options->trace ? open_output(options->trace) : STDERR_FILENO;
    if (live.fd < 0) {
        tc_report("cannot write the trace to %s: %s", options->trace,
                  errno == ELOOP ? "it is a symbolic link" : strerror(errno));
        return false;
    }
    live.only = options->trace_only;
    live.descriptors = descriptors;
    live.show = (tc_show){
        .string_size = options->trace_size,
        .unmask = options->unmask,
        .colour = options->trace_colour == TC_WHEN_ALWAYS ||
                  (options->trace_colour == TC_WHEN_AUTO && isatty(live.fd) && !getenv("NO_COLOR")),
        .descriptor = tc_descriptors_show,
        .context = descriptors,
    };
    return true;
}

/* ---- lines ---- */

/* One write(2), so that lines of programs that share a terminal do not mix. */
static void write_line(void) {
    tc_text_add(&live.line, "\n", 1);
    for (size_t done = 0; done < live.line.length;) {
        ssize_t count = write(live.fd, live.line.data + done, live.line.length - done);
        if (count < 0 && errno != EINTR)
            break;
        done += count > 0 ? (size_t)count : 0;
    }
    tc_text_clear(&live.line);
}

void tc_live_call(const tc_call *call, const tc_described *import) {
    if (live.fd < 0)
        return;
    bool wanted = tc_filter_wants(live.only, call, import, live.descriptors);
    tc_descriptors_mask(live.descriptors, call, import, &live.show);
    if (!wanted && !live.show.mask)
        return;
    tc_show_call(&live.line, call, import, &live.show); /* also for the mask's sake */
    if (wanted)
        write_line();
    tc_text_clear(&live.line);
}

void tc_live_end(const char *format, ...) {
    char text[256];
    va_list arguments;
    if (live.fd < 0)
        return;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text - 1, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    if ((size_t)length > sizeof text - 2)
        length = sizeof text - 2;
    text[length++] = '\n';
    if (write(live.fd, text, (size_t)length) < 0)
        return;
}
