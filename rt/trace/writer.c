/* Blocks are written plain. zstd at its level 1 makes a tenth of calls that look alike, but takes 3
 * to 6 seconds of CPU for a gigabyte (2 cores of an AMD EPYC, shared), which a download with hTLS
 * takes less than one of, and saves nothing of what a server has compressed already. `timecraft`
 * can compress a record afterwards, when nobody waits for the program; the format has a place for
 * it. */
#include "trace/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "guest/report.h"
#include "trace/checksum.h"

#define ALIGNMENT  ((uint64_t)TC_RECORD_BLOCK_ALIGNMENT)
#define BLOCK_SIZE ((uint64_t)1 << 20) /* with its header; larger for a larger event */
#define EVENT_MAX  ((uint64_t)1 << 30)
#define LAST_ROOM                                                                                  \
    ((uint64_t)128) /* at each block's end: for what is said when no other can be had */
enum { SEGMENTS = 8 };

static struct {
    int fd; /* -1: nothing is recorded */
    int error;
    char *path;
    uint64_t salt;
    uint64_t segment_size; /* 0: one without end */
    void (*begin_segment)(void);
    uint64_t segment;       /* the current one's number */
    uint64_t number;        /* the next block's */
    uint64_t offset;        /* of the current block in the file */
    tc_record_block *block; /* mapped, or NULL */
    size_t mapped;          /* bytes */
    uint64_t used;          /* bytes of events in it */
    bool in_state;          /* begin_segment is at work */
} writer = {.fd = -1};

static uint64_t round_up(uint64_t size, uint64_t to) {
    return (size + to - 1) / to * to;
}

static uint64_t segment_start(uint64_t segment) {
    return TC_RECORD_HEADER_SIZE + segment % SEGMENTS * writer.segment_size;
}

/* Ends recording; the program goes on. */
static void fail(int error) {
    writer.error = error;
    tc_report("the record %s ends here: %s; the program goes on without it", writer.path,
              strerror(error));
}

/* ---- the file ---- */

static char *expand(const char *path, const char *name) {
    char *out = NULL;
    size_t size;
    FILE *text = open_memstream(&out, &size);
    if (!text)
        return NULL;
    for (; *path; path++) {
        if (*path != '%' || !strchr("ptn%", path[1]) || !path[1]) {
            fputc(*path, text);
            continue;
        }
        switch (*++path) {
        case 'p':
            fprintf(text, "%d", (int)getpid());
            break;
        case 't':
            fprintf(text, "%lld", (long long)time(NULL));
            break;
        case 'n':
            fputs(name, text);
            break;
        default:
            fputc('%', text);
        }
    }
    return fclose(text) == 0 ? out : NULL;
}

/* Whether what stands at the path may be replaced: a record that nobody is writing. Else a reason.
 */
static const char *why_not_replace(const char *path) {
    char magic[sizeof TC_RECORD_MAGIC - 1];
    struct stat status;
    /* NONBLOCK: a FIFO has nobody on its other end. */
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ELOOP ? "it is a symbolic link" : strerror(errno);
    const char *reason = NULL;
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
        pread(fd, magic, sizeof magic, 0) != (ssize_t)sizeof magic ||
        memcmp(magic, TC_RECORD_MAGIC, sizeof magic) != 0)
        reason = "something else than a record is there";
    else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        reason = "another process is writing it";
    close(fd);
    return reason;
}

static int create(const char *path) {
    for (int attempt = 0; attempt < 10; attempt++) {
        int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd >= 0)
            return fd;
        if (errno != EEXIST) {
            tc_report("cannot record to %s: %s", path, strerror(errno));
            return -1;
        }
        const char *reason = why_not_replace(path);
        if (reason) {
            tc_report("cannot record to %s: %s; choose another name (--record=FILE.%%p has the "
                      "process's number in it)",
                      path, reason);
            return -1;
        }
        unlink(path);
    }
    tc_report("cannot record to %s: others create it, too", path);
    return -1;
}

/* So that a full disk is an error of this call, and no fault of the mapping. */
static int allocate(uint64_t offset, uint64_t size) {
    int error;
    do
        error = posix_fallocate(writer.fd, (off_t)offset, (off_t)size);
    while (error == EINTR);
    return error;
}

