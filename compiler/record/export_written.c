/* What a program wrote to its standard streams. */
#include "record/views.h"

int tc_export_written(tc_record *record, const tc_export_options *options, uint32_t fd,
                      uint64_t *missing) {
    tc_record_item item;
    *missing = 0;
    while (tc_record_next(record, &item) == TC_RECORD_EVENT) {
        uint32_t on = 0;
        const uint8_t *bytes = NULL;
        size_t kept = 0, length = tc_flows_written(&item, &on, &bytes, &kept);
        if (!length || on != fd)
            continue;
        fwrite(bytes, 1, kept, options->out);
        *missing += length - kept;
    }
    return ferror(options->out) ? -1 : 0;
}
