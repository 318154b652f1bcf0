/* Programs that compute, each a page: loops over matrices as numerical benchmarks have them (in the
 * manner of PolyBench), and loops over bytes, words and pointers.
 *
 *   loops NAME COUNT     without a name: lists them
 *
 * Runs one COUNT times after once for nothing, prints what it computed and the CPU time. Compiled
 * as a guest and natively, which must compute the same. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cpu_time.h"

#define N    192 /* side of the matrices */
#define CUBE 40
#define LINE 40000
#define MANY 200000

static double a[N][N], b[N][N], c[N][N], x[LINE], y[LINE], cube[2][CUBE][CUBE][CUBE];
static uint32_t words[MANY], other[MANY];
static uint8_t bytes[MANY];
static int paths[N][N], table[N][N];

static uint32_t next_number(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void fill(void) {
    uint32_t state = 2463534242u;
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            a[i][j] = (double)(next_number(&state) % 1000) / 1000 + (i == j ? N : 0);
            b[i][j] = (double)(next_number(&state) % 1000) / 1000;
            c[i][j] = 0;
            paths[i][j] = (int)(next_number(&state) % 1000);
            table[i][j] = 0;
        }
    }
    for (int i = 0; i < LINE; i++)
        x[i] = y[i] = (double)(next_number(&state) % 1000) / 1000;
    double *cells = &cube[0][0][0][0];
    for (int i = 0; i < 2 * CUBE * CUBE * CUBE; i++)
        cells[i] = (double)(i % 1000) / 1000;
    for (int i = 0; i < MANY; i++) {
        words[i] = next_number(&state);
        bytes[i] = (uint8_t)(words[i] % 30 < 4 ? ' ' : 'a' + words[i] % 26);
    }
}

/* ---- matrices ---- */

static void gemm(void) {
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++)
            for (int j = 0; j < N; j++)
                c[i][j] += 1.5 * a[i][k] * b[k][j];
}

static void atax(void) {
    memset(y, 0, N * sizeof *y);
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int j = 0; j < N; j++)
            sum += a[i][j] * x[j];
        for (int j = 0; j < N; j++)
            y[j] += a[i][j] * sum;
    }
}

static void cholesky(void) {
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            c[i][j] = i == j ? 4 * N : b[i][j] + b[j][i];
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < i; j++) {
            for (int k = 0; k < j; k++)
                c[i][j] -= c[i][k] * c[j][k];
            c[i][j] /= c[j][j];
        }
        for (int k = 0; k < i; k++)
            c[i][i] -= c[i][k] * c[i][k];
        c[i][i] = sqrt(c[i][i]);
    }
}

static void lu(void) {
    memcpy(c, a, sizeof c);
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < i; j++) {
            for (int k = 0; k < j; k++)
                c[i][j] -= c[i][k] * c[k][j];
            c[i][j] /= c[j][j];
        }
        for (int j = i; j < N; j++)
            for (int k = 0; k < i; k++)
                c[i][j] -= c[i][k] * c[k][j];
    }
}

static void jacobi_1d(void) {
    for (int turn = 0; turn < 20; turn++) {
        for (int i = 1; i < LINE - 1; i++)
            y[i] = 0.33333 * (x[i - 1] + x[i] + x[i + 1]);
        for (int i = 1; i < LINE - 1; i++)
            x[i] = 0.33333 * (y[i - 1] + y[i] + y[i + 1]);
    }
}

static void jacobi_2d(void) {
    for (int turn = 0; turn < 10; turn++) {
        for (int i = 1; i < N - 1; i++)
            for (int j = 1; j < N - 1; j++)
                c[i][j] = 0.2 * (b[i][j] + b[i][j - 1] + b[i][j + 1] + b[i + 1][j] + b[i - 1][j]);
        for (int i = 1; i < N - 1; i++)
            for (int j = 1; j < N - 1; j++)
                b[i][j] = 0.2 * (c[i][j] + c[i][j - 1] + c[i][j + 1] + c[i + 1][j] + c[i - 1][j]);
    }
}

