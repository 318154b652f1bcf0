/* The linked program's DWARF, as the C compiler wrote it: of which line of which function's C each
 * instruction is, and which functions are inlined there. Lines of other C, of the runtime's
 * headers, have no function's name for their file.
 */
#include "stages/lines/lines.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEPTH_MOST = 256 };

typedef struct reading {
    const tc_strings *names;
    uint32_t *by_name; /* by offset in the names: number of the function + 1 */
    tc_sweep sweep;
    tc_buffer scopes; /* tc_native_scope */
    Dwarf_Files *files;
    bool is_wrong;
} reading;

static uint32_t find_function(const reading *all, const char *name) {
    uint32_t offset = name ? tc_strings_find(all->names, name) : 0;
    return offset ? all->by_name[offset] - 1 : TC_NONE;
}

/* The file's name is that of a function, in whatever folder. */
static uint32_t find_file(const reading *all, const char *path) {
    return path ? find_function(all, tc_path_name(path)) : TC_NONE;
}

static uint32_t read_number(Dwarf_Die *die, unsigned name) {
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    if (!dwarf_attr(die, name, &attribute) || dwarf_formudata(&attribute, &value) < 0)
        return 0;
    return (uint32_t)value;
}

/* Functions by the symbol table: clang says nothing else of those in which it has inlined nothing.
 * Behind a '.' is what the compiler has called a part of a function, or a copy. */
static void add_symbols(reading *all, const Elf64_Sym *symbols, size_t count, const char *names,
                        size_t names_size) {
    for (size_t i = 0; i < count; i++) {
        const Elf64_Sym *symbol = &symbols[i];
        if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || !symbol->st_size ||
            symbol->st_name >= names_size)
            continue;
        char *name = tc_copy_text(names + symbol->st_name);
        name[strcspn(name, ".")] = 0;
        uint32_t function = find_function(all, name);
        free(name);
        if (function == TC_NONE)
            continue;
        uint32_t number = (uint32_t)(all->scopes.length / sizeof(tc_native_scope));
        tc_native_scope scope = {.parent = TC_NONE,
                                 .function = function,
                                 .call_file = TC_NONE,
                                 .entry = symbol->st_value};
        tc_buffer_add(&all->scopes, &scope, sizeof scope);
        tc_sweep_add_span(&all->sweep, (tc_span){symbol->st_value,
                                                 symbol->st_value + symbol->st_size, 0, number});
    }
}

static void read_symbols(reading *all, Elf *elf) {
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
        const Elf64_Shdr *header = elf64_getshdr(section);
        if (!header || header->sh_type != SHT_SYMTAB)
            continue;
        Elf_Data *symbols = elf_getdata(section, NULL);
        Elf_Data *names = elf_getdata(elf_getscn(elf, header->sh_link), NULL);
        if (symbols && names && names->d_size && !((char *)names->d_buf)[names->d_size - 1])
            add_symbols(all, symbols->d_buf, symbols->d_size / sizeof(Elf64_Sym), names->d_buf,
                        names->d_size);
    }
}

static uint32_t add_scope(reading *all, Dwarf_Die *die, uint32_t parent) {
    uint32_t number = (uint32_t)(all->scopes.length / sizeof(tc_native_scope));
    tc_native_scope scope = {
        .parent = parent, .function = find_function(all, dwarf_diename(die)), .call_file = TC_NONE};
    Dwarf_Addr base, low = 0, high;
    if (parent != TC_NONE && all->files) {
        scope.call_file = find_file(
            all, dwarf_filesrc(all->files, read_number(die, DW_AT_call_file), NULL, NULL));
        scope.call_line = read_number(die, DW_AT_call_line);
    }
    if (dwarf_ranges(die, 0, &base, &low, &high) > 0)
        scope.entry = low;
    tc_buffer_add(&all->scopes, &scope, sizeof scope);
    return number;
}

static void add_ranges(reading *all, Dwarf_Die *die, uint32_t depth, uint32_t scope) {
    Dwarf_Addr base, low, high;
    ptrdiff_t offset = 0;
    while ((offset = dwarf_ranges(die, offset, &base, &low, &high)) > 0)
        tc_sweep_add_span(&all->sweep, (tc_span){low, high, depth, scope});
}

