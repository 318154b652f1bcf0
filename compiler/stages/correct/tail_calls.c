/* Tail calls: what wasm2c writes for them is not always C, and not always right. Their optional
 * feature is turned on only for modules that need it (see translate.c).
 */
#include "stages/correct/correct.h"

#include <ctype.h>
#include <string.h>

/* ---- the instance, all versions up to 1.0.42 ---- */

/* A tail call gets its instance through a pointer, which nothing sets where the function called is
 * not an import. */
static void set_instance(tc_buffer *source) {
    tc_buffer_replace(source, "void *instance_ptr_storage;",
                      "void *instance_ptr_storage = instance;");
}

void tc_correct_tail_call_instance(tc_build *build) {
    tc_correct_sources(build, set_instance);
}

/* ---- imports, 1.0.36 only ---- */

/* Tail calls of imports are not C in 1.0.36; 1.0.37 corrected it so. */
static void correct_calls_of_imports(tc_buffer *source) {
    tc_buffer_replace(source, "wasm_rt_memcpy(params, ", "wasm_rt_memcpy(&params, ");
    tc_buffer_replace(source, "*instance_ptr = w2c_", "*instance_ptr = instance->w2c_");
}

void tc_correct_tail_calls_of_imports(tc_build *build) {
    tc_correct_sources(build, correct_calls_of_imports);
}

/* ---- results, all versions up to 1.0.42 ---- */

/* Whether the line calls a function of a table for its results. Examples:
 *     var_i2 = CALL_INDIRECT(…);
 *     struct wasm_multi_ij tmp = CALL_INDIRECT(…);
 * Sets the name that gets them. */
static bool is_indirect_call(const char *line, size_t length, const char **name, size_t *size) {
    static const char call[] = " = CALL_INDIRECT(";
    const char *end = memmem(line, length, call, strlen(call));
    if (!end)
        return false;
    *size = tc_text_identifier_before(line, end);
    *name = end - *size;
    return true;
}

/* A function that is tail-called leaves its results in tail_call_stack. wasm2c forgets those it has
 * from an indirect tail call of a function without tail calls:
 *     if (!instance->w2c_T0.data[var_i2].func_tailcallee.fn) {
 *       var_i2 = CALL_INDIRECT(…);
 *       next->fn = NULL;            <- with nothing done before it
 *     } else { */
static void keep_results(tc_buffer *source) {
    static const char question[] = ".func_tailcallee.fn) {";
    if (!strstr(source->data, question))
        return;
    tc_buffer out = {0};
    bool is_callee = false, is_last = false;
    for (const char *line = source->data; *line;) {
        const char *name;
        size_t size, length = strcspn(line, "\n");
        if (isalpha((unsigned char)*line))
            is_callee = tc_text_starts(line, length, "void wasm_tailcall_w2c_");
        tc_buffer_add(&out, line, length);
        tc_buffer_add(&out, "\n", line[length] == '\n');
        if (memmem(line, length, question, strlen(question)))
            is_last = is_callee;
        else if (memmem(line, length, "next->fn = ", strlen("next->fn = ")))
            is_last = false; /* the call had no results */
        if (is_last && is_indirect_call(line, length, &name, &size)) {
            tc_buffer_print(&out, "    wasm_rt_memcpy(tail_call_stack, &%.*s, sizeof(%.*s));\n",
                            (int)size, name, (int)size, name);
            is_last = false;
        }
        line += length + (line[length] == '\n');
    }
    tc_buffer_reset(source);
    *source = out;
}

void tc_correct_tail_call_results(tc_build *build) {
    tc_correct_sources(build, keep_results);
}
