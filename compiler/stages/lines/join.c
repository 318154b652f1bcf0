/* From "line 17 of the C of w2c_guest_f, inlined in line 5 of that of w2c_guest_g" to the guest's
 * own functions, files and lines: each of the two is a place in the module, with a chain of
 * functions that the guest's compiler inlined there.
 */
#include "stages/lines/lines.h"

#include <stdlib.h>
#include <string.h>

enum { CHAIN_MOST = 64 };

typedef struct joining {
    struct tc_lines *lines;
    const tc_native *native;
    tc_joined *out;
    uint32_t *roots; /* by function: its scope in the module's DWARF, or TC_NONE */
    uint32_t *shown; /* by scope: its name as a person knows it; 0: not looked up yet */
    uint32_t *slots; /* contexts by their hash; number + 1 */
    size_t slot_count;
} joining;

/* ---- contexts ---- */

static uint64_t hash(const tc_context *context) {
    const uint32_t words[] = {context->parent, context->name, context->linkage_name,
                              context->call_file, context->call_line};
    uint64_t value = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        value = (value ^ words[i]) * UINT64_C(0x100000001b3);
    return value ^ value >> 29;
}

static bool same(const tc_context *a, const tc_context *b) {
    return a->parent == b->parent && a->name == b->name && a->linkage_name == b->linkage_name &&
           a->call_file == b->call_file && a->call_line == b->call_line && a->entry == b->entry;
}

static uint32_t *find_slot(joining *all, const tc_context *context) {
    size_t slot = hash(context) & (all->slot_count - 1);
    while (all->slots[slot] && !same(&all->out->contexts[all->slots[slot] - 1], context))
        slot = (slot + 1) & (all->slot_count - 1);
    return &all->slots[slot];
}

static void make_room(joining *all) {
    tc_joined *out = all->out;
    if (2 * out->context_count < all->slot_count)
        return;
    all->slot_count = all->slot_count ? 2 * all->slot_count : 1024;
    free(all->slots);
    all->slots = tc_allocate(all->slot_count * sizeof *all->slots);
    out->contexts = tc_reallocate(out->contexts, all->slot_count * sizeof *out->contexts);
    for (uint32_t i = 0; i < out->context_count; i++)
        *find_slot(all, &out->contexts[i]) = i + 1;
}

static uint32_t add_context(joining *all, const tc_context *context) {
    make_room(all);
    uint32_t *slot = find_slot(all, context);
    if (!*slot) {
        all->out->contexts[all->out->context_count++] = *context;
        *slot = (uint32_t)all->out->context_count;
    }
    return *slot - 1;
}

/* ---- the module's side ---- */

/* The row that a line of a function's C is of, or NULL. */
static const tc_row *find_row(const joining *all, uint32_t function, uint32_t c_line) {
    const tc_lines_function *of = &all->lines->functions[function];
    uint32_t low = of->first, high = of->end;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (all->lines->places[middle].c_line <= c_line)
            low = middle + 1;
        else
            high = middle;
    }
    return low > of->first       ? &all->lines->rows[all->lines->places[low - 1].row]
           : of->first < of->end ? &all->lines->rows[all->lines->places[of->first].row]
                                 : NULL;
}

static uint32_t root_of(const struct tc_lines *lines, uint32_t scope) {
    while (scope != TC_NONE && lines->scopes[scope].parent != TC_NONE)
        scope = lines->scopes[scope].parent;
    return scope;
}

/* The function's scope is that of the first of its rows that has one. */
static void find_roots(joining *all) {
    const struct tc_lines *lines = all->lines;
    all->roots = tc_allocate((lines->function_count + 1) * sizeof *all->roots);
    for (size_t i = 0; i < lines->function_count; i++) {
        all->roots[i] = TC_NONE;
        for (uint32_t at = lines->functions[i].first;
             at < lines->functions[i].end && all->roots[i] == TC_NONE; at++)
            all->roots[i] = root_of(lines, lines->rows[lines->places[at].row].scope);
    }
}

/* What a linkage name says in its language; where that is nothing, as for C, the name. */
static uint32_t shown_name(joining *all, uint32_t scope) {
    tc_strings *strings = &all->lines->strings;
    const tc_scope *of = &all->lines->scopes[scope];
    if (!all->shown[scope]) {
        const char *linkage = strings->text.data + of->linkage_name;
        char *shown = tc_demangle(linkage);
        bool is_mangled = strcmp(shown, linkage) != 0 || !of->name;
        all->shown[scope] = is_mangled ? tc_strings_add(strings, shown) : of->name;
        free(shown);
    }
    return all->shown[scope];
}

