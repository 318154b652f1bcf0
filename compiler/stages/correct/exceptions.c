/* Exceptions: wasm2c's are setjmp and longjmp. */
#include "stages/correct/correct.h"

#include <ctype.h>
#include <string.h>

/* ---- locals, before 1.0.42 ---- */

/* Whether a line of a function declares parameters or locals, which have values from the start:
 *   u32 w2c_guest_f(w2c_guest* instance, u32 var_p0) {
 *     u32 var_l1 = 0, var_name = 0;
 *     u32 var_p0;                        in a function that is tail-called, after its instance */
static bool declares_locals(const char *line, size_t length, const char *previous) {
    static const char instance[] = "  w2c_guest* instance = *instance_ptr;\n";
    if (!previous)
        return true;
    size_t type = 2;
    while (type < length && (isalnum((unsigned char)line[type]) || line[type] == '_'))
        type++;
    if (type == 2 || !tc_text_starts(line, length, "  ") ||
        !tc_text_starts(line + type, length - type, " var_"))
        return false;
    return memmem(line, length, " = ", 3) || strncmp(previous, instance, strlen(instance)) == 0;
}

/* Adds the lines of a function, with its parameters and locals volatile. */
static void add_with_volatile(tc_buffer *out, const char *text, const char *end) {
    const char *previous = NULL;
    for (const char *line = text; line < end;) {
        const char *next = line + strcspn(line, "\n") + 1;
        const char *at = line;
        if (declares_locals(line, (size_t)(next - line), previous)) {
            const char *name;
            while ((name = memmem(at, (size_t)(next - at), " var_", 5))) {
                tc_buffer_add(out, at, (size_t)(name - at));
                if (name[-1] != ',') /* in a list the first name's word is for all */
                    tc_buffer_print(out, " volatile");
                tc_buffer_print(out, " var_");
                at = name + 5;
            }
        }
        tc_buffer_add(out, at, (size_t)(next - at));
        previous = line;
        line = next;
    }
}

/* A local that was written to after setjmp has its old value or its new one after longjmp, unless
 * it is volatile (C17 7.13.2.1). wasm2c takes its chances; 1.0.42 says volatile itself. */
static void keep_locals(tc_buffer *source) {
    static const char try[] = "wasm_rt_try(";
    if (!strstr(source->data, try) || strstr(source->data, " volatile var_"))
        return;
    tc_buffer out = {0};
    for (const char *line = source->data; *line;) {
        size_t length = strcspn(line, "\n");
        const char *end = line + length + (line[length] == '\n');
        const char *body = length && line[length - 1] == '{' && isalpha((unsigned char)*line)
                               ? tc_text_end_at_line(line, "}")
                               : NULL;
        if (body)
            end = body;
        if (body && memmem(line, (size_t)(end - line), try, strlen(try)))
            add_with_volatile(&out, line, end);
        else
            tc_buffer_add(&out, line, (size_t)(end - line));
        line = end;
    }
    tc_buffer_reset(source);
    *source = out;
}

void tc_correct_locals_of_tries(tc_build *build) {
    tc_correct_sources(build, keep_locals);
}

/* ---- the price of a try, before 1.0.42 ---- */

/* A throw never leaves a signal handler: a try that saves the signal mask costs a system call each
 * time, for nothing. 1.0.42 has it so itself. */
void tc_correct_cost_of_tries(tc_build *build) {
    tc_correct_declare(build, "#undef wasm_rt_try\n"
                              "#define wasm_rt_try(target) "
                              "((target).initialized = true, sigsetjmp((target).buffer, 0))\n");
}