static void seidel_2d(void) {
    for (int turn = 0; turn < 5; turn++)
        for (int i = 1; i < N - 1; i++)
            for (int j = 1; j < N - 1; j++)
                b[i][j] = (b[i - 1][j - 1] + b[i - 1][j] + b[i - 1][j + 1] + b[i][j - 1] + b[i][j] +
                           b[i][j + 1] + b[i + 1][j - 1] + b[i + 1][j] + b[i + 1][j + 1]) /
                          9;
}

static void fdtd_2d(void) {
    for (int turn = 0; turn < 10; turn++) {
        for (int j = 0; j < N; j++)
            b[0][j] = turn;
        for (int i = 1; i < N; i++)
            for (int j = 0; j < N; j++)
                b[i][j] -= 0.5 * (c[i][j] - c[i - 1][j]);
        for (int i = 0; i < N; i++)
            for (int j = 1; j < N; j++)
                a[i][j] -= 0.5 * (c[i][j] - c[i][j - 1]);
        for (int i = 0; i < N - 1; i++)
            for (int j = 0; j < N - 1; j++)
                c[i][j] -= 0.7 * (a[i][j + 1] - a[i][j] + b[i + 1][j] - b[i][j]);
    }
}

static void heat_3d(void) {
    for (int turn = 0; turn < 10; turn++) {
        double(*from)[CUBE][CUBE] = cube[turn & 1], (*to)[CUBE][CUBE] = cube[!(turn & 1)];
        for (int i = 1; i < CUBE - 1; i++)
            for (int j = 1; j < CUBE - 1; j++)
                for (int k = 1; k < CUBE - 1; k++)
                    to[i][j][k] =
                        0.125 * (from[i + 1][j][k] - 2 * from[i][j][k] + from[i - 1][j][k]) +
                        0.125 * (from[i][j + 1][k] - 2 * from[i][j][k] + from[i][j - 1][k]) +
                        0.125 * (from[i][j][k + 1] - 2 * from[i][j][k] + from[i][j][k - 1]) +
                        from[i][j][k];
    }
}

static void floyd_warshall(void) {
    for (int k = 0; k < N; k++)
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                if (paths[i][k] + paths[k][j] < paths[i][j])
                    paths[i][j] = paths[i][k] + paths[k][j];
}

/* The longest common part of two texts. */
static void common_part(void) {
    for (int turn = 0; turn < 20; turn++)
        for (int i = 1; i < N; i++)
            for (int j = 1; j < N; j++)
                table[i][j] = bytes[turn + i] == bytes[1000 + j]  ? table[i - 1][j - 1] + 1
                              : table[i - 1][j] > table[i][j - 1] ? table[i - 1][j]
                                                                  : table[i][j - 1];
}

/* ---- bytes, words, pointers ---- */

static uint32_t rotated(uint32_t word, int by) {
    return word >> by | word << (32 - by);
}

static void mix_blocks(void) { /* in the manner of a hash function */
    for (int block = 0; block + 16 <= MANY; block += 16) {
        uint32_t w[64], state[8];
        memcpy(w, words + block, 64);
        for (int i = 16; i < 64; i++)
            w[i] = w[i - 16] + w[i - 7] +
                   (rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ w[i - 15] >> 3) +
                   (rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ w[i - 2] >> 10);
        memcpy(state, words + block, 32);
        for (int i = 0; i < 64; i++) {
            uint32_t e = state[4], one = state[7] +
                                         (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) +
                                         ((e & state[5]) ^ (~e & state[6])) + w[i];
            memmove(state + 1, state, 28);
            state[4] += one;
            state[0] = one + (state[1] & state[2]);
        }
        for (int i = 0; i < 8; i++)
            words[block + i] ^= state[i];
    }
}

static int by_value(const void *one, const void *two) {
    uint32_t left = *(const uint32_t *)one, right = *(const uint32_t *)two;
    return (left > right) - (left < right);
}

