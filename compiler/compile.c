/* Compiles the C files to objects: several at a time, and those that were compiled before taken
 * from the cache.
 *
 * An object's key is the hash of all that it depends on: compiler, flags, the text of the C file
 * and of the headers. Of wasm2c's headers a file uses only some declarations; those of functions
 * that it does not name are left out, or a new function anywhere would mean a new key everywhere.
 */
#include "timecraft.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* tcc removes no loads, so that it may say yes to a question that wasm2c 1.0.42 asks of compilers
 * that are not GNU's. */
#define TCC_FLAGS "-w -DWASM_RT_NONCONFORMING_ALLOW_OOB_READ_ELIMINATION=1"

/* The binding is a page of code: it need not follow the level, and is the same at each. */
#define BINDING_LEVEL 1

/* ---- keys ----------------------------------------------------------------------------------- */

/* A line of a header. Those with a name declare only that. */
typedef struct header_line {
    const char *text;
    size_t length;
    size_t name; /* index among the names, or NO_NAME */
} header_line;

#define NO_NAME SIZE_MAX

typedef struct declared {
    const char *text;
    size_t length;
    uint64_t hash;
    bool used; /* by the file looked at */
} declared;

typedef struct headers {
    tc_buffer text; /* owns what the lines and names point to */
    header_line *lines;
    size_t line_count;
    declared *names;
    size_t name_count;
    size_t *slots; /* hash table: index of a name + 1, or 0 */
    size_t slot_count;
    char common[TC_KEY_SIZE]; /* hash of what every key depends on */
} headers;

static uint64_t hash_step(uint64_t hash, unsigned char byte) {
    return (hash ^ byte) * UINT64_C(0x100000001b3); /* FNV-1a */
}

static uint64_t hash_text(const char *text, size_t length) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        hash = hash_step(hash, (unsigned char)text[i]);
    return hash;
}

static bool is_identifier(char byte) {
    return isalnum((unsigned char)byte) || byte == '_';
}

static declared *find_name(const headers *all, const char *text, size_t length, uint64_t hash) {
    if (!all->slot_count)
        return NULL;
    for (size_t slot = hash % all->slot_count; all->slots[slot];
         slot = (slot + 1) % all->slot_count) {
        declared *name = &all->names[all->slots[slot] - 1];
        if (name->hash == hash && name->length == length && !memcmp(name->text, text, length))
            return name;
    }
    return NULL;
}

static bool starts_with(const char *text, size_t length, const char *prefix) {
    size_t prefix_length = strlen(prefix);
    return length >= prefix_length && memcmp(text, prefix, prefix_length) == 0;
}

/* The length of the identifier that ends before `end`. */
static size_t identifier_before(const char *start, const char *end) {
    const char *at = end;
    while (at > start && is_identifier(at[-1]))
        at--;
    return (size_t)(end - at);
}

/* The name that a line does nothing but declare, or NULL. Examples:
 *   u32 w2c_guest_malloc(w2c_guest*, u32);               w2c_guest_malloc
 *   FUNC_TYPE_DECL_EXTERN_T(w2c_guest_t3);               w2c_guest_t3
 *   extern const u8 data_segment_data_w2c_guest_d0[];    data_segment_data_w2c_guest_d0 */
static const char *declared_by(const char *line, size_t length, size_t *name_length) {
    static const char type_macro[] = "FUNC_TYPE_DECL_EXTERN_T(";
    const char *end = line + length;
    if (length < 3 || end[-1] != ';')
        return NULL;
    if (starts_with(line, length, type_macro)) {
        *name_length = length - strlen(type_macro) - 2;
        return line + strlen(type_macro);
    }
    if (starts_with(line, length, "extern const ") && end[-2] == ']' && end[-3] == '[') {
        *name_length = identifier_before(line, end - 3);
        return end - 3 - *name_length;
    }
    const char *parenthesis = memchr(line, '(', length);
    if (!parenthesis || end[-2] != ')')
        return NULL;
    *name_length = identifier_before(line, parenthesis);
    const char *name = parenthesis - *name_length;
    bool is_function = starts_with(name, *name_length, "w2c_") ||
                       starts_with(name, *name_length, "wasm_tailcall_w2c_");
    return is_function ? name : NULL;
}

