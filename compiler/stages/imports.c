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

static tc_provided find_provided(const tc_import *import) {
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

/* ---- stubs ----------------------------------------------------------------------------------- */

bool tc_imports_read_stub(const char *word, tc_stub *stub) {
    if (strcmp(word, "trap") == 0)
        *stub = TC_STUB_TRAP;
    else if (strcmp(word, "enosys") == 0)
        *stub = TC_STUB_ENOSYS;
    else
        return false;
    return true;
}

/* Whether `length` bytes of a word of --stub are an import's names, written with a dot between them
 * as they are or as messages show them; or its module's, and an asterisk for all names. */
static bool names(const char *word, size_t length, tc_name module, tc_name name) {
    if (length > module.length && memcmp(word, module.text, module.length) == 0 &&
        word[module.length] == '.') {
        const char *rest = word + module.length + 1;
        size_t rest_length = length - module.length - 1;
        if (rest_length == 1 && *rest == '*')
            return true;
        if (rest_length == name.length && memcmp(rest, name.text, name.length) == 0)
            return true;
    }
    return false;
}

static bool names_import(const char *word, size_t length, const tc_import *import) {
    if (names(word, length, import->module, import->name))
        return true;
    char *module = tc_name_shown(import->module), *name = tc_name_shown(import->name);
    bool is_named =
        names(word, length, (tc_name){module, strlen(module)}, (tc_name){name, strlen(name)});
    free(module);
    free(name);
    return is_named;
}

/* What --stub says of an import: the last word that names it counts. */
static tc_stub named_stub(const tc_import *import, const tc_stubs *stubs) {
    for (size_t i = stubs->named.count; i-- > 0;) {
        const char *word = stubs->named.items[i], *equals = strrchr(word, '=');
        tc_stub stub;
        if (equals && tc_imports_read_stub(equals + 1, &stub) &&
            names_import(word, (size_t)(equals - word), import))
            return stub;
        if (names_import(word, strlen(word), import))
            return TC_STUB_TRAP;
    }
    return TC_STUB_NONE;
}

/* Only functions can be: what a memory, a table or a global holds nobody can make up. */
static tc_provided stub_for(const tc_import *import, tc_stub stub) {
    const char *signature = import->type.signature;
    if (strcmp(strchr(signature, ':'), ":i") != 0)
        stub = TC_STUB_TRAP;
    return (tc_provided){.signature = signature, .stub = stub};
}

tc_provided tc_imports_find(const tc_import *import, const tc_stubs *stubs) {
    bool is_function = import->type.kind == TC_KIND_FUNCTION;
    tc_stub stub = stubs && is_function ? named_stub(import, stubs) : TC_STUB_NONE;
    if (stub != TC_STUB_NONE)
        return stub_for(import, stub);
    tc_provided provided = find_provided(import);
    if (!provided.reason || !is_function || !stubs || stubs->unknown == TC_STUB_NONE)
        return provided;
    free(provided.reason);
    return stub_for(import, stubs->unknown);
}

/* ---- all imports of a module ----------------------------------------------------------------- */

const tc_import *tc_imports_earlier(const tc_wasm *wasm, size_t index) {
    const tc_import *import = &wasm->imports[index];
    for (size_t i = 0; i < index; i++) {
        const tc_import *other = &wasm->imports[i];
        if (tc_name_same(other->name, import->name) && tc_name_same(other->module, import->module))
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

/* Says how the module can be built all the same. */
static void suggest_stubs(size_t missing, size_t functions) {
    if (functions == 0)
        return;
    tc_error("if it never calls %s, build it with --unknown-imports=trap (a call then ends the "
             "program), =enosys (it returns ENOSYS where its result is an i32), or --stub=NAME for "
             "single ones%s",
             functions == 1 ? "that function" : "those functions",
             functions == missing ? "" : "; only functions can be left out so");
}

int tc_imports_check(const tc_wasm *wasm, const tc_stubs *stubs) {
    tc_buffer lines = {0};
    size_t missing = 0, functions = 0;
    for (size_t i = 0; i < wasm->import_count; i++) {
        tc_provided provided = tc_imports_find(&wasm->imports[i], stubs);
        const char *reason = provided.reason;
        bool has_reason = reason != NULL;
        if (!reason && has_second_type(wasm, i))
            reason = "it is imported a second time with another type";
        if (reason) {
            add_line(&lines, &wasm->imports[i], reason);
            missing++;
            functions += has_reason && wasm->imports[i].type.kind == TC_KIND_FUNCTION;
        }
        free(provided.reason);
    }
    if (missing) {
        tc_error("%s imports %zu thing%s that the runtime does not provide:", wasm->path, missing,
                 missing == 1 ? "" : "s");
        tc_error_details(lines.data, SIZE_MAX);
        suggest_stubs(missing, functions);
    }
    tc_buffer_reset(&lines);
    return missing ? -1 : 0;
}
