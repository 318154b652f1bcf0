/* Constants that name globals of the module itself, as they may since WebAssembly 3.0 (Core
 * Specification 3.0, "Constant Expressions"): those that stand before and are immutable. wasm2c
 * takes imported ones only, so that the constant of the named global is put in its place:
 *
 *     (global $page i32 (i32.const 65536))
 *     (global $end i32 (i32.mul (global.get $page) (i32.const 2)))
 *     (data (global.get $end) "...")
 *
 * A name of anything else stays, for wasm2c to complain about, and so does one of a constant that
 * is longer than TC_CONSTANT_LIMIT: each can have the one before in it twice.
 */
#include "stages/module/constants.h"

#include "stages/module/instructions.h"

#include <stdlib.h>

enum { END = 0x0b, GLOBAL_GET = 0x23 };

/* The instructions of global `index`; of no length if it may not be named, or not be replaced. */
static tc_name constant_of(const tc_constants *constants, uint32_t index) {
    const size_t *ends = (const size_t *)(const void *)constants->ends.data;
    size_t count = constants->ends.length / sizeof *ends;
    if (index < constants->imported || index - constants->imported >= count)
        return (tc_name){0};
    size_t at = index - constants->imported, start = at ? ends[at - 1] : 0;
    if (ends[at] == start)
        return (tc_name){0};
    return (tc_name){constants->text.data + start, ends[at] - start};
}

static tc_name named_by(const tc_constants *constants, const tc_reader *in,
                        const tc_instruction *instruction) {
    if (instruction->opcode != GLOBAL_GET)
        return (tc_name){0};
    tc_reader index = {.start = in->start, .at = instruction->immediates, .end = in->at};
    tc_name result = constant_of(constants, tc_read_u32(&index));
    free(index.problem);
    return result;
}

static void add_until(tc_buffer *out, const uint8_t **copied, const uint8_t *to) {
    tc_buffer_add(out, *copied, (size_t)(to - *copied));
    *copied = to;
}

void tc_constants_lower(const tc_constants *constants, tc_reader *in, tc_buffer *out,
                        const uint8_t **copied) {
    tc_instruction instruction;
    while (tc_read_instruction(in, NULL, &instruction) && instruction.opcode != END) {
        tc_name constant = named_by(constants, in, &instruction);
        if (!constant.length)
            continue;
        add_until(out, copied, instruction.start);
        tc_buffer_add(out, constant.text, constant.length);
        *copied = in->at;
    }
}

/* The rest of a section of which something was changed. */
static void finish(tc_reader *in, tc_buffer *out, const uint8_t *copied) {
    if (in->problem)
        tc_buffer_reset(out);
    else if (out->length)
        add_until(out, &copied, in->end);
}

/* ---- globals ---- */

/* Reads a global's constant, which those behind it may name then if it is immutable. */
static void lower_global(tc_constants *constants, bool is_mutable, tc_reader *in, tc_buffer *out,
                         const uint8_t **copied) {
    tc_buffer made = {0};
    const uint8_t *start = in->at, *rest = start;
    tc_constants_lower(constants, in, &made, &rest);
    bool is_changed = rest > start;
    if (!in->problem)
        add_until(&made, &rest, in->at - 1);
    if (is_changed && !in->problem && made.length <= TC_CONSTANT_LIMIT) {
        add_until(out, copied, start);
        tc_buffer_add(out, made.data, made.length);
        *copied = rest;
    }
    if (!is_mutable && made.length <= TC_CONSTANT_LIMIT)
        tc_buffer_add(&constants->text, made.data, made.length);
    tc_buffer_add(&constants->ends, &constants->text.length, sizeof(size_t));
    tc_buffer_reset(&made);
}

void tc_constants_lower_globals(tc_constants *constants, const tc_wasm *wasm, tc_reader *in,
                                tc_buffer *out) {
    const uint8_t *copied = in->at;
    for (size_t i = 0; i < wasm->import_count; i++)
        constants->imported += wasm->imports[i].type.kind == TC_KIND_GLOBAL;
    for (uint32_t left = tc_read_count(in); left && !in->problem; left--) {
        tc_read_value_type(in, NULL);
        bool is_mutable = tc_read_byte(in) & 1;
        lower_global(constants, is_mutable, in, out, &copied);
    }
    finish(in, out, copied);
}

/* ---- elements ---- */

static void lower_segment(const tc_constants *constants, tc_reader *in, tc_buffer *out,
                          const uint8_t **copied) {
    uint32_t flags = tc_read_u32(in);
    bool is_active = !(flags & 1), has_expressions = flags & 4;
    if (is_active && flags & 2)
        tc_read_u32(in); /* the table */
    if (is_active)
        tc_constants_lower(constants, in, out, copied);
    if (flags & 3 && has_expressions)
        tc_read_value_type(in, NULL);
    else if (flags & 3)
        tc_read_byte(in);
    for (uint32_t left = tc_read_count(in); left && !in->problem; left--) {
        if (has_expressions)
            tc_constants_lower(constants, in, out, copied);
        else
            tc_read_u32(in);
    }
}

void tc_constants_lower_elements(const tc_constants *constants, tc_reader *in, tc_buffer *out) {
    const uint8_t *copied = in->at;
    for (uint32_t left = tc_read_count(in); left && !in->problem; left--)
        lower_segment(constants, in, out, &copied);
    finish(in, out, copied);
}

void tc_constants_reset(tc_constants *constants) {
    tc_buffer_reset(&constants->text);
    tc_buffer_reset(&constants->ends);
}
