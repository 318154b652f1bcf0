/* The module's DWARF, read by libdw, which wants ELF: the sections .debug_… are handed to it as
 * those of an object file in memory. All of this is run in a process of its own (isolated.c).
 */
#include "stages/lines/lines.h"

#include <dwarf.h>
#include <elf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

#include "stages/module/module.h"
#include "stages/module/reader.h"

enum { SECTIONS_MOST = 64, DEPTH_MOST = 128 };

static const char not_readable[] = "it is damaged, or of a version that is not known";

/* ---- the module's sections ---- */

typedef struct custom {
    char name[64];
    const uint8_t *start;
    size_t length;
} custom;

/* A module's code and debugging information. */
typedef struct sections {
    custom items[SECTIONS_MOST];
    size_t count;
    tc_reader code;
} sections;

static void add_custom(sections *out, tc_reader section) {
    tc_name name = tc_read_name(&section);
    if (!section.problem && out->count < SECTIONS_MOST && name.length > 7 && name.length < 64 &&
        memcmp(name.text, ".debug_", 7) == 0 && !memchr(name.text, 0, name.length)) {
        custom *item = &out->items[out->count++];
        *item = (custom){.start = section.at, .length = tc_reader_left(&section)};
        memcpy(item->name, name.text, name.length);
    }
    free(section.problem);
}

static void find_sections(sections *out, const tc_wasm *wasm) {
    const uint8_t *start = (const uint8_t *)wasm->bytes.data;
    tc_reader in = {.start = start, .at = start + TC_PREAMBLE, .end = start + wasm->bytes.length};
    *out = (sections){0};
    while (tc_reader_left(&in) && !in.problem) {
        uint8_t id = tc_read_byte(&in);
        uint32_t size = tc_read_u32(&in);
        tc_reader section = {.start = in.at, .at = in.at, .end = in.at};
        tc_skip(&in, size);
        section.end = in.at;
        if (in.problem)
            break;
        if (id == TC_SECTION_CUSTOM)
            add_custom(out, section);
        else if (id == TC_SECTION_CODE)
            out->code = section;
    }
    free(in.problem);
}

size_t tc_guest_lines_size(const tc_wasm *wasm, size_t *code_offset) {
    sections all;
    size_t size = 0;
    find_sections(&all, wasm);
    *code_offset =
        all.code.start ? (size_t)(all.code.start - (const uint8_t *)wasm->bytes.data) : 0;
    for (size_t i = 0; i < all.count; i++)
        size += all.items[i].length;
    return size;
}

/* ---- as an object file ---- */

static void make_object(const sections *all, tc_buffer *out) {
    Elf32_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_386, /* 32 bits, the lowest byte first */
        .e_version = EV_CURRENT,
        .e_ehsize = sizeof header,
        .e_shentsize = sizeof(Elf32_Shdr)};
    Elf32_Shdr table[SECTIONS_MOST + 2] = {0};
    tc_buffer names = {0};
    tc_buffer_add(&names, "", 1);
    tc_buffer_add(out, &header, sizeof header);
    for (size_t i = 0; i < all->count; i++) {
        table[i + 1] = (Elf32_Shdr){.sh_name = (Elf32_Word)names.length,
                                    .sh_type = SHT_PROGBITS,
                                    .sh_offset = (Elf32_Off)out->length,
                                    .sh_size = (Elf32_Word)all->items[i].length,
                                    .sh_addralign = 1};
        tc_buffer_add(&names, all->items[i].name, strlen(all->items[i].name) + 1);
        tc_buffer_add(out, all->items[i].start, all->items[i].length);
    }
    Elf32_Shdr *last = &table[all->count + 1];
    *last = (Elf32_Shdr){.sh_name = (Elf32_Word)names.length,
                         .sh_type = SHT_STRTAB,
                         .sh_offset = (Elf32_Off)out->length,
                         .sh_addralign = 1};
    tc_buffer_add(&names, ".shstrtab", sizeof ".shstrtab");
    last->sh_size = (Elf32_Word)names.length;
    tc_buffer_add(out, names.data, names.length);
    tc_buffer_add(out, "\0\0\0\0", -out->length & 3);
    header.e_shoff = (Elf32_Off)out->length;
    header.e_shnum = (Elf32_Half)(all->count + 2);
    header.e_shstrndx = (Elf32_Half)(all->count + 1);
    tc_buffer_add(out, table, (all->count + 2) * sizeof *table);
    memcpy(out->data, &header, sizeof header);
    tc_buffer_reset(&names);
}

/* ---- what is read ---- */

