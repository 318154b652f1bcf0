/* Unwraps a component that is a preview 1 command with the adapter around it: such a component
 * holds the command's module as its compiler wrote it, and all that the others in it do is to offer
 * preview 1 on top of WASI 0.2. The runtime offers preview 1 itself.
 *
 * A component is a sequence of sections like a module's, some of which are whole modules and whole
 * components. Only those are looked at, and what is imported and exported; whatever says how they
 * are joined is not read: the module's imports have one meaning only.
 *
 * Source: WebAssembly/component-model, design/mvp/Binary.md.
 */
#include "stages/internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    SECTION_CUSTOM = 0,
    SECTION_CORE_MODULE = 1,
    SECTION_COMPONENT = 4,
    MODULES_MAX = 64, /* the adapter's way takes four */
    DEPTH_MAX = 8,    /* of components in components; the adapter's way takes one */
};

/* A section, as offsets in the file. */
typedef struct section {
    uint8_t id;
    size_t start; /* behind its size */
    size_t end;
} section;

/* The core modules of a component, by their place in the file. */
typedef struct component {
    const tc_wasm *file;
    section modules[MODULES_MAX];
    size_t count;
    const char *toolchain; /* the languages' producer that was recognized, or NULL */
} component;

/* ---- how else it can be made
 * -------------------------------------------------------------------- */

/* What producers sections say, and how that toolchain makes preview 1 modules. */
static const struct {
    const char *producer;
    const char *advice;
} toolchains[] = {
    {"componentize-py", "componentize-py makes components only; for Python use timecraft-python"},
    {"ComponentizeJS", "ComponentizeJS makes components only; for JavaScript use an engine that is "
                       "a preview 1 module, such as QuickJS"},
    {"rustc", "with Rust: cargo build --target wasm32-wasip1"},
    {"TinyGo", "with TinyGo: tinygo build -target=wasip1"},
    {"Go", "with Go: GOOS=wasip1 GOARCH=wasm go build"},
    {"clang", "with clang or wasi-sdk: --target=wasm32-wasip1 (older: wasm32-wasi)"},
};

#define TOOLCHAIN_COUNT (sizeof toolchains / sizeof *toolchains)

static int refuse(const component *found, const char *reason) {
    tc_error("%s is a WebAssembly component, of which only a preview 1 command with the adapter "
             "around it can be built: %s; build it as a core module for WASI preview 1",
             found->file->path, reason);
    for (size_t i = 0; i < TOOLCHAIN_COUNT; i++) {
        if (!found->toolchain || found->toolchain == toolchains[i].producer)
            tc_error_details(toolchains[i].advice, 1);
    }
    return -1;
}

/* A name in the middle of a producers section, behind its length. */
static bool names_producer(const char *data, size_t length, const char *producer) {
    size_t name_length = strlen(producer);
    for (const char *at = data, *end = data + length;
         (at = memmem(at, (size_t)(end - at), producer, name_length)); at++) {
        if (at > data && (unsigned char)at[-1] == name_length)
            return true;
    }
    return false;
}

/* ---- sections
 * ----------------------------------------------------------------------------------- */

static int malformed(const component *found, size_t offset) {
    tc_error("%s is not a valid WebAssembly component: a section does not fit in the file (at byte "
             "%zu)",
             found->file->path, offset);
    return -1;
}

