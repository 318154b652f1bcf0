/* __builtin_prefetch for guests: timecraft-config has the compiler include this in front of each
 * file.
 *
 * WebAssembly has no instruction for it, and clang leaves it out. Here it becomes four instructions
 * that do nothing, and that each engine removes:
 *
 *     local.get ADDRESS
 *     i32.const TIMECRAFT_PREFETCH_MARK
 *     i32.add
 *     drop
 *
 * `timecraft build` makes the processor's prefetch of them from -O1 on. As in C, any address will
 * do, it need not be one of the memory. Whether to read or write, and how long to keep it in the
 * cache, are not passed on. */
#ifndef TIMECRAFT_PREFETCH_H
#define TIMECRAFT_PREFETCH_H

/* Any number that programs seldom add. Where one does, it costs a prefetch and changes nothing. */
#define TIMECRAFT_PREFETCH_MARK 1059887697

#if defined __wasm32__ && !defined __ASSEMBLER__
#define __builtin_prefetch(...) __timecraft_prefetch(__VA_ARGS__, 0, 0)
#define __timecraft_prefetch(address, ...)                                                         \
    (__extension__({                                                                               \
        const volatile void *__timecraft_address = (address);                                      \
        __asm__ __volatile__("local.get\t%0\n\ti32.const\t%1\n\ti32.add\n\tdrop"                   \
                             :                                                                     \
                             : "r"(__timecraft_address), "i"(TIMECRAFT_PREFETCH_MARK));            \
    }))
#endif

#endif