typedef struct reading {
    tc_strings strings;
    tc_sweep sweep;
    tc_buffer scopes, units; /* tc_scope, tc_unit */
    uint64_t code_size;
    Dwarf_Files *files; /* of the unit that is read */
    uint32_t unit;
    bool is_wrong;
    bool has_odd_names;
} reading;

/* A name that is in nobody's program, but would be in the terminal of who reads it. */
static bool is_odd(const char *text) {
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    }
    return false;
}

static uint32_t add_text(reading *all, const char *text) {
    all->has_odd_names |= text && is_odd(text);
    return text ? tc_strings_add(&all->strings, text) : 0;
}

static uint32_t read_linkage_name(reading *all, Dwarf_Die *die) {
    Dwarf_Attribute attribute;
    if (!dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) &&
        !dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
        return 0;
    return add_text(all, dwarf_formstring(&attribute));
}

static uint32_t read_number(Dwarf_Die *die, unsigned name) {
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    if (!dwarf_attr(die, name, &attribute) || dwarf_formudata(&attribute, &value) < 0 ||
        value > INT32_MAX)
        return 0;
    return (uint32_t)value;
}

static uint32_t add_scope(reading *all, Dwarf_Die *die, uint32_t parent) {
    uint32_t number = (uint32_t)(all->scopes.length / sizeof(tc_scope));
    tc_scope scope = {.parent = parent,
                      .name = add_text(all, dwarf_diename(die)),
                      .linkage_name = read_linkage_name(all, die),
                      .unit = all->unit};
    if (parent != TC_NONE) {
        uint32_t file = read_number(die, DW_AT_call_file);
        scope.call_line = read_number(die, DW_AT_call_line);
        scope.call_file =
            all->files ? add_text(all, dwarf_filesrc(all->files, file, NULL, NULL)) : 0;
    }
    tc_buffer_add(&all->scopes, &scope, sizeof scope);
    return number;
}

/* The function's addresses; false: it has none, or is not in the module any more. */
static bool add_ranges(reading *all, Dwarf_Die *die, uint32_t depth, uint32_t scope) {
    Dwarf_Addr base, low, high;
    ptrdiff_t offset = 0;
    bool has_any = false;
    while ((offset = dwarf_ranges(die, offset, &base, &low, &high)) > 0) {
        if (low == 0 || low >= high || high > all->code_size)
            continue;
        if (scope != TC_NONE)
            tc_sweep_add_span(&all->sweep, (tc_span){low, high, depth, scope});
        has_any = true;
    }
    return has_any;
}

static void read_children(reading *all, Dwarf_Die *die, uint32_t parent, uint32_t depth) {
    Dwarf_Die child;
    if (depth >= DEPTH_MOST || !dwarf_haschildren(die))
        return;
    int more = dwarf_child(die, &child);
    for (; more == 0; more = dwarf_siblingof(&child, &child)) {
        int tag = dwarf_tag(&child);
        uint32_t scope = parent;
        bool is_function = tag == DW_TAG_subprogram;
        bool is_inlined = tag == DW_TAG_inlined_subroutine && parent != TC_NONE;
        if ((is_function || is_inlined) && add_ranges(all, &child, depth, TC_NONE)) {
            scope = add_scope(all, &child, is_function ? TC_NONE : parent);
            add_ranges(all, &child, depth, scope);
        }
        read_children(all, &child, scope, depth + 1);
    }
    all->is_wrong |= more < 0;
}

static void read_rows(reading *all, Dwarf_Die *die) {
    Dwarf_Lines *lines;
    size_t count;
    Dwarf_Attribute attribute;
    if (!dwarf_attr(die, DW_AT_stmt_list, &attribute))
        return;
    if (dwarf_getsrclines(die, &lines, &count) < 0) {
        all->is_wrong = true;
        return;
    }
    const char *last_source = NULL;
    uint32_t last_file = 0;
    for (size_t i = 0; i < count; i++) {
        Dwarf_Line *row = dwarf_onesrcline(lines, i);
        Dwarf_Addr address = 0;
        int line = 0;
        bool is_end = false;
        dwarf_lineaddr(row, &address);
        dwarf_lineno(row, &line);
        dwarf_lineendsequence(row, &is_end);
        if (address == 0 || address > all->code_size)
            continue;
        const char *source = dwarf_linesrc(row, NULL, NULL);
        if (source != last_source) {
            last_source = source;
            last_file = add_text(all, source);
        }
        tc_sweep_add_point(&all->sweep, (tc_point){.address = address,
                                                   .file = last_file,
                                                   .line = line < 0 ? 0 : (uint32_t)line,
                                                   .is_end = is_end,
                                                   .is_statement = true});
    }
}

