/* What this program is, for records. Inside rt/trace only. */
#ifndef TC_TRACE_IDENTITY_H
#define TC_TRACE_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TC_MODULE_HASH_SIZE = 32 };

/* SHA-256 of the module; false: the binding does not say. */
bool tc_identity_module(uint8_t hash[TC_MODULE_HASH_SIZE]);

/* The executable's GNU build ID, borrowed; NULL: it has none. */
const void *tc_identity_build(size_t *length);

#endif