static size_t add_name(headers *all, const char *text, size_t length) {
    uint64_t hash = hash_text(text, length);
    declared *known = find_name(all, text, length, hash);
    if (known)
        return (size_t)(known - all->names);
    size_t index = all->name_count++;
    all->names[index] = (declared){text, length, hash, false};
    size_t slot = hash % all->slot_count;
    while (all->slots[slot])
        slot = (slot + 1) % all->slot_count;
    all->slots[slot] = index + 1;
    return index;
}

static void split_headers(headers *all) {
    size_t lines = 0;
    for (size_t i = 0; i < all->text.length; i++)
        lines += all->text.data[i] == '\n';
    all->lines = tc_allocate((lines + 1) * sizeof *all->lines);
    all->names = tc_allocate((lines + 1) * sizeof *all->names);
    all->slot_count = 2 * lines + 1;
    all->slots = tc_allocate(all->slot_count * sizeof *all->slots);
    for (const char *at = all->text.data; at && *at;) {
        size_t length = strcspn(at, "\n");
        size_t name_length = 0;
        const char *name = declared_by(at, length, &name_length);
        /* Comments announce what the next line declares; they are part of no object. */
        if (!starts_with(at, length, "/* import: ") && !starts_with(at, length, "/* export: "))
            all->lines[all->line_count++] =
                (header_line){at, length, name ? add_name(all, name, name_length) : NO_NAME};
        at += length;
        at += *at == '\n';
    }
}

/* Marks the names that a C file uses. */
static void mark_used(headers *all, const tc_buffer *text) {
    for (size_t i = 0; i < all->name_count; i++)
        all->names[i].used = false;
    const char *at = text->data, *end = text->data + text->length;
    while (at < end) {
        if (!is_identifier(*at)) {
            at++;
            continue;
        }
        const char *start = at;
        uint64_t hash = UINT64_C(0xcbf29ce484222325);
        for (; at < end && is_identifier(*at); at++)
            hash = hash_step(hash, (unsigned char)*at);
        declared *name = find_name(all, start, (size_t)(at - start), hash);
        if (name)
            name->used = true;
    }
}

static int add_file(tc_buffer *out, const char *directory, const char *name, bool must_exist) {
    tc_buffer text = {0};
    char *path = tc_format("%s/%s", directory, name);
    int result = tc_file_read(path, SIZE_MAX / 2, &text);
    if (result == 0)
        tc_buffer_add(out, text.data, text.length);
    else if (must_exist)
        tc_error("cannot read %s: %s", path, strerror(errno));
    else
        result = 0;
    free(path);
    tc_buffer_reset(&text);
    return result;
}

static void headers_reset(headers *all) {
    tc_buffer_reset(&all->text);
    free(all->lines);
    free(all->names);
    free(all->slots);
}

/* ---- flags ---------------------------------------------------------------------------------- */

typedef struct compilation {
    tc_build *build;
    headers headers;
    tc_words cc;      /* the compiler with its flags, but for the names of the files */
    tc_words binding; /* the same for the binding */
    tc_words tcc;     /* tried first when it is there; empty: not */
    char *cache;      /* directory or NULL */
    tc_buffer output; /* of the last program that failed */
} compilation;

static void add_cc(tc_words *argv, const tc_toolchain *tools, int level) {
    tc_words_add_all(argv, &tools->cc);
    tc_words_add(argv, "-O%d", level);
    tc_words_add_split(argv, SEMANTIC_FLAGS " " RUNTIME_FLAGS);
    tc_words_add_all(argv, &tools->cflags);
    tc_words_add(argv, "-I%s", tools->include);
    tc_words_add(argv, "-c");
}

static void add_tcc(tc_words *argv, const tc_toolchain *tools) {
    tc_words_add(argv, "%s", tools->tcc);
    tc_words_add_split(argv, TCC_FLAGS " " RUNTIME_FLAGS);
    tc_words_add(argv, "-I%s", tools->include);
    tc_words_add(argv, "-include");
    tc_words_add(argv, "%s/tcc_prelude.h", tools->include);
    tc_words_add(argv, "-c");
}

