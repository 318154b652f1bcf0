/* What units call that tcc compiled: conversions between 64-bit unsigned integers and floating
 * point, and alloca. They are part of tcc's own library; the binding, which another compiler
 * translates, has them in its place.
 */
#ifndef TC_TCC_SUPPORT_H
#define TC_TCC_SUPPORT_H

#include <stdint.h>

float __floatundisf(uint64_t value) {
    return (float)value;
}

double __floatundidf(uint64_t value) {
    return (double)value;
}

uint64_t __fixunssfdi(float value) {
    return (uint64_t)value;
}

uint64_t __fixunsdfdi(double value) {
    return (uint64_t)value;
}

#ifdef __x86_64__
/* Takes room from its caller's frame: tcc's functions address theirs by %rbp alone. */
__asm__(".text\n"
        ".type tc_alloca, @function\n"
        "tc_alloca:\n"
        "    pop %rdx\n" /* where to return to */
        "    sub %rdi, %rsp\n"
        "    and $-16, %rsp\n"
        "    mov %rsp, %rax\n"
        "    jmp *%rdx\n"
        ".size tc_alloca, . - tc_alloca\n"
        ".globl tc_alloca\n");
#endif

#endif
