/* Reading a record as trace/record.h describes it. */
#include "record/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/base.h"
#include "trace/checksum.h"

/* The runtime's own are at most 1 GB; what is compressed may not grow beyond a limit. */
#define BLOCK_MAX      ((uint64_t)1200 << 20)
#define COMPRESSED_MAX ((uint64_t)256 << 20)
#define SEGMENTS_MAX   4096u
#define IMPORTS_MAX    1024u
#define NO_NUMBER      UINT64_MAX

struct tc_record {
    int file;
    tc_record_header header;
    tc_record_facts facts;
    /* where the reading is */
    bool any_segment;
    uint64_t segment; /* the number of the current one */
    uint64_t number;  /* of the next block; NO_NUMBER: whichever comes first */
    uint64_t at;      /* in the file: the place of the current block, or of the next one */
    uint64_t end;     /* of the segment */
    uint64_t from;    /* where the current block is read: its place, or the staging block */
    /* the current block */
    bool loaded, sealed;
    tc_record_block block;
    uint8_t *events;
    size_t room;   /* bytes allocated */
    size_t size;   /* bytes of events that can be there */
    size_t offset; /* of the next event */
    bool skips_state;
    /* what the record's numbers of imports mean */
    const tc_described *imports[IMPORTS_MAX];
    size_t import_count;
};

/* ---- the file ---- */

