/* Source: WebAssembly Core Specification 3.0, 5.3 "Types" and 5.4 "Instructions", and for what is
 * not in it the overviews of the proposals (github.com/WebAssembly/NAME): threads, legacy exception
 * handling, wide-arithmetic, custom-page-sizes, half-precision, memory-control, stack-switching,
 * shared-everything-threads, custom-descriptors, stringref.
 */
#include "stages/module/instructions.h"

/* What stands behind an opcode. */
typedef enum immediates {
    UNKNOWN, /* no instruction, or one whose immediates are not known here */
    NOTHING,
    INDEX,
    TWO_INDICES,
    MEMORY_INDEX,
    BLOCK_TYPE,
    TABLE_OF_LABELS,
    TABLE_OF_CATCHES,
    SELECTED_TYPES,
    HEAP_TYPE,
    CAST,
    MEMORY_ARGUMENT,
    MEMORY_ARGUMENT_AND_LANE,
    BYTE,
    FOUR_BYTES,
    EIGHT_BYTES,
    SIXTEEN_BYTES,
    SIGNED_32,
    SIGNED_64,
    HANDLERS,
    INDEX_AND_HANDLERS,
} immediates;

typedef struct form {
    uint8_t immediates;
    uint8_t feature;
} form;

/* Of the first version, which has no name as a feature. */
#define MVP TC_FEATURE_COUNT