static void sort_words(void) {
    memcpy(other, words, sizeof other);
    qsort(other, MANY / 4, sizeof *other, by_value);
}

static void sieve(void) {
    memset(bytes, 1, sizeof bytes);
    for (int i = 2; i * i < MANY; i++)
        if (bytes[i])
            for (int j = i * i; j < MANY; j += i)
                bytes[j] = 0;
}

static void count_words(void) { /* in a table of buckets */
    static uint32_t keys[1 << 15], counts[1 << 15];
    memset(keys, 0, sizeof keys);
    for (int i = 0; i < MANY;) {
        uint32_t hash = 2166136261u;
        int end = i;
        while (end < MANY && end < i + 3 && bytes[end] != ' ')
            hash = (hash ^ bytes[end++]) * 16777619u;
        uint32_t place = hash % (1 << 15);
        while (keys[place] && keys[place] != hash)
            place = (place + 1) % (1 << 15);
        if (!keys[place])
            counts[place] = 0;
        keys[place] = hash;
        other[i % 1000] += ++counts[place];
        i = end + 1;
    }
}

typedef struct tree {
    struct tree *left, *right;
    uint32_t value;
} tree;

static void grow_tree(void) {
    tree *root = NULL, *all = malloc(20000 * sizeof *all);
    if (!all)
        abort();
    for (int i = 0; i < 20000; i++) {
        tree **place = &root;
        while (*place)
            place = words[i] < (*place)->value ? &(*place)->left : &(*place)->right;
        all[i] = (tree){.value = words[i]};
        *place = &all[i];
    }
    other[0] += root->value;
    free(all);
}

static void mandelbrot(void) {
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            double u = 0, v = 0, p = 3.0 * j / N - 2, q = 2.0 * i / N - 1;
            int turns = 0;
            for (; turns < 50 && u * u + v * v < 4; turns++) {
                double next = u * u - v * v + p;
                v = 2 * u * v + q;
                u = next;
            }
            table[i][j] = turns;
        }
    }
}

/* ---- */

static const struct program {
    const char *name;
    void (*run)(void);
} programs[] = {
    {"gemm", gemm},
    {"atax", atax},
    {"cholesky", cholesky},
    {"lu", lu},
    {"jacobi-1d", jacobi_1d},
    {"jacobi-2d", jacobi_2d},
    {"seidel-2d", seidel_2d},
    {"fdtd-2d", fdtd_2d},
    {"heat-3d", heat_3d},
    {"floyd-warshall", floyd_warshall},
    {"common-part", common_part},
    {"mix-blocks", mix_blocks},
    {"sort", sort_words},
    {"sieve", sieve},
    {"count-words", count_words},
    {"tree", grow_tree},
    {"mandelbrot", mandelbrot},
};
enum { PROGRAMS = sizeof programs / sizeof *programs };

static double checksum(void) {
    double sum = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            sum += a[i][j] + b[i][j] + c[i][j] + paths[i][j] + table[i][j];
    for (int i = 0; i < LINE; i++)
        sum += x[i] + y[i];
    for (int i = 0; i < MANY; i++)
        sum += words[i] % 1000 + other[i] % 1000 + bytes[i];
    const double *cells = &cube[0][0][0][0];
    for (int i = 0; i < 2 * CUBE * CUBE * CUBE; i++)
        sum += cells[i];
    return sum;
}

int main(int argc, char **argv) {
    for (int i = 0; i < PROGRAMS; i++) {
        if (argc < 2)
            puts(programs[i].name);
        if (argc < 3 || strcmp(argv[1], programs[i].name) != 0)
            continue;
        fill();
        programs[i].run();
        uint64_t begin = cpu_time();
        for (int left = atoi(argv[2]); left > 0; left--)
            programs[i].run();
        tell_cpu_time_since(begin);
        printf("computed %.6g\n", checksum());
        return 0;
    }
    return argc < 2 ? 0 : 2;
}
