/* Writes the binding: the C file that joins wasm2c's output and the runtime (rt/guest/module.h).
 *
 * wasm2c announces in guest.h what the module imports and exports, a comment each and below it the
 * prototype. Below the comment "import: 'wasi_snapshot_preview1' 'fd_close'" there is
 *
 *     u32 w2c_wasi__snapshot__preview1_fd_close(struct w2c_wasi__snapshot__preview1*, u32);
 *
 * Those lines are read rather than its name mangling imitated. For this one the binding has:
 *
 *     static uint64_t traced_3(tc_wasi *h, const uint64_t *a) {
 *         return tc_wasi_fd_close(h, (u32)a[0]);
 *     }
 *     u32 w2c_wasi__snapshot__preview1_fd_close(struct w2c_wasi__snapshot__preview1 *i, u32 a0)
 *     {
 *         tc_enter();
 *         if (__builtin_expect(tc_trace_on, 0))
 *             return (u32)tc_trace_call(TC_ID_tc_wasi_fd_close, traced_3, host, (uint64_t[]){a0});
 *         return tc_wasi_fd_close(host, a0);
 *     }
 *
 * The first parameter is not used, because it is wrong where the guest calls an import through a
 * table: wasm2c's tables hold the address of the pointer then.
 */
#include "stages/internal.h"

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

static const tc_import *find_memory_import(const tc_wasm *wasm) {
    for (size_t i = 0; i < wasm->import_count; i++) {
        if (tc_imports_is_memory(&wasm->imports[i]))
            return &wasm->imports[i];
    }
    return NULL;
}

/* The C name of an export, from its announcement; NULL if wasm2c has none. */
static char *export_symbol(const char *header, const char *name) {
    char *announcement = tc_format("/* export: '%s' */", name);
    const char *prototype = line_after(header, announcement);
    free(announcement);
    return prototype ? declared_name(prototype) : NULL;
}

/* Where a text with a name in its middle stands in the header, followed by one of two texts: that
 * of functions that give a memory, and that of members that are one. NULL: not there. */
static char *name_between(const char *header, const char *before, const char *after) {
    size_t before_length = strlen(before), after_length = strlen(after);
    for (const char *at = header; (at = strstr(at, before)); at++) {
        const char *start = at + before_length, *end = start;
        while (isalnum((unsigned char)*end) || *end == '_')
            end++;
        if (end > start && strncmp(end, after, after_length) == 0)
            return tc_format("%.*s", (int)(end - start), start);
    }
    return NULL;
}

/* The memory that imports work on, as a C expression: the exported one ("memory" if there are
 * several), else the only one there is. NULL: the module has none. */
