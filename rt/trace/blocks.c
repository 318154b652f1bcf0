#include "trace/blocks.h"

#include <string.h>

#include "trace/checksum.h"

#define SEGMENT_MAX  ((uint64_t)1 << 50)
#define SEGMENTS_MAX 4096u
#define NO_END       (UINT64_MAX / 2)

typedef enum block_state { BLOCK_INVALID, BLOCK_OPEN, BLOCK_SEALED } block_state;

/* ---- the header ---- */

static tc_blocks_problem check(const tc_record_header *header) {
    if (memcmp(header->magic, TC_RECORD_MAGIC, sizeof header->magic) != 0)
        return TC_BLOCKS_FOREIGN;
    if (header->version != TC_RECORD_VERSION)
        return TC_BLOCKS_VERSION;
    if (header->check != tc_checksum(header, offsetof(tc_record_header, check), 0))
        return TC_BLOCKS_DAMAGED;
    bool limited = header->segment_size != 0;
    if (header->header_size != TC_RECORD_HEADER_SIZE || header->detail > TC_RECORD_DETAIL_ALL ||
        header->segment_size % TC_RECORD_BLOCK_ALIGNMENT || header->segment_size > SEGMENT_MAX ||
        header->staging_size % TC_RECORD_BLOCK_ALIGNMENT || header->staging_size > TC_BLOCK_MAX ||
        header->staging_count > TC_RECORD_STAGING_MAX ||
        (header->staging_size == 0) != (header->staging_count == 0) ||
        (limited && (header->segment_count == 0 || header->segment_count > SEGMENTS_MAX)))
        return TC_BLOCKS_SENSELESS;
    return TC_BLOCKS_GOOD;
}

tc_blocks_problem tc_blocks_open(tc_blocks *walk, const tc_blocks_file *file) {
    *walk = (tc_blocks){.file = *file};
    if (!file->read(file->context, &walk->header, sizeof walk->header, 0))
        return TC_BLOCKS_SHORT;
    return check(&walk->header);
}

static uint64_t slot_start(const tc_blocks *walk, uint32_t slot) {
    return TC_RECORD_HEADER_SIZE + slot * walk->header.staging_size;
}

uint64_t tc_blocks_start(const tc_blocks *walk) {
    return slot_start(walk, walk->header.staging_count);
}

/* ---- blocks ---- */

/* Reads the structure of the block at `at`, in what ends at `end`. */
static block_state read_block(const tc_blocks *walk, uint64_t at, uint64_t end,
                              tc_record_block *out) {
    const tc_blocks_file *file = &walk->file;
    uint64_t salt = walk->header.salt, has = file->size(file->context);
    uint64_t room = end < has ? end : has;
    if (at > room || room - at < sizeof *out || !file->read(file->context, out, sizeof *out, at) ||
        out->magic != TC_RECORD_BLOCK_MAGIC ||
        out->open_check != (uint32_t)tc_checksum(out, offsetof(tc_record_block, used), salt))
        return BLOCK_INVALID;
    room -= at + sizeof *out;
    bool sealed =
        out->seal_check == (uint32_t)tc_checksum(out, offsetof(tc_record_block, open_check), salt);
    uint64_t most = out->encoding == TC_RECORD_PLAIN ? TC_BLOCK_MAX : TC_BLOCK_COMPRESSED_MAX;
    if (sealed && out->used <= out->room && out->stored <= room && out->used <= most &&
        out->encoding <= TC_RECORD_ZSTD)
        return BLOCK_SEALED;
    return out->room <= room && out->room <= TC_BLOCK_MAX ? BLOCK_OPEN : BLOCK_INVALID;
}

static block_state read_slot(const tc_blocks *walk, uint32_t slot, tc_record_block *out) {
    return read_block(walk, slot_start(walk, slot), slot_start(walk, slot + 1), out);
}

static bool is_of(const tc_blocks *walk, const tc_record_block *block, uint64_t number) {
    return block->segment == walk->segment && block->number == number;
}

static void take(tc_blocks *walk, const tc_record_block *block, uint64_t from, block_state state) {
    walk->block = *block;
    walk->from = from;
    walk->sealed = state == BLOCK_SEALED;
}