#define FORM(immediates, feature)                                                                  \
    { immediates, TC_FEATURE_##feature }

static const form plain[256] = {
    [0x00 ... 0x01] = {NOTHING, MVP},
    [0x02 ... 0x04] = {BLOCK_TYPE, MVP},
    [0x05] = {NOTHING, MVP},
    [0x06] = FORM(BLOCK_TYPE, EXCEPTIONS), /* try */
    [0x07 ... 0x09] = FORM(INDEX, EXCEPTIONS),
    [0x0a] = FORM(NOTHING, EXCEPTION_REFERENCES), /* throw_ref */
    [0x0b] = {NOTHING, MVP},
    [0x0c ... 0x0d] = {INDEX, MVP},
    [0x0e] = {TABLE_OF_LABELS, MVP},
    [0x0f] = {NOTHING, MVP},
    [0x10] = {INDEX, MVP},
    [0x11] = {TWO_INDICES, MVP},
    [TC_RETURN_CALL] = FORM(INDEX, TAIL_CALL),
    [TC_RETURN_CALL_INDIRECT] = FORM(TWO_INDICES, TAIL_CALL),
    [0x14 ... 0x15] = FORM(INDEX, FUNCTION_REFERENCES),
    [0x18] = FORM(INDEX, EXCEPTIONS), /* delegate */
    [0x19] = FORM(NOTHING, EXCEPTIONS),
    [0x1a ... 0x1b] = {NOTHING, MVP},
    [0x1c] = FORM(SELECTED_TYPES, REFERENCE_TYPES),
    [0x1f] = FORM(TABLE_OF_CATCHES, EXCEPTION_REFERENCES),
    [0x20 ... 0x24] = {INDEX, MVP},
    [0x25 ... 0x26] = FORM(INDEX, REFERENCE_TYPES),
    [0x28 ... 0x3e] = {MEMORY_ARGUMENT, MVP},
    [0x3f ... 0x40] = {MEMORY_INDEX, MVP},
    [0x41] = {SIGNED_32, MVP},
    [0x42] = {SIGNED_64, MVP},
    [0x43] = {FOUR_BYTES, MVP},
    [0x44] = {EIGHT_BYTES, MVP},
    [0x45 ... 0xbf] = {NOTHING, MVP},
    [0xc0 ... 0xc4] = FORM(NOTHING, SIGN_EXTENSION),
    [0xd0] = FORM(HEAP_TYPE, REFERENCE_TYPES),
    [0xd1] = FORM(NOTHING, REFERENCE_TYPES),
    [0xd2] = FORM(INDEX, REFERENCE_TYPES),
    [0xd3] = FORM(NOTHING, GC), /* ref.eq */
    [0xd4] = FORM(NOTHING, FUNCTION_REFERENCES),
    [0xd5 ... 0xd6] = FORM(INDEX, FUNCTION_REFERENCES),
    [0xe0] = FORM(INDEX, STACK_SWITCHING),
    [0xe1] = FORM(TWO_INDICES, STACK_SWITCHING),
    [0xe2] = FORM(INDEX, STACK_SWITCHING),
    [0xe3] = FORM(HANDLERS, STACK_SWITCHING),
    [0xe4] = FORM(INDEX_AND_HANDLERS, STACK_SWITCHING),
    [0xe5] = FORM(HANDLERS, STACK_SWITCHING),
    [0xe6] = FORM(TWO_INDICES, STACK_SWITCHING),
};

static const form with_fb[] = {
    [0x00 ... 0x01] = FORM(INDEX, GC),
    [0x02 ... 0x05] = FORM(TWO_INDICES, GC),
    [0x06 ... 0x07] = FORM(INDEX, GC),
    [0x08 ... 0x0a] = FORM(TWO_INDICES, GC),
    [0x0b ... 0x0e] = FORM(INDEX, GC),
    [0x0f] = FORM(NOTHING, GC),
    [0x10] = FORM(INDEX, GC),
    [0x11 ... 0x13] = FORM(TWO_INDICES, GC),
    [0x14 ... 0x17] = FORM(HEAP_TYPE, GC),
    [0x18 ... 0x19] = FORM(CAST, GC),
    [0x1a ... 0x1e] = FORM(NOTHING, GC),
    [0x20 ... 0x22] = FORM(INDEX, CUSTOM_DESCRIPTORS),
    [0x23 ... 0x24] = FORM(HEAP_TYPE, CUSTOM_DESCRIPTORS),
    [0x25 ... 0x26] = FORM(CAST, CUSTOM_DESCRIPTORS),
    [0x27 ... 0x2f] = FORM(UNKNOWN, CUSTOM_DESCRIPTORS),
    [0x80 ... 0xb7] = FORM(UNKNOWN, STRINGS),
};

static const form with_fc[] = {
    [0x00 ... 0x07] = FORM(NOTHING, SATURATION),
    [0x08] = FORM(TWO_INDICES, BULK_MEMORY),
    [0x09] = FORM(INDEX, BULK_MEMORY),
    [0x0a] = FORM(TWO_INDICES, BULK_MEMORY),
    [0x0b] = FORM(MEMORY_INDEX, BULK_MEMORY),
    [0x0c] = FORM(TWO_INDICES, BULK_MEMORY),
    [0x0d] = FORM(INDEX, BULK_MEMORY),
    [0x0e] = FORM(TWO_INDICES, BULK_MEMORY),
    [0x0f ... 0x11] = FORM(INDEX, REFERENCE_TYPES),
    [0x12] = FORM(MEMORY_INDEX, MEMORY_CONTROL),
    [0x13 ... 0x16] = FORM(NOTHING, WIDE_ARITHMETIC),
    [0x30 ... 0x31] = FORM(MEMORY_ARGUMENT, FP16),
};

static const form with_fd[] = {
    [0x00 ... 0x0b] = FORM(MEMORY_ARGUMENT, SIMD),
    [0x0c ... 0x0d] = FORM(SIXTEEN_BYTES, SIMD),
    [0x0e ... 0x14] = FORM(NOTHING, SIMD),
    [0x15 ... 0x22] = FORM(BYTE, SIMD),
    [0x23 ... 0x53] = FORM(NOTHING, SIMD),
    [0x54 ... 0x5b] = FORM(MEMORY_ARGUMENT_AND_LANE, SIMD),
    [0x5c ... 0x5d] = FORM(MEMORY_ARGUMENT, SIMD),
    [0x5e ... 0xff] = FORM(NOTHING, SIMD),
    [0x100 ... 0x113] = FORM(NOTHING, RELAXED_SIMD),
    [0x120] = FORM(NOTHING, FP16),
    [0x121 ... 0x122] = FORM(BYTE, FP16),
    [0x123 ... 0x15f] = FORM(NOTHING, FP16),
};

static const form with_fe[] = {
    [0x00 ... 0x02] = FORM(MEMORY_ARGUMENT, ATOMICS),
    [0x03] = FORM(BYTE, ATOMICS), /* atomic.fence */
    [0x10 ... 0x4e] = FORM(MEMORY_ARGUMENT, ATOMICS),
    [0x4f ... 0x77] = FORM(UNKNOWN, SHARED_EVERYTHING),
};

void tc_scan_note(tc_scan *scan, tc_feature feature, size_t offset) {
    if (!scan || scan->uses[feature].is_used)
        return;
    scan->uses[feature] = (tc_feature_use){true, scan->kind, scan->index, offset};
}

static size_t offset_of(const tc_reader *in, const uint8_t *at) {
    return (size_t)(at - in->start);
}

static void note(tc_reader *in, tc_scan *scan, tc_feature feature) {
    tc_scan_note(scan, feature, offset_of(in, in->at));
}

/* ---- types ---- */

/* The feature that an abstract heap type is of, by its one byte; MVP for funcref's. */
static tc_feature heap_feature(uint8_t byte) {
    switch (byte) {
    case 0x70: /* func */
        return MVP;
    case 0x6f: /* extern */
        return TC_FEATURE_REFERENCE_TYPES;
    case 0x69: /* exn */
    case 0x74: /* noexn */
        return TC_FEATURE_EXCEPTION_REFERENCES;
    case 0x68: /* cont */
    case 0x75: /* nocont */
        return TC_FEATURE_STACK_SWITCHING;
    case 0x6a ... 0x6e: /* array struct i31 eq any */
    case 0x71 ... 0x73: /* none noextern nofunc */
        return TC_FEATURE_GC;
    case 0x61: /* views of strings */
    case 0x62: /* exact, where a type follows */
        return TC_FEATURE_CUSTOM_DESCRIPTORS;
    case 0x65:
        return TC_FEATURE_SHARED_EVERYTHING;
    case 0x66:
    case 0x67:
        return TC_FEATURE_STRINGS;
    default:
        return TC_FEATURE_UNKNOWN;
    }
}

static void note_heap(tc_reader *in, tc_scan *scan, uint8_t byte) {
    tc_feature feature = heap_feature(byte);
    if (feature != MVP)
        note(in, scan, feature);
}

/* An index of a type, or an abstract type as a negative number, of which one byte is enough. */
static void read_heap_type(tc_reader *in, tc_scan *scan) {
    if (tc_reader_left(in) && (*in->at & 0xc0) == 0x40) {
        uint8_t byte = tc_read_byte(in);
        note_heap(in, scan, byte);
        if (byte == 0x62 || byte == 0x65)
            tc_skip_signed(in, 33);
    } else {
        note(in, scan, TC_FEATURE_FUNCTION_REFERENCES);
        tc_skip_signed(in, 33);
    }
}

char tc_read_value_type(tc_reader *in, tc_scan *scan) {
    uint8_t byte = tc_read_byte(in);
    switch (byte) {
    case 0x7f:
        return 'i';
    case 0x7e:
        return 'I';
    case 0x7d:
        return 'f';
    case 0x7c:
        return 'F';
    case 0x7b:
        note(in, scan, TC_FEATURE_SIMD);
        return 'V';
    case 0x70:
        return 'r';
    case 0x63: /* (ref null heap-type) */
    case 0x64: /* (ref heap-type) */
        note(in, scan, TC_FEATURE_FUNCTION_REFERENCES);
        read_heap_type(in, scan);
        return '?';
    default:
        note_heap(in, scan, byte);
        return byte == 0x6f ? 'e' : byte == 0x69 ? 'x' : '?';
    }
}

/* Nothing, a value type, or an index of a function type. */
static void read_block_type(tc_reader *in, tc_scan *scan) {
    if (tc_reader_left(in) && *in->at == 0x40) {
        in->at++;
    } else if (tc_reader_left(in) && (*in->at & 0xc0) == 0x40) {
        tc_read_value_type(in, scan);
    } else {
        note(in, scan, TC_FEATURE_MULTI_VALUE);
        tc_skip_signed(in, 33);
    }
}

/* ---- instructions ---- */

static void read_memory_index(tc_reader *in, tc_scan *scan) {
    if (tc_read_u32(in))
        note(in, scan, TC_FEATURE_MULTI_MEMORY);
}

/* Alignment, with bit 6 for an index of a memory that follows, and offset, which has 64 bits where
 * the memory has. */
static void read_memory_argument(tc_reader *in, tc_scan *scan) {
    if (tc_read_u32(in) & 0x40)
        read_memory_index(in, scan);
    tc_read_leb(in, 64);
}

static void read_catches(tc_reader *in) {
    for (uint32_t left = tc_read_count(in); left && !in->problem; left--) {
        uint8_t kind = tc_read_byte(in);
        if (kind < 2) /* catch, catch_ref */
            tc_read_u32(in);
        tc_read_u32(in);
    }
}

static void read_handlers(tc_reader *in) {
    for (uint32_t left = tc_read_count(in); left && !in->problem; left--) {
        bool has_label = tc_read_byte(in) == 0;
        tc_read_u32(in);
        if (has_label)
            tc_read_u32(in);
    }
}

static void read_immediates(tc_reader *in, tc_scan *scan, immediates kind) {
    switch (kind) {
    case UNKNOWN:
        tc_reader_fail(in, "it has an instruction that is not known");
        break;
    case NOTHING:
        break;
    case TWO_INDICES:
        tc_read_u32(in);
        tc_read_u32(in);
        break;
    case INDEX:
        tc_read_u32(in);
        break;
    case MEMORY_INDEX:
        read_memory_index(in, scan);
        break;
    case BLOCK_TYPE:
        read_block_type(in, scan);
        break;
    case TABLE_OF_LABELS:
        for (uint64_t left = (uint64_t)tc_read_count(in) + 1; left && !in->problem; left--)
            tc_read_u32(in);
        break;
    case TABLE_OF_CATCHES:
        read_block_type(in, scan);
        read_catches(in);
        break;
    case SELECTED_TYPES:
        for (uint32_t left = tc_read_count(in); left && !in->problem; left--)
            tc_read_value_type(in, scan);
        break;
    case HEAP_TYPE:
        read_heap_type(in, scan);
        break;
    case CAST:
        tc_read_byte(in);
        tc_read_u32(in);
        read_heap_type(in, scan);
        read_heap_type(in, scan);
        break;
    case MEMORY_ARGUMENT:
        read_memory_argument(in, scan);
        break;
    case MEMORY_ARGUMENT_AND_LANE:
        read_memory_argument(in, scan);
        tc_read_byte(in);
        break;
    case BYTE:
        tc_read_byte(in);
        break;
    case FOUR_BYTES:
        tc_skip(in, 4);
        break;
    case EIGHT_BYTES:
        tc_skip(in, 8);
        break;
    case SIXTEEN_BYTES:
        tc_skip(in, 16);
        break;
    case SIGNED_32:
        tc_skip_signed(in, 32);
        break;
    case SIGNED_64:
        tc_skip_signed(in, 64);
        break;
    case INDEX_AND_HANDLERS:
        tc_read_u32(in);
        tc_read_u32(in);
        read_handlers(in);
        break;
    case HANDLERS:
        tc_read_u32(in);
        read_handlers(in);
        break;
    }
}

/* The form of an instruction with a prefix; {UNKNOWN, UNKNOWN} if there is none. */
static form find_prefixed(uint8_t prefix, uint32_t number) {
    const form *table = NULL;
    size_t count = 0;
    switch (prefix) {
    case 0xfb:
        table = with_fb;
        count = sizeof with_fb / sizeof *with_fb;
        break;
    case 0xfc:
        table = with_fc;
        count = sizeof with_fc / sizeof *with_fc;
        break;
    case 0xfd:
        table = with_fd;
        count = sizeof with_fd / sizeof *with_fd;
        break;
    case 0xfe:
        table = with_fe;
        count = sizeof with_fe / sizeof *with_fe;
        break;
    default:
        break;
    }
    form found = number < count ? table[number] : (form){0};
    if (found.immediates == UNKNOWN && found.feature == 0)
        found.feature = TC_FEATURE_UNKNOWN;
    return found;
}

bool tc_read_instruction(tc_reader *in, tc_scan *scan, tc_instruction *out) {
    out->start = in->at;
    uint8_t first = tc_read_byte(in);
    form found = plain[first];
    out->opcode = first;
    if (found.immediates == UNKNOWN) {
        bool has_prefix = first >= 0xfb && first <= 0xfe;
        uint32_t number = has_prefix ? tc_read_u32(in) : 0;
        out->opcode = (uint32_t)first << 16 | (number & 0xffff);
        found = find_prefixed(first, number);
    }
    out->immediates = in->at;
    if (in->problem)
        return false;
    if (found.feature != MVP)
        tc_scan_note(scan, found.feature, offset_of(in, out->start));
    read_immediates(in, scan, found.immediates);
    return !in->problem;
}

static bool is_extended_constant(uint32_t opcode) {
    return (opcode >= 0x6a && opcode <= 0x6c) || (opcode >= 0x7c && opcode <= 0x7e);
}

void tc_read_constant(tc_reader *in, tc_scan *scan) {
    tc_instruction instruction;
    while (tc_read_instruction(in, scan, &instruction) && instruction.opcode != 0x0b) {
        if (is_extended_constant(instruction.opcode))
            note(in, scan, TC_FEATURE_EXTENDED_CONST);
    }
}

uint64_t tc_read_locals(tc_reader *in, tc_scan *scan) {
    uint64_t count = 0;
    for (uint32_t left = tc_read_count(in); left && !in->problem; left--) {
        count += tc_read_u32(in);
        tc_read_value_type(in, scan);
    }
    return count;
}
