/* stages/lines/: the lines of the guest's source in the program, for build -g.
 *
 *   guest.c    the module's DWARF            -> tc_lines: which line and function is where
 *   marks.c    wasm2c's C, with marks        -> the C without them, and where they were
 *   native.c   the linked program's DWARF    -> which line of the C each instruction is of
 *   join.c     both                          -> tc_joined: which line of the guest's that is
 *   dwarf.c    that                          -> DWARF of the program that speaks of the guest's
 * files table.c    that                          -> the table that traps read (rt/guest/lines.h)
 *   symbols.c  symbols with the guest's names
 *   add.c      puts both into the program, in the place of the C's DWARF
 *   isolated.c keeps what reads DWARF in a process of its own: it is the guest's, and so hostile
 *
 * A mark is an i32 constant that is dropped. module/lower.c puts one where another line or inlined
 * function begins, always between two instructions; wasm2c writes it as a line of C by itself. It
 * is taken out before a unit is written, so that units are those of a build without -g, but for one
 * #line a function, which gives the function's lines numbers of their own. What these lines are in
 * the guest's source is said after linking only: a function whose lines have moved, or whose file
 * has another name, is the same unit, and is in the cache.
 *
 * May use: base/, module/reader.h and the other stages' internal.h; libdw (elfutils) for reading
 * DWARF; the runtime's guest/lines.h.
 *
 * Source: DWARF 4 and 5 (dwarfstd.org); "DWARF for WebAssembly" (yurydelendik.github.io/
 * webassembly-dwarf): an address is an offset in the contents of the code section.
 */
#ifndef TC_LINES_H
#define TC_LINES_H

#include "stages/internal.h"

#define TC_NONE UINT32_MAX

/* ---- strings.c ---- */

/* Texts, each only once: a text is known by its offset in `text`. 0: "". */
typedef struct tc_strings {
    tc_buffer text;
    uint32_t *slots;
    size_t slot_count;
    size_t count;
} tc_strings;

uint32_t tc_strings_add(tc_strings *strings, const char *text);
/* 0: it is not there. */
uint32_t tc_strings_find(const tc_strings *strings, const char *text);
void tc_strings_reset(tc_strings *strings);

/* ---- what is known of a module ---- */

/* From this offset in the code section on, up to the next row. */
typedef struct tc_row {
    uint32_t address;
    uint32_t file;  /* 0: not known */
    uint32_t line;  /* 0: of no line */
    uint32_t scope; /* innermost function, or TC_NONE */
} tc_row;

/* A function, or one that is inlined in another. */
typedef struct tc_scope {
    uint32_t parent; /* the scope it is inlined in, a smaller number; TC_NONE: a function */
    uint32_t name;
    uint32_t linkage_name; /* 0: none */
    uint32_t call_file;
    uint32_t call_line;
    uint32_t unit;
} tc_scope;

/* A compilation unit. */
typedef struct tc_unit {
    uint32_t name;
    uint32_t directory;
    uint32_t language; /* DW_LANG_… */
} tc_unit;

/* Where a function's C, by lines of its own that count from 1, begins to be of a row. */
typedef struct tc_place {
    uint32_t c_line;
    uint32_t row;
} tc_place;

/* A function in C. */
typedef struct tc_lines_function {
    uint32_t name;       /* as wasm2c writes it, in `names` */
    uint32_t shown;      /* its name in the module, in `strings` */
    uint32_t first, end; /* its places */
} tc_lines_function;

struct tc_lines {
    tc_strings
        strings;  /* all names; those of the module's DWARF are shown to no person as they are */
    tc_row *rows; /* by address; each function has one at its beginning */
    size_t row_count;
    tc_scope *scopes;
    size_t scope_count;
    tc_unit *units;
    size_t unit_count;
    size_t code_offset; /* of the code section's contents in the file */
    uint32_t *mark_addresses;
    tc_lines_function *functions;
    size_t function_count;
    tc_place *places;
    size_t place_count;
    tc_strings names; /* of functions in C */
};

/* ---- sweep.c: rows of a line table and nested functions, made one list ---- */

typedef struct tc_point {
    uint64_t address;
    uint32_t file;
    uint32_t line;
    bool is_end; /* of a sequence: nothing is known from here on */
    bool is_statement;
    size_t order;
} tc_point;

