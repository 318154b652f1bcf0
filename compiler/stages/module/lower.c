/* Writes what wasm2c is given of a module: the same program, in less of WebAssembly than the module
 * uses, and only a part of it at a time if it is long.
 *
 *  - Compact imports become ordinary ones.
 *  - Relaxed vector instructions become ordinary ones, whose result is one of those that the
 * relaxed ones may have (the choices of the deterministic profile, Core Specification 3.0, appendix
 * A.1).
 *  - memory.atomic.notify finds nobody who waits where memory is not shared: a load that traps as
 * it would, and 0. memory.atomic.wait traps there, first for what is wrong with its address. wasm2c
 * has neither; tc_correct_waits gives the trap its words.
 *  - Constants that name globals of the module become those globals' constants (constants.c).
 *  - Custom sections are left out, but for the names, and those of data, which name nothing then.
 *  - Marks, for the lines of the source (stages/lines), stand in front of instructions.
 *  - Functions of other parts are there with their types, and are a trap behind a mark that
 * tc_split knows. wasm2c writes functions with tail calls, and calls of them, in another way: they
 * have one behind the trap. The bytes of data that is copied at the start are in the first part;
 * what memory.init copies is in all of them, because wasm2c writes its length where that is done.
 *  - Data that only the start of the module copies is not there: one byte, copied to 0, is in its
 * place, and tc_split writes what it stands for. wasm2c would take a third of its time, for Go's
 * modules, to write each byte as a number.
 *
 * A body that cannot be read is copied as it is, for wasm2c to complain about.
 */
#include "stages/module/constants.h"
#include "stages/module/instructions.h"
#include "stages/module/module.h"

#include <stdlib.h>
#include <string.h>

enum { DROP = 0x1a, LOCAL_GET = 0x20, LOCAL_SET = 0x21, LOCAL_TEE = 0x22, I32_CONST = 0x41 };

static void add_byte(tc_buffer *out, unsigned byte) {
    char text = (char)byte;
    tc_buffer_add(out, &text, 1);
}

static void add_leb(tc_buffer *out, uint64_t value) {
    for (; value > 0x7f; value >>= 7)
        add_byte(out, (value & 0x7f) | 0x80);
    add_byte(out, (unsigned)value);
}

static void add_signed_leb(tc_buffer *out, int64_t value) {
    for (; value < -64 || value > 63; value >>= 7)
        add_byte(out, (value & 0x7f) | 0x80);
    add_byte(out, value & 0x7f);
}

static void add_name(tc_buffer *out, tc_name name) {
    add_leb(out, name.length);
    tc_buffer_add(out, name.text, name.length);
}

static void add_section(tc_buffer *out, uint8_t id, const void *content, size_t length) {
    add_byte(out, id);
    add_leb(out, length);
    tc_buffer_add(out, content, length);
}

/* ---- instructions ---- */

/* A function's body on its way. */
typedef struct body {
    tc_buffer code;       /* its instructions; the locals are not in it */
    uint64_t first_extra; /* index of the first local that is added, a vector */
    unsigned extra;       /* how many are */
} body;

static void add_vector(body *out, uint32_t number) {
    add_byte(&out->code, 0xfd);
    add_leb(&out->code, number);
}

static void add_local(body *out, unsigned instruction, unsigned extra) {
    add_byte(&out->code, instruction);
    add_leb(&out->code, out->first_extra + extra);
    if (out->extra <= extra)
        out->extra = extra + 1;
}

/* Vectors a, b, c become a * b + c, or -(a * b) + c. */
static void add_product_and_sum(body *out, uint32_t multiply, uint32_t negate, uint32_t add) {
    add_local(out, LOCAL_SET, 0);
    add_vector(out, multiply);
    if (negate)
        add_vector(out, negate);
    add_local(out, LOCAL_GET, 0);
    add_vector(out, add);
}

/* Of the 16-bit lanes of the vectors in locals 0 and 1, every second from the first on. */
static void add_every_second(body *out, unsigned first) {
    add_local(out, LOCAL_GET, 0);
    add_local(out, LOCAL_GET, 1);
    add_vector(out, 0x0d); /* i8x16.shuffle */
    for (unsigned lane = first; lane < 16; lane += 2) {
        add_byte(&out->code, 2 * lane);
        add_byte(&out->code, 2 * lane + 1);
    }
}

