/* Everything the stages of the `timecraft` command share.
 *
 * The stages, in the order in which data flows, are a file each:
 *
 *   module.c     bytes of a .wasm file  -> tc_wasm, its outline
 *   imports.c    tc_wasm                -> which imports the runtime provides
 *   translate.c  the module             -> C files and headers (runs wasm2c)
 *   split.c      those                  -> units, C files that stand for themselves
 *   bind.c       tc_wasm, guest.h       -> binding.c, which joins the module and the runtime
 *   compile.c    units                  -> objects (parallel, from the cache where possible)
 *   link.c       objects, libtimecraft  -> the program
 *
 * build.c calls them one after the other; main.c, run.c, inspect.c and doctor.c are the commands.
 * Functions that can fail return 0 (or true) for success and have told the person why otherwise.
 */
#ifndef TC_COMPILER_H
#define TC_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "options/options.h"

/* Exit status of the command itself. */
enum { TC_EXIT_OK = 0, TC_EXIT_FAILURE = 1, TC_EXIT_USAGE = 2 };

/* ---- text.c: memory, text, lists of words ------------------------------------------------- */

/* Memory or the end of the process: a compiler that has no memory left cannot go on. */
void *tc_allocate(size_t size); /* zeroed */
void *tc_reallocate(void *memory, size_t size);
char *tc_copy_text(const char *text);
char *tc_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Bytes that grow at the end. `data` is NULL or ends with a NUL that `length` does not count. */
typedef struct tc_buffer {
    char *data;
    size_t length;
    size_t capacity;
} tc_buffer;

