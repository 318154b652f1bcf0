#include "trace/input.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/blocks.h"

static struct {
    int fd;
    const char *file; /* mapped */
    uint64_t size;
    tc_blocks walk;
    /* The current block's events. */
    const char *events;
    uint64_t used, at;
    char *unpacked[2];
    uint64_t capacity[2];
    unsigned current; /* of unpacked: events of the block before are still borrowed */
    bool over;        /* there is no next block */
    const char *problem;
} input = {.fd = -1};

static size_t (*decompress)(void *to, size_t room, const void *from, size_t size);
static unsigned long long (*content_size)(const void *from, size_t size);

static void load_zstd(void) {
    static void *library; /* until the end */
    void *symbols[2] = {NULL, NULL};
    library = dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library) {
        symbols[0] = dlsym(library, "ZSTD_decompress");
        symbols[1] = dlsym(library, "ZSTD_getFrameContentSize");
    }
    memcpy(&decompress, &symbols[0], sizeof decompress);
    memcpy(&content_size, &symbols[1], sizeof content_size);
}

static bool read_mapped(void *unused, void *to, size_t size, uint64_t at) {
    (void)unused;
    if (at > input.size || size > input.size - at)
        return false;
    memcpy(to, input.file + at, size);
    return true;
}

static uint64_t size_mapped(void *unused) {
    (void)unused;
    return input.size;
}

/* Whether a block of the record is compressed: all are looked at, but not their events. */
static bool is_compressed(void) {
    tc_blocks walk = input.walk;
    bool follows;
    for (;;) {
        if (!tc_blocks_next(&walk)) {
            if (!tc_blocks_next_segment(&walk, &follows))
                return false;
        } else if (walk.sealed) {
            if (walk.block.encoding == TC_RECORD_ZSTD)
                return true;
            tc_blocks_leave(&walk);
        } else if (!tc_blocks_next_segment(&walk, &follows)) {
            return false;
        }
    }
}

/* Whatever was open before. */
static void leave(void) {
    if (input.file)
        munmap((void *)input.file, input.size);
    if (input.fd >= 0)
        close(input.fd);
    free(input.unpacked[0]);
    free(input.unpacked[1]);
    memset(&input, 0, sizeof input);
    input.fd = -1;
}

const char *tc_input_open(const char *path) {
    struct stat status;
    leave();
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
    input.file = mapped;
    switch (tc_blocks_open(&input.walk, &(tc_blocks_file){read_mapped, size_mapped, NULL})) {
    case TC_BLOCKS_GOOD:
        madvise(mapped, input.size, MADV_RANDOM); /* blocks' first pages only */
        if (!decompress && is_compressed())
            load_zstd(); /* now, for a process that is confined loads no library */
        madvise(mapped, input.size, MADV_SEQUENTIAL);
        return NULL;
    case TC_BLOCKS_SHORT:
    case TC_BLOCKS_FOREIGN:
        return "it is no record of Timecraft";
    case TC_BLOCKS_VERSION:
        return "another version of Timecraft has written it";
    default:
        return "its header is damaged";
    }
}

const tc_record_header *tc_input_header(void) {
    return &input.walk.header;
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

static const char *unpack(const void *from, size_t stored, uint64_t used) {
    if (!decompress || !content_size)
        return "it is compressed, and there is no libzstd.so.1 to read it with; on Debian: apt "
               "install libzstd1";
    if (content_size(from, stored) != used)
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

/* The events of the current block. False: input.problem says why they cannot be had. */
static bool load_events(void) {
    const tc_record_block *block = &input.walk.block;
    input.events = input.file + input.walk.from + sizeof *block;
    input.used = tc_blocks_room(&input.walk);
    input.at = 0;
    if (input.walk.sealed && block->encoding == TC_RECORD_ZSTD)
        input.problem = unpack(input.events, block->stored, block->used);
    else if (input.walk.sealed && block->stored != block->used)
        input.problem = "a block of it is damaged";
    return !input.problem;
}

/* The next block, of this segment or of the one that follows it. */
static bool next_block(void) {
    bool follows, first = !input.walk.any;
    if (!first && !input.walk.sealed)
        return false;
    if (!first)
        tc_blocks_leave(&input.walk);
    if (tc_blocks_next(&input.walk))
        return load_events();
    bool entered = tc_blocks_next_segment(&input.walk, &follows);
    if (first && !(entered && input.walk.segment == 0 && input.walk.number == 0)) {
        input.problem =
            entered ? "its beginning was written over (--record=…,limit= keeps the newest part)"
                    : "nothing is in it";
        return false;
    }
    return entered && (first || follows) && tc_blocks_next(&input.walk) && load_events();
}

/* ---- events ---- */

const tc_record_event *tc_input_next(void) {
    while (!input.problem && !input.over) {
        uint32_t size =
            input.events ? tc_blocks_event(&input.walk, input.events, input.used, input.at) : 0;
        if (size) {
            const char *event = input.events + input.at;
            input.at += size;
            return (const tc_record_event *)event;
        }
        if (input.events && input.walk.sealed && input.at < input.used) {
            input.problem = "a block of it is damaged";
            return NULL;
        }
        input.events = NULL;
        input.over = !next_block();
    }
    return NULL;
}
