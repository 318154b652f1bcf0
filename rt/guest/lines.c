/* The guest's own source, by addresses in the program. */
#include "guest/lines.h"

static const char *text(const tc_lines_table *table, uint32_t offset) {
    return table->strings + (offset < table->header->strings ? offset : 0);
}

bool tc_lines_open(tc_lines_table *table, const void *bytes, size_t size) {
    const tc_lines_header *header = bytes;
    *table = (tc_lines_table){0};
    if (size < sizeof *header || header->magic != TC_LINES_MAGIC)
        return false;
    uint64_t wanted = sizeof *header + (uint64_t)header->segments * sizeof *table->lows +
                      (uint64_t)header->segments * sizeof *table->segments +
                      (uint64_t)header->contexts * sizeof *table->contexts + header->strings;
    if (wanted != size || !header->strings)
        return false;
    table->lows = (const tc_lines_low *)(header + 1);
    table->segments = (const tc_lines_segment *)(table->lows + header->segments);
    table->contexts = (const tc_lines_context *)(table->segments + header->segments);
    table->strings = (const char *)(table->contexts + header->contexts);
    if (table->strings[0] || table->strings[header->strings - 1])
        return false;
    table->header = header;
    return true;
}

static bool set_context(const tc_lines_table *table, tc_lines_frame *frame, uint32_t context) {
    if (context >= table->header->contexts)
        return false;
    frame->context = context;
    frame->name = text(table, table->contexts[context].name);
    return true;
}

bool tc_lines_find(const tc_lines_table *table, uint64_t address, tc_lines_frame *frame) {
    if (!table->header || address < table->header->base ||
        address - table->header->base > UINT32_MAX)
        return false;
    uint32_t value = (uint32_t)(address - table->header->base);
    size_t low = 0, high = table->header->segments;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->lows[middle] <= value)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low)
        return false;
    const tc_lines_segment *segment = &table->segments[low - 1];
    frame->file = text(table, segment->file);
    frame->line = segment->line;
    return set_context(table, frame, segment->context);
}

bool tc_lines_next(const tc_lines_table *table, tc_lines_frame *frame) {
    const tc_lines_context *inlined = &table->contexts[frame->context];
    if (inlined->parent >= frame->context)
        return false; /* none, or a table that goes round in circles */
    frame->file = text(table, inlined->call_file);
    frame->line = inlined->call_line;
    return set_context(table, frame, inlined->parent);
}
