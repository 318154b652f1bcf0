/* The guest's own source, by addresses in the program: the table that `timecraft build -g` writes,
 * for rt/guest and for the command.
 *
 * It is the section .timecraft.lines of the program's file, which is not loaded, and not aligned.
 * In the byte order of the machine, one after the other:
 *
 *   tc_lines_header
 *   uint32_t lows[segments]               addresses less `base`, ascending: a segment ends where
 * the next one begins tc_lines_segment segments[segments] tc_lines_context contexts[contexts] char
 * strings[strings]                 ends with a NUL; the first is ""
 *
 * Names are as a person knows them, and as long as they like; control characters are nowhere in
 * them.
 *
 * Nothing is allocated: a signal handler may use it. */
#ifndef TC_GUEST_LINES_H
#define TC_GUEST_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TC_LINES_SECTION ".timecraft.lines"
#define TC_LINES_MAGIC   UINT32_C(0x314e4c54) /* "TLN1" */
#define TC_LINES_NONE    UINT32_MAX

typedef struct __attribute__((packed)) tc_lines_header {
    uint32_t magic;
    uint32_t segments;
    uint32_t contexts;
    uint32_t strings;
    uint64_t base; /* as in the symbol table */
} tc_lines_header;

typedef struct __attribute__((packed)) tc_lines_segment {
    uint32_t context; /* TC_LINES_NONE: not of the guest */
    uint32_t file;    /* offset of its name; 0: not known, and `line` is an offset in the module */
    uint32_t line;    /* 0: of no line */
} tc_lines_segment;

/* A function, or one that is inlined in another. */
typedef struct __attribute__((packed)) tc_lines_context {
    uint32_t parent; /* a smaller number; TC_LINES_NONE: it is not inlined */
    uint32_t name;
    uint32_t call_file; /* where it is called; as in a segment */
    uint32_t call_line;
} tc_lines_context;

typedef uint32_t __attribute__((aligned(1))) tc_lines_low;

/* The table in memory, borrowed. Nothing in it is trusted. */
typedef struct tc_lines_table {
    const tc_lines_header *header; /* NULL: there is none */
    const tc_lines_low *lows;
    const tc_lines_segment *segments;
    const tc_lines_context *contexts;
    const char *strings;
} tc_lines_table;

/* A function of the guest's on the stack. */
typedef struct tc_lines_frame {
    const char *name;
    const char *file; /* "": not known, and `line` is an offset in the module, or 0 */
    uint32_t line;
    uint32_t context;
} tc_lines_frame;

/* Takes a section's bytes; false if they are not such a table. */
bool tc_lines_open(tc_lines_table *table, const void *bytes, size_t size);
/* The innermost function at an address, as in the symbol table. False: it is not the guest's. */
bool tc_lines_find(const tc_lines_table *table, uint64_t address, tc_lines_frame *frame);
/* Goes on to the function that it is inlined in; false: it is in none. */
bool tc_lines_next(const tc_lines_table *table, tc_lines_frame *frame);

#endif
