/* The segments of data, of which Go's modules have 100,000: they become one table and one loop
 * instead of as many statements, for which a C compiler would need an hour.
 */
#include "stages/split/split.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned hex_digit(char digit) {
    return (unsigned)(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
}

/* Adds the bytes of "0x68, 0x69, … " as string literals, which compilers read many times faster.
 * Returns how many there are. A big module has millions: nothing is printed or allocated for each.
 */
static size_t add_bytes(tc_buffer *out, const tc_piece *data) {
    const char *at = strchr(data->text, '{'), *end = data->text + data->length;
    size_t count = 0;
    while ((at = memmem(at, (size_t)(end - at), "0x", 2))) {
        char text[8], *to = text;
        unsigned byte = 0;
        for (at += 2; isxdigit((unsigned char)*at); at++)
            byte = (byte << 4 | hex_digit(*at)) & 0xff;
        if (count % 64 == 0) {
            *to++ = '\n';
            *to++ = '"';
        }
        if (isalnum((int)byte) || byte == ' ') {
            *to++ = (char)byte;
        } else {
            *to++ = '\\';
            for (int shift = 6; shift >= 0; shift -= 3)
                *to++ = (char)('0' + (byte >> shift & 7));
        }
        if (++count % 64 == 0)
            *to++ = '"';
        tc_buffer_add(out, text, (size_t)(to - text));
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
    tc_piece *data;
    unsigned long length;
} load;

/* Reads such a statement; false for other lines, and for offsets that are not plain numbers. */
static bool read_load(const tc_splitter *all, const char *line, load *out) {
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
static const char *write_loads(const tc_splitter *all, const char *line, const load *first,
                               tc_buffer *out) {
    tc_buffer bytes = {0}, table = {0};
    load next = *first;
    size_t count = 0;
    do {
        size_t length = add_bytes(&bytes, next.data);
        next.data->is_loaded = true;
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

static void compact_loads(tc_splitter *all) {
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

void tc_compact_data(tc_splitter *all) {
    index_data(all);
    compact_loads(all);
    add_named_data(all);
}
