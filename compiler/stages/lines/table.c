/* The table of lines that traps read. Its format is in rt/guest/lines.h. */
#include "stages/lines/lines.h"

#include <stdlib.h>
#include <string.h>

#include "guest/lines.h"

typedef struct writing {
    const tc_joined *joined;
    tc_strings strings;
    uint32_t *units; /* by context: that of the function it is inlined in */
} writing;

static const char *text(const writing *all, uint32_t offset) {
    return all->joined->lines->strings.text.data + offset;
}

static uint32_t add_file(writing *all, uint32_t unit, uint32_t name) {
    const struct tc_lines *lines = all->joined->lines;
    const char *directory = unit < lines->unit_count ? text(all, lines->units[unit].directory) : "";
    return tc_strings_add(&all->strings, tc_lines_relative(text(all, name), directory));
}

const char *tc_lines_relative(const char *path, const char *directory) {
    size_t length = strlen(directory);
    while (length && directory[length - 1] == '/')
        length--;
    if (length && strncmp(path, directory, length) == 0 && path[length] == '/' && path[length + 1])
        path += length + 1;
    while (path[0] == '.' && path[1] == '/' && path[2])
        path += 2;
    return path;
}

static void add_contexts(writing *all, tc_buffer *out) {
    const tc_joined *joined = all->joined;
    for (size_t i = 0; i < joined->context_count; i++) {
        const tc_context *context = &joined->contexts[i];
        all->units[i] = context->parent == TC_NONE ? context->unit : all->units[context->parent];
        tc_lines_context made = {.parent = context->parent,
                                 .name = tc_strings_add(&all->strings, text(all, context->name)),
                                 .call_file = add_file(all, all->units[i], context->call_file),
                                 .call_line = context->call_line};
        tc_buffer_add(out, &made, sizeof made);
    }
}

void tc_table_write(tc_buffer *out, const tc_joined *joined) {
    writing all = {.joined = joined,
                   .units = tc_allocate((joined->context_count + 1) * sizeof *all.units)};
    tc_buffer contexts = {0}, segments = {0};
    tc_lines_header header = {.magic = TC_LINES_MAGIC,
                              .segments = (uint32_t)joined->segment_count,
                              .contexts = (uint32_t)joined->context_count,
                              .base = joined->segment_count ? joined->segments[0].low : 0};
    tc_strings_add(&all.strings, "");
    add_contexts(&all, &contexts);
    tc_buffer_add(out, &header, sizeof header);
    for (size_t i = 0; i < joined->segment_count; i++) {
        const tc_segment *segment = &joined->segments[i];
        uint32_t unit = segment->scope == TC_NONE ? TC_NONE : all.units[segment->scope];
        tc_lines_segment made = {
            .context = segment->scope, .file = add_file(&all, unit, segment->file), segment->line};
        tc_buffer_add(&segments, &made, sizeof made);
        tc_buffer_add(out, &(uint32_t){(uint32_t)(segment->low - header.base)}, sizeof(uint32_t));
    }
    header.strings = (uint32_t)all.strings.text.length;
    memcpy(out->data, &header, sizeof header);
    if (segments.length)
        tc_buffer_add(out, segments.data, segments.length);
    if (contexts.length)
        tc_buffer_add(out, contexts.data, contexts.length);
    tc_buffer_add(out, all.strings.text.data, all.strings.text.length);
    tc_buffer_reset(&segments);
    tc_buffer_reset(&contexts);
    tc_strings_reset(&all.strings);
    free(all.units);
}
