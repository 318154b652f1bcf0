/* The distribution's XXH3, compiled in: what a record costs is for a good part this, and half of it
 * where vectors of 32 bytes are used. So it is there twice, see checksum_avx2.c. */
#include "trace/checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#ifdef __x86_64__
uint64_t tc_checksum_avx2(const void *data, size_t length, uint64_t seed);

enum { LONG = 1024 }; /* bytes; below it makes no difference */
#endif

uint64_t tc_checksum(const void *data, size_t length, uint64_t seed) {
#ifdef __x86_64__
    if (length >= LONG && __builtin_cpu_supports("avx2"))
        return tc_checksum_avx2(data, length, seed);
#endif
    return XXH3_64bits_withSeed(data, length, seed);
}
