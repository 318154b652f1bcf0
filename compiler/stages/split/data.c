/* The segments of data, of which Go's modules have 100,000: they become one table and one loop
 * instead of as many statements, for which a C compiler would need an hour. Where the module's
 * start is all that copies them they come from the module itself: wasm2c has one byte in their
 * place.
 */
#include "stages/split/split.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned hex_digit(char digit) {
    return (unsigned)(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
}

/* Bytes on their way into string literals, 64 in each. */
typedef struct literal {
    tc_buffer *out;
    size_t count;
} literal;

/* A big module has millions: nothing is printed or allocated for each. */
static void add_byte(literal *to, unsigned byte) {
    char text[8], *end = text;
    if (to->count % 64 == 0) {
        *end++ = '\n';
        *end++ = '"';
    }
    if (isalnum((int)byte) || byte == ' ') {
        *end++ = (char)byte;
    } else {
        *end++ = '\\';
        for (int shift = 6; shift >= 0; shift -= 3)
            *end++ = (char)('0' + (byte >> shift & 7));
    }
    if (++to->count % 64 == 0)
        *end++ = '"';
    tc_buffer_add(to->out, text, (size_t)(end - text));
}

static void end_literal(const literal *to) {
    tc_buffer_add(to->out, "\"\"", to->count % 64 ? 1 : to->count ? 0 : 2);
}

/* Adds the bytes of "0x68, 0x69, … " as string literals, which compilers read many times faster.
 * Returns how many there are. */
static size_t add_bytes(tc_buffer *out, const tc_piece *data) {
    const char *at = strchr(data->text, '{'), *end = data->text + data->length;
    literal to = {.out = out};
    while ((at = memmem(at, (size_t)(end - at), "0x", 2))) {
        unsigned byte = 0;
        for (at += 2; isxdigit((unsigned char)*at); at++)
            byte = (byte << 4 | hex_digit(*at)) & 0xff;
        add_byte(&to, byte);
    }
    end_literal(&to);
    return to.count;
}

/* A statement that copies a segment into a memory. Example:
 *   LOAD_DATA(instance->w2c_memory, 1024u, data_segment_data_w2c_guest_d0, 35); */
typedef struct load {
    const char *memory; /* "instance->w2c_memory" */
    size_t memory_length;
    unsigned long offset;
    tc_piece *data;
    unsigned long length;
} load;

static bool read_number(const char **at, unsigned long *value) {
    char *end;
    if (!isdigit((unsigned char)**at))
        return false;
    *value = strtoul(*at, &end, 10);
    *at = end;
    return true;
}

