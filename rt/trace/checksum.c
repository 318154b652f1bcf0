/* The distribution's XXH3, compiled in: what a record costs is for a good part this, and half of it
 * where vectors of 32 bytes are used. So it is there twice, see checksum_avx2.c. */
#include "trace/checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#ifdef __x86_64__
#include <sys/platform/x86.h>

uint64_t tc_checksum_avx2(const void *data, size_t length, uint64_t seed);

enum { LONG = 1024 }; /* bytes; below it makes no difference */
#endif

uint64_t tc_checksum(const void *data, size_t length, uint64_t seed) {
#ifdef __x86_64__
    /* As glibc has found it out. The compiler's __builtin_cpu_supports asks the processor at the
     * start of every program, which in a virtual machine takes 0.06 ms. */
    if (length >= LONG && CPU_FEATURE_ACTIVE(AVX2))
        return tc_checksum_avx2(data, length, seed);
#endif
    return XXH3_64bits_withSeed(data, length, seed);
}
