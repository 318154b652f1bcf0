/* Traps: telling a guest's faults from the host's, and the message with the guest's call stack.
 *
 * A fault on an address that was reserved for the guest's linear memory is an out-of-bounds access,
 * one in the guard region below the guest's stack is its exhaustion. Every other fault is an error
 * of the host: it is handed to whoever would have got it (a core dump, AddressSanitizer's report)
 * and never passes for a trap.
 */
#include "guest/trap.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include "guest/frame_pointer.h"
#include "guest/guest.h"
#include "guest/lines.h"
#include "guest/observer.h"
#include "guest/report.h"
#include "guest/symbols.h"
#include "guest/traps.h"
#include "wasm-rt-exceptions.h"

enum {
    MEMORIES_MAX = 16,
    FRAMES_SHOWN = 64,
    FRAMES_COUNTED = 1000000,         /* further down nobody counts */
    ALTERNATE_STACK_SIZE = 256 << 10, /* the unwinder and the message's buffers live there */
    NAME_SIZE = 256,
    FRAME_SIZE = 2 * NAME_SIZE,
};

const tc_guest_observer *tc_guest_observed_by;

static tc_stack guest_stack;

static struct {
    const char *start;
    size_t length;
} memories[MEMORIES_MAX];
static size_t memory_count;

bool tc_trap_add_memory(const void *start, size_t length) {
    if (memory_count == MEMORIES_MAX)
        return false;
    memories[memory_count].start = start;
    memories[memory_count].length = length;
    memory_count++;
    return true;
}

/* ---- the guest's call stack ---- */

/* A function of the guest's, by its symbol, or by the table of lines where there is one. */
typedef struct guest_frame {
    const Elf64_Sym *symbol;
    tc_lines_frame line;
} guest_frame;

typedef struct backtrace {
    tc_symbols symbols;
    tc_lines_table lines;
    guest_frame frames[FRAMES_SHOWN];
    size_t shown;
    size_t more;             /* guest frames further down */
    size_t visited;          /* frames of the guest and of the host */
    bool in_guest;           /* the last one visited is the guest's */
    uintptr_t frame_pointer; /* of the last one that was unwound */
} backtrace;

/* A program with lines: also the functions that are inlined there, each as a frame. */
static bool add_lines(backtrace *trace, uintptr_t address) {
    tc_lines_frame line;
    if (!tc_lines_find(&trace->lines, address - trace->symbols.load_address, &line))
        return false;
    do {
        if (trace->shown < FRAMES_SHOWN)
            trace->frames[trace->shown++].line = line;
        else
            trace->more++;
    } while (tc_lines_next(&trace->lines, &line));
    return true;
}

static void add_frame(backtrace *trace, uintptr_t address) {
    trace->visited++;
    if (trace->lines.header) {
        trace->in_guest = add_lines(trace, address);
    } else if (trace->shown < FRAMES_SHOWN) {
        const Elf64_Sym *symbol = tc_symbols_find(&trace->symbols, address);
        trace->in_guest = symbol != NULL;
        if (symbol)
            trace->frames[trace->shown++].symbol = symbol;
    } else {
        trace->in_guest =
            address >= trace->symbols.guest_low && address < trace->symbols.guest_high;
        trace->more += trace->in_guest;
    }
}

static _Unwind_Reason_Code on_frame(struct _Unwind_Context *context, void *argument) {
    backtrace *trace = argument;
    int exact = 0; /* else it is a return address, which may lie behind the function's end */
    uintptr_t address = _Unwind_GetIPInfo(context, &exact);
    trace->frame_pointer = _Unwind_GetGR(context, TC_FRAME_POINTER);
    add_frame(trace, exact ? address : address - 1);
    return trace->visited < FRAMES_COUNTED ? _URC_NO_REASON : _URC_NORMAL_STOP;
}

/* A frame as every function that keeps a frame pointer lays it out. */
typedef struct frame {
    const struct frame *caller;
    uintptr_t return_address;
} frame;

/* Follows frame pointers as long as they lead upwards within the guest's stack. */
static void walk_frames(backtrace *trace, const frame *at) {
    const char *low = guest_stack.low;
    while ((const char *)at >= low && (const char *)at <= guest_stack.high - sizeof *at &&
           (uintptr_t)at % _Alignof(frame) == 0 && trace->visited < FRAMES_COUNTED) {
        add_frame(trace, at->return_address - 1);
        low = (const char *)(at + 1);
        at = at->caller;
    }
}

