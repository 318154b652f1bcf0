/* Compiles the C files to objects: several at a time, and those that were compiled before taken
 * from the cache.
 *
 * An object's key is the hash of all that it depends on: compiler, flags, the text of the C file
 * and of the headers. It is looked for before the file is written: after a change most need not be.
 * Of wasm2c's headers a file uses only some declarations; those of functions
 * that it does not name are left out, or a new function anywhere would mean a new key everywhere.
 */
#include "stages/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How the runtime's part of wasm2c was compiled, and the module must be too. */
#define RUNTIME_FLAGS                                                                              \
    "-DWASM_RT_SKIP_SIGNAL_RECOVERY=1 -DWASM_RT_NONCONFORMING_UNCHECKED_STACK_EXHAUSTION=1 "       \
    "-DWASM_RT_TRAP_HANDLER=tc_trap -DWASM_RT_USE_MMAP=1 -DWASM_RT_MEMCHECK_GUARD_PAGES=1"

/* What WebAssembly's semantics and the runtime need of the compiler at every level:
 *  - no tail calls, so that endless recursion exhausts the stack and each frame is in a backtrace;
 *  - floating point as IEEE 754 has it, with quiet results for signalling NaNs and no fused
 *    multiplication and addition (wasm2c's README asks for these; contraction is GNU C's default);
 *  - a touch on each page of a large frame, so that the guard below the stack cannot be skipped;
 *  - unwind tables, for backtraces.
 * wasm2c's output keeps to C's aliasing rules: -fno-strict-aliasing is not needed. */
#define SEMANTIC_FLAGS                                                                             \
    "-std=gnu17 -w -fPIE -fno-optimize-sibling-calls -frounding-math -fsignaling-nans "            \
    "-ffp-contract=off -fno-math-errno -fstack-clash-protection -fasynchronous-unwind-tables"

/* WebAssembly's vectors need what x86 processors have since SSE4.1 (2008), as all engines ask for;
 * without it many instructions become several, and some a loop over the lanes. SIMDe computes with
 * signed integers, which wrap around in lanes. */
#if defined __x86_64__
#define SIMD_FLAGS "-msse4.1 -fwrapv"
#else
#define SIMD_FLAGS "-fwrapv"
#endif

/* With -g: of the C's lines only where they are, and which functions are inlined where. Not frame
 * pointers, which cost SQLite 4 %: profilers have the unwind tables. */
#define LINES_FLAGS "-g1 -gno-column-info"

/* tcc removes no loads, so that it may say yes to a question that wasm2c 1.0.42 asks of compilers
 * that are not GNU's. */
#define TCC_FLAGS "-w -DWASM_RT_NONCONFORMING_ALLOW_OOB_READ_ELIMINATION=1"

/* What costs a GNU compiler a fifth of -O2's time or more and wins nothing for wasm2c's output,
 * whose functions are external and whose values are in variables already. Value ranges, partial
 * redundancies and GCSE stay: without them loops over matrices take up to half as long again
 * (tests/bench/guests/loops.c). */
#define GCC_LEVEL_2_FLAGS                                                                          \
    "-fno-ipa-cp -fno-ipa-sra -fno-ipa-icf -fno-tree-tail-merge -fno-schedule-insns2 "             \
    "-fno-expensive-optimizations -fno-thread-jumps -fno-tree-dominator-opts"

/* GCC's elimination of dead stores in RTL (12, and not known to be mended) takes two constants that
 * are addresses for places that never overlap: a store to 8 was lost where a load from 11 stands
 * before the next store to 8. Memory at a constant address (rt/guest/memory_address.h) is full of
 * them. The elimination in GIMPLE, which finds most, is right. clang has no such flag. */
#define GCC_CONSTANT_MEMORY_FLAGS "-fno-dse"

/* tcc's objects have no unwind tables, but frame pointers; beside them all others need those too,
 * so that the stack can be seen through (rt/guest/trap.c, rt/guest/profile.c). */
#define BESIDE_TCC_FLAGS "-fno-omit-frame-pointer"

/* Of functions that are cold by a profile, where tcc does not take them: what takes a GNU compiler
 * least time but -O0, which saves little more and makes programs slow. */
#define COLD_LEVEL 1

/* The binding is a page of code: it need not follow the level, and is the same at each. */
#define BINDING_LEVEL 1

/* ---- flags ---- */