void tc_buffer_add(tc_buffer *buffer, const void *data, size_t length);
void tc_buffer_print(tc_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Adds "text", quoted and escaped as a C string literal. */
void tc_buffer_add_literal(tc_buffer *buffer, const char *text);
void tc_buffer_reset(tc_buffer *buffer);

/* A list of strings that it owns, NULL-terminated as execv wants it. */
typedef struct tc_words {
    char **items;
    size_t count;
} tc_words;

void tc_words_add(tc_words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds the words of a text separated by white space. */
void tc_words_add_split(tc_words *words, const char *text);
void tc_words_add_all(tc_words *words, const tc_words *more);
void tc_words_reset(tc_words *words);

/* A name inside a module's bytes: any bytes, without a NUL at the end. Borrowed. */
typedef struct tc_name {
    const char *text;
    size_t length;
} tc_name;

bool tc_name_is(tc_name name, const char *text);
/* The name for a person: control characters and what is not UTF-8 escaped, long ones cut. */
char *tc_name_shown(tc_name name);
/* "137 KB", "8.8 MB". */
char *tc_size_shown(uint64_t bytes);

/* ---- file.c: files and paths --------------------------------------------------------------- */

/* Reads a whole file; -1 with errno set, EFBIG when it is longer than `limit`. */
int tc_file_read(const char *path, size_t limit, tc_buffer *out);
/* The same for an open file, from its beginning. */
int tc_file_read_descriptor(int file, size_t limit, tc_buffer *out);
/* Replaces a file. -1 with errno set. */
int tc_file_write(const char *path, const void *data, size_t length);
/* Makes a directory and its parents. -1 with errno set. */
int tc_directory_make(const char *path, mode_t mode);
/* Removes a directory with all that is in it. Errors are ignored. */
void tc_directory_remove(const char *path);
/* The part after the last slash; borrowed. */
const char *tc_path_name(const char *path);
/* A new string: the part before the last slash, "." when there is none. */
char *tc_path_directory(const char *path);
/* A program as execvp would find it, with an absolute path; a new string or NULL. */
char *tc_path_find_program(const char *name);
/* A line that changes when the file does (path, size, time, inode), without reading it. */
void tc_file_identity(tc_buffer *out, const char *path);

/* ---- progress.c: messages ------------------------------------------------------------------ */

typedef enum tc_verbosity { TC_QUIET, TC_BAR_ONLY, TC_NORMAL, TC_VERBOSE } tc_verbosity;

void tc_progress_init(tc_verbosity verbosity);
/* An error: "timecraft: …" whatever the verbosity. */
void tc_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Adds a tool's own words below an error, indented, at most `lines` of them. */
void tc_error_details(const char *text, size_t lines);
/* Says which step has begun. */
void tc_progress_step(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* How far the step has come. */
void tc_progress_count(size_t done, size_t total, const char *what);
/* The end of the work. */
void tc_progress_end(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Takes a bar away so that other output can follow. */
void tc_progress_clear(void);
/* With --verbose, shows a command before it is run. */
void tc_progress_command(const tc_words *argv);
/* Seconds since tc_progress_init. */
double tc_progress_seconds(void);

/* ---- process.c: running other programs ------------------------------------------------------ */

/* From here to tc_process_leave, signals that ask the command to stop are noticed while it waits
 * for a program: that is then stopped too, and the wait fails with tc_process_interrupted set. */
void tc_process_enter(void);
void tc_process_leave(void);
/* The signal that asked to stop, or 0. */
int tc_process_interrupted(void);

/* An unnamed file for a program's output; -1 after a message. */
int tc_process_output(void);
/* Starts argv[0] in `directory` (NULL: here), standard input empty, output and errors to the
 * descriptor `output`. -1 with errno set. */
pid_t tc_process_start(const tc_words *argv, const char *directory, int output);
/* Stops what still runs. */
void tc_process_stop(void);
/* Waits for any program that was started. -1 when interrupted or none runs. The status is as from
 * a shell: 128 + signal when killed. */
pid_t tc_process_wait(int *status);
/* Both, for one program: what it printed in *text. Exit status; 127 with a line in *text when it
 * cannot be started; -1 when interrupted. */
int tc_process_run(const tc_words *argv, const char *directory, tc_buffer *text);

/* ---- cache.c: content-keyed files under the user's cache directory --------------------------- */

#define TC_KEY_SIZE 65 /* 64 hexadecimal digits and a NUL */

typedef struct tc_hash tc_hash;
tc_hash *tc_hash_new(void);
/* Adds a part; its length is hashed too, so that parts cannot run into each other. */
void tc_hash_add(tc_hash *hash, const void *data, size_t length);
void tc_hash_add_text(tc_hash *hash, const char *text);
/* Ends and frees it. */
void tc_hash_end(tc_hash *hash, char key[TC_KEY_SIZE]);

/* ${XDG_CACHE_HOME:-$HOME/.cache}/timecraft/KIND, made if needed; a new string, or NULL when there
 * is no such place or TIMECRAFT_CACHE=off. */
char *tc_cache_directory(const char *kind);
/* Gets what is kept under a key, as data or into the file `path`. False when it is not there,
 * unreadable or damaged. `directory` may be NULL everywhere: nothing is found, nothing kept. */
bool tc_cache_get(const char *directory, const char *key, tc_buffer *content);
bool tc_cache_get_file(const char *directory, const char *key, const char *path);
/* Keeps data, or a copy of the file `path`. Failing to is not an error. */
void tc_cache_put(const char *directory, const char *key, const void *data, size_t length);
void tc_cache_put_file(const char *directory, const char *key, const char *path);
/* Deletes what was not used for longest until at most `limit` bytes are left. */
void tc_cache_trim(const char *directory, uint64_t limit);

#define TC_CACHE_LIMIT (UINT64_C(2) << 30)

/* ---- module.c: the outline of a module --------------------------------------------------------
 */

typedef enum tc_kind {
    TC_KIND_FUNCTION,
    TC_KIND_TABLE,
    TC_KIND_MEMORY,
    TC_KIND_GLOBAL,
    TC_KIND_TAG,
} tc_kind;

/* The type of something imported, defined or exported. */
typedef struct tc_extern {
    tc_kind kind;
    const char *signature; /* functions and tags: letters as in imports.def; borrowed */
    char value;            /* globals and tables: the letter of the value type */
    bool is_mutable;       /* globals */
    bool is_shared;        /* memories */
    bool is_64;            /* memories and tables */
    bool has_max;          /* memories and tables: `max` is given */
    uint64_t min;          /* memories: pages of 64 KiB; tables: elements */
    uint64_t max;
} tc_extern;

typedef struct tc_import {
    tc_name module;
    tc_name name;
    tc_extern type;
} tc_import;

typedef struct tc_export {
    tc_name name;
    tc_extern type;
} tc_export;

/* Types are written with a letter each: i I f F (i32 i64 f32 f64), V (v128), r (a function
 * reference), e (another reference), ? (a type of a proposal that wasm2c does not have). */
typedef struct tc_wasm {
    tc_buffer bytes;   /* the file */
    char *path;        /* as the person gave it */
    char **signatures; /* the type section */
    size_t signature_count;
    tc_import *imports;
    size_t import_count;
    tc_export *exports;
    size_t export_count;
    tc_extern *functions; /* index spaces: imports first */
    size_t function_count;
    tc_extern *tables;
    size_t table_count;
    tc_extern *memories;
    size_t memory_count;
    tc_extern *globals;
    size_t global_count;
    tc_extern *tags;
    size_t tag_count;
    size_t named_functions; /* function names in the name section */
    bool has_start;         /* a start function, run by instantiation */
} tc_wasm;

/* Reads a module's file. -1 after a message. The outline's bounds are checked; the code is left to
 * wasm2c's validation. */
int tc_wasm_read(tc_wasm *wasm, const char *path);
void tc_wasm_reset(tc_wasm *wasm);
const tc_export *tc_wasm_find_export(const tc_wasm *wasm, const char *name, tc_kind kind);
/* "(i32, i64) -> i32", "memory of 2 pages or more", … a new string. */
char *tc_extern_shown(const tc_extern *type);
/* "(i32, i64) -> i32" for "iI:i"; a new string. */
char *tc_signature_shown(const char *signature);
/* Whether all parameters and results are numbers: no vectors, no references. */
bool tc_signature_is_numbers(const char *signature);

/* ---- imports.c: what the runtime provides ------------------------------------------------------
 */

/* What stands behind an import. */
typedef struct tc_provided {
    const char *function;  /* the runtime's C function, or NULL */
    const char *signature; /* of `function` */
    bool is_memory;        /* the memory, which the binding makes */
    char *reason;          /* NULL, or it is not provided: why, for a person; owned */
} tc_provided;

tc_provided tc_imports_find(const tc_import *import);
/* Whether it is env.memory, which toolchains import that leave making it to the host. */
bool tc_imports_is_memory(const tc_import *import);
/* An import before this one with the same names; NULL if there is none. */
const tc_import *tc_imports_earlier(const tc_wasm *wasm, size_t index);
/* Names every import that is not provided. -1 if there is one. */
int tc_imports_check(const tc_wasm *wasm);

/* ---- toolchain.c: the programs and files that a build needs
 * -------------------------------------- */

typedef struct tc_toolchain {
    char *directory;  /* lib/timecraft of this installation */
    char *include;    /* its headers */
    char *library;    /* libtimecraft.a */
    char *conf;       /* the text of toolchain.conf, "" if there is none */
    char *wasm2c;     /* NULL: not found */
    tc_words cc;      /* empty: not found */
    bool cc_chosen;   /* given with --cc */
    char *tcc;        /* NULL: not found */
    tc_words cflags;  /* of toolchain.conf */
    tc_words ldflags; /* of toolchain.conf */
} tc_toolchain;

/* The headers that generated C includes, by their names in `include`; ends with NULL. */
extern const char *const tc_toolchain_headers[];

/* Finds the parts; does not complain about what is missing. `cc` may be NULL. -1 when the
 * installation itself cannot be found. */
int tc_toolchain_find(tc_toolchain *tools, const char *cc);
/* Complains about a missing part that every build needs. */
int tc_toolchain_check(const tc_toolchain *tools);
void tc_toolchain_reset(tc_toolchain *tools);
/* What identifies a compiler, or all tools and the runtime, without running anything. */
void tc_toolchain_compiler_identity(const tc_words *compiler, tc_buffer *out);
void tc_toolchain_identity(const tc_toolchain *tools, tc_buffer *out);

/* What was learned from running wasm2c once. */
typedef struct tc_wasm2c_facts {
    char version[32];
    tc_words features; /* flags for what this version leaves off by default */
} tc_wasm2c_facts;

/* -1 after a message: it cannot be run or is too old. */
int tc_toolchain_probe_wasm2c(const tc_toolchain *tools, tc_wasm2c_facts *facts);

/* ---- the build
 * ------------------------------------------------------------------------------------ */

typedef struct tc_build_options {
    const char *module; /* path */
    const char *output; /* path */
    const char *cc;     /* --cc or NULL */
    const char *keep_c; /* --keep-c or NULL */
    int level;          /* -O0 … -O3 */
    unsigned jobs;      /* -j */
    bool link_static;   /* --static */
    bool use_cache;
    tc_verbosity verbosity;
    tc_options grants; /* the words of `words`, checked */
    char *words;       /* grants in the syntax of TIMECRAFT_OPTIONS; NULL: none */
} tc_build_options;

/* A build on its way. */
typedef struct tc_build {
    const tc_build_options *options;
    tc_wasm *wasm;
    tc_toolchain tools;
    tc_wasm2c_facts wasm2c;
    char *work; /* directory for everything in between */
    bool uses_simd;
    bool has_constant_memory; /* see rt/guest/memory_address.h */
    tc_words units;           /* names in `work` of the C files, the binding last */
    tc_words objects;         /* names in `work`, one for each unit */
    size_t compiled;          /* units that were not in the cache */
    bool has_tcc_objects;
} tc_build;

/* Reads, checks, translates, binds, compiles, links. The output appears whole or not at all.
 * Returns an exit status. */
int tc_build_run(const tc_build_options *options);
/* The same for a module that was read already. */
int tc_build_wasm(const tc_build_options *options, tc_wasm *wasm);

/* The stages. Each returns -1 after a message. */
int tc_translate(tc_build *build);
int tc_split(tc_build *build);
int tc_bind(tc_build *build);
int tc_compile(tc_build *build);
int tc_link(tc_build *build, const char *output);

/* How many C files wasm2c writes. */
#define TC_WASM2C_OUTPUTS 2

/* Adds the libraries that libtimecraft.a needs. */
void tc_link_libraries(tc_words *argv, bool link_static);

/* ---- declarations.c: wasm2c's headers
 * ------------------------------------------------------------- */

#define TC_NO_NAME SIZE_MAX

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
    tc_buffer guest; /* the headers, which own what is below */
    tc_buffer implementation;
    tc_header_line *lines;
    size_t line_count;
    tc_declared *names; /* in the order of the header, which is the module's */
    size_t name_count;
    size_t *slots; /* hash table: index of a name + 1, or 0 */
    size_t slot_count;
} tc_declarations;

/* Reads guest.h and guest-impl.h of a directory, and `more`, lines to stand behind them (or NULL).
 * -1 after a message. */
int tc_declarations_read(tc_declarations *all, const char *directory, const char *more);
void tc_declarations_reset(tc_declarations *all);
/* The index of a name, or TC_NO_NAME. */
size_t tc_declarations_find(const tc_declarations *all, const char *text, size_t length);
/* Marks the names that a piece of C uses, as used by a unit. */
void tc_declarations_use(tc_declarations *all, size_t unit, const char *text, size_t length);
/* Adds the lines that belong to every unit, and those that declare what this one uses. */
void tc_declarations_write(const tc_declarations *all, size_t unit, tc_buffer *out);

/* A text of `length` bytes, not NUL-terminated: whether it starts with `prefix`; the length of the
 * identifier that ends before `end`. */
bool tc_text_starts(const char *text, size_t length, const char *prefix);
size_t tc_text_identifier_before(const char *start, const char *end);

/* ---- commands: each returns an exit status
 * --------------------------------------------------------- */

int tc_command_run(const tc_build_options *options, char **arguments);
int tc_command_inspect(const char *path);
int tc_command_doctor(void);

#endif
