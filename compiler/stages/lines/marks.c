/* The stage's first half: reads the module's lines, says where marks go, and takes them out of the
 * C again.
 */
#include "stages/lines/lines.h"

#include <stdlib.h>
#include <string.h>

static const char *read_lines(tc_buffer *out, void *context) {
    return tc_guest_lines(context, true, out);
}

void tc_lines_reset(tc_build *build) {
    struct tc_lines *lines = build->lines;
    if (!lines)
        return;
    tc_strings_reset(&lines->strings);
    tc_strings_reset(&lines->names);
    free(lines->rows);
    free(lines->scopes);
    free(lines->units);
    free(lines->mark_addresses);
    free(lines->functions);
    free(lines->places);
    free(lines);
    build->lines = NULL;
}

/* Reads the module's DWARF where it has any that can be read. -1 after a message. */
static int read_dwarf(tc_build *build, size_t size) {
    tc_buffer text = {0};
    char *problem = NULL;
    int result = tc_isolated(read_lines, build->wasm, size, &text, &problem);
    if (result == 0 && !tc_guest_lines_take(build->lines, &text)) {
        result = -1;
        problem = tc_copy_text("it is damaged");
    }
    if (result < 0)
        tc_error("%s is built without the lines of its source, because its debugging information "
                 "(DWARF) cannot be used: %s",
                 build->wasm->path, problem);
    free(problem);
    tc_buffer_reset(&text);
    return result;
}

static void read_bodies(tc_build *build) {
    tc_buffer text = {0};
    tc_buffer_add(&text, "", 1);
    tc_lines_reset(build);
    build->lines = tc_allocate(sizeof *build->lines);
    tc_guest_lines(build->wasm, false, &text);
    tc_guest_lines_take(build->lines, &text);
    tc_buffer_reset(&text);
}

void tc_lines_read(tc_build *build) {
    size_t code_offset, size = tc_guest_lines_size(build->wasm, &code_offset);
    build->lines = tc_allocate(sizeof *build->lines);
    if (!size)
        tc_error("%s has no debugging information (DWARF)%s", build->wasm->path,
                 build->wasm->is_go
                     ? ", because Go writes none for WebAssembly: only names are known"
                     : "; compile it with -g to see the lines of its source");
    if (!size || read_dwarf(build, size) < 0)
        read_bodies(build);
    struct tc_lines *lines = build->lines;
    lines->code_offset = code_offset;
    lines->mark_addresses = tc_allocate((lines->row_count + 1) * sizeof *lines->mark_addresses);
    for (size_t i = 0; i < lines->row_count; i++)
        lines->mark_addresses[i] = lines->rows[i].address;
    build->marks = (tc_marks){.first = tc_module_find_marks(build->wasm, lines->row_count),
                              .addresses = lines->mark_addresses,
                              .count = lines->row_count};
    if (!build->marks.first)
        build->marks.count = 0; /* no numbers are left: only names are known */
}

/* ---- in the C ---- */

/* The number of the mark that a line of C is; false: it is none. Example:
 *   var_i3 = 1610612741u; */
static bool read_mark(const tc_marks *marks, const char *line, size_t length, size_t *number) {
    enum { DIGITS = 10 };
    uint64_t value = 0;
    while (length && *line == ' ') {
        line++;
        length--;
    }
    if (length < DIGITS + 5 || !tc_text_starts(line, length, "var_i") ||
        memcmp(line + length - 2, "u;", 2) != 0)
        return false;
    const char *digits = line + length - 2 - DIGITS;
    if (memcmp(digits - 3, " = ", 3) != 0)
        return false;
    for (size_t i = 0; i < DIGITS; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        value = 10 * value + (uint64_t)(digits[i] - '0');
    }
    *number = (size_t)(value - marks->first);
    return value >= marks->first && *number < marks->count;
}

static void *grow(void *items, size_t count, size_t size) {
    if (count & (count - 1) || (count && count < 16))
        return items;
    return tc_reallocate(items, (count < 16 ? 16 : 2 * count) * size);
}

static void add_place(struct tc_lines *lines, tc_lines_function *function, tc_place place) {
    if (function->first < lines->place_count &&
        lines->places[lines->place_count - 1].c_line == place.c_line)
        lines->place_count--;
    lines->places = grow(lines->places, lines->place_count, sizeof place);
    lines->places[lines->place_count++] = place;
}

