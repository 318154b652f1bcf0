/* tc_checksum for processors with AVX2, for which this file alone is compiled. */
#include "trace/checksum.h"

#ifdef __AVX2__
#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t tc_checksum_avx2(const void *data, size_t length, uint64_t seed);

uint64_t tc_checksum_avx2(const void *data, size_t length, uint64_t seed) {
    return XXH3_64bits_withSeed(data, length, seed);
}
#endif
