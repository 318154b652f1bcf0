/* profile/: where a program's CPU time went, by functions of the guest; the samples come from the
 * runtime (rt/guest/profile.h).
 *
 * May use: base/, and of rt/ guest/profile.h, guest/symbols.h and guest/lines.h. Names come from
 * modules, which may be hostile: they are made fit for what they are written into by each writer.
 */
#ifndef TC_PROFILE_H
#define TC_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/base.h"
#include "guest/lines.h"
#include "guest/symbols.h"

/* A function on a stack, and where in it; functions and files by their names' numbers. */
typedef struct tc_profile_frame {
    uint32_t function;
    uint32_t file; /* 0: not known */
    uint32_t line; /* 0: not known */
    bool inlined;  /* in the next frame outwards */
} tc_profile_frame;

/* A call path: the frame that it ends in, and the path of its caller. Paths are numbered; a
 * caller's number is lower. */
typedef struct tc_profile_path {
    tc_profile_frame frame;
    uint32_t caller;             /* of path 0, which is of no function: 0 */
    uint32_t first_callee, next; /* 0: there is none */
    uint64_t self, total;        /* nanoseconds: in the function itself, and with what it calls */
    uint64_t samples;            /* in the function itself */
} tc_profile_path;

typedef struct tc_profile_tree {
    tc_profile_path *paths;
    uint32_t count;
} tc_profile_tree;

typedef struct tc_profile tc_profile;
struct tc_profile {
    const char *program; /* its path; borrowed */
    char **names;        /* UTF-8, without control characters; the first is "" */
    uint32_t name_count;
    tc_profile_tree calls;          /* by functions: nothing is known of files and lines there */
    tc_profile_tree lines;          /* the same time, by the lines too that a build with -g knows */
    uint64_t started;               /* nanoseconds since 1970 */
    uint64_t elapsed;               /* nanoseconds */
    uint64_t period;                /* nanoseconds between samples, as asked for */
    struct tc_profile_table *table; /* of names.c */
};

/* ---- samples.c ---- */

/* A profile without samples. `image` is the program's file, `program` its path: borrowed until
 * tc_profile_free. */
tc_profile *tc_profile_new(const char *program, const tc_symbols_image *image);
void tc_profile_free(tc_profile *profile);

/* Takes all samples in, until the end of the pipe; then counts `total`s. False: there is no header,
 * so the program did not start sampling, or it is not one of this version. */
bool tc_profile_read(tc_profile *profile, int pipe);

/* ---- uses.c: a profile from a file ---- */

/* A function that was on the stack when samples were taken. */
typedef struct tc_profile_use {
    char *name;       /* as a profile shows it; owned. Several functions may have one name. */
    uint64_t samples; /* where it is the innermost of the guest's */
} tc_profile_use;

typedef struct tc_profile_uses {
    const char *path;      /* of the file; borrowed */
    tc_profile_use *items; /* by their names */
    size_t count;
    char digest[TC_KEY_SIZE]; /* of the file */
} tc_profile_uses;

/* Reads a file of tc_profile_write_pprof, or another in its format, which may be hostile. False
 * after a message: it is none, is damaged, longer than 64 MiB (256 uncompressed) or 67 million
 * frames, or has no function. Ends with tc_profile_uses_reset, which `uses` then needs only after
 * true. */
bool tc_profile_read_uses(tc_profile_uses *uses, const char *path);
void tc_profile_uses_reset(tc_profile_uses *uses);
/* The use of a guest function whose name in C has `length` bytes; NULL: there is none. */
const tc_profile_use *tc_profile_find(const tc_profile_uses *uses, const char *raw, size_t length);

/* ---- names.c: what is shown of an address ---- */

/* Bytes of a name of C++ or Rust, with its NUL; what is longer is cut. */
#define TC_PROFILE_MANGLED_MOST 8192

/* The guest's function `name`, as modules and wasm2c's C have it, as a profile shows it: names of
 * C++ and Rust as there, nothing that a terminal, a line or XML could not have. A new string. */
char *tc_profile_shown(const char *name);

enum { TC_NAME_GUEST, TC_NAME_IMPORT, TC_NAME_HOST };

typedef struct tc_profile_table tc_profile_table;
tc_profile_table *tc_profile_table_new(const tc_symbols_image *image);
void tc_profile_table_free(tc_profile_table *table);
void tc_profile_table_set_load_address(tc_profile_table *table, uint64_t address);
/* Which kind of function the address is in; its number in the profile's names in *name but for
 * TC_NAME_HOST where nothing is known about it (UINT32_MAX). */
int tc_profile_find_name(tc_profile *profile, uint64_t address, uint32_t *name);
/* The guest's function at an address, by the table of lines that a build with -g has. False: there
 * is none, or nothing of the address in it. *position is for tc_profile_next_line, which goes on to
 * the function that the one before is inlined in, if it says that it is. */
bool tc_profile_find_line(tc_profile *profile, uint64_t address, tc_lines_frame *position,
                          tc_profile_frame *frame);
void tc_profile_next_line(tc_profile *profile, tc_lines_frame *position, tc_profile_frame *frame);
bool tc_profile_has_lines(const tc_profile *profile);
/* The number of a name. */
uint32_t tc_profile_add_name(tc_profile *profile, const char *text);

/* ---- writers. -1 with errno set. ---- */

/* A table of the `most` functions that used most. */
int tc_profile_write_table(const tc_profile *profile, FILE *out, size_t most);
/* Lines of "outer;inner;innermost MICROSECONDS", as flamegraph.pl and others read them. */
int tc_profile_write_folded(const tc_profile *profile, FILE *out);
/* profile.proto of github.com/google/pprof, compressed by gzip. */
int tc_profile_write_pprof(const tc_profile *profile, FILE *out);
/* A flame graph that needs nothing else. */
int tc_profile_write_svg(const tc_profile *profile, FILE *out);

#endif
