/* <setjmp.h> for guests of Timecraft (C17 7.13, POSIX.1-2017): wasi-libc has none before 2024.
 *
 * Compilers turn setjmp and longjmp into WebAssembly's exceptions if they are told to; the flags of
 * timecraft-config do: -mexception-handling -mllvm -wasm-enable-sjlj. There are no signals, so
 * there is no mask of them to save.
 */
#ifndef TIMECRAFT_SETJMP_H
#define TIMECRAFT_SETJMP_H

#ifdef __cplusplus
extern "C" {
#endif

/* The compiler's and the library's own; see src/setjmp.c. */
typedef struct {
    void *__setjmp[8];
} jmp_buf[1];
typedef jmp_buf sigjmp_buf;

int setjmp(jmp_buf) __attribute__((__returns_twice__));
void longjmp(jmp_buf, int) __attribute__((__noreturn__));

#define setjmp                   setjmp
#define _setjmp(env)             setjmp(env)
#define _longjmp(env, val)       longjmp(env, val)
#define sigsetjmp(env, savemask) ((void)(savemask), setjmp(env))
#define siglongjmp(env, val)     longjmp(env, val)

#ifdef __cplusplus
}
#endif

#endif
