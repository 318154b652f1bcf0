/* References of functions, from 1.0.37 on: wasm2c makes them through small functions of their own,
 *     static u32 wrap_w2c_three(void *instance, u32 var_0) {
 *       return w2c_three((struct w2c_guest*) instance, var_0);
 *     }
 *     … (wasm_rt_function_ptr_t)wrap_w2c_three …
 * for C wants a function called through its very type, and an indirect call has void * where the
 * function has a structure's pointer. Those two are passed alike by every ABI there is, so
 * references are of the functions themselves, as 1.0.36 has them: an indirect call jumps once
 * instead of twice, and there are fewer functions to compile (Go's modules refer to all of theirs).
 */
#include "stages/correct/correct.h"

#include <string.h>

static const char name[] = "wrap_w2c_";

/* How long a wrapper is that begins here, or 0. */
static size_t wrapper_length(const char *text) {
    static const char before[] = "static ";
    size_t line = strcspn(text, "\n");
    if (!tc_text_starts(text, line, before) || text[line - 1] != '{' ||
        !memmem(text, line, " wrap_w2c_", strlen(" wrap_w2c_")))
        return 0;
    const char *end = tc_text_end_at_line(text, "}");
    return end ? (size_t)(end - text) : 0;
}

/* Adds a line, with the functions themselves where it has wrappers. */
static void add_line(tc_buffer *out, const char *line, size_t length) {
    static const char before[] = "(wasm_rt_function_ptr_t)";
    const char *end = line + length, *found;
    while ((found = memmem(line, (size_t)(end - line), name, strlen(name)))) {
        bool is_reference = (size_t)(found - line) >= strlen(before) &&
                            memcmp(found - strlen(before), before, strlen(before)) == 0;
        tc_buffer_add(out, line, (size_t)(found - line));
        line = found + (is_reference ? strlen("wrap_") : strlen(name));
        if (!is_reference)
            tc_buffer_add(out, name, strlen(name));
    }
    tc_buffer_add(out, line, (size_t)(end - line));
}

static void refer_to_functions(tc_buffer *source) {
    tc_buffer out = {0};
    if (!source->data || !strstr(source->data, name))
        return;
    for (const char *at = source->data; *at;) {
        size_t wrapper = wrapper_length(at);
        size_t line = strcspn(at, "\n");
        line += at[line] == '\n';
        if (!wrapper)
            add_line(&out, at, line);
        at += wrapper ? wrapper : line;
    }
    tc_buffer_reset(source);
    *source = out;
}

void tc_correct_function_references(tc_build *build) {
    tc_correct_sources(build, refer_to_functions);
}