static char *memory_expression(const tc_wasm *wasm, const char *header) {
    char *symbol = NULL;
    if (wasm->memory_count == 1 && find_memory_import(wasm))
        return tc_copy_text("&imported_memory");
    if (tc_wasm_find_export(wasm, "memory", TC_KIND_MEMORY))
        symbol = export_symbol(header, "memory");
    if (!symbol)
        symbol = name_between(header, "\nwasm_rt_memory_t* ", "(w2c_guest*);");
    const char *form = symbol ? "%s(&guest)" : "&guest.%s";
    if (!symbol)
        symbol = name_between(header, "\n  wasm_rt_memory_t ", ";");
    char *expression = symbol ? tc_format(form, symbol) : NULL;
    free(symbol);
    return expression;
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

/* The function through which a call goes while it is traced. */
static void write_traced(tc_buffer *out, size_t number, const tc_provided *provided) {
    const char *results = strchr(provided->signature, ':') + 1;
    size_t parameters = (size_t)(results - provided->signature) - 1;
    tc_buffer_print(out,
                    "static uint64_t traced_%zu(tc_wasi *h, const uint64_t *a) {\n"
                    "    (void)a;\n    %s%s(h",
                    number, *results ? "return " : "", provided->function);
    for (size_t i = 0; i < parameters; i++)
        tc_buffer_print(out, ", (%s)a[%zu]", c_type(provided->signature[i]), i);
    tc_buffer_print(out, ");\n%s}\n\n", *results ? "" : "    return 0;\n");
}

static void write_arguments(tc_buffer *out, size_t count) {
    for (size_t i = 0; i < count; i++)
        tc_buffer_print(out, "%sa%zu", i ? ", " : "", i);
}

/* `prototype` is wasm2c's; of it the name and the type of the first parameter are taken. */
static int write_import(tc_buffer *out, size_t number, const char *prototype,
                        const tc_provided *provided) {
    const char *results = strchr(provided->signature, ':') + 1;
    size_t parameters = (size_t)(results - provided->signature) - 1;
    const char *host = prototype + strcspn(prototype, "(\n");
    char *symbol = declared_name(prototype);
    if (!symbol)
        return -1;
    write_traced(out, number, provided);
    host += *host == '(';
    tc_buffer_print(out, "%s %s(%.*s *i", c_type(*results), symbol, (int)strcspn(host, "*,)\n"),
                    host);
    free(symbol);
    for (size_t i = 0; i < parameters; i++)
        tc_buffer_print(out, ", %s a%zu", c_type(provided->signature[i]), i);
    tc_buffer_print(out,
                    ") {\n    (void)i;\n    tc_enter();\n"
                    "    if (__builtin_expect(tc_trace_on, 0))%s\n"
                    "        %stc_trace_call(TC_ID_%s, traced_%zu, host, (uint64_t[]){",
                    *results ? "" : " {", *results ? "return (u32)" : "", provided->function,
                    number);
    if (parameters)
        write_arguments(out, parameters);
    else
        tc_buffer_print(out, "0");
    tc_buffer_print(out, "});\n%s    %s%s(host%s", *results ? "" : "        return;\n    }\n",
                    *results ? "return " : "", provided->function, parameters ? ", " : "");
    write_arguments(out, parameters);
    tc_buffer_print(out, ");\n}\n\n");
    return 0;
}

/* A name as wasm2c writes it in comments: bytes that could end or continue one are in hexadecimal.
 */
static void add_announced(tc_buffer *out, tc_name name) {
    for (size_t i = 0; i < name.length; i++) {
        unsigned char byte = (unsigned char)name.text[i];
        if (byte < ' ' || byte > '~' || byte == '?' || byte == '/')
            tc_buffer_print(out, "\\%02X", byte);
        else
            tc_buffer_add(out, &byte, 1);
    }
}

static const char *import_prototype(const char *header, const tc_import *import) {
    tc_buffer announcement = {0};
    tc_buffer_print(&announcement, "/* import: '");
    add_announced(&announcement, import->module);
    tc_buffer_print(&announcement, "' '");
    add_announced(&announcement, import->name);
    tc_buffer_print(&announcement, "' */");
    const char *prototype = line_after(header, announcement.data);
    tc_buffer_reset(&announcement);
    return prototype;
}

/* Defines what stands in the place of an import that nobody provides. Of its prototype
 *     f64 w2c_env_now(struct w2c_env*, u32);
 * it becomes
 *     f64 w2c_env_now(struct w2c_env *a0, u32 a1) {
 *         tc_enter();
 *         tc_trap_missing("env.now");
 *     } */
static int write_stub(tc_buffer *out, const char *prototype, const tc_import *import,
                      tc_stub stub) {
    const char *end = strstr(prototype, ");\n");
    if (!end || end > prototype + strcspn(prototype, "\n"))
        return -1;
    size_t parameters = 0;
    for (const char *at = prototype; at <= end; at++) {
        if (*at == ',' || at == end)
            tc_buffer_print(out, " a%zu", parameters++);
        tc_buffer_add(out, at, 1);
    }
    tc_buffer_print(out, " {\n    tc_enter();\n");
    if (stub == TC_STUB_ENOSYS) {
        tc_buffer_print(out, "    return TC_WASI_ENOSYS;\n}\n\n");
        return 0;
    }
    char *module = tc_name_shown(import->module), *name = tc_name_shown(import->name);
    char *full = tc_format("%s.%s", module, name);
    tc_buffer_print(out, "    tc_trap_missing(");
    tc_buffer_add_literal(out, full);
    tc_buffer_print(out, ");\n}\n\n");
    free(module);
    free(name);
    free(full);
    return 0;
}

/* Different names can be announced alike ("/" and "\2F"). Who takes a prototype that another import
 * had would define one function twice. */
static bool is_taken(const char **taken, size_t count, const char *prototype) {
    for (size_t i = 0; i < count; i++) {
        if (taken[i] == prototype)
            return true;
    }
    taken[count] = prototype;
    return false;
}

/* tc_imports_check has passed: every import is provided or a stub. */
static int write_imports(tc_buffer *out, const tc_build *build, const char *header) {
    const tc_wasm *wasm = build->wasm;
    const char **taken = tc_allocate((wasm->import_count + 1) * sizeof *taken);
    int result = 0;
    for (size_t i = 0, count = 0; i < wasm->import_count && result == 0; i++) {
        const tc_import *import = &wasm->imports[i];
        if (tc_imports_is_memory(import) || tc_imports_earlier(wasm, i))
            continue;
        const char *prototype = import_prototype(header, import);
        tc_provided provided = tc_imports_find(import, &build->options->stubs);
        if (!prototype || is_taken(taken, count++, prototype))
            result = -1;
        else if (provided.stub != TC_STUB_NONE)
            result = write_stub(out, prototype, import, provided.stub);
        else
            result = write_import(out, i, prototype, &provided);
        free(provided.reason);
        if (result < 0) {
            char *name = tc_name_shown(import->name);
            tc_error("wasm2c's header does not declare the import %s; this version of wasm2c does "
                     "not support such a name",
                     name);
            free(name);
        }
    }
    free(taken);
    return result;
}

/* Defines the memory that the module imports, of which the header has
 *     extern wasm_rt_memory_t* w2c_env_memory(struct w2c_env*); */
static int write_memory(tc_buffer *out, const tc_wasm *wasm, const char *header) {
    static const char prototype[] = "\nextern wasm_rt_memory_t* w2c_env_memory(struct w2c_env*);\n";
    const tc_import *import = find_memory_import(wasm);
    if (!import)
        return 0;
    if (!strstr(header, prototype)) {
        tc_error("wasm2c's header does not declare the memory that the module imports; this "
                 "version of wasm2c is not supported");
        return -1;
    }
    uint64_t most = import->type.has_max ? import->type.max : UINT64_C(65536);
    tc_buffer_print(out,
                    "static wasm_rt_memory_t imported_memory;\n\n"
                    "wasm_rt_memory_t *w2c_env_memory(struct w2c_env *i) {\n"
                    "    (void)i;\n"
                    "    return &imported_memory;\n}\n\n"
                    "static void make_memory(void) {\n"
                    "#ifdef WASM_DEFAULT_PAGE_SIZE\n"
                    "    wasm_rt_allocate_memory(&imported_memory, %llu, %llu, false,\n"
                    "                            WASM_DEFAULT_PAGE_SIZE);\n"
                    "#else\n"
                    "    wasm_rt_allocate_memory(&imported_memory, %llu, %llu, false);\n"
                    "#endif\n}\n\n",
                    (unsigned long long)import->type.min, (unsigned long long)most,
                    (unsigned long long)import->type.min, (unsigned long long)most);
    return 0;
}

static bool imports_sockets(const tc_wasm *wasm) {
    for (size_t i = 0; i < wasm->import_count; i++) {
        const tc_name *name = &wasm->imports[i].name;
        if (name->length > 5 && memcmp(name->text, "sock_", 5) == 0)
            return true;
    }
    return false;
}

/* wasm2c's instantiate function takes a pointer for each module that is imported from. */
static int write_instantiate(tc_buffer *out, const tc_wasm *wasm, const char *header) {
    static const char prototype[] = "void wasm2c_guest_instantiate(w2c_guest*";
    const char *at = strstr(header, prototype);
    if (!at) {
        tc_error("wasm2c's header does not declare how to instantiate the module; this version of "
                 "wasm2c is not supported");
        return -1;
    }
    tc_buffer_print(out,
                    "static w2c_guest guest;\n\n"
                    "static void instantiate(void *context) {\n"
                    "    host = context;\n"
                    "%s%s"
                    "    wasm2c_guest_instantiate(&guest",
                    imports_sockets(wasm) ? "    tc_trace_sockets = &tc_wasi_sockets_observed;\n"
                                          : "",
                    find_memory_import(wasm) ? "    make_memory();\n" : "");
    for (at += strlen(prototype); *at && *at != ')'; at++) {
        if (*at == ',')
            tc_buffer_print(out, ", context");
    }
    tc_buffer_print(out, ");\n}\n\n");
    return 0;
}

/* Defines `static void NAME(void)` around an exported function; returns whether there is one. */
static bool write_entry(tc_buffer *out, const tc_wasm *wasm, const char *header, const char *name,
                        const char *export) {
    char *symbol =
        tc_wasm_find_export(wasm, export, TC_KIND_FUNCTION) ? export_symbol(header, export) : NULL;
    if (symbol)
        tc_buffer_print(out, "static void %s(void) {\n    %s(&guest);\n}\n\n", name, symbol);
    free(symbol);
    return symbol != NULL;
}

static bool write_memory_getter(tc_buffer *out, const tc_wasm *wasm, const char *header) {
    char *expression = memory_expression(wasm, header);
    if (expression)
        tc_buffer_print(out, "static wasm_rt_memory_t *memory(void) {\n    return %s;\n}\n\n",
                        expression);
    free(expression);
    return expression != NULL;
}

/* ---- functions for --invoke ---- */

/* wasm2c's letter for a type: a member of a tc_value, and part of a member of the structures in
 * which it returns several results: struct wasm_multi_ij { u32 i0; u64 j1; }. */
static char multi_letter(char letter) {
    return letter == 'I' ? 'j' : letter == 'F' ? 'd' : letter;
}

static const char *value_member(char letter) {
    return letter == 'i' ? "i32" : letter == 'I' ? "i64" : letter == 'f' ? "f32" : "f64";
}

/* Defines a function that calls an export of which the header has
 *     struct wasm_multi_ij w2c_guest_divide(w2c_guest*, u64, u32);
 * Here that is
 *     static void call_7(const tc_value *a, tc_value *r) {
 *         struct wasm_multi_ij result = w2c_guest_divide(&guest, a[0].i64, a[1].i32);
 *         r[0].i32 = result.i0;
 *         r[1].i64 = result.j1;
 *     } */
static void write_call(tc_buffer *out, size_t number, const char *prototype, const char *symbol,
                       const char *signature) {
    const char *results = strchr(signature, ':') + 1;
    size_t parameters = (size_t)(results - signature) - 1, result_count = strlen(results);
    int type_length = (int)(strstr(prototype, symbol) - prototype);
    tc_buffer_print(out, "static void call_%zu(const tc_value *a, tc_value *r) {\n    ", number);
    if (result_count)
        tc_buffer_print(out, "%.*sresult = ", type_length, prototype);
    tc_buffer_print(out, "%s(&guest", symbol);
    for (size_t i = 0; i < parameters; i++)
        tc_buffer_print(out, ", a[%zu].%s", i, value_member(signature[i]));
    tc_buffer_print(out, ");\n");
    for (size_t i = 0; i < result_count; i++) {
        tc_buffer_print(out, "    r[%zu].%s = result", i, value_member(results[i]));
        if (result_count > 1)
            tc_buffer_print(out, ".%c%zu", multi_letter(results[i]), i);
        tc_buffer_print(out, ";\n");
    }
    tc_buffer_print(out, "}\n\n");
}

/* Whether a line of the header announces an export of this name. One with unusual characters, of
 * which wasm2c writes some in another way, is taken for it. */
static bool announces(const char *line, tc_name name) {
    static const char before[] = "/* export: '", after[] = "' */\n";
    for (size_t i = 0; i < name.length; i++) {
        if (!isalnum((unsigned char)name.text[i]) && name.text[i] != '_')
            return true;
    }
    line += strlen(before);
    return strncmp(line, name.text, name.length) == 0 &&
           strncmp(line + name.length, after, strlen(after)) == 0;
}

/* Defines `functions`, a table of the functions that take and give numbers, and have a name that a
 * word can be. The header announces the exports in the module's order. Returns how many there are.
 */
static size_t write_functions(tc_buffer *out, const tc_wasm *wasm, const char *header) {
    static const char announcement[] = "\n/* export: '";
    tc_buffer table = {0};
    size_t count = 0;
    const char *line = strstr(header, announcement);
    for (size_t i = 0; i < wasm->export_count && line; i++) {
        const tc_export *export = &wasm->exports[i];
        const char *prototype = strchr(++line, '\n') + 1;
        if (!announces(line, export->name))
            break;
        if (export->type.kind == TC_KIND_FUNCTION &&
            tc_signature_is_numbers(export->type.signature) &&
            !memchr(export->name.text, 0, export->name.length)) {
            char *symbol = declared_name(prototype);
            char *name = tc_format("%.*s", (int)export->name.length, export->name.text);
            write_call(out, count, prototype, symbol, export->type.signature);
            tc_buffer_print(&table, "    {");
            tc_buffer_add_literal(&table, name);
            tc_buffer_print(&table, ", \"%s\", call_%zu},\n", export->type.signature, count++);
            free(name);
            free(symbol);
        }
        line = strstr(line, announcement);
    }
    if (count)
        tc_buffer_print(out, "static const tc_function functions[] = {\n%s};\n\n", table.data);
    tc_buffer_reset(&table);
    return count;
}

/* ---- what a debugger finds the instance's parts by ---- */

/* Adds an entry for a member of the instance that is a number or a memory. Examples:
 *     u32 w2c_0x5F_stack_pointer;
 *     wasm_rt_memory_t w2c_memory; */
static void write_variable(tc_buffer *out, const char *line, size_t length) {
    static const char *const types[][2] = {{"u32", "u32"},
                                           {"u64", "u64"},
                                           {"f32", "f32"},
                                           {"f64", "f64"},
                                           {"wasm_rt_memory_t", "memory"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char *before = tc_format("  %s w2c_", types[i][0]);
        size_t start = strlen(before);
        if (tc_text_starts(line, length, before) && length > start + 1 && line[length - 1] == ';')
            tc_buffer_print(
                out, "    {\"%.*s\", \"%s\", &guest.w2c_%.*s, %s},\n", (int)(length - start - 1),
                line + start, types[i][1], (int)(length - start - 1), line + start,
                strcmp(types[i][1], "memory") == 0 ? "offsetof(wasm_rt_memory_t, size)" : "0");
        free(before);
    }
}

/* With -g: read by sdk/gdb/timecraft.py, which says what it is. */
static void write_variables(tc_buffer *out, const tc_wasm *wasm, const char *header) {
    const char *line = strstr(header, "\ntypedef struct w2c_guest {\n");
    tc_buffer_print(out,
                    "static const struct {\n    const char *name, *type;\n    const void *at;\n"
                    "    unsigned long size_at;\n} tc_debug_variables[] "
                    "__attribute__((used)) = {\n");
    if (find_memory_import(wasm))
        tc_buffer_print(out, "    {\"memory\", \"memory\", &imported_memory, "
                             "offsetof(wasm_rt_memory_t, size)},\n");
    for (line = line ? line + 1 : ""; *line && *line != '}';
         line += line[strcspn(line, "\n")] != 0) {
        size_t length = strcspn(line, "\n");
        write_variable(out, line, length);
        line += length;
    }
    tc_buffer_print(out, "    {0, 0, 0, 0},\n};\n\n");
}

static void write_module(tc_buffer *out, const tc_build *build, const char *header) {
    const tc_wasm *wasm = build->wasm;
    bool start = write_entry(out, wasm, header, "start", "_start");
    bool initialize = write_entry(out, wasm, header, "initialize", "_initialize");
    bool memory = write_memory_getter(out, wasm, header);
    size_t functions = write_functions(out, wasm, header);
    if (build->lines)
        write_variables(out, wasm, header);
    char digest[TC_KEY_SIZE];
    tc_buffer_print(out, "const tc_module tc_guest_module = {\n    .name = ");
    tc_buffer_add_literal(out, tc_path_name(wasm->path));
    tc_digest(wasm->bytes.data, wasm->bytes.length, digest);
    tc_buffer_print(out, ",\n    .sha256 = \"%s\"", digest);
    tc_buffer_print(out, ",\n    .options = ");
    tc_buffer_add_literal(out, build->options->words ? build->options->words : "");
    tc_buffer_print(out, ",\n    .instantiate = instantiate,\n");
    if (start)
        tc_buffer_print(out, "    .start = start,\n");
    if (initialize)
        tc_buffer_print(out, "    .initialize = initialize,\n");
    if (memory)
        tc_buffer_print(out, "    .memory = memory,\n");
    if (build->has_constant_memory)
        tc_buffer_print(out, "    .memory_address = TC_MEMORY_ADDRESS,\n");
    if (functions)
        tc_buffer_print(out, "    .functions = functions,\n    .function_count = %zu,\n",
                        functions);
    tc_buffer_print(out, "};\n");
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
                           "#include \"guest/memory_address.h\"\n"
                           "#include \"guest/module.h\"\n"
                           "#include \"trace/trace.h\"\n"
                           "#include \"wasi/wasi.h\"\n\n"
                           "static tc_wasi *host;\n\n");
    if (build->binding_support)
        tc_buffer_print(&text, "%s", build->binding_support);
    int result = write_imports(&text, build, header.data);
    if (result == 0)
        result = write_memory(&text, build->wasm, header.data);
    if (result == 0)
        result = write_instantiate(&text, build->wasm, header.data);
    if (result == 0) {
        write_module(&text, build, header.data);
        result = tc_unit_add_binding(build, BINDING_NAME, &text);
    }
    tc_buffer_reset(&header);
    tc_buffer_reset(&text);
    return result;
}
