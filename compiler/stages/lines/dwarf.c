/* The program's DWARF, version 4, in terms of the guest's source: line tables, functions, and
 * functions inlined in them, each where the program has them.
 *
 * A compilation unit of the module's is one here. One more has the functions of which the module's
 * DWARF says nothing, with their names.
 */
#include "stages/lines/lines.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

/* Of the line number program (DWARF 4, 6.2.4). */
enum { LINE_BASE = -5, LINE_RANGE = 14, OPCODE_BASE = 13 };

/* Abbreviations' numbers. */
enum {
    UNIT = 1,
    FUNCTION,        /* in one piece */
    FUNCTION_RANGES, /* in several */
    ABSTRACT,        /* what is inlined somewhere */
    INLINED,
    INLINED_SOMEWHERE, /* called in a line that is not known */
    WITH_LINKAGE = 8,  /* added: with a linkage name */
};

typedef struct range {
    uint64_t low, high;
    uint32_t next; /* of the same context, or TC_NONE */
} range;

/* A context, as it is written. */
typedef struct node {
    uint32_t first_child, last_child, next;
    uint32_t first_range, last_range;
    uint32_t unit; /* of the function that all of it is inlined in */
} node;

typedef struct writing {
    const tc_joined *joined;
    tc_dwarf *out;
    node *nodes;
    range *ranges;
    size_t range_count;
    uint32_t unit_count; /* that of the module and one more */
    uint32_t *roots;     /* by unit: its first function */
    uint32_t *last_root;
    uint32_t *rows, *row_ends; /* numbers of segments by unit; where each unit's end */
    uint32_t *files;           /* by offset of the name: number in the unit; of `stamp` */
    uint32_t *file_stamps;
    uint32_t file_count;
    uint32_t *abstracts; /* by context: where its abstract instance is in the unit */
    uint32_t *unit_abstracts, *abstract_stamps; /* by offset of the name */
    uint32_t stamp;
    tc_buffer file_names;
    size_t unit_start;
} writing;

/* ---- bytes ---- */

static void add_1(tc_buffer *out, unsigned value) {
    tc_buffer_add(out, &(uint8_t){(uint8_t)value}, 1);
}

static void add_2(tc_buffer *out, unsigned value) {
    tc_buffer_add(out, &(uint16_t){(uint16_t)value}, 2);
}

static void add_4(tc_buffer *out, size_t value) {
    tc_buffer_add(out, &(uint32_t){(uint32_t)value}, 4);
}

static void add_8(tc_buffer *out, uint64_t value) {
    tc_buffer_add(out, &value, 8);
}

static void add_unsigned(tc_buffer *out, uint64_t value) {
    for (; value > 0x7f; value >>= 7)
        add_1(out, (value & 0x7f) | 0x80);
    add_1(out, (unsigned)value);
}

static void add_signed(tc_buffer *out, int64_t value) {
    for (; value < -64 || value > 63; value >>= 7)
        add_1(out, (unsigned)(value & 0x7f) | 0x80);
    add_1(out, value & 0x7f);
}

static void set_4(tc_buffer *out, size_t at, size_t value) {
    memcpy(out->data + at, &(uint32_t){(uint32_t)value}, 4);
}

/* Strings of the guest's are the first of .debug_str, where they are in tc_strings. */
static const char *text(const writing *all, uint32_t offset) {
    return all->joined->lines->strings.text.data + offset;
}

/* ---- abbreviations ---- */

static void add_abbreviation(tc_buffer *out, unsigned number, unsigned tag, bool has_children,
                             const uint16_t *attributes) {
    for (int has_linkage = 0;
         has_linkage <
         (number == FUNCTION || number == FUNCTION_RANGES || number == ABSTRACT ? 2 : 1);
         has_linkage++) {
        add_unsigned(out, number + (has_linkage ? WITH_LINKAGE : 0));
        add_unsigned(out, tag);
        add_1(out, has_children);
        for (const uint16_t *at = attributes; *at; at += 2) {
            add_unsigned(out, at[0]);
            add_unsigned(out, at[1]);
        }
        if (has_linkage) {
            add_unsigned(out, DW_AT_linkage_name);
            add_unsigned(out, DW_FORM_strp);
        }
        add_2(out, 0);
    }
}

