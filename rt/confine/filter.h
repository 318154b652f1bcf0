/* A seccomp filter (seccomp(2)): which system calls a process may make, and with what in their
 * registers. The part of the wall that knows no places, for it cannot look into memory.
 *
 * A filter is a list of rules: the first whose call and condition fit decides, and what none fits
 * gets the filter's own answer. It is assembled here, which is a page of code, where libseccomp
 * would be one more library in every built program.
 *
 * May use: the C library only. The command links it too.
 */
#ifndef TC_CONFINE_FILTER_H
#define TC_CONFINE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sock_filter;

typedef enum tc_condition_kind {
    TC_IF_ALWAYS,
    TC_IF_IS,   /* (the argument's low 32 bits & mask) == value */
    TC_IF_NOT,  /* … != value */
    TC_IF_NULL, /* all of the argument is 0 */
} tc_condition_kind;

/* About one argument. The kernel, too, looks at the low half of an int only. */
typedef struct tc_condition {
    tc_condition_kind kind;
    unsigned argument; /* from 0 */
    uint32_t mask;
    uint32_t value;
} tc_condition;

enum { TC_CONDITIONS = 3 };

typedef struct tc_rule {
    long call; /* its number; negative: this architecture has none such, the rule is left out */
    uint32_t answer;                        /* SECCOMP_RET_… */
    tc_condition conditions[TC_CONDITIONS]; /* all of them; the rest TC_IF_ALWAYS */
} tc_rule;

/* Puts the filter in force for the calling thread and, if `threads`, all others of the process.
 * Calls of another architecture than this program's get `otherwise`, too, but EPERM if that is
 * SECCOMP_RET_ALLOW: the rules do not know them. After
 * PR_SET_NO_NEW_PRIVS. 0, or a negative errno value: EINVAL where the kernel has no filters. */
int tc_filter_enforce(const tc_rule *rules, size_t count, uint32_t otherwise, bool threads);

/* Whether the kernel has filters. */
bool tc_filter_usable(void);

/* The AUDIT_ARCH_… of this program. */
uint32_t tc_filter_architecture(void);

/* For helpers whose calls are not known: refuses those of never.def with EPERM, after `more` rules
 * of the caller's, and allows the rest. As tc_filter_enforce, for the calling thread. */
int tc_filter_refuse(const tc_rule *more, size_t count);

#endif
