/* mmap() and its like: pages of their own, by the 64 KiB that WebAssembly's memory grows by, which
 * is also what getpagesize() says. wasi-libc's emulation returns addresses within blocks of
 * malloc() that are no pages, and unmaps only whole mappings. Here any pages of a mapping can be
 * unmapped; they are zero when they are mapped again. Memory never shrinks, so that they are kept
 * for that.
 *
 * A file's bytes are read when it is mapped: EINVAL for what cannot be, and ENODEV for memory that
 * would have to be written back, MAP_SHARED with PROT_WRITE. Every page can be read and written.
 */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host.h"

#define WEAK __attribute__((weak))
#define PAGE 65536u

/* A bit for each page of the memory: those that are mmap()'s, and which of them are mapped. */
enum { PAGES = 65536, BITS = 64 };
static uint64_t own[PAGES / BITS], mapped[PAGES / BITS];
static size_t lowest = PAGES, above; /* own pages are in here */

static bool is_set(const uint64_t *bits, size_t page) {
    return bits[page / BITS] >> page % BITS & 1;
}

static void set(uint64_t *bits, size_t page, bool value) {
    uint64_t bit = UINT64_C(1) << page % BITS;
    bits[page / BITS] = value ? bits[page / BITS] | bit : bits[page / BITS] & ~bit;
}

/* `count` pages that are own and free, 0 if there are none: page 0 is nobody's. */
static size_t find_free(size_t count) {
    size_t run = 0;
    for (size_t page = lowest; page < above; page++) {
        if (page % BITS == 0 && !(own[page / BITS] & ~mapped[page / BITS])) {
            run = 0;
            page += BITS - 1;
            continue;
        }
        run = is_set(own, page) && !is_set(mapped, page) ? run + 1 : 0;
        if (run == count)
            return page + 1 - count;
    }
    return 0;
}

static size_t grow(size_t count) {
    size_t first = __builtin_wasm_memory_grow(0, count);
    if (first == SIZE_MAX)
        return 0;
    for (size_t page = first; page < first + count; page++)
        set(own, page, true);
    lowest = first < lowest ? first : lowest;
    above = first + count > above ? first + count : above;
    return first;
}

static void unmap(size_t first, size_t count) {
    for (size_t page = first; page < first + count; page++)
        if (is_set(own, page))
            set(mapped, page, false);
}

/* Up to the end of the file; the rest is zero already. */
static int read_file(int fd, char *to, size_t length, off_t offset) {
    while (length) {
        ssize_t got = pread(fd, to, length, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? errno : 0;
        to += got;
        offset += got;
        length -= (size_t)got;
    }
    return 0;
}

static void *failed(int error) {
    errno = error;
    return MAP_FAILED;
}

WEAK void *mmap(void *hint, size_t length, int protection, int flags, int fd, off_t offset) {
    (void)hint;
    int kind = flags & MAP_TYPE;
    bool of_file = !(flags & MAP_ANONYMOUS);
    if (!length || (kind != MAP_PRIVATE && kind != MAP_SHARED) || (flags & MAP_FIXED) ||
        offset < 0 || offset % PAGE)
        return failed(EINVAL);
    if (protection & ~(PROT_READ | PROT_WRITE))
        return failed(ENOTSUP);
    if (of_file && kind == MAP_SHARED && (protection & PROT_WRITE))
        return failed(ENODEV);
    if (length > SIZE_MAX - PAGE)
        return failed(ENOMEM);
    size_t count = (length + PAGE - 1) / PAGE, first = find_free(count);
    bool used = first;
    if (!first && !(first = grow(count)))
        return failed(ENOMEM);
    char *start = (char *)(first * PAGE);
    if (used)
        memset(start, 0, count * PAGE);
    for (size_t page = first; page < first + count; page++)
        set(mapped, page, true);
    int error = of_file ? read_file(fd, start, length, offset) : 0;
    if (error) {
        unmap(first, count);
        return failed(error == ESPIPE || error == EISDIR ? ENODEV : error);
    }
    return start;
}

/* The pages of a range, or false with EINVAL. */
static bool pages_of(const void *address, size_t length, size_t *first, size_t *count) {
    if ((uintptr_t)address % PAGE || length > SIZE_MAX - PAGE + 1 ||
        (length + PAGE - 1) / PAGE > PAGES - (uintptr_t)address / PAGE) {
        errno = EINVAL;
        return false;
    }
    *first = (uintptr_t)address / PAGE;
    *count = (length + PAGE - 1) / PAGE;
    return true;
}

static bool all_mapped(size_t first, size_t count) {
    for (size_t page = first; page < first + count; page++)
        if (!is_set(mapped, page))
            return false;
    return true;
}

WEAK int munmap(void *address, size_t length) {
    size_t first, count;
    if (!length)
        return tc_result(EINVAL);
    if (!pages_of(address, length, &first, &count))
        return -1;
    unmap(first, count);
    return 0;
}

/* WebAssembly has no protection: what asks for less than all is told that there is none. */
WEAK int mprotect(void *address, size_t length, int protection) {
    size_t first, count;
    if (!pages_of(address, length, &first, &count))
        return -1;
    return protection == (PROT_READ | PROT_WRITE) ? 0 : tc_result(ENOTSUP);
}

WEAK int msync(void *address, size_t length, int flags) {
    size_t first, count;
    if ((flags & ~(MS_ASYNC | MS_SYNC | MS_INVALIDATE)) || (flags & MS_ASYNC && flags & MS_SYNC))
        return tc_result(EINVAL);
    if (!pages_of(address, length, &first, &count))
        return -1;
    return all_mapped(first, count) ? 0 : tc_result(ENOMEM);
}

/* Advice is only advice, but the memory is expected to be zero after MADV_DONTNEED (madvise(2)). */
WEAK int madvise(void *address, size_t length, int advice) {
    size_t first, count;
    if (!pages_of(address, length, &first, &count))
        return -1;
    if (!all_mapped(first, count))
        return tc_result(ENOMEM);
    if (advice == MADV_DONTNEED)
        memset(address, 0, count * PAGE);
    return 0;
}

WEAK int posix_madvise(void *address, size_t length, int advice) {
    (void)address;
    (void)length;
    return advice < POSIX_MADV_NORMAL || advice > POSIX_MADV_DONTNEED ? EINVAL : 0;
}