/* One C file on its way to an object. */
typedef struct unit {
    size_t number; /* among the build's units: its names in the working directory */
    size_t size;
    bool is_binding, is_cold;
    bool by_tcc; /* being compiled with it */
    char key[TC_KEY_SIZE];
    pid_t pid;  /* 0: not running */
    int output; /* what the compiler prints */
} unit;

typedef struct tc_compilation {
    tc_build *build;
    tc_words cc;              /* the compiler with its flags, but for the names of the files */
    tc_words cold;            /* the same for cold units */
    tc_words binding;         /* the same for the binding */
    tc_words tcc;             /* tried first for cold units; empty: not */
    char *cache;              /* directory or NULL */
    char common[TC_KEY_SIZE]; /* hash of what every object depends on */
    tc_buffer output;         /* of the last program that failed */
    unit *units;              /* that are to be compiled */
    size_t count;
} compilation;

static void add_cc(tc_words *argv, const tc_build *build, int level) {
    const tc_toolchain *tools = &build->tools;
    tc_words_add_all(argv, &tools->cc);
    tc_words_add(argv, "-O%d", level);
    if (level == 2 && tc_toolchain_compiler_takes(tools, GCC_LEVEL_2_FLAGS))
        tc_words_add_split(argv, GCC_LEVEL_2_FLAGS);
    tc_words_add_split(argv, SEMANTIC_FLAGS " " RUNTIME_FLAGS);
    if (build->has_constant_memory && tc_toolchain_compiler_takes(tools, GCC_CONSTANT_MEMORY_FLAGS))
        tc_words_add_split(argv, GCC_CONSTANT_MEMORY_FLAGS);
    if (build->lines)
        tc_words_add_split(argv, LINES_FLAGS);
    if (build->wasm->features[TC_FEATURE_SIMD].is_used ||
        build->wasm->features[TC_FEATURE_RELAXED_SIMD].is_used)
        tc_words_add_split(argv, SIMD_FLAGS);
    if (build->has_cold_units && tc_may_use_tcc(build))
        tc_words_add_split(argv, BESIDE_TCC_FLAGS);
    tc_words_add_all(argv, &tools->cflags);
    tc_words_add(argv, "-I%s", tools->include);
    tc_words_add(argv, "-c");
}

static void add_tcc(tc_words *argv, const tc_toolchain *tools) {
    tc_words_add(argv, "%s", tools->tcc);
    tc_words_add_split(argv, TCC_FLAGS " " RUNTIME_FLAGS);
    tc_words_add(argv, "-I%s", tools->include);
    tc_words_add(argv, "-c");
}

/* Whether tcc's objects are position-independent, and its calls those of other compilers (but for
 * structures: see split/hot.c). */
#if defined __x86_64__
#define TCC_FITS true
#else
#define TCC_FITS false
#endif

bool tc_may_use_tcc(const tc_build *build) {
    const tc_build_options *options = build->options;
    return (options->level == 0 || (options->uses && TCC_FITS)) && !build->lines &&
           build->tools.tcc && !build->tools.cc_chosen;
}

static void hash_words(tc_hash *hash, const tc_words *words, const char *except) {
    for (size_t i = 0; i < words->count; i++) {
        if (!strstr(words->items[i], except))
            tc_hash_add_text(hash, words->items[i]);
    }
    tc_hash_add_text(hash, "");
}

static int add_file(tc_buffer *out, const char *directory, const char *name) {
    tc_buffer text = {0};
    char *path = tc_format("%s/%s", directory, name);
    int result = tc_file_read(path, SIZE_MAX / 2, &text);
    if (result == 0)
        tc_buffer_add(out, text.data, text.length);
    else
        tc_error("cannot read %s: %s", path, strerror(errno));
    free(path);
    tc_buffer_reset(&text);
    return result;
}

/* Where the headers are does not matter to an object, their text does. */
static int read_headers(const tc_toolchain *tools, tc_buffer *out) {
    int result = 0;
    for (const char *const *header = tc_toolchain_headers; *header && result == 0; header++)
        result = add_file(out, tools->include, *header);
    return result;
}

