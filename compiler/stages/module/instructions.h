/* Instructions and types of the binary format: how long they are, and which features they are of.
 * Inside stages/module/ only.
 */
#ifndef TC_MODULE_INSTRUCTIONS_H
#define TC_MODULE_INSTRUCTIONS_H

#include "stages/module/reader.h"
#include "stages/stages.h"

/* What is being read, for what is noted on the way. Everything may be read without it, as NULL. */
typedef struct tc_scan {
    tc_feature_use *uses; /* by feature */
    const char *kind;     /* "function", "memory" … */
    size_t index;         /* which one */
} tc_scan;

/* Notes that a feature is used, at this place of the file. */
void tc_scan_note(tc_scan *scan, tc_feature feature, size_t offset);

enum { TC_RETURN_CALL = 0x12, TC_RETURN_CALL_INDIRECT = 0x13 };

typedef struct tc_instruction {
    uint32_t opcode;           /* 0x6a; 0xfd0052 for the prefix fd and the number 0x52 */
    const uint8_t *start;      /* in->at is its end */
    const uint8_t *immediates; /* what stands behind the opcode */
} tc_instruction;

/* return_call and return_call_indirect; return_call_ref is of a proposal that is not built. */
static inline bool tc_is_tail_call(uint32_t opcode) {
    return opcode == TC_RETURN_CALL || opcode == TC_RETURN_CALL_INDIRECT;
}

/* False at a problem: an instruction that is not known, or one that is cut off. */
bool tc_read_instruction(tc_reader *in, tc_scan *scan, tc_instruction *out);

/* Reads a value type; returns its letter (see stages.h). */
char tc_read_value_type(tc_reader *in, tc_scan *scan);

/* Reads a constant expression, up to its end. */
void tc_read_constant(tc_reader *in, tc_scan *scan);

/* Reads a function's locals; returns how many there are. */
uint64_t tc_read_locals(tc_reader *in, tc_scan *scan);

#endif
