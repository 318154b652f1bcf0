/* What the stages of a build share among themselves: the build on its way, and who takes it on.
 *
 * May be used by stages/ only.
 */
#ifndef TC_STAGES_INTERNAL_H
#define TC_STAGES_INTERNAL_H

#include "stages/stages.h"

/* The first eight bytes of a component. */
#define TC_COMPONENT_PREAMBLE "\0asm\x0d\0\1"

/* Puts in place of a component's bytes the preview 1 command in it, and reads that. -1 after a
 * message, for one that is something else. */
int tc_component_unwrap(tc_wasm *wasm);
/* Reads the outline of a module whose path is set and whose bytes, which begin with a module's
 * preamble, are there already. */
int tc_wasm_read_outline(tc_wasm *wasm);

/* How many C files wasm2c writes. */
#define TC_WASM2C_OUTPUTS 2

/* The module in C, in memory: tc_translate makes it, tc_correct changes it, tc_split cuts it into
 * units and frees it. */
typedef struct tc_code {
    tc_buffer sources[TC_WASM2C_OUTPUTS]; /* guest_0.c … */
    tc_buffer guest;                      /* guest.h: what the module imports and exports */
    tc_buffer implementation;             /* guest-impl.h, which includes it */
} tc_code;

/* Functions that are translated together, as numbers in the code section. A long module has several
 * parts, because wasm2c holds all that it reads at once. */
typedef struct tc_part {
    size_t first;
    size_t end;    /* SIZE_MAX: that of the module */
    uint32_t mark; /* a constant that the module has nowhere: see tc_module_lower */
} tc_part;

/* Where wasm2c's C is to be found again: number i is `first` + i, of an i32 that is dropped, in
 * front of the first instruction of a function at or behind address i. None of the numbers is a
 * constant in the module. */
typedef struct tc_marks {
    uint32_t first;
    const uint32_t *addresses; /* offsets in the code section's contents, ascending */
    size_t count;              /* 0: there are none */
} tc_marks;

/* A build on its way. */
typedef struct tc_build {
    const tc_build_options *options;
    tc_wasm *wasm;
    tc_toolchain tools;
    tc_wasm2c_facts wasm2c;
    char *work;   /* directory for everything in between */
    tc_part part; /* of which `code` is */
    tc_code code;
    struct tc_lines *lines;             /* of the guest's source; NULL: without -g */
    tc_marks marks;                     /* by tc_lines_read */
    const char *unit_prelude;           /* what stands in front of each unit, by tc_correct */
    const char *binding_support;        /* what the binding has for the units, by tc_correct */
    bool has_constant_memory;           /* see rt/guest/memory_address.h */
    tc_names written;                   /* the functions in them */
    tc_words units;                     /* names in `work` of the C files, the binding last */
    tc_words objects;                   /* names in `work`, one for each unit */
    struct tc_compilation *compilation; /* of those that were added; NULL: there are none */
    bool has_cold_units;                /* there may be such: with -O0 and tcc, or a profile */
    size_t functions, cold_functions;   /* where there may */
    size_t compiled;                    /* units that were not in the cache */
    bool has_tcc_objects;
} tc_build;

/* An i32 that stands, and is dropped, in front of the `unreachable` that memory.atomic.wait
 * becomes. */
#define TC_WAIT_MARK 1952539252

/* Whether the part that a build is at is the whole module. */
static inline bool tc_is_only_part(const tc_build *build) {
    return build->part.first == 0 && build->part.end == SIZE_MAX;
}

/* Goes on to the first or next part; false: there is no more (module/lower.c). */
bool tc_module_next_part(const tc_wasm *wasm, tc_part *part);
/* Writes what wasm2c is given of a module. Functions of other parts are part->mark, which is
 * dropped, and `unreachable`. */
void tc_module_lower(const tc_wasm *wasm, const tc_part *part, const tc_marks *marks,
                     tc_buffer *out);
/* The first of `count` numbers that are no constants in the module; 0: there are not as many. */
uint32_t tc_module_find_marks(const tc_wasm *wasm, size_t count);

/* Bytes that are copied into the memory when the module is instantiated; the module's own. */
typedef struct tc_data_segment {
    uint32_t address;
    uint32_t length;
    const uint8_t *bytes;
} tc_data_segment;

/* Calls back with each segment of data, in order, if all are copied into the module's one memory at
 * constant addresses, and no instruction can name them; else false, without any call. `call` may be
 * NULL. wasm2c is not given these: see lower.c. */
bool tc_module_each_segment(const tc_wasm *wasm,
                            void (*call)(const tc_data_segment *segment, void *context),
                            void *context);

/* Calls back with the place of each instruction of a function's body that calls, or that may trap:
 * an offset in the code section's contents, and the function's own beginning. */
void tc_module_each_place(const tc_wasm *wasm,
                          void (*call)(uint32_t function, uint32_t place, void *context),
                          void *context);

/* The lines of the guest's source, for -g (lines/): reads them, and sets where marks go; ends with
 * tc_lines_reset. */
void tc_lines_read(tc_build *build);
/* Adds a function of the C without its marks, and remembers where they were. */
void tc_lines_take_function(tc_build *build, tc_name name, const char *text, size_t length,
                            tc_buffer *out);
/* Takes marks out of what is no such function. */
void tc_lines_take_rest(tc_build *build, tc_buffer *text);
/* Puts what is known of lines into the program. A problem with it is told, and is no error. */
void tc_lines_add(tc_build *build);
void tc_lines_reset(tc_build *build);

/* Adds a C file to the units, for tc_compile: the object is taken from the cache; if it is not
 * there, or --keep-c wants it, the file is written. Cold ones are compiled in the quickest way.
 * What flags depend on in a build has to be known. -1 after a message. */
int tc_unit_add(tc_build *build, const char *name, bool is_cold, const tc_buffer *text);
/* The same with the last one, which includes guest.h. */
int tc_unit_add_binding(tc_build *build, const char *name, const tc_buffer *text);
void tc_compilation_reset(tc_build *build);

/* The stages. tc_translate, tc_correct and tc_split are called for each part. Each returns -1 after
 * a message. */
int tc_translate(tc_build *build);
void tc_correct(tc_build *build);
int tc_split(tc_build *build);
int tc_bind(tc_build *build);
int tc_compile(tc_build *build);
/* The program that tc_link makes in the working directory. */
#define TC_LINKED "program"
int tc_link(tc_build *build);

/* Whether cold units are given to tcc first. Whoever names a compiler gets that one; tcc writes no
 * DWARF. */
bool tc_may_use_tcc(const tc_build *build);

void tc_code_reset(tc_code *code);

/* The cache of whole programs, and where in it that of a build is (kept.c). */
typedef struct tc_kept {
    char *directory; /* NULL: it has none of these */
    char key[TC_KEY_SIZE];
} tc_kept;

void tc_kept_open(tc_kept *kept, const tc_build *build);
void tc_kept_close(tc_kept *kept);
/* Writes the program to `path`; false: it is not there, or damaged. */
bool tc_kept_get(const tc_kept *kept, const char *path);
/* Keeps the one at `path`. */
void tc_kept_put(const tc_kept *kept, const char *path);

#endif