static void hash_common(compilation *all, const tc_buffer *headers) {
    const tc_toolchain *tools = &all->build->tools;
    tc_buffer identity = {0};
    tc_hash *hash = tc_hash_new();
    tc_toolchain_compiler_identity(&tools->cc, &identity);
    if (all->tcc.count)
        tc_file_identity(&identity, tools->tcc);
    tc_hash_add_text(hash, "object 1");
    tc_hash_add(hash, identity.data, identity.length);
    hash_words(hash, &all->cc, tools->include);
    hash_words(hash, &all->cold, tools->include);
    hash_words(hash, &all->binding, tools->include);
    hash_words(hash, &all->tcc, tools->include);
    tc_hash_add(hash, headers->data, headers->length);
    tc_hash_end(hash, all->common);
    tc_buffer_reset(&identity);
}

static int prepare(compilation *all) {
    const tc_build *build = all->build;
    tc_buffer headers = {0};
    int result = read_headers(&build->tools, &headers);
    if (result == 0) {
        add_cc(&all->cc, build, build->options->level);
        add_cc(&all->binding, build, BINDING_LEVEL);
        if (build->has_cold_units)
            add_cc(&all->cold, build, build->options->level ? COLD_LEVEL : 0);
        if (tc_may_use_tcc(build))
            add_tcc(&all->tcc, &build->tools);
        hash_common(all, &headers);
        all->cache = build->options->use_cache ? tc_cache_directory("objects") : NULL;
    }
    tc_buffer_reset(&headers);
    return result;
}

/* ---- units ---- */

static char *object_path(const tc_build *build, size_t number) {
    return tc_format("%s/%s", build->work, build->objects.items[number]);
}

/* A unit contains all that its object depends on; only the binding includes wasm2c's header. */
static int make_key(const compilation *all, unit *unit, const tc_buffer *text) {
    tc_buffer header = {0};
    int result = unit->is_binding ? add_file(&header, all->build->work, "guest.h") : 0;
    tc_hash *hash = tc_hash_new();
    tc_hash_add_text(hash, all->common);
    tc_hash_add_text(hash, unit->is_cold ? "cold" : "");
    tc_hash_add(hash, text->data, text->length);
    tc_hash_add(hash, header.data, header.length);
    tc_hash_end(hash, unit->key);
    tc_buffer_reset(&header);
    return result;
}

static bool take_from_cache(const compilation *all, const unit *unit) {
    char *object = object_path(all->build, unit->number);
    bool found = tc_cache_get_file(all->cache, unit->key, object);
    free(object);
    return found;
}

static int write_source(const tc_build *build, const char *name, const tc_buffer *text) {
    char *path = tc_format("%s/%s", build->work, name);
    int result = tc_file_write(path, text->data, text->length);
    if (result < 0)
        tc_error("cannot write %s: %s", path, strerror(errno));
    free(path);
    return result;
}

static compilation *get(tc_build *build) {
    if (!build->compilation) {
        compilation *all = build->compilation = tc_allocate(sizeof *all);
        all->build = build;
        if (prepare(all) < 0)
            tc_compilation_reset(build);
    }
    return build->compilation;
}

static int add(tc_build *build, unit *unit, const char *name, const tc_buffer *text) {
    compilation *all = get(build);
    if (!all)
        return -1;
    unit->number = build->units.count;
    unit->size = text->length;
    tc_words_add(&build->units, "%s", name);
    tc_words_add(&build->objects, "%zu.o", unit->number);
    if (make_key(all, unit, text) < 0)
        return -1;
    bool found = take_from_cache(all, unit);
    if (!found) {
        all->units = tc_reallocate(all->units, (all->count + 1) * sizeof *all->units);
        all->units[all->count++] = *unit;
    }
    return found && !build->options->keep_c ? 0 : write_source(build, name, text);
}

int tc_unit_add(tc_build *build, const char *name, bool is_cold, const tc_buffer *text) {
    unit unit = {.is_cold = is_cold};
    return add(build, &unit, name, text);
}

int tc_unit_add_binding(tc_build *build, const char *name, const tc_buffer *text) {
    unit unit = {.is_binding = true};
    return add(build, &unit, name, text);
}

static int start(compilation *all, unit *unit, bool by_tcc) {
    tc_words argv = {0};
    unit->by_tcc = by_tcc;
    tc_words_add_all(&argv, by_tcc             ? &all->tcc
                            : unit->is_binding ? &all->binding
                            : unit->is_cold    ? &all->cold
                                               : &all->cc);
    tc_words_add(&argv, "%s", all->build->units.items[unit->number]);
    tc_words_add(&argv, "-o");
    tc_words_add(&argv, "%s", all->build->objects.items[unit->number]);
    unit->output = tc_process_output();
    if (unit->output >= 0) {
        unit->pid = tc_process_start(&argv, all->build->work, unit->output);
        if (unit->pid < 0) {
            tc_error("cannot run %s: %s", argv.items[0], strerror(errno));
            close(unit->output);
        }
    }
    tc_words_reset(&argv);
    return unit->output < 0 || unit->pid < 0 ? -1 : 0;
}

