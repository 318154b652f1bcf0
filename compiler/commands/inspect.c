/* `timecraft inspect`: what a module imports and exports, which features of WebAssembly it uses,
 * and what of that keeps it from being built; what a record is of. */
#include "commands/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/views.h"

static void show_summary(const tc_wasm *wasm) {
    size_t imported = 0;
    for (size_t i = 0; i < wasm->import_count; i++)
        imported += wasm->imports[i].type.kind == TC_KIND_FUNCTION;
    char *size = tc_size_shown(wasm->bytes.length);
    printf("%s: WebAssembly module%s, %s\n", wasm->path,
           wasm->is_unwrapped ? " (inside a component, which the preview 1 adapter made)" : "",
           size);
    free(size);
    printf("functions: %zu imported, %zu defined, ", imported, wasm->function_count - imported);
    if (wasm->named_functions)
        printf("%zu with names\n", wasm->named_functions);
    else
        puts("none with a name (backtraces will show numbers)");
    for (size_t i = 0; i < wasm->memory_count; i++) {
        char *type = tc_extern_shown(&wasm->memories[i]);
        printf("%s\n", type);
        free(type);
    }
    if (wasm->has_start)
        puts("a start function runs at instantiation");
}

static void show_kind(const tc_wasm *wasm) {
    if (tc_wasm_find_export(wasm, "_start", TC_KIND_FUNCTION))
        puts("kind: command (exports _start)");
    else if (tc_wasm_find_export(wasm, "_initialize", TC_KIND_FUNCTION))
        puts("kind: reactor (exports _initialize)");
    else
        puts("kind: library (exports no _start and no _initialize; --invoke calls a function)");
}

/* Those that are built on one line, each of the others with its place and its reason. */
static void show_features(const tc_wasm *wasm) {
    size_t shown = 0;
    printf("features:");
    for (tc_feature feature = 0; feature < TC_FEATURE_COUNT; feature++) {
        char *refusal = wasm->features[feature].is_used ? tc_feature_refusal(feature) : NULL;
        if (wasm->features[feature].is_used && !refusal)
            printf("%s %s", shown++ ? "," : "", tc_feature_name(feature));
        free(refusal);
    }
    puts(shown ? "" : " those of the first version");
    for (tc_feature feature = 0; feature < TC_FEATURE_COUNT; feature++) {
        char *refusal = wasm->features[feature].is_used ? tc_feature_refusal(feature) : NULL;
        if (refusal) {
            char *place = tc_feature_place(&wasm->features[feature]);
            printf("  not built: %s (%s), first in %s: %s\n", tc_feature_name(feature),
                   tc_feature_what(feature), place, refusal);
            free(place);
        }
        free(refusal);
    }
}

static void show_imports(const tc_wasm *wasm) {
    printf("imports: %zu\n", wasm->import_count);
    for (size_t i = 0; i < wasm->import_count; i++) {
        const tc_import *import = &wasm->imports[i];
        tc_provided provided = tc_imports_find(import, NULL);
        char *module = tc_name_shown(import->module);
        char *name = tc_name_shown(import->name);
        char *type = tc_extern_shown(&import->type);
        printf("  %s.%s %s: %s%s\n", module, name, type,
               provided.reason ? "not provided, " : "provided",
               provided.reason ? provided.reason : "");
        free(module);
        free(name);
        free(type);
        free(provided.reason);
    }
}

static void show_exports(const tc_wasm *wasm) {
    printf("exports: %zu\n", wasm->export_count);
    for (size_t i = 0; i < wasm->export_count; i++) {
        char *name = tc_name_shown(wasm->exports[i].name);
        char *type = tc_extern_shown(&wasm->exports[i].type);
        printf("  %s %s\n", name, type);
        free(name);
        free(type);
    }
}

static int inspect(const char *path) {
    tc_wasm wasm;
    int status = TC_EXIT_FAILURE;
    if (tc_wasm_read(&wasm, path) == 0) {
        show_summary(&wasm);
        show_kind(&wasm);
        show_features(&wasm);
        show_imports(&wasm);
        show_exports(&wasm);
        status = TC_EXIT_OK;
    }
    tc_wasm_reset(&wasm);
    return status;
}

static int inspect_record(const char *path, bool unmask) {
    char *error = NULL;
    int status = TC_EXIT_FAILURE;
    tc_record *record = tc_record_open(path, &error);
    if (!record)
        tc_error("%s", error);
    else if (tc_record_inspect(record, path, unmask, stdout) < 0)
        tc_error("%s has nothing in it that can be read: it is damaged, or the program had just "
                 "begun",
                 path);
    else
        status = TC_EXIT_OK;
    free(error);
    tc_record_close(record);
    return status;
}

int tc_command_inspect(char **words) {
    bool unmask = words[0] && strcmp(words[0], "--unmask") == 0;
    words += unmask;
    if (words[0] && strcmp(words[0], "--") == 0)
        words++;
    if (!words[0] || words[1]) {
        tc_error("inspect takes one module, or one record: timecraft inspect MODULE.wasm|RECORD");
        return TC_EXIT_USAGE;
    }
    return tc_record_is_one(words[0]) ? inspect_record(words[0], unmask) : inspect(words[0]);
}