/* Reads such a statement; false for other lines, and for offsets that are not plain numbers. */
static bool read_load(const tc_splitter *all, const char *line, load *out) {
    static const char name_bytes[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_>-";
    const char *at = line;
    if (!tc_text_take(&at, "  LOAD_DATA("))
        return false;
    out->memory = at;
    out->memory_length = strspn(at, name_bytes);
    at += out->memory_length;
    if (!tc_text_take(&at, ", ") || !read_number(&at, &out->offset) || !tc_text_take(&at, "u, "))
        return false;
    const char *name = at;
    at += strspn(at, name_bytes);
    size_t index = tc_declarations_find(&all->declarations, name, (size_t)(at - name));
    if (!tc_text_take(&at, ", ") || !read_number(&at, &out->length) || !tc_text_take(&at, ");\n"))
        return false;
    out->data = index == TC_NO_NAME ? NULL : all->data_by_name[index];
    return out->data != NULL;
}

static bool same_memory(const load *left, const load *right) {
    return left->memory_length == right->memory_length &&
           memcmp(left->memory, right->memory, left->memory_length) == 0;
}

/* What a loop copies: the bytes in a row, and where they go. */
typedef struct copies {
    tc_buffer bytes; /* string literals */
    literal to;      /* of segments that the module gives */
    tc_buffer table; /* address and length of each segment */
    size_t count;
} copies;

static void add_copy(copies *all, unsigned long address, size_t length) {
    char text[64];
    int size = snprintf(text, sizeof text, "%s{%luu, %zuu},", all->count % 6 ? " " : "\n    ",
                        address, length);
    tc_buffer_add(&all->table, text, (size_t)size);
    all->count++;
}

static void add_segment(const tc_data_segment *segment, void *context) {
    copies *all = context;
    for (uint32_t i = 0; i < segment->length; i++)
        add_byte(&all->to, segment->bytes[i]);
    add_copy(all, segment->address, segment->length);
}

/* Writes a loop. Its copies happen in the same order as the module's, and trap at the same place.
 */
static void write_loop(copies *all, const load *first, tc_buffer *out) {
    tc_buffer_print(out, "  {\n    static const u32 loads[][2] = {%s\n    };\n", all->table.data);
    tc_buffer_print(out, "    static const u8 bytes[] = %s;\n    const u8 *from = bytes;\n",
                    all->bytes.data);
    tc_buffer_print(out,
                    "    for (u32 at = 0; at < %zu; at++) {\n"
                    "      LOAD_DATA(%.*s, loads[at][0], from, loads[at][1]);\n"
                    "      from += loads[at][1];\n    }\n  }\n",
                    all->count, (int)first->memory_length, first->memory);
    tc_buffer_reset(&all->bytes);
    tc_buffer_reset(&all->table);
}

/* Replaces the loads at `line`, as many as follow each other and go to one memory, by a loop over
 * a table. Returns what follows them. */
static const char *write_loads(const tc_splitter *all, const char *line, const load *first,
                               tc_buffer *out) {
    copies made = {0};
    load next = *first;
    do {
        add_copy(&made, next.offset, add_bytes(&made.bytes, next.data));
        next.data->is_loaded = true;
        line = strchr(line, '\n') + 1;
    } while (read_load(all, line, &next) && same_memory(first, &next));
    write_loop(&made, first, out);
    return line;
}

/* Replaces the load at `line` by those of the module that it stands for, if it does. */
static bool write_segments(const tc_splitter *all, const load *first, tc_buffer *out) {
    copies made = {0};
    made.to.out = &made.bytes;
    if (!tc_module_each_segment(all->build->wasm, add_segment, &made))
        return false;
    end_literal(&made.to);
    first->data->is_loaded = true;
    write_loop(&made, first, out);
    return true;
}

/* Returns whether the segments were written that the module itself gives. */
static bool compact_loads(tc_splitter *all) {
    tc_buffer out = {0};
    bool has_written = false;
    for (const char *line = all->base.data; line && *line;) {
        load first;
        size_t length = strcspn(line, "\n");
        length += line[length] == '\n';
        if (!read_load(all, line, &first)) {
            tc_buffer_add(&out, line, length);
            line += length;
        } else if (!has_written && write_segments(all, &first, &out)) {
            has_written = true;
            line += length;
        } else {
            line = write_loads(all, line, &first, &out);
        }
    }
    tc_buffer_reset(&all->base);
    all->base = out;
    return has_written;
}

static void index_data(tc_splitter *all) {
    all->data_by_name = tc_allocate((all->declarations.name_count + 1) * sizeof *all->data_by_name);
    for (size_t i = 0; i < all->data.count; i++)
        all->data_by_name[all->data.items[i].name] = &all->data.items[i];
}

/* Data that is still named, for memory.init, needs its array; the functions of other parts, of
 * which nothing is known here, may name all that was not loaded. */
static void add_named_data(tc_splitter *all) {
    const size_t asking = SIZE_MAX; /* no unit has this number */
    tc_declarations_use(&all->declarations, asking, all->base.data, all->base.length);
    for (size_t i = 0; i < all->functions.count; i++) {
        const tc_piece *function = &all->functions.items[i];
        if (memmem(function->text, function->length, TC_DATA_PREFIX, strlen(TC_DATA_PREFIX)))
            tc_declarations_use(&all->declarations, asking, function->text, function->length);
    }
    for (size_t i = 0; i < all->data.count; i++) {
        const tc_piece *data = &all->data.items[i];
        const tc_declared *name = &all->declarations.names[data->name];
        bool other_parts_may = !data->is_loaded && !tc_is_only_part(all->build);
        if (name->used_by != asking && !other_parts_may)
            continue;
        tc_buffer_print(&all->base, "\nconst u8 %.*s[] =", (int)name->length, name->text);
        add_bytes(&all->base, data);
        tc_buffer_print(&all->base, ";\n");
    }
}

int tc_compact_data(tc_splitter *all) {
    const tc_wasm *wasm = all->build->wasm;
    index_data(all);
    if (!compact_loads(all) && tc_module_each_segment(wasm, NULL, NULL)) {
        tc_error(
            "%s cannot be translated: this wasm2c writes data in a way that is not known here; "
            "`timecraft doctor` tells which wasm2c it is, another version may do",
            wasm->path);
        return -1;
    }
    add_named_data(all);
    return 0;
}
