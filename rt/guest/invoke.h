/* --invoke: calling one function of the module, with the program's arguments. */
#ifndef TC_GUEST_INVOKE_H
#define TC_GUEST_INVOKE_H

#include "guest/module.h"

/* A call that can be made: its function, and the arguments as numbers. */
typedef struct tc_invocation {
    const tc_function *function;
    tc_value *arguments;
} tc_invocation;

/* Finds the function `name` of tc_guest_module and reads its arguments from `words` (NULL at the
 * end). Ends the process with exit status 2, after a message, where that cannot be. */
tc_invocation tc_invoke_prepare(const char *name, char *const *words);

/* Calls it and prints its results on standard output, a line each: integers as signed decimals,
 * floating-point numbers with as many digits as tell them apart. Returns the exit status. */
int tc_invoke(const tc_invocation *invocation);

#endif
