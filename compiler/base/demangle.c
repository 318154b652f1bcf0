/* Names of C++ and Rust, as binutils reads them. They are a module's, and so may be hostile: those
 * that a demangler would blow up are shown as they are.
 */
#include "base/base.h"

#include <demangle.h>
#include <setjmp.h>
#include <string.h>

enum { MANGLED_MOST = 8192, SHOWN_MOST = 16384 };

typedef struct demangled {
    tc_buffer text;
    bool known;
    jmp_buf too_long;
} demangled;

static void add_part(const char *text, size_t length, void *context) {
    demangled *out = context;
    if (length > SHOWN_MOST - out->text.length)
        longjmp(out->too_long, 1);
    tc_buffer_add(&out->text, text, length);
}

/* Rust's names before version 0 end with a hash of the whole: "::h" and 16 digits. Linkers show
 * them demangled as C++ would be. */
static void drop_hash(char *name) {
    size_t length = strlen(name);
    if (length > 19 && strncmp(name + length - 19, "::h", 3) == 0 &&
        strspn(name + length - 16, "0123456789abcdef") == 16)
        name[length - 19] = '\0';
}

char *tc_demangle(const char *name) {
    static demangled out;
    out.text = (tc_buffer){0};
    out.known = false;
    /* Both call back instead of allocating, so that what grows without end can be left. */
    if (strlen(name) <= MANGLED_MOST && setjmp(out.too_long) == 0)
        out.known = rust_demangle_callback(name, 0, add_part, &out) ||
                    (strncmp(name, "_Z", 2) == 0 &&
                     cplus_demangle_v3_callback(name, DMGL_PARAMS | DMGL_ANSI, add_part, &out));
    char *shown = tc_copy_text(out.known && out.text.length ? out.text.data : name);
    tc_buffer_reset(&out.text);
    drop_hash(shown);
    return shown;
}
