// needs: wasm-exceptions
/* setjmp and longjmp behave as C17 7.13 says, among many at once too. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("line %d: %s\n", __LINE__, #condition);                                         \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static jmp_buf here, there;

static void jump_from(int depth, jmp_buf to, int value) {
    if (depth == 0)
        longjmp(to, value);
    jump_from(depth - 1, to, value);
}

static void values(void) {
    volatile int times = 0;
    int value = setjmp(here);
    if (times++ == 0) {
        CHECK(value == 0);
        longjmp(here, 42);
    }
    CHECK(times == 2 && value == 42);

    times = 0;
    value = setjmp(here);
    if (times++ == 0)
        jump_from(1000, here, 0); /* 0 becomes 1 */
    CHECK(times == 2 && value == 1);
}

static void volatile_locals_keep_what_was_written(void) {
    volatile int written = 1;
    const int constant = rand();
    if (setjmp(here) == 0) {
        written = 2;
        jump_from(3, here, 7);
    }
    CHECK(written == 2);
    CHECK(constant == constant + written - 2);
}

/* The inner setjmp's exceptions pass it by when they are the outer's. */
static void inner(int to_outer) {
    switch (setjmp(there)) {
    case 0:
        if (to_outer)
            jump_from(2, here, 5);
        jump_from(2, there, 6);
        break;
    case 6:
        longjmp(here, 8);
    default:
        CHECK(!"a jump to here");
    }
}

static void nested(void) {
    volatile int sum = 0;
    for (volatile int i = 0; i < 2; i++) {
        int value = setjmp(here);
        if (value == 0)
            inner(i == 0);
        sum += value;
    }
    CHECK(sum == 5 + 8);
}

/* Several calls of one function wait at the same setjmp: each jump goes to its own. */
static jmp_buf waiting[50];
static int arrived[50];

static void wait_at(int depth) {
    if (setjmp(waiting[depth]) != 0) {
        arrived[depth]++;
        if (depth > 0)
            longjmp(waiting[depth - 1], 1);
        return;
    }
    if (depth < 49)
        wait_at(depth + 1);
    else
        longjmp(waiting[depth], 1);
    CHECK(!"comes back from a deeper call");
}

/* One setjmp fills many buffers, and all of them stay good. */
static void filled_in_a_loop(void) {
    volatile int filled, visited = 0;
    for (filled = 0; filled < 50; filled++) {
        if (setjmp(waiting[filled]) != 0) {
            visited++;
            break;
        }
    }
    if (visited < 50)
        longjmp(waiting[49 - visited], 1);
    CHECK(visited == 50);
}

static void many_times(void) {
    volatile int count = 0;
    while (count < 20000) {
        if (setjmp(here) == 0) {
            count++;
            longjmp(here, 1);
        }
    }
    CHECK(count == 20000);
    sigjmp_buf with_mask;
    if (sigsetjmp(with_mask, 1) == 0)
        siglongjmp(with_mask, 2);
}

int main(void) {
    values();
    volatile_locals_keep_what_was_written();
    nested();
    wait_at(0);
    for (int i = 0; i < 50; i++)
        CHECK(arrived[i] == 1);
    filled_in_a_loop();
    many_times();
    return 0;
}
