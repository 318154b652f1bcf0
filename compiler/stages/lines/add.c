/* The stage's second half: what is known of lines goes into the linked program, in the place of the
 * DWARF that speaks of the C. objcopy (binutils) does it, which is where the linker is.
 */
#include "stages/lines/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guest/lines.h"

typedef struct adding {
    struct tc_lines *lines;
    const char *program;
    const char *work; /* directory */
} adding;

static const struct section {
    const char *name;
    const char *file;
} sections[] = {
    {".debug_info", "debug_info"}, {".debug_abbrev", "debug_abbrev"},
    {".debug_line", "debug_line"}, {".debug_ranges", "debug_ranges"},
    {".debug_str", "debug_str"},   {TC_LINES_SECTION, "timecraft_lines"},
};

enum { SECTION_COUNT = sizeof sections / sizeof *sections };

static const char *write_section(const adding *all, const struct section *section,
                                 const tc_buffer *content) {
    char *path = tc_format("%s/%s", all->work, section->file);
    int result = tc_file_write(path, content->data ? content->data : "", content->length);
    free(path);
    return result < 0 ? "the disk may be full" : NULL;
}

/* In a process of its own: it reads what came of the module's DWARF and names. */
static const char *write_sections(tc_buffer *out, void *context) {
    const adding *all = context;
    tc_native native = {0};
    tc_joined joined = {0};
    tc_dwarf dwarf = {0};
    tc_buffer table = {0};
    (void)out;
    const char *problem = tc_native_read(&native, all->lines, all->program);
    if (problem)
        return problem;
    tc_join(&joined, all->lines, &native);
    tc_dwarf_write(&dwarf, &joined);
    tc_table_write(&table, &joined);
    const tc_buffer *contents[SECTION_COUNT] = {&dwarf.info,   &dwarf.abbreviations, &dwarf.lines,
                                                &dwarf.ranges, &dwarf.strings,       &table};
    for (size_t i = 0; i < SECTION_COUNT && !problem; i++)
        problem = write_section(all, &sections[i], contents[i]);
    return problem;
}

static int run_objcopy(tc_build *build, const char *program) {
    tc_words argv = {0};
    tc_buffer text = {0};
    tc_words_add_split(&argv, "objcopy --strip-debug");
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        tc_words_add(&argv, "--add-section");
        tc_words_add(&argv, "%s=%s", sections[i].name, sections[i].file);
    }
    tc_words_add(&argv, "%s", program);
    int status = tc_process_run(&argv, build->work, &text);
    if (status > 0) {
        tc_error("the lines of the source cannot be put into the program; objcopy, of the package "
                 "binutils, says:");
        tc_error_details(text.data, 10);
    }
    tc_words_reset(&argv);
    tc_buffer_reset(&text);
    return status;
}

void tc_lines_add(tc_build *build) {
    char *program = tc_format("%s/" TC_LINKED, build->work);
    adding all = {.lines = build->lines, .program = program, .work = build->work};
    struct tc_lines *lines = build->lines;
    tc_buffer out = {0};
    char *problem = NULL;
    size_t size = lines->row_count * 64 + lines->strings.text.length + lines->names.text.length;
    tc_progress_step("adding the lines of the source");
    if (tc_isolated(write_sections, &all, size, &out, &problem) < 0)
        tc_error("%s is built without the lines of its source: %s", build->wasm->path, problem);
    else if (run_objcopy(build, program) == 0 && tc_symbols_add(lines, program) < 0)
        tc_error("the guest's names cannot be put into the program: %s", strerror(errno));
    free(program);
    free(problem);
    tc_buffer_reset(&out);
}
