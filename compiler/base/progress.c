/* Messages: errors, and how far a build has come. On a terminal that is one line with a bar that
 * each message replaces; elsewhere plain lines, and few of them.
 */
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define PLAIN_LINE_INTERVAL 5.0 /* seconds between two plain lines of one step */
#define BAR_WIDTH           24

static struct {
    tc_verbosity verbosity;
    bool terminal; /* standard error is one: draw the bar */
    bool drawn;    /* the bar's line is on the screen */
    struct timespec start;
    double last_line; /* when the last plain line was printed */
} progress;

double tc_progress_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - progress.start.tv_sec) +
           (double)(now.tv_nsec - progress.start.tv_nsec) / 1e9;
}

void tc_progress_init(tc_verbosity verbosity) {
    const char *kind = getenv("TERM");
    progress.verbosity = verbosity;
    progress.terminal = isatty(STDERR_FILENO) && !(kind && strcmp(kind, "dumb") == 0);
    clock_gettime(CLOCK_MONOTONIC, &progress.start);
}

void tc_progress_clear(void) {
    if (progress.drawn)
        fputs("\r\033[K", stderr);
    progress.drawn = false;
}

static bool draws_bar(void) {
    return progress.terminal &&
           (progress.verbosity == TC_BAR_ONLY || progress.verbosity == TC_NORMAL);
}

static bool prints_lines(void) {
    return progress.verbosity == TC_VERBOSE ||
           (progress.verbosity == TC_NORMAL && !progress.terminal);
}

/* Replaces the bar's line, cut to the terminal's width. */
static void draw(const char *text) {
    struct winsize size;
    int width = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
    fprintf(stderr, "\r\033[K%.*s", width - 1, text);
    fflush(stderr);
    progress.drawn = true;
}

static void print_line(const char *format, va_list arguments) {
    tc_progress_clear();
    fputs("timecraft: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    progress.last_line = tc_progress_seconds();
}

static unsigned errors;

unsigned tc_errors(void) {
    return errors;
}

void tc_error(const char *format, ...) {
    va_list arguments;
    errors++;
    va_start(arguments, format);
    print_line(format, arguments);
    va_end(arguments);
}

void tc_error_details(const char *text, size_t lines) {
    for (; *text && lines; lines--) {
        int length = (int)strcspn(text, "\n");
        fprintf(stderr, "  %.*s\n", length, text);
        text += length;
        text += *text == '\n';
    }
    if (*text)
        fputs("  ...\n", stderr);
}

void tc_progress_step(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (prints_lines()) {
        print_line(format, arguments);
    } else if (draws_bar()) {
        char text[256];
        vsnprintf(text, sizeof text, format, arguments);
        draw(text);
    }
    va_end(arguments);
}

void tc_progress_count(size_t done, size_t total, const char *what) {
    if (draws_bar()) {
        char bar[BAR_WIDTH + 1];
        size_t filled = total ? done * BAR_WIDTH / total : BAR_WIDTH;
        memset(bar, '#', filled);
        memset(bar + filled, '.', BAR_WIDTH - filled);
        bar[BAR_WIDTH] = 0;
        char *text = tc_format("[%s] %zu/%zu %s", bar, done, total, what);
        draw(text);
        free(text);
    } else if (prints_lines() && done < total &&
               tc_progress_seconds() - progress.last_line > PLAIN_LINE_INTERVAL) {
        tc_progress_step("%zu of %zu %s", done, total, what);
    }
}

void tc_progress_end(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (progress.verbosity == TC_NORMAL || progress.verbosity == TC_VERBOSE)
        print_line(format, arguments);
    else
        tc_progress_clear();
    va_end(arguments);
}

void tc_progress_command(const tc_words *argv) {
    if (progress.verbosity != TC_VERBOSE)
        return;
    fputc('+', stderr);
    for (size_t i = 0; i < argv->count; i++)
        fprintf(stderr, " %s", argv->items[i]);
    fputc('\n', stderr);
}