/* Unsigned LEB128 of at most 32 bits. False: there is none before `end`. */
static bool read_size(const uint8_t *bytes, size_t *at, size_t end, uint32_t *value) {
    *value = 0;
    for (unsigned shift = 0; shift < 35 && *at < end; shift += 7) {
        uint8_t byte = bytes[(*at)++];
        if (shift == 28 && byte > 0x0f)
            return false;
        *value |= (uint32_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

/* Reads the section at *at, and moves behind it. */
static int next_section(const component *found, size_t *at, size_t end, section *out) {
    const uint8_t *bytes = (const uint8_t *)found->file->bytes.data;
    size_t start = *at;
    uint32_t size;
    out->id = bytes[(*at)++];
    if (!read_size(bytes, at, end, &size) || size > end - *at)
        return malformed(found, start);
    out->start = *at;
    out->end = *at += size;
    return 0;
}

static bool has_preamble(const component *found, const section *part, const char *preamble) {
    return part->end - part->start >= 8 &&
           memcmp(found->file->bytes.data + part->start, preamble, 8) == 0;
}

/* Looks for a toolchain in a custom section "producers". */
static void read_producers(component *found, const section *part) {
    static const char name[] = "\x09producers";
    const char *data = found->file->bytes.data + part->start;
    size_t length = part->end - part->start;
    if (length < strlen(name) || memcmp(data, name, strlen(name)) != 0)
        return;
    for (size_t i = 0; i < TOOLCHAIN_COUNT && !found->toolchain; i++) {
        if (names_producer(data, length, toolchains[i].producer))
            found->toolchain = toolchains[i].producer;
    }
}

/* A core module's own sections are read for its producers alone. */
static int add_module(component *found, const section *module) {
    if (!has_preamble(found, module, "\0asm\1\0\0"))
        return malformed(found, module->start);
    if (found->count == MODULES_MAX)
        return refuse(found, "it holds too many modules");
    found->modules[found->count++] = *module;
    for (size_t at = module->start + 8; at < module->end;) {
        section part;
        if (next_section(found, &at, module->end, &part) < 0)
            return -1;
        if (part.id == SECTION_CUSTOM)
            read_producers(found, &part);
    }
    return 0;
}

/* Collects the core modules of a component. Components in it may only join what is there: one with
 * modules of its own is another program. */
static int read_component(component *found, size_t start, size_t end, unsigned depth) {
    if (depth > DEPTH_MAX)
        return refuse(found, "components are nested too deeply in it");
    for (size_t at = start; at < end;) {
        section part;
        if (next_section(found, &at, end, &part) < 0)
            return -1;
        if (part.id == SECTION_CUSTOM) {
            read_producers(found, &part);
        } else if (part.id == SECTION_CORE_MODULE) {
            if (depth > 0)
                return refuse(found, "it is composed of several components");
            if (add_module(found, &part) < 0)
                return -1;
        } else if (part.id == SECTION_COMPONENT) {
            if (!has_preamble(found, &part, TC_COMPONENT_PREAMBLE))
                return malformed(found, part.start);
            if (read_component(found, part.start + 8, part.end, depth + 1) < 0)
                return -1;
        }
    }
    return 0;
}

/* ---- which module is the program
 * ---------------------------------------------------------------- */

static int read_module(const component *found, size_t index, tc_wasm *module) {
    const section *part = &found->modules[index];
    *module = (tc_wasm){.path = tc_copy_text(found->file->path)};
    tc_buffer_add(&module->bytes, found->file->bytes.data + part->start, part->end - part->start);
    return tc_wasm_read_outline(module);
}

static bool is_preview_1(tc_name module) {
    return tc_name_is(module, "wasi_snapshot_preview1") || tc_name_is(module, "wasi_unstable");
}

static bool starts_with(tc_name name, const char *text) {
    size_t length = strlen(text);
    return name.length >= length && memcmp(name.text, text, length) == 0;
}

/* Whether it exports functions of preview 1, under their names, and is made of WASI 0.2's. */
static bool is_adapter(const tc_wasm *module) {
    bool offers = false, stands_on = false;
    for (size_t i = 0; i < module->export_count && !offers; i++) {
        tc_import import = {.module = {"wasi_snapshot_preview1", 22},
                            .name = module->exports[i].name,
                            .type = module->exports[i].type};
        tc_provided provided = tc_imports_find(&import, NULL);
        offers = import.type.kind == TC_KIND_FUNCTION && !provided.reason;
        free(provided.reason);
    }
    for (size_t i = 0; i < module->import_count && !stands_on; i++)
        stands_on = starts_with(module->imports[i].module, "wasi:");
    return offers && stands_on;
}

/* What the program's module imports besides preview 1, as a reason for a person; NULL: nothing. */
static char *other_import(const tc_wasm *module) {
    for (size_t i = 0; i < module->import_count; i++) {
        const tc_import *import = &module->imports[i];
        if (is_preview_1(import->module))
            continue;
        char *from = tc_name_shown(import->module), *name = tc_name_shown(import->name);
        char *reason = tc_format("its module imports %s.%s, which is not preview 1", from, name);
        free(from);
        free(name);
        return reason;
    }
    return NULL;
}

/* Takes a module for the program if it is a command. */
static int consider(const component *found, tc_wasm *module, tc_wasm *program, bool *has_adapter) {
    *has_adapter |= is_adapter(module);
    if (!tc_wasm_find_export(module, "_start", TC_KIND_FUNCTION)) {
        tc_wasm_reset(module);
        return 0;
    }
    if (program->path) {
        tc_wasm_reset(module);
        return refuse(found, "it holds more than one command");
    }
    *program = *module;
    return 0;
}

static int find_program(const component *found, tc_wasm *program) {
    bool has_adapter = false;
    for (size_t i = 0; i < found->count; i++) {
        tc_wasm module;
        int result = read_module(found, i, &module);
        if (result < 0)
            tc_wasm_reset(&module);
        if (result < 0 || consider(found, &module, program, &has_adapter) < 0)
            return -1;
    }
    if (!program->path)
        return refuse(found, "no module in it exports _start");
    char *reason = other_import(program);
    if (!reason && program->import_count && !has_adapter)
        reason = tc_copy_text("its preview 1 is not the adapter's");
    int result = reason ? refuse(found, reason) : 0;
    free(reason);
    return result;
}

int tc_component_unwrap(tc_wasm *wasm) {
    component found = {.file = wasm};
    tc_wasm program = {0};
    if (read_component(&found, 8, wasm->bytes.length, 0) < 0 ||
        find_program(&found, &program) < 0) {
        tc_wasm_reset(&program);
        return -1;
    }
    tc_wasm_reset(wasm);
    *wasm = program;
    wasm->is_unwrapped = true;
    return 0;
}