/* The current segment's block of that number, whose place is walk->at. Where it cannot be yet is
 * not looked: what the kernel would keep of that part of the file is in the way of who writes
 * there. */
static bool find(tc_blocks *walk, uint64_t number) {
    tc_record_block block;
    block_state state;
    bool before = false;
    for (uint32_t i = 0; i < walk->header.staging_count; i++) {
        state = read_slot(walk, i, &block);
        if (state != BLOCK_INVALID && is_of(walk, &block, number)) {
            take(walk, &block, slot_start(walk, i), state);
            return true;
        }
        before = before || (state == BLOCK_OPEN && block.number < number);
    }
    if (before)
        return false;
    state = read_block(walk, walk->at, walk->end, &block);
    if (state == BLOCK_INVALID || !is_of(walk, &block, number))
        return false;
    take(walk, &block, walk->at, state);
    return true;
}

bool tc_blocks_next(tc_blocks *walk) {
    if (!walk->any || !find(walk, walk->number))
        return false;
    walk->number++;
    return true;
}

bool tc_blocks_again(tc_blocks *walk) {
    return find(walk, walk->block.number);
}

void tc_blocks_leave(tc_blocks *walk) {
    uint64_t size = sizeof walk->block + walk->block.stored;
    walk->at += (size + TC_RECORD_BLOCK_ALIGNMENT - 1) / TC_RECORD_BLOCK_ALIGNMENT *
                TC_RECORD_BLOCK_ALIGNMENT;
}

uint64_t tc_blocks_room(const tc_blocks *walk) {
    return walk->sealed ? walk->block.used : walk->block.room;
}

/* ---- segments ---- */

static void enter(tc_blocks *walk, uint64_t at, const tc_record_block *first, bool *follows) {
    uint64_t size = walk->header.segment_size;
    *follows = walk->any && first->segment == walk->segment + 1 && first->number == walk->number;
    walk->any = true;
    walk->segment = first->segment;
    walk->number = first->number;
    walk->at = at;
    walk->end = size ? at + size : NO_END;
}

/* Whether it is the first block of the segment that comes before that of `best`. */
static bool comes_first(const tc_blocks *walk, const tc_record_block *block,
                        const tc_record_block *best) {
    if (walk->any && block->segment <= walk->segment)
        return false;
    return !best || block->segment < best->segment ||
           (block->segment == best->segment && block->number < best->number);
}

bool tc_blocks_next_segment(tc_blocks *walk, bool *follows) {
    tc_record_block block, best, *found = NULL;
    uint64_t size = walk->header.segment_size, start = tc_blocks_start(walk), newest = 0;
    uint32_t count = size ? walk->header.segment_count : 1;
    bool any = false; /* in its place */
    if (!size && walk->any)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t at = start + i * size, end = size ? at + size : NO_END;
        if (read_block(walk, at, end, &block) == BLOCK_INVALID ||
            (size && block.segment % count != i))
            continue;
        newest = !any || block.segment > newest ? block.segment : newest;
        any = true;
        if (comes_first(walk, &block, found)) {
            best = block;
            found = &best;
        }
    }
    /* One in a slot may be the first one of its segment. */
    for (uint32_t i = 0; i < walk->header.staging_count; i++)
        if (read_slot(walk, i, &block) != BLOCK_INVALID && (!any || block.segment > newest) &&
            comes_first(walk, &block, found)) {
            best = block;
            found = &best;
        }
    if (found)
        enter(walk, start + (size ? best.segment % count * size : 0), found, follows);
    return found != NULL;
}

/* ---- events ---- */

uint32_t tc_blocks_event(const tc_blocks *walk, const void *events, uint64_t size,
                         uint64_t offset) {
    tc_record_event event;
    if (offset > size || size - offset < sizeof event)
        return 0;
    const char *at = (const char *)events + offset;
    memcpy(&event, at, sizeof event);
    if (event.size < sizeof event || event.size % 8 != 0 || event.size > size - offset)
        return 0;
    uint32_t right = (uint32_t)tc_checksum(at + sizeof event.check, event.size - sizeof event.check,
                                           walk->header.salt + walk->block.number);
    return event.check == right ? event.size : 0;
}
