/* The memory, in all versions: loads and stores find it at a constant address (see
 * rt/guest/memory_address.h), rather than load its address first, again after each store. Where a
 * version of wasm2c has another text they do, at the same place.
 */
#include "stages/correct/correct.h"

#include <string.h>

void tc_correct_constant_memory(tc_build *build) {
    static const char found[] = "#define MEM_ADDR_MEMOP(mem, addr, n) MEM_ADDR(mem, addr, n)\n";
    static const char wanted[] = "#include \"guest/memory_address.h\"";
    char *at = strstr(build->code.implementation.data, found);
    if (at) {
        memset(at, ' ', strlen(found) - 1);
        memcpy(at, wanted, strlen(wanted));
    }
}