/* Vectors a, b of bytes become the sums of each two products, 16 bits wide. */
static void add_dot_product(body *out) {
    add_local(out, LOCAL_SET, 1);
    add_local(out, LOCAL_TEE, 0);
    add_local(out, LOCAL_GET, 1);
    add_vector(out, 0x9c); /* i16x8.extmul_low_i8x16_s */
    add_local(out, LOCAL_GET, 0);
    add_local(out, LOCAL_GET, 1);
    add_vector(out, 0x9d); /* i16x8.extmul_high_i8x16_s */
    add_local(out, LOCAL_SET, 1);
    add_local(out, LOCAL_SET, 0);
    add_every_second(out, 0);
    add_every_second(out, 1);
    add_vector(out, 0x8e); /* i16x8.add */
}

static void add_relaxed(body *out, uint32_t number) {
    /* From 0x100 on; those with 0 are not a single instruction. */
    static const uint8_t strict[] = {
        0x0e,                   /* i8x16.swizzle */
        0xf8, 0xf9, 0xfc, 0xfd, /* i32x4.trunc_sat_f32x4_s, _u, _f64x2_s_zero, _u_zero */
        0,    0,    0,    0,    /* madd and nmadd */
        0x52, 0x52, 0x52, 0x52, /* v128.bitselect */
        0xe8, 0xe9, 0xf4, 0xf5, /* f32x4.min, max, f64x2.min, max */
        0x82,                   /* i16x8.q15mulr_sat_s */
        0,    0,                /* dot products */
    };
    switch (number) {
    case 0x105:
    case 0x106:
        add_product_and_sum(out, 0xe6, number == 0x106 ? 0xe1 : 0, 0xe4); /* f32x4 */
        break;
    case 0x107:
    case 0x108:
        add_product_and_sum(out, 0xf2, number == 0x108 ? 0xed : 0, 0xf0); /* f64x2 */
        break;
    case 0x112:
        add_dot_product(out);
        break;
    case 0x113:
        add_local(out, LOCAL_SET, 2);
        add_dot_product(out);
        add_vector(out, 0x7e); /* i32x4.extadd_pairwise_i16x8_s */
        add_local(out, LOCAL_GET, 2);
        add_vector(out, 0xae); /* i32x4.add */
        break;
    default:
        add_vector(out, strict[number - 0x100]);
        break;
    }
}

/* A load that traps as the instruction with these immediates does, without its value. */
static void add_access(body *out, unsigned load, const tc_instruction *from, const uint8_t *end) {
    add_byte(&out->code, 0xfe);
    add_byte(&out->code, load);
    tc_buffer_add(&out->code, from->immediates, (size_t)(end - from->immediates));
    add_byte(&out->code, DROP);
}

static void add_notify(body *out, const tc_instruction *from, const uint8_t *end) {
    add_byte(&out->code, DROP); /* how many to wake */
    add_access(out, 0x10, from, end);
    add_byte(&out->code, I32_CONST);
    add_byte(&out->code, 0);
}

static void add_wait(body *out, unsigned load, const tc_instruction *from, const uint8_t *end) {
    add_byte(&out->code, DROP); /* the time limit */
    add_byte(&out->code, DROP); /* the expected value */
    add_access(out, load, from, end);
    add_byte(&out->code, I32_CONST);
    add_signed_leb(&out->code, TC_WAIT_MARK);
    add_byte(&out->code, DROP);
    add_byte(&out->code, 0x00); /* unreachable */
}

static bool is_relaxed(uint32_t opcode) {
    return opcode >= 0xfd0100 && opcode <= 0xfd0113;
}

static bool is_wait_or_notify(uint32_t opcode) {
    return opcode >= 0xfe0000 && opcode <= 0xfe0002;
}

/* `end` is where the instruction ends. */
static void add_lowered(body *out, const tc_instruction *from, const uint8_t *end) {
    if (is_relaxed(from->opcode))
        add_relaxed(out, from->opcode & 0xffff);
    else if (from->opcode == 0xfe0000)
        add_notify(out, from, end);
    else if (from->opcode == 0xfe0001)
        add_wait(out, 0x10, from, end); /* i32.atomic.load */
    else
        add_wait(out, 0x11, from, end); /* i64.atomic.load */
}

