/* Sections, and the segments of data that are copied into the memory at the start and nothing else.
 *
 * Source: WebAssembly Core Specification 3.0, 5.5 "Modules".
 */
#include "stages/module/module.h"

#include <stdlib.h>

enum { I32_CONST = 0x41, END = 0x0b };

tc_reader tc_next_section(tc_reader *in, uint8_t *id) {
    *id = tc_read_byte(in);
    uint32_t size = tc_read_u32(in);
    tc_reader section = {.start = in->start, .at = in->at, .end = in->at + size};
    in->at += size;
    return section;
}

tc_reader tc_sections(const tc_wasm *wasm) {
    const uint8_t *bytes = (const uint8_t *)wasm->bytes.data;
    return (tc_reader){
        .start = bytes, .at = bytes + TC_PREAMBLE, .end = bytes + wasm->bytes.length};
}

/* Signed LEB128 of 32 bits, of which the last byte has the upper four and their sign. */
static bool read_s32(tc_reader *in, uint32_t *value) {
    *value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint32_t byte = tc_read_byte(in);
        *value |= (byte & 0x7f) << shift;
        if (byte & 0x80)
            continue;
        if (shift == 28)
            return (byte & 0x78) == 0 || (byte & 0x78) == 0x78;
        if (byte & 0x40)
            *value |= UINT32_MAX << (shift + 7);
        return !in->problem;
    }
    return false;
}

/* An active segment of memory 0 whose address is one constant. */
static bool read_segment(tc_reader *in, tc_data_segment *out) {
    uint32_t flags = tc_read_u32(in);
    bool is_active = flags == 0 || (flags == 2 && tc_read_u32(in) == 0);
    if (!is_active || tc_read_byte(in) != I32_CONST || !read_s32(in, &out->address) ||
        tc_read_byte(in) != END)
        return false;
    out->length = tc_read_u32(in);
    out->bytes = in->at;
    tc_skip(in, out->length);
    return !in->problem;
}

/* Calls back, if there is somebody, with the segments of a section; false: it has another too, or
 * is damaged. */
static bool each_segment(tc_reader in, void (*call)(const tc_data_segment *segment, void *context),
                         void *context) {
    uint32_t count = tc_read_count(&in);
    bool is_fine = count > 0;
    for (uint32_t i = 0; i < count && is_fine; i++) {
        tc_data_segment segment;
        is_fine = read_segment(&in, &segment);
        if (is_fine && call)
            call(&segment, context);
    }
    is_fine = is_fine && !in.problem && in.at == in.end;
    free(in.problem);
    return is_fine;
}

static bool has_one_memory_of_its_own(const tc_wasm *wasm) {
    for (size_t i = 0; i < wasm->import_count; i++) {
        if (wasm->imports[i].type.kind == TC_KIND_MEMORY)
            return false;
    }
    return wasm->memory_count == 1 && !wasm->memories[0].is_64;
}

/* The instructions that name segments need a data count section. */
bool tc_module_each_segment(const tc_wasm *wasm,
                            void (*call)(const tc_data_segment *segment, void *context),
                            void *context) {
    tc_reader in = tc_sections(wasm), data = {0};
    size_t sections = 0;
    while (tc_reader_left(&in)) {
        uint8_t id;
        tc_reader section = tc_next_section(&in, &id);
        if (id == TC_SECTION_DATA_COUNT)
            return false;
        if (id == TC_SECTION_DATA) {
            data = section;
            sections++;
        }
    }
    if (sections != 1 || !has_one_memory_of_its_own(wasm) || !each_segment(data, NULL, NULL))
        return false;
    return each_segment(data, call, context);
}