static void explain(const compilation *all, const unit *unit, int status) {
    const char *output = all->output.data ? all->output.data : "";
    const char *cc = all->build->tools.cc.items[0];
    const char *source = all->build->units.items[unit->number];
    if (strstr(output, "simd128.h: No such file") || strstr(output, "simd128.h' file not found")) {
        tc_error("%s uses SIMD, which needs the SIMDe headers; install them, for example with "
                 "`apt install libsimde-dev`",
                 all->build->wasm->path);
    } else if (strstr(output, "o space left on device")) {
        tc_error("there is no space left in %s for the objects", all->build->work);
    } else if (status > 128) {
        tc_error("%s was killed by signal %d while compiling %s (%s); if memory ran out, try "
                 "fewer jobs (-j)",
                 cc, status - 128, source, all->build->wasm->path);
    } else {
        tc_error("%s cannot compile %s, translated from %s (--keep-c DIR keeps the C files):", cc,
                 source, all->build->wasm->path);
        tc_error_details(output, 20);
    }
}

/* A unit's compiler has ended. Returns 1 when the object is there, 0 when another compiler was
 * started, -1 after a message. */
static int finish(compilation *all, unit *unit, int status) {
    unit->pid = 0;
    tc_buffer_reset(&all->output);
    tc_file_read_descriptor(unit->output, 1 << 20, &all->output);
    close(unit->output);
    if (status && unit->by_tcc)
        return start(all, unit, false);
    if (status) {
        explain(all, unit, status);
        return -1;
    }
    if (all->cache) {
        char *object = object_path(all->build, unit->number);
        tc_cache_put_file(all->cache, unit->key, object);
        free(object);
    }
    return 1;
}

static int by_size(const void *left, const void *right) {
    const unit *a = left, *b = right;
    return (a->size < b->size) - (a->size > b->size);
}

static unit *find_running(unit *units, size_t count, pid_t pid) {
    for (size_t i = 0; i < count; i++) {
        if (units[i].pid == pid)
            return &units[i];
    }
    return NULL;
}

static bool is_for_tcc(const compilation *all, const unit *unit) {
    return all->tcc.count && unit->is_cold;
}

/* Compiles all, the largest first so that no long one is left over for the end. */
static int compile_all(compilation *all) {
    size_t next = 0, done = 0, running = 0;
    qsort(all->units, all->count, sizeof *all->units, by_size);
    while (done < all->count) {
        tc_progress_count(done, all->count, "files compiled");
        while (running < all->build->options->jobs && next < all->count) {
            unit *unit = &all->units[next++];
            if (start(all, unit, is_for_tcc(all, unit)) < 0)
                return -1;
            running++;
        }
        int status;
        pid_t pid = tc_process_wait(&status);
        unit *unit = pid < 0 ? NULL : find_running(all->units, all->count, pid);
        int result = unit ? finish(all, unit, status) : -1;
        if (result < 0)
            return -1;
        done += (size_t)result;
        running -= (size_t)result;
    }
    return 0;
}

int tc_compile(tc_build *build) {
    compilation *all = build->compilation;
    int result = 0;
    if (all->count) {
        tc_progress_step("compiling %zu files, %zu more are in the cache", all->count,
                         build->units.count - all->count);
        result = compile_all(all);
        tc_process_stop();
        if (result == 0)
            tc_cache_trim(all->cache, TC_CACHE_LIMIT);
    }
    build->compiled = all->count;
    build->has_tcc_objects = all->tcc.count > 0;
    return result;
}

void tc_compilation_reset(tc_build *build) {
    compilation *all = build->compilation;
    if (!all)
        return;
    tc_words_reset(&all->cc);
    tc_words_reset(&all->cold);
    tc_words_reset(&all->binding);
    tc_words_reset(&all->tcc);
    tc_buffer_reset(&all->output);
    free(all->cache);
    free(all->units);
    free(all);
    build->compilation = NULL;
}
