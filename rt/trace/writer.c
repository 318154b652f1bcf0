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
#include "trace/direct.h"

#define ALIGNMENT ((uint64_t)TC_RECORD_BLOCK_ALIGNMENT)
/* Of a slot of the staging area: it stays in a core's second cache, and is written whole, in a
 * write that is long enough for large folios in the page cache. Half of it costs 1 to 2 % more of a
 * download, and so does twice as much. */
#define STAGING_SIZE ((uint64_t)512 << 10)
#define EVENT_MAX    ((uint64_t)1 << 30)
#define AHEAD_LEAST  ((uint64_t)8 << 20)
#define AHEAD_MOST   ((uint64_t)64 << 20)
#define LAST_ROOM                                                                                  \
    ((uint64_t)128) /* at each block's end: for what is said when no other can be had */
enum {
    SEGMENTS = 8,
    SLOTS_MAX = 8,
    DIRECT_FROM = 32, /* the number of the first block that is worth it: see direct.h */
};

_Static_assert((int)SLOTS_MAX <= (int)TC_DIRECT_MOST, "each may be under way");

typedef enum slot_state {
    SLOT_BARE, /* it has no room on the disk yet, and may not be touched */
    SLOT_FREE,
    SLOT_FILLING,   /* one is, always */
    SLOT_UNDER_WAY, /* to its block's place */
    SLOT_LAST,      /* its block's place could not be written: it is read from here */
} slot_state;

static struct {
    int fd; /* -1: nothing is recorded */
    int error;
    char *path;
    uint64_t salt;
    uint64_t segment_size; /* 0: one without end */
    void (*begin_segment)(void);
    uint64_t segment;   /* the current one's number; UINT64_MAX: none yet */
    uint64_t number;    /* of the block that is being filled */
    uint64_t offset;    /* its place in the file */
    uint64_t end;       /* up to there it has blocks */
    uint64_t allocated; /* and room on its disk up to there; UINT64_MAX: not asked */
    uint64_t length;    /* what it was made as long as for direct writes; 0: nothing */
    bool placed_first;  /* of this segment, the first block */
    bool direct;        /* blocks may be written by direct.h */
    char *slots;        /* mapped; NULL: nothing is recorded */
    uint64_t slot_size; /* bytes */
    unsigned slot_count;
    slot_state states[SLOTS_MAX];
    unsigned filling;         /* a slot's number: */
    tc_record_block *staging; /* the block that is being filled */
    struct {
        uint64_t offset, size;
    } places[SLOTS_MAX]; /* of blocks under way */
    uint64_t room;       /* bytes of events that may be in the block */
    uint64_t used;       /* that are */
    char *large;         /* a large event, behind room for its block's structure */
    size_t large_size;
    uint64_t large_call, large_time;
    bool in_state; /* begin_segment is at work */
} writer = {.fd = -1};

static uint64_t round_up(uint64_t size, uint64_t to) {
    return (size + to - 1) / to * to;
}

static uint64_t segment_start(uint64_t segment) {
    return TC_RECORD_HEADER_SIZE + writer.slot_count * writer.slot_size +
           segment % SEGMENTS * writer.segment_size;
}

