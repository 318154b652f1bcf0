/* Names of the guest's functions, from the program's own symbol table (elf(5)). */
#include "guest/symbols.h"

#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* How wasm2c begins the C names of a module that is called "guest". */
static const char guest_prefix[] = "w2c_guest_";

typedef tc_symbols_image image;

/* Borrowed pointer to `count` elements at a file offset, or NULL if they are not all in the file,
 * or not aligned. */
static const void *image_array(const image *file, uint64_t offset, uint64_t count, size_t size,
                               size_t alignment) {
    if (offset > file->size || count > (file->size - offset) / size || offset % alignment != 0)
        return NULL;
    return file->start + offset;
}

static bool map_self(image *file) {
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    struct stat status;
    void *start = MAP_FAILED;
    if (fstat(fd, &status) == 0 && status.st_size > 0)
        start = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (start == MAP_FAILED)
        return false;
    *file = (image){start, (size_t)status.st_size};
    return true;
}

/* The file's sections, or NULL; sets how many there are. */
static const Elf64_Shdr *find_sections(const image *file, const Elf64_Ehdr **header) {
    *header = image_array(file, 0, 1, sizeof **header, 1);
    if (!*header || memcmp((*header)->e_ident, ELFMAG, SELFMAG) != 0 ||
        (*header)->e_ident[EI_CLASS] != ELFCLASS64 || (*header)->e_shentsize != sizeof(Elf64_Shdr))
        return NULL;
    return image_array(file, (*header)->e_shoff, (*header)->e_shnum, sizeof(Elf64_Shdr), 8);
}

const void *tc_symbols_section(const tc_symbols *symbols, const char *name, size_t *size) {
    const image *file = &symbols->file;
    const Elf64_Ehdr *header;
    const Elf64_Shdr *sections = file->start ? find_sections(file, &header) : NULL;
    if (!sections || header->e_shstrndx >= header->e_shnum)
        return NULL;
    const Elf64_Shdr *strings = &sections[header->e_shstrndx];
    const char *names = image_array(file, strings->sh_offset, strings->sh_size, 1, 1);
    size_t length = strlen(name) + 1;
    for (size_t i = 0; i < header->e_shnum && names; i++) {
        const Elf64_Shdr *section = &sections[i];
        if (section->sh_name < strings->sh_size && length <= strings->sh_size - section->sh_name &&
            memcmp(names + section->sh_name, name, length) == 0 && section->sh_type != SHT_NOBITS) {
            *size = section->sh_size;
            return image_array(file, section->sh_offset, section->sh_size, 1, 1);
        }
    }
    return NULL;
}

/* Finds the section with the symbol table and the one with its strings. */
static bool find_table(const image *file, tc_symbols *symbols) {
    const Elf64_Ehdr *header;
    const Elf64_Shdr *sections = find_sections(file, &header);
    if (!sections)
        return false;
    for (size_t i = 0; i < header->e_shnum; i++) {
        const Elf64_Shdr *section = &sections[i];
        if (section->sh_type != SHT_SYMTAB || section->sh_link >= header->e_shnum)
            continue;
        const Elf64_Shdr *strings = &sections[section->sh_link];
        symbols->count = section->sh_size / sizeof *symbols->table;
        symbols->table = image_array(file, section->sh_offset, symbols->count,
                                     sizeof *symbols->table, _Alignof(Elf64_Sym));
        symbols->names_size = strings->sh_size;
        symbols->names = image_array(file, strings->sh_offset, strings->sh_size, 1, 1);
        return symbols->table && symbols->names && symbols->names_size > 0 &&
               symbols->names[symbols->names_size - 1] == '\0';
    }
    return false;
}

const char *tc_symbols_raw_name(const tc_symbols *symbols, const Elf64_Sym *symbol) {
    return symbol->st_name < symbols->names_size ? symbols->names + symbol->st_name : "";
}

bool tc_symbols_is_guest(const tc_symbols *symbols, const Elf64_Sym *symbol) {
    return ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_size > 0 &&
           strncmp(tc_symbols_raw_name(symbols, symbol), guest_prefix, sizeof guest_prefix - 1) ==
               0;
}