/* ---- functions ---- */

static void add_bytes(tc_buffer *out, const uint8_t *from, const uint8_t *to) {
    tc_buffer_add(out, from, (size_t)(to - from));
}

static uint64_t parameter_count(const tc_wasm *wasm, size_t function) {
    if (function >= wasm->function_count)
        return 0;
    const char *signature = wasm->functions[function].signature;
    return (uint64_t)(strchr(signature, ':') - signature);
}

/* Adds a body whose instructions were changed: its groups of locals, one of vectors more, and the
 * new instructions. */
static void add_changed(tc_buffer *out, uint32_t groups, const uint8_t *locals,
                        const uint8_t *locals_end, const body *made) {
    tc_buffer text = {0};
    add_leb(&text, groups + (made->extra ? 1u : 0u));
    add_bytes(&text, locals, locals_end);
    if (made->extra) {
        add_leb(&text, made->extra);
        add_byte(&text, 0x7b); /* v128 */
    }
    tc_buffer_add(&text, made->code.data, made->code.length);
    add_leb(out, text.length);
    tc_buffer_add(out, text.data, text.length);
    tc_buffer_reset(&text);
}

/* Marks on their way into a code section. */
typedef struct marking {
    const tc_marks *marks;
    size_t next;
    const uint8_t *code; /* the contents of the section */
} marking;

/* Adds the last mark that belongs in front of an instruction, if there is one. */
static void add_mark(body *out, marking *marking, const uint8_t *at, const uint8_t **copied) {
    const tc_marks *marks = marking->marks;
    size_t offset = (size_t)(at - marking->code), first = marking->next;
    while (marking->next < marks->count && marks->addresses[marking->next] <= offset)
        marking->next++;
    if (marking->next == first)
        return;
    tc_buffer_add(&out->code, *copied, (size_t)(at - *copied));
    *copied = at;
    add_byte(&out->code, I32_CONST);
    add_signed_leb(&out->code, (int64_t)marks->first + (int64_t)marking->next - 1);
    add_byte(&out->code, DROP);
}

/* Steps over marks of what lies before a place. */
static void skip_marks(marking *marking, const uint8_t *at) {
    size_t offset = (size_t)(at - marking->code);
    while (marking->next < marking->marks->count &&
           marking->marks->addresses[marking->next] < offset)
        marking->next++;
}

/* Adds the body between two places. */
static void add_body(tc_buffer *out, const tc_wasm *wasm, size_t function, marking *marking,
                     const uint8_t *start, const uint8_t *end) {
    tc_reader in = {.start = start, .at = start, .end = end};
    uint32_t groups = tc_read_count(&in);
    const uint8_t *locals = in.at;
    in.at = start;
    body made = {.first_extra = parameter_count(wasm, function) + tc_read_locals(&in, NULL)};
    const uint8_t *locals_end = in.at, *copied = in.at;
    tc_instruction instruction;
    skip_marks(marking, start);
    while (in.at < in.end && tc_read_instruction(&in, NULL, &instruction)) {
        add_mark(&made, marking, instruction.start, &copied);
        if (!is_relaxed(instruction.opcode) && !is_wait_or_notify(instruction.opcode))
            continue;
        add_bytes(&made.code, copied, instruction.start);
        add_lowered(&made, &instruction, in.at);
        copied = in.at;
    }
    if (in.problem || !made.code.length) {
        add_leb(out, (size_t)(end - start));
        add_bytes(out, start, end);
    } else {
        add_bytes(&made.code, copied, end);
        add_changed(out, groups, locals, locals_end, &made);
    }
    tc_buffer_reset(&made.code);
    free(in.problem);
}

/* In the place of a function of another part. */
static void add_placeholder(tc_buffer *out, const tc_wasm *wasm, size_t function, uint32_t mark) {
    tc_buffer code = {0};
    add_byte(&code, 0); /* no locals */
    add_byte(&code, I32_CONST);
    add_signed_leb(&code, mark);
    add_byte(&code, DROP);
    add_byte(&code, 0x00); /* unreachable */
    if (function < wasm->function_count && wasm->functions[function].has_tail_calls) {
        add_byte(&code, TC_RETURN_CALL);
        add_leb(&code, function);
    }
    add_byte(&code, 0x0b);
    add_leb(out, code.length);
    tc_buffer_add(out, code.data, code.length);
    tc_buffer_reset(&code);
}

