/* stages/: from a module to a program. What the commands call of it; what the stages share among
 * themselves is in internal.h.
 *
 * May use: base/, profile/ (what one says of functions), and the runtime's options/ (what grants
 * are) and its list of imports. Nothing of commands/.
 *
 * The stages, in the order in which data flows:
 *
 *   module/      bytes of a .wasm file  -> tc_wasm, its outline, and what wasm2c is given of it
 *   component.c  those of a component   -> the preview 1 command in it
 *   imports.c    tc_wasm                -> which imports the runtime provides
 *   translate.c  the module             -> C as wasm2c writes it (runs wasm2c)
 *   correct/     that                   -> C that does what the module says, with every compiler
 *   split/       that                   -> units, C files that stand for themselves
 *   lines/       marks in it, for -g     -> the lines of the guest's source, in the program
 *   bind.c       tc_wasm, guest.h       -> binding.c, which joins the module and the runtime
 *   compile.c    units                  -> objects (parallel, from the cache where possible)
 *   link.c       objects, libtimecraft  -> the program
 *
 * build.c calls them one after the other, or none, where kept.c has the program already.
 */
#ifndef TC_STAGES_H
#define TC_STAGES_H

#include "base/base.h"
#include "options/options.h"
#include "profile/profile.h"

/* ---- module/outline.c: the outline of a module ---- */

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
    bool has_tail_calls;   /* functions of the module */
    bool is_shared;        /* memories */
    bool is_64;            /* memories and tables */
    bool has_max;          /* memories and tables: `max` is given */
    unsigned page_bits; /* memories: a page has 2 to the power of it bytes, 16 if nothing is said */
    uint64_t min;       /* memories: pages; tables: elements */
    uint64_t max;
} tc_extern;

typedef struct tc_import {
    tc_name module;
    tc_name name;
    tc_extern type;
    tc_name type_bytes; /* its kind and type in the file */
} tc_import;

typedef struct tc_export {
    tc_name name;
    tc_extern type;
} tc_export;

/* The features of WebAssembly that features.def lists. */
typedef enum tc_feature {
#define TC_FEATURE(ID, name, what, support, source, remedy) TC_FEATURE_##ID,
#include "stages/features.def"
#undef TC_FEATURE
    TC_FEATURE_COUNT,
} tc_feature;

#define TC_NO_INDEX SIZE_MAX

/* Whether a module uses a feature, and where it does so first. */
typedef struct tc_feature_use {
    bool is_used;
    const char *kind; /* "function", "memory", "the tag section" … */
    size_t index;     /* which one, or TC_NO_INDEX */
    size_t offset;    /* in the file */
} tc_feature_use;

/* Types are written with a letter each: i I f F (i32 i64 f32 f64), V (v128), r (a function
 * reference), e (externref), x (exnref), ? (a type of a proposal that wasm2c does not have). */
typedef struct tc_wasm {
    tc_buffer bytes;   /* the file */
    char *path;        /* as the person gave it */
    char **signatures; /* the type section; NULL for what is not a function's type */
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
    bool is_unwrapped;      /* it was in a component */
    bool is_go;             /* Go's compiler made it */
    tc_feature_use features[TC_FEATURE_COUNT];
} tc_wasm;

/* Reads a module's file. -1 after a message. The outline's bounds are checked; whether the code is
 * valid wasm2c says. */
int tc_wasm_read(tc_wasm *wasm, const char *path);
void tc_wasm_reset(tc_wasm *wasm);
const tc_export *tc_wasm_find_export(const tc_wasm *wasm, const char *name, tc_kind kind);
/* "(i32, i64) -> i32", "memory of 2 pages or more", … a new string. */
char *tc_extern_shown(const tc_extern *type);
/* "(i32, i64) -> i32" for "iI:i"; a new string. */
char *tc_signature_shown(const char *signature);
/* Whether all parameters and results are numbers: no vectors, no references. */
bool tc_signature_is_numbers(const char *signature);

/* ---- module/features.c ---- */

