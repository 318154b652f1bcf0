/* Reads the outline of a module in the binary format: types, imports, exports, memories, which
 * functions have names. Whoever wrote the file may be hostile, so every read is checked against the
 * end of its section and every index against its space. Code is not read: wasm2c validates it.
 *
 * Source: WebAssembly Core Specification 2.0, chapter 5, "Binary Format".
 */
#include "stages/internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_MODULE ((size_t)1 << 30)

enum section_id {
    SECTION_CUSTOM = 0,
    SECTION_TYPE = 1,
    SECTION_IMPORT = 2,
    SECTION_FUNCTION = 3,
    SECTION_TABLE = 4,
    SECTION_MEMORY = 5,
    SECTION_GLOBAL = 6,
    SECTION_EXPORT = 7,
    SECTION_START = 8,
    SECTION_TAG = 13, /* exception handling */
};

/* A place in the bytes. After the first problem every read gives 0 and `at` stays at the end. */
typedef struct reader {
    const uint8_t *start; /* of the file, to say where a problem is */
    const uint8_t *at;
    const uint8_t *end;
    char *problem; /* owned by whoever made the reader */
    size_t problem_offset;
} reader;

static void __attribute__((format(printf, 2, 3))) fail(reader *in, const char *format, ...) {
    if (!in->problem) {
        va_list arguments;
        va_start(arguments, format);
        if (vasprintf(&in->problem, format, arguments) < 0)
            in->problem = tc_copy_text("out of memory");
        va_end(arguments);
        in->problem_offset = (size_t)(in->at - in->start);
    }
    in->at = in->end;
}

static size_t remaining(const reader *in) {
    return (size_t)(in->end - in->at);
}

static uint8_t read_byte(reader *in) {
    if (in->at == in->end) {
        fail(in, "it ends too early");
        return 0;
    }
    return *in->at++;
}

/* Unsigned LEB128 (5.2.2). Example: e5 8e 26 is 624485. */
static uint64_t read_leb(reader *in, unsigned bits) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < bits; shift += 7) {
        uint8_t byte = read_byte(in);
        uint64_t part = byte & 0x7f;
        if (bits - shift < 7 && part >> (bits - shift))
            break;
        value |= part << shift;
        if (!(byte & 0x80))
            return value;
    }
    fail(in, "a number is too long");
    return 0;
}

static uint32_t read_u32(reader *in) {
    return (uint32_t)read_leb(in, 32);
}

/* The length of a vector whose elements take at least one byte each: never more than fit. */
static uint32_t read_count(reader *in) {
    uint32_t count = read_u32(in);
    if (count > remaining(in)) {
        fail(in, "it says to hold %u entries and has no room for them", count);
        return 0;
    }
    return count;
}

static tc_name read_name(reader *in) {
    uint32_t length = read_u32(in);
    if (length > remaining(in)) {
        fail(in, "a name ends outside");
        return (tc_name){"", 0};
    }
    tc_name name = {(const char *)in->at, length};
    in->at += length;
    return name;
}

/* A type's letter (5.3.1 to 5.3.5, and the reference types of later proposals). */
static char read_value_type(reader *in) {
    switch (read_byte(in)) {
    case 0x7f:
        return 'i';
    case 0x7e:
        return 'I';
    case 0x7d:
        return 'f';
    case 0x7c:
        return 'F';
    case 0x7b:
        return 'V';
    case 0x70:
        return 'r';
    case 0x6f:
    case 0x69:
        return 'e';
    case 0x63: /* (ref null ht) and (ref ht): the heap type is a signed number that follows */
    case 0x64:
        read_leb(in, 35);
        return '?';
    default:
        return '?';
    }
}

static void read_value_types(reader *in, tc_buffer *out) {
    for (uint32_t left = read_count(in); left && !in->problem; left--) {
        char letter = read_value_type(in);
        tc_buffer_add(out, &letter, 1);
    }
}

/* Makes room for one more element and returns it. */
static void *grow(void *array, size_t *count, size_t size) {
    void **at = array;
    if ((*count & (*count - 1)) == 0) /* at powers of two, so that growing stays linear */
        *at = tc_reallocate(*at, (*count ? *count * 2 : 1) * size);
    void *element = (char *)*at + *count * size;
    memset(element, 0, size);
    (*count)++;
    return element;
}

static void read_types(tc_wasm *wasm, reader *in) {
    for (uint32_t left = read_count(in); left && !in->problem; left--) {
        uint8_t form = read_byte(in);
        if (form != 0x60) {
            fail(in,
                 "it holds a type other than a function's (0x%02x); garbage-collected types "
                 "are not supported",
                 form);
            return;
        }
        tc_buffer text = {0};
        read_value_types(in, &text);
        tc_buffer_add(&text, ":", 1);
        read_value_types(in, &text);
        char **signature = grow(&wasm->signatures, &wasm->signature_count, sizeof(char *));
        *signature = text.data;
    }
}

