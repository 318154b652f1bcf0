/* What clang calls for setjmp and longjmp, of which it makes WebAssembly exceptions. A function
 * that calls setjmp catches those and asks whether one is for a setjmp of this very call of it; if
 * so, it goes on behind that setjmp, the label says at which.
 *
 * The conventions are LLVM's, and changed with version 19 (WebAssemblyLowerEmscriptenEHSjLj.cpp
 * says what is called when). Both are here: the compiler of a guest need not be that of this
 * library.
 */
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

/* What a jmp_buf holds. */
typedef struct jump {
    union {
        uint32_t id;      /* until LLVM 18: of a setjmp, counted up */
        void *invocation; /* since: an address that no other running call of the function has */
    };
    uint32_t label;
    struct {
        struct jump *to;
        int value;
    } exception; /* what is thrown points here */
} jump;

_Static_assert(sizeof(jump) <= sizeof(jmp_buf), "a jmp_buf has room for it");

/* Index of the tag of longjmp's exceptions for __builtin_wasm_throw; 0 is C++'s. */
#define LONGJMP_TAG 1

_Noreturn void __wasm_longjmp(jump *to, int value);
void __wasm_setjmp(jump *env, uint32_t label, void *invocation);
uint32_t __wasm_setjmp_test(const jump *env, const void *invocation);

_Noreturn void __wasm_longjmp(jump *to, int value) {
    to->exception.to = to;
    to->exception.value = value ? value : 1;
    __builtin_wasm_throw(LONGJMP_TAG, &to->exception);
}

/* ---- LLVM 19 and newer ---- */

void __wasm_setjmp(jump *env, uint32_t label, void *invocation) {
    env->invocation = invocation;
    env->label = label;
}

/* The label of the setjmp if it is of this invocation, else 0. */
uint32_t __wasm_setjmp_test(const jump *env, const void *invocation) {
    return env->invocation == invocation ? env->label : 0;
}

/* ---- LLVM 18 and older: each call of a function has a table of its setjmps, which it frees ---- */

typedef struct entry {
    uint32_t id; /* 0 in the one behind the last */
    uint32_t label;
} entry;

entry *saveSetjmp(jump *env, uint32_t label, entry *table, uint32_t size);
uint32_t testSetjmp(uint32_t id, const entry *table, uint32_t size);
void setTempRet0(uint32_t value);
uint32_t getTempRet0(void);

/* Second results of functions. */
static uint32_t second_result;

void setTempRet0(uint32_t value) {
    second_result = value;
}

uint32_t getTempRet0(void) {
    return second_result;
}

/* Enters a setjmp. The table, which has room for `size` entries, may move; its new size is the
 * second result. A jmp_buf that is filled again, in a loop, keeps its entry. */
entry *saveSetjmp(jump *env, uint32_t label, entry *table, uint32_t size) {
    static uint32_t last_id;
    uint32_t at = 0;
    while (table[at].id && table[at].id != env->id)
        at++;
    if (!table[at].id && at + 1 >= size) {
        size *= 2;
        table = realloc(table, size * sizeof *table);
        if (!table)
            abort();
    }
    if (!table[at].id)
        table[at + 1].id = 0;
    env->id = ++last_id;
    table[at] = (entry){env->id, label};
    setTempRet0(size);
    return table;
}

/* The label of the setjmp with this id if it is of this invocation, else 0. */
uint32_t testSetjmp(uint32_t id, const entry *table, uint32_t size) {
    for (uint32_t at = 0; at < size && table[at].id; at++) {
        if (table[at].id == id)
            return table[at].label;
    }
    return 0;
}
