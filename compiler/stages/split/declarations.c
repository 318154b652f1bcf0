/* The declarations in wasm2c's headers, and which of them a piece of C uses.
 *
 * wasm2c declares everything in one header that all its files include. For a big module that is
 * 100,000 lines, read again for each file; and one more function would change them all. With the
 * list made here each unit gets the declarations that it uses, and no others.
 */
#include "stages/split/split.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char include_guest[] = "#include \"guest.h\"";

/* FNV-1a. */
static uint64_t hash_word(const char *text, size_t length) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* For every byte of the text, so without a call. */
static inline bool is_identifier(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}

/* The slot of a name in the hash table: its own or the empty one where it belongs. */
static size_t *find_slot(const tc_declarations *all, const char *text, size_t length,
                         uint64_t hash) {
    size_t slot = hash & (all->slot_count - 1);
    while (all->slots[slot]) {
        const tc_declared *name = &all->names[all->slots[slot] - 1];
        if (name->hash == hash && name->length == length && !memcmp(name->text, text, length))
            break;
        slot = (slot + 1) & (all->slot_count - 1);
    }
    return &all->slots[slot];
}

size_t tc_declarations_find(const tc_declarations *all, const char *text, size_t length) {
    size_t *slot = find_slot(all, text, length, hash_word(text, length));
    return *slot ? *slot - 1 : TC_NO_NAME;
}

static size_t add_name(tc_declarations *all, const char *text, size_t length) {
    uint64_t hash = hash_word(text, length);
    size_t *slot = find_slot(all, text, length, hash);
    if (!*slot) {
        all->names[all->name_count++] = (tc_declared){text, length, hash, 0};
        *slot = all->name_count;
        all->begins_name[(unsigned char)*text] = true;
    }
    return *slot - 1;
}

/* The name that a line does nothing but declare, or NULL. Examples:
 *   u32 w2c_guest_malloc(w2c_guest*, u32);               w2c_guest_malloc
 *   FUNC_TYPE_DECL_EXTERN_T(w2c_guest_t3);               w2c_guest_t3
 *   extern const u8 data_segment_data_w2c_guest_d0[];    data_segment_data_w2c_guest_d0 */
static const char *declared_by(const char *line, size_t length, size_t *name_length) {
    static const char type_macro[] = "FUNC_TYPE_DECL_EXTERN_T(";
    const char *end = line + length;
    if (length < 3 || end[-1] != ';' || isspace((unsigned char)*line))
        return NULL;
    if (tc_text_starts(line, length, type_macro)) {
        *name_length = length - strlen(type_macro) - 2;
        return line + strlen(type_macro);
    }
    if (tc_text_starts(line, length, "extern const ") && end[-2] == ']' && end[-3] == '[') {
        *name_length = tc_text_identifier_before(line, end - 3);
        return end - 3 - *name_length;
    }
    const char *parenthesis = memchr(line, '(', length);
    if (!parenthesis || end[-2] != ')')
        return NULL;
    *name_length = tc_text_identifier_before(line, parenthesis);
    const char *name = parenthesis - *name_length;
    bool is_function = tc_text_starts(name, *name_length, "w2c_") ||
                       tc_text_starts(name, *name_length, "wasm_tailcall_w2c_");
    return is_function ? name : NULL;
}

/* Comments announce what the next line declares: "import: 'm' 'n'". */
static bool is_announcement(const char *line, size_t length) {
    return tc_text_starts(line, length, "/* import: ") ||
           tc_text_starts(line, length, "/* export: ");
}

static void add_lines(tc_declarations *all, const tc_buffer *text, const tc_buffer *included) {
    for (const char *at = text->data; at && *at;) {
        size_t length = strcspn(at, "\n");
        size_t name_length = 0;
        const char *name = declared_by(at, length, &name_length);
        if (included && tc_text_starts(at, length, include_guest))
            add_lines(all, included, NULL);
        else if (length && !is_announcement(at, length))
            all->lines[all->line_count++] =
                (tc_header_line){at, length, name ? add_name(all, name, name_length) : TC_NO_NAME};
        at += length;
        at += *at == '\n';
    }
}

static size_t count_lines(const tc_buffer *text) {
    size_t lines = 1;
    for (size_t i = 0; i < text->length; i++)
        lines += text->data[i] == '\n';
    return lines;
}

void tc_declarations_read(tc_declarations *all, const tc_code *code) {
    size_t lines = count_lines(&code->guest) + count_lines(&code->implementation), slots = 2;
    while (slots < 2 * lines)
        slots *= 2;
    *all = (tc_declarations){.lines = tc_allocate(lines * sizeof *all->lines),
                             .names = tc_allocate(lines * sizeof *all->names),
                             .slots = tc_allocate(slots * sizeof *all->slots),
                             .slot_count = slots};
    add_lines(all, &code->implementation, &code->guest);
}

void tc_declarations_reset(tc_declarations *all) {
    free(all->lines);
    free(all->names);
    free(all->slots);
    *all = (tc_declarations){0};
}

void tc_declarations_use(tc_declarations *all, size_t unit, const char *text, size_t length) {
    const char *at = text, *end = text + length;
    while (at < end) {
        if (!is_identifier(*at)) {
            at++;
            continue;
        }
        const char *start = at;
        while (at < end && is_identifier(*at))
            at++;
        /* Most are variables, types and labels, which begin otherwise. */
        if (!all->begins_name[(unsigned char)*start])
            continue;
        uint64_t hash = hash_word(start, (size_t)(at - start));
        size_t *slot = find_slot(all, start, (size_t)(at - start), hash);
        if (*slot)
            all->names[*slot - 1].used_by = unit;
    }
}

void tc_declarations_write(const tc_declarations *all, size_t unit, tc_buffer *out) {
    for (size_t i = 0; i < all->line_count; i++) {
        const tc_header_line *line = &all->lines[i];
        if (line->name != TC_NO_NAME && all->names[line->name].used_by != unit)
            continue;
        tc_buffer_add(out, line->text, line->length);
        tc_buffer_add(out, "\n", 1);
    }
}
