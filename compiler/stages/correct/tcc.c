/* tcc, in all versions: it lacks GNU C builtins that wasm2c's output asks for, and its negation of
 * a floating-point number is a subtraction. tcc_prelude.h has both, tcc_support.h what is otherwise
 * in tcc's own library. Another compiler takes the units that tcc cannot, so that these have to be
 * right for every compiler.
 */
#include "stages/correct/correct.h"

/* Only floating-point numbers are negated in WebAssembly. */
static void replace_negations(tc_buffer *source) {
    tc_buffer_replace(source, " = -(var_f", " = tc_negate_f32(var_f");
    tc_buffer_replace(source, " = -(var_d", " = tc_negate_f64(var_d");
}

void tc_correct_tcc(tc_build *build) {
    tc_correct_sources(build, replace_negations);
    build->unit_prelude = "#include \"tcc_prelude.h\"\n";
    build->binding_support = "#include \"tcc_support.h\"\n\n";
}
