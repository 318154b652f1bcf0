/* Types of functions, in all versions: one's identity is a constant of 32 bytes, declared
 *   extern const char* const w2c_guest_t0;     for GNU C and
 *   extern const char w2c_guest_t0[];          for other compilers.
 * The objects of both have to fit together where tcc compiles only some units.
 */
#include "stages/correct/correct.h"

#include <string.h>

void tc_correct_function_types(tc_build *build) {
    static const char condition[] = "#if defined(__GNUC__) || defined(__clang__)\n";
    static const char found[] = "#if defined(__GNUC__) || defined(__clang__)\n"
                                "#define FUNC_TYPE_DECL_EXTERN_T(";
    char *at = strstr(build->code.implementation.data, found);
    if (at) {
        memset(at, ' ', strlen(condition) - 1);
        memcpy(at, "#if 0", strlen("#if 0"));
    }
}