static const char *read_signature(const tc_wasm *wasm, reader *in) {
    uint32_t index = read_u32(in);
    if (!in->problem && index >= wasm->signature_count)
        fail(in, "a function has type %u, and there are %zu types", index, wasm->signature_count);
    return in->problem ? ":" : wasm->signatures[index];
}

/* Limits (5.3.8), with the flags of the threads, memory64 and custom-page-sizes proposals. */
static void read_limits(reader *in, tc_extern *type) {
    uint8_t flags = read_byte(in);
    if (flags & ~0x0f)
        fail(in, "limits have unknown flags 0x%02x", flags);
    type->has_max = flags & 1;
    type->is_shared = flags & 2;
    type->is_64 = flags & 4;
    unsigned bits = type->is_64 ? 64 : 32;
    type->min = read_leb(in, bits);
    if (type->has_max)
        type->max = read_leb(in, bits);
    if (flags & 8)
        read_u32(in); /* log2 of the page size; wasm2c says what it thinks of that */
}

static tc_extern read_extern(const tc_wasm *wasm, reader *in, tc_kind kind) {
    tc_extern type = {.kind = kind};
    switch (kind) {
    case TC_KIND_FUNCTION:
        type.signature = read_signature(wasm, in);
        break;
    case TC_KIND_TABLE:
        type.value = read_value_type(in);
        read_limits(in, &type);
        break;
    case TC_KIND_MEMORY:
        read_limits(in, &type);
        break;
    case TC_KIND_GLOBAL:
        type.value = read_value_type(in);
        type.is_mutable = read_byte(in) & 1;
        break;
    case TC_KIND_TAG:
        read_byte(in); /* attribute: always "exception" */
        type.signature = read_signature(wasm, in);
        break;
    }
    return type;
}

/* Adds to the index space of the type's kind. */
static void define(tc_wasm *wasm, const tc_extern *type) {
    tc_extern *at = NULL;
    switch (type->kind) {
    case TC_KIND_FUNCTION:
        at = grow(&wasm->functions, &wasm->function_count, sizeof *at);
        break;
    case TC_KIND_TABLE:
        at = grow(&wasm->tables, &wasm->table_count, sizeof *at);
        break;
    case TC_KIND_MEMORY:
        at = grow(&wasm->memories, &wasm->memory_count, sizeof *at);
        break;
    case TC_KIND_GLOBAL:
        at = grow(&wasm->globals, &wasm->global_count, sizeof *at);
        break;
    case TC_KIND_TAG:
        at = grow(&wasm->tags, &wasm->tag_count, sizeof *at);
        break;
    }
    *at = *type;
}

static tc_kind read_kind(reader *in) {
    uint8_t kind = read_byte(in);
    if (kind > TC_KIND_TAG) {
        fail(in, "it holds an entry of unknown kind %u", kind);
        return TC_KIND_FUNCTION;
    }
    return (tc_kind)kind;
}

static void read_imports(tc_wasm *wasm, reader *in) {
    for (uint32_t left = read_count(in); left && !in->problem; left--) {
        tc_name module = read_name(in);
        tc_name name = read_name(in);
        tc_extern type = read_extern(wasm, in, read_kind(in));
        if (in->problem)
            return;
        tc_import *import = grow(&wasm->imports, &wasm->import_count, sizeof *import);
        *import = (tc_import){module, name, type};
        define(wasm, &type);
    }
}

static void read_definitions(tc_wasm *wasm, reader *in, tc_kind kind) {
    for (uint32_t left = read_count(in); left && !in->problem; left--) {
        if (kind == TC_KIND_TABLE && remaining(in) >= 2 && in->at[0] == 0x40 && in->at[1] == 0)
            return; /* a table with an initializer, of a later proposal: as far as we can read */
        tc_extern type = read_extern(wasm, in, kind);
        if (in->problem)
            return;
        define(wasm, &type);
        if (kind == TC_KIND_GLOBAL)
            return; /* an initializer follows, which is code */
    }
}

static const tc_extern *space(const tc_wasm *wasm, tc_kind kind, size_t *count) {
    switch (kind) {
    case TC_KIND_FUNCTION:
        *count = wasm->function_count;
        return wasm->functions;
    case TC_KIND_TABLE:
        *count = wasm->table_count;
        return wasm->tables;
    case TC_KIND_MEMORY:
        *count = wasm->memory_count;
        return wasm->memories;
    case TC_KIND_GLOBAL:
        *count = wasm->global_count;
        return wasm->globals;
    case TC_KIND_TAG:
        break;
    }
    *count = wasm->tag_count;
    return wasm->tags;
}