static void read_unit(reading *all, Dwarf_Die *die) {
    size_t file_count;
    Dwarf_Attribute attribute;
    tc_unit unit = {.name = add_text(all, dwarf_diename(die))};
    if (dwarf_attr(die, DW_AT_comp_dir, &attribute))
        unit.directory = add_text(all, dwarf_formstring(&attribute));
    int language = dwarf_srclang(die);
    unit.language = language > 0 && language <= 0xffff ? (uint32_t)language : DW_LANG_C99;
    all->unit = (uint32_t)(all->units.length / sizeof unit);
    tc_buffer_add(&all->units, &unit, sizeof unit);
    all->files = NULL;
    if (dwarf_getsrcfiles(die, &all->files, &file_count) < 0)
        all->files = NULL;
    read_rows(all, die);
    read_children(all, die, TC_NONE, 0);
}

static const char *read_dwarf(reading *all, Elf *elf) {
    Dwarf *dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
    Dwarf_CU *unit = NULL;
    Dwarf_Die die;
    Dwarf_Half version;
    uint8_t type;
    int more;
    if (!dwarf)
        return not_readable;
    while ((more = dwarf_get_units(dwarf, unit, &unit, &version, &type, &die, NULL)) == 0) {
        if (dwarf_tag(&die) == DW_TAG_compile_unit)
            read_unit(all, &die);
    }
    if (more < 0 || all->is_wrong)
        return not_readable;
    if (all->has_odd_names)
        return "it has names with control characters in them";
    return NULL;
}

static const char *read_object(reading *all, const tc_buffer *object) {
    elf_version(EV_CURRENT);
    Elf *elf = elf_memory(object->data, object->length);
    return elf ? read_dwarf(all, elf) : not_readable;
}

/* ---- functions' bodies ---- */

/* Where each begins is a row, and nothing that is said before it holds there. Returns the
 * beginnings.
 */
static uint32_t *add_bodies(reading *all, tc_reader code, size_t *body_count) {
    uint32_t count = tc_read_count(&code);
    uint32_t *starts = tc_allocate((count + 1) * sizeof *starts);
    for (*body_count = 0; *body_count < count && !code.problem; (*body_count)++) {
        uint32_t size = tc_read_u32(&code);
        starts[*body_count] = (uint32_t)(code.at - code.start);
        tc_sweep_add_point(&all->sweep, (tc_point){.address = starts[*body_count], .is_end = true});
        tc_skip(&code, size);
    }
    free(code.problem);
    return starts;
}

/* Functions that the DWARF says something of. */
typedef struct described {
    reading *all;
    uint32_t *starts;
    bool *is_described;
    size_t count;
    size_t at; /* the function that was last asked for */
} described;

