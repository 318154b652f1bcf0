/* Walking a record's blocks and events as trace/record.h has them: where they are, and whether they
 * are valid. For all who read records: a replay (trace/input.c), and the command. It reads no file
 * itself; what a record holds may be hostile. */
#ifndef TC_TRACE_BLOCKS_H
#define TC_TRACE_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/record.h"

/* Of a block's events, in bytes: the runtime's own are at most 1 GiB and a little; what is
 * compressed may not grow without limit. */
#define TC_BLOCK_MAX            ((uint64_t)1200 << 20)
#define TC_BLOCK_COMPRESSED_MAX ((uint64_t)256 << 20)

/* How the file is read. Set all three. */
typedef struct tc_blocks_file {
    /* Bytes `at` to at + size; false: the file does not have all of them. */
    bool (*read)(void *context, void *to, size_t size, uint64_t at);
    uint64_t (*size)(void *context); /* bytes that it has by now */
    void *context;
} tc_blocks_file;

typedef struct tc_blocks {
    tc_blocks_file file;
    tc_record_header header;
    bool any;         /* a segment has been entered */
    uint64_t segment; /* its number */
    uint64_t number;  /* of the block that comes next */
    uint64_t at;      /* in the file: the place of the current block, or of the next one */
    uint64_t end;     /* of the segment */
    /* The current block: */
    tc_record_block block;
    uint64_t from; /* where it is read: its place, or a slot of the staging area */
    bool sealed;
} tc_blocks;

typedef enum tc_blocks_problem {
    TC_BLOCKS_GOOD,
    TC_BLOCKS_SHORT,   /* the file is too short for a record */
    TC_BLOCKS_FOREIGN, /* it does not begin as one */
    TC_BLOCKS_VERSION, /* header.version is one that is not read */
    TC_BLOCKS_DAMAGED, /* the header is not what was written */
    TC_BLOCKS_SENSELESS,
} tc_blocks_problem;

/* Begins before the first segment. */
tc_blocks_problem tc_blocks_open(tc_blocks *walk, const tc_blocks_file *file);

/* Where the segments begin in the file. */
uint64_t tc_blocks_start(const tc_blocks *walk);

/* Enters the segment with the lowest number of those not read yet, before its first block. False:
 * there is none. *follows: its number and its first block's are those that come next, so that its
 * state is copies of what has been read. */
bool tc_blocks_next_segment(tc_blocks *walk, bool *follows);

/* Goes to the segment's next block, which is valid. False: it ends here, or nothing more has been
 * written. */
bool tc_blocks_next(tc_blocks *walk);

/* Looks at the current block again, which is being filled, or was on its way from a slot to its
 * place. False: it was written over. */
bool tc_blocks_again(tc_blocks *walk);

/* The current block is done with: tc_blocks_next goes behind it. */
void tc_blocks_leave(tc_blocks *walk);

/* Bytes of events that the current block can have: of a compressed one once they are unpacked. */
uint64_t tc_blocks_room(const tc_blocks *walk);

/* The size of the event at `offset` of the current block's events, of which there are `size` bytes;
 * 0: it is not valid. */
uint32_t tc_blocks_event(const tc_blocks *walk, const void *events, uint64_t size, uint64_t offset);

#endif