/* The first object that dl_iterate_phdr shows is the program. */
static int store_load_address(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    *(uintptr_t *)context = info->dlpi_addr;
    return 1;
}

bool tc_symbols_open(tc_symbols *symbols) {
    image file = {0};
    uintptr_t load_address = 0;
    dl_iterate_phdr(store_load_address, &load_address);
    if (map_self(&file))
        return tc_symbols_read(symbols, &file, load_address);
    *symbols = (tc_symbols){.load_address = load_address};
    return false;
}

bool tc_symbols_read(tc_symbols *symbols, const image *file, uintptr_t load_address) {
    *symbols = (tc_symbols){.file = *file, .load_address = load_address};
    if (!find_table(file, symbols)) {
        *symbols = (tc_symbols){.file = *file, .load_address = load_address};
        return false;
    }
    symbols->guest_low = UINTPTR_MAX;
    for (size_t i = 0; i < symbols->count; i++) {
        const Elf64_Sym *symbol = &symbols->table[i];
        /* Parts that the compiler split off ("name.cold") lie elsewhere. */
        if (!tc_symbols_is_guest(symbols, symbol) ||
            strchr(tc_symbols_raw_name(symbols, symbol), '.'))
            continue;
        uintptr_t start = symbols->load_address + symbol->st_value;
        if (start < symbols->guest_low)
            symbols->guest_low = start;
        if (start + symbol->st_size > symbols->guest_high)
            symbols->guest_high = start + symbol->st_size;
    }
    return true;
}

const Elf64_Sym *tc_symbols_find(const tc_symbols *symbols, uintptr_t address) {
    uintptr_t value = address - symbols->load_address;
    for (size_t i = 0; i < symbols->count; i++) {
        const Elf64_Sym *symbol = &symbols->table[i];
        if (value - symbol->st_value < symbol->st_size && tc_symbols_is_guest(symbols, symbol))
            return symbol;
    }
    return NULL;
}

static int hex_value(char digit) {
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

size_t tc_symbols_length_without_number(const char *raw, size_t length) {
    size_t end = length;
    while (end > 0 && raw[end - 1] >= '0' && raw[end - 1] <= '9')
        end--;
    return end == length || end < sizeof guest_prefix || raw[end - 1] != '_' ? length : end - 1;
}

/* wasm2c calls the function behind an export of the same name "name_0": how long the name is
 * without that, if there is such an export, else `length`. */
static size_t length_without_number(const tc_symbols *symbols, const char *raw, size_t length) {
    size_t end = tc_symbols_length_without_number(raw, length);
    if (end == length)
        return length;
    for (size_t i = 0; i < symbols->count; i++) {
        const char *other = tc_symbols_raw_name(symbols, &symbols->table[i]);
        if (strncmp(other, raw, end) == 0 && other[end] == '\0')
            return end;
    }
    return length;
}

bool tc_symbols_guest_name(const char *raw, size_t length, char *name, size_t size) {
    size_t used = 0;
    *name = '\0';
    if (length < sizeof guest_prefix - 1 || memcmp(raw, guest_prefix, sizeof guest_prefix - 1) != 0)
        return false;
    for (size_t i = sizeof guest_prefix - 1; i < length && used + 1 < size; i++) {
        int byte = (unsigned char)raw[i];
        if (length - i >= 4 && raw[i] == '0' && raw[i + 1] == 'x' && hex_value(raw[i + 2]) >= 0 &&
            hex_value(raw[i + 3]) >= 0) {
            byte = hex_value(raw[i + 2]) << 4 | hex_value(raw[i + 3]);
            i += 3;
        }
        name[used++] = (char)byte;
    }
    name[used] = '\0';
    return true;
}

void tc_symbols_name(const tc_symbols *symbols, const Elf64_Sym *symbol, char *name, size_t size) {
    const char *raw = tc_symbols_raw_name(symbols, symbol);
    /* A '.' is the compiler's: those of the module's names are escaped. */
    size_t length = length_without_number(symbols, raw, strcspn(raw, "."));
    tc_symbols_guest_name(raw, length, name, size);
}