static size_t find_body(const described *of, uint64_t address) {
    size_t low = 0, high = of->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (of->starts[middle] <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void add_place(uint32_t function, uint32_t place, void *context) {
    described *of = context;
    while (of->at < of->count && of->starts[of->at] < function)
        of->at++;
    if (of->at < of->count && of->starts[of->at] == function && !of->is_described[of->at])
        tc_sweep_add_point(&of->all->sweep, (tc_point){.address = place, .is_end = true});
}

/* Functions of which no line is known have rows at what calls or may trap: where that is. */
static void add_places(reading *all, const tc_wasm *wasm, uint32_t *starts, size_t count) {
    described of = {all, starts, tc_allocate(count + 1), count, 0};
    for (size_t i = 0; i < all->sweep.point_count; i++) {
        const tc_point *point = &all->sweep.points[i];
        size_t body = find_body(&of, point->address);
        if (body && !point->is_end)
            of.is_described[body - 1] = true;
    }
    tc_module_each_place(wasm, add_place, &of);
    free(of.is_described);
}

/* ---- what is handed on ---- */

typedef struct head {
    uint64_t rows, scopes, units, strings;
} head;

static void add_rows(tc_buffer *out, reading *all, head *head) {
    size_t count;
    tc_segment *segments = tc_sweep_run(&all->sweep, &count);
    size_t start = out->length;
    for (size_t i = 0; i < count; i++)
        tc_buffer_add(out,
                      &(tc_row){(uint32_t)segments[i].low, segments[i].file, segments[i].line,
                                segments[i].scope},
                      sizeof(tc_row));
    head->rows = (out->length - start) / sizeof(tc_row);
    free(segments);
}

const char *tc_guest_lines(const tc_wasm *wasm, bool with_dwarf, tc_buffer *out) {
    sections all;
    reading reading = {0};
    tc_buffer object = {0};
    find_sections(&all, wasm);
    all.count = with_dwarf ? all.count : 0;
    reading.code_size = (uint64_t)(all.code.end - all.code.start);
    tc_strings_add(&reading.strings, "");
    size_t body_count = 0;
    uint32_t *starts = all.code.start ? add_bodies(&reading, all.code, &body_count) : NULL;
    if (all.count) {
        make_object(&all, &object);
        const char *problem = read_object(&reading, &object);
        if (problem)
            return problem;
    }
    add_places(&reading, wasm, starts, body_count);
    free(starts);
    size_t at = out->length;
    head head = {.scopes = reading.scopes.length / sizeof(tc_scope),
                 .units = reading.units.length / sizeof(tc_unit),
                 .strings = reading.strings.text.length};
    tc_buffer_add(out, &head, sizeof head);
    add_rows(out, &reading, &head);
    memcpy(out->data + at, &head, sizeof head);
    tc_buffer_add(out, reading.scopes.data, reading.scopes.length);
    tc_buffer_add(out, reading.units.data, reading.units.length);
    tc_buffer_add(out, reading.strings.text.data, reading.strings.text.length);
    if (!with_dwarf) { /* else all of it goes with the process */
        tc_sweep_reset(&reading.sweep);
        tc_strings_reset(&reading.strings);
    }
    return NULL;
}

/* ---- taken ---- */

/* Copies a table; false: there is not as much. */
static bool take(tc_reader *in, uint64_t count, size_t size, void *out_items, size_t *out_count) {
    if (count > tc_reader_left(in) / size)
        return false;
    void *items = tc_allocate(count * size);
    if (count)
        memcpy(items, in->at, count * size);
    in->at += count * size;
    *(void **)out_items = items;
    *out_count = count;
    return true;
}

static bool is_text(const tc_buffer *text, uint32_t offset) {
    return offset < text->length;
}

/* What was read by a process that may have been led astray is not trusted. */
static bool is_sound(const struct tc_lines *lines) {
    const tc_buffer *text = &lines->strings.text;
    bool sound = text->length && !text->data[text->length - 1] && !text->data[0] &&
                 text->length < UINT32_MAX && lines->row_count < INT32_MAX &&
                 lines->scope_count < INT32_MAX;
    for (size_t i = 0; i < lines->row_count && sound; i++) {
        const tc_row *row = &lines->rows[i];
        sound = is_text(text, row->file) && row->line <= INT32_MAX &&
                (row->scope == TC_NONE || row->scope < lines->scope_count) &&
                (i == 0 || row[-1].address < row->address);
    }
    for (size_t i = 0; i < lines->scope_count && sound; i++) {
        const tc_scope *scope = &lines->scopes[i];
        sound = is_text(text, scope->name) && is_text(text, scope->linkage_name) &&
                is_text(text, scope->call_file) && scope->unit < lines->unit_count &&
                (scope->parent == TC_NONE || scope->parent < i);
    }
    for (size_t i = 0; i < lines->unit_count && sound; i++)
        sound = is_text(text, lines->units[i].name) && is_text(text, lines->units[i].directory);
    return sound;
}

/* The texts with their hash table: the same offsets again, as they are written in order. */
static bool take_strings(tc_strings *strings, const tc_reader *in) {
    const char *text = (const char *)in->at, *end = (const char *)in->end;
    tc_strings_add(strings, "");
    if (text == end || *text || end[-1])
        return false;
    for (text++; text < end; text += strlen(text) + 1) {
        if (tc_strings_add(strings, text) != (uint32_t)(text - (const char *)in->at))
            return false;
    }
    return true;
}

bool tc_guest_lines_take(struct tc_lines *lines, const tc_buffer *text) {
    head head;
    const uint8_t *start = (const uint8_t *)text->data;
    tc_reader in = {.start = start, .at = start + 1, .end = start + text->length};
    if (text->length < 1 + sizeof head)
        return false;
    memcpy(&head, in.at, sizeof head);
    in.at += sizeof head;
    return take(&in, head.rows, sizeof *lines->rows, &lines->rows, &lines->row_count) &&
           take(&in, head.scopes, sizeof *lines->scopes, &lines->scopes, &lines->scope_count) &&
           take(&in, head.units, sizeof *lines->units, &lines->units, &lines->unit_count) &&
           take_strings(&lines->strings, &in) && is_sound(lines);
}
