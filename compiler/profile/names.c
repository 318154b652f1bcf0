/* What is shown of an address: the guest's function, the import, or nothing known.
 *
 * The symbol table is a module's, and so may be hostile. */
#include "profile/profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

enum { NAME_MOST = 1024 };

/* A function of the executable. */
typedef struct function {
    uint64_t start, end; /* as in the symbol table */
    const Elf64_Sym *symbol;
    uint32_t name; /* UINT32_MAX: not known yet */
    int kind;
} function;

struct tc_profile_table {
    tc_symbols symbols;
    tc_lines_table lines;
    uint64_t load_address;
    function *functions; /* by their starts */
    size_t count;
    uint32_t *numbers; /* names' numbers + 1 by their hashes; 0: free */
    size_t capacity;
};

/* ---- numbers of names ---- */

static size_t hash(const char *text) {
    uint64_t value = UINT64_C(14695981039346656037); /* FNV-1a */
    for (; *text; text++)
        value = (value ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return (size_t)(value ^ value >> 32);
}

static uint32_t *find_number(const tc_profile *profile, const char *text) {
    const tc_profile_table *table = profile->table;
    size_t at = hash(text) & (table->capacity - 1);
    while (table->numbers[at] && strcmp(profile->names[table->numbers[at] - 1], text) != 0)
        at = (at + 1) & (table->capacity - 1);
    return &table->numbers[at];
}

static void make_room(tc_profile *profile) {
    tc_profile_table *table = profile->table;
    if (2 * (size_t)profile->name_count < table->capacity)
        return;
    table->capacity = table->capacity ? 2 * table->capacity : 256;
    free(table->numbers);
    table->numbers = tc_allocate(table->capacity * sizeof *table->numbers);
    profile->names = tc_reallocate(profile->names, table->capacity * sizeof *profile->names);
    for (uint32_t i = 0; i < profile->name_count; i++)
        *find_number(profile, profile->names[i]) = i + 1;
}

uint32_t tc_profile_add_name(tc_profile *profile, const char *text) {
    make_room(profile);
    uint32_t *number = find_number(profile, text);
    if (!*number) {
        profile->names[profile->name_count++] = tc_copy_text(text);
        *number = profile->name_count;
    }
    return *number - 1;
}

/* ---- names as a person knows them ---- */

/* The length of the UTF-8 character of XML that `text` begins with; 0: there is none. */
static size_t character_length(const unsigned char *text) {
    size_t length = *text < 0x80 ? 1 : *text < 0xc2 ? 0 : *text < 0xe0 ? 2 : *text < 0xf0 ? 3 : 4;
    if (*text < 0x20 || *text == 0x7f || *text > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((*text == 0xc2 && text[1] < 0xa0) ||                     /* control characters */
        (*text == 0xe0 && text[1] < 0xa0) ||                     /* shorter forms */
        (*text == 0xf0 && text[1] < 0x90) ||                     /* "" */
        (*text == 0xed && text[1] > 0x9f) ||                     /* surrogates */
        (*text == 0xef && text[1] == 0xbf && text[2] >= 0xbe) || /* no characters */
        (*text == 0xf4 && text[1] > 0x8f) ||                     /* beyond Unicode */
        (*text == 0xe2 && text[1] == 0x80 && text[2] >= 0xa8 && text[2] <= 0xae) || /* lines, */
        (*text == 0xe2 && text[1] == 0x81 && text[2] >= 0xa6 && text[2] <= 0xa9))   /* directions */
        return 0;
    return length;
}

/* Takes what a terminal, a line or XML could not have out of a name. */
static char *cleaned(const char *name) {
    tc_buffer out = {0};
    const unsigned char *at = (const unsigned char *)name;
    tc_buffer_add(&out, "", 0);
    while (*at && out.length < NAME_MOST) {
        size_t length = character_length(at);
        if (length)
            tc_buffer_add(&out, at, length);
        else
            tc_buffer_print(&out, "\\%02x", *at);
        at += length ? length : 1;
    }
    if (*at)
        tc_buffer_print(&out, "...");
    return out.data;
}

char *tc_profile_shown(const char *name) {
    char *plain = tc_demangle(name);
    char *shown = cleaned(*plain ? plain : "?");
    free(plain);
    return shown;
}

/* ---- functions ---- */

/* How wasm2c begins the C names of imports. */
static const char import_prefix[] = "w2c_";

static int kind_of(const tc_symbols *symbols, const Elf64_Sym *symbol) {
    const char *name = tc_symbols_raw_name(symbols, symbol);
    if (tc_symbols_is_guest(symbols, symbol))
        return TC_NAME_GUEST;
    return strncmp(name, import_prefix, sizeof import_prefix - 1) == 0 ? TC_NAME_IMPORT
                                                                       : TC_NAME_HOST;
}

static int by_start(const void *left, const void *right) {
    const function *a = left, *b = right;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return a->kind != b->kind ? a->kind - b->kind
                              : (a->symbol > b->symbol) - (a->symbol < b->symbol);
}

tc_profile_table *tc_profile_table_new(const tc_symbols_image *image) {
    tc_profile_table *table = tc_allocate(sizeof *table);
    bool has_symbols = tc_symbols_read(&table->symbols, image, 0);
    size_t size;
    const void *lines = tc_symbols_section(&table->symbols, TC_LINES_SECTION, &size);
    if (lines)
        tc_lines_open(&table->lines, lines, size);
    if (!has_symbols)
        return table;
    table->functions = tc_allocate((table->symbols.count + 1) * sizeof *table->functions);
    for (size_t i = 0; i < table->symbols.count; i++) {
        const Elf64_Sym *symbol = &table->symbols.table[i];
        if (ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_size > 0 &&
            symbol->st_value <= UINT64_MAX - symbol->st_size)
            table->functions[table->count++] =
                (function){symbol->st_value, symbol->st_value + symbol->st_size, symbol, UINT32_MAX,
                           kind_of(&table->symbols, symbol)};
    }
    if (table->count)
        qsort(table->functions, table->count, sizeof *table->functions, by_start);
    return table;
}

void tc_profile_table_free(tc_profile_table *table) {
    free(table->functions);
    free(table->numbers);
    free(table);
}

void tc_profile_table_set_load_address(tc_profile_table *table, uint64_t address) {
    table->load_address = address;
}

/* "w2c_wasi__snapshot__preview1_fd_write" is "fd_write": in the module's name an underscore is
 * doubled, the first single one ends it. Modules that are not of WASI are named too. */
static char *import_name(const char *raw) {
    tc_buffer module = {0};
    const char *at = raw + sizeof import_prefix - 1;
    tc_buffer_add(&module, "", 0);
    while (*at && (*at != '_' || at[1] == '_')) {
        tc_buffer_add(&module, at, 1);
        at += *at == '_' ? 2 : 1;
    }
    const char *name = *at == '_' ? at + 1 : at;
    char *shown = strncmp(module.data, "wasi", 4) == 0 ? tc_copy_text(name)
                                                       : tc_format("%s.%s", module.data, name);
    tc_buffer_reset(&module);
    return shown;
}

static char *name_of(const tc_symbols *symbols, const function *function) {
    static char guest[TC_PROFILE_MANGLED_MOST];
    const char *raw = tc_symbols_raw_name(symbols, function->symbol);
    if (function->kind == TC_NAME_GUEST) {
        tc_symbols_name(symbols, function->symbol, guest, sizeof guest);
        return tc_profile_shown(guest);
    }
    char *first = function->kind == TC_NAME_IMPORT ? import_name(raw) : tc_copy_text(raw);
    char *shown = cleaned(*first ? first : "?");
    free(first);
    return shown;
}

/* The last that starts at or before the value. */
static function *find_function(const tc_profile_table *table, uint64_t value) {
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->functions[middle].start <= value)
            low = middle + 1;
        else
            high = middle;
    }
    while (low > 1 && table->functions[low - 2].start == table->functions[low - 1].start)
        low--; /* of several at one place the guest's is meant */
    return low > 0 && value < table->functions[low - 1].end ? &table->functions[low - 1] : NULL;
}