/* Where the guest was when the signal came. */
static void interrupted_at(const ucontext_t *context, uintptr_t *address, const frame **base) {
#if defined __x86_64__
    *address = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    *base = (const frame *)context->uc_mcontext.gregs[REG_RBP];
#elif defined __aarch64__
    *address = context->uc_mcontext.pc;
    *base = (const frame *)context->uc_mcontext.regs[29];
#else
#error "say here where a signal's context has the program counter and the frame pointer"
#endif
}

static void open_lines(backtrace *trace) {
    size_t size;
    const void *bytes = tc_symbols_section(&trace->symbols, TC_LINES_SECTION, &size);
    if (bytes)
        tc_lines_open(&trace->lines, bytes, size);
}

/* Objects of gcc and clang carry unwind tables, through which the whole stack is seen, down to the
 * host's frames where the guest was started. tcc's have none, so unwinding ends before or at the
 * first function of tcc's; but they always keep frame pointers, as the runtime does and what is
 * compiled to stand beside them. `context` is the signal's, or NULL. */
static void collect_frames(backtrace *trace, const ucontext_t *context, const frame *base) {
    bool has_symbols = tc_symbols_open(&trace->symbols);
    open_lines(trace);
    if (!has_symbols && !trace->lines.header)
        return;
    _Unwind_Backtrace(on_frame, trace);
    bool complete = trace->shown > 0 && !trace->in_guest;
    if (complete || trace->visited == FRAMES_COUNTED)
        return;
    if (trace->in_guest) {
        walk_frames(trace, (const frame *)trace->frame_pointer);
        return;
    }
    trace->shown = trace->more = trace->visited = 0;
    if (context) {
        uintptr_t address;
        interrupted_at(context, &address, &base);
        add_frame(trace, address);
    }
    walk_frames(trace, base);
}

/* "function", "function (file.c:42)", or, where the file is not known, "function
 * (guest.wasm+0x1f2a)". Of a name that is too long the end is cut, and the place is there. */
static void describe(const backtrace *trace, const guest_frame *frame, char *text, size_t size) {
    const tc_lines_frame *line = &frame->line;
    char place[NAME_SIZE] = "";
    if (frame->symbol) {
        tc_symbols_name(&trace->symbols, frame->symbol, text, size);
        return;
    }
    const char *file = line->file;
    size_t length = strlen(file), most = sizeof place - 32;
    file += length > most ? length - most : 0;
    if (*file && line->line)
        snprintf(place, sizeof place, " (%s:%u)", file, line->line);
    else if (*file)
        snprintf(place, sizeof place, " (%s)", file);
    else if (line->line)
        snprintf(place, sizeof place, " (%.64s+0x%x)", tc_guest_module.name, line->line);
    int room = (int)(size - 1 - strlen(place));
    snprintf(text, size, "%.*s%s", room, line->name, place);
}

static void print_frames(const backtrace *trace) {
    for (size_t i = 0; i < trace->shown; i++) {
        char name[FRAME_SIZE];
        describe(trace, &trace->frames[i], name, sizeof name);
        tc_report_detail("at %s", name);
    }
    if (trace->visited == FRAMES_COUNTED)
        tc_report_detail("… and more than %zu more", trace->more);
    else if (trace->more > 0)
        tc_report_detail("… and %zu more", trace->more);
}

void tc_guest_print_stack(void) {
    static backtrace trace;
    trace = (backtrace){0};
    collect_frames(&trace, NULL, __builtin_frame_address(0));
    print_frames(&trace);
}

/* ---- the message ---- */

static const char *reason(wasm_rt_trap_t code) {
    if ((int)code == TC_TRAP_WAIT)
        return "atomic wait on a memory that is not shared";
    switch (code) {
    case WASM_RT_TRAP_OOB:
        return "out-of-bounds access to memory or a table";
    case WASM_RT_TRAP_INT_OVERFLOW:
        return "integer overflow in a division or conversion";
    case WASM_RT_TRAP_DIV_BY_ZERO:
        return "integer division by zero";
    case WASM_RT_TRAP_INVALID_CONVERSION:
        return "conversion of NaN to an integer";
    case WASM_RT_TRAP_UNREACHABLE:
        return "unreachable instruction executed";
    case WASM_RT_TRAP_CALL_INDIRECT:
        return "indirect call of a missing function or one of another type";
    case WASM_RT_TRAP_UNCAUGHT_EXCEPTION:
        return "uncaught exception";
    case WASM_RT_TRAP_UNALIGNED:
        return "unaligned atomic memory access";
    case WASM_RT_TRAP_EXHAUSTION:
        return "call stack exhausted";
    default: /* newer versions of wasm2c have more */
        return wasm_rt_strerror(code);
    }
}

