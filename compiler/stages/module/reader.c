/* What of the reader is not worth being inlined. */
#include "stages/module/reader.h"

#include <stdarg.h>
#include <stdio.h>

void tc_reader_fail(tc_reader *in, const char *format, ...) {
    if (!in->problem) {
        va_list arguments;
        va_start(arguments, format);
        if (vasprintf(&in->problem, format, arguments) < 0)
            in->problem = tc_copy_text("out of memory");
        va_end(arguments);
        in->problem_offset = (size_t)(in->at - in->start);
    }
    in->at = in->end;
}

uint32_t tc_read_count(tc_reader *in) {
    uint32_t count = tc_read_u32(in);
    if (count > tc_reader_left(in)) {
        tc_reader_fail(in, "it says to hold %u entries and has no room for them", count);
        return 0;
    }
    return count;
}

tc_name tc_read_name(tc_reader *in) {
    uint32_t length = tc_read_u32(in);
    if (length > tc_reader_left(in)) {
        tc_reader_fail(in, "a name ends outside");
        return (tc_name){"", 0};
    }
    tc_name name = {(const char *)in->at, length};
    in->at += length;
    return name;
}
