/* The record: a file with all that a guest was told and all that it sent, call by call.
 *
 * All numbers are little-endian; structures below are laid out as they stand in the file, without
 * hidden padding. "Rounded to N" is rounded up to a multiple of N. Times are in nanoseconds. XXH3
 * is XXH3_64bits_withSeed (github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
 *
 * ---- the file ----
 *
 *   offset 0     tc_record_header, TC_RECORD_HEADER_SIZE (4096) bytes, zero behind the structure
 *   offset 4096  the staging area: `staging_count` slots of `staging_size` bytes, a multiple of
 *                4096; both are 0: there is none
 *   behind it    segments
 *
 * A record without a limit has one segment, without an end of its own. One with a limit has
 * `segment_count` segments of `segment_size` bytes each, of which segment i stands at
 * 4096 + staging_count * staging_size + i * segment_size. They are filled in turn; when the last
 * one is full the first is written over, so that the file keeps the newest bytes and never grows
 * beyond the limit. A segment is a sequence of blocks; the first stands at its beginning, the next
 * one at the next multiple of TC_RECORD_BLOCK_ALIGNMENT (4096) behind a block's stored bytes.
 *
 * Events are appended to a block in a slot; the writer has the slots mapped, and uses them again
 * and again. When it is full it is sealed, then written to its place in its segment. Meanwhile the
 * block with the next number may be begun in another slot, and be full, and on its way, too. A slot
 * is used again when its block is whole in its place; until then it keeps it, and it may keep it
 * for longer. (A large event may go to its place in a block of its own: while it is written, a
 * block of the same number, without events, is in a slot.) So a block is read from the slot that
 * has its number, if there is one, whatever stands in its place, where the writing may be under way
 * or may have been broken off. Every other block is whole in its place, but there is none yet with
 * a higher number than a block in a slot that is not sealed. The first block of a segment is whole
 * in its place before the next one is begun, and all of a segment, if there is a limit, before the
 * next segment is. A record that ended with its first block may end behind that, without segments;
 * one of a program that was killed may go on behind its last block, with zeroes.
 *
 * Every segment can be read without those before it: it begins with the events that say what the
 * program is and what the calls before it have left behind (see "the state").
 *
 * ---- blocks ----
 *
 * A block is a tc_record_block (64 bytes) and the events behind it. A block is valid if
 *   - its magic is TC_RECORD_BLOCK_MAGIC,
 *   - its open_check is right: the low 32 bits of XXH3 with seed `salt` (of the header) over its
 *     bytes 0 to 47, up to `used`,
 *   - `room` bytes lie within the segment, or the slot (in a segment without end, as many as the
 *     file has).
 * It is sealed if, in addition, seal_check is right: the low 32 bits of XXH3 with seed `salt` over
 * its bytes 0 to 55, up to open_check, and `used` is at most `room`. A block that is valid and not
 * sealed is the one that was being filled when the program ended or is being filled still; it is
 * plain, and the record's last. Its events go on until the first that is not valid. Those of
 * a sealed block take `used` bytes; `stored` is how many the file has of them: the same number for
 * TC_RECORD_PLAIN, and for TC_RECORD_ZSTD those of one Zstandard frame (RFC 8878) with the content
 * size in its header, that gives `used` bytes. The runtime writes plain blocks only (writer.c
 * says why); `timecraft` may compress afterwards.
 *
 * ---- events ----
 *
 * An event is a tc_record_event (16 bytes) and what its type says. It is valid if
 *   - its size is at least 16, a multiple of 8, and lies within the block,
 *   - its check is right: the low 32 bits of XXH3 with seed `salt` + the block's `number` over the
 *     event's bytes 4 to its size.
 * What a crash leaves half written, and what an earlier round has left in the file, is not valid.
 * Types that a reader does not know are skipped; so are fields. Events of a record are in the order
 * in which they were complete.
 *
 * ---- how to read ----
 *
 *   1. The header: magic, version (a reader knows one), check.
 *   2. The first block of each segment: those that are valid, ordered by `segment`. (A segment
 *      whose first block is not valid has not been written, or is just about to be written over.)
 *      `segment` numbers count from 0 and only grow; a gap means that something is damaged. If a
 *      block in a slot is valid and has a `segment` higher than all of these, it is the first block
 *      of that segment.
 *   3. In each segment, block after block: each must have the same `segment`, and a `number` one
 *      higher than that before it. If a block in a slot is valid and has these numbers, it is the
 *      block. The first that is not valid, or that has other numbers, is the segment's end. If it
 *      is the newest segment's, that is the record's end.
 *   4. An event that is not valid in a sealed block is damage: that block ends there, and the next
 *      one is read.
 *   5. A record that ends with TC_EVENT_END is whole. One that does not belongs to a program that
 *      was killed, or runs still (the writer holds flock(2) LOCK_EX on the file): it is readable to
 *      the last call that was complete, whether the program was killed by SIGKILL or trapped; what
 * a power failure left of it is valid event by event.
 *
 * Whoever follows a record that grows looks again at the first event that was not valid, then at
 * the block's seal, in the slot if that still has the block's number, else in its place:
 * the events of both are the same, so that the reading goes on where it was. Then for the next
 * block, then for the next segment. What is read while it is written does not fit together: an
 * event that is not valid in a sealed block is damage if it is not valid when it is read again.
 *
 * ---- the state ----
 *
 * The first block of every segment begins with TC_EVENT_PROGRAM, TC_EVENT_ARGUMENTS,
 * TC_EVENT_ENVIRONMENT, TC_EVENT_CLOCK, TC_EVENT_IMPORTS, then a TC_EVENT_DESCRIPTOR for each
 * descriptor that is open, with the TC_EVENT_CONNECTION and TC_EVENT_TLS of those that have any.
 * These are copies in all segments but the first. `time` is when the original happened.
 */