/* Functions of the guest's, and all that is inlined in them. */
static void read_children(reading *all, Dwarf_Die *die, uint32_t parent, uint32_t depth) {
    Dwarf_Die child;
    if (depth >= DEPTH_MOST || !dwarf_haschildren(die))
        return;
    int more = dwarf_child(die, &child);
    for (; more == 0; more = dwarf_siblingof(&child, &child)) {
        int tag = dwarf_tag(&child);
        uint32_t scope = parent;
        if (tag == DW_TAG_subprogram) {
            if (find_function(all, dwarf_diename(&child)) == TC_NONE)
                continue;
            scope = add_scope(all, &child, TC_NONE);
            add_ranges(all, &child, depth, scope);
        } else if (tag == DW_TAG_inlined_subroutine && parent != TC_NONE) {
            scope = add_scope(all, &child, parent);
            add_ranges(all, &child, depth, scope);
        } else if (parent == TC_NONE) {
            continue;
        }
        read_children(all, &child, scope, depth + 1);
    }
    all->is_wrong |= more < 0;
}

static void read_rows(reading *all, Dwarf_Die *die) {
    Dwarf_Lines *lines;
    size_t count;
    const char *last_source = NULL;
    uint32_t last_file = TC_NONE;
    if (dwarf_getsrclines(die, &lines, &count) < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        Dwarf_Line *row = dwarf_onesrcline(lines, i);
        tc_point point = {0};
        Dwarf_Addr address = 0;
        int line = 0;
        dwarf_lineaddr(row, &address);
        dwarf_lineno(row, &line);
        dwarf_lineendsequence(row, &point.is_end);
        dwarf_linebeginstatement(row, &point.is_statement);
        const char *source = dwarf_linesrc(row, NULL, NULL);
        if (source != last_source) {
            last_source = source;
            last_file = find_file(all, source);
        }
        point.address = address;
        point.file = last_file;
        point.line = line < 0 ? 0 : (uint32_t)line;
        tc_sweep_add_point(&all->sweep, point);
    }
}

static void read_unit(reading *all, Dwarf_Die *die) {
    size_t file_count;
    all->files = NULL;
    if (dwarf_getsrcfiles(die, &all->files, &file_count) < 0)
        all->files = NULL;
    read_children(all, die, TC_NONE, 1); /* inside the functions of the symbol table */
    read_rows(all, die);
}

static const char *read_program(reading *all, int file) {
    Dwarf *dwarf = dwarf_begin(file, DWARF_C_READ);
    Dwarf_CU *unit = NULL;
    Dwarf_Die die;
    Dwarf_Half version;
    uint8_t type;
    int more;
    if (!dwarf)
        return "the compiler wrote no DWARF that can be read";
    read_symbols(all, dwarf_getelf(dwarf));
    while ((more = dwarf_get_units(dwarf, unit, &unit, &version, &type, &die, NULL)) == 0) {
        if (dwarf_tag(&die) == DW_TAG_compile_unit)
            read_unit(all, &die);
    }
    dwarf_end(dwarf);
    return more < 0 || all->is_wrong ? "the compiler wrote DWARF that cannot be read" : NULL;
}

const char *tc_native_read(tc_native *native, struct tc_lines *lines, const char *program) {
    reading all = {.names = &lines->names,
                   .by_name = tc_allocate((lines->names.text.length + 1) * sizeof *all.by_name)};
    for (uint32_t i = 0; i < lines->function_count; i++)
        all.by_name[lines->functions[i].name] = i + 1;
    int file = open(program, O_RDONLY | O_CLOEXEC);
    const char *problem = file < 0 ? "it cannot be read" : read_program(&all, file);
    if (file >= 0)
        close(file);
    native->segments = tc_sweep_run(&all.sweep, &native->segment_count);
    native->scopes = (tc_native_scope *)(void *)all.scopes.data;
    native->scope_count = all.scopes.length / sizeof *native->scopes;
    tc_sweep_reset(&all.sweep);
    free(all.by_name);
    return problem;
}

void tc_native_reset(tc_native *native) {
    free(native->segments);
    free(native->scopes);
    *native = (tc_native){0};
}