static void write_abbreviations(tc_buffer *out) {
    static const uint16_t unit[] = {DW_AT_name,
                                    DW_FORM_strp,
                                    DW_AT_comp_dir,
                                    DW_FORM_strp,
                                    DW_AT_language,
                                    DW_FORM_data2,
                                    DW_AT_low_pc,
                                    DW_FORM_addr,
                                    DW_AT_ranges,
                                    DW_FORM_sec_offset,
                                    DW_AT_stmt_list,
                                    DW_FORM_sec_offset,
                                    0};
    static const uint16_t function[] = {DW_AT_name,           DW_FORM_strp,  DW_AT_external,
                                        DW_FORM_flag_present, DW_AT_low_pc,  DW_FORM_addr,
                                        DW_AT_high_pc,        DW_FORM_data8, 0};
    static const uint16_t in_ranges[] = {DW_AT_name,
                                         DW_FORM_strp,
                                         DW_AT_external,
                                         DW_FORM_flag_present,
                                         DW_AT_ranges,
                                         DW_FORM_sec_offset,
                                         0};
    static const uint16_t abstract[] = {DW_AT_name, DW_FORM_strp, DW_AT_inline, DW_FORM_data1, 0};
    static const uint16_t inlined[] = {DW_AT_abstract_origin, DW_FORM_ref4,    DW_AT_ranges,
                                       DW_FORM_sec_offset,    DW_AT_call_file, DW_FORM_udata,
                                       DW_AT_call_line,       DW_FORM_udata,   0};
    add_abbreviation(out, UNIT, DW_TAG_compile_unit, true, unit);
    add_abbreviation(out, FUNCTION, DW_TAG_subprogram, true, function);
    add_abbreviation(out, FUNCTION_RANGES, DW_TAG_subprogram, true, in_ranges);
    add_abbreviation(out, ABSTRACT, DW_TAG_subprogram, false, abstract);
    static const uint16_t somewhere[] = {DW_AT_abstract_origin, DW_FORM_ref4, DW_AT_ranges,
                                         DW_FORM_sec_offset, 0};
    add_abbreviation(out, INLINED, DW_TAG_inlined_subroutine, true, inlined);
    add_abbreviation(out, INLINED_SOMEWHERE, DW_TAG_inlined_subroutine, true, somewhere);
    add_1(out, 0);
}

/* ---- what is where ---- */

static uint64_t end_of(const tc_joined *joined, size_t segment) {
    return joined->segments[segment + (segment + 1 < joined->segment_count)].low;
}

/* The segment belongs to a context and to all that this is inlined in. */
static void add_range(writing *all, uint32_t context, uint64_t low, uint64_t high) {
    for (; context != TC_NONE; context = all->joined->contexts[context].parent) {
        node *node = &all->nodes[context];
        range *last = node->last_range == TC_NONE ? NULL : &all->ranges[node->last_range];
        if (last && last->high == low) {
            last->high = high;
            continue;
        }
        if (!(all->range_count & (all->range_count - 1)))
            all->ranges =
                tc_reallocate(all->ranges, (2 * all->range_count + 1) * sizeof *all->ranges);
        uint32_t number = (uint32_t)all->range_count++;
        all->ranges[number] = (range){low, high, TC_NONE};
        if (node->last_range == TC_NONE)
            node->first_range = number;
        else
            all->ranges[node->last_range].next = number;
        node->last_range = number;
    }
}

static void make_nodes(writing *all) {
    const tc_joined *joined = all->joined;
    for (uint32_t i = 0; i < joined->context_count; i++) {
        const tc_context *context = &joined->contexts[i];
        node *node = &all->nodes[i];
        *node = (struct node){TC_NONE, TC_NONE, TC_NONE, TC_NONE, TC_NONE, 0};
        if (context->parent == TC_NONE) {
            uint32_t unit = context->unit == TC_NONE ? all->unit_count - 1 : context->unit;
            node->unit = unit;
            if (all->roots[unit] == TC_NONE)
                all->roots[unit] = i;
            else
                all->nodes[all->last_root[unit]].next = i;
            all->last_root[unit] = i;
        } else {
            struct node *parent = &all->nodes[context->parent];
            node->unit = parent->unit;
            if (parent->first_child == TC_NONE)
                parent->first_child = i;
            else
                all->nodes[parent->last_child].next = i;
            parent->last_child = i;
        }
    }
    for (size_t i = 0; i < joined->segment_count; i++)
        add_range(all, joined->segments[i].scope, joined->segments[i].low, end_of(joined, i));
}