#ifndef TC_TRACE_RECORD_H
#define TC_TRACE_RECORD_H

#include <stdint.h>

#define TC_RECORD_MAGIC           "\x89TCREC\r\n" /* 8 bytes without the NUL */
#define TC_RECORD_VERSION         3u
#define TC_RECORD_HEADER_SIZE     4096u
#define TC_RECORD_BLOCK_ALIGNMENT 4096u
#define TC_RECORD_STAGING_MAX     64u
#define TC_RECORD_BLOCK_MAGIC     0x4b4c4254u /* "TBLK" */

enum { TC_RECORD_DETAIL_CALLS = 0, TC_RECORD_DETAIL_HEADERS = 1, TC_RECORD_DETAIL_ALL = 2 };

typedef struct tc_record_header {
    char magic[8];
    uint32_t version;
    uint32_t header_size;  /* TC_RECORD_HEADER_SIZE */
    uint64_t salt;         /* random: no event of another record is valid in this one */
    uint64_t segment_size; /* bytes, a multiple of 4096; 0: one segment without end */
    uint32_t segment_count;
    uint8_t detail;        /* TC_RECORD_DETAIL_… */
    uint8_t staging_count; /* slots, at most TC_RECORD_STAGING_MAX; 0: none */
    uint8_t reserved[2];
    uint64_t started;      /* CLOCK_REALTIME when the record began, since 1970 */
    uint64_t staging_size; /* bytes of a slot, a multiple of 4096; 0: none */
    uint64_t check;        /* XXH3 with seed 0 over the 56 bytes before it */
} tc_record_header;

enum { TC_RECORD_PLAIN = 0, TC_RECORD_ZSTD = 1 };

