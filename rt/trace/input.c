#include "trace/input.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/checksum.h"

#define ALIGNMENT ((uint64_t)TC_RECORD_BLOCK_ALIGNMENT)
/* The largest event has 1 GiB (writer.c), its block little more. */
#define BLOCK_MAX (((uint64_t)1 << 30) + ((uint64_t)1 << 20))

static struct {
    int fd;
    const char *file; /* mapped */
    uint64_t size;
    tc_record_header header;
    uint64_t segment, segment_end; /* the current one; where it ends in the file */
    uint64_t offset;               /* of the next block */
    uint64_t number;               /* the number that the next block must have */
    /* The current block's events. */
    const char *events;
    uint64_t used, at;
    uint64_t salt; /* for their checks */
    bool sealed;
    bool last; /* the segment ends with it */
    char *unpacked[2];
    uint64_t capacity[2];
    unsigned current; /* of unpacked: events of the block before are still borrowed */
    bool started;
    const char *problem;
} input = {.fd = -1};

static uint64_t rounded(uint64_t size) {
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

const char *tc_input_open(const char *path) {
    struct stat status;
    input.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (input.fd < 0 || fstat(input.fd, &status) < 0)
        return strerror(errno);
    if (!S_ISREG(status.st_mode))
        return "it is no file";
    input.size = (uint64_t)status.st_size;
    if (input.size < TC_RECORD_HEADER_SIZE)
        return "it is no record of Timecraft";
    void *mapped = mmap(NULL, input.size, PROT_READ, MAP_PRIVATE, input.fd, 0);
    if (mapped == MAP_FAILED)
        return strerror(errno);
    madvise(mapped, input.size, MADV_SEQUENTIAL);
    input.file = mapped;
    memcpy(&input.header, input.file, sizeof input.header);
    const tc_record_header *header = &input.header;
    if (memcmp(header->magic, TC_RECORD_MAGIC, sizeof header->magic) != 0)
        return "it is no record of Timecraft";
    if (header->version != TC_RECORD_VERSION)
        return "another version of Timecraft has written it";
    if (header->check != tc_checksum(header, offsetof(tc_record_header, check), 0) ||
        header->header_size != TC_RECORD_HEADER_SIZE || header->segment_size % ALIGNMENT ||
        header->staging_size % ALIGNMENT || header->staging_size > BLOCK_MAX ||
        header->segment_count == 0)
        return "its header is damaged";
    return NULL;
}

const tc_record_header *tc_input_header(void) {
    return &input.header;
}

const char *tc_input_problem(void) {
    return input.problem;
}

bool tc_input_is_growing(void) {
    if (flock(input.fd, LOCK_SH | LOCK_NB) == 0) {
        flock(input.fd, LOCK_UN);
        return false;
    }
    return errno == EWOULDBLOCK;
}

bool tc_input_contains(const void *address) {
    return input.file && (const char *)address >= input.file &&
           (const char *)address < input.file + input.size;
}

/* ---- blocks ---- */

static size_t (*decompress)(void *to, size_t room, const void *from, size_t size);
static unsigned long long (*content_size)(const void *from, size_t size);

static bool load_zstd(void) {
    static void *library; /* stays */
    if (!library)
        library = dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL);
    void *symbols[2] = {NULL, NULL};
    if (library) {
        symbols[0] = dlsym(library, "ZSTD_decompress");
        symbols[1] = dlsym(library, "ZSTD_getFrameContentSize");
    }
    memcpy(&decompress, &symbols[0], sizeof decompress);
    memcpy(&content_size, &symbols[1], sizeof content_size);
    return decompress && content_size;
}

static const char *unpack(const void *from, size_t stored, uint64_t used) {
    if (!decompress && !load_zstd())
        return "it is compressed, and there is no libzstd.so.1 to read it with; on Debian: apt "
               "install libzstd1";
    if (used > BLOCK_MAX || content_size(from, stored) != used)
        return "a compressed block is damaged";
    input.current ^= 1;
    unsigned place = input.current;
    if (used > input.capacity[place]) {
        free(input.unpacked[place]);
        input.unpacked[place] = malloc(used);
        input.capacity[place] = input.unpacked[place] ? used : 0;
        if (!input.unpacked[place])
            return strerror(ENOMEM);
    }
    if (decompress(input.unpacked[place], used, from, stored) != used)
        return "a compressed block is damaged";
    input.events = input.unpacked[place];
    return NULL;
}

