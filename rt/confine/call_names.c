/* Names of system calls, from the kernel's headers when the runtime was built. */
#include <stddef.h>

#include "confine/calls.h"

/* Arrays, not pointers, which would have to be relocated at each start. */
static const char names[][32] = {
#include "call_names.inc"
};

const char *tc_call_name(long number) {
    size_t count = sizeof names / sizeof *names;
    return number >= 0 && (size_t)number < count && *names[number] ? names[number] : NULL;
}