static void read_exports(tc_wasm *wasm, reader *in) {
    for (uint32_t left = read_count(in); left && !in->problem; left--) {
        tc_name name = read_name(in);
        tc_kind kind = read_kind(in);
        uint32_t index = read_u32(in);
        size_t count;
        const tc_extern *types = space(wasm, kind, &count);
        tc_extern type = {.kind = kind, .value = '?'};
        if (index < count)
            type = types[index];
        else if (kind != TC_KIND_GLOBAL && kind != TC_KIND_TABLE) /* those may be unread */
            fail(in, "it exports entry %u of %zu", index, count);
        if (in->problem)
            return;
        tc_export *exported = grow(&wasm->exports, &wasm->export_count, sizeof *exported);
        *exported = (tc_export){name, type};
    }
}

/* Counts the function names of the name section (appendix 7.4); problems there do not matter. */
static void read_names(tc_wasm *wasm, const reader *section) {
    reader in = {.start = section->start, .at = section->at, .end = section->end};
    while (remaining(&in) && !in.problem) {
        uint8_t id = read_byte(&in);
        uint32_t size = read_u32(&in);
        if (size > remaining(&in))
            break;
        if (id == 1) {
            wasm->named_functions = read_u32(&in);
            break;
        }
        in.at += size;
    }
    free(in.problem);
}

/* Go's linker, and no other, writes the section go:buildid. */
static void read_custom(tc_wasm *wasm, reader *in) {
    tc_name name = read_name(in);
    if (tc_name_is(name, "name"))
        read_names(wasm, in);
    else if (tc_name_is(name, "go:buildid"))
        wasm->is_go = true;
}

static void read_section(tc_wasm *wasm, reader *in, uint8_t id) {
    switch (id) {
    case SECTION_CUSTOM:
        read_custom(wasm, in);
        break;
    case SECTION_TYPE:
        read_types(wasm, in);
        break;
    case SECTION_IMPORT:
        read_imports(wasm, in);
        break;
    case SECTION_FUNCTION:
        read_definitions(wasm, in, TC_KIND_FUNCTION);
        break;
    case SECTION_TABLE:
        read_definitions(wasm, in, TC_KIND_TABLE);
        break;
    case SECTION_MEMORY:
        read_definitions(wasm, in, TC_KIND_MEMORY);
        break;
    case SECTION_GLOBAL:
        read_definitions(wasm, in, TC_KIND_GLOBAL);
        break;
    case SECTION_EXPORT:
        read_exports(wasm, in);
        break;
    case SECTION_START:
        wasm->has_start = true;
        break;
    case SECTION_TAG:
        read_definitions(wasm, in, TC_KIND_TAG);
        break;
    default: /* elements, code, data: wasm2c's */
        break;
    }
}

static const char *section_name(uint8_t id) {
    static const char *const names[] = {
        "a custom section",       "the type section",   "the import section",
        "the function section",   "the table section",  "the memory section",
        "the global section",     "the export section", "the start section",
        "the element section",    "the code section",   "the data section",
        "the data count section", "the tag section"};
    return id < sizeof names / sizeof *names ? names[id] : "an unknown section";
}

static int complain(const tc_wasm *wasm, reader *in, const char *where) {
    tc_error("%s is not a valid WebAssembly module: %s: %s (at byte %zu)", wasm->path, where,
             in->problem, in->problem_offset);
    free(in->problem);
    return -1;
}

static int read_sections(tc_wasm *wasm, reader *in) {
    while (remaining(in)) {
        uint8_t id = read_byte(in);
        uint32_t size = read_u32(in);
        if (!in->problem && size > remaining(in))
            fail(in, "it should have %u more bytes than the file", size - (uint32_t)remaining(in));
        if (in->problem)
            return complain(wasm, in, section_name(id));
        reader section = {.start = in->start, .at = in->at, .end = in->at + size};
        read_section(wasm, &section, id);
        if (section.problem)
            return complain(wasm, &section, section_name(id));
        in->at += size;
    }
    return 0;
}

/* The first eight bytes: magic and version (5.5.16). */
static int check_preamble(const tc_wasm *wasm) {
    const uint8_t *bytes = (const uint8_t *)wasm->bytes.data;
    size_t length = wasm->bytes.length;
    if (length == 0) {
        tc_error("%s is empty", wasm->path);
    } else if (length < 4 || memcmp(bytes, "\0asm", 4) != 0) {
        bool is_text = strncmp(wasm->bytes.data, "(module", 7) == 0;
        tc_error(is_text ? "%s is WebAssembly text; translate it to the binary format with wat2wasm"
                         : "%s is not a WebAssembly module",
                 wasm->path);
    } else if (length < 8) {
        tc_error("%s is not a valid WebAssembly module: it ends within its first 8 bytes",
                 wasm->path);
    } else if (memcmp(bytes + 4, "\1\0\0\0", 4) != 0) {
        tc_error("%s has version %u of the WebAssembly binary format; only version 1 is supported",
                 wasm->path, bytes[4] | bytes[5] << 8 | bytes[6] << 16 | (unsigned)bytes[7] << 24);
    } else {
        return 0;
    }
    return -1;
}