typedef struct tc_record_block {
    uint32_t magic;
    uint32_t encoding;   /* TC_RECORD_PLAIN or TC_RECORD_ZSTD */
    uint64_t segment;    /* 0 for the first segment ever written, then 1, … */
    uint64_t number;     /* of this block in the whole record, from 0 */
    uint64_t first_call; /* index of the first call whose event can be in it */
    uint64_t first_time; /* as in an event: none in it is earlier, but for copies of the state */
    uint64_t room;       /* bytes behind this structure that events may take */
    /* 48 bytes so far */
    uint32_t used;       /* of a sealed block: bytes of events */
    uint32_t stored;     /* of a sealed block: bytes in the file */
    uint32_t open_check; /* low 32 bits; see above */
    uint32_t seal_check; /* low 32 bits; see above */
} tc_record_block;

_Static_assert(sizeof(tc_record_header) == 64 && sizeof(tc_record_block) == 64, "as described");

typedef enum tc_event_type {
    TC_EVENT_CALL = 1,
    /* Of fields: */
    TC_EVENT_PROGRAM = 2,
    TC_EVENT_ARGUMENTS = 3,
    TC_EVENT_ENVIRONMENT = 4,
    TC_EVENT_CLOCK = 5,
    TC_EVENT_IMPORTS = 6,
    TC_EVENT_DESCRIPTOR = 7,
    TC_EVENT_CONNECTION = 8,
    TC_EVENT_TLS = 9,
    TC_EVENT_TRAP = 10,
    TC_EVENT_END = 11,
} tc_event_type;

typedef struct tc_record_event {
    uint32_t check;
    uint32_t size;     /* of the whole event, in bytes */
    uint16_t type;     /* TC_EVENT_… */
    uint8_t detail[2]; /* of a call: see tc_record_call; else 0 */
    uint32_t
        detail32; /* of a call: its result; of DESCRIPTOR, CONNECTION and TLS: the descriptor */
} tc_record_event;

/* ---- calls ----
 *
 * A tc_record_call, the arguments (`argument_count` times u64, in the import's order), then chunks
 * to the event's end. A chunk is what the call read from, or wrote into, one place of guest memory:
 * a tc_record_chunk and `kept` bytes, rounded to 8 with zeroes.
 *
 * First come the chunks of what the call was given when it began, in the order of the parameters,
 * then those of what it wrote, or took of vectors, in that order. What each kind of parameter has
 * is in trace/describe.h. With the detail `all` the chunks with TC_CHUNK_OUT and the result are all
 * that a replay has to give: every byte that the call wrote. (A chunk may also hold bytes beside
 * them that the call left as they were. After an error other than EAGAIN the chunks of fixed size
 * are there, for a call can fail half-way, those that a result bounds are not; after EAGAIN no
 * TC_CHUNK_OUT is there.)
 *
 * What is kept of a chunk's bytes. Structure (paths, addresses, numbers, attributes, vectors' own
 * arrays, results of look-ups, values of socket options) is kept at every detail. Data (what
 * vectors hold, and TC_P_BYTES_OUT and TC_P_STRINGS_OUT) is kept, of what was moved,
 *   - all:      whole, `kept` == `length`;
 *   - headers:  the first TC_RECORD_BURST bytes of each burst. A burst is a sequence of calls that
 *               move data in one direction on one descriptor, until one moves data the other way,
 *               or the descriptor is closed: so that the headers of each request and each answer on
 *               a kept-alive connection are there, where neither is sent before the other has come;
 *   - calls:    none, `kept` == 0.
 * At every detail `length` is how many bytes were moved: what an import sent, or got, in all. The
 * values of environment variables are data too: where the detail is not `all`, TC_EVENT_ENVIRONMENT
 * has "NAME=" only. Never kept: the value that sets
 * TIMECRAFT_IDENTITY_OPTION, which has a private key in it. */

#define TC_RECORD_BURST 8192u

typedef struct tc_record_call {
    tc_record_event event; /* detail[0]: argument_count; detail[1]: TC_CALL_…; detail32: result */
    uint64_t index;        /* of the call, from 0, counted over the whole run */
    uint64_t start;        /* since the record began (CLOCK_MONOTONIC) */
    uint32_t duration;     /* UINT32_MAX: longer than 4.29 s; see duration_high */
    uint16_t import;       /* its place in TC_EVENT_IMPORTS */
    uint16_t duration_high; /* the duration is duration + duration_high * 2^32 */
} tc_record_call;

