/* stages/correct/: makes C that does what the module says, with every compiler, of what wasm2c
 * writes. corrections.def is the list; each correction says which versions of wasm2c it is for, and
 * why. The headers here that generated C includes are installed beside the runtime's.
 *
 * May use: base/ and the other stages' internal.h; nothing but correct.c calls the corrections.
 */
#ifndef TC_CORRECT_H
#define TC_CORRECT_H

#include "stages/internal.h"

/* Each changes build->code, or sets what stands beside it (unit_prelude, binding_support). */
#define TC_CORRECTION(name, fixed, when) void tc_correct_##name(tc_build *build);
#include "stages/correct/corrections.def"
#undef TC_CORRECTION

/* Calls for each of wasm2c's C files. */
void tc_correct_sources(tc_build *build, void (*correct)(tc_buffer *source));
/* Adds lines behind all that wasm2c declares. */
void tc_correct_declare(tc_build *build, const char *lines);

#endif