/* Its name, and what it is in words. */
const char *tc_feature_name(tc_feature feature);
const char *tc_feature_what(tc_feature feature);
/* Where it is used first: "function 7, byte 1234 of the file"; a new string. */
char *tc_feature_place(const tc_feature_use *use);
/* NULL: modules that use it are built. Else why not, and how to do without; a new string. */
char *tc_feature_refusal(tc_feature feature);
/* Names every feature that the module uses and that keeps it from being built. -1 if there is one.
 */
int tc_features_check(const tc_wasm *wasm);

/* ---- imports.c: what the runtime provides ---- */

/* What a call of an import does that nobody provides. */
typedef enum tc_stub {
    TC_STUB_NONE,   /* nothing: the module is refused */
    TC_STUB_TRAP,   /* traps, with the import's name */
    TC_STUB_ENOSYS, /* returns ENOSYS, WASI's 52, if its one result is an i32; else it traps */
} tc_stub;

/* What the person said about them. */
typedef struct tc_stubs {
    tc_stub unknown; /* --unknown-imports */
    tc_words named;  /* --stub: MODULE.NAME or MODULE.*, with =trap or =enosys or without */
} tc_stubs;

/* What stands behind an import. */
typedef struct tc_provided {
    const char *function;  /* the runtime's C function, or NULL */
    const char *signature; /* of `function` */
    bool is_memory;        /* the memory, which the binding makes */
    tc_stub stub;          /* in place of a function: TC_STUB_TRAP or TC_STUB_ENOSYS */
    char *reason;          /* NULL, or it is not provided: why, for a person; owned */
} tc_provided;

/* What the runtime has for an import. With `stubs` (NULL: none) those stand where it has nothing,
 * and a function that one of them names has that even where the runtime has it. */
tc_provided tc_imports_find(const tc_import *import, const tc_stubs *stubs);
/* Reads the value of --unknown-imports, which is also what may follow a name in --stub. */
bool tc_imports_read_stub(const char *word, tc_stub *stub);
/* Whether it is env.memory, which toolchains import that leave making it to the host. */
bool tc_imports_is_memory(const tc_import *import);
/* An import before this one with the same names; NULL if there is none. */
const tc_import *tc_imports_earlier(const tc_wasm *wasm, size_t index);
/* Names every import that is neither provided nor a stub. -1 if there is one. */
int tc_imports_check(const tc_wasm *wasm, const tc_stubs *stubs);

/* ---- build.c: the build ---- */

typedef struct tc_build_options {
    const char *module;          /* path */
    const char *output;          /* path */
    const char *cc;              /* --cc or NULL */
    const char *keep_c;          /* --keep-c or NULL */
    const char *profile;         /* --profile or NULL */
    const tc_profile_uses *uses; /* what it says, or NULL; borrowed */
    int level;                   /* -O0 … -O3 */
    unsigned jobs;               /* -j */
    bool link_static;            /* --static */
    bool has_lines;              /* -g */
    bool use_cache;
    bool output_is_kept; /* it is in the cache itself: no other copy of it is kept */
    tc_verbosity verbosity;
    tc_stubs stubs;
    const char *argv0; /* --argv0 of run, or NULL */
    tc_options grants; /* the words of `words`, checked */
    char *words;       /* grants in the syntax of TIMECRAFT_OPTIONS; NULL: none */
} tc_build_options;

/* Reads, checks, translates, binds, compiles, links. The output appears whole or not at all.
 * Returns an exit status. */
int tc_build_run(const tc_build_options *options);
/* The same for a module that was read already. */
int tc_build_wasm(const tc_build_options *options, tc_wasm *wasm);
/* Tells the person, on standard error, of grants that will not do for a guest of this kind what
 * they are meant to: those of `words`, in the syntax of TIMECRAFT_OPTIONS (NULL: none). */
void tc_build_hints(const tc_build_options *options, const tc_wasm *wasm, const char *words);

/* ---- kept.c ---- */

/* The hash of all that the program depends on; it runs none of the tools. */
void tc_program_key(const tc_build_options *options, const tc_wasm *wasm, const tc_toolchain *tools,
                    char key[TC_KEY_SIZE]);

/* ---- link.c ---- */

/* Adds the libraries that libtimecraft.a needs. */
void tc_link_libraries(tc_words *argv, bool link_static);

#endif