/* tcc's vectors are not those of other compilers, so that a module with SIMD is not for it; and
 * whoever names a compiler gets that one. */
static bool may_use_tcc(const compilation *all) {
    const tc_build *build = all->build;
    return build->options->level == 0 && build->tools.tcc && !build->tools.cc_chosen &&
           !strstr(all->headers.text.data, "#include <simde/");
}

static void hash_words(tc_hash *hash, const tc_words *words, const char *except) {
    for (size_t i = 0; i < words->count; i++) {
        if (!strstr(words->items[i], except))
            tc_hash_add_text(hash, words->items[i]);
    }
    tc_hash_add_text(hash, "");
}

/* What every key depends on. The directory of the headers does not matter, their text does. */
static void hash_common(compilation *all, const tc_buffer *runtime_headers) {
    const tc_toolchain *tools = &all->build->tools;
    tc_buffer identity = {0};
    tc_hash *hash = tc_hash_new();
    tc_toolchain_compiler_identity(&tools->cc, &identity);
    if (all->tcc.count)
        tc_file_identity(&identity, tools->tcc);
    tc_hash_add_text(hash, "object 1");
    tc_hash_add(hash, identity.data, identity.length);
    hash_words(hash, &all->cc, tools->include);
    hash_words(hash, &all->binding, tools->include);
    hash_words(hash, &all->tcc, tools->include);
    tc_hash_add(hash, runtime_headers->data, runtime_headers->length);
    tc_hash_end(hash, all->headers.common);
    tc_buffer_reset(&identity);
}

static int read_headers(compilation *all, tc_buffer *runtime_headers) {
    const tc_build *build = all->build;
    const char *include = build->tools.include;
    if (add_file(&all->headers.text, build->work, "guest.h", true) < 0 ||
        add_file(&all->headers.text, build->work, "guest-impl.h", false) < 0 ||
        add_file(runtime_headers, include, "wasm-rt.h", true) < 0 ||
        add_file(runtime_headers, include, "wasm-rt-exceptions.h", false) < 0 ||
        add_file(runtime_headers, include, "guest/module.h", true) < 0 ||
        add_file(runtime_headers, include, "wasi/wasi.h", true) < 0 ||
        add_file(runtime_headers, include, "tcc_prelude.h", false) < 0)
        return -1;
    split_headers(&all->headers);
    return 0;
}

static int prepare(compilation *all) {
    const tc_build *build = all->build;
    tc_buffer runtime_headers = {0};
    int result = read_headers(all, &runtime_headers);
    if (result == 0) {
        add_cc(&all->cc, &build->tools, build->options->level);
        add_cc(&all->binding, &build->tools, BINDING_LEVEL);
        if (may_use_tcc(all))
            add_tcc(&all->tcc, &build->tools);
        hash_common(all, &runtime_headers);
        all->cache = build->options->use_cache ? tc_cache_directory("objects") : NULL;
    }
    tc_buffer_reset(&runtime_headers);
    return result;
}

/* ---- units ---------------------------------------------------------------------------------- */

/* One C file on its way to an object. */
typedef struct unit {
    const char *source; /* names in the working directory; borrowed */
    const char *object;
    size_t size;
    bool is_binding;
    bool by_tcc; /* being compiled with it */
    char key[TC_KEY_SIZE];
    pid_t pid;  /* 0: not running */
    int output; /* what the compiler prints */
} unit;

static void make_key(headers *all, const tc_buffer *text, char key[TC_KEY_SIZE]) {
    mark_used(all, text);
    tc_hash *hash = tc_hash_new();
    tc_hash_add_text(hash, all->common);
    for (size_t i = 0; i < all->line_count; i++) {
        const header_line *line = &all->lines[i];
        if (line->name == NO_NAME || all->names[line->name].used)
            tc_hash_add(hash, line->text, line->length);
    }
    tc_hash_add(hash, text->data, text->length);
    tc_hash_end(hash, key);
}