void tc_writer_fail(int error) {
    if (writer.error)
        return;
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

static char *slot(unsigned number) {
    return writer.slots + number * writer.slot_size;
}

/* Room on the disk, so that a full one is an error of this call and no fault of the mapping. */
static int furnish(unsigned number) {
    int error;
    do
        error =
            posix_fallocate(writer.fd, (off_t)(TC_RECORD_HEADER_SIZE + number * writer.slot_size),
                            (off_t)writer.slot_size);
    while (error == EINTR);
    if (!error)
        writer.states[number] = SLOT_FREE;
    return error;
}

static void fill(unsigned number) {
    writer.states[number] = SLOT_FILLING;
    writer.filling = number;
    writer.staging = (tc_record_block *)slot(number);
}

static bool map_slots(void) {
    int error = furnish(0);
    if (!error) {
        void *at = mmap(NULL, writer.slot_count * writer.slot_size, PROT_READ | PROT_WRITE,
                        MAP_SHARED, writer.fd, TC_RECORD_HEADER_SIZE);
        error = at == MAP_FAILED ? errno : 0;
        writer.slots = at;
    }
    if (error) {
        writer.slots = NULL;
        tc_report("cannot record to %s: %s", writer.path, strerror(error));
        return false;
    }
    fill(0);
    return true;
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
        .staging_size = writer.slot_size,
        .staging_count = (uint8_t)writer.slot_count,
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
    writer.slot_size = STAGING_SIZE;
    writer.slot_count = SLOTS_MAX;
    if (limit) {
        uint64_t share = limit / (2 * SEGMENTS) / ALIGNMENT * ALIGNMENT;
        writer.slot_size = share < STAGING_SIZE ? share : STAGING_SIZE;
        uint64_t count = share / STAGING_SIZE;
        writer.slot_count = (unsigned)(count < 1 ? 1 : count < SLOTS_MAX ? count : SLOTS_MAX);
        writer.segment_size =
            (limit - TC_RECORD_HEADER_SIZE - writer.slot_count * writer.slot_size) / SEGMENTS /
            ALIGNMENT * ALIGNMENT;
    }
    writer.begin_segment = begin_segment;
    writer.segment = UINT64_MAX;
    if (write_header(limit, detail, started) && map_slots()) {
        writer.direct = writer.slot_count > 1 && tc_direct_open(writer.path, writer.fd);
        return true;
    }
    close(writer.fd);
    writer.fd = -1;
    return false;
}

/* ---- blocks ---- */

/* Room on the disk for what will be written next, beyond the file's end: to write there takes less
 * time than to allocate with each page. What is left is given back in the end. Where that cannot be
 * had, writing shows whether there is a reason. */
static void allocate(uint64_t end) {
    uint64_t most =
        writer.segment_size ? segment_start(SEGMENTS - 1) + writer.segment_size : UINT64_MAX;
    if (end <= writer.allocated)
        return;
    uint64_t start = writer.allocated > writer.offset ? writer.allocated : writer.offset;
    uint64_t ahead = round_up(end / 4, ALIGNMENT);
    ahead = ahead < AHEAD_LEAST ? AHEAD_LEAST : ahead < AHEAD_MOST ? ahead : AHEAD_MOST;
    uint64_t behind = most - start > ahead ? start + ahead : most;
    behind = behind > end ? behind : end;
    bool done =
        fallocate(writer.fd, FALLOC_FL_KEEP_SIZE, (off_t)start, (off_t)(behind - start)) == 0;
    writer.allocated = done ? behind : UINT64_MAX;
}

static void note_written(uint64_t end) {
    if (end > writer.end)
        writer.end = end;
}

static int write_all(const void *from, uint64_t size, uint64_t offset) {
    allocate(offset + size);
    for (uint64_t done = 0; done < size;) {
        ssize_t count =
            pwrite(writer.fd, (const char *)from + done, size - done, (off_t)(offset + done));
        if (count < 0 && errno != EINTR)
            return errno;
        done += count > 0 ? (uint64_t)count : 0;
    }
    note_written(offset + size);
    return 0;
}

static void seal(tc_record_block *block, uint64_t used) {
    block->used = block->stored = (uint32_t)used;
    block->seal_check =
        (uint32_t)tc_checksum(block, offsetof(tc_record_block, open_check), writer.salt);
}

static tc_record_block new_block(uint64_t room, uint64_t call, uint64_t time) {
    tc_record_block block = {
        .magic = TC_RECORD_BLOCK_MAGIC,
        .encoding = TC_RECORD_PLAIN,
        .segment = writer.segment,
        .number = writer.number,
        .first_call = call,
        .first_time = time,
        .room = room,
    };
    block.open_check = (uint32_t)tc_checksum(&block, offsetof(tc_record_block, used), writer.salt);
    return block;
}

/* Bytes from a place to the end of the current segment. */
static uint64_t left_at(uint64_t offset) {
    return writer.segment_size ? segment_start(writer.segment) + writer.segment_size - offset
                               : UINT64_MAX;
}

/* Begins the slot anew, for a block of writer.number at writer.offset. */
static void begin(uint64_t call, uint64_t time) {
    uint64_t left = left_at(writer.offset);
    tc_record_block *staging = writer.staging;
    writer.room = (left < writer.slot_size ? left : writer.slot_size) - sizeof *staging;
    writer.used = 0;
    tc_record_block block = new_block(writer.room, call, time);
    uint32_t open_check = block.open_check;
    block.open_check = 0;
    staging->open_check = 0; /* not valid until it is whole */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    *staging = block;
    /* What is left of the block before is no event of this one, but zeroes are plainer. */
    memset(staging + 1, 0, sizeof(tc_record_event));
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    staging->open_check = open_check;
}

static uint64_t place_size(uint64_t used) {
    return round_up(sizeof(tc_record_block) + used, ALIGNMENT);
}

/* ---- blocks on their way ---- */

/* Its block has come to its place, or is written there now. */
static void arrive(const tc_direct_end *end) {
    unsigned number = end->number;
    int error = 0;
    if (!end->good) {
        writer.direct = false;
        error = writer.error ? writer.error
                             : write_all(slot(number), writer.places[number].size,
                                         writer.places[number].offset);
    }
    writer.states[number] = error ? SLOT_LAST : SLOT_FREE;
    if (error)
        tc_writer_fail(error);
}

/* False: none has ended. */
static bool look_back(bool wait) {
    tc_direct_end ends[TC_DIRECT_MOST];
    size_t count = tc_direct_done(ends, wait);
    for (size_t i = 0; i < count; i++)
        arrive(&ends[i]);
    return count > 0;
}

static void wait_for_all(void) {
    while (look_back(true))
        continue;
}

/* None has a block that is not in its place. */
static bool all_arrived(void) {
    for (unsigned i = 0; i < writer.slot_count; i++)
        if (writer.states[i] == SLOT_UNDER_WAY || writer.states[i] == SLOT_LAST)
            return false;
    return true;
}

/* The first one, so that as few as can be are used; SLOTS_MAX: there is none. */
static unsigned free_slot(void) {
    for (unsigned i = 0; i < writer.slot_count; i++)
        if (writer.states[i] == SLOT_FREE || (writer.states[i] == SLOT_BARE && furnish(i) == 0))
            return i;
    return SLOTS_MAX;
}

/* Whether there is room for it within the file: at a file's end who writes waits for the disk. */
static bool has_room(uint64_t end) {
    allocate(end);
    if (end <= writer.length)
        return true;
    if (writer.allocated == UINT64_MAX || ftruncate(writer.fd, (off_t)writer.allocated) < 0)
        return false;
    writer.length = writer.allocated;
    return true;
}

/* Sends the block on its way, and takes another slot. The first block of a segment is in its place
 * before the next is begun. False: it has to be written here and now. */
static bool send_off(uint64_t size) {
    unsigned sent = writer.filling;
    if (!writer.direct || !writer.placed_first || writer.number < DIRECT_FROM)
        return false;
    look_back(false);
    writer.direct = writer.direct && has_room(writer.offset + size);
    unsigned next = writer.direct ? free_slot() : SLOTS_MAX;
    if (next == SLOTS_MAX)
        return false;
    writer.direct = tc_direct_write(writer.staging, size, writer.offset, sent);
    if (!writer.direct)
        return false;
    note_written(writer.offset + size);
    writer.states[sent] = SLOT_UNDER_WAY;
    writer.places[sent].offset = writer.offset;
    writer.places[sent].size = size;
    fill(next);
    return true;
}

/* Seals the block and writes it to its place, in whole pages: they take half the time. now: it is
 * in its place afterwards. */
static bool place(bool now) {
    uint64_t size = place_size(writer.used);
    seal(writer.staging, writer.used);
    if (!now && send_off(size))
        return !writer.error;
    int error = writer.error ? writer.error : write_all(writer.staging, size, writer.offset);
    if (!error) {
        writer.placed_first = true;
        return true;
    }
    /* It stays where it is, and open: there is LAST_ROOM in it. */
    writer.staging->seal_check = ~writer.staging->seal_check;
    tc_writer_fail(error);
    return false;
}

static void begin_next_segment(uint64_t call, uint64_t time) {
    if (writer.segment_size)
        wait_for_all(); /* what they go to may be this one's */
    writer.segment++;
    writer.placed_first = false;
    writer.offset = segment_start(writer.segment);
    begin(call, time);
    writer.in_state = true;
    writer.begin_segment(); /* its events come here */
    writer.in_state = false;
}

static bool is_large(uint64_t size) {
    return size > writer.slot_size / 2;
}

/* What is left in a segment must be as much for an event of `size` bytes. Behind a large one's
 * block another can begin. */
static uint64_t needed(uint64_t size) {
    return is_large(size) ? place_size(size) + ALIGNMENT : place_size(size + LAST_ROOM);
}

/* The next block, with room for an event of `size` bytes. */
static bool next_block(uint64_t size, uint64_t call, uint64_t time) {
    if (writer.segment == UINT64_MAX) {
        begin_next_segment(call, time);
        return !writer.error;
    }
    uint64_t end = writer.offset + place_size(writer.used);
    bool fits = needed(size) <= left_at(end);
    if (!fits && writer.in_state) /* a state that does not fit is left as it is */
        return false;
    if (!place(false))
        return false;
    writer.number++;
    if (fits) {
        writer.offset = end;
        begin(call, time);
    } else {
        begin_next_segment(call, time);
    }
    return !writer.error;
}

uint64_t tc_writer_most(void) {
    if (!writer.slots || writer.error)
        return 0;
    /* Half a segment is left for the state, which is cut to that. */
    return writer.segment_size ? writer.segment_size / 2 : EVENT_MAX;
}

static void *room_for(uint64_t size, uint64_t kept_back) {
    if (writer.segment == UINT64_MAX || size + kept_back > writer.room - writer.used)
        return NULL;
    return (char *)(writer.staging + 1) + writer.used;
}

/* ---- large events: a block each, which is not copied to a slot ---- */

static bool begins_large(uint64_t size) {
    return writer.segment != UINT64_MAX && writer.used == 0 &&
           needed(size) <= left_at(writer.offset);
}

static void *large_room(uint64_t size, uint64_t call, uint64_t time) {
    /* Thrice: a new segment's state is in the way. */
    for (int attempt = 0; attempt < 3 && !begins_large(size); attempt++)
        if (!next_block(size, call, time))
            return NULL;
    if (!begins_large(size))
        return NULL;
    if (place_size(size) > writer.large_size) {
        free(writer.large);
        writer.large = malloc(place_size(size));
        writer.large_size = writer.large ? place_size(size) : 0;
    }
    if (!writer.large)
        tc_writer_fail(ENOMEM);
    writer.large_call = call;
    writer.large_time = time;
    return writer.large ? writer.large + sizeof(tc_record_block) : NULL;
}

/* The block in the slot has the same number, and no event, until the large one is in its place. */
static bool place_large(const tc_record_event *event) {
    tc_record_block *block = (tc_record_block *)writer.large;
    uint64_t size = event->size, whole = place_size(size);
    *block = new_block(size, writer.large_call, writer.large_time);
    seal(block, size);
    memset(writer.large + sizeof *block + size, 0, whole - sizeof *block - size);
    int error = write_all(block, whole, writer.offset);
    if (error) {
        tc_writer_fail(error);
        return false;
    }
    writer.number++;
    writer.offset += whole;
    begin(writer.large_call + 1, writer.large_time);
    return true;
}

/* ---- events ---- */

void *tc_writer_reserve(uint64_t size, uint64_t call, uint64_t time) {
    void *room = room_for(size, LAST_ROOM);
    if (room && !is_large(size))
        return room;
    if (size > tc_writer_most())
        return NULL;
    if (is_large(size))
        return large_room(size, call, time);
    /* Twice: a new segment's state may have filled the block. */
    for (int attempt = 0; attempt < 2 && !room && next_block(size, call, time); attempt++)
        room = room_for(size, LAST_ROOM);
    return room;
}

void *tc_writer_reserve_last(uint64_t size) {
    return room_for(size, 0);
}

bool tc_writer_commit(void *at) {
    tc_record_event *event = at;
    event->check =
        (uint32_t)tc_checksum((const char *)event + sizeof event->check,
                              event->size - sizeof event->check, writer.salt + writer.number);
    if (writer.large && at == writer.large + sizeof(tc_record_block))
        return place_large(event);
    writer.used += event->size;
    return true;
}

void tc_writer_close(void) {
    if (writer.fd < 0)
        return;
    uint64_t end = TC_RECORD_HEADER_SIZE + sizeof(tc_record_block) + writer.used;
    bool placed = false;
    wait_for_all();
    if (writer.segment == UINT64_MAX)
        end = TC_RECORD_HEADER_SIZE;
    else if (writer.number == 0)
        seal(writer.staging, writer.used); /* it is all there is, and may stay there */
    else
        placed = place(true);
    if (writer.number > 0 && writer.segment_size)
        end = writer.end; /* older segments may be behind it */
    else if (writer.number > 0)
        end = writer.offset + (placed ? sizeof(tc_record_block) + writer.used : 0);
    if (ftruncate(writer.fd, (off_t)end) < 0)
        tc_report("cannot shorten the record %s: %s", writer.path, strerror(errno));
    if (placed && all_arrived()) /* the slots are of no use any more; where their room cannot be
                                    given back it stays */
        fallocate(writer.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, TC_RECORD_HEADER_SIZE,
                  (off_t)(writer.slot_count * writer.slot_size));
    munmap(writer.slots, writer.slot_count * writer.slot_size);
    writer.slots = NULL;
    tc_direct_close();
    writer.segment = UINT64_MAX;
    close(writer.fd);
    writer.fd = -1;
}

bool tc_writer_fault(const void *address) {
    uint64_t size = writer.slot_count * writer.slot_size;
    const char *start = writer.slots;
    if (!start || (const char *)address < start || (const char *)address >= start + size)
        return false;
    void *at = mmap(writer.slots, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (at == MAP_FAILED)
        return false;
    if (!writer.error)
        tc_writer_fail(EIO);
    return true;
}

int tc_writer_error(void) {
    return writer.error;
}
