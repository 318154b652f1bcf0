/* The string functions of the SDK say what simple loops say: for all alignments, for lengths around
 * several blocks, where objects overlap, and where one ends with the memory.
 */
#include "../check.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Called through these, so that the compiler cannot know what they do. */
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;
static void *(*volatile move)(void *, const void *, size_t) = memmove;
static void *(*volatile fill)(void *, int, size_t) = memset;
static int (*volatile compare)(const void *, const void *, size_t) = memcmp;
static size_t (*volatile length_of)(const char *) = strlen;
static void *(*volatile find)(const void *, int, size_t) = memchr;
static char *(*volatile find_in_text)(const char *, int) = strchr;
extern char *strchrnul(const char *text, int byte);
static char *(*volatile find_or_end)(const char *, int) = strchrnul;
static size_t (*volatile without)(const char *, const char *) = strcspn;
static size_t (*volatile only)(const char *, const char *) = strspn;
static char *(*volatile find_text)(const char *, const char *) = strstr;

#define ALIGNMENTS 17
#define LENGTHS    52
#define ROOM       (ALIGNMENTS + LENGTHS + 32)

static unsigned char here[ROOM], there[ROOM], before[ROOM];
static unsigned char *end_of_memory;

static void mix(unsigned char *to, unsigned seed) {
    for (size_t i = 0; i < ROOM; i++)
        to[i] = (unsigned char)((i * 131 + seed * 29) % 251 + 1);
}

/* `to` and what was before in `from`, byte by byte. */
static void check_moved(const unsigned char *all, const unsigned char *from, size_t at,
                        size_t size) {
    for (size_t i = 0; i < ROOM; i++) {
        unsigned char expected = i >= at && i < at + size ? from[i - at] : before[i];
        if (all[i] != expected)
            check(0, "bytes are where they belong", __FILE__, __LINE__);
    }
}

static void copies(void) {
    for (size_t to = 0; to < ALIGNMENTS; to++) {
        for (size_t from = 0; from < ALIGNMENTS; from++) {
            for (size_t size = 0; size < LENGTHS; size++) {
                mix(here, 1);
                mix(there, 2);
                for (size_t i = 0; i < ROOM; i++)
                    before[i] = here[i];
                CHECK(copy(here + to, there + from, size) == here + to);
                check_moved(here, there + from, to, size);
                mix(here, 1);
                CHECK(move(here + to, here + from, size) == here + to); /* they overlap */
                check_moved(here, before + from, to, size);
            }
        }
    }
}

static void fills(void) {
    for (size_t to = 0; to < ALIGNMENTS; to++) {
        for (size_t size = 0; size < LENGTHS; size++) {
            mix(here, 1);
            mix(before, 1);
            for (size_t i = 0; i < ROOM; i++)
                there[i] = 0xa5;
            CHECK(fill(here + to, 0x3a5, size) == here + to);
            check_moved(here, there, to, size);
        }
    }
    /* Nothing of nothing is nowhere. */
    CHECK(copy(NULL, NULL, 0) == NULL && move(NULL, NULL, 0) == NULL);
    void *far_away = (void *)~(uintptr_t)0;
    CHECK(fill(far_away, 0, 0) == far_away && copy(far_away, far_away, 0) == far_away);
    CHECK(compare(far_away, far_away, 0) == 0 && find(far_away, 1, 0) == NULL);
}

static int sign(int value) {
    return (value > 0) - (value < 0);
}