/* Sorts the segments by units, in which they stay in order. */
static void sort_rows(writing *all) {
    const tc_joined *joined = all->joined;
    uint32_t sum = 0;
    for (size_t i = 0; i < joined->segment_count; i++) {
        if (joined->segments[i].scope != TC_NONE)
            all->row_ends[all->nodes[joined->segments[i].scope].unit]++;
    }
    for (uint32_t unit = 0; unit < all->unit_count; unit++) {
        uint32_t count = all->row_ends[unit];
        all->row_ends[unit] = sum;
        sum += count;
    }
    for (uint32_t i = 0; i < joined->segment_count; i++) {
        if (joined->segments[i].scope != TC_NONE)
            all->rows[all->row_ends[all->nodes[joined->segments[i].scope].unit]++] = i;
    }
}

/* ---- the unit's files ---- */

static const char *directory_of(const writing *all, uint32_t unit) {
    const struct tc_lines *lines = all->joined->lines;
    return unit < lines->unit_count ? text(all, lines->units[unit].directory) : "";
}

/* The file's number in the unit, from 1; 0: it is not known. */
static uint32_t file_number(writing *all, uint32_t unit, uint32_t name) {
    if (!name)
        return 0;
    if (all->file_stamps[name] != all->stamp) {
        const char *shown = tc_lines_relative(text(all, name), directory_of(all, unit));
        tc_buffer_add(&all->file_names, shown, strlen(shown) + 1);
        tc_buffer_add(&all->file_names, "\0\0\0", 3); /* folder, time, size */
        all->file_stamps[name] = all->stamp;
        all->files[name] = ++all->file_count;
    }
    return all->files[name];
}

/* ---- line tables ---- */

typedef struct state {
    uint64_t address;
    int64_t line;
    uint32_t file;
    bool is_statement;
} state;

static void begin_sequence(tc_buffer *out, state *now, uint64_t address) {
    *now = (state){.address = address, .line = 1, .file = 1, .is_statement = true};
    add_1(out, 0);
    add_unsigned(out, 9);
    add_1(out, DW_LNE_set_address);
    add_8(out, address);
}

static void end_sequence(tc_buffer *out, const state *now, uint64_t address) {
    add_1(out, DW_LNS_advance_pc);
    add_unsigned(out, address - now->address);
    add_1(out, 0);
    add_1(out, 1);
    add_1(out, DW_LNE_end_sequence);
}

static void add_row(tc_buffer *out, state *now, const state *row) {
    if (now->file != row->file && row->file) {
        add_1(out, DW_LNS_set_file);
        add_unsigned(out, row->file);
        now->file = row->file;
    }
    if (now->is_statement != row->is_statement)
        add_1(out, DW_LNS_negate_stmt);
    int64_t line = row->line - now->line;
    uint64_t distance = row->address - now->address;
    if (line < LINE_BASE || line >= LINE_BASE + LINE_RANGE) {
        add_1(out, DW_LNS_advance_line);
        add_signed(out, line);
        line = 0;
    }
    if (distance > (255 - OPCODE_BASE - LINE_RANGE) / LINE_RANGE) {
        add_1(out, DW_LNS_advance_pc);
        add_unsigned(out, distance);
        distance = 0;
    }
    add_1(out, (unsigned)(line - LINE_BASE + LINE_RANGE * (int64_t)distance + OPCODE_BASE));
    now->address = row->address;
    now->line = row->line;
    now->is_statement = row->is_statement;
}