/* ---- sections ---- */

static void lower_code(const tc_wasm *wasm, const tc_part *part, const tc_marks *marks,
                       tc_reader *in, tc_buffer *out) {
    marking marking = {.marks = marks, .code = in->at};
    uint32_t count = tc_read_count(in);
    size_t first = wasm->function_count > count ? wasm->function_count - count : 0;
    add_leb(out, count);
    for (uint32_t i = 0; i < count && !in->problem; i++) {
        const uint8_t *size_at = in->at;
        uint32_t size = tc_read_u32(in);
        if (size > tc_reader_left(in)) { /* all the rest as it is */
            add_bytes(out, size_at, in->end);
            in->at = in->end;
            return;
        }
        if (i >= part->first && i < part->end)
            add_body(out, wasm, first + i, &marking, in->at, in->at + size);
        else
            add_placeholder(out, wasm, first + i, part->mark);
        in->at += size;
    }
    add_bytes(out, in->at, in->end);
}

/* Of active segments, which may have names, only the first part has the bytes: the others do not
 * use them. The contents are nothing if the section may stay as it is. */
static void lower_data(const tc_part *part, const tc_constants *constants, tc_reader *in,
                       tc_buffer *out) {
    const uint8_t *copied = in->at;
    for (uint32_t left = tc_read_count(in); left && !in->problem; left--) {
        uint32_t flags = tc_read_u32(in);
        if (flags == 2)
            tc_read_u32(in);
        if (flags != 1)
            tc_constants_lower(constants, in, out, &copied);
        const uint8_t *length_at = in->at;
        tc_skip(in, tc_read_u32(in));
        if (flags != 1 && part->first > 0) {
            add_bytes(out, copied, length_at);
            add_leb(out, 0);
            copied = in->at;
        }
    }
    if (out->length)
        add_bytes(out, copied, in->end);
}

static void lower_imports(const tc_wasm *wasm, tc_buffer *out) {
    add_leb(out, wasm->import_count);
    for (size_t i = 0; i < wasm->import_count; i++) {
        const tc_import *import = &wasm->imports[i];
        add_name(out, import->module);
        add_name(out, import->name);
        tc_buffer_add(out, import->type_bytes.text, import->type_bytes.length);
    }
}

static bool has_new_code(const tc_wasm *wasm, const tc_part *part, const tc_marks *marks) {
    return marks->count > 0 || part->first > 0 || part->end != SIZE_MAX ||
           wasm->features[TC_FEATURE_RELAXED_SIMD].is_used ||
           wasm->features[TC_FEATURE_ATOMICS].is_used;
}

static bool is_name_section(const tc_reader *section) {
    tc_reader in = *section;
    bool result = tc_name_is(tc_read_name(&in), "name");
    free(in.problem);
    return result;
}

/* Leaves the names of data out; as it is if it cannot be read. */
static void lower_names(tc_reader *in, tc_buffer *out) {
    enum { NAMES_OF_DATA = 9 };
    const uint8_t *copied = in->at;
    tc_read_name(in);
    while (tc_reader_left(in)) {
        const uint8_t *start = in->at;
        bool is_left_out = tc_read_byte(in) == NAMES_OF_DATA;
        tc_skip(in, tc_read_u32(in));
        if (is_left_out && !in->problem) {
            add_bytes(out, copied, start);
            copied = in->at;
        }
    }
    if (in->problem)
        tc_buffer_reset(out);
    else if (out->length)
        add_bytes(out, copied, in->end);
}

static void lower_segments(tc_buffer *out) {
    static const uint8_t one[] = {1, 0, I32_CONST, 0, 0x0b, 1, 0};
    tc_buffer_add(out, one, sizeof one);
}

