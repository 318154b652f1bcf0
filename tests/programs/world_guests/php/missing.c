/* What PHP needs of its system and a guest has not. The functions of ucontext.h are not reached. */
#include <CommonCrypto/CommonRandom.h>
#include <unistd.h>
#include <wasi/api.h>

#include "ucontext.h"

int CCRandomGenerateBytes(void *bytes, size_t size) {
    return __wasi_random_get(bytes, size);
}

/* PHP opens php://stdin and its like by copying the descriptor, which WASI cannot. So it gets the
 * same one, which is closed for all when it is closed. */
int dup(int fd) {
    return fd;
}

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
