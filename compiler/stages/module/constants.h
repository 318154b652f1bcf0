/* Constants that name globals of the module itself. Inside stages/module/ only. */
#ifndef TC_MODULE_CONSTANTS_H
#define TC_MODULE_CONSTANTS_H

#include "stages/module/reader.h"
#include "stages/stages.h"

/* Bytes of a constant that is put in the place of a name, which has two or more. */
enum { TC_CONSTANT_LIMIT = 128 };

/* The globals that are known so far: those of `imported` on. */
typedef struct tc_constants {
    size_t imported;
    tc_buffer text; /* their constants, without an end, in a row */
    tc_buffer ends; /* a size_t for each: where its constant ends in the text */
} tc_constants;

/* Reads a constant expression up to its end. If it names globals that are known, `out` gets what
 * lies between `*copied` and the name, and the constant; `*copied` is the first byte that it has
 * not. */
void tc_constants_lower(const tc_constants *constants, tc_reader *in, tc_buffer *out,
                        const uint8_t **copied);

/* The contents of a section whose constants are lowered; nothing if it may stay as it is. That of
 * globals is where constants become known. */
void tc_constants_lower_globals(tc_constants *constants, const tc_wasm *wasm, tc_reader *in,
                                tc_buffer *out);
void tc_constants_lower_elements(const tc_constants *constants, tc_reader *in, tc_buffer *out);

void tc_constants_reset(tc_constants *constants);

#endif
