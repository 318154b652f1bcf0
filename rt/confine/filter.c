#include "confine/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
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

/* So many rules are a list still, not a tree. Instructions of a rule at most, with its call's own
 * and those of the tree; and those before all. */
enum { LEAF = 10, RULE_MOST = 1 + 4 * TC_CONDITIONS + 6, HEAD = 6 };

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

static bool is_plain(const tc_rule *rule) {
    return rule->conditions[0].kind == TC_IF_ALWAYS;
}

/* What fails it goes on behind it. Returns whether anything can. */
static bool emit_rule(program *to, const tc_rule *rule) {
    unsigned length = 0, start = to->length;
    for (size_t i = 0; i < TC_CONDITIONS; i++)
        length += condition_length(&rule->conditions[i]);
    for (size_t i = 0; i < TC_CONDITIONS; i++)
        emit_condition(to, &rule->conditions[i], start, length + 1);
    emit(to, BPF_RET | BPF_K, rule->answer, 0, 0);
    return length > 0;
}

/* A jump over what is emitted until it lands. */
static unsigned emit_jump(program *to) {
    emit(to, BPF_JMP | BPF_JA, 0, 0, 0);
    return to->length;
}

static void land(program *to, unsigned jump) {
    to->code[jump - 1].k = to->length - jump;
}

/* How many of the rules, from the first, are for the same call. */
static size_t of_one_call(const tc_rule *const *rules, size_t count) {
    size_t same = 1;
    while (same < count && rules[same]->call == rules[0]->call)
        same++;
    return same;
}

/* All rules of one call; the number of the call that is asked about is in the accumulator, and
 * still is behind them, where other calls go on. */
static void emit_call(program *to, const tc_rule *const *rules, size_t count, uint32_t otherwise) {
    bool goes_on = true;
    emit(to, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rules[0]->call, 1, 0);
    unsigned jump = emit_jump(to);
    for (size_t i = 0; i < count && goes_on; i++)
        goes_on = emit_rule(to, rules[i]);
    if (goes_on)
        emit(to, BPF_RET | BPF_K, otherwise, 0, 0);
    land(to, jump);
}

/* Rules of a few calls. Those with no condition, which are most, and the same answer share it. */
static void emit_leaf(program *to, const tc_rule *const *rules, size_t count, uint32_t otherwise) {
    const tc_rule *shared[LEAF];
    unsigned sharing = 0;
    for (size_t at = 0, same; at < count; at += same) {
        same = of_one_call(rules + at, count - at);
        if (is_plain(rules[at]) && sharing < LEAF &&
            (sharing == 0 || shared[0]->answer == rules[at]->answer))
            shared[sharing++] = rules[at];
        else
            emit_call(to, rules + at, same, otherwise);
    }
    for (unsigned i = 0; i < sharing; i++)
        emit(to, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)shared[i]->call, sharing - i, 0);
    emit(to, BPF_RET | BPF_K, otherwise, 0, 0);
    if (sharing)
        emit(to, BPF_RET | BPF_K, shared[0]->answer, 0, 0);
}

/* Sorted rules. */
static void emit_tree(program *to, const tc_rule *const *rules, size_t count, uint32_t otherwise) {
    size_t half = 0; /* where a call begins, about in the middle */
    while (count > LEAF && half < count / 2)
        half += of_one_call(rules + half, count - half);
    if (half == 0 || half == count) {
        emit_leaf(to, rules, count, otherwise);
        return;
    }
    emit(to, BPF_JMP | BPF_JGE | BPF_K, (uint32_t)rules[half]->call, 0, 1);
    unsigned jump = emit_jump(to);
    emit_tree(to, rules, half, otherwise);
    land(to, jump);
    emit_tree(to, rules + half, count - half, otherwise);
}

/* By calls, and those of a call as they are listed. */
static int compare(const void *left, const void *right) {
    const tc_rule *one = *(const tc_rule *const *)left, *other = *(const tc_rule *const *)right;
    if (one->call != other->call)
        return one->call < other->call ? -1 : 1;
    return one < other ? -1 : one > other;
}

/* The kernel asks a new filter about every call there is, so as not to ask it about those again
 * that are always allowed: a list of all rules took it 0.1 ms. The call of the first rule stands
 * before the tree: it is what the filter is asked about most. */
static int emit_rules(program *to, const tc_rule *rules, size_t count, uint32_t otherwise) {
    const tc_rule **sorted = calloc(count + 1, sizeof *sorted);
    size_t used = 0, first = 0, same;
    if (!sorted)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        if (rules[i].call >= 0)
            sorted[used++] = &rules[i];
    qsort(sorted, used, sizeof *sorted, compare);
    while (first < used && sorted[first]->call != rules[0].call)
        first++;
    if (first < used) {
        same = of_one_call(sorted + first, used - first);
        emit_call(to, sorted + first, same, otherwise);
        used -= same;
        memmove(sorted + first, sorted + first + same, (used - first) * sizeof *sorted);
    }
    emit_tree(to, sorted, used, otherwise);
    free(sorted);
    return 0;
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
    int error = emit_rules(&made, rules, count, otherwise);
    if (error) {
        free(made.code);
        return error;
    }

    struct sock_fprog filter = {.len = made.length, .filter = made.code};
    /* Kernels before 5.16 slow the whole process down against one side channel, speculative store
     * bypass, unless told not to. Side channels are not what this wall is about. */
    unsigned flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW | (threads ? SECCOMP_FILTER_FLAG_TSYNC : 0);
    long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
    error = errno;
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