static void lower_section(const tc_wasm *wasm, const tc_part *part, const tc_marks *marks,
                          tc_constants *constants, uint8_t id, tc_reader *in, tc_buffer *out) {
    tc_buffer content = {0};
    const uint8_t *start = in->at;
    if (id == TC_SECTION_CUSTOM && !is_name_section(in))
        return;
    if (id == TC_SECTION_CUSTOM)
        lower_names(in, &content);
    else if (id == TC_SECTION_IMPORT && wasm->features[TC_FEATURE_COMPACT_IMPORTS].is_used)
        lower_imports(wasm, &content);
    else if (id == TC_SECTION_GLOBAL)
        tc_constants_lower_globals(constants, wasm, in, &content);
    else if (id == TC_SECTION_ELEMENT)
        tc_constants_lower_elements(constants, in, &content);
    else if (id == TC_SECTION_CODE && has_new_code(wasm, part, marks))
        lower_code(wasm, part, marks, in, &content);
    else if (id == TC_SECTION_DATA && tc_module_each_segment(wasm, NULL, NULL))
        lower_segments(&content);
    else if (id == TC_SECTION_DATA)
        lower_data(part, constants, in, &content);
    if (content.length)
        add_section(out, id, content.data, content.length);
    else
        add_section(out, id, start, (size_t)(in->end - start));
    tc_buffer_reset(&content);
    free(in->problem);
}

void tc_module_lower(const tc_wasm *wasm, const tc_part *part, const tc_marks *marks,
                     tc_buffer *out) {
    tc_constants constants = {0};
    tc_reader in = tc_sections(wasm);
    tc_buffer_add(out, in.start, TC_PREAMBLE);
    while (tc_reader_left(&in)) {
        uint8_t id;
        tc_reader section = tc_next_section(&in, &id);
        lower_section(wasm, part, marks, &constants, id, &section, out);
    }
    tc_constants_reset(&constants);
}

/* ---- parts ---- */

/* About as many bytes of functions are in a part: wasm2c needs 58 times as many. */
#define PART_SIZE ((size_t)8 << 20)

/* The end of the part that begins with this function; SIZE_MAX: that of the module. */
static size_t find_end(tc_reader *code, size_t first) {
    uint32_t count = tc_read_count(code);
    size_t length = 0;
    for (size_t i = 0; i < count && !code->problem; i++) {
        uint32_t size = tc_read_u32(code);
        if (i >= first)
            length += size;
        tc_skip(code, size);
        if (length >= PART_SIZE && i + 1 < count && !code->problem)
            return i + 1;
    }
    return SIZE_MAX;
}

/* Marks are these numbers, of which each is five bytes long, the last of them 0x04. */
#define MARK_FIRST UINT32_C(0x40000000)
#define MARK_COUNT ((size_t)1 << 24)

/* The first mark whose bytes are nowhere in the module; 0: all are, in 84 MB or more. */
static uint32_t find_mark(const tc_wasm *wasm) {
    const uint8_t *bytes = (const uint8_t *)wasm->bytes.data;
    uint8_t *is_taken = tc_allocate(MARK_COUNT);
    size_t i = 0;
    for (size_t end = 4; end < wasm->bytes.length; end++) {
        const uint8_t *at = bytes + end - 4;
        if (at[4] != 0x04 || !(at[0] & at[1] & at[2] & at[3] & 0x80))
            continue;
        size_t number = (at[0] & 0x7f) | (size_t)(at[1] & 0x7f) << 7 |
                        (size_t)(at[2] & 0x7f) << 14 | (size_t)(at[3] & 0x7f) << 21;
        if (number < MARK_COUNT)
            is_taken[number] = 1;
    }
    while (i < MARK_COUNT && is_taken[i])
        i++;
    free(is_taken);
    return i < MARK_COUNT ? MARK_FIRST + (uint32_t)i : 0;
}

bool tc_module_next_part(const tc_wasm *wasm, tc_part *part) {
    tc_reader in = tc_sections(wasm);
    if (part->end == SIZE_MAX)
        return false;
    *part = (tc_part){part->end, SIZE_MAX, part->mark};
    while (tc_reader_left(&in)) {
        uint8_t id;
        tc_reader section = tc_next_section(&in, &id);
        if (id == TC_SECTION_CODE) {
            part->end = find_end(&section, part->first);
            free(section.problem);
            break;
        }
    }
    if (part->first == 0 && part->end != SIZE_MAX)
        part->mark = find_mark(wasm);
    if (part->mark == 0)
        part->end = SIZE_MAX;
    return true;
}