enum {
    TC_CALL_NO_RESULT = 1, /* the import has none, or the call has not come back: proc_exit */
    TC_CALL_CUT = 2,       /* too large for the record: `kept` is less than the detail says */
    TC_CALL_CHAOS = 4,     /* the result was made up by --chaos */
};

typedef struct tc_record_chunk {
    uint32_t address;  /* in guest memory */
    uint32_t length;   /* bytes that were read or written */
    uint32_t kept;     /* how many of them follow: the first ones */
    uint8_t parameter; /* which one, from 0 */
    uint8_t flags;     /* TC_CHUNK_… */
    uint16_t reserved;
} tc_record_chunk;

enum {
    TC_CHUNK_OUT = 1,       /* written by the call; else read by it */
    TC_CHUNK_SCATTERED = 2, /* over the vectors that this parameter's first chunk has (an array of
                               {u32 address, u32 length}), one filled after the other; `address` is
                               the first one's */
    TC_CHUNK_ZEROES = 4,    /* the bytes behind those that are kept are zero, at every detail: of a
                               socket option's value, for which guests have much more room */
};

_Static_assert(sizeof(tc_record_event) == 16 && sizeof(tc_record_call) == 40 &&
                   sizeof(tc_record_chunk) == 16,
               "as described");

/* ---- events of fields ----
 *
 * A u64 `time` (since the record began), then fields to the event's end: a tc_record_field and its
 * `length` bytes, rounded to 8 with zeroes. Texts have no NUL. Numbers are u64, addresses a
 * tc_record_address, booleans a number. Fields may be missing and may come more than once where the
 * list says "each". Times of day are since 1970. */

typedef struct tc_record_field {
    uint16_t key; /* TC_FIELD_… */
    uint16_t reserved;
    uint32_t length;
} tc_record_field;

typedef struct tc_record_address {
    uint16_t family; /* 0 none, 1 inet4, 2 inet6, 3 unix: as in the WasmEdge extension */
    uint16_t port;   /* host order */
    uint32_t length; /* bytes of `bytes` that count: 4, 16, or those of the path */
    uint8_t bytes[108];
    uint8_t reserved[4];
} tc_record_address;

_Static_assert(sizeof(tc_record_field) == 8 && sizeof(tc_record_address) == 120, "as described");

