/* Lines for the person at the terminal. Each is one write(2), so that lines of programs that share
 * a terminal do not mix; nothing is allocated, so that a trap handler may use them. */
#include "guest/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

enum {
    TEXT_SIZE = 2048,               /* a longer text is cut */
    LINE_SIZE = 4 * TEXT_SIZE + 32, /* every byte escaped, the prefix, the newline */
    DISTINCT_MAX = 256,             /* texts of tc_report_once */
};

#define PREFIX "timecraft: "

/* How many bytes at `at` make a control character, which a terminal would obey: 0, 1, or 2 for the
 * UTF-8 sequences C2 80 to C2 9F (U+0080 to U+009F). */
static int control_length(const unsigned char *at) {
    if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f)
        return 2;
    return *at < 0x20 || *at == 0x7f;
}

/* Writes prefix + text + newline with control characters as "\x1b". */
static void write_line(const char *prefix, const char *text) {
    static const char digits[] = "0123456789abcdef";
    char line[LINE_SIZE];
    size_t length = 0;
    for (const char *at = prefix; *at; at++)
        line[length++] = *at;
    int escape = 0; /* bytes still to be shown escaped */
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (escape == 0)
            escape = control_length(at);
        if (escape > 0) {
            escape--;
            line[length++] = '\\';
            line[length++] = 'x';
            line[length++] = digits[*at >> 4];
            line[length++] = digits[*at & 15];
        } else {
            line[length++] = (char)*at;
        }
    }
    line[length++] = '\n';
    for (size_t done = 0; done < length;) {
        ssize_t count = write(STDERR_FILENO, line + done, length - done);
        if (count < 0 && errno != EINTR)
            break;
        done += count > 0 ? (size_t)count : 0;
    }
}

/* Remembers a text by its hash (64-bit FNV-1a). True if it has not been seen. */
static bool first_time(const char *text) {
    static uint64_t seen[DISTINCT_MAX];
    static size_t count;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    for (size_t i = 0; i < count; i++)
        if (seen[i] == hash)
            return false;
    if (count == DISTINCT_MAX)
        return false;
    seen[count++] = hash;
    if (count == DISTINCT_MAX)
        write_line(PREFIX, "further messages of this kind are not shown");
    return count < DISTINCT_MAX;
}

void tc_report(const char *format, ...) {
    int saved_errno = errno;
    char text[TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    write_line(PREFIX, text);
    errno = saved_errno;
}

void tc_report_detail(const char *format, ...) {
    int saved_errno = errno;
    char text[TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    write_line("    ", text);
    errno = saved_errno;
}

void tc_report_once(const char *format, ...) {
    int saved_errno = errno;
    char text[TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (first_time(text))
        write_line(PREFIX, text);
    errno = saved_errno;
}