/* Whether the next block is at `offset`, in a segment, or the staging block, that ends at `end`.
 * *left: bytes behind its structure. */
static bool find_block(uint64_t offset, uint64_t end, tc_record_block *block, uint64_t *left) {
    end = end < input.size ? end : input.size;
    if (offset > end || end - offset < sizeof *block)
        return false;
    memcpy(block, input.file + offset, sizeof *block);
    *left = end - offset - sizeof *block;
    return block->magic == TC_RECORD_BLOCK_MAGIC &&
           block->open_check ==
               (uint32_t)tc_checksum(block, offsetof(tc_record_block, used), input.header.salt) &&
           block->segment == input.segment && block->number == input.number;
}

/* The next block: in the staging block, or at its place, input.offset. False: there is none. */
static bool take_block(void) {
    tc_record_block block;
    uint64_t left, from = TC_RECORD_HEADER_SIZE;
    if (!find_block(from, from + input.header.staging_size, &block, &left)) {
        from = input.offset;
        if (!find_block(from, input.segment_end, &block, &left))
            return false;
    }
    input.events = input.file + from + sizeof block;
    input.at = 0;
    input.salt = input.header.salt + block.number;
    input.sealed =
        block.seal_check == (uint32_t)tc_checksum(&block, offsetof(tc_record_block, open_check),
                                                  input.header.salt) &&
        block.stored <= left &&
        (block.encoding == TC_RECORD_ZSTD
             ? true
             : block.encoding == TC_RECORD_PLAIN && block.stored == block.used);
    input.last = !input.sealed;
    input.used = input.sealed ? block.used : block.room < left ? block.room : left;
    if (input.sealed && block.encoding == TC_RECORD_ZSTD) {
        input.problem = unpack(input.events, block.stored, block.used);
        if (input.problem)
            return false;
    }
    input.offset = rounded(input.offset + sizeof block + block.stored);
    input.number++;
    return true;
}

static bool enter_segment(uint64_t segment) {
    uint64_t place = segment % input.header.segment_count, start;
    input.segment = segment;
    input.segment_end = UINT64_MAX;
    if (__builtin_mul_overflow(place, input.header.segment_size, &start) ||
        start > UINT64_MAX - TC_RECORD_HEADER_SIZE - BLOCK_MAX - input.header.segment_size)
        return false;
    input.offset = TC_RECORD_HEADER_SIZE + input.header.staging_size + start;
    if (input.header.segment_size)
        input.segment_end = input.offset + input.header.segment_size;
    return take_block();
}

static bool next_block(void) {
    if (!input.started) {
        input.started = true;
        if (enter_segment(0))
            return true;
        if (!input.problem)
            input.problem =
                input.header.segment_size
                    ? "its beginning was written over (--record=…,limit= keeps the newest part)"
                    : "nothing is in it";
        return false;
    }
    if (!input.last && take_block())
        return true;
    return !input.problem && input.header.segment_size &&
           input.segment + 1 < input.header.segment_count && enter_segment(input.segment + 1);
}

/* ---- events ---- */

static const tc_record_event *event_here(void) {
    tc_record_event head;
    if (!input.events || input.used - input.at < sizeof head)
        return NULL;
    const char *at = input.events + input.at;
    memcpy(&head, at, sizeof head);
    if (head.size < sizeof head || head.size % 8 || head.size > input.used - input.at ||
        head.check != (uint32_t)tc_checksum(at + sizeof head.check, head.size - sizeof head.check,
                                            input.salt))
        return NULL;
    return (const tc_record_event *)at;
}

const tc_record_event *tc_input_next(void) {
    const tc_record_event *event;
    while (!input.problem) {
        event = event_here();
        if (event) {
            input.at += event->size;
            return event;
        }
        if (input.events && input.sealed && input.at < input.used) {
            input.problem = "a block of it is damaged";
            return NULL;
        }
        input.events = NULL;
        if (!next_block())
            return NULL;
    }
    return NULL;
}
