/* Fuzz target: records, and all that is shown and exported of them. Inputs: record_input.h. */
#include "record/views.h"

#include "record_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void view(const char *path, const char *what, const tc_view_options *options) {
    char *error = NULL;
    tc_record_item item;
    tc_record *record = tc_record_open(path, &error);
    if ((record == NULL) != (error != NULL))
        abort();
    free(error);
    if (!record)
        return;
    tc_view *one = tc_view_create(what, options, tc_record_facts_of(record));
    while (tc_record_next(record, &item) == TC_RECORD_EVENT)
        tc_view_take(one, &item);
    if (tc_record_next(record, &item) == TC_RECORD_EVENT) /* nothing has been added */
        abort();
    tc_view_finish(one, tc_view_end_reason(record));
    tc_view_destroy(one);
    tc_record_close(record);
}

static void export(const char *path, FILE *out, bool unmask) {
    static int (*const all[])(tc_record *, const tc_export_options *) = {
        tc_export_pcapng, tc_export_har, tc_export_html, tc_export_record};
    tc_export_options options = {.unmask = unmask, .out = out};
    char *error = NULL;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        tc_record *record = tc_record_open(path, &error);
        if (record)
            all[i](record, &options);
        tc_record_close(record);
        free(error);
        error = NULL;
    }
    tc_record *record = tc_record_open(path, &error);
    if (record)
        tc_record_inspect(record, path, unmask, out);
    tc_record_close(record);
    free(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const views[] = {"calls", "network", "requests", "dns", "tls"};
    static FILE *out;
    char path[64];
    if (!out)
        out = fopen("/dev/null", "w");
    int fd = make_record(data, size, path, sizeof path);
    if (!out)
        abort();
    bool odd = size % 2;
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        tc_view_options options = {.json = odd == (i % 2),
                                   .verbose = true,
                                   .unmask = odd,
                                   .summary = size % 5 == 0,
                                   .until = UINT64_MAX,
                                   .last = size % 3 ? SIZE_MAX : 2,
                                   .out = out};
        view(path, views[i], &options);
    }
    export(path, out, odd);
    close(fd);
    return 0;
}
