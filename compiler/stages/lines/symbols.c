/* Symbols with the guest's own names, for what knows functions by symbols only (perf, valgrind,
 * nm): each stands beside the one of the C function, which becomes weak, so that of the two the
 * guest's is preferred. The runtime and `timecraft profile` go on to find those of the C.
 *
 * The program is a linker's output. Its symbol table and the names of it are written anew at the
 * end of the file; nothing else moves.
 */
#include "stages/lines/lines.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

typedef struct image {
    tc_buffer file;
    Elf64_Shdr *symbols, *names; /* in the file */
} image;

static bool is_inside(const image *of, uint64_t offset, uint64_t length) {
    return offset <= of->file.length && length <= of->file.length - offset;
}

static bool find_tables(image *of) {
    Elf64_Ehdr *header = (Elf64_Ehdr *)(void *)of->file.data;
    if (!is_inside(of, 0, sizeof *header) || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_shentsize != sizeof(Elf64_Shdr) ||
        header->e_shoff % _Alignof(Elf64_Shdr) ||
        !is_inside(of, header->e_shoff, header->e_shnum * sizeof(Elf64_Shdr)))
        return false;
    Elf64_Shdr *sections = (Elf64_Shdr *)(void *)(of->file.data + header->e_shoff);
    for (size_t i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type != SHT_SYMTAB || sections[i].sh_link >= header->e_shnum)
            continue;
        of->symbols = &sections[i];
        of->names = &sections[sections[i].sh_link];
        return of->symbols->sh_offset % _Alignof(Elf64_Sym) == 0 &&
               is_inside(of, of->symbols->sh_offset, of->symbols->sh_size) &&
               is_inside(of, of->names->sh_offset, of->names->sh_size) && of->names->sh_size &&
               !of->file.data[of->names->sh_offset + of->names->sh_size - 1];
    }
    return false;
}

/* The guest's name for a symbol of the C, or NULL. Behind a '.' is what the compiler calls a part
 * of a function. */
static char *guest_name(const struct tc_lines *lines, const uint32_t *by_name, const char *name) {
    char *copy = tc_copy_text(name);
    size_t length = strcspn(copy, ".");
    copy[length] = 0;
    uint32_t offset = tc_strings_find(&lines->names, copy);
    free(copy);
    if (!offset || !by_name[offset])
        return NULL;
    const tc_lines_function *function = &lines->functions[by_name[offset] - 1];
    return tc_format("%s%s", lines->strings.text.data + function->shown, name + length);
}

static void add_symbols(image *of, const struct tc_lines *lines, const uint32_t *by_name) {
    tc_buffer symbols = {0}, names = {0}, added = {0};
    const char *old_names = of->file.data + of->names->sh_offset;
    tc_buffer_add(&symbols, of->file.data + of->symbols->sh_offset, of->symbols->sh_size);
    tc_buffer_add(&names, old_names, of->names->sh_size);
    Elf64_Sym *table = (Elf64_Sym *)(void *)symbols.data;
    for (size_t i = 0; i < of->symbols->sh_size / sizeof *table; i++) {
        Elf64_Sym *symbol = &table[i];
        if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_name >= of->names->sh_size)
            continue;
        char *name = guest_name(lines, by_name, old_names + symbol->st_name);
        if (!name)
            continue;
        Elf64_Sym twin = *symbol;
        twin.st_name = (Elf64_Word)names.length;
        twin.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
        if (ELF64_ST_BIND(symbol->st_info) == STB_GLOBAL)
            symbol->st_info = ELF64_ST_INFO(STB_WEAK, STT_FUNC);
        tc_buffer_add(&names, name, strlen(name) + 1);
        tc_buffer_add(&added, &twin, sizeof twin);
        free(name);
    }
    if (added.length)
        tc_buffer_add(&symbols, added.data, added.length);
    of->symbols->sh_size = symbols.length;
    of->names->sh_size = names.length;
    /* The headers' place may change when the file grows. */
    size_t symbols_header = (size_t)((char *)of->symbols - of->file.data);
    size_t names_header = (size_t)((char *)of->names - of->file.data);
    tc_buffer_add(&of->file, "\0\0\0\0\0\0\0", -of->file.length & 7);
    Elf64_Off symbols_at = of->file.length;
    tc_buffer_add(&of->file, symbols.data, symbols.length);
    Elf64_Off names_at = of->file.length;
    tc_buffer_add(&of->file, names.data, names.length);
    ((Elf64_Shdr *)(void *)(of->file.data + symbols_header))->sh_offset = symbols_at;
    ((Elf64_Shdr *)(void *)(of->file.data + names_header))->sh_offset = names_at;
    tc_buffer_reset(&symbols);
    tc_buffer_reset(&names);
    tc_buffer_reset(&added);
}

int tc_symbols_add(const struct tc_lines *lines, const char *program) {
    image of = {0};
    uint32_t *by_name = tc_allocate((lines->names.text.length + 1) * sizeof *by_name);
    for (uint32_t i = 0; i < lines->function_count; i++)
        by_name[lines->functions[i].name] = i + 1;
    int result = tc_file_read(program, SIZE_MAX / 2, &of.file);
    if (result == 0 && find_tables(&of)) {
        add_symbols(&of, lines, by_name);
        result = tc_file_write(program, of.file.data, of.file.length);
    }
    free(by_name);
    tc_buffer_reset(&of.file);
    return result;
}