static bool read_at(const tc_record *record, void *to, size_t size, uint64_t at) {
    for (size_t done = 0; done < size;) {
        ssize_t count = pread(record->file, (char *)to + done, size - done, (off_t)(at + done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        done += (size_t)count;
    }
    return true;
}

static uint64_t file_size(const tc_record *record) {
    struct stat status;
    return fstat(record->file, &status) == 0 && status.st_size > 0 ? (uint64_t)status.st_size : 0;
}

static uint64_t round_up(uint64_t value) {
    return (value + TC_RECORD_BLOCK_ALIGNMENT - 1) / TC_RECORD_BLOCK_ALIGNMENT *
           TC_RECORD_BLOCK_ALIGNMENT;
}

static uint64_t segments_start(const tc_record *record) {
    return TC_RECORD_HEADER_SIZE + record->header.staging_size;
}

static char *check_header(tc_record *record, const char *path) {
    const tc_record_header *header = &record->header;
    if (memcmp(header->magic, TC_RECORD_MAGIC, sizeof header->magic) != 0)
        return tc_format("%s is not a record: it does not begin as one", path);
    if (header->version != TC_RECORD_VERSION)
        return tc_format("%s is a record of version %u, and this timecraft reads version %u: use "
                         "the one that wrote it",
                         path, header->version, TC_RECORD_VERSION);
    if (header->check != tc_checksum(header, offsetof(tc_record_header, check), 0))
        return tc_format("%s is damaged: its first bytes, which say how to read it, are not what "
                         "was written",
                         path);
    bool limited = header->segment_size != 0;
    if (header->header_size != TC_RECORD_HEADER_SIZE || header->detail > TC_RECORD_DETAIL_ALL ||
        header->segment_size % TC_RECORD_BLOCK_ALIGNMENT != 0 ||
        header->segment_size > (uint64_t)1 << 50 ||
        header->staging_size % TC_RECORD_BLOCK_ALIGNMENT != 0 || header->staging_size > BLOCK_MAX ||
        (limited && (header->segment_count == 0 || header->segment_count > SEGMENTS_MAX)))
        return tc_format("%s cannot be read: its first bytes make no sense", path);
    return NULL;
}

tc_record *tc_record_open(const char *path, char **error) {
    tc_record *record = tc_allocate(sizeof *record);
    struct stat status;
    /* NONBLOCK: a FIFO has nobody on its other end. */
    record->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (record->file < 0)
        *error = tc_format("cannot open the record %s: %s", path, strerror(errno));
    else if (fstat(record->file, &status) < 0 || !S_ISREG(status.st_mode))
        *error = tc_format("%s is not a record: it is not a file", path);
    else if (!read_at(record, &record->header, sizeof record->header, 0))
        *error = tc_format("%s is not a record: it is too short", path);
    else
        *error = check_header(record, path);
    if (*error) {
        tc_record_close(record);
        return NULL;
    }
    record->number = NO_NUMBER;
    record->facts = (tc_record_facts){
        .detail = record->header.detail,
        .started = record->header.started,
        .limit = record->header.segment_size
                     ? segments_start(record) +
                           record->header.segment_size * record->header.segment_count
                     : 0,
        .file_size = file_size(record),
        .first_call = NO_NUMBER,
    };
    return record;
}

void tc_record_close(tc_record *record) {
    if (!record)
        return;
    if (record->file >= 0)
        close(record->file);
    free(record->events);
    free(record);
}

/* The writer holds the lock; whoever gets a shared one gives it back at once. */
bool tc_record_is_growing(const tc_record *record) {
    if (flock(record->file, LOCK_SH | LOCK_NB) == 0) {
        flock(record->file, LOCK_UN);
        return false;
    }
    return errno == EWOULDBLOCK;
}

const tc_record_facts *tc_record_facts_of(const tc_record *record) {
    return &record->facts;
}

const tc_record_header *tc_record_header_of(const tc_record *record) {
    return &record->header;
}

bool tc_record_is_one(const char *path) {
    char magic[sizeof TC_RECORD_MAGIC - 1];
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool is_one = file >= 0 && pread(file, magic, sizeof magic, 0) == (ssize_t)sizeof magic &&
                  memcmp(magic, TC_RECORD_MAGIC, sizeof magic) == 0;
    if (file >= 0)
        close(file);
    return is_one;
}

/* ---- blocks ---- */

typedef enum block_state { BLOCK_INVALID, BLOCK_OPEN, BLOCK_SEALED } block_state;

/* Reads the structure of the block at `at`, in a segment that ends at `end`. */
static block_state read_block(const tc_record *record, uint64_t at, uint64_t end,
                              tc_record_block *out) {
    uint64_t salt = record->header.salt, file = file_size(record), room = end < file ? end : file;
    if (at > room || room - at < sizeof *out || !read_at(record, out, sizeof *out, at) ||
        out->magic != TC_RECORD_BLOCK_MAGIC ||
        out->open_check != (uint32_t)tc_checksum(out, offsetof(tc_record_block, used), salt))
        return BLOCK_INVALID;
    room -= at + sizeof *out;
    bool sealed =
        out->seal_check == (uint32_t)tc_checksum(out, offsetof(tc_record_block, open_check), salt);
    uint64_t most = out->encoding == TC_RECORD_PLAIN ? BLOCK_MAX : COMPRESSED_MAX;
    if (sealed && out->used <= out->room && out->stored <= room && out->used <= most &&
        out->encoding <= TC_RECORD_ZSTD)
        return BLOCK_SEALED;
    return out->room <= room && out->room <= BLOCK_MAX ? BLOCK_OPEN : BLOCK_INVALID;
}

static block_state read_staging(const tc_record *record, tc_record_block *out) {
    return read_block(record, TC_RECORD_HEADER_SIZE, segments_start(record), out);
}

/* The current segment's block of that number, whose place is record->at. */
static block_state find_block(tc_record *record, uint64_t number, tc_record_block *out) {
    record->from = TC_RECORD_HEADER_SIZE;
    block_state state = read_staging(record, out);
    if (state == BLOCK_INVALID || out->segment != record->segment || out->number != number) {
        record->from = record->at;
        state = read_block(record, record->at, record->end, out);
    }
    bool found = out->segment == record->segment && out->number == number;
    return found ? state : BLOCK_INVALID;
}

static void make_room(tc_record *record, size_t size) {
    if (size <= record->room)
        return;
    free(record->events);
    record->events = tc_allocate(size);
    record->room = size;
}

static bool load_compressed(tc_record *record) {
    const tc_record_block *block = &record->block;
    uint8_t *stored = tc_allocate(block->stored);
    bool good = read_at(record, stored, block->stored, record->from + sizeof *block);
    /* A frame says how long it is: what it lies about takes no memory. */
    good = good && ZSTD_getFrameContentSize(stored, block->stored) == block->used &&
           ZSTD_findFrameCompressedSize(stored, block->stored) == block->stored;
    if (good) {
        make_room(record, block->used);
        size_t got = ZSTD_decompress(record->events, block->used, stored, block->stored);
        good = !ZSTD_isError(got) && got == block->used;
    }
    free(stored);
    return good;
}

/* Reads the events of record->block. */
static bool load_events(tc_record *record) {
    const tc_record_block *block = &record->block;
    if (!record->sealed || block->encoding == TC_RECORD_PLAIN) {
        uint64_t size = record->sealed ? block->used : block->room;
        if (record->sealed && block->stored != block->used)
            return false;
        make_room(record, size);
        record->size = size;
        return read_at(record, record->events, size, record->from + sizeof *block);
    }
    if (!load_compressed(record))
        return false;
    record->size = block->used;
    return true;
}

static uint64_t behind_block(const tc_record *record) {
    return record->at + round_up(sizeof record->block + record->block.stored);
}

static bool load_block(tc_record *record) {
    for (;;) {
        block_state state = find_block(record, record->number, &record->block);
        if (state == BLOCK_INVALID)
            return false;
        record->sealed = state == BLOCK_SEALED;
        record->offset = 0;
        record->number = record->block.number + 1;
        record->facts.blocks++;
        record->facts.compressed += record->sealed && record->block.encoding == TC_RECORD_ZSTD;
        if (record->facts.first_call == NO_NUMBER)
            record->facts.first_call = record->block.first_call;
        record->loaded = load_events(record);
        if (record->loaded || !record->sealed)
            return record->loaded;
        record->facts.damaged++; /* the next one may still be read */
        record->at = behind_block(record);
    }
}

static void leave_block(tc_record *record) {
    record->facts.damaged += record->offset != record->size;
    record->at = behind_block(record);
    record->loaded = false;
    record->skips_state = false;
}

/* ---- segments ---- */

static void enter_segment(tc_record *record, uint64_t at, const tc_record_block *first) {
    uint64_t size = record->header.segment_size;
    bool follows = record->any_segment && first->segment == record->segment + 1 &&
                   first->number == record->number;
    record->facts.damaged += record->any_segment && !follows;
    record->skips_state = follows; /* copies of what has been read */
    record->any_segment = true;
    record->segment = first->segment;
    record->number = first->number;
    record->at = at;
    record->end = size ? at + size : UINT64_MAX / 2;
}

/* The one with the lowest number of those not read yet. */
static bool next_segment(tc_record *record) {
    tc_record_block block, best = {0};
    uint64_t best_at = 0, size = record->header.segment_size, start = segments_start(record);
    uint32_t count = size ? record->header.segment_count : 1;
    if (!size && record->any_segment)
        return false;
    /* The last is the staging block, which may be the first one of its segment. */
    for (uint32_t i = 0; i <= count; i++) {
        uint64_t at = start + i * size, end = size ? at + size : UINT64_MAX / 2;
        block_state state =
            i < count ? read_block(record, at, end, &block) : read_staging(record, &block);
        if (state == BLOCK_INVALID || (record->any_segment && block.segment <= record->segment) ||
            (size && i < count && block.segment % count != i))
            continue;
        if (!best_at || block.segment < best.segment) {
            best = block;
            best_at = start + (size ? block.segment % count * size : 0);
        }
    }
    if (best_at)
        enter_segment(record, best_at, &best);
    return best_at != 0;
}

/* ---- events ---- */

static bool is_valid(const tc_record *record, size_t offset, uint32_t *size) {
    tc_record_event event;
    if (offset > record->size || record->size - offset < sizeof event)
        return false;
    memcpy(&event, record->events + offset, sizeof event);
    if (event.size < sizeof event || event.size % 8 != 0 || event.size > record->size - offset)
        return false;
    *size = event.size;
    return event.check == (uint32_t)tc_checksum(record->events + offset + sizeof event.check,
                                                event.size - sizeof event.check,
                                                record->header.salt + record->block.number);
}

/* What the block has by now: it is being filled, or was on its way from the staging block to its
 * place when it was read. */
static bool look_again(tc_record *record) {
    tc_record_block now;
    block_state state = find_block(record, record->block.number, &now);
    if (state == BLOCK_INVALID)
        return false; /* written over */
    record->block = now;
    record->sealed = state == BLOCK_SEALED;
    return load_events(record) && record->offset <= record->size;
}

static void note_imports(tc_record *record, const void *event, size_t size) {
    size_t position = 0;
    tc_field field;
    record->import_count = 0;
    while (record->import_count < IMPORTS_MAX &&
           tc_event_next_field(event, size, &position, &field))
        if (field.key == TC_FIELD_IMPORT)
            record->imports[record->import_count++] =
                tc_described_find((const char *)field.value, field.length);
}

/* Fills in what the event at the offset is, and goes behind it. False: it is not for the caller. */
static bool take_event(tc_record *record, uint32_t size, tc_record_item *out) {
    tc_record_event head;
    const uint8_t *event = record->events + record->offset;
    memcpy(&head, event, sizeof head);
    record->offset += size;
    record->facts.event_bytes += size;
    *out = (tc_record_item){.event = event, .size = size, .type = head.type};
    if (head.type < TC_EVENT_CALL || head.type > TC_EVENT_END) /* not known */
        return false;
    if (head.type == TC_EVENT_IMPORTS)
        note_imports(record, event, size);
    record->facts.ended |= head.type == TC_EVENT_END;
    if (head.type != TC_EVENT_CALL)
        return !(record->skips_state && tc_event_time(event, size) < record->block.first_time);
    if (!tc_call_read(event, size, &out->call)) {
        record->facts.damaged++;
        return false;
    }
    if (out->call.record->import < record->import_count)
        out->import = record->imports[out->call.record->import];
    if (out->import && out->import->count != out->call.argument_count)
        out->import = NULL;
    return true;
}

tc_record_step tc_record_next(tc_record *record, tc_record_item *out) {
    uint32_t size;
    for (bool looked = false;;) {
        if (record->loaded) {
            if (is_valid(record, record->offset, &size)) {
                if (take_event(record, size, out))
                    return TC_RECORD_EVENT;
            } else if (record->sealed && (looked || record->offset == record->size)) {
                leave_block(record);
                looked = false;
            } else if (!looked && look_again(record)) {
                looked = true;
            } else if (record->sealed) {
                leave_block(record);
            } else {
                /* Perhaps its segment is over without a seal, and the next one has begun. */
                if (!next_segment(record))
                    return TC_RECORD_NO_MORE;
                record->loaded = false;
                looked = false;
            }
        } else if (!(record->any_segment && load_block(record)) &&
                   !(next_segment(record) && load_block(record))) {
            record->facts.file_size = file_size(record);
            return TC_RECORD_NO_MORE;
        }
    }
}