static void write_program(writing *all, uint32_t unit, tc_buffer *out) {
    const tc_joined *joined = all->joined;
    state now = {0};
    uint32_t first = unit ? all->row_ends[unit - 1] : 0, end = all->row_ends[unit];
    for (uint32_t i = first; i < end; i++) {
        const tc_segment *segment = &joined->segments[all->rows[i]];
        bool is_first = i == first || all->rows[i - 1] + 1 != all->rows[i];
        bool is_last = i + 1 == end || all->rows[i + 1] != all->rows[i] + 1;
        state row = {.address = segment->low,
                     .line = segment->file ? segment->line : 0,
                     .file = file_number(all, unit, segment->file),
                     .is_statement = segment->is_statement};
        if (is_first)
            begin_sequence(out, &now, segment->low);
        add_row(out, &now, &row);
        if (is_last)
            end_sequence(out, &now, end_of(joined, all->rows[i]));
    }
}

/* Files that functions are called in are known by then, so that this is after the unit's functions.
 */
static void write_lines(writing *all, uint32_t unit) {
    static const uint8_t operands[] = {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};
    tc_buffer program = {0}, *out = &all->out->lines;
    write_program(all, unit, &program);
    if (!all->file_count)
        tc_buffer_add(&all->file_names, "?\0\0\0", 5);
    size_t start = out->length;
    add_4(out, 0);
    add_2(out, 4);
    add_4(out, 0);
    size_t header = out->length;
    add_1(out, 1); /* the shortest instruction, */
    add_1(out, 1); /* how many at once */
    add_1(out, 1); /* rows are statements from the start */
    add_1(out, (unsigned)LINE_BASE & 0xff);
    add_1(out, LINE_RANGE);
    add_1(out, OPCODE_BASE);
    tc_buffer_add(out, operands, sizeof operands);
    add_1(out, 0); /* no folders but the unit's */
    tc_buffer_add(out, all->file_names.data, all->file_names.length);
    add_1(out, 0);
    set_4(out, header - 4, out->length - header);
    if (program.length)
        tc_buffer_add(out, program.data, program.length);
    set_4(out, start, out->length - start - 4);
    tc_buffer_reset(&program);
}

/* ---- functions ---- */

static size_t write_ranges(writing *all, const node *node, uint64_t entry) {
    tc_buffer *out = &all->out->ranges;
    size_t start = out->length;
    /* The one with the entry comes first: debuggers take the beginning of that for it. */
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = node->first_range; i != TC_NONE; i = all->ranges[i].next) {
            const range *range = &all->ranges[i];
            bool has_entry = range->low <= entry && entry < range->high;
            if (has_entry == (round == 0)) {
                add_8(out, range->low);
                add_8(out, range->high);
            }
        }
    }
    add_8(out, 0);
    add_8(out, 0);
    return start;
}

static size_t write_unit_ranges(writing *all, uint32_t unit) {
    tc_buffer *out = &all->out->ranges;
    size_t start = out->length;
    for (uint32_t root = all->roots[unit]; root != TC_NONE; root = all->nodes[root].next) {
        for (uint32_t i = all->nodes[root].first_range; i != TC_NONE; i = all->ranges[i].next) {
            add_8(out, all->ranges[i].low);
            add_8(out, all->ranges[i].high);
        }
    }
    add_8(out, 0);
    add_8(out, 0);
    return start;
}

/* The abstract instances of all that is inlined in a context. */
static void write_abstracts(writing *all, uint32_t context) {
    tc_buffer *out = &all->out->info;
    for (uint32_t child = all->nodes[context].first_child; child != TC_NONE;
         child = all->nodes[child].next) {
        const tc_context *inlined = &all->joined->contexts[child];
        uint32_t key = inlined->linkage_name ? inlined->linkage_name : inlined->name;
        if (all->abstract_stamps[key] != all->stamp) {
            all->abstract_stamps[key] = all->stamp;
            all->unit_abstracts[key] = (uint32_t)(out->length - all->unit_start);
            add_unsigned(out, ABSTRACT + (inlined->linkage_name ? WITH_LINKAGE : 0));
            add_4(out, inlined->name);
            add_1(out, DW_INL_inlined);
            if (inlined->linkage_name)
                add_4(out, inlined->linkage_name);
        }
        all->abstracts[child] = all->unit_abstracts[key];
        write_abstracts(all, child);
    }
}