static bool write_header(uint64_t limit, uint8_t detail, uint64_t started) {
    char page[TC_RECORD_HEADER_SIZE] = {0};
    tc_record_header header = {
        .version = TC_RECORD_VERSION,
        .header_size = TC_RECORD_HEADER_SIZE,
        .salt = writer.salt,
        .segment_size = writer.segment_size,
        .segment_count = limit ? SEGMENTS : 1,
        .detail = detail,
        .started = started,
    };
    memcpy(header.magic, TC_RECORD_MAGIC, sizeof header.magic);
    header.check = tc_checksum(&header, offsetof(tc_record_header, check), 0);
    memcpy(page, &header, sizeof header);
    ssize_t written = pwrite(writer.fd, page, sizeof page, 0);
    if (written == (ssize_t)sizeof page)
        return true;
    tc_report("cannot record to %s: %s", writer.path, strerror(written < 0 ? errno : ENOSPC));
    return false;
}

bool tc_writer_open(const char *path, const char *name, uint64_t limit, uint8_t detail,
                    uint64_t started, void (*begin_segment)(void)) {
    writer.path = expand(path, name);
    if (!writer.path) {
        tc_report("cannot record to %s: %s", path, strerror(ENOMEM));
        return false;
    }
    writer.fd = create(writer.path);
    if (writer.fd < 0)
        return false;
    flock(writer.fd, LOCK_EX | LOCK_NB);
    if (getrandom(&writer.salt, sizeof writer.salt, 0) != (ssize_t)sizeof writer.salt)
        writer.salt = started;
    if (limit)
        writer.segment_size = (limit - TC_RECORD_HEADER_SIZE) / SEGMENTS / ALIGNMENT * ALIGNMENT;
    writer.begin_segment = begin_segment;
    writer.segment = UINT64_MAX; /* none yet */
    if (write_header(limit, detail, started))
        return true;
    close(writer.fd);
    writer.fd = -1;
    return false;
}

/* ---- blocks ---- */

static void seal(void) {
    tc_record_block *block = writer.block;
    if (!block)
        return;
    block->used = block->stored = (uint32_t)writer.used;
    block->seal_check =
        (uint32_t)tc_checksum(block, offsetof(tc_record_block, open_check), writer.salt);
    munmap(block, writer.mapped);
    writer.block = NULL;
}

static bool map_block(uint64_t offset, uint64_t size, uint64_t call, uint64_t time) {
    int error = allocate(offset, size);
    void *at = MAP_FAILED;
    if (!error) {
        at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, writer.fd, (off_t)offset);
        error = at == MAP_FAILED ? errno : 0;
    }
    if (error) {
        fail(error);
        return false; /* the block before stays open: there is LAST_ROOM in it */
    }
    seal();
    writer.block = at;
    writer.mapped = size;
    writer.offset = offset;
    writer.used = 0;
    tc_record_block *block = at;
    block->open_check = 0; /* not valid until it is whole: another may have stood here */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    *block = (tc_record_block){
        .magic = TC_RECORD_BLOCK_MAGIC,
        .encoding = TC_RECORD_PLAIN,
        .segment = writer.segment,
        .number = writer.number++,
        .first_call = call,
        .first_time = time,
        .room = size - sizeof *block,
    };
    /* What an earlier round has left here is no event of this block, but zeroes are plainer. */
    if (block->room >= sizeof(tc_record_event))
        memset(block + 1, 0, sizeof(tc_record_event));
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    block->open_check = (uint32_t)tc_checksum(block, offsetof(tc_record_block, used), writer.salt);
    return true;
}

/* The next block, with room for an event of `size` bytes. */
static bool next_block(uint64_t size, uint64_t call, uint64_t time) {
    uint64_t wanted = round_up(sizeof(tc_record_block) + size + LAST_ROOM, ALIGNMENT);
    uint64_t end = writer.offset;
    bool first = writer.segment == UINT64_MAX;
    uint64_t least = wanted;
    if (wanted < BLOCK_SIZE)
        wanted = BLOCK_SIZE;
    if (writer.block)
        end = round_up(writer.offset + sizeof(tc_record_block) + writer.used, ALIGNMENT);
    if (writer.segment_size && !first) {
        uint64_t left = segment_start(writer.segment) + writer.segment_size - end;
        if (left >= least)
            return map_block(end, wanted < left ? wanted : left, call, time);
    } else if (!first) {
        return map_block(end, wanted, call, time);
    }
    if (writer.in_state) /* a state that does not fit is left as it is */
        return false;
    if (writer.segment_size && wanted > writer.segment_size)
        wanted = writer.segment_size;
    writer.segment++;
    if (!map_block(segment_start(writer.segment), wanted, call, time)) {
        writer.segment--;
        return false;
    }
    writer.in_state = true;
    writer.begin_segment(); /* its events come here */
    writer.in_state = false;
    return !writer.error;
}