/* Both ways, with one byte that differs and others behind it that say the opposite. */
static void compares_at(unsigned char *a, unsigned char *b, size_t size) {
    for (size_t i = 0; i < size; i++)
        a[i] = b[i] = (unsigned char)(i * 37 + 200);
    CHECK(compare(a, b, size) == 0);
    for (size_t i = 0; i < size; i++) {
        static const unsigned char pairs[][2] = {{0, 255}, {127, 128}, {1, 0}, {0x80, 0}, {7, 8}};
        unsigned char was = a[i];
        const unsigned char *pair = pairs[i % 5];
        a[i] = pair[0];
        b[i] = pair[1];
        if (i + 1 < size)
            a[i + 1] = (unsigned char)(pair[1] > pair[0] ? 255 : 0);
        if (i + 1 < size)
            b[i + 1] = (unsigned char)(pair[1] > pair[0] ? 0 : 255);
        int expected = pair[0] < pair[1] ? -1 : 1;
        CHECK(sign(compare(a, b, size)) == expected);
        CHECK(sign(compare(b, a, size)) == -expected);
        CHECK(compare(a, b, i) == 0);
        a[i] = b[i] = was;
        if (i + 1 < size)
            a[i + 1] = b[i + 1] = (unsigned char)((i + 1) * 37 + 200);
    }
}

static void compares(void) {
    for (size_t size = 0; size < LENGTHS; size++) {
        for (size_t to = 0; to < ALIGNMENTS; to++) {
            for (size_t from = 0; from < ALIGNMENTS; from += 3)
                compares_at(here + to, there + from, size);
        }
        compares_at(end_of_memory - size, there + 1, size);
        compares_at(here + 3, end_of_memory - size, size);
    }
}

/* What simple loops say. */
static size_t loop_strlen(const char *text) {
    size_t length = 0;
    while (((const volatile char *)text)[length])
        length++;
    return length;
}

static size_t loop_span(const char *text, const char *bytes, int wanted) {
    size_t length = 0;
    for (; text[length]; length++) {
        int has = 0;
        for (const char *byte = bytes; *byte; byte++)
            has |= *byte == text[length];
        if (has != wanted)
            break;
    }
    return length;
}

static void searches_of(const char *text, int byte) {
    size_t length = loop_strlen(text), first = 0;
    while (first < length && text[first] != (char)byte)
        first++;
    CHECK(length_of(text) == length);
    CHECK(find_or_end(text, byte) == text + first);
    CHECK(find_in_text(text, byte) == (text[first] == (char)byte ? text + first : NULL));
    for (size_t size = 0; size <= length + 1; size++) {
        const char *found = size > first && text[first] == (char)byte ? text + first : NULL;
        CHECK(find(text, byte, size) == found);
    }
    if (text[first] == (char)byte)
        CHECK(find(text, byte, SIZE_MAX) == text + first);
    static const char sets[][40] = {
        "", "\x01", "ab", "abc", "\xff\x80z", "abcd", "zyxwvutsrq\xff\x80"};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        CHECK(without(text, sets[i]) == loop_span(text, sets[i], 0));
        CHECK(only(text, sets[i]) == loop_span(text, sets[i], 1));
    }
    char one[2] = {(char)byte, 0};
    CHECK(without(text, one) == loop_span(text, one, 0));
    CHECK(only(text, one) == loop_span(text, one, 1));
}

/* Texts of `length` bytes at an address, with bytes before them that must not be found. */
static void searches_at(unsigned char *at, size_t length) {
    static const unsigned char bytes[] = {1, 'a', 'b', 0x7f, 0x80, 0x81, 0xff};
    for (size_t i = 0; i < sizeof bytes; i++) {
        unsigned char byte = bytes[i];
        for (size_t where = 0; where <= length; where += where < 18 ? 1 : 7) {
            for (size_t other = 0; other < 2; other++) {
                /* A neighbour of the byte, which differs in one bit. */
                unsigned char fill_with = other ? byte ^ 1 ? byte ^ 1 : 2 : 'c';
                for (int k = 1; k <= 16; k++)
                    at[-k] = k % 2 ? byte : 0;
                for (size_t k = 0; k < length; k++)
                    at[k] = fill_with;
                if (where < length)
                    at[where] = byte;
                at[length] = 0;
                searches_of((char *)at, byte);
            }
        }
        for (size_t k = 0; k < length; k++)
            at[k] = byte;
        searches_of((char *)at, byte);
        searches_of((char *)at, 0);
    }
}

