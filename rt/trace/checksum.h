/* XXH3, 64 bits, the checksum of records: github.com/Cyan4973/xxHash, doc/xxhash_spec.md. It finds
 * accidents, not forgers. */
#ifndef TC_TRACE_CHECKSUM_H
#define TC_TRACE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

uint64_t tc_checksum(const void *data, size_t length, uint64_t seed);

#endif