uint64_t tc_writer_most(void) {
    if (writer.fd < 0 || writer.error)
        return 0;
    /* Half a segment is left for the state, which is cut to that. */
    return writer.segment_size ? writer.segment_size / 2 : EVENT_MAX;
}

static void *room_for(uint64_t size, uint64_t kept_back) {
    if (!writer.block || size + kept_back > writer.block->room - writer.used)
        return NULL;
    return (char *)(writer.block + 1) + writer.used;
}

void *tc_writer_reserve(uint64_t size, uint64_t call, uint64_t time) {
    if (size > tc_writer_most())
        return NULL;
    void *room = room_for(size, LAST_ROOM);
    /* Twice: a new segment's state may have filled the block. */
    for (int attempt = 0; attempt < 2 && !room && next_block(size, call, time); attempt++)
        room = room_for(size, LAST_ROOM);
    return room;
}

void *tc_writer_reserve_last(uint64_t size) {
    return room_for(size, 0);
}

static uint32_t check_of(const tc_record_event *event) {
    return (uint32_t)tc_checksum((const char *)event + sizeof event->check,
                                 event->size - sizeof event->check,
                                 writer.salt + writer.block->number);
}

/* Behind an event, an event of nothing up to the end of the file's page: whole pages are written
 * for half the price. Returns the size of both. */
static uint64_t add_padding(tc_record_event *event, uint64_t room) {
    uint64_t end = writer.offset + sizeof(tc_record_block) + writer.used + event->size;
    uint64_t size = round_up(end, ALIGNMENT) - end;
    if (size < sizeof *event)
        size += ALIGNMENT;
    if (event->size + size > room ||
        event->size + size + LAST_ROOM > writer.block->room - writer.used)
        return event->size;
    tc_record_event *padding = (tc_record_event *)((char *)event + event->size);
    memset(padding, 0, size);
    *padding = (tc_record_event){.size = (uint32_t)size, .type = TC_EVENT_PADDING};
    padding->check = check_of(padding);
    return event->size + size;
}

bool tc_writer_append(void *at, uint64_t room, uint64_t call, uint64_t time) {
    tc_record_event *event = at;
    if (!tc_writer_reserve(event->size, call, time))
        return false;
    event->check = check_of(event);
    uint64_t written = 0, whole = add_padding(event, room);
    while (written < whole) {
        off_t to = (off_t)(writer.offset + sizeof(tc_record_block) + writer.used + written);
        ssize_t count = pwrite(writer.fd, (const char *)at + written, whole - written, to);
        if (count < 0 && errno != EINTR) {
            fail(errno);
            return false;
        }
        written += count > 0 ? (uint64_t)count : 0;
    }
    writer.used += whole;
    return true;
}

void tc_writer_commit(void *at) {
    tc_record_event *event = at;
    event->check = check_of(event);
    writer.used += event->size;
}

void tc_writer_close(void) {
    if (writer.fd < 0)
        return;
    uint64_t end = writer.offset + sizeof(tc_record_block) + writer.used;
    bool whole = writer.block != NULL;
    seal();
    /* Without an end of their own only records without a limit have too much. */
    if (whole && !writer.segment_size && ftruncate(writer.fd, (off_t)end) < 0)
        tc_report("cannot shorten the record %s: %s", writer.path, strerror(errno));
    close(writer.fd);
    writer.fd = -1;
}

bool tc_writer_fault(const void *address) {
    const char *start = (const char *)writer.block;
    if (!start || (const char *)address < start || (const char *)address >= start + writer.mapped)
        return false;
    void *at = mmap(writer.block, writer.mapped, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (at == MAP_FAILED)
        return false;
    writer.block->room = writer.mapped - sizeof *writer.block;
    if (!writer.error)
        fail(EIO);
    return true;
}

int tc_writer_error(void) {
    return writer.error;
}