/* Reads a file, makes its key, and looks the object up: 1 found, 0 to be compiled, -1 error. */
static int look_up(compilation *all, unit *unit) {
    tc_buffer text = {0};
    char *path = tc_format("%s/%s", all->build->work, unit->source);
    int result = tc_file_read(path, SIZE_MAX / 2, &text);
    if (result < 0)
        tc_error("cannot read %s: %s", path, strerror(errno));
    free(path);
    if (result == 0 && all->cache) {
        make_key(&all->headers, &text, unit->key);
        char *object = tc_format("%s/%s", all->build->work, unit->object);
        result = tc_cache_get_file(all->cache, unit->key, object);
        free(object);
    }
    unit->size = text.length;
    tc_buffer_reset(&text);
    return result;
}

static int start(compilation *all, unit *unit, bool by_tcc) {
    tc_words argv = {0};
    unit->by_tcc = by_tcc;
    tc_words_add_all(&argv, by_tcc ? &all->tcc : unit->is_binding ? &all->binding : &all->cc);
    tc_words_add(&argv, "%s", unit->source);
    tc_words_add(&argv, "-o");
    tc_words_add(&argv, "%s", unit->object);
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
    if (strstr(output, "simde/")) {
        tc_error("%s uses SIMD, which needs the SIMDe headers; install them, for example with "
                 "`apt install libsimde-dev`",
                 all->build->wasm->path);
    } else if (strstr(output, "o space left on device")) {
        tc_error("there is no space left in %s for the objects", all->build->work);
    } else if (status > 128) {
        tc_error("%s was killed by signal %d while compiling %s (%s); if memory ran out, try "
                 "fewer jobs (-j)",
                 cc, status - 128, unit->source, all->build->wasm->path);
    } else {
        tc_error("%s cannot compile %s, translated from %s (--keep-c DIR keeps the C files):", cc,
                 unit->source, all->build->wasm->path);
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
        char *object = tc_format("%s/%s", all->build->work, unit->object);
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

/* Compiles all, the largest first so that no long one is left over for the end. */
static int compile_all(compilation *all, unit *units, size_t count) {
    size_t next = 0, done = 0, running = 0;
    qsort(units, count, sizeof *units, by_size);
    while (done < count) {
        tc_progress_count(done, count, "files compiled");
        while (running < all->build->options->jobs && next < count) {
            unit *unit = &units[next++];
            if (start(all, unit, all->tcc.count && !unit->is_binding) < 0)
                return -1;
            running++;
        }
        int status;
        pid_t pid = tc_process_wait(&status);
        unit *unit = pid < 0 ? NULL : find_running(units, count, pid);
        int result = unit ? finish(all, unit, status) : -1;
        if (result < 0)
            return -1;
        done += (size_t)result;
        running -= (size_t)result;
    }
    return 0;
}

/* Fills `units` with what has to be compiled. */
static int look_up_all(compilation *all, unit *units, size_t *count) {
    tc_build *build = all->build;
    for (size_t i = 0; i < build->units.count; i++) {
        tc_words_add(&build->objects, "%zu.o", i);
        unit unit = {.source = build->units.items[i],
                     .object = build->objects.items[i],
                     .is_binding = i == build->units.count - 1};
        int found = look_up(all, &unit);
        if (found < 0)
            return -1;
        if (!found)
            units[(*count)++] = unit;
    }
    return 0;
}

int tc_compile(tc_build *build) {
    compilation all = {.build = build};
    unit *units = tc_allocate(build->units.count * sizeof *units);
    size_t count = 0;
    int result = prepare(&all);
    if (result == 0)
        result = look_up_all(&all, units, &count);
    if (result == 0 && count) {
        tc_progress_step("compiling %zu of %zu files, the others are in the cache", count,
                         build->units.count);
        result = compile_all(&all, units, count);
        tc_process_stop();
        if (result == 0)
            tc_cache_trim(all.cache, TC_CACHE_LIMIT);
    }
    build->compiled = count;
    build->has_tcc_objects = all.tcc.count > 0;
    headers_reset(&all.headers);
    tc_words_reset(&all.cc);
    tc_words_reset(&all.binding);
    tc_words_reset(&all.tcc);
    tc_buffer_reset(&all.output);
    free(all.cache);
    free(units);
    return result;
}
