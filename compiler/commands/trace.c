/* `timecraft trace`: calls, network, requests, look-ups and handshakes of a record, as text. */
#include "commands/commands.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "options/options.h"
#include "record/views.h"

#define SECOND UINT64_C(1000000000)
enum { LAST_MAX = 10000000 };

typedef struct trace_words {
    tc_view_options view;
    bool follow;
    const char *since, *until, *last;
    const char *what, *path;
} trace_words;

/* ---- times ---- */

/* "1.5s", "20ms", "5m"; without a unit only where `bare` is a unit. False: it is none. */
static bool read_duration(const char *text, const char *bare, uint64_t *out) {
    static const struct {
        const char *name;
        double nanoseconds;
    } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
    char *end;
    if (!isdigit((unsigned char)*text))
        return false;
    double value = strtod(text, &end);
    const char *unit = *end ? end : bare;
    for (size_t i = 0; unit && i < sizeof units / sizeof *units; i++) {
        if (strcmp(unit, units[i].name) != 0 || value * units[i].nanoseconds > 9e18)
            continue;
        *out = (uint64_t)(value * units[i].nanoseconds);
        return true;
    }
    return false;
}

/* A time of day: "2026-11-26T01:02:03.5Z", "2026-11-26 01:02:03", "2026/11/26 01:02:03.123456",
 * local without a Z. */
static bool read_time_of_day(const char *text, uint64_t *out) {
    static const char *const formats[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
                                          "%Y/%m/%d %H:%M:%S"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct tm parts = {.tm_isdst = -1};
        char *end = strptime(text, formats[i], &parts);
        double fraction = 0;
        if (!end)
            continue;
        if (*end == '.')
            fraction = strtod(end, &end);
        bool utc = *end == 'Z';
        time_t seconds = utc ? timegm(&parts) : mktime(&parts);
        if (end[utc] || seconds < 0)
            return false;
        *out = (uint64_t)seconds * SECOND + (uint64_t)(fraction * 1e9);
        return true;
    }
    return false;
}

/* A time since the record began, or a time of day, as one since the record began. */
static bool read_time(const char *option, const char *text, const tc_record_facts *facts,
                      uint64_t *out) {
    uint64_t day;
    if (!text || read_duration(text, "s", out))
        return true;
    if (!read_time_of_day(text, &day)) {
        tc_error("%s=%s is no time; since the record began: 1.5s, 20ms, 5m; or a time of day: "
                 "2026-11-26T01:02:03Z, \"2026/11/26 01:02:03.5\"",
                 option, text);
        return false;
    }
    *out = day > facts->started ? day - facts->started : 0;
    return true;
}

/* ---- reading ---- */

static uint64_t time_of(const tc_record_item *item) {
    return tc_event_time(item->event, item->size);
}

/* The time of the last event that there is. */
static uint64_t find_end(const char *path) {
    tc_record_item item;
    uint64_t last = 0;
    char *error = NULL;
    tc_record *record = tc_record_open(path, &error);
    while (record && tc_record_next(record, &item) == TC_RECORD_EVENT)
        last = time_of(&item) > last ? time_of(&item) : last;
    free(error);
    tc_record_close(record);
    return last;
}

/* --last=10: so many lines; --last=10s: what happened then. */
static bool read_last(trace_words *words) {
    char *end;
    uint64_t duration;
    if (!words->last)
        return true;
    unsigned long long count = strtoull(words->last, &end, 10);
    if (isdigit((unsigned char)*words->last) && !*end && count <= LAST_MAX) {
        words->view.last = count;
        return true;
    }
    if (!*end || !read_duration(words->last, NULL, &duration)) {
        tc_error("--last=%s is neither a number of lines (--last=10, at most %d) nor a time before "
                 "the end (--last=10s)",
                 words->last, LAST_MAX);
        return false;
    }
    uint64_t last = find_end(words->path);
    uint64_t since = last > duration ? last - duration : 0;
    if (since > words->view.since)
        words->view.since = since;
    return true;
}

static void read_all(tc_record *record, tc_view *view) {
    tc_record_item item;
    while (tc_record_next(record, &item) == TC_RECORD_EVENT)
        tc_view_take(view, &item);
}

/* Until the program has ended; what happens is shown at once. */
static void follow(tc_record *record, tc_view *view) {
    static const struct timespec pause = {.tv_nsec = 50000000};
    do {
        bool growing = tc_record_is_growing(record);
        read_all(record, view);
        if (!growing || fflush(stdout) != 0)
            return;
        nanosleep(&pause, NULL);
    } while (!tc_record_facts_of(record)->ended);
}

