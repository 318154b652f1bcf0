/* How loads and stores get at the memory. */
#include "stages/correct/correct.h"

#include <string.h>

/* In all versions: loads and stores find it at a constant address (see rt/guest/memory_address.h),
 * rather than load its address first, in 1.0.36 again after each store, in 1.0.42 in each function,
 * which then holds it in a register: SQLite takes 1.1 times as long. Where a version of wasm2c has
 * another text they do, at the same place. */
void tc_correct_constant_memory(tc_build *build) {
    static const char *const found[] = {
        "#define MEM_ADDR_MEMOP(mem, addr, n) MEM_ADDR(mem, addr, n)\n",
        "#define MEM_ADDR_MEMOP(mem, addr, n) (&wasm_rt_local_memory_base[(addr)])\n",
    };
    static const char wanted[] = "#include \"guest/memory_address.h\"";
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        char *at = strstr(build->code.implementation.data, found[i]);
        if (at) {
            memset(at, ' ', strlen(found[i]) - 1);
            memcpy(at, wanted, strlen(wanted));
        }
    }
}

/* Before 1.0.42: a load has to trap also where its value, or a part of it, is of no use, so each is
 * followed by an empty piece of assembly that asks for the whole value, floating-point numbers too,
 * in a general register. In one of their own kind they already are. */
#if defined __x86_64__
#define FLOAT_REGISTER "\"x\""
#elif defined __aarch64__
#define FLOAT_REGISTER "\"w\""
#else
#define FLOAT_REGISTER "\"r\""
#endif

void tc_correct_reads_of_floats(tc_build *build) {
    tc_buffer_replace(&build->code.implementation,
                      "#define FORCE_READ_FLOAT(var) __asm__(\"\" ::\"r\"(var));",
                      "#define FORCE_READ_FLOAT(var) __asm__(\"\" ::" FLOAT_REGISTER "(var));");
}
