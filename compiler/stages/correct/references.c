/* References of functions, from 1.0.42 on: wasm2c makes them through small functions of their own,
 *     static u32 wrap_w2c_three(void *instance) {
 * Units need them, so that here they are not static, and the headers get their prototypes.
 */
#include "stages/correct/correct.h"

#include <string.h>

static const char before[] = "static ", name[] = " wrap_w2c_";

static bool is_wrapper(const char *line, size_t length) {
    return tc_text_starts(line, length, before) && line[length - 1] == '{' &&
           memmem(line, length, name, strlen(name));
}

static void export_wrappers(tc_buffer *source, tc_buffer *prototypes) {
    tc_buffer out = {0};
    if (!strstr(source->data, name))
        return;
    for (const char *line = source->data; *line;) {
        size_t length = strcspn(line, "\n");
        const char *next = line + length + (line[length] == '\n');
        if (is_wrapper(line, length)) {
            size_t end = strlen(" {");
            line += strlen(before);
            length -= strlen(before);
            tc_buffer_print(prototypes, "%.*s;\n", (int)(length - end), line);
        }
        tc_buffer_add(&out, line, (size_t)(next - line));
        line = next;
    }
    tc_buffer_reset(source);
    *source = out;
}

void tc_correct_function_references(tc_build *build) {
    tc_buffer prototypes = {0};
    for (size_t i = 0; i < TC_WASM2C_OUTPUTS; i++)
        export_wrappers(&build->code.sources[i], &prototypes);
    if (prototypes.data)
        tc_correct_declare(build, prototypes.data);
    tc_buffer_reset(&prototypes);
}
