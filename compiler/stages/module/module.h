/* stages/module/: what is known of a module's bytes. outline.c reads them, with the instructions of
 * instructions.c; features.c says what of it can be built; lower.c writes what wasm2c is given, and
 * data.c reads the data that it is not given.
 *
 * May use: base/ and the other stages' internal.h.
 */
#ifndef TC_MODULE_H
#define TC_MODULE_H

#include "stages/internal.h"
#include "stages/module/reader.h"

enum tc_section {
    TC_SECTION_CUSTOM = 0,
    TC_SECTION_TYPE = 1,
    TC_SECTION_IMPORT = 2,
    TC_SECTION_FUNCTION = 3,
    TC_SECTION_TABLE = 4,
    TC_SECTION_MEMORY = 5,
    TC_SECTION_GLOBAL = 6,
    TC_SECTION_EXPORT = 7,
    TC_SECTION_START = 8,
    TC_SECTION_ELEMENT = 9,
    TC_SECTION_CODE = 10,
    TC_SECTION_DATA = 11,
    TC_SECTION_DATA_COUNT = 12,
    TC_SECTION_TAG = 13,
};

/* In the place of an import's kind, behind an empty name: several imports of one module follow,
 * with a type each or one for all (compact-import-section proposal). */
enum { TC_COMPACT_TYPES = 0x7f, TC_COMPACT_ONE_TYPE = 0x7e };

enum { TC_PREAMBLE = 8 }; /* bytes of magic and version */

/* The sections of a module, of which tc_wasm_read has checked that they lie inside. */
tc_reader tc_sections(const tc_wasm *wasm);
tc_reader tc_next_section(tc_reader *in, uint8_t *id);

#endif
