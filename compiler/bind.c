/* Writes the binding: the C file that joins wasm2c's output and the runtime (rt/guest/module.h).
 *
 * wasm2c announces in guest.h what the module imports and exports, a comment each and below it the
 * prototype. Below the comment "import: 'wasi_snapshot_preview1' 'fd_close'" there is
 *
 *     u32 w2c_wasi__snapshot__preview1_fd_close(struct w2c_wasi__snapshot__preview1*, u32);
 *
 * Those lines are read rather than its name mangling imitated. For this one the binding has:
 *
 *     u32 w2c_wasi__snapshot__preview1_fd_close(struct w2c_wasi__snapshot__preview1 *i, u32 a0)
 *     {
 *         tc_enter();
 *         return tc_wasi_fd_close(host, a0);
 *     }
 *
 * The first parameter is not used, because it is wrong where the guest calls an import through a
 * table: wasm2c's tables hold the address of the pointer then.
 */
#include "timecraft.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BINDING_NAME "binding.c"

/* The line after the one that is exactly `announcement`; NULL if there is none. */
static const char *line_after(const char *header, const char *announcement) {
    size_t length = strlen(announcement);
    for (const char *line = header; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, announcement, length) == 0 && line[length] == '\n')
            return line + length + 1;
    }
    return NULL;
}

/* The name that a prototype declares: what stands before its first parenthesis. */
static char *declared_name(const char *prototype) {
    const char *end = prototype + strcspn(prototype, "(\n");
    const char *start = end;
    while (start > prototype && (isalnum((unsigned char)start[-1]) || start[-1] == '_'))
        start--;
    return *end == '(' && start < end ? tc_format("%.*s", (int)(end - start), start) : NULL;
}

/* The C name of an export, from its announcement; NULL if wasm2c has none. */
static char *export_symbol(const char *header, const char *name) {
    char *announcement = tc_format("/* export: '%s' */", name);
    const char *prototype = line_after(header, announcement);
    free(announcement);
    return prototype ? declared_name(prototype) : NULL;
}

/* The C name of the function that gives the memory: the export "memory", else the first one. */
static char *memory_symbol(const tc_wasm *wasm, const char *header) {
    if (tc_wasm_find_export(wasm, "memory", TC_KIND_MEMORY))
        return export_symbol(header, "memory");
    static const char announcement[] = "/* export: '";
    static const char type[] = "wasm_rt_memory_t*";
    for (const char *line = header; (line = strstr(line, announcement)); line++) {
        const char *prototype = strchr(line, '\n');
        if (prototype && strncmp(prototype + 1, type, strlen(type)) == 0)
            return declared_name(prototype + 1);
    }
    return NULL;
}

static const char *c_type(char letter) {
    switch (letter) {
    case 'i':
        return "u32";
    case 'I':
        return "u64";
    default:
        return "void";
    }
}

/* `prototype` is wasm2c's; of it the name and the type of the first parameter are taken. */
static int write_import(tc_buffer *out, const char *prototype, const tc_provided *provided) {
    const char *results = strchr(provided->signature, ':') + 1;
    size_t parameters = (size_t)(results - provided->signature) - 1;
    const char *host = prototype + strcspn(prototype, "(\n");
    char *symbol = declared_name(prototype);
    if (!symbol)
        return -1;
    host += *host == '(';
    tc_buffer_print(out, "%s %s(%.*s *i", c_type(*results), symbol, (int)strcspn(host, "*,)\n"),
                    host);
    free(symbol);
    for (size_t i = 0; i < parameters; i++)
        tc_buffer_print(out, ", %s a%zu", c_type(provided->signature[i]), i);
    tc_buffer_print(out, ") {\n    (void)i;\n    tc_enter();\n");
    if (provided->old_whence) /* was 0 current, 1 end, 2 set; is 0 set, 1 current, 2 end */
        tc_buffer_print(out, "    a2 = a2 < 3 ? (a2 + 1) %% 3 : a2;\n");
    tc_buffer_print(out, "    %s%s(host", *results ? "return " : "", provided->function);
    for (size_t i = 0; i < parameters; i++)
        tc_buffer_print(out, ", a%zu", i);
    tc_buffer_print(out, ");\n}\n\n");
    return 0;
}

/* tc_imports_check has passed: every import is provided, and its names are plain. */
static int write_imports(tc_buffer *out, const tc_wasm *wasm, const char *header) {
    for (size_t i = 0; i < wasm->import_count; i++) {
        const tc_import *import = &wasm->imports[i];
        if (tc_imports_earlier(wasm, i))
            continue;
        char *announcement =
            tc_format("/* import: '%.*s' '%.*s' */", (int)import->module.length,
                      import->module.text, (int)import->name.length, import->name.text);
        const char *prototype = line_after(header, announcement);
        tc_provided provided = tc_imports_find(import);
        int result = prototype ? write_import(out, prototype, &provided) : -1;
        free(provided.reason);
        free(announcement);
        if (result < 0) {
            tc_error("wasm2c's header does not declare the import %.*s; this version of wasm2c is "
                     "not supported",
                     (int)import->name.length, import->name.text);
            return -1;
        }
    }
    return 0;
}