typedef struct tc_span {
    uint64_t low, high;
    uint32_t depth;
    uint32_t scope;
} tc_span;

/* Up to the next one. */
typedef struct tc_segment {
    uint64_t low;
    uint32_t file;
    uint32_t line;
    uint32_t scope;
    bool is_statement;
} tc_segment;

typedef struct tc_sweep {
    tc_point *points;
    size_t point_count;
    tc_span *spans;
    size_t span_count;
} tc_sweep;

void tc_sweep_add_point(tc_sweep *sweep, tc_point point);
void tc_sweep_add_span(tc_sweep *sweep, tc_span span);
/* Returns segments, by address, owned by the caller. */
tc_segment *tc_sweep_run(tc_sweep *sweep, size_t *count);
void tc_sweep_reset(tc_sweep *sweep);

/* ---- isolated.c ---- */

/* Runs `work` in a process of its own, of which each second and byte is counted, with a limit that
 * grows with `size`. What it adds to its buffer is in *out. -1 with *problem set, which is a new
 * string: it failed, or was ended. `work` returns NULL, or what is wrong. */
int tc_isolated(const char *(*work)(tc_buffer *out, void *context), void *context, size_t size,
                tc_buffer *out, char **problem);

/* ---- guest.c ---- */

/* Reads a module's DWARF; adds the tables of tc_lines, one after the other, to a buffer. Returns
 * what is wrong, or NULL. Without DWARF: where its functions are, and nothing else. */
const char *tc_guest_lines(const tc_wasm *wasm, bool with_dwarf, tc_buffer *out);
/* Takes what that has written apart. False: it has not. */
bool tc_guest_lines_take(struct tc_lines *lines, const tc_buffer *text);
/* How many bytes of DWARF a module has; where the contents of its code section begin. */
size_t tc_guest_lines_size(const tc_wasm *wasm, size_t *code_offset);

/* ---- native.c ---- */

/* A function in the program, or one that the C compiler has inlined in another. */
typedef struct tc_native_scope {
    uint32_t parent;    /* a smaller number, or TC_NONE */
    uint32_t function;  /* of tc_lines; TC_NONE: one of the runtime's headers */
    uint32_t call_file; /* a function of tc_lines, or TC_NONE */
    uint32_t call_line;
    uint64_t entry;
} tc_native_scope;

typedef struct tc_native {
    tc_segment *segments; /* file: a function of tc_lines, or TC_NONE */
    size_t segment_count;
    tc_native_scope *scopes;
    size_t scope_count;
} tc_native;

const char *tc_native_read(tc_native *native, struct tc_lines *lines, const char *program);
void tc_native_reset(tc_native *native);

/* ---- join.c ---- */

/* A function of the guest's, or one that is inlined in another, by either compiler. */
typedef struct tc_context {
    uint32_t parent; /* a smaller number, or TC_NONE */
    uint32_t name;   /* as a person knows it */
    uint32_t linkage_name;
    uint32_t call_file; /* 0: not known; then call_line is an offset in the module's file */
    uint32_t call_line;
    uint32_t unit; /* TC_NONE: not known */
    uint64_t entry;
} tc_context;

typedef struct tc_joined {
    const struct tc_lines *lines;
    tc_segment *segments; /* scope: a context, or TC_NONE; file 0: line is an offset as above */
    size_t segment_count;
    tc_context *contexts;
    size_t context_count;
} tc_joined;

void tc_join(tc_joined *joined, struct tc_lines *lines, const tc_native *native);
void tc_joined_reset(tc_joined *joined);

/* ---- dwarf.c, table.c ---- */

typedef struct tc_dwarf {
    tc_buffer info, abbreviations, lines, ranges, strings;
} tc_dwarf;

void tc_dwarf_write(tc_dwarf *dwarf, const tc_joined *joined);
void tc_table_write(tc_buffer *out, const tc_joined *joined);
/* Adds symbols with the guest's names to the linked program. -1 with errno set. */
int tc_symbols_add(const struct tc_lines *lines, const char *program);
/* The part of a file's path that is below the folder its unit was compiled in; else all of it. */
const char *tc_lines_relative(const char *path, const char *directory);

#endif
