/* Atomic operations, in all versions: those on memories that are not shared are guest/atomics.h's,
 * and there are no others. wasm2c defines its own from an #include to the fence. */
#include "stages/correct/correct.h"

#include <stdlib.h>
#include <string.h>

void tc_correct_atomics(tc_build *build) {
    static const char first[] = "\n#include <stdatomic.h>\n", last[] = "\n#define atomic_fence()";
    tc_buffer *header = &build->code.implementation, out = {0};
    const char *start = strstr(header->data, first);
    const char *end = start ? strstr(start, last) : NULL;
    if (!end)
        return;
    end += strlen(last);
    end += strcspn(end, "\n");
    tc_buffer_add(&out, header->data, (size_t)(start - header->data));
    tc_buffer_print(&out, "\n#include \"guest/atomics.h\"");
    tc_buffer_add(&out, end, strlen(end));
    tc_buffer_reset(header);
    *header = out;
}

/* A wait is the trap that module/lower.c has made of it, behind a number that is the mark of it:
 *     var_i1 = 1952539252u;
 *     UNREACHABLE; */
static void say_wait(tc_buffer *source) {
    char *mark = tc_format(" = %du;\n", TC_WAIT_MARK);
    tc_buffer out = {0};
    const char *at = source->data;
    for (const char *found; (found = strstr(at, mark));) {
        static const char trap[] = "UNREACHABLE;";
        const char *next = found + strlen(mark);
        next += strspn(next, " ");
        tc_buffer_add(&out, at, (size_t)(next - at));
        at = next;
        if (strncmp(at, trap, strlen(trap)) == 0) {
            tc_buffer_print(&out, "wasm_rt_trap((wasm_rt_trap_t)TC_TRAP_WAIT);");
            at += strlen(trap);
        }
    }
    if (at != source->data) {
        tc_buffer_add(&out, at, strlen(at));
        tc_buffer_reset(source);
        *source = out;
    }
    free(mark);
}

void tc_correct_waits(tc_build *build) {
    if (!build->wasm->features[TC_FEATURE_ATOMICS].is_used)
        return;
    tc_correct_declare(build, "#include \"guest/traps.h\"\n");
    tc_correct_sources(build, say_wait);
}
