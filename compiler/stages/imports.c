/* What the runtime provides, and whether that is what a module imports. */
#include "stages/stages.h"

#include <stdlib.h>
#include <string.h>

typedef struct entry {
    const char *name;
    const char *signature;
    const char *function;
} entry;

static const entry table[] = {
#define TC_IMPORT(name, type, function, ...) {#name, type, #function},
#include "wasi/imports.def"
#undef TC_IMPORT
};

/* What of these is different in wasi_unstable, preview 1's predecessor. */
static const entry unstable_table[] = {
#define TC_IMPORT(name, type, function, ...)
#define TC_IMPORT_UNSTABLE(name, type, function, ...) {#name, type, #function},
#include "wasi/imports.def"
#undef TC_IMPORT
#undef TC_IMPORT_UNSTABLE
};

#define TABLE_SIZE          (sizeof table / sizeof *table)
#define UNSTABLE_TABLE_SIZE (sizeof unstable_table / sizeof *unstable_table)

/* The types under which the runtime has a name: "provided as (i32) -> i32 or …". */
static char *other_types(tc_name name) {
    tc_buffer text = {0};
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        if (!tc_name_is(name, table[i].name))
            continue;
        char *type = tc_signature_shown(table[i].signature);
        tc_buffer_print(&text, "%s%s", text.length ? " or " : "the runtime has it as ", type);
        free(type);
    }
    return text.data;
}

static const entry *find(const entry *entries, size_t count, const tc_import *import) {
    for (size_t i = 0; i < count; i++) {
        if (tc_name_is(import->name, entries[i].name) &&
            strcmp(import->type.signature, entries[i].signature) == 0)
            return &entries[i];
    }
    return NULL;
}

static tc_provided not_provided(char *reason) {
    return (tc_provided){.reason = reason};
}

bool tc_imports_is_memory(const tc_import *import) {
    return import->type.kind == TC_KIND_MEMORY && tc_name_is(import->module, "env") &&
           tc_name_is(import->name, "memory");
}

tc_provided tc_imports_find(const tc_import *import) {
    bool unstable = tc_name_is(import->module, "wasi_unstable");
    if (tc_imports_is_memory(import))
        return (tc_provided){.is_memory = true};
    if (!unstable && !tc_name_is(import->module, "wasi_snapshot_preview1"))
        return not_provided(tc_copy_text("the runtime has no such module"));
    if (import->type.kind != TC_KIND_FUNCTION)
        return not_provided(tc_copy_text("the runtime provides functions only"));
    const entry *found = unstable ? find(unstable_table, UNSTABLE_TABLE_SIZE, import) : NULL;
    if (!found)
        found = find(table, TABLE_SIZE, import);
    if (!found) {
        char *others = other_types(import->name);
        return not_provided(others ? others : tc_copy_text("the runtime has no such function"));
    }
    return (tc_provided){.function = found->function, .signature = found->signature};
}

static bool same_name(tc_name left, tc_name right) {
    return left.length == right.length && memcmp(left.text, right.text, left.length) == 0;
}

const tc_import *tc_imports_earlier(const tc_wasm *wasm, size_t index) {
    const tc_import *import = &wasm->imports[index];
    for (size_t i = 0; i < index; i++) {
        const tc_import *other = &wasm->imports[i];
        if (same_name(other->name, import->name) && same_name(other->module, import->module))
            return other;
    }
    return NULL;
}

/* wasm2c gives an import one C symbol whatever its type, so that it cannot have two; and two
 * memories would be one. */
static bool has_second_type(const tc_wasm *wasm, size_t index) {
    const tc_import *earlier = tc_imports_earlier(wasm, index), *import = &wasm->imports[index];
    if (!earlier)
        return false;
    return earlier->type.kind != TC_KIND_FUNCTION || import->type.kind != TC_KIND_FUNCTION ||
           strcmp(earlier->type.signature, import->type.signature) != 0;
}

static void add_line(tc_buffer *out, const tc_import *import, const char *reason) {
    char *module = tc_name_shown(import->module);
    char *name = tc_name_shown(import->name);
    char *type = tc_extern_shown(&import->type);
    tc_buffer_print(out, "%s.%s %s: %s\n", module, name, type, reason);
    free(module);
    free(name);
    free(type);
}

int tc_imports_check(const tc_wasm *wasm) {
    tc_buffer lines = {0};
    size_t missing = 0;
    for (size_t i = 0; i < wasm->import_count; i++) {
        tc_provided provided = tc_imports_find(&wasm->imports[i]);
        const char *reason = provided.reason;
        if (!reason && has_second_type(wasm, i))
            reason = "it is imported a second time with another type";
        if (reason) {
            add_line(&lines, &wasm->imports[i], reason);
            missing++;
        }
        free(provided.reason);
    }
    if (missing) {
        tc_error("%s imports %zu thing%s that the runtime does not provide:", wasm->path, missing,
                 missing == 1 ? "" : "s");
        tc_error_details(lines.data, SIZE_MAX);
    }
    tc_buffer_reset(&lines);
    return missing ? -1 : 0;
}