int tc_wasm_read_outline(tc_wasm *wasm) {
    const uint8_t *start = (const uint8_t *)wasm->bytes.data;
    reader in = {.start = start, .at = start + 8, .end = start + wasm->bytes.length};
    return read_sections(wasm, &in);
}

int tc_wasm_read(tc_wasm *wasm, const char *path) {
    *wasm = (tc_wasm){.path = tc_copy_text(path)};
    if (tc_file_read(path, LARGEST_MODULE, &wasm->bytes) < 0) {
        tc_error("cannot read %s: %s", path, strerror(errno));
        return -1;
    }
    if (wasm->bytes.length >= 8 && memcmp(wasm->bytes.data, TC_COMPONENT_PREAMBLE, 8) == 0)
        return tc_component_unwrap(wasm);
    return check_preamble(wasm) < 0 ? -1 : tc_wasm_read_outline(wasm);
}

void tc_wasm_reset(tc_wasm *wasm) {
    for (size_t i = 0; i < wasm->signature_count; i++)
        free(wasm->signatures[i]);
    free(wasm->signatures);
    free(wasm->imports);
    free(wasm->exports);
    free(wasm->functions);
    free(wasm->tables);
    free(wasm->memories);
    free(wasm->globals);
    free(wasm->tags);
    free(wasm->path);
    tc_buffer_reset(&wasm->bytes);
    *wasm = (tc_wasm){0};
}

const tc_export *tc_wasm_find_export(const tc_wasm *wasm, const char *name, tc_kind kind) {
    for (size_t i = 0; i < wasm->export_count; i++) {
        const tc_export *exported = &wasm->exports[i];
        if (exported->type.kind == kind && tc_name_is(exported->name, name))
            return exported;
    }
    return NULL;
}

static const char *value_type_name(char letter) {
    switch (letter) {
    case 'i':
        return "i32";
    case 'I':
        return "i64";
    case 'f':
        return "f32";
    case 'F':
        return "f64";
    case 'V':
        return "v128";
    case 'r':
        return "funcref";
    case 'e':
        return "externref";
    default:
        return "(unknown type)";
    }
}

/* Example: "iI" becomes "(i32, i64)". */
static void show_list(tc_buffer *out, const char *letters, size_t count) {
    tc_buffer_print(out, "(");
    for (size_t i = 0; i < count; i++)
        tc_buffer_print(out, "%s%s", i ? ", " : "", value_type_name(letters[i]));
    tc_buffer_print(out, ")");
}

bool tc_signature_is_numbers(const char *signature) {
    return signature[strspn(signature, "iIfF:")] == 0;
}

char *tc_signature_shown(const char *signature) {
    tc_buffer text = {0};
    const char *results = strchr(signature, ':') + 1;
    show_list(&text, signature, (size_t)(results - signature) - 1);
    tc_buffer_print(&text, " -> ");
    if (strlen(results) == 1)
        tc_buffer_print(&text, "%s", value_type_name(*results));
    else
        show_list(&text, results, strlen(results));
    return text.data;
}

static char *memory_shown(const tc_extern *type) {
    tc_buffer text = {0};
    uint64_t kib = type->min * 64; /* a page is 64 KiB */
    bool in_mib = kib >= 1024 && kib % 1024 == 0;
    tc_buffer_print(&text, "%s%smemory of %llu pages (%llu %s)", type->is_shared ? "shared " : "",
                    type->is_64 ? "64-bit " : "", (unsigned long long)type->min,
                    (unsigned long long)(in_mib ? kib / 1024 : kib), in_mib ? "MiB" : "KiB");
    if (type->has_max)
        tc_buffer_print(&text, ", at most %llu", (unsigned long long)type->max);
    return text.data;
}

char *tc_extern_shown(const tc_extern *type) {
    switch (type->kind) {
    case TC_KIND_FUNCTION:
        return tc_signature_shown(type->signature);
    case TC_KIND_TABLE:
        return tc_format("table of %s", value_type_name(type->value));
    case TC_KIND_MEMORY:
        return memory_shown(type);
    case TC_KIND_GLOBAL:
        return tc_format("%sglobal %s", type->is_mutable ? "mutable " : "",
                         value_type_name(type->value));
    case TC_KIND_TAG:
        break;
    }
    return tc_format("exception tag");
}
