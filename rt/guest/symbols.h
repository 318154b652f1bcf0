/* Names of the guest's functions, from the program's own symbol table, for rt/guest and for
 * the command.
 *
 * Nothing is allocated: a signal handler may use it. */
#ifndef TC_GUEST_SYMBOLS_H
#define TC_GUEST_SYMBOLS_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A program's file in memory. */
typedef struct tc_symbols_image {
    const char *start; /* aligned as mmap(2) and malloc(3) do; NULL: there is none */
    size_t size;
} tc_symbols_image;

typedef struct tc_symbols {
    tc_symbols_image file;
    const Elf64_Sym *table; /* borrowed from the mapped file, as are the names */
    size_t count;
    const char *names; /* ends with a NUL */
    size_t names_size;
    uintptr_t load_address; /* what the loader added to the addresses of the table */
    uintptr_t guest_low;    /* all guest functions lie from here … */
    uintptr_t guest_high;   /* … to before here */
} tc_symbols;

/* Maps /proc/self/exe and finds the table. False if there is none (a stripped program) or the file
 * is not as it should be; then no names are known. The mapping stays until the process ends. */
bool tc_symbols_open(tc_symbols *symbols);

/* The same of a file that is in memory, whose parts `symbols` borrows then. Nothing in the file is
 * trusted. */
bool tc_symbols_read(tc_symbols *symbols, const tc_symbols_image *file, uintptr_t load_address);

/* The bytes of a section of the file, borrowed; NULL: it has none of this name. Also where there is
 * no table. */
const void *tc_symbols_section(const tc_symbols *symbols, const char *name, size_t *size);

/* The name in the table, borrowed; "" if there is none. */
const char *tc_symbols_raw_name(const tc_symbols *symbols, const Elf64_Sym *symbol);

/* Whether it is that of a function of the guest's. */
bool tc_symbols_is_guest(const tc_symbols *symbols, const Elf64_Sym *symbol);

/* The symbol of the guest function that contains `address`, or NULL if none does. */
const Elf64_Sym *tc_symbols_find(const tc_symbols *symbols, uintptr_t address);

/* The name in the module of a function whose name in C has `length` bytes, cut to fit:
 * "w2c_guest_0x5Fstart" is "_start". False: it is no guest function's. */
bool tc_symbols_guest_name(const char *raw, size_t length, char *name, size_t size);

/* How long a name in C is without the number that wasm2c puts behind one that is taken, "name_0";
 * `length` if it has none. It may have been the module's own. */
size_t tc_symbols_length_without_number(const char *raw, size_t length);

/* The same of a symbol; without the number that wasm2c puts behind a name that is taken. */
void tc_symbols_name(const tc_symbols *symbols, const Elf64_Sym *symbol, char *name, size_t size);

#endif