int tc_profile_find_name(tc_profile *profile, uint64_t address, uint32_t *name) {
    tc_profile_table *table = profile->table;
    function *function = find_function(table, address - table->load_address);
    *name = UINT32_MAX;
    if (!function)
        return TC_NAME_HOST;
    if (function->name == UINT32_MAX) {
        char *text = name_of(&table->symbols, function);
        function->name = tc_profile_add_name(profile, text);
        free(text);
    }
    *name = function->name;
    return function->kind;
}

/* ---- lines ---- */

static uint32_t number_of(tc_profile *profile, const char *text) {
    char *shown = cleaned(text);
    uint32_t number = tc_profile_add_name(profile, shown);
    free(shown);
    return number;
}

static void set_frame(tc_profile *profile, const tc_lines_frame *at, tc_profile_frame *frame) {
    tc_lines_frame outer = *at;
    *frame = (tc_profile_frame){
        .function = number_of(profile, *at->name ? at->name : "?"),
        .file = number_of(profile, at->file),
        .line = *at->file ? at->line : 0,
        .inlined = tc_lines_next(&profile->table->lines, &outer),
    };
}

bool tc_profile_find_line(tc_profile *profile, uint64_t address, tc_lines_frame *position,
                          tc_profile_frame *frame) {
    const tc_profile_table *table = profile->table;
    if (!tc_lines_find(&table->lines, address - table->load_address, position))
        return false;
    set_frame(profile, position, frame);
    return true;
}

void tc_profile_next_line(tc_profile *profile, tc_lines_frame *position, tc_profile_frame *frame) {
    if (tc_lines_next(&profile->table->lines, position))
        set_frame(profile, position, frame);
}

bool tc_profile_has_lines(const tc_profile *profile) {
    return profile->table->lines.header != NULL;
}
