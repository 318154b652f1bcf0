/* Divides by its argument, in a function that is inlined in one that is inlined. */
#include <stdio.h>
#include <stdlib.h>

static int divide(int a, int b) {
    return a / b;
}

static int twice(int a, int b) {
    int half = divide(a, b);
    return 2 * half;
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 0;
    printf("start %d\n", n);
    fflush(stdout);
    int result = twice(argc * 10, n);
    printf("%d\n", result);
    return 0;
}