static void tell_observer(const backtrace *trace, const char *why) {
    static char names[FRAMES_SHOWN][FRAME_SIZE];
    static const char *frames[FRAMES_SHOWN];
    if (!tc_guest_observed_by)
        return;
    for (size_t i = 0; i < trace->shown; i++) {
        describe(trace, &trace->frames[i], names[i], sizeof names[i]);
        frames[i] = names[i];
    }
    tc_guest_observed_by->trapped(why, frames, (unsigned)trace->shown);
}

/* ---- core dumps ---- */

static bool leaves_core;

void tc_trap_leave_core(void) {
    leaves_core = true;
}

/* The limit is raised as far as it may be: whoever asks for a core dump wants one. */
static void leave_core(void) {
    struct rlimit limit;
    sigset_t one;
    if (getrlimit(RLIMIT_CORE, &limit) == 0) {
        if (limit.rlim_max == 0)
            tc_report("there is no core dump: the hard limit of its size is 0 (ulimit -H -c)");
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_CORE, &limit);
    }
    prctl(PR_SET_DUMPABLE, 1);
    signal(SIGABRT, SIG_DFL);
    sigemptyset(&one);
    sigaddset(&one, SIGABRT);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    raise(SIGABRT);
}

_Noreturn static void end(const char *why, bool exhausted, const ucontext_t *context,
                          const frame *base) {
    static backtrace trace; /* too big for a stack that is at its end */
    tc_report("%s trapped: %s", tc_guest_module.name, why);
    collect_frames(&trace, context, base);
    print_frames(&trace);
    if (exhausted)
        tc_report("the stack has %zu MiB; TIMECRAFT_OPTIONS=--stack-size=SIZE gives it more",
                  (size_t)(guest_stack.high - guest_stack.low) >> 20);
    tell_observer(&trace, why);
    if (leaves_core)
        leave_core();
    _exit(TC_EXIT_TRAP);
}

_Noreturn void tc_trap(wasm_rt_trap_t code) {
    end(reason(code), code == WASM_RT_TRAP_EXHAUSTION, NULL, __builtin_frame_address(0));
}

_Noreturn void tc_trap_missing(const char *name) {
    static char why[512]; /* names are cut where they are shown */
    snprintf(why, sizeof why, "call of %s, an import that nobody provides", name);
    end(why, false, NULL, __builtin_frame_address(0));
}

/* wasm2c's own wasm_rt_throw has this name here (see rt/CMakeLists.txt): it jumps to the innermost
 * handler, and must not be called when there is none. */
_Noreturn void tc_guest_throw(void);

_Noreturn void wasm_rt_throw(void) {
    if (!wasm_rt_get_unwind_target())
        end(reason(WASM_RT_TRAP_UNCAUGHT_EXCEPTION), false, NULL, __builtin_frame_address(0));
    tc_guest_throw();
}

/* ---- faults ---- */

static struct sigaction previous_segv, previous_bus;

static bool in_memory(const char *address) {
    for (size_t i = 0; i < memory_count; i++)
        if (address >= memories[i].start && address < memories[i].start + memories[i].length)
            return true;
    return false;
}

static void on_fault(int signal, siginfo_t *info, void *context) {
    const char *address = info->si_addr;
    bool sent = info->si_code <= 0; /* by kill(2) and the like: then there is no address */
    if (!sent && tc_guest_observed_by && tc_guest_observed_by->fault(address))
        return;
    if (!sent && in_memory(address))
        end("out-of-bounds memory access", false, context, NULL);
    if (!sent && address >= guest_stack.guard && address < guest_stack.low)
        end(reason(WASM_RT_TRAP_EXHAUSTION), true, context, NULL);
    /* Not the guest's: let it happen again, to whoever would have got it. */
    sigaction(signal, signal == SIGBUS ? &previous_bus : &previous_segv, NULL);
    if (sent)
        raise(signal);
}

void tc_trap_catch_faults(const tc_stack *stack) {
    guest_stack = *stack;
    /* On the exhausted stack itself no handler could run. */
    stack_t alternate = {.ss_size = ALTERNATE_STACK_SIZE};
    alternate.ss_sp = mmap(NULL, ALTERNATE_STACK_SIZE, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (alternate.ss_sp != MAP_FAILED)
        sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &previous_segv);
    sigaction(SIGBUS, &action, &previous_bus);
}
