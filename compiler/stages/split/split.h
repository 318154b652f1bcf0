/* stages/split/: cuts the module's C into units. split.c does, with what it knows of the headers
 * from declarations.c; data.c makes the segments of data short; hot.c finds which functions are
 * worth their time.
 *
 * May use: base/, the other stages' internal.h, profile/ and the names of rt/'s guest/symbols.h.
 */
#ifndef TC_SPLIT_H
#define TC_SPLIT_H

#include "stages/internal.h"

/* ---- declarations.c: wasm2c's headers ---- */

#define TC_NO_NAME SIZE_MAX

/* How the names of data begin in wasm2c's C. */
#define TC_DATA_PREFIX "data_segment_data_"

/* A name that one line of the headers, or more, does nothing but declare. */
typedef struct tc_declared {
    const char *text;
    size_t length;
    uint64_t hash;
    size_t used_by; /* the unit that was last seen to use it */
} tc_declared;

typedef struct tc_header_line {
    const char *text;
    size_t length;
    size_t name; /* index among the names; TC_NO_NAME: the line belongs in every unit */
} tc_header_line;

typedef struct tc_declarations {
    tc_header_line *lines;
    size_t line_count;
    tc_declared *names; /* in the order of the header, which is the module's */
    size_t name_count;
    size_t *slots;         /* hash table: index of a name + 1, or 0 */
    size_t slot_count;     /* a power of two */
    bool begins_name[256]; /* by the first byte: whether there is a name that begins so */
} tc_declarations;

/* Reads the headers of `code`, whose text has to stay as long as the list. */
void tc_declarations_read(tc_declarations *all, const tc_code *code);
void tc_declarations_reset(tc_declarations *all);
/* The index of a name, or TC_NO_NAME. */
size_t tc_declarations_find(const tc_declarations *all, const char *text, size_t length);
/* Marks the names that a piece of C uses, as used by a unit. */
void tc_declarations_use(tc_declarations *all, size_t unit, const char *text, size_t length);
/* Adds the lines that belong to every unit, and those that declare what this one uses. */
void tc_declarations_write(const tc_declarations *all, size_t unit, tc_buffer *out);

/* ---- the pieces ---- */

/* A function, or the bytes of a data segment, as a part of one of wasm2c's files. */
typedef struct tc_piece {
    size_t name; /* in the declarations: their order is the module's */
    const char *text;
    size_t length;
    bool is_loaded; /* a segment that tc_compact_data has found where it is copied at the start */
    bool is_cold;   /* a function that tc_choose_cold has found to be */
} tc_piece;

typedef struct tc_pieces {
    tc_piece *items;
    size_t count;
    size_t capacity;
} tc_pieces;

typedef struct tc_splitter {
    tc_build *build; /* whose code owns what the pieces point to */
    tc_declarations declarations;
    tc_pieces functions;
    tc_pieces data;
    tc_piece **data_by_name;  /* for each name its data, or NULL; by tc_compact_data */
    tc_buffer base;           /* all the rest */
    bool has_several_results; /* the module has functions with such */
} tc_splitter;

/* ---- hot.c ---- */

/* Finds the functions for which the quickest compilation will do, if there may be such; with
 * --profile, tells how well it fits the module. */
void tc_choose_cold(tc_splitter *all);
/* Whether a piece of C calls, or is called, with something else than numbers, and must not. */
bool tc_must_not_be_cold(const tc_splitter *all, tc_name text);

/* ---- data.c ---- */

/* Replaces the statements that copy segments of data, and drops the segments that nothing names
 * then. -1 after a message. */
int tc_compact_data(tc_splitter *all);

#endif
