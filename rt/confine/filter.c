#include "confine/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define X32_BIT      0x40000000u /* calls of the x32 ABI have the same architecture, and this bit */
#elif defined __aarch64__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "say here which AUDIT_ARCH_ this architecture is"
#endif

#define REFUSED (SECCOMP_RET_ERRNO | EPERM)

/* Instructions of a rule at most, and those before all rules. */
enum { RULE_MOST = 2 + 4 * TC_CONDITIONS, HEAD = 6 };

typedef struct program {
    struct sock_filter *code;
    unsigned short length;
} program;

static void emit(program *to, unsigned code, uint32_t operand, unsigned yes, unsigned no) {
    to->code[to->length++] = (struct sock_filter){.code = (unsigned short)code,
                                                  .jt = (unsigned char)yes,
                                                  .jf = (unsigned char)no,
                                                  .k = operand};
}

static void load(program *to, size_t offset) {
    emit(to, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Both architectures are little-endian: the low half comes first. */
static size_t half(const tc_condition *condition, unsigned which) {
    return offsetof(struct seccomp_data, args) + 8 * condition->argument + 4 * which;
}

/* Jumps over what follows up to the rule's end where the condition does not hold; `end` is the
 * distance from the first instruction to there. */
static void emit_condition(program *to, const tc_condition *condition, unsigned start,
                           unsigned end) {
#define LEFT (start + end - to->length - 1) /* from behind the next instruction */
    switch (condition->kind) {
    case TC_IF_NULL:
        load(to, half(condition, 1));
        emit(to, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, LEFT);
        load(to, half(condition, 0));
        emit(to, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, LEFT);
        break;
    case TC_IF_IS:
    case TC_IF_NOT:
        load(to, half(condition, 0));
        if (condition->mask != UINT32_MAX)
            emit(to, BPF_ALU | BPF_AND | BPF_K, condition->mask, 0, 0);
        if (condition->kind == TC_IF_IS)
            emit(to, BPF_JMP | BPF_JEQ | BPF_K, condition->value, 0, LEFT);
        else
            emit(to, BPF_JMP | BPF_JEQ | BPF_K, condition->value, LEFT, 0);
        break;
    default:
        break;
    }
#undef LEFT
}

static unsigned condition_length(const tc_condition *condition) {
    switch (condition->kind) {
    case TC_IF_NULL:
        return 4;
    case TC_IF_IS:
    case TC_IF_NOT:
        return condition->mask != UINT32_MAX ? 3 : 2;
    default:
        return 0;
    }
}

/* The call's number is in the accumulator, and is again behind the rule: what loads something else
 * ends in an answer, or at a load of the number. */
static void emit_rule(program *to, const tc_rule *rule) {
    unsigned length = 0;
    for (size_t i = 0; i < TC_CONDITIONS; i++)
        length += condition_length(&rule->conditions[i]);
    bool loads = length > 0;
    emit(to, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rule->call, 0, length + 1 + loads);
    unsigned start = to->length;
    for (size_t i = 0; i < TC_CONDITIONS; i++)
        emit_condition(to, &rule->conditions[i], start, length + 1);
    emit(to, BPF_RET | BPF_K, rule->answer, 0, 0);
    if (loads)
        load(to, offsetof(struct seccomp_data, nr));
}

int tc_filter_enforce(const tc_rule *rules, size_t count, uint32_t otherwise, bool threads) {
    program made = {.code = calloc(HEAD + RULE_MOST * count + 1, sizeof *made.code)};
    if (!made.code)
        return -ENOMEM;
    uint32_t foreign = otherwise == SECCOMP_RET_ALLOW ? REFUSED : otherwise;
    load(&made, offsetof(struct seccomp_data, arch));
    emit(&made, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    emit(&made, BPF_RET | BPF_K, foreign, 0, 0);
    load(&made, offsetof(struct seccomp_data, nr));
#ifdef X32_BIT
    emit(&made, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
    emit(&made, BPF_RET | BPF_K, foreign, 0, 0);
#endif
    for (size_t i = 0; i < count; i++)
        if (rules[i].call >= 0)
            emit_rule(&made, &rules[i]);
    emit(&made, BPF_RET | BPF_K, otherwise, 0, 0);

    struct sock_fprog filter = {.len = made.length, .filter = made.code};
    /* Kernels before 5.16 slow the whole process down against one side channel, speculative store
     * bypass, unless told not to. Side channels are not what this wall is about. */
    unsigned flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW | (threads ? SECCOMP_FILTER_FLAG_TSYNC : 0);
    long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
    int error = errno;
    free(made.code);
    return result < 0 ? -error : result > 0 ? -EBUSY : 0; /* a thread that has another filter */
}

bool tc_filter_usable(void) {
    uint32_t action = SECCOMP_RET_KILL_PROCESS;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

uint32_t tc_filter_architecture(void) {
    return ARCHITECTURE;
}

/* ---- what helpers never do ---- */

#define TC_NEVER(c) {SYS_##c, REFUSED, {{TC_IF_ALWAYS, 0, 0, 0}}},

/* Calls that reach other processes, the kernel's own parts, or more than the caller was given. */
static const tc_rule never[] = {
#include "confine/never.def"
};

int tc_filter_refuse(const tc_rule *more, size_t count) {
    enum { NEVER = sizeof never / sizeof *never };
    tc_rule *rules = calloc(NEVER + count, sizeof *rules);
    if (!rules)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        rules[i] = more[i];
    for (size_t i = 0; i < NEVER; i++)
        rules[count + i] = never[i];
    int error = tc_filter_enforce(rules, count + NEVER, SECCOMP_RET_ALLOW, false);
    free(rules);
    return error;
}
