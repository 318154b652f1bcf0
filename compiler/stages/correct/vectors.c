/* Vectors, in all versions: wasm2c leaves them to SIMDe, some of whose instructions are not what
 * WebAssembly says. simd_corrections.h has these, and says which versions of SIMDe it is for.
 */
#include "stages/correct/correct.h"

void tc_correct_vectors(tc_build *build) {
    tc_correct_declare(build, "#ifdef SIMDE_WASM_SIMD128_H\n"
                              "#include \"simd_corrections.h\"\n"
                              "#endif\n");
}
