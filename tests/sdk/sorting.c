// cflags: -Wl,--max-memory=8388608
/* qsort puts elements of any size in order, and where memory is to be had leaves those that are
 * equal in the order they had. A comparison that contradicts itself brings it no further than the
 * array. Without memory it sorts too. */
#include <stdbool.h>
#include <stdint.h>

#include "check.h"

/* An element's first byte, or first four, are what it is sorted by; then comes its number, as far
 * as there is room. Bytes are tied, and so are the keys of larger ones. */
enum { MOST = 3000, LARGEST = 200, GUARD = 64 };
static unsigned char room[GUARD + MOST * LARGEST + GUARD];
static unsigned char expected[MOST * LARGEST];
static unsigned char *const elements = room + GUARD;
static size_t size_now, count_now;
static long compared;

static uint32_t random_state = 1;
static uint32_t next_random(void) {
    return random_state = random_state * 1664525 + 1013904223;
}

static uint32_t key_of(const unsigned char *element) {
    uint32_t key = 0;
    memcpy(&key, element, size_now < 4 ? 1 : 4);
    return key;
}

static int by_key(const void *a, const void *b) {
    compared++;
    uint32_t left = key_of(a), right = key_of(b);
    return left < right ? -7 : left > right ? INT32_MAX : 0;
}

/* ---- what is sorted ---- */

typedef uint32_t pattern(size_t i, size_t count);

static uint32_t random_key(size_t i, size_t count) {
    (void)i, (void)count;
    return next_random() >> 8;
}

static uint32_t few_keys(size_t i, size_t count) {
    (void)i, (void)count;
    return next_random() >> 30;
}

static uint32_t all_same(size_t i, size_t count) {
    (void)i, (void)count;
    return 5;
}

static uint32_t ascending(size_t i, size_t count) {
    (void)count;
    return (uint32_t)i;
}

static uint32_t descending(size_t i, size_t count) {
    return (uint32_t)(count - i);
}

static uint32_t organ_pipe(size_t i, size_t count) {
    return (uint32_t)(i < count / 2 ? i : count - i);
}

static uint32_t saw(size_t i, size_t count) {
    (void)count;
    return (uint32_t)(i % 17);
}

static uint32_t one_at_the_end(size_t i, size_t count) {
    return i + 1 == count ? 0 : (uint32_t)i + 1;
}

static pattern *const patterns[] = {random_key, few_keys,   all_same, ascending,
                                    descending, organ_pipe, saw,      one_at_the_end};
enum { PATTERNS = sizeof patterns / sizeof *patterns };

static void fill(size_t count, size_t size, pattern *make) {
    size_now = size;
    count_now = count;
    memset(room, 0xab, GUARD);
    memset(elements + count * size, 0xcd, GUARD);
    for (size_t i = 0; i < count; i++) {
        unsigned char *element = elements + i * size;
        uint32_t key = make(i, count), number = (uint32_t)i;
        for (size_t k = 0; k < size; k++)
            element[k] = (unsigned char)(i * 7 + k);
        memcpy(element, &key, size < 4 ? 1 : 4);
        if (size >= 8)
            memcpy(element + 4, &number, 4);
    }
}

/* ---- how it must look ---- */

/* A sort by counting: where an element belongs is told by how many come before it. */
static void sort_plainly(void) {
    static uint32_t keys[MOST];
    for (size_t i = 0; i < count_now; i++)
        keys[i] = key_of(elements + i * size_now);
    for (size_t i = 0; i < count_now; i++) {
        size_t before = 0;
        for (size_t k = 0; k < count_now; k++)
            before += keys[k] < keys[i] || (keys[k] == keys[i] && k < i);
        memcpy(expected + before * size_now, elements + i * size_now, size_now);
    }
}

static void check_guards(void) {
    for (size_t i = 0; i < GUARD; i++)
        CHECK(room[i] == 0xab && elements[count_now * size_now + i] == 0xcd);
}

/* All elements are there once, whatever their order: their numbers are, and what goes with them. */
static void check_none_lost(void) {
    static unsigned char seen[MOST];
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < count_now; i++) {
        uint32_t number;
        memcpy(&number, elements + i * size_now + 4, 4);
        CHECK(number < count_now && !seen[number]);
        seen[number] = 1;
        for (size_t k = 8; k < size_now; k++)
            CHECK(elements[i * size_now + k] == (unsigned char)(number * 7 + k));
    }
}

static void check_sorted(void) {
    for (size_t i = 1; i < count_now; i++)
        CHECK(key_of(elements + (i - 1) * size_now) <= key_of(elements + i * size_now));
}

/* No more than the logarithm's next integer for each. */
static void check_comparisons(int times) {
    long each = 1;
    while (1u << each < count_now)
        each++;
    CHECK(compared <= (long)count_now * each * times);
}