/* wasm2c's instantiate function takes a pointer for each module that is imported from. */
static int write_instantiate(tc_buffer *out, const char *header) {
    static const char prototype[] = "void wasm2c_guest_instantiate(w2c_guest*";
    const char *at = strstr(header, prototype);
    if (!at) {
        tc_error("wasm2c's header does not declare how to instantiate the module; this version of "
                 "wasm2c is not supported");
        return -1;
    }
    tc_buffer_print(out, "static w2c_guest guest;\n\n"
                         "static void instantiate(void *context) {\n"
                         "    host = context;\n"
                         "    wasm2c_guest_instantiate(&guest");
    for (at += strlen(prototype); *at && *at != ')'; at++) {
        if (*at == ',')
            tc_buffer_print(out, ", context");
    }
    tc_buffer_print(out, ");\n}\n\n");
    return 0;
}

/* Defines `static TYPE NAME(void)` around an exported symbol; returns whether there is one. */
static bool write_wrapper(tc_buffer *out, const char *type, const char *name, char *symbol) {
    if (!symbol)
        return false;
    tc_buffer_print(out, "static %s%s(void) {\n    %s%s(&guest);\n}\n\n", type, name,
                    strcmp(type, "void ") == 0 ? "" : "return ", symbol);
    free(symbol);
    return true;
}

static char *entry_symbol(const tc_wasm *wasm, const char *header, const char *name) {
    return tc_wasm_find_export(wasm, name, TC_KIND_FUNCTION) ? export_symbol(header, name) : NULL;
}

static void write_module(tc_buffer *out, const tc_build *build, const char *header) {
    const tc_wasm *wasm = build->wasm;
    bool start = write_wrapper(out, "void ", "start", entry_symbol(wasm, header, "_start"));
    bool initialize =
        write_wrapper(out, "void ", "initialize", entry_symbol(wasm, header, "_initialize"));
    bool memory = write_wrapper(out, "wasm_rt_memory_t *", "memory", memory_symbol(wasm, header));
    tc_buffer_print(out, "const tc_module tc_guest_module = {\n    .name = ");
    tc_buffer_add_literal(out, tc_path_name(wasm->path));
    tc_buffer_print(out, ",\n    .options = ");
    tc_buffer_add_literal(out, build->options->words ? build->options->words : "");
    tc_buffer_print(out, ",\n    .instantiate = instantiate,\n");
    if (start)
        tc_buffer_print(out, "    .start = start,\n");
    if (initialize)
        tc_buffer_print(out, "    .initialize = initialize,\n");
    if (memory)
        tc_buffer_print(out, "    .memory = memory,\n");
    tc_buffer_print(out, "};\n");
}

static int write_file(const tc_build *build, const tc_buffer *text) {
    char *path = tc_format("%s/" BINDING_NAME, build->work);
    int result = tc_file_write(path, text->data, text->length);
    if (result < 0)
        tc_error("cannot write %s: %s", path, strerror(errno));
    free(path);
    return result;
}

static int read_header(const tc_build *build, tc_buffer *header) {
    char *path = tc_format("%s/guest.h", build->work);
    int result = tc_file_read(path, SIZE_MAX / 2, header);
    if (result < 0)
        tc_error("cannot read wasm2c's output %s: %s", path, strerror(errno));
    free(path);
    return result;
}

int tc_bind(tc_build *build) {
    tc_buffer header = {0}, text = {0};
    if (read_header(build, &header) < 0)
        return -1;
    tc_buffer_print(&text, "/* Joins the module and the runtime. Written by timecraft. */\n"
                           "#include \"guest.h\"\n\n"
                           "#include \"guest/module.h\"\n"
                           "#include \"wasi/wasi.h\"\n\n"
                           "static tc_wasi *host;\n\n");
    if (build->options->level == 0)
        tc_buffer_print(&text, "#include \"tcc_support.h\"\n\n");
    int result = write_imports(&text, build->wasm, header.data);
    if (result == 0)
        result = write_instantiate(&text, header.data);
    if (result == 0) {
        write_module(&text, build, header.data);
        result = write_file(build, &text);
    }
    if (result == 0)
        tc_words_add(&build->units, BINDING_NAME);
    tc_buffer_reset(&header);
    tc_buffer_reset(&text);
    return result;
}