static void write_inlined(writing *all, uint32_t unit, uint32_t context) {
    tc_buffer *out = &all->out->info;
    for (uint32_t child = all->nodes[context].first_child; child != TC_NONE;
         child = all->nodes[child].next) {
        const tc_context *inlined = &all->joined->contexts[child];
        uint32_t file = file_number(all, unit, inlined->call_file);
        add_unsigned(out, file ? INLINED : INLINED_SOMEWHERE);
        add_4(out, all->abstracts[child]);
        add_4(out, write_ranges(all, &all->nodes[child], 0));
        if (file) {
            add_unsigned(out, file);
            add_unsigned(out, inlined->call_line);
        }
        write_inlined(all, unit, child);
    }
    add_1(out, 0);
}

static void write_function(writing *all, uint32_t unit, uint32_t root) {
    tc_buffer *out = &all->out->info;
    const node *node = &all->nodes[root];
    const tc_context *function = &all->joined->contexts[root];
    if (node->first_range == TC_NONE)
        return;
    write_abstracts(all, root);
    bool in_one_piece = node->first_range == node->last_range;
    add_unsigned(out, (in_one_piece ? FUNCTION : FUNCTION_RANGES) +
                          (function->linkage_name ? WITH_LINKAGE : 0));
    add_4(out, function->name);
    if (in_one_piece) {
        const range *range = &all->ranges[node->first_range];
        add_8(out, range->low);
        add_8(out, range->high - range->low);
    } else {
        add_4(out, write_ranges(all, node, function->entry));
    }
    if (function->linkage_name)
        add_4(out, function->linkage_name);
    write_inlined(all, unit, root);
}

static void write_unit(writing *all, uint32_t unit) {
    tc_buffer *out = &all->out->info;
    const struct tc_lines *lines = all->joined->lines;
    if (all->roots[unit] == TC_NONE)
        return;
    tc_unit of = {.language = DW_LANG_C99};
    if (unit < lines->unit_count)
        of = lines->units[unit];
    all->stamp++;
    all->file_count = 0;
    all->file_names.length = 0;
    all->unit_start = out->length;
    add_4(out, 0);
    add_2(out, 4);
    add_4(out, 0);
    add_1(out, 8);
    add_unsigned(out, UNIT);
    add_4(out, of.name);
    add_4(out, of.directory);
    add_2(out, of.language);
    add_8(out, 0);
    add_4(out, write_unit_ranges(all, unit));
    add_4(out, all->out->lines.length);
    for (uint32_t root = all->roots[unit]; root != TC_NONE; root = all->nodes[root].next)
        write_function(all, unit, root);
    add_1(out, 0);
    set_4(out, all->unit_start, out->length - all->unit_start - 4);
    write_lines(all, unit);
}

static void *numbers(size_t count) {
    return tc_allocate((count + 1) * sizeof(uint32_t));
}

void tc_dwarf_write(tc_dwarf *dwarf, const tc_joined *joined) {
    size_t text_length = joined->lines->strings.text.length;
    writing all = {.joined = joined,
                   .out = dwarf,
                   .nodes = tc_allocate((joined->context_count + 1) * sizeof *all.nodes),
                   .unit_count = (uint32_t)joined->lines->unit_count + 1};
    all.roots = numbers(all.unit_count);
    all.last_root = numbers(all.unit_count);
    all.row_ends = numbers(all.unit_count);
    all.rows = numbers(joined->segment_count);
    all.files = numbers(text_length);
    all.file_stamps = numbers(text_length);
    all.abstracts = numbers(joined->context_count);
    all.unit_abstracts = numbers(text_length);
    all.abstract_stamps = numbers(text_length);
    for (uint32_t unit = 0; unit < all.unit_count; unit++)
        all.roots[unit] = TC_NONE;
    make_nodes(&all);
    sort_rows(&all);
    write_abbreviations(&dwarf->abbreviations);
    for (uint32_t unit = 0; unit < all.unit_count; unit++)
        write_unit(&all, unit);
    tc_buffer_add(&dwarf->strings, joined->lines->strings.text.data, text_length);
    uint32_t *lists[] = {all.roots,     all.last_root,      all.row_ends,
                         all.rows,      all.files,          all.file_stamps,
                         all.abstracts, all.unit_abstracts, all.abstract_stamps};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        free(lists[i]);
    free(all.nodes);
    free(all.ranges);
    tc_buffer_reset(&all.file_names);
}
