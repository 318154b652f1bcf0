/* Cuts wasm2c's output into units: C files that stand for themselves, of a size that keeps every
 * processor busy, and that stay the same where the module does.
 *
 * wasm2c can write several files itself, but cuts its sorted list of functions into equal parts:
 * one more function moves all the borders behind it, and every file is another. Here a border is
 * where a function's own name and size say so. A change moves at most the borders beside it; all
 * other units have the text they had, and their objects are in the cache.
 *
 * What is not a function (types, tables, start-up) goes to a unit of its own, base.c. In it the
 * segments of data, of which Go's modules have 100,000, become one table and one loop instead of as
 * many statements: a C compiler would need an hour for those.
 */
#include "timecraft.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A unit's size is about a 64th of the whole, within these bounds, doubled at powers of two so that
 * it seldom changes. A unit of 128 KB takes a C compiler a quarter of a second, 50 ms of which it
 * would need for an empty one too. */
#define SMALLEST_UNIT  (UINT64_C(64) << 10)
#define LARGEST_UNIT   (UINT64_C(512) << 10)
#define UNITS_AIMED_AT 64

/* A function, or the bytes of a data segment, as a part of one of wasm2c's files. */
typedef struct piece {
    size_t name; /* in the declarations: their order is the module's */
    const char *text;
    size_t length;
} piece;

typedef struct pieces {
    piece *items;
    size_t count;
    size_t capacity;
} pieces;

typedef struct splitter {
    tc_build *build;
    tc_declarations declarations;
    tc_buffer sources[TC_WASM2C_OUTPUTS]; /* own what the pieces point to */
    pieces functions;
    pieces data;
    piece **data_by_name; /* for each name its data, or NULL */
    tc_buffer base;       /* all the rest */
    size_t unit_count;
} splitter;

