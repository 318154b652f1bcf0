/* Fuzz target: records as a replay reads them (rt/trace/input.h), mapped and borrowed. Inputs:
 * record_input.h. */
#include "trace/describe.h"
#include "trace/input.h"

#include "record_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned seen;

/* All of it is there: the sum is for the sanitizers to see each byte read. */
static unsigned sum(const void *bytes, size_t size) {
    unsigned total = 0;
    for (size_t i = 0; i < size; i++)
        total += ((const uint8_t *)bytes)[i];
    return total;
}

static unsigned take_call(const tc_record_event *event) {
    unsigned total = 0;
    size_t position = 0;
    tc_call call;
    tc_chunk chunk;
    if (tc_call_read(event, event->size, &call))
        while (tc_call_next_chunk(&call, &position, &chunk))
            total += sum(chunk.bytes, chunk.head.kept);
    return total;
}

static unsigned take_fields(const tc_record_event *event) {
    unsigned total = 0;
    size_t position = 0;
    tc_field field;
    while (tc_event_next_field(event, event->size, &position, &field))
        total += sum(field.value, field.length);
    return total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[64];
    int fd = make_record(data, size, path, sizeof path);
    const tc_record_event *event, *before = NULL;
    if (!tc_input_open(path)) {
        while ((event = tc_input_next())) {
            if ((uintptr_t)event % 8 != 0 || event->size < sizeof *event)
                abort();
            seen += event->type == TC_EVENT_CALL ? take_call(event) : take_fields(event);
            if (before) /* which is borrowed still */
                seen += sum(before, before->size);
            before = event;
        }
        if (tc_input_next()) /* nothing has been added */
            abort();
    }
    close(fd);
    return 0;
}
