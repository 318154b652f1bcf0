// run: --dir {tmp}::/
/* mmap(): pages that begin at a page, of which any can be unmapped, and which are zero when they
 * come again; files are read; what a guest's memory cannot do fails. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>

#include "check.h"

enum { MEGABYTE = 1 << 20, READ_WRITE = PROT_READ | PROT_WRITE };

static char *anonymous(size_t length) {
    return mmap(NULL, length, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int is_zero(const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (bytes[i])
            return 0;
    return 1;
}

/* As allocators get memory at a multiple of its size: they unmap what is before and behind. */
static void check_trimming(size_t page) {
    size_t wanted = 2 * MEGABYTE, whole = 2 * wanted - page;
    char *start = anonymous(whole);
    CHECK(start != MAP_FAILED && (uintptr_t)start % page == 0 && is_zero(start, whole));
    char *aligned = (char *)(((uintptr_t)start + wanted - 1) / wanted * wanted);
    size_t before = (size_t)(aligned - start), behind = whole - before - wanted;
    CHECK(!before || munmap(start, before) == 0);
    CHECK(!behind || munmap(aligned + wanted, behind) == 0);
    memset(aligned, 7, wanted);
    char *other = malloc(MEGABYTE);
    memset(other, 8, MEGABYTE);
    CHECK(aligned[0] == 7 && aligned[wanted - 1] == 7);
    free(other);
    CHECK(madvise(aligned, page, MADV_DONTNEED) == 0);
    CHECK(is_zero(aligned, page) && aligned[page] == 7);
    CHECK(munmap(aligned, wanted) == 0 && munmap(aligned, wanted) == 0);
}

/* Without an end: the same memory again and again, however it was cut. */
static void check_reuse(size_t page) {
    char *blocks[16];
    size_t size = __builtin_wasm_memory_size(0);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 16; i++) {
            size_t length = (size_t)(i % 4 + 1) * page;
            blocks[i] = anonymous(length);
            CHECK(blocks[i] != MAP_FAILED && is_zero(blocks[i], length));
            memset(blocks[i], i + 1, length);
        }
        for (int i = 0; i < 16; i++) {
            size_t length = (size_t)(i % 4 + 1) * page;
            CHECK(blocks[i][0] == i + 1 && blocks[i][length - 1] == i + 1);
            CHECK(munmap(blocks[i], page) == 0);
            CHECK(length == page || munmap(blocks[i] + page, length - page) == 0);
        }
        if (round == 0)
            size = __builtin_wasm_memory_size(0);
    }
    CHECK(__builtin_wasm_memory_size(0) == size);
}

static void check_files(size_t page) {
    int fd = open("/mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && ftruncate(fd, (off_t)page) == 0 && pwrite(fd, "hello", 5, (off_t)page) == 5);
    char *whole = mmap(NULL, page + 5, PROT_READ, MAP_SHARED, fd, 0);
    char *part = mmap(NULL, 5, READ_WRITE, MAP_PRIVATE, fd, (off_t)page);
    CHECK(whole != MAP_FAILED && memcmp(whole + page, "hello", 6) == 0 && is_zero(whole, page));
    CHECK(part != MAP_FAILED && memcmp(part, "hello", 6) == 0);
    part[0] = 'j';
    CHECK(whole[page] == 'h' && msync(whole, page + 5, MS_SYNC) == 0);
    CHECK(munmap(whole, page + 5) == 0 && munmap(part, 5) == 0);
    CHECK(mmap(NULL, 5, READ_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno == ENODEV);
    CHECK(mmap(NULL, 5, PROT_READ, MAP_SHARED, fd, 1) == MAP_FAILED && errno == EINVAL);
    close(fd);
    CHECK(mmap(NULL, 5, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EBADF);
    unlink("/mapped");
}

static void check_refusals(size_t page) {
    char *block = anonymous(page);
    CHECK(mmap(NULL, 0, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    CHECK(errno == EINVAL);
    CHECK(anonymous(SIZE_MAX) == MAP_FAILED && errno == ENOMEM);
    CHECK_ERRNO(munmap(block + 1, page), EINVAL);
    CHECK_ERRNO(munmap(block, 0), EINVAL);
    CHECK_ERRNO(munmap(block, SIZE_MAX), EINVAL);
    CHECK(mprotect(block, page, READ_WRITE) == 0);
    CHECK_ERRNO(mprotect(block, page, PROT_NONE), ENOTSUP);
    CHECK_ERRNO(mprotect(block, page, PROT_READ), ENOTSUP);
    CHECK(munmap(block, page) == 0);
    CHECK_ERRNO(msync(block, page, MS_SYNC), ENOMEM);
    CHECK_ERRNO(madvise(block, page, MADV_DONTNEED), ENOMEM);
}

int main(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    check_trimming(page);
    check_reuse(page);
    check_files(page);
    check_refusals(page);
    return 0;
}
