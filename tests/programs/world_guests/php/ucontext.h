/* <ucontext.h> for PHP, which does not compile without fibers. WebAssembly has no stacks to switch
 * to: nothing of this is reached, since PHP first protects the end of a fiber's stack, which fails.
 */
#ifndef PHP_UCONTEXT_H
#define PHP_UCONTEXT_H

#include <signal.h>
#include <stddef.h>

typedef struct {
    void *ss_sp;
    int ss_flags;
    size_t ss_size;
} contexts_stack;

typedef struct ucontext {
    struct ucontext *uc_link;
    contexts_stack uc_stack;
} ucontext_t;

int getcontext(ucontext_t *);
void makecontext(ucontext_t *, void (*)(void), int, ...);
int swapcontext(ucontext_t *, const ucontext_t *);

#endif
