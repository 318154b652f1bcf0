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

/* ---- which calls ---- */

static bool is_one_of(const char *name, const char *const *beginnings) {
    for (; *beginnings; beginnings++)
        if (strncmp(name, *beginnings, strlen(*beginnings)) == 0)
            return true;
    return false;
}

/* What the first descriptor parameter names; NULL: the call has none. */
static const tc_descriptor *subject(const tc_call *call, const tc_described *import) {
    for (uint32_t i = 0; i < import->count; i++)
        if (import->parameters[i].kind == TC_P_FD)
            return tc_descriptors_get(live.descriptors, (uint32_t)call->arguments[i]);
    return NULL;
}

static bool has_descriptor(const tc_call *call, const tc_described *import, uint32_t fd) {
    for (uint32_t i = 0; i < import->count; i++) {
        uint64_t opened;
        if (import->parameters[i].kind == TC_P_FD && call->arguments[i] == fd)
            return true;
        if (import->parameters[i].kind == TC_P_FD_OUT && !call->result &&
            tc_call_out_number(call, i, &opened) && opened == fd)
            return true;
    }
    return false;
}

static bool is_in_family(const tc_call *call, const tc_described *import, const char *family,
                         size_t length) {
    static const char *const network[] = {"sock_", NULL}, *const files[] = {"path_", "fd_", NULL},
                             *const process[] = {"args_", "environ_", "proc_", "sched_", NULL},
                             *const times[] = {"clock_", "poll_", NULL},
                             *const randoms[] = {"random_", NULL};
    const tc_descriptor *on = subject(call, import);
    bool socket = on && on->kind == TC_DESCRIPTOR_SOCKET;
    if (strncmp(family, "network", length) == 0)
        return is_one_of(import->name, network) || socket;
    if (strncmp(family, "file", length) == 0)
        return is_one_of(import->name, files) && !socket;
    if (strncmp(family, "process", length) == 0)
        return is_one_of(import->name, process);
    if (strncmp(family, "time", length) == 0)
        return is_one_of(import->name, times);
    return strncmp(family, "random", length) == 0 && is_one_of(import->name, randoms);
}

/* A call is shown if it is what one of the names and families says (where there are any), is none
 * of those with "!", is on one of the descriptors (where there are any), and has failed (where
 * asked).
 */
static bool is_wanted(const tc_call *call, const tc_described *import) {
    bool names = false, named = false, descriptors = false, on = false;
    for (const char *at = live.only; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        bool not = *at == '!';
        const char *word = at + not ;
        size_t length = strcspn(word, ",");
        bool is_fd = strncmp(word, "fd=", 3) == 0;
        bool holds;
        if (is_fd)
            holds = has_descriptor(call, import, (uint32_t)strtoul(word + 3, NULL, 10));
        else if (length == 6 && strncmp(word, "failed", 6) == 0)
            holds = call->result != 0;
        else
            holds = (strlen(import->name) == length && strncmp(import->name, word, length) == 0) ||
                    is_in_family(call, import, word, length);
        if (not || strncmp(word, "failed", 6) == 0) {
            if (holds == not )
                return false;
        } else if (is_fd) {
            descriptors = true;
            on |= holds;
        } else {
            names = true;
            named |= holds;
        }
    }
    return (!names || named) && (!descriptors || on);
}

/* ---- lines ---- */

/* Masks go on from call to call, in each direction of a descriptor. */
static tc_mask *mask_of(const tc_call *call, const tc_described *import) {
    for (uint32_t i = 0; i < import->count; i++) {
        uint8_t kind = import->parameters[i].kind;
        if (kind != TC_P_VECTORS_IN && kind != TC_P_VECTORS_OUT)
            continue;
        tc_descriptor *on = tc_descriptors_get(live.descriptors, (uint32_t)call->arguments[0]);
        return on ? &on->masks[kind == TC_P_VECTORS_OUT] : NULL;
    }
    return NULL;
}

/* One write(2), so that lines of programs that share a terminal do not mix. */
static void write_line(void) {
    tc_text_add(&live.line, "\n", 1);
    for (size_t done = 0; done < live.line.length;) {
        ssize_t count = write(live.fd, live.line.data + done, live.line.length - done);
        if (count < 0 && errno != EINTR)
            break;
        done += count > 0 ? (size_t)count : 0;
    }
    live.line.length = 0;
}

void tc_live_call(const tc_call *call, const tc_described *import) {
    if (live.fd < 0)
        return;
    bool wanted = !live.only || is_wanted(call, import);
    live.show.mask = mask_of(call, import);
    if (!wanted && !live.show.mask)
        return;
    tc_show_call(&live.line, call, import, &live.show); /* also for the mask's sake */
    if (wanted)
        write_line();
    live.line.length = 0;
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
