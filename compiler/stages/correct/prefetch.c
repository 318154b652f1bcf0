/* Prefetches, which guests mark (see timecraft/prefetch.h), for WebAssembly has none: zstd at level
 * 9 takes half the time with them.
 *
 *     var_i1 = 1059887697u;
 *     var_i0 += var_i1;
 *
 * The address, which is in var_i0 before, is prefetched, and the sum is left as it is: a program
 * that adds the number for another reason does what it did. */
#include "stages/correct/correct.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timecraft/prefetch.h"

/* Gets the number of the variable that the line behind the mark adds to. */
static bool read_sum(const char *line, unsigned *address) {
    unsigned mark;
    int length = 0;
    return sscanf(line, " var_i%u += var_i%u;%n", address, &mark, &length) == 2 && length > 0;
}

static void prefetch(tc_buffer *source) {
    char *mark = tc_format(" = %uu;\n", TIMECRAFT_PREFETCH_MARK);
    tc_buffer out = {0};
    const char *at = source->data;
    for (const char *found; (found = strstr(at, mark));) {
        const char *next = found + strlen(mark);
        unsigned address;
        tc_buffer_add(&out, at, (size_t)(next - at));
        if (read_sum(next, &address))
            tc_buffer_print(&out, "__builtin_prefetch(MEM_ADDR_MEMOP(0, (u64)var_i%u, 1));\n",
                            address);
        at = next;
    }
    if (at != source->data) {
        tc_buffer_add(&out, at, strlen(at));
        tc_buffer_reset(source);
        *source = out;
    }
    free(mark);
}

void tc_correct_prefetches(tc_build *build) {
    tc_correct_sources(build, prefetch);
}