/* 0: the name says it all. */
static uint32_t linkage_name(joining *all, uint32_t scope) {
    const tc_scope *of = &all->lines->scopes[scope];
    return shown_name(all, scope) == of->name ? 0 : of->linkage_name;
}

/* ---- both ---- */

/* A place in the source, on its way from the outermost function inwards. */
typedef struct place {
    uint32_t context;
    uint32_t file;
    uint32_t line;
} place;

/* Where a row is: its line, or where it is in the module's file. */
static void set_line(const joining *all, place *at, const tc_row *row) {
    at->file = row ? row->file : 0;
    at->line = !row        ? 0
               : row->file ? row->line
                           : (uint32_t)(row->address + all->lines->code_offset);
}

static void enter_function(joining *all, place *at, uint32_t function, uint64_t entry) {
    uint32_t root = all->roots[function];
    tc_context context = {.parent = at->context,
                          .call_file = at->file,
                          .call_line = at->line,
                          .unit = TC_NONE,
                          .entry = at->context == TC_NONE ? entry : 0};
    if (root == TC_NONE || !shown_name(all, root)) {
        context.name = all->lines->functions[function].shown;
    } else {
        context.name = shown_name(all, root);
        context.linkage_name = linkage_name(all, root);
    }
    if (root != TC_NONE)
        context.unit = all->lines->scopes[root].unit;
    at->context = add_context(all, &context);
}

/* Goes into what the guest's compiler has inlined at a row. */
static void enter_inlined(joining *all, place *at, uint32_t scope) {
    uint32_t chain[CHAIN_MOST];
    size_t count = 0;
    for (; scope != TC_NONE && all->lines->scopes[scope].parent != TC_NONE && count < CHAIN_MOST;
         scope = all->lines->scopes[scope].parent)
        chain[count++] = scope;
    while (count) {
        const tc_scope *inlined = &all->lines->scopes[chain[--count]];
        tc_context context = {.parent = at->context,
                              .name = shown_name(all, chain[count]),
                              .linkage_name = linkage_name(all, chain[count]),
                              .call_file = inlined->call_file,
                              .call_line = inlined->call_line,
                              .unit = inlined->unit};
        at->context = add_context(all, &context);
    }
}

/* A line of a function's C. */
typedef struct frame {
    uint32_t function;
    uint32_t c_line;
} frame;

static void join_segment(joining *all, tc_segment *segment) {
    frame frames[CHAIN_MOST];
    size_t count = 0;
    frame at = {segment->file, segment->line};
    uint32_t scope = segment->scope;
    const tc_native_scope *scopes = all->native->scopes;
    place place = {.context = TC_NONE};
    if (scope == TC_NONE) {
        *segment = (tc_segment){.low = segment->low, .scope = TC_NONE};
        return;
    }
    for (;; scope = scopes[scope].parent) {
        if (at.function != TC_NONE && at.c_line && count < CHAIN_MOST)
            frames[count++] = at;
        if (scopes[scope].parent == TC_NONE)
            break;
        at = (frame){scopes[scope].call_file, scopes[scope].call_line};
    }
    uint32_t outermost = scopes[scope].function;
    if (!count || frames[count - 1].function != outermost) {
        enter_function(all, &place, outermost, scopes[scope].entry);
        place.file = place.line = 0;
    }
    while (count) {
        const frame *of = &frames[--count];
        const tc_row *row = find_row(all, of->function, of->c_line);
        enter_function(all, &place, of->function, scopes[scope].entry);
        if (row)
            enter_inlined(all, &place, row->scope);
        set_line(all, &place, row);
    }
    segment->scope = place.context;
    segment->file = place.file;
    segment->line = place.line;
}

void tc_join(tc_joined *joined, struct tc_lines *lines, const tc_native *native) {
    joining all = {.lines = lines, .native = native, .out = joined};
    tc_segment *segments = tc_allocate((native->segment_count + 1) * sizeof *segments);
    size_t count = 0;
    *joined = (tc_joined){.lines = lines, .segments = segments};
    all.shown = tc_allocate((lines->scope_count + 1) * sizeof *all.shown);
    find_roots(&all);
    make_room(&all);
    for (size_t i = 0; i < native->segment_count; i++) {
        tc_segment segment = native->segments[i];
        join_segment(&all, &segment);
        const tc_segment *before = count ? &segments[count - 1] : NULL;
        if (!before || before->scope != segment.scope || before->file != segment.file ||
            before->line != segment.line)
            segments[count++] = segment;
    }
    joined->segment_count = count;
    free(all.roots);
    free(all.shown);
    free(all.slots);
}

void tc_joined_reset(tc_joined *joined) {
    free(joined->segments);
    free(joined->contexts);
    *joined = (tc_joined){0};
}