/* Adds the text without its marks, and tells the function of them. */
static void add_lines(tc_build *build, const char *text, size_t length, tc_lines_function *function,
                      tc_buffer *out) {
    uint32_t c_line = 1;
    size_t number;
    for (const char *line = text, *end = text + length; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *next = newline ? newline + 1 : end;
        if (read_mark(&build->marks, line, (size_t)((newline ? newline : end) - line), &number)) {
            if (function)
                add_place(build->lines, function, (tc_place){c_line, (uint32_t)number});
        } else {
            tc_buffer_add(out, line, (size_t)(next - line));
            c_line++;
        }
        line = next;
    }
}

static int hex_value(char digit) {
    return digit >= '0' && digit <= '9'   ? digit - '0'
           : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                          : -1;
}

/* Of a name as wasm2c writes it, what the module says: "0x5Fstart" is "_start". */
static void read_name(tc_buffer *out, const char *name, size_t length) {
    tc_buffer_add(out, "", 0);
    for (size_t i = 0; i < length; i++) {
        bool is_escape = length - i >= 4 && name[i] == '0' && name[i + 1] == 'x' &&
                         hex_value(name[i + 2]) >= 0 && hex_value(name[i + 3]) >= 0;
        char byte =
            is_escape ? (char)(hex_value(name[i + 2]) << 4 | hex_value(name[i + 3])) : name[i];
        bool is_shown = (unsigned char)byte >= 0x20 && byte != 0x7f;
        tc_buffer_add(out, is_shown ? &byte : "?", 1);
        i += is_escape ? 3 : 0;
    }
}

static const char tail_call[] = "wasm_tailcall_", prefix[] = "w2c_guest_";

/* The name in the module of a function that is "w2c_guest_0x5Fstart_0" where there is an export
 * "_start" too. */
static char *shown_name(const tc_wasm *wasm, const char *name) {
    tc_buffer whole = {0}, without = {0};
    name += strncmp(name, tail_call, strlen(tail_call)) == 0 ? strlen(tail_call) : 0;
    name += strlen(prefix);
    size_t length = strlen(name), end = length;
    while (end && name[end - 1] >= '0' && name[end - 1] <= '9')
        end--;
    read_name(&whole, name, length);
    if (end < length && end > 1 && name[end - 1] == '_') {
        read_name(&without, name, end - 1);
        if (tc_wasm_find_export(wasm, without.data, TC_KIND_FUNCTION)) {
            tc_buffer_reset(&whole);
            whole = without;
            without = (tc_buffer){0};
        }
    }
    char *shown = tc_demangle(whole.data);
    tc_buffer_reset(&whole);
    tc_buffer_reset(&without);
    return shown;
}

/* Others are written by tc_correct or wasm2c for calling these. */
static bool is_guest(tc_name name) {
    if (tc_text_starts(name.text, name.length, tail_call))
        name = (tc_name){name.text + strlen(tail_call), name.length - strlen(tail_call)};
    return tc_text_starts(name.text, name.length, prefix);
}

void tc_lines_take_function(tc_build *build, tc_name name, const char *text, size_t length,
                            tc_buffer *out) {
    if (!is_guest(name)) {
        tc_buffer_print(out, "#line 1 \"\"\n");
        add_lines(build, text, length, NULL, out);
        return;
    }
    struct tc_lines *lines = build->lines;
    char *copy = tc_format("%.*s", (int)name.length, name.text);
    char *shown = shown_name(build->wasm, copy);
    tc_lines_function function = {.name = tc_strings_add(&lines->names, copy),
                                  .shown = tc_strings_add(&lines->strings, shown),
                                  .first = (uint32_t)lines->place_count};
    tc_buffer_print(out, "#line 1 \"%s\"\n", copy);
    add_lines(build, text, length, &function, out);
    function.end = (uint32_t)lines->place_count;
    lines->functions = grow(lines->functions, lines->function_count, sizeof function);
    lines->functions[lines->function_count++] = function;
    free(shown);
    free(copy);
}

void tc_lines_take_rest(tc_build *build, tc_buffer *text) {
    tc_buffer out = {0};
    tc_buffer_add(&out, "", 0);
    add_lines(build, text->data, text->length, NULL, &out);
    tc_buffer_reset(text);
    *text = out;
}