/* ---- marks of lines ---- */

/* These too are five bytes long, the last of them 0x06 or 0x07; they are none of those above. */
#define LINES_FIRST UINT32_C(0x60000000)
#define LINES_END   UINT32_C(0x80000000)

static int by_number(const void *left, const void *right) {
    const uint32_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* All numbers whose bytes are somewhere in the module, and the one of tc_correct_waits. */
static uint32_t *find_numbers(const tc_wasm *wasm, size_t *count) {
    const uint8_t *bytes = (const uint8_t *)wasm->bytes.data;
    tc_buffer found = {0};
    tc_buffer_add(&found, &(uint32_t){TC_WAIT_MARK}, sizeof(uint32_t));
    for (size_t end = 4; end < wasm->bytes.length; end++) {
        const uint8_t *at = bytes + end - 4;
        if ((at[4] | 1) != 0x07 || !(at[0] & at[1] & at[2] & at[3] & 0x80))
            continue;
        uint32_t number = (at[0] & 0x7fu) | (at[1] & 0x7fu) << 7 | (at[2] & 0x7fu) << 14 |
                          (at[3] & 0x7fu) << 21 | (uint32_t)at[4] << 28;
        tc_buffer_add(&found, &number, sizeof number);
    }
    *count = found.length / sizeof(uint32_t);
    qsort(found.data, *count, sizeof(uint32_t), by_number);
    return (uint32_t *)(void *)found.data;
}

uint32_t tc_module_find_marks(const tc_wasm *wasm, size_t count) {
    size_t taken;
    uint32_t *numbers = find_numbers(wasm, &taken), first = LINES_FIRST;
    for (size_t i = 0; i < taken && numbers[i] - first < count; i++)
        first = numbers[i] < first ? first : numbers[i] + 1;
    free(numbers);
    return first < LINES_END && count < LINES_END - first ? first : 0;
}

/* ---- places without lines ---- */

/* Whether an instruction calls, or may trap: those that others are put into the trace of a stack
 * by, and all loads and stores. */
static bool is_place(uint32_t opcode) {
    return opcode == 0x00 ||                     /* unreachable */
           (opcode >= 0x08 && opcode <= 0x0a) || /* throw, rethrow, throw_ref */
           (opcode >= 0x10 && opcode <= 0x13) || /* calls */
           opcode == 0x25 || opcode == 0x26 ||   /* table.get, table.set */
           (opcode >= 0x28 && opcode <= 0x3e) || /* loads and stores */
           (opcode >= 0x6d && opcode <= 0x70) || /* i32.div_s … rem_u */
           (opcode >= 0x7f && opcode <= 0x82) || /* i64.div_s … rem_u */
           (opcode >= 0xa8 && opcode <= 0xab) || /* i32.trunc_… */
           (opcode >= 0xae && opcode <= 0xb1) || /* i64.trunc_… */
           (opcode >= 0xfc0008 && opcode <= 0xfc000e) || opcode >> 16 == 0xfe;
}

void tc_module_each_place(const tc_wasm *wasm,
                          void (*call)(uint32_t function, uint32_t place, void *context),
                          void *context) {
    tc_reader in = tc_sections(wasm), code = {0};
    while (tc_reader_left(&in)) {
        uint8_t id;
        tc_reader section = tc_next_section(&in, &id);
        if (id == TC_SECTION_CODE)
            code = section;
    }
    const uint8_t *start = code.at;
    for (uint32_t left = code.at ? tc_read_count(&code) : 0; left && !code.problem; left--) {
        uint32_t size = tc_read_u32(&code);
        const uint8_t *from = code.at;
        tc_skip(&code, size);
        tc_reader body = {.start = from, .at = from, .end = code.at};
        tc_instruction instruction;
        if (code.problem)
            break;
        tc_read_locals(&body, NULL);
        while (body.at < body.end && tc_read_instruction(&body, NULL, &instruction)) {
            if (is_place(instruction.opcode))
                call((uint32_t)(from - start), (uint32_t)(instruction.start - start), context);
        }
        free(body.problem);
    }
    free(code.problem);
}
