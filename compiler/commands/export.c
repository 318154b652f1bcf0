/* `timecraft export`: a record in formats of others. */
#include "commands/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/views.h"

static const struct {
    const char *name;
    int (*write)(tc_record *record, const tc_export_options *options);
    uint32_t fd;
} formats[] = {
    {.name = "pcapng", .write = tc_export_pcapng},
    {.name = "har", .write = tc_export_har},
    {.name = "html", .write = tc_export_html},
    {.name = "record", .write = tc_export_record},
    {.name = "stdout", .fd = 1},
    {.name = "stderr", .fd = 2},
};

enum { FORMATS = sizeof formats / sizeof *formats };

typedef struct export_words {
    size_t format;
    const char *path, *output;
    bool unmask;
} export_words;

static int write_all(tc_record *record, const export_words *words, FILE *out) {
    tc_export_options options = {.unmask = words->unmask, .out = out};
    uint64_t missing = 0;
    if (formats[words->format].write)
        return formats[words->format].write(record, &options);
    int result = tc_export_written(record, &options, formats[words->format].fd, &missing);
    if (missing)
        tc_error("%s does not have %llu bytes that the program wrote: it was made with "
                 "detail=calls or detail=headers",
                 words->path, (unsigned long long)missing);
    return result;
}

static int export_record(const export_words *words) {
    char *error = NULL, *temporary = NULL;
    int status = TC_EXIT_FAILURE;
    tc_record *record = tc_record_open(words->path, &error);
    if (!record) {
        tc_error("%s", error);
        free(error);
        return status;
    }
    FILE *out = tc_output_open(words->output, &temporary);
    if (!out ||
        tc_output_close(out, words->output, temporary, write_all(record, words, out)) != 0) {
        tc_error("cannot write %s: %s", words->output, strerror(errno));
    } else if (tc_record_facts_of(record)->damaged) {
        tc_error("%s is damaged: events are missing in %llu places", words->path,
                 (unsigned long long)tc_record_facts_of(record)->damaged);
    } else {
        status = TC_EXIT_OK;
    }
    free(temporary);
    tc_record_close(record);
    return status;
}

static bool take_format(export_words *out, const char *word) {
    for (out->format = 0; out->format < FORMATS; out->format++)
        if (strcmp(formats[out->format].name, word) == 0)
            return true;
    tc_error("export knows pcapng, har, html, stdout, stderr and record, not %s", word);
    return false;
}

static bool parse(export_words *out, char **words) {
    out->format = FORMATS;
    for (; *words; words++) {
        if (strcmp(*words, "--unmask") == 0) {
            out->unmask = true;
        } else if (strcmp(*words, "-o") == 0 && words[1]) {
            out->output = *++words;
        } else if (strncmp(*words, "--output=", 9) == 0) {
            out->output = *words + 9;
        } else if (**words == '-' && (*words)[1]) {
            tc_error("export has no option %s; `timecraft help export` lists them", *words);
            return false;
        } else if (out->format == FORMATS) {
            if (!take_format(out, *words))
                return false;
        } else if (!out->path) {
            out->path = *words;
        } else {
            tc_error("export reads one record, not %s too", *words);
            return false;
        }
    }
    if (out->format < FORMATS && out->path && out->output && *out->output)
        return true;
    tc_error("%s", out->format == FORMATS ? "into which format? timecraft export "
                                            "pcapng|har|html|stdout|stderr|record RECORD -o FILE"
                   : !out->path           ? "which record? timecraft export FORMAT RECORD -o FILE"
                                          : "where to? -o FILE, or -o - for standard output");
    return false;
}

int tc_command_export(char **words) {
    export_words parsed = {0};
    return parse(&parsed, words) ? export_record(&parsed) : TC_EXIT_USAGE;
}
