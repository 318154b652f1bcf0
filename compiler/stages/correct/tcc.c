/* tcc, in all versions: it lacks GNU C builtins that wasm2c's output asks for, and its negation of
 * a floating-point number is a subtraction. tcc_prelude.h has both, tcc_support.h what is otherwise
 * in tcc's own library, tcc_vectors.h stands for a header that it does not have, and tcc_memory.h
 * has loads and stores that need no call. Another compiler takes the units that tcc cannot, so that
 * these have to be right for every compiler.
 */
#include "stages/correct/correct.h"

#include <string.h>

/* Only floating-point numbers are negated in WebAssembly. */
static void replace_negations(tc_buffer *source) {
    tc_buffer_replace(source, " = -(var_f", " = tc_negate_f32(var_f");
    tc_buffer_replace(source, " = -(var_d", " = tc_negate_f64(var_d");
}

/* Replaces a line of a header in its place. */
static void replace_line(tc_buffer *header, const char *found, const char *wanted) {
    char *at = strstr(header->data, found);
    if (at && strlen(wanted) < strlen(found)) {
        memset(at, ' ', strlen(found) - 1);
        memcpy(at, wanted, strlen(wanted));
    }
}

static void replace_includes(tc_buffer *header) {
    replace_line(header, "#include <simde/wasm/simd128.h>\n", "#include \"tcc_vectors.h\"");
}

void tc_correct_tcc(tc_build *build) {
    tc_correct_sources(build, replace_negations);
    replace_includes(&build->code.guest);
    replace_includes(&build->code.implementation);
    tc_correct_declare(build, "#include \"tcc_memory.h\"\n");
    build->unit_prelude = "#include \"tcc_prelude.h\"\n";
    build->binding_support = "#include \"tcc_support.h\"\n\n";
}