static void searches(void) {
    for (size_t length = 0; length < LENGTHS; length += length < 20 ? 1 : 3) {
        for (size_t at = 0; at < ALIGNMENTS; at++)
            searches_at(here + 16 + at, length);
        searches_at(end_of_memory - length - 1, length);
    }
    /* Without a zero: nothing behind the last byte of the memory is read. */
    for (size_t size = 0; size < LENGTHS; size++) {
        for (size_t i = 1; i <= size; i++)
            end_of_memory[-(ptrdiff_t)i] = 'c';
        CHECK(find(end_of_memory - size, 'd', size) == NULL);
        CHECK(copy(end_of_memory - size, here, size) == end_of_memory - size);
        CHECK(copy(here, end_of_memory - size, size) == here);
        CHECK(move(end_of_memory - size, here, size) == end_of_memory - size);
        CHECK(fill(end_of_memory - size, 1, size) == end_of_memory - size);
    }
}

static const char *loop_strstr(const char *text, const char *wanted) {
    for (;; text++) {
        size_t same = 0;
        while (((const volatile char *)wanted)[same] && text[same] == wanted[same])
            same++;
        if (!wanted[same])
            return text;
        if (!*text)
            return NULL;
    }
}

static uint32_t random_bits(void) {
    static uint32_t state = 1;
    state = state * 1664525 + 1013904223;
    return state >> 16;
}

/* Of few letters, so that much repeats itself: by chance, or the same few again and again. */
static void make_text(char *to, size_t length, size_t repeated) {
    for (size_t i = 0; i < length; i++)
        to[i] = i < repeated || random_bits() % 64 == 0 ? (char)("aab\xff"[random_bits() % 4])
                                                        : to[i - repeated];
    to[length] = 0;
}

/* Both end with the memory; what is looked for is sometimes a part of the text, but for a byte. */
static void texts_in_texts(void) {
    static char elsewhere[1200];
    for (unsigned round = 0; round < 6000; round++) {
        size_t length = random_bits() % (round % 8 ? 60 : 1000);
        size_t part = random_bits() % (round % 3 ? 9 : 90);
        char *text = (char *)end_of_memory - length - 1;
        make_text(text, length, 1 + random_bits() % (round % 2 ? 5 : 50));
        if (part > length || round % 5 == 0) {
            make_text(elsewhere, part, 1 + random_bits() % 4);
        } else {
            size_t from = random_bits() % (length - part + 1);
            for (size_t i = 0; i < part; i++)
                elsewhere[i] = text[from + i];
            elsewhere[part] = 0;
            if (part && round % 2)
                elsewhere[random_bits() % part] = 'b';
        }
        CHECK(find_text(text, elsewhere) == loop_strstr(text, elsewhere));
        CHECK(find_text(elsewhere, text) == loop_strstr(elsewhere, text));
        CHECK(find_text(elsewhere + part, text) == loop_strstr(elsewhere + part, text));
    }
}

/* What compares again from each place on would take minutes. */
static void long_texts_in_longer_ones(void) {
    enum { LENGTH = 1 << 20, PART = 1 << 19 };
    char *text = malloc(LENGTH + 1), *part = malloc(PART + 1);
    CHECK(text && part);
    for (size_t i = 0; i < LENGTH; i++)
        text[i] = 'a';
    for (size_t i = 0; i < PART; i++)
        part[i] = 'a';
    text[LENGTH] = part[PART] = 0;
    CHECK(find_text(text, part) == text);
    part[PART - 1] = 'b';
    CHECK(!find_text(text, part));
    text[LENGTH - 1] = 'b';
    CHECK(find_text(text, part) == text + LENGTH - PART);
    part[PART / 2] = 'b';
    CHECK(!find_text(text, part));
    part[0] = 'b';
    CHECK(!find_text(text, part));
    free(text);
    free(part);
}

int main(void) {
    end_of_memory = (unsigned char *)((__builtin_wasm_memory_grow(0, 1) + 1) << 16);
    CHECK(__builtin_wasm_memory_size(0) << 16 == (uintptr_t)end_of_memory);
    copies();
    fills();
    compares();
    searches();
    texts_in_texts();
    CHECK(__builtin_wasm_memory_size(0) << 16 == (uintptr_t)end_of_memory);
    long_texts_in_longer_ones();
    return 0;
}
