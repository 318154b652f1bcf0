/* Inside confine/: the filter of system calls, and what is said when it is met. */
#ifndef TC_CONFINE_CALLS_H
#define TC_CONFINE_CALLS_H

/* Puts the lines of calls.def that the needs (tc_need) have in force, for all threads. 0 or a
 * negative errno value. */
int tc_calls_enforce(unsigned needs);

/* Puts those of a supervisor in force, which its workers inherit (supervisor.c). */
int tc_supervisor_calls_enforce(void);

/* The name of a system call; NULL: it has none that was known when the runtime was built. */
const char *tc_call_name(long number);

#endif
