/* Values for the guest that asks for an option, in the formats of timecraft/options.h. `value` is
 * host memory with room for *length bytes, which becomes how many were stored. 0, or -EINVAL where
 * the room is too small for anything. Uses nothing of tls/. */
#ifndef TC_TLS_ANSWER_H
#define TC_TLS_ANSWER_H

#include <stddef.h>
#include <stdint.h>

int tc_answer_u32(uint32_t number, void *value, uint32_t *length);
/* Cut where there is no room for all of it; a NUL ends it in any case. */
int tc_answer_text(const char *text, void *value, uint32_t *length);
/* u32 of the whole size, then as much of the data as there is room for. `data` may be NULL for
 * none. */
int tc_answer_blob(const void *data, size_t size, void *value, uint32_t *length);

#endif
