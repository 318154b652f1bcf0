/* Cuts wasm2c's output into units: C files that stand for themselves, of a size that keeps every
 * processor busy, and that stay the same where the module does.
 *
 * wasm2c can write several files itself, but cuts its sorted list of functions into equal parts:
 * one more function moves all the borders behind it, and every file is another. Here a border is
 * where a function's own name and size say so. A change moves at most the borders beside it; all
 * other units have the text they had, and their objects are in the cache.
 *
 * What is not a function (types, tables, start-up) goes to a unit of its own, base.c.
 */
#include "stages/split/split.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A unit's size is about a 64th of the whole, within these bounds, doubled at powers of two so that
 * it seldom changes. A unit of 128 KB takes a C compiler a quarter of a second, 50 ms of which it
 * would need for an empty one too. tcc takes 50 ms for 4 MB, and starting it, its wall
 * included, 10. */
#define SMALLEST_UNIT        (UINT64_C(64) << 10)
#define LARGEST_UNIT         (UINT64_C(512) << 10)
#define LARGEST_UNIT_FOR_TCC (UINT64_C(4) << 20)
#define UNITS_AIMED_AT       64

static void add_piece(tc_pieces *list, tc_piece item) {
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 256;
        list->items = tc_reallocate(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = item;
}

/* ---- taking the output apart ---- */

/* The declared name of what a line begins to define, if it ends with `ending`. */
static size_t defined_by(const tc_splitter *all, const char *line, size_t length,
                         const char *ending, char before) {
    size_t ending_length = strlen(ending);
    if (length < ending_length || memcmp(line + length - ending_length, ending, ending_length) != 0)
        return TC_NO_NAME;
    const char *end = memchr(line, before, length);
    if (!end)
        return TC_NO_NAME;
    size_t name_length = tc_text_identifier_before(line, end);
    return tc_declarations_find(&all->declarations, end - name_length, name_length);
}

/* How wasm2c writes the mark of a function that is of another part; returns its length. */
static int mark_text(const tc_splitter *all, char text[static 32]) {
    return snprintf(text, 32, " = %uu;\n", all->build->part.mark);
}

/* Whether a function is of this part, or is something else that no part before had too. */
static bool is_wanted(const tc_splitter *all, const tc_piece *function) {
    char mark[32];
    int length = mark_text(all, mark);
    const tc_declared *name = &all->declarations.names[function->name];
    if (tc_is_only_part(all->build))
        return true;
    return !memmem(function->text, function->length, mark, (size_t)length) &&
           tc_names_add(&all->build->written, name->text, name->length);
}

/* The length of a function's first lines, up to where its body begins: wasm2c breaks the list of
 * its parameters after eight, with a comma and a space at the line's end. */
static size_t head_length(const char *line, size_t length) {
    while (line[length] == '\n' && line[length + 1] == ' ' && length > 2 &&
           memcmp(line + length - 2, ", ", 2) == 0)
        length += 1 + strcspn(line + length + 1, "\n");
    return length;
}

/* Recognizes what begins at a line and may go elsewhere; returns its end, or NULL. Only what the
 * headers declare can: other units could not see the rest. */
static const char *take_piece(tc_splitter *all, const char *line, size_t length) {
    tc_piece found = {.text = line};
    const char *end = NULL;
    tc_pieces *list = NULL;
    if (tc_text_starts(line, length, "const u8 " TC_DATA_PREFIX)) {
        found.name = defined_by(all, line, length, "[] = {", '[');
        list = &all->data;
        end = tc_text_end_at_line(line, "};");
    } else if (isalpha((unsigned char)*line) && !tc_text_starts(line, length, "static ")) {
        found.name = defined_by(all, line, head_length(line, length), ") {", '(');
        list = &all->functions;
        end = found.name == TC_NO_NAME ? NULL : tc_text_end_at_line(line, "}");
    }
    if (!end || found.name == TC_NO_NAME)
        return NULL;
    found.length = (size_t)(end - line);
    if (list == &all->data || is_wanted(all, &found))
        add_piece(list, found);
    return end;
}

static void take_apart(tc_splitter *all, const tc_buffer *source) {
    for (const char *line = source->data; *line;) {
        size_t length = strcspn(line, "\n");
        const char *end = take_piece(all, line, length);
        if (!end) {
            end = line + length + (line[length] == '\n');
            if (!tc_text_starts(line, length, "#include \"guest"))
                tc_buffer_add(&all->base, line, (size_t)(end - line));
        }
        line = end;
    }
}

static int by_name(const void *left, const void *right) {
    const tc_piece *a = left, *b = right;
    return (a->name > b->name) - (a->name < b->name);
}

static void take_all_apart(tc_splitter *all) {
    tc_declarations_read(&all->declarations, &all->build->code);
    for (size_t i = 0; i < TC_WASM2C_OUTPUTS; i++)
        take_apart(all, &all->build->code.sources[i]);
    if (all->functions.count)
        qsort(all->functions.items, all->functions.count, sizeof *all->functions.items, by_name);
}

/* ---- units ---- */

/* Writes a unit: the declarations it uses, then its own text. */
static int write_unit(tc_splitter *all, const char *name, bool is_cold, const tc_buffer *text) {
    tc_buffer out = {0};
    size_t number = all->build->units.count + 1; /* from 1: no name has been used by 0 */
    tc_declarations_use(&all->declarations, number, text->data, text->length);
    if (all->build->unit_prelude)
        tc_buffer_print(&out, "%s", all->build->unit_prelude);
    tc_declarations_write(&all->declarations, number, &out);
    tc_buffer_add(&out, text->data, text->length);
    int result = tc_unit_add(all->build, name, is_cold, &out);
    tc_buffer_reset(&out);
    return result;
}

static uint64_t unit_size(uint64_t total, uint64_t largest) {
    uint64_t size = SMALLEST_UNIT;
    while (size < largest && size * UNITS_AIMED_AT < total)
        size *= 2;
    return size;
}

/* Whether a unit ends with this function. The longer the function the likelier, so that units come
 * out alike whatever the functions are; only its own name and length decide. */
static bool is_border(const tc_splitter *all, const tc_piece *function, size_t function_length,
                      uint64_t size, uint64_t length) {
    uint64_t hash = all->declarations.names[function->name].hash;
    if (length < size / 2)
        return false;
    return length > 4 * size || (hash >> 16) % (size / 2) < function_length;
}

static void add_function(tc_splitter *all, const tc_piece *function, tc_buffer *text) {
    const tc_declared *name = &all->declarations.names[function->name];
    if (all->build->lines)
        tc_lines_take_function(all->build, (tc_name){name->text, name->length}, function->text,
                               function->length, text);
    else
        tc_buffer_add(text, function->text, function->length);
}

static int write_function_unit(tc_splitter *all, bool is_cold, tc_buffer *text) {
    char name[64];
    snprintf(name, sizeof name, "unit_%zu.c", all->build->units.count);
    int result = text->length ? write_unit(all, name, is_cold, text) : 0;
    text->length = 0;
    return result;
}

/* Writes units of the functions that are cold, or of those that are not. */
static int write_functions(tc_splitter *all, bool is_cold) {
    uint64_t largest = is_cold && tc_may_use_tcc(all->build) ? LARGEST_UNIT_FOR_TCC : LARGEST_UNIT;
    uint64_t total = all->build->part.first ? largest * UNITS_AIMED_AT : 0;
    for (size_t i = 0; i < all->functions.count; i++)
        total += all->functions.items[i].is_cold == is_cold ? all->functions.items[i].length : 0;
    uint64_t size = unit_size(total, largest);
    tc_buffer text = {0};
    int result = 0;
    for (size_t i = 0; i < all->functions.count && result == 0; i++) {
        const tc_piece *function = &all->functions.items[i];
        size_t start = text.length;
        if (function->is_cold != is_cold)
            continue;
        add_function(all, function, &text);
        if (is_border(all, function, text.length - start, size, text.length))
            result = write_function_unit(all, is_cold, &text);
    }
    if (result == 0)
        result = write_function_unit(all, is_cold, &text);
    tc_buffer_reset(&text);
    return result;
}

static void splitter_reset(tc_splitter *all) {
    tc_declarations_reset(&all->declarations);
    free(all->functions.items);
    free(all->data.items);
    free(all->data_by_name);
    tc_buffer_reset(&all->base);
}

/* Whether nothing of other parts was left where it was: it would be a trap in the program. */
static int check_rest(tc_splitter *all) {
    char mark[32];
    int length = mark_text(all, mark);
    if (tc_is_only_part(all->build) ||
        !memmem(all->base.data, all->base.length, mark, (size_t)length))
        return 0;
    tc_error("%s cannot be translated in parts: this wasm2c writes a function in a way that is not "
             "known here; `timecraft doctor` tells which wasm2c it is, another version may do",
             all->build->wasm->path);
    return -1;
}

/* Whether a header declares a function with several results: they are a structure. The handlers of
 * imports that are tail-called have such for parameters, of whom every module with imports has
 * some. struct wasm_multi_ij w2c_guest_f(w2c_guest*, u32); */
static bool declares_several_results(const tc_buffer *header) {
    static const char structure[] = "\nstruct wasm_multi_";
    const char *line = header->data;
    while ((line = strstr(line, structure))) {
        line += strlen(structure);
        if (memchr(line, '(', strcspn(line, "\n")))
            return true;
    }
    return false;
}

int tc_split(tc_build *build) {
    tc_splitter all = {.build = build,
                       .has_several_results =
                           declares_several_results(&build->code.guest) ||
                           declares_several_results(&build->code.implementation)};
    take_all_apart(&all);
    int result = check_rest(&all);
    if (result == 0)
        tc_choose_cold(&all);
    if (result == 0 && build->part.first == 0) /* the others have it again, but for the data */
        result = tc_compact_data(&all);
    if (result == 0 && build->part.first == 0) {
        if (build->lines)
            tc_lines_take_rest(build, &all.base);
        bool is_cold = build->options->level == 0 && build->has_cold_units &&
                       !tc_must_not_be_cold(&all, (tc_name){all.base.data, all.base.length});
        result = write_unit(&all, "base.c", is_cold, &all.base);
    }
    if (result == 0)
        result = write_functions(&all, false);
    if (result == 0 && build->has_cold_units)
        result = write_functions(&all, true);
    splitter_reset(&all);
    tc_code_reset(&build->code);
    return result;
}
