/* The contract between a translated module and the runtime.
 *
 * `timecraft build` generates one C file beside wasm2c's output, the binding. It defines
 * `tc_guest_module` and, for every function the module imports, the wasm2c symbol that forwards to
 * the runtime's implementation (see wasi/imports.def).
 */
#ifndef TC_GUEST_MODULE_H
#define TC_GUEST_MODULE_H

#include <stddef.h>
#include <stdint.h>

#include "wasm-rt.h"

/* A number that a guest's function takes or gives. */
typedef union tc_value {
    uint32_t i32;
    uint64_t i64;
    float f32;
    double f64;
} tc_value;

/* A function that the module exports, if it takes and gives only numbers. */
typedef struct tc_function {
    const char *name;
    const char *type; /* as in wasi/imports.def, and f, F for f32, f64: "iF:i" */
    void (*call)(const tc_value *arguments, tc_value *results);
} tc_function;

typedef struct tc_module {
    const char *name;    /* the module's file name without folder, for messages */
    const char *sha256;  /* of the module: 64 hexadecimal digits */
    const char *options; /* grants given at build time, in the syntax of TIMECRAFT_OPTIONS */
    /* Instantiates the module; `host` is what every import gets as its first argument. Traps as
     * any guest code does (a start function, segments out of bounds). */
    void (*instantiate)(void *host);
    void (*start)(void);               /* the export _start, or NULL */
    void (*initialize)(void);          /* the export _initialize, or NULL */
    wasm_rt_memory_t *(*memory)(void); /* the memory that imports work on; NULL: there is none */
    uintptr_t memory_address;          /* where it has to be: guest/memory_address.h; 0: anywhere */
    const tc_function *functions;      /* for --invoke */
    size_t function_count;
} tc_module;

/* Defined by the binding. */
extern const tc_module tc_guest_module;

/* The errno of functions that do not exist (WASI preview 1, errno). */
#define TC_WASI_ENOSYS 52

/* Traps, with the name of an import that nobody provides and the guest called. */
_Noreturn void tc_trap_missing(const char *name);

/* Lowest stack address at which an import may still start; see tc_enter. */
extern char *tc_stack_floor;

/* Called first by every import of the binding: traps with "call stack exhausted" when the guest
 * has left too little stack for the host to work in, so that the host never runs off the end. */
static inline void tc_enter(void) {
    if (__builtin_expect((char *)__builtin_frame_address(0) < tc_stack_floor, 0))
        wasm_rt_trap(WASM_RT_TRAP_EXHAUSTION);
}

#endif