static void add_piece(pieces *list, piece item) {
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 256;
        list->items = tc_reallocate(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = item;
}

/* ---- taking the output apart -------------------------------------------------------------------
 */

/* The end of what begins at `text`: behind the first line that is `last`. NULL: it has no end. */
static const char *end_of(const char *text, const char *last) {
    size_t length = strlen(last);
    for (const char *line = strchr(text, '\n'); line; line = strchr(line, '\n')) {
        line++;
        if (strncmp(line, last, length) == 0 && line[length] == '\n')
            return line + length + 1;
    }
    return NULL;
}

/* The declared name of what a line begins to define, if it ends with `ending`. */
static size_t defined_by(const splitter *all, const char *line, size_t length, const char *ending,
                         char before) {
    size_t ending_length = strlen(ending);
    if (length < ending_length || memcmp(line + length - ending_length, ending, ending_length) != 0)
        return TC_NO_NAME;
    const char *end = memchr(line, before, length);
    if (!end)
        return TC_NO_NAME;
    size_t name_length = tc_text_identifier_before(line, end);
    return tc_declarations_find(&all->declarations, end - name_length, name_length);
}

/* wasm2c 1.0.42 makes references of functions through small functions of their own:
 *   static u32 wrap_w2c_three(void *instance) {
 * They are not static here: units need them, and the headers are given their prototypes. */
static const char wrapper_start[] = "static ";

static bool is_wrapper(const char *line, size_t length) {
    return tc_text_starts(line, length, wrapper_start) && line[length - 1] == '{' &&
           memmem(line, length, " wrap_w2c_", strlen(" wrap_w2c_"));
}

static void declare_wrappers(const tc_buffer *source, tc_buffer *out) {
    for (const char *line = source->data; *line; line += *line == '\n') {
        size_t length = strcspn(line, "\n");
        if (length && is_wrapper(line, length)) {
            size_t start = strlen(wrapper_start), end = strlen(" {");
            tc_buffer_print(out, "%.*s;\n", (int)(length - start - end), line + start);
        }
        line += length;
    }
}

/* Recognizes what begins at a line and may go elsewhere; returns its end, or NULL. Only what the
 * headers declare can: other units could not see the rest. */
static const char *take_piece(splitter *all, const char *line, size_t length) {
    size_t prefix = is_wrapper(line, length) ? strlen(wrapper_start) : 0;
    line += prefix;
    length -= prefix;
    piece found = {.text = line};
    const char *end = NULL;
    pieces *list = NULL;
    if (tc_text_starts(line, length, "const u8 data_segment_data_")) {
        found.name = defined_by(all, line, length, "[] = {", '[');
        list = &all->data;
        end = end_of(line, "};");
    } else if (isalpha((unsigned char)*line) && !tc_text_starts(line, length, "static ")) {
        found.name = defined_by(all, line, length, ") {", '(');
        list = &all->functions;
        end = found.name == TC_NO_NAME ? NULL : end_of(line, "}");
    }
    if (!end || found.name == TC_NO_NAME)
        return NULL;
    found.length = (size_t)(end - line);
    add_piece(list, found);
    return end;
}

static void take_apart(splitter *all, const tc_buffer *source) {
    for (const char *line = source->data; *line;) {
        size_t length = strcspn(line, "\n");
        const char *end = take_piece(all, line, length);
        if (!end) {
            end = line + length + (line[length] == '\n');
            if (!tc_text_starts(line, length, "#include \"guest"))
                tc_buffer_add(&all->base, line, (size_t)(end - line));
        }
        line = end;
    }
}

/* Replaces each `from` in a text. */
static void replace_all(tc_buffer *text, const char *from, const char *to) {
    tc_buffer out = {0};
    const char *at = text->data;
    for (const char *found; (found = strstr(at, from)); at = found + strlen(from)) {
        tc_buffer_add(&out, at, (size_t)(found - at));
        tc_buffer_add(&out, to, strlen(to));
    }
    if (at == text->data)
        return;
    tc_buffer_add(&out, at, strlen(at));
    tc_buffer_reset(text);
    *text = out;
}

/* Whether the line calls a function of a table for its results. Examples:
 *     var_i2 = CALL_INDIRECT(…);
 *     struct wasm_multi_ij tmp = CALL_INDIRECT(…);
 * Sets the name that gets them. */
static bool is_indirect_call(const char *line, size_t length, const char **name, size_t *size) {
    static const char call[] = " = CALL_INDIRECT(";
    const char *end = memmem(line, length, call, strlen(call));
    if (!end)
        return false;
    *size = tc_text_identifier_before(line, end);
    *name = end - *size;
    return true;
}

/* A function that is tail-called leaves its results in tail_call_stack. wasm2c 1.0.36 to 1.0.42
 * forget those that it has from an indirect tail call of a function without tail calls:
 *     if (!instance->w2c_T0.data[var_i2].func_tailcallee.fn) {
 *       var_i2 = CALL_INDIRECT(…);
 *       next->fn = NULL;            <- with nothing done before it
 *     } else { */
static void keep_results_of_tail_calls(tc_buffer *source) {
    tc_buffer out = {0};
    bool is_callee = false, is_last = false;
    for (const char *line = source->data; *line;) {
        const char *name;
        size_t size, length = strcspn(line, "\n");
        if (isalpha((unsigned char)*line))
            is_callee = tc_text_starts(line, length, "void wasm_tailcall_w2c_");
        tc_buffer_add(&out, line, length);
        tc_buffer_add(&out, "\n", line[length] == '\n');
        if (memmem(line, length, ".func_tailcallee.fn) {", strlen(".func_tailcallee.fn) {")))
            is_last = is_callee;
        else if (memmem(line, length, "next->fn = ", strlen("next->fn = ")))
            is_last = false; /* the call had no results */
        if (is_last && is_indirect_call(line, length, &name, &size)) {
            tc_buffer_print(&out, "    wasm_rt_memcpy(tail_call_stack, &%.*s, sizeof(%.*s));\n",
                            (int)size, name, (int)size, name);
            is_last = false;
        }
        line += length + (line[length] == '\n');
    }
    tc_buffer_reset(source);
    *source = out;
}

/* Makes C that does what it should of what wasm2c writes for tail calls. */
static void correct_tail_calls(tc_buffer *source) {
    /* Nothing else sets it where the function called is not an import. */
    replace_all(source, "void *instance_ptr_storage;", "void *instance_ptr_storage = instance;");
    /* Calls of imports are not C in 1.0.36 yet; 1.0.37 corrected it so. */
    replace_all(source, "wasm_rt_memcpy(params, ", "wasm_rt_memcpy(&params, ");
    replace_all(source, "*instance_ptr = w2c_", "*instance_ptr = instance->w2c_");
    if (strstr(source->data, ".func_tailcallee.fn) {"))
        keep_results_of_tail_calls(source);
}

/* Whether a line of a function declares parameters or locals, which have values from the start:
 *   u32 w2c_guest_f(w2c_guest* instance, u32 var_p0) {
 *     u32 var_l1 = 0, var_name = 0;
 *     u32 var_p0;                        in a function that is tail-called, after its instance */
static bool declares_locals(const char *line, size_t length, const char *previous) {
    static const char instance[] = "  w2c_guest* instance = *instance_ptr;\n";
    if (!previous)
        return true;
    size_t type = 2;
    while (type < length && (isalnum((unsigned char)line[type]) || line[type] == '_'))
        type++;
    if (type == 2 || !tc_text_starts(line, length, "  ") ||
        !tc_text_starts(line + type, length - type, " var_"))
        return false;
    return memmem(line, length, " = ", 3) || strncmp(previous, instance, strlen(instance)) == 0;
}

/* Adds the lines of a function, with its parameters and locals volatile. */
static void add_with_volatile(tc_buffer *out, const char *text, const char *end) {
    const char *previous = NULL;
    for (const char *line = text; line < end;) {
        const char *next = line + strcspn(line, "\n") + 1;
        const char *at = line;
        if (declares_locals(line, (size_t)(next - line), previous)) {
            const char *name;
            while ((name = memmem(at, (size_t)(next - at), " var_", 5))) {
                tc_buffer_add(out, at, (size_t)(name - at));
                if (name[-1] != ',') /* in a list the first name's word is for all */
                    tc_buffer_print(out, " volatile");
                tc_buffer_print(out, " var_");
                at = name + 5;
            }
        }
        tc_buffer_add(out, at, (size_t)(next - at));
        previous = line;
        line = next;
    }
}

/* A local that was written to after setjmp has its old value or its new one after longjmp, unless
 * it is volatile (C17 7.13.2.1). Before 1.0.42 wasm2c takes its chances. */
static void keep_locals_of_tries(tc_buffer *source) {
    static const char try[] = "wasm_rt_try(";
    tc_buffer out = {0};
    for (const char *line = source->data; *line;) {
        size_t length = strcspn(line, "\n");
        const char *end = line + length + (line[length] == '\n');
        const char *body = length && line[length - 1] == '{' && isalpha((unsigned char)*line)
                               ? end_of(line, "}")
                               : NULL;
        if (body)
            end = body;
        if (body && memmem(line, (size_t)(end - line), try, strlen(try)))
            add_with_volatile(&out, line, end);
        else
            tc_buffer_add(&out, line, (size_t)(end - line));
        line = end;
    }
    tc_buffer_reset(source);
    *source = out;
}

/* Behind wasm2c's own declarations. A throw never leaves a signal handler: a try that saved the
 * signal mask would cost a system call each time, as it does before 1.0.42. */
static const char additions[] =
    "#undef wasm_rt_try\n"
    "#define wasm_rt_try(target) ((target).initialized = true, sigsetjmp((target).buffer, 0))\n"
    "#ifdef SIMDE_WASM_SIMD128_H\n"
    "#include \"simd_corrections.h\"\n"
    "#endif\n";

static void correct_exceptions(tc_buffer *source) {
    if (strstr(source->data, "wasm_rt_try(") && !strstr(source->data, " volatile var_"))
        keep_locals_of_tries(source);
}

/* For tcc: see tcc_prelude.h. Only floating-point numbers are negated in WebAssembly. */
static void replace_negations(tc_buffer *source) {
    replace_all(source, " = -(var_f", " = tc_negate_f32(var_f");
    replace_all(source, " = -(var_d", " = tc_negate_f64(var_d");
}

static int by_name(const void *left, const void *right) {
    const piece *a = left, *b = right;
    return (a->name > b->name) - (a->name < b->name);
}

static int read_sources(splitter *all, tc_buffer *declarations) {
    for (size_t i = 0; i < TC_WASM2C_OUTPUTS; i++) {
        char *path = tc_format("%s/guest_%zu.c", all->build->work, i);
        int result = tc_file_read(path, SIZE_MAX / 2, &all->sources[i]);
        if (result < 0)
            tc_error("cannot read wasm2c's output %s: %s", path, strerror(errno));
        else
            unlink(path); /* as long as the pieces again: make room for them */
        free(path);
        if (result < 0)
            return -1;
        correct_tail_calls(&all->sources[i]);
        correct_exceptions(&all->sources[i]);
        if (all->build->options->level == 0)
            replace_negations(&all->sources[i]);
        declare_wrappers(&all->sources[i], declarations);
    }
    return 0;
}

/* Has loads and stores find the memory at a constant address, rather than load its address first,
 * again after each store. Where a version of wasm2c has another text they do, at the same place. */
static void use_constant_memory(tc_buffer *header) {
    static const char found[] = "#define MEM_ADDR_MEMOP(mem, addr, n) MEM_ADDR(mem, addr, n)\n";
    static const char wanted[] = "#include \"guest/memory_address.h\"";
    char *at = strstr(header->data, found);
    if (at) {
        memset(at, ' ', strlen(found) - 1);
        memcpy(at, wanted, strlen(wanted));
    }
}

static int read_all(splitter *all) {
    tc_buffer more = {0};
    tc_buffer_print(&more, "%s", additions);
    int result = read_sources(all, &more);
    if (result == 0)
        result = tc_declarations_read(&all->declarations, all->build->work, more.data);
    tc_buffer_reset(&more);
    if (result < 0)
        return -1;
    if (all->build->has_constant_memory)
        use_constant_memory(&all->declarations.implementation);
    for (size_t i = 0; i < TC_WASM2C_OUTPUTS; i++)
        take_apart(all, &all->sources[i]);
    if (all->functions.count)
        qsort(all->functions.items, all->functions.count, sizeof *all->functions.items, by_name);
    return 0;
}

/* ---- data
 * ---------------------------------------------------------------------------------------- */

/* Adds the bytes of "0x68, 0x69, … " as string literals, which compilers read many times faster.
 * Returns how many there are. */
static size_t add_bytes(tc_buffer *out, const piece *data) {
    const char *at = strchr(data->text, '{'), *end = data->text + data->length;
    size_t count = 0;
    while ((at = memmem(at, (size_t)(end - at), "0x", 2))) {
        unsigned byte = (unsigned)strtoul(at, NULL, 16);
        tc_buffer_add(out, count % 64 ? "" : "\n\"", count % 64 ? 0 : 2);
        if (isalnum((int)byte) || byte == ' ')
            tc_buffer_add(out, &(char){(char)byte}, 1);
        else
            tc_buffer_print(out, "\\%03o", byte);
        count++;
        tc_buffer_add(out, "\"", count % 64 ? 0 : 1);
        at += 4;
    }
    tc_buffer_add(out, "\"\"", count % 64 ? 1 : count ? 0 : 2);
    return count;
}

/* A statement that copies a segment into a memory. Example:
 *   LOAD_DATA(instance->w2c_memory, 1024u, data_segment_data_w2c_guest_d0, 35); */
typedef struct load {
    const char *memory; /* "instance->w2c_memory" */
    size_t memory_length;
    unsigned long offset;
    const piece *data;
    unsigned long length;
} load;

/* Reads such a statement; false for other lines, and for offsets that are not plain numbers. */
static bool read_load(const splitter *all, const char *line, load *out) {
    static const char start[] = "  LOAD_DATA(";
    char text[2048], name[1024];
    int memory_end = 0, end = 0;
    size_t length = strcspn(line, "\n");
    if (!tc_text_starts(line, length, start) || length >= sizeof text)
        return false;
    memcpy(text, line, length); /* sscanf looks for the end of all the text it is given */
    text[length] = 0;
    if (sscanf(text + strlen(start), "%*[A-Za-z0-9_>-]%n, %luu, %1023[A-Za-z0-9_], %lu);%n",
               &memory_end, &out->offset, name, &out->length, &end) != 3 ||
        strlen(start) + (size_t)end != length)
        return false;
    size_t index = tc_declarations_find(&all->declarations, name, strlen(name));
    out->memory = line + strlen(start);
    out->memory_length = (size_t)memory_end;
    out->data = index == TC_NO_NAME ? NULL : all->data_by_name[index];
    return out->data != NULL;
}

static bool same_memory(const load *left, const load *right) {
    return left->memory_length == right->memory_length &&
           memcmp(left->memory, right->memory, left->memory_length) == 0;
}

/* Replaces the loads at `line`, as many as follow each other and go to one memory, by a loop over
 * a table. They happen in the same order and trap at the same place. Returns what follows them. */
static const char *write_loads(const splitter *all, const char *line, const load *first,
                               tc_buffer *out) {
    tc_buffer bytes = {0}, table = {0};
    load next = *first;
    size_t count = 0;
    do {
        size_t length = add_bytes(&bytes, next.data);
        tc_buffer_print(&table, "%s{%luu, %zuu},", count % 6 ? " " : "\n    ", next.offset, length);
        count++;
        line = strchr(line, '\n') + 1;
    } while (read_load(all, line, &next) && same_memory(first, &next));
    tc_buffer_print(out, "  {\n    static const u32 loads[][2] = {%s\n    };\n", table.data);
    tc_buffer_print(out, "    static const u8 bytes[] = %s;\n    const u8 *from = bytes;\n",
                    bytes.data);
    tc_buffer_print(out,
                    "    for (u32 at = 0; at < %zu; at++) {\n"
                    "      LOAD_DATA(%.*s, loads[at][0], from, loads[at][1]);\n"
                    "      from += loads[at][1];\n    }\n  }\n",
                    count, (int)first->memory_length, first->memory);
    tc_buffer_reset(&bytes);
    tc_buffer_reset(&table);
    return line;
}

static void compact_loads(splitter *all) {
    tc_buffer out = {0};
    for (const char *line = all->base.data; line && *line;) {
        load first;
        if (read_load(all, line, &first)) {
            line = write_loads(all, line, &first, &out);
        } else {
            size_t length = strcspn(line, "\n");
            length += line[length] == '\n';
            tc_buffer_add(&out, line, length);
            line += length;
        }
    }
    tc_buffer_reset(&all->base);
    all->base = out;
}

static void index_data(splitter *all) {
    all->data_by_name = tc_allocate((all->declarations.name_count + 1) * sizeof *all->data_by_name);
    for (size_t i = 0; i < all->data.count; i++)
        all->data_by_name[all->data.items[i].name] = &all->data.items[i];
}

/* Data that is still named, for memory.init, needs its array. */
static void add_named_data(splitter *all) {
    const size_t asking = SIZE_MAX; /* no unit has this number */
    tc_declarations_use(&all->declarations, asking, all->base.data, all->base.length);
    for (size_t i = 0; i < all->functions.count; i++)
        tc_declarations_use(&all->declarations, asking, all->functions.items[i].text,
                            all->functions.items[i].length);
    for (size_t i = 0; i < all->data.count; i++) {
        const tc_declared *name = &all->declarations.names[all->data.items[i].name];
        if (name->used_by != asking)
            continue;
        tc_buffer_print(&all->base, "\nconst u8 %.*s[] =", (int)name->length, name->text);
        add_bytes(&all->base, &all->data.items[i]);
        tc_buffer_print(&all->base, ";\n");
    }
}

/* ---- units
 * --------------------------------------------------------------------------------------- */

/* Writes a unit: the declarations it uses, then its own text. */
static int write_unit(splitter *all, const char *name, const tc_buffer *text) {
    tc_buffer out = {0};
    size_t number = ++all->unit_count; /* from 1: no name has been used by 0 */
    tc_declarations_use(&all->declarations, number, text->data, text->length);
    if (all->build->options->level == 0)
        tc_buffer_print(&out, "#include \"tcc_prelude.h\"\n");
    tc_declarations_write(&all->declarations, number, &out);
    tc_buffer_add(&out, text->data, text->length);
    char *path = tc_format("%s/%s", all->build->work, name);
    int result = tc_file_write(path, out.data, out.length);
    if (result < 0)
        tc_error("cannot write %s: %s", path, strerror(errno));
    else
        tc_words_add(&all->build->units, "%s", name);
    free(path);
    tc_buffer_reset(&out);
    return result;
}

static uint64_t unit_size(uint64_t total) {
    uint64_t size = SMALLEST_UNIT;
    while (size < LARGEST_UNIT && size * UNITS_AIMED_AT < total)
        size *= 2;
    return size;
}

/* Whether a unit ends with this function. The longer the function the likelier, so that units come
 * out alike whatever the functions are; only its own name and length decide. */
static bool is_border(const splitter *all, const piece *function, uint64_t size, uint64_t length) {
    uint64_t hash = all->declarations.names[function->name].hash;
    if (length < size / 2)
        return false;
    return length > 4 * size || (hash >> 16) % (size / 2) < function->length;
}

static int write_functions(splitter *all) {
    uint64_t total = 0;
    for (size_t i = 0; i < all->functions.count; i++)
        total += all->functions.items[i].length;
    tc_buffer text = {0};
    int result = 0;
    for (size_t i = 0; i < all->functions.count && result == 0; i++) {
        const piece *function = &all->functions.items[i];
        tc_buffer_add(&text, function->text, function->length);
        if (i + 1 == all->functions.count ||
            is_border(all, function, unit_size(total), text.length)) {
            char name[64];
            snprintf(name, sizeof name, "unit_%zu.c", all->unit_count);
            result = write_unit(all, name, &text);
            text.length = 0;
        }
    }
    tc_buffer_reset(&text);
    return result;
}

static void splitter_reset(splitter *all) {
    tc_declarations_reset(&all->declarations);
    for (size_t i = 0; i < TC_WASM2C_OUTPUTS; i++)
        tc_buffer_reset(&all->sources[i]);
    free(all->functions.items);
    free(all->data.items);
    free(all->data_by_name);
    tc_buffer_reset(&all->base);
}

int tc_split(tc_build *build) {
    splitter all = {.build = build};
    int result = read_all(&all);
    if (result == 0) {
        build->uses_simd = strstr(all.declarations.implementation.data, "#include <simde/");
        index_data(&all);
        compact_loads(&all);
        add_named_data(&all);
        result = write_unit(&all, "base.c", &all.base);
    }
    if (result == 0)
        result = write_functions(&all);
    splitter_reset(&all);
    return result;
}
