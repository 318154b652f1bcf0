/* From a line table and the ranges of nested functions to one list by address. Both may be
 * anything: ranges that overlap without being nested are cut, not believed. */
#include "stages/lines/lines.h"

#include <stdlib.h>

static void *grow(void *items, size_t count, size_t size) {
    if (count & (count - 1) || (count && count < 16))
        return items;
    return tc_reallocate(items, (count < 16 ? 16 : 2 * count) * size);
}

void tc_sweep_add_point(tc_sweep *sweep, tc_point point) {
    sweep->points = grow(sweep->points, sweep->point_count, sizeof point);
    point.order = sweep->point_count;
    sweep->points[sweep->point_count++] = point;
}

void tc_sweep_add_span(tc_sweep *sweep, tc_span span) {
    if (span.low >= span.high)
        return;
    sweep->spans = grow(sweep->spans, sweep->span_count, sizeof span);
    sweep->spans[sweep->span_count++] = span;
}

void tc_sweep_reset(tc_sweep *sweep) {
    free(sweep->points);
    free(sweep->spans);
    *sweep = (tc_sweep){0};
}

/* What ends at an address comes before what begins there. */
static int point_order(const void *left, const void *right) {
    const tc_point *a = left, *b = right;
    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    if (a->is_end != b->is_end)
        return a->is_end ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static int span_order(const void *left, const void *right) {
    const tc_span *a = left, *b = right;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    return (a->depth > b->depth) - (a->depth < b->depth);
}

static int address_order(const void *left, const void *right) {
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* All addresses at which something begins or ends. */
static uint64_t *collect_addresses(const tc_sweep *sweep, size_t *count) {
    uint64_t *list = tc_allocate((sweep->point_count + 2 * sweep->span_count) * sizeof *list);
    size_t all = 0, kept = 0;
    for (size_t i = 0; i < sweep->point_count; i++)
        list[all++] = sweep->points[i].address;
    for (size_t i = 0; i < sweep->span_count; i++) {
        list[all++] = sweep->spans[i].low;
        list[all++] = sweep->spans[i].high;
    }
    if (all)
        qsort(list, all, sizeof *list, address_order);
    for (size_t i = 0; i < all; i++) {
        if (!kept || list[kept - 1] != list[i])
            list[kept++] = list[i];
    }
    *count = kept;
    return list;
}

tc_segment *tc_sweep_run(tc_sweep *sweep, size_t *count) {
    size_t address_count, point = 0, span = 0, depth = 0;
    if (sweep->point_count)
        qsort(sweep->points, sweep->point_count, sizeof *sweep->points, point_order);
    if (sweep->span_count)
        qsort(sweep->spans, sweep->span_count, sizeof *sweep->spans, span_order);
    uint64_t *addresses = collect_addresses(sweep, &address_count);
    const tc_span **open = tc_allocate((sweep->span_count + 1) * sizeof *open);
    tc_segment *segments = tc_allocate((address_count + 1) * sizeof *segments);
    tc_segment now = {.scope = TC_NONE};
    for (size_t i = 0; i < address_count; i++) {
        now.low = addresses[i];
        now.is_statement = false;
        for (; point < sweep->point_count && sweep->points[point].address == now.low; point++) {
            const tc_point *row = &sweep->points[point];
            now.file = row->is_end ? 0 : row->file;
            now.line = row->is_end ? 0 : row->line;
            now.is_statement |= row->is_statement && !row->is_end;
        }
        while (depth && open[depth - 1]->high <= now.low)
            depth--;
        for (; span < sweep->span_count && sweep->spans[span].low == now.low; span++)
            open[depth++] = &sweep->spans[span];
        now.scope = depth ? open[depth - 1]->scope : TC_NONE;
        segments[i] = now;
    }
    free(open);
    free(addresses);
    *count = address_count;
    return segments;
}