static int show(trace_words *words) {
    char *error = NULL;
    int status = TC_EXIT_USAGE;
    tc_record *record = tc_record_open(words->path, &error);
    if (!record) {
        tc_error("%s", error);
        free(error);
        return TC_EXIT_FAILURE;
    }
    const tc_record_facts *facts = tc_record_facts_of(record);
    if (read_time("--since", words->since, facts, &words->view.since) &&
        read_time("--until", words->until, facts, &words->view.until) && read_last(words)) {
        tc_view *view = tc_view_create(words->what, &words->view, facts);
        read_all(record, view);
        if (words->follow)
            follow(record, view);
        tc_view_finish(view, tc_view_end_reason(record));
        tc_view_destroy(view);
        status = TC_EXIT_OK;
        if (facts->damaged) {
            tc_error("%s is damaged: events are missing in %llu places", words->path,
                     (unsigned long long)facts->damaged);
            status = TC_EXIT_FAILURE;
        }
    }
    tc_record_close(record);
    return status;
}

/* ---- the words ---- */

/* "--name=value" or "--name value". Returns how many words it takes; 0: it is another option. */
static int take_value(const char *name, char **words, const char **out) {
    size_t length = strlen(name);
    if (strncmp(words[0], name, length) != 0)
        return 0;
    if (words[0][length] == '=') {
        *out = words[0] + length + 1;
        return 1;
    }
    if (words[0][length] || !words[1])
        return 0;
    *out = words[1];
    return 2;
}

static bool is(const char *word, const char *one, const char *other) {
    return strcmp(word, one) == 0 || strcmp(word, other) == 0;
}

static int take_flag(trace_words *out, const char *word) {
    bool *flag = is(word, "-v", "--verbose")   ? &out->view.verbose
                 : is(word, "-c", "--summary") ? &out->view.summary
                 : is(word, "-f", "--follow")  ? &out->follow
                 : is(word, "--unmask", "")    ? &out->view.unmask
                                               : NULL;
    if (flag)
        *flag = true;
    return flag != NULL;
}

static int take_option(trace_words *out, char **words) {
    const char *format = NULL;
    int used = take_flag(out, words[0]);
    used = used ? used : take_value("--since", words, &out->since);
    used = used ? used : take_value("--until", words, &out->until);
    used = used ? used : take_value("--last", words, &out->last);
    used = used ? used : take_value("--only", words, &out->view.only);
    used = used ? used : take_value("-e", words, &out->view.only);
    if (used)
        return used;
    used = take_value("--output", words, &format);
    used = used ? used : take_value("-o", words, &format);
    if (used && strcmp(format, "json") == 0)
        out->view.json = true;
    else if (used && strcmp(format, "text") != 0)
        used = 0;
    if (!used)
        tc_error("trace has no option %s; `timecraft help trace` lists them", words[0]);
    return used;
}

static bool is_known(const char *what) {
    tc_view *view =
        tc_view_create(what, &(tc_view_options){.last = SIZE_MAX}, &(tc_record_facts){0});
    tc_view_destroy(view);
    return view != NULL;
}

static bool parse(trace_words *out, char **words) {
    char *error = NULL;
    while (*words) {
        if (words[0][0] == '-' && words[0][1]) {
            int used = take_option(out, words);
            if (!used)
                return false;
            words += used;
            continue;
        }
        if (!out->what) {
            out->what = *words;
        } else if (!out->path) {
            out->path = *words;
        } else {
            tc_error("trace shows one record, not %s too", *words);
            return false;
        }
        words++;
    }
    if (!out->what || !is_known(out->what)) {
        tc_error("what of the record? timecraft trace calls|network|requests|dns|tls RECORD");
        return false;
    }
    if (out->view.only && strncmp(out->what, "call", 4) != 0) {
        tc_error("-e chooses calls: timecraft trace calls -e %s RECORD", out->view.only);
        return false;
    }
    if (out->view.only && tc_options_check_calls("-e ", out->view.only, &error) < 0) {
        tc_error("%s", error);
        free(error);
        return false;
    }
    if (!out->path) {
        tc_error("which record? timecraft trace %s RECORD; --record=FILE makes one", out->what);
        return false;
    }
    return true;
}

int tc_command_trace(char **words) {
    trace_words parsed = {
        .view = {.until = UINT64_MAX, .last = SIZE_MAX, .out = stdout},
    };
    if (!parse(&parsed, words))
        return TC_EXIT_USAGE;
    return show(&parsed);
}
