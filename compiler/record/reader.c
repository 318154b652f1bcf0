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
#include "trace/blocks.h"

#define IMPORTS_MAX 1024u
#define NO_NUMBER   UINT64_MAX

struct tc_record {
    int file;
    tc_blocks walk;
    tc_record_facts facts;
    /* the current block's events */
    bool loaded;
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

static bool read_at(void *context, void *to, size_t size, uint64_t at) {
    const tc_record *record = context;
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

static uint64_t file_size(void *context) {
    const tc_record *record = context;
    struct stat status;
    return fstat(record->file, &status) == 0 && status.st_size > 0 ? (uint64_t)status.st_size : 0;
}

static char *open_blocks(tc_record *record, const char *path) {
    switch (tc_blocks_open(&record->walk, &(tc_blocks_file){read_at, file_size, record})) {
    case TC_BLOCKS_GOOD:
        return NULL;
    case TC_BLOCKS_SHORT:
        return tc_format("%s is not a record: it is too short", path);
    case TC_BLOCKS_FOREIGN:
        return tc_format("%s is not a record: it does not begin as one", path);
    case TC_BLOCKS_VERSION:
        return tc_format("%s is a record of version %u, and this timecraft reads version %u: use "
                         "the one that wrote it",
                         path, record->walk.header.version, TC_RECORD_VERSION);
    case TC_BLOCKS_DAMAGED:
        return tc_format("%s is damaged: its first bytes, which say how to read it, are not what "
                         "was written",
                         path);
    default:
        return tc_format("%s cannot be read: its first bytes make no sense", path);
    }
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
    else
        *error = open_blocks(record, path);
    if (*error) {
        tc_record_close(record);
        return NULL;
    }
    const tc_record_header *header = &record->walk.header;
    record->facts = (tc_record_facts){
        .detail = header->detail,
        .started = header->started,
        .limit = header->segment_size
                     ? tc_blocks_start(&record->walk) + header->segment_size * header->segment_count
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
    return &record->walk.header;
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

static void make_room(tc_record *record, size_t size) {
    if (size <= record->room)
        return;
    free(record->events);
    record->events = tc_allocate(size);
    record->room = size;
}

static bool load_compressed(tc_record *record) {
    const tc_record_block *block = &record->walk.block;
    uint8_t *stored = tc_allocate(block->stored);
    bool good = read_at(record, stored, block->stored, record->walk.from + sizeof *block);
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
    const tc_record_block *block = &record->walk.block;
    if (!record->walk.sealed || block->encoding == TC_RECORD_PLAIN) {
        uint64_t size = tc_blocks_room(&record->walk);
        if (record->walk.sealed && block->stored != block->used)
            return false;
        make_room(record, size);
        record->size = size;
        return read_at(record, record->events, size, record->walk.from + sizeof *block);
    }
    if (!load_compressed(record))
        return false;
    record->size = block->used;
    return true;
}

static bool load_block(tc_record *record) {
    while (tc_blocks_next(&record->walk)) {
        const tc_record_block *block = &record->walk.block;
        bool sealed = record->walk.sealed;
        record->offset = 0;
        record->facts.blocks++;
        record->facts.compressed += sealed && block->encoding == TC_RECORD_ZSTD;
        if (record->facts.first_call == NO_NUMBER)
            record->facts.first_call = block->first_call;
        record->loaded = load_events(record);
        if (record->loaded || !sealed)
            return record->loaded;
        record->facts.damaged++; /* the next one may still be read */
        tc_blocks_leave(&record->walk);
    }
    return false;
}

static void leave_block(tc_record *record) {
    record->facts.damaged += record->offset != record->size;
    tc_blocks_leave(&record->walk);
    record->loaded = false;
    record->skips_state = false;
}

static bool next_segment(tc_record *record) {
    bool follows, any = record->walk.any;
    if (!tc_blocks_next_segment(&record->walk, &follows))
        return false;
    record->facts.damaged += any && !follows;
    record->skips_state = follows; /* copies of what has been read */
    return true;
}

/* ---- events ---- */

/* What the block has by now. */
static bool look_again(tc_record *record) {
    return tc_blocks_again(&record->walk) && load_events(record) && record->offset <= record->size;
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
        return !(record->skips_state && tc_event_time(event, size) < record->walk.block.first_time);
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
            size = tc_blocks_event(&record->walk, record->events, record->size, record->offset);
            if (size) {
                if (take_event(record, size, out))
                    return TC_RECORD_EVENT;
            } else if (record->walk.sealed && (looked || record->offset == record->size)) {
                leave_block(record);
                looked = false;
            } else if (!looked && look_again(record)) {
                looked = true;
            } else if (record->walk.sealed) {
                leave_block(record);
            } else {
                /* Perhaps its segment is over without a seal, and the next one has begun. */
                if (!next_segment(record))
                    return TC_RECORD_NO_MORE;
                record->loaded = false;
                looked = false;
            }
        } else if (!(record->walk.any && load_block(record)) &&
                   !(next_segment(record) && load_block(record))) {
            record->facts.file_size = file_size(record);
            return TC_RECORD_NO_MORE;
        }
    }
}
