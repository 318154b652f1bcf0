/* Reads the outline of a module in the binary format: types, imports, exports, memories, which
 * functions have names, and which features of WebAssembly it uses, for which code is read too,
 * though not understood: whether it is valid wasm2c says. Whoever wrote the file may be hostile, so
 * every read is checked against the end of its section and every index against its space.
 *
 * Source: WebAssembly Core Specification 3.0, chapter 5, "Binary Format".
 */
#include "stages/module/instructions.h"
#include "stages/module/module.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_MODULE ((size_t)1 << 30)

/* A section being read, and the module it is of. */
typedef struct section {
    tc_reader in;
    tc_scan scan;
    tc_wasm *wasm;
} section;

static void note(section *at, tc_feature feature) {
    tc_scan_note(&at->scan, feature, (size_t)(at->in.at - at->in.start));
}

/* What the features that are met from here on are of. */
static void enter(section *at, const char *kind, size_t index) {
    at->scan.kind = kind;
    at->scan.index = index;
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

static void read_value_types(section *at, tc_buffer *out) {
    for (uint32_t left = tc_read_count(&at->in); left && !at->in.problem; left--) {
        char letter = tc_read_value_type(&at->in, &at->scan);
        tc_buffer_add(out, &letter, 1);
    }
}

/* Adds a type to the module's. NULL: it is not a function's. */
static void add_signature(tc_wasm *wasm, char *text) {
    char **signature = grow(&wasm->signatures, &wasm->signature_count, sizeof(char *));
    *signature = text;
}

static void read_function_type(section *at) {
    tc_buffer text = {0};
    read_value_types(at, &text);
    tc_buffer_add(&text, ":", 1);
    size_t parameters = text.length;
    read_value_types(at, &text);
    if (text.length > parameters + 1)
        note(at, TC_FEATURE_MULTI_VALUE);
    add_signature(at->wasm, text.data);
}

/* A field of a structure or an array: a value type or a packed one, and whether it can change. */
static void read_field(section *at) {
    if (tc_reader_left(&at->in) && (*at->in.at == 0x78 || *at->in.at == 0x77))
        at->in.at++;
    else
        tc_read_value_type(&at->in, &at->scan);
    tc_read_byte(&at->in);
}

static void read_structure(section *at) {
    for (uint32_t left = tc_read_count(&at->in); left && !at->in.problem; left--)
        read_field(at);
}

/* A type definition, with what may stand in front of it. */
static void read_type(section *at) {
    for (;;) {
        uint8_t form = tc_read_byte(&at->in);
        if (at->in.problem)
            return;
        if (form == 0x60) {
            read_function_type(at);
            return;
        }
        if (form == 0x65) { /* shared */
            note(at, TC_FEATURE_SHARED_EVERYTHING);
            continue;
        }
        if (form == 0x4c || form == 0x4d) { /* describes, descriptor */
            note(at, TC_FEATURE_CUSTOM_DESCRIPTORS);
            tc_read_u32(&at->in);
            continue;
        }
        note(at, form == 0x5d ? TC_FEATURE_STACK_SWITCHING : TC_FEATURE_GC);
        if (form == 0x4f || form == 0x50) { /* sub: its supertypes, then the type */
            for (uint32_t left = tc_read_count(&at->in); left && !at->in.problem; left--)
                tc_read_u32(&at->in);
            continue;
        }
        if (form == 0x5f)
            read_structure(at);
        else if (form == 0x5e)
            read_field(at);
        else if (form == 0x5d)
            tc_skip_signed(&at->in, 33);
        else
            tc_reader_fail(&at->in, "it holds a type of unknown form 0x%02x", form);
        add_signature(at->wasm, NULL);
        return;
    }
}

static void read_types(section *at) {
    for (uint32_t left = tc_read_count(&at->in); left && !at->in.problem; left--) {
        enter(at, "type", at->wasm->signature_count);
        uint32_t group = 1;
        if (tc_reader_left(&at->in) && *at->in.at == 0x4e) { /* types that refer to each other */
            at->in.at++;
            note(at, TC_FEATURE_GC);
            group = tc_read_count(&at->in);
        }
        for (; group && !at->in.problem; group--)
            read_type(at);
    }
}

static const char *read_signature(section *at) {
    const tc_wasm *wasm = at->wasm;
    uint32_t index = tc_read_u32(&at->in);
    if (!at->in.problem && index >= wasm->signature_count)
        tc_reader_fail(&at->in, "a function has type %u, and there are %zu types", index,
                       wasm->signature_count);
    else if (!at->in.problem && !wasm->signatures[index])
        tc_reader_fail(&at->in, "a function has type %u, which is not a function's", index);
    return at->in.problem ? ":" : wasm->signatures[index];
}

/* Limits, with the flags of the threads, memory64 and custom-page-sizes proposals. */
static void read_limits(section *at, tc_extern *type) {
    uint8_t flags = tc_read_byte(&at->in);
    if (flags & ~0x0f)
        tc_reader_fail(&at->in, "limits have unknown flags 0x%02x", flags);
    type->has_max = flags & 1;
    type->is_shared = flags & 2;
    type->is_64 = flags & 4;
    if (type->is_shared)
        note(at, type->kind == TC_KIND_MEMORY ? TC_FEATURE_SHARED_MEMORY
                                              : TC_FEATURE_SHARED_EVERYTHING);
    if (type->is_64)
        note(at, TC_FEATURE_MEMORY64);
    unsigned bits = type->is_64 ? 64 : 32;
    type->min = tc_read_leb(&at->in, bits);
    if (type->has_max)
        type->max = tc_read_leb(&at->in, bits);
    type->page_bits = 16;
    if (flags & 8) {
        note(at, TC_FEATURE_CUSTOM_PAGE_SIZES);
        type->page_bits = tc_read_u32(&at->in);
        if (type->page_bits > 63)
            tc_reader_fail(&at->in, "a memory's pages have 2 to the power of %u bytes",
                           type->page_bits);
    }
}

static tc_extern read_extern(section *at, tc_kind kind) {
    tc_extern type = {.kind = kind};
    switch (kind) {
    case TC_KIND_FUNCTION:
        type.signature = read_signature(at);
        break;
    case TC_KIND_TABLE:
        type.value = tc_read_value_type(&at->in, &at->scan);
        read_limits(at, &type);
        break;
    case TC_KIND_MEMORY:
        read_limits(at, &type);
        break;
    case TC_KIND_GLOBAL: {
        type.value = tc_read_value_type(&at->in, &at->scan);
        uint8_t flags = tc_read_byte(&at->in);
        type.is_mutable = flags & 1;
        if (flags & 2)
            note(at, TC_FEATURE_SHARED_EVERYTHING);
        break;
    }
    case TC_KIND_TAG:
        note(at, TC_FEATURE_EXCEPTIONS);
        tc_read_byte(&at->in); /* attribute: always "exception" */
        type.signature = read_signature(at);
        break;
    }
    return type;
}

static size_t *count_of(tc_wasm *wasm, tc_kind kind) {
    switch (kind) {
    case TC_KIND_FUNCTION:
        return &wasm->function_count;
    case TC_KIND_TABLE:
        return &wasm->table_count;
    case TC_KIND_MEMORY:
        return &wasm->memory_count;
    case TC_KIND_GLOBAL:
        return &wasm->global_count;
    case TC_KIND_TAG:
        break;
    }
    return &wasm->tag_count;
}

static tc_extern **types_of(tc_wasm *wasm, tc_kind kind) {
    switch (kind) {
    case TC_KIND_FUNCTION:
        return &wasm->functions;
    case TC_KIND_TABLE:
        return &wasm->tables;
    case TC_KIND_MEMORY:
        return &wasm->memories;
    case TC_KIND_GLOBAL:
        return &wasm->globals;
    case TC_KIND_TAG:
        break;
    }
    return &wasm->tags;
}

/* Adds to the index space of the type's kind. */
static void define(tc_wasm *wasm, const tc_extern *type) {
    tc_extern *at = grow(types_of(wasm, type->kind), count_of(wasm, type->kind), sizeof *at);
    *at = *type;
}

static tc_kind read_kind(section *at) {
    uint8_t kind = tc_read_byte(&at->in);
    if (kind == 0x20) { /* an exact function */
        note(at, TC_FEATURE_CUSTOM_DESCRIPTORS);
        return TC_KIND_FUNCTION;
    }
    if (kind > TC_KIND_TAG) {
        tc_reader_fail(&at->in, "it holds an entry of unknown kind %u", kind);
        return TC_KIND_FUNCTION;
    }
    return (tc_kind)kind;
}

static void add_import(section *at, tc_name module, tc_name name, const tc_extern *type,
                       tc_name type_bytes) {
    if (at->in.problem)
        return;
    if (type->kind == TC_KIND_GLOBAL && type->is_mutable)
        note(at, TC_FEATURE_MUTABLE_GLOBALS);
    tc_import *import = grow(&at->wasm->imports, &at->wasm->import_count, sizeof *import);
    *import = (tc_import){module, name, *type, type_bytes};
    define(at->wasm, type);
}

/* An import's kind and type, and the bytes that say them. */
static tc_extern read_import_type(section *at, tc_name *bytes) {
    const uint8_t *start = at->in.at;
    tc_extern type = read_extern(at, read_kind(at));
    *bytes = (tc_name){(const char *)start, (size_t)(at->in.at - start)};
    return type;
}

/* Imports of one module, in the compact form: with a type for each or one for all. Returns how many
 * there are. */
static uint32_t read_compact_imports(section *at, tc_name module, bool has_one_type) {
    tc_extern type = {0};
    tc_name bytes = {0};
    note(at, TC_FEATURE_COMPACT_IMPORTS);
    if (has_one_type)
        type = read_import_type(at, &bytes);
    uint32_t count = tc_read_count(&at->in);
    for (uint32_t left = count; left && !at->in.problem; left--) {
        tc_name name = tc_read_name(&at->in);
        if (!has_one_type)
            type = read_import_type(at, &bytes);
        add_import(at, module, name, &type, bytes);
    }
    return count;
}

/* The number of entries counts each import, also those in the compact form. */
static void read_imports(section *at) {
    for (uint32_t left = tc_read_count(&at->in); left && !at->in.problem;) {
        enter(at, "import", at->wasm->import_count);
        tc_name module = tc_read_name(&at->in), name = tc_read_name(&at->in), bytes;
        uint8_t next = tc_reader_left(&at->in) ? *at->in.at : 0;
        uint32_t count = 1;
        if (name.length == 0 && (next == TC_COMPACT_TYPES || next == TC_COMPACT_ONE_TYPE)) {
            at->in.at++;
            count = read_compact_imports(at, module, next == TC_COMPACT_ONE_TYPE);
        } else {
            tc_extern type = read_import_type(at, &bytes);
            add_import(at, module, name, &type, bytes);
        }
        if (count > left)
            tc_reader_fail(&at->in, "it holds more entries than it says");
        left -= at->in.problem ? 0 : count;
    }
}

static void read_table(section *at) {
    static const uint8_t has_initializer[] = {0x40, 0x00};
    tc_reader *in = &at->in;
    bool is_initialized = tc_reader_left(in) >= sizeof has_initializer &&
                          memcmp(in->at, has_initializer, sizeof has_initializer) == 0;
    if (is_initialized) {
        note(at, TC_FEATURE_FUNCTION_REFERENCES);
        tc_skip(in, sizeof has_initializer);
    }
    tc_extern type = read_extern(at, TC_KIND_TABLE);
    if (is_initialized)
        tc_read_constant(in, &at->scan);
    if (!in->problem)
        define(at->wasm, &type);
}

static void read_definitions(section *at, tc_kind kind, const char *shown) {
    tc_reader *in = &at->in;
    for (uint32_t left = tc_read_count(in); left && !in->problem; left--) {
        enter(at, shown, *count_of(at->wasm, kind));
        if (kind == TC_KIND_TABLE) {
            read_table(at);
            continue;
        }
        tc_extern type = read_extern(at, kind);
        if (kind == TC_KIND_GLOBAL)
            tc_read_constant(in, &at->scan);
        if (!in->problem)
            define(at->wasm, &type);
    }
}

static void read_exports(section *at) {
    tc_wasm *wasm = at->wasm;
    for (uint32_t left = tc_read_count(&at->in); left && !at->in.problem; left--) {
        enter(at, "export", wasm->export_count);
        tc_name name = tc_read_name(&at->in);
        tc_kind kind = read_kind(at);
        uint32_t index = tc_read_u32(&at->in);
        if (index >= *count_of(wasm, kind))
            tc_reader_fail(&at->in, "it exports entry %u of %zu", index, *count_of(wasm, kind));
        if (at->in.problem)
            return;
        tc_extern type = (*types_of(wasm, kind))[index];
        if (kind == TC_KIND_GLOBAL && type.is_mutable)
            note(at, TC_FEATURE_MUTABLE_GLOBALS);
        tc_export *exported = grow(&wasm->exports, &wasm->export_count, sizeof *exported);
        *exported = (tc_export){name, type};
    }
}

/* Segments of tables and data, and code, are read for their features alone; wasm2c complains about
 * what is wrong with them. */

static void read_elements(section *at) {
    tc_reader *in = &at->in;
    uint32_t count = tc_read_count(in);
    for (uint32_t index = 0; index < count && !in->problem; index++) {
        enter(at, "element segment", index);
        uint32_t flags = tc_read_u32(in);
        bool is_active = !(flags & 1), has_expressions = flags & 4;
        if (!is_active || flags > 3)
            note(at, is_active ? TC_FEATURE_REFERENCE_TYPES : TC_FEATURE_BULK_MEMORY);
        if (is_active && flags & 2 && tc_read_u32(in))
            note(at, TC_FEATURE_REFERENCE_TYPES);
        if (is_active)
            tc_read_constant(in, &at->scan);
        if (flags & 3 && has_expressions)
            tc_read_value_type(in, &at->scan);
        else if (flags & 3)
            tc_read_byte(in);
        for (uint32_t left = tc_read_count(in); left && !in->problem; left--) {
            if (has_expressions)
                tc_read_constant(in, &at->scan);
            else
                tc_read_u32(in);
        }
    }
}

static void read_data(section *at) {
    tc_reader *in = &at->in;
    uint32_t count = tc_read_count(in);
    for (uint32_t index = 0; index < count && !in->problem; index++) {
        enter(at, "data segment", index);
        uint32_t flags = tc_read_u32(in);
        if (flags == 1)
            note(at, TC_FEATURE_BULK_MEMORY);
        if (flags == 2 && tc_read_u32(in))
            note(at, TC_FEATURE_MULTI_MEMORY);
        if (flags != 1)
            tc_read_constant(in, &at->scan);
        tc_skip(in, tc_read_u32(in));
    }
}

/* A function's body. What cannot be read of it, wasm2c refuses. */
static void read_body(section *at, const uint8_t *end) {
    tc_instruction instruction;
    tc_reader in = {.start = at->in.start, .at = at->in.at, .end = end};
    bool has_tail_calls = false;
    tc_read_locals(&in, &at->scan);
    while (in.at < in.end && tc_read_instruction(&in, &at->scan, &instruction))
        has_tail_calls |= tc_is_tail_call(instruction.opcode);
    if (at->scan.index < at->wasm->function_count)
        at->wasm->functions[at->scan.index].has_tail_calls = has_tail_calls;
    free(in.problem);
}

static void read_code(section *at) {
    tc_reader *in = &at->in;
    size_t first = at->wasm->function_count;
    uint32_t count = tc_read_count(in);
    first -= count < first ? count : first; /* imports come first */
    for (uint32_t index = 0; index < count && !in->problem; index++) {
        enter(at, "function", first + index);
        uint32_t size = tc_read_u32(in);
        if (size > tc_reader_left(in))
            tc_reader_fail(in, "a function ends outside");
        else
            read_body(at, in->at + size);
        tc_skip(in, in->problem ? 0 : size);
    }
}

/* Counts the function names of the name section (appendix 7.4); problems there do not matter. */
static void read_names(tc_wasm *wasm, const tc_reader *from) {
    tc_reader in = {.start = from->start, .at = from->at, .end = from->end};
    while (tc_reader_left(&in) && !in.problem) {
        uint8_t id = tc_read_byte(&in);
        uint32_t size = tc_read_u32(&in);
        if (size > tc_reader_left(&in))
            break;
        if (id == 1) {
            wasm->named_functions = tc_read_u32(&in);
            break;
        }
        in.at += size;
    }
    free(in.problem);
}

/* Go's linker, and no other, writes the section go:buildid. */
static void read_custom(section *at) {
    tc_name name = tc_read_name(&at->in);
    if (tc_name_is(name, "name"))
        read_names(at->wasm, &at->in);
    else if (tc_name_is(name, "go:buildid"))
        at->wasm->is_go = true;
    else if (tc_name_is(name, "metadata.code.branch_hint"))
        note(at, TC_FEATURE_BRANCH_HINTS);
}

/* More than one table or memory, imports included. */
static void note_several(section *at) {
    enter(at, "table", 1);
    if (at->wasm->table_count > 1)
        note(at, TC_FEATURE_REFERENCE_TYPES);
    enter(at, "memory", 1);
    if (at->wasm->memory_count > 1)
        note(at, TC_FEATURE_MULTI_MEMORY);
}

static void read_section(section *at, uint8_t id) {
    switch (id) {
    case TC_SECTION_CUSTOM:
        read_custom(at);
        break;
    case TC_SECTION_TYPE:
        read_types(at);
        break;
    case TC_SECTION_IMPORT:
        read_imports(at);
        break;
    case TC_SECTION_FUNCTION:
        read_definitions(at, TC_KIND_FUNCTION, "function");
        break;
    case TC_SECTION_TABLE:
        read_definitions(at, TC_KIND_TABLE, "table");
        break;
    case TC_SECTION_MEMORY:
        read_definitions(at, TC_KIND_MEMORY, "memory");
        break;
    case TC_SECTION_GLOBAL:
        read_definitions(at, TC_KIND_GLOBAL, "global");
        break;
    case TC_SECTION_EXPORT:
        note_several(at);
        read_exports(at);
        break;
    case TC_SECTION_START:
        at->wasm->has_start = true;
        break;
    case TC_SECTION_ELEMENT:
        read_elements(at);
        break;
    case TC_SECTION_CODE:
        read_code(at);
        break;
    case TC_SECTION_DATA:
        read_data(at);
        break;
    case TC_SECTION_DATA_COUNT:
        note(at, TC_FEATURE_BULK_MEMORY);
        break;
    case TC_SECTION_TAG:
        read_definitions(at, TC_KIND_TAG, "tag");
        break;
    default:
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

static int complain(const tc_wasm *wasm, tc_reader *in, const char *where) {
    tc_error("%s is not a valid WebAssembly module: %s: %s (at byte %zu)", wasm->path, where,
             in->problem, in->problem_offset);
    free(in->problem);
    return -1;
}

/* Whether what is wrong in a section is left to wasm2c to complain about. */
static bool is_wasm2cs(uint8_t id) {
    return id == TC_SECTION_ELEMENT || id == TC_SECTION_CODE || id == TC_SECTION_DATA;
}

static int read_sections(tc_wasm *wasm, tc_reader *in) {
    while (tc_reader_left(in)) {
        uint8_t id = tc_read_byte(in);
        uint32_t size = tc_read_u32(in);
        if (!in->problem && size > tc_reader_left(in))
            tc_reader_fail(in, "it should have %u more bytes than the file",
                           size - (uint32_t)tc_reader_left(in));
        if (in->problem)
            return complain(wasm, in, section_name(id));
        section section = {.in = {.start = in->start, .at = in->at, .end = in->at + size},
                           .scan = {wasm->features, section_name(id), TC_NO_INDEX},
                           .wasm = wasm};
        read_section(&section, id);
        if (section.in.problem && !is_wasm2cs(id))
            return complain(wasm, &section.in, section_name(id));
        free(section.in.problem);
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
    tc_reader in = {.start = start, .at = start + TC_PREAMBLE, .end = start + wasm->bytes.length};
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
    case 'x':
        return "exnref";
    default:
        return "reference";
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
    tc_buffer_print(&text, "%s%smemory of %llu pages", type->is_shared ? "shared " : "",
                    type->is_64 ? "64-bit " : "", (unsigned long long)type->min);
    if (type->page_bits == 16) {
        uint64_t kib = type->min * 64;
        bool in_mib = kib >= 1024 && kib % 1024 == 0;
        tc_buffer_print(&text, " (%llu %s)", (unsigned long long)(in_mib ? kib / 1024 : kib),
                        in_mib ? "MiB" : "KiB");
    } else {
        tc_buffer_print(&text, " of %llu bytes", 1ull << type->page_bits);
    }
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