static void sort(void) {
    compared = 0;
    errno = 77;
    qsort(elements, count_now, size_now, by_key);
    CHECK(errno == 77);
    check_guards();
}

static void sorted_and_stable(size_t count, size_t size, pattern *make) {
    fill(count, size, make);
    sort_plainly();
    sort();
    CHECK(memcmp(elements, expected, count * size) == 0);
    check_comparisons(1);
}

static void sorted_in_place(size_t count, size_t size, pattern *make) {
    fill(count, size, make);
    sort();
    check_sorted();
    if (size >= 8)
        check_none_lost();
    check_comparisons(2);
}

static const size_t sizes[] = {1,  2,  3,  4,  5,  7,  8,  12, 15,
                               16, 20, 24, 31, 32, 33, 40, 64, LARGEST};
static const size_t counts[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 31, 32, 33, 100, 255, 257, 700};
enum { SIZES = sizeof sizes / sizeof *sizes, COUNTS = sizeof counts / sizeof *counts };

static void each_of(void (*check)(size_t count, size_t size, pattern *make)) {
    for (size_t size = 0; size < SIZES; size++)
        for (size_t count = 0; count < COUNTS; count++)
            for (size_t make = 0; make < PATTERNS; make++)
                check(counts[count], sizes[size], patterns[make]);
    for (size_t make = 0; make < PATTERNS; make++) {
        check(MOST, 4, patterns[make]);
        check(MOST, 40, patterns[make]);
    }
}

/* ---- comparisons that are none ---- */

static int always_less(const void *a, const void *b) {
    (void)a, (void)b;
    return -1;
}

static int always_greater(const void *a, const void *b) {
    (void)a, (void)b;
    return 1;
}

static int by_chance(const void *a, const void *b) {
    (void)a, (void)b;
    return (int)next_random();
}

/* Stone, paper, scissors. */
static int in_a_circle(const void *a, const void *b) {
    return (int)((key_of(a) + 4 - key_of(b) % 3) % 3) - 1;
}

static void contradicted(size_t count, size_t size, pattern *make) {
    static int (*const comparisons[])(const void *, const void *) = {always_less, always_greater,
                                                                     by_chance, in_a_circle};
    if (size < 8)
        return;
    for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++) {
        fill(count, size, make);
        qsort(elements, count, size, comparisons[i]);
        check_guards();
        check_none_lost();
    }
}

/* ---- others ---- */

/* A comparison may itself sort. */
static int by_sorted_digits(const void *a, const void *b) {
    char left[8], right[8];
    size_t size = size_now;
    memcpy(left, a, sizeof left);
    memcpy(right, b, sizeof right);
    size_now = 1;
    qsort(left, sizeof left, 1, by_key);
    qsort(right, sizeof right, 1, by_key);
    size_now = size;
    return memcmp(left, right, sizeof left);
}

static void sorts_within_sorts(void) {
    for (int large = 0; large < 2; large++) {
        fill(300, large ? 48 : 8, random_key);
        qsort(elements, count_now, size_now, by_sorted_digits);
        check_none_lost();
        for (size_t i = 1; i < count_now; i++)
            CHECK(by_sorted_digits(elements + (i - 1) * size_now, elements + i * size_now) <= 0);
    }
}

/* Elements of no bytes are not looked at, nor is one alone. */
static void nothing_to_sort(void) {
    qsort(elements, 1000, 0, NULL);
    qsort(NULL, 0, 4, NULL);
    qsort(elements, 1, 4, NULL);
}

/* What is not aligned is sorted too. */
static void odd_addresses(void) {
    for (size_t at = 1; at < 8; at++) {
        uint32_t number = 0;
        for (size_t i = 0; i < 500; i++) {
            number = next_random();
            memcpy(elements + at + i * 4, &number, 4);
        }
        size_now = 4;
        qsort(elements + at, 500, 4, by_key);
        for (size_t i = 1; i < 500; i++)
            CHECK(key_of(elements + at + (i - 1) * 4) <= key_of(elements + at + i * 4));
    }
}

static bool is_stable(void) {
    fill(MOST, 8, few_keys);
    sort_plainly();
    sort();
    return memcmp(elements, expected, count_now * size_now) == 0;
}

/* There is none left that malloc could give, however little. */
static void take_all_memory(void) {
    static void *volatile taken; /* else the compiler would do without */
    for (size_t size = 1 << 22; size > 0; size /= 2) {
        do
            taken = malloc(size);
        while (taken);
    }
}

int main(void) {
    each_of(sorted_and_stable);
    each_of(contradicted);
    sorts_within_sorts();
    nothing_to_sort();
    odd_addresses();
    CHECK(is_stable());
    take_all_memory();
    CHECK(!is_stable()); /* so this is another sort */
    each_of(sorted_in_place);
    each_of(contradicted);
    return 0;
}
