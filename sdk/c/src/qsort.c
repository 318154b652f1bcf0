/* qsort in front of wasi-libc's, which is a smoothsort and compares twice as often: a comparison is
 * a call that is checked, and costs more than all else. As glibc's it is a merge sort, so that what
 * compares as equal keeps its order while there is memory for half of the elements; programs come
 * to rely on that, though nothing promises it. Without memory it is a heap sort, in place.
 *
 * A comparison that contradicts itself gives some order. It leads nowhere else: what ends each loop
 * is how many elements there are.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "strings/block.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

#define ON_STACK    1024 /* bytes of memory for which malloc is not asked */
#define FEW         4    /* elements that are sorted by insertion */
#define MOVED_BYTES 32   /* of larger elements pointers are sorted, and then each is moved once */

typedef int comparison(const void *, const void *);
typedef unsigned char byte;

typedef struct sorting {
    comparison *compare;
    size_t size; /* of what is moved */
    byte *spare; /* half of the elements, or more */
} sorting;

/* Where it is inlined for a size that is known, no loop is left of it. */
ALWAYS_INLINE void move(byte *to, const byte *from, size_t size) {
    for (; size >= 8; size -= 8, to += 8, from += 8)
        *(eight_bytes *)to = *(const eight_bytes *)from;
    for (; size >= 4; size -= 4, to += 4, from += 4)
        *(four_bytes *)to = *(const four_bytes *)from;
    for (; size > 0; size--)
        *to++ = *from++;
}

/* ---- with memory: a merge sort ---- */

ALWAYS_INLINE bool is_greater(comparison *compare, const byte *a, const byte *b, bool pointers) {
    return pointers ? compare(*(const void *const *)a, *(const void *const *)b) > 0
                    : compare(a, b) > 0;
}

ALWAYS_INLINE void insert_each(const sorting *s, byte *first, size_t count, size_t size,
                               bool pointers) {
    comparison *compare = s->compare;
    const byte *end = first + count * size;
    for (byte *one = first + size; one < end; one += size) {
        byte *to = one;
        while (to > first && is_greater(compare, to - size, one, pointers))
            to -= size;
        if (to == one)
            continue;
        move(s->spare, one, size);
        for (byte *at = one; at > to; at -= size)
            move(at, at - size, size);
        move(to, s->spare, size);
    }
}

/* The first `left_count` elements with the others, both sorted. */
ALWAYS_INLINE void merge(const sorting *s, byte *first, size_t left_count, size_t count,
                         size_t size, bool pointers) {
    comparison *compare = s->compare;
    byte *to = first;
    const byte *right = first + left_count * size, *right_end = first + count * size;
    if (!is_greater(compare, right - size, right, pointers))
        return;
    memcpy(s->spare, first, left_count * size);
    const byte *left = s->spare, *left_end = left + left_count * size;
    while (left < left_end && right < right_end) {
        /* Which it is cannot be foretold: no branch. */
        bool greater = is_greater(compare, left, right, pointers);
        move(to, greater ? right : left, size);
        to += size;
        right += greater ? size : 0;
        left += greater ? 0 : size;
    }
    memcpy(to, left, (size_t)(left_end - left));
}

/* One for each kind of element, for all of which `size` and `pointers` are known but the last. */
#define MERGE_SORT(name, size, pointers)                                                           \
    static void name(const sorting *s, byte *first, size_t count) {                                \
        if (count <= FEW) {                                                                        \
            insert_each(s, first, count, size, pointers);                                          \
            return;                                                                                \
        }                                                                                          \
        size_t left_count = count / 2;                                                             \
        name(s, first, left_count);                                                                \
        name(s, first + left_count * (size), count - left_count);                                  \
        merge(s, first, left_count, count, size, pointers);                                        \
    }

MERGE_SORT(sort_pointers, sizeof(void *), true)
MERGE_SORT(sort_4, 4, false)
MERGE_SORT(sort_8, 8, false)
MERGE_SORT(sort_16, 16, false)
MERGE_SORT(sort_any, s->size, false)

static void sort_small(const sorting *s, byte *first, size_t count) {
    switch (s->size) {
    case 4:
        sort_4(s, first, count);
        break;
    case 8:
        sort_8(s, first, count);
        break;
    case 16:
        sort_16(s, first, count);
        break;
    default:
        sort_any(s, first, count);
    }
}

/* Brings each element to where the pointer to it is, in circles: `spare` is for one of them. */
static void follow(byte **pointers, byte *first, size_t count, size_t size, byte *spare) {
    for (size_t i = 0; i < count; i++) {
        byte *start = first + i * size, *to = start;
        if (pointers[i] == start)
            continue;
        memcpy(spare, start, size);
        for (size_t k = i;;) {
            byte *from = pointers[k];
            pointers[k] = to;
            if (from == start)
                break;
            memcpy(to, from, size);
            to = from;
            k = (size_t)(from - first) / size;
        }
        memcpy(to, spare, size);
    }
}

/* `room` has pointers to all elements, half of them again, and an element. */
static void sort_large(comparison *compare, byte *first, size_t count, size_t size, byte *room) {
    byte **pointers = (byte **)(void *)room;
    byte *spare = room + count * sizeof *pointers;
    const sorting s = {compare, sizeof *pointers, spare};
    for (size_t i = 0; i < count; i++)
        pointers[i] = first + i * size;
    sort_pointers(&s, room, count);
    follow(pointers, first, count, size, spare + count / 2 * sizeof *pointers);
}

/* ---- without: a heap sort ---- */

static void swap(byte *a, byte *b, size_t size) {
    for (; size >= 8; size -= 8, a += 8, b += 8) {
        uint64_t was = load_8(a);
        *(eight_bytes *)a = load_8(b);
        *(eight_bytes *)b = was;
    }
    for (; size > 0; size--, a++, b++) {
        byte was = *a;
        *a = *b;
        *b = was;
    }
}

static void sink(comparison *compare, byte *first, size_t at, size_t count, size_t size) {
    while (at < count / 2) {
        size_t below = 2 * at + 1;
        if (below + 1 < count && compare(first + below * size, first + (below + 1) * size) < 0)
            below++;
        if (compare(first + at * size, first + below * size) >= 0)
            return;
        swap(first + at * size, first + below * size, size);
        at = below;
    }
}

static void sort_in_place(comparison *compare, byte *first, size_t count, size_t size) {
    for (size_t at = count / 2; at-- > 0;)
        sink(compare, first, at, count, size);
    for (size_t left = count; --left > 0;) {
        swap(first, first + left * size, size);
        sink(compare, first, 0, left, size);
    }
}

static void *room_for(size_t bytes) {
    int error = errno;
    void *room = malloc(bytes);
    errno = error;
    return room;
}

void qsort(void *elements, size_t count, size_t size, comparison *compare) {
    _Alignas(max_align_t) byte on_stack[ON_STACK];
    size_t bytes;
    if (count < 2 || size == 0)
        return;
    bool is_large = size > MOVED_BYTES;
    bool fits = !__builtin_mul_overflow(count, size, &bytes);
    if (fits)
        bytes = is_large ? (count + count / 2) * sizeof(void *) + size : count / 2 * size;
    byte *room = fits && bytes <= ON_STACK ? on_stack : fits ? room_for(bytes) : NULL;
    if (!room)
        sort_in_place(compare, elements, count, size);
    else if (is_large)
        sort_large(compare, elements, count, size, room);
    else
        sort_small(&(const sorting){compare, size, room}, elements, count);
    if (room != on_stack)
        free(room);
}
