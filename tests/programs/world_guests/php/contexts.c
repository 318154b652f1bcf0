/* The functions of ucontext.h, which are not reached. */
#include "ucontext.h"

int getcontext(ucontext_t *context) {
    (void)context;
    __builtin_trap();
}

void makecontext(ucontext_t *context, void (*function)(void), int count, ...) {
    (void)context;
    (void)function;
    (void)count;
    __builtin_trap();
}

int swapcontext(ucontext_t *from, const ucontext_t *to) {
    (void)from;
    (void)to;
    __builtin_trap();
}