typedef enum tc_field_key {
    /* PROGRAM */
    TC_FIELD_NAME = 1,          /* text: the module's file name */
    TC_FIELD_MODULE_HASH = 2,   /* 32 bytes: SHA-256 of the module */
    TC_FIELD_VERSION = 3,       /* text: the runtime's version */
    TC_FIELD_BUILD_ID = 4,      /* bytes: the executable's GNU build ID */
    TC_FIELD_EXECUTABLE = 5,    /* text: its path when it ran */
    TC_FIELD_PID = 6,           /* number */
    TC_FIELD_GRANTS = 7,        /* text, each: words given when it was built, appended to it, and in
                                   TIMECRAFT_OPTIONS, in this order; may be empty; what --env sets is
                                   masked, ENVIRONMENT has it */
    TC_FIELD_FOLDER = 9,        /* text: the working directory */
    TC_FIELD_MEMORY_LIMIT = 10, /* number: --max-memory in bytes */

    /* ARGUMENTS, ENVIRONMENT */
    TC_FIELD_WORD =
        16, /* text, each: an argument (the first is the program's name), a NAME=VALUE */

    /* CLOCK */
    TC_FIELD_REALTIME = 24,  /* number: CLOCK_REALTIME when the record began */
    TC_FIELD_MONOTONIC = 25, /* number: CLOCK_MONOTONIC at the same moment */

    /* IMPORTS: each of the runtime's imports, in the order of their numbers */
    TC_FIELD_IMPORT = 32, /* text: "wasi_snapshot_preview1 fd_read iiii:i" */

    /* DESCRIPTOR: one that was open before the first call of the segment */
    TC_FIELD_KIND = 40,      /* number: TC_DESCRIPTOR_… */
    TC_FIELD_PATH = 41,      /* text: as the guest sees it; stdin, stdout, stderr */
    TC_FIELD_FAMILY = 42,    /* number: of a socket, as in tc_record_address */
    TC_FIELD_TYPE = 43,      /* number: 1 datagram, 2 stream */
    TC_FIELD_LISTENING = 44, /* number: 1 */
    TC_FIELD_HAS_TLS =
        45, /* number: 1 once a handshake has begun; of a listening one: serves TLS */
    /* and TC_FIELD_LOCAL, _PEER, _HOST, _SERVER, _CALL */

    /* CONNECTION: connect, or accept, has succeeded or goes on in the background */
    TC_FIELD_LOCAL = 48,  /* address */
    TC_FIELD_PEER = 49,   /* address */
    TC_FIELD_HOST = 50,   /* text: the name whose look-up gave the peer's address; or missing */
    TC_FIELD_SERVER = 51, /* number: 1 accepted, 0 connected; also of TLS: the role */
    TC_FIELD_CALL = 52,   /* number: index of the call that made it; also of TLS: that began it */

    /* TLS: a handshake is over. Noted after the first call on the descriptor that comes later. */
    TC_FIELD_BEGUN = 64,       /* number: time since the record began */
    TC_FIELD_DURATION = 65,    /* number: nanoseconds from the handshake's begin to its end */
    TC_FIELD_ERROR = 66,       /* number: errno of WASI; 0 or missing: it succeeded */
    TC_FIELD_REASON = 67,      /* text: why it failed */
    TC_FIELD_TLS_VERSION = 68, /* number: 0x0303 or 0x0304 */
    TC_FIELD_CIPHER = 69,      /* text: the suite's IANA name */
    TC_FIELD_GROUP = 70,       /* text: of the key exchange, such as X25519 */
    TC_FIELD_ALPN = 71,        /* text */
    TC_FIELD_SERVER_NAME =
        72,                /* text: SNI (a server's), or the name that was verified (a client's) */
    TC_FIELD_RESUMED = 73, /* number: 1 if a session was resumed */
    TC_FIELD_PEER_INFO = 74, /* text: lines "subject: CN=…", "not_before: …", "sha256: …": as
                                TIMECRAFT_PEER_INFO_OPTION in timecraft/options.h; missing: the
                                peer showed no certificate */

    /* TRAP */
    /* TC_FIELD_REASON */
    TC_FIELD_FRAME = 80, /* text, each: a function of the guest, the innermost first */

    /* END: the last event */
    TC_FIELD_CAUSE = 88,   /* number: TC_END_… */
    TC_FIELD_STATUS = 89,  /* number: the process's exit status */
    TC_FIELD_PENDING = 90, /* number: the import (its place in IMPORTS) of the call under way */
    TC_FIELD_SIGNAL = 91,  /* number: of Linux */
} tc_field_key;

enum {
    TC_DESCRIPTOR_FILE = 1,
    TC_DESCRIPTOR_FOLDER = 2,
    TC_DESCRIPTOR_PREOPEN = 3,
    TC_DESCRIPTOR_SOCKET = 4,
};

enum {
    TC_END_EXIT = 1,       /* the guest's own: proc_exit, or the end of _start */
    TC_END_TRAP = 2,       /* after TC_EVENT_TRAP */
    TC_END_TIMEOUT = 3,    /* --timeout */
    TC_END_SIGNAL = 5,     /* SIGTERM or SIGINT: TC_FIELD_SIGNAL; STATUS is 128 and it, or 0 where
                              what was open had its time to end */
    TC_END_UNWRITABLE = 4, /* the program went on without a record: TC_FIELD_ERROR, the host's errno
                              (a full disk, say) */
};

#endif
