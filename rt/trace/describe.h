/* What a call means: from the table of the imports' parameters (wasi/imports.def) and the bytes
 * that a tc_record_call holds, the line that a person reads, and JSON.
 *
 * Used by the runtime for --trace and by the `timecraft` command for records. It knows no guest
 * memory and no host: all it shows comes from the event. Whatever the event holds (it may come from
 * a hostile file), nothing here reads beyond it.
 */
#ifndef TC_TRACE_DESCRIBE_H
#define TC_TRACE_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/ids.h"
#include "trace/record.h"

/* Kinds of parameters, and the chunks that a call's event has of each: IN was read by the call, OUT
 * written. "Data" is kept as the record's detail says, all else is structure. Those that are
 * followed by a LENGTH or COUNT stand before it in every import. */
typedef enum tc_parameter_kind {
    TC_P_END = 0,
    /* Numbers; no chunk. */
    TC_P_FD,       /* a descriptor */
    TC_P_NUMBER,   /* u32 */
    TC_P_NUMBER64, /* u64 */
    TC_P_SIGNED64, /* i64 */
    TC_P_FLAGS,    /* detail: the names of its bits */
    TC_P_CHOICE,   /* detail: the names of its values */
    TC_P_RIGHTS,   /* u64, rights of preview 1 */
    TC_P_TIME,     /* u64, nanoseconds since 1970 */
    TC_P_DURATION, /* u64, nanoseconds */
    TC_P_PORT,     /* host order; shown with the address whose detail names it */
    TC_P_OPTION_LEVEL,
    TC_P_OPTION_NAME, /* follows its level */
    TC_P_LENGTH,      /* bytes of the parameter before it */
    TC_P_COUNT,       /* elements of a parameter before it */
    /* Pointers to one number; OUT: the number. */
    TC_P_FD_OUT,       /* u32, a new descriptor */
    TC_P_SIZE_OUT,     /* u32 */
    TC_P_SIZE64_OUT,   /* u64 */
    TC_P_TIME_OUT,     /* u64; detail: the parameter with the clock */
    TC_P_DURATION_OUT, /* u64 */
    TC_P_PORT_OUT,     /* u32 */
    TC_P_FLAGS_OUT,    /* u16; detail: names */
    /* Texts and bytes, a LENGTH behind each. Detail of those that are written: the parameter (a
     * SIZE_OUT) with how much, or TC_WHOLE. */
    TC_P_PATH,        /* IN */
    TC_P_TEXT,        /* IN: a name to be looked up, a service */
    TC_P_OPTION_IN,   /* IN: an option's value; its level and name are the two before it */
    TC_P_OPTION_OUT,  /* OUT */
    TC_P_BYTES_OUT,   /* OUT, data */
    TC_P_TEXT_OUT,    /* OUT */
    TC_P_DIRENTS_OUT, /* OUT: entries of a folder, the last one may be cut */
    /* Vectors, a COUNT behind each; detail: the parameter (a SIZE_OUT) with how many bytes. */
    TC_P_VECTORS_IN, /* IN: the array of {u32 address, u32 length}, of at most 1024; then data: IN |
                        SCATTERED, what the call took of them */
    TC_P_VECTORS_OUT, /* IN: the array; then data: OUT | SCATTERED */
    /* Socket addresses; detail: the parameter with the port, or TC_WHOLE. */
    TC_P_ADDRESS_IN,  /* IN: {u32 address, u32 length}; IN: at most 128 bytes there */
    TC_P_ADDRESS_OUT, /* IN: the same; OUT: at most 128 bytes there */
    /* Structures of fixed size. */
    TC_P_FDSTAT_OUT,       /* OUT, 24 bytes */
    TC_P_FILESTAT_OUT,     /* OUT, 64 */
    TC_P_OLD_FILESTAT_OUT, /* OUT, 56: wasi_unstable's */
    TC_P_PRESTAT_OUT,      /* OUT, 8 */
    /* Waiting. */
    TC_P_SUBSCRIPTIONS_IN,     /* IN, 48 bytes each; the COUNT comes later */
    TC_P_OLD_SUBSCRIPTIONS_IN, /* IN, 56 each: wasi_unstable's */
    TC_P_EVENTS_OUT,           /* OUT, 32 each; detail: the parameter with how many were written */
    /* Look-ups. */
    TC_P_HINTS_IN,     /* IN: an addrinfo of 28 bytes; none where the pointer is null */
    TC_P_ADDRINFO_OUT, /* IN: u32, the list's first node; then for each of the results (detail: the
                          parameter with how many), OUT each: the node, 28 bytes, its sockaddr, 12,
                          the sockaddr's data, and the canonical name if there is one */
    /* Arguments and environment; detail: which of them. */
    TC_P_POINTERS_OUT, /* OUT: an array of u32 */
    TC_P_STRINGS_OUT,  /* OUT, data: strings, each with a NUL */
    TC_P_KIND_COUNT
} tc_parameter_kind;

/* Details. */
enum {
    TC_WHOLE = 0xff, /* the LENGTH itself says how much; an address without a port */
    TC_ARGUMENTS = 0,
    TC_ENVIRONMENT = 1,
};
enum {
    TC_CLOCKS,
    TC_ADVICES,
    TC_WHENCES,
    TC_OLD_WHENCES,
    TC_SIGNALS,
    TC_FAMILIES,
    TC_TYPES,
    TC_FDFLAGS,
    TC_FSTFLAGS,
    TC_LOOKUPFLAGS,
    TC_OFLAGS,
    TC_RIFLAGS,
    TC_ROFLAGS,
    TC_SIFLAGS,
    TC_SDFLAGS,
    TC_NAMES_COUNT
};

typedef struct tc_parameter {
    const char *name; /* as in preview 1's document */
    uint8_t kind;     /* TC_P_… */
    uint8_t detail;
} tc_parameter;

enum { TC_PARAMETERS_MAX = 10 };

typedef struct tc_described {
    const char *module; /* wasi_snapshot_preview1 or wasi_unstable */
    const char *name;
    const char *type; /* as in imports.def */
    const tc_parameter *parameters;
    uint32_t count;
} tc_described;

extern const tc_described tc_imports_described[TC_ID_COUNT];

/* The import that a record's TC_FIELD_IMPORT names ("wasi_snapshot_preview1 fd_read iiii:i"); NULL:
 * this program does not know it. */
const tc_described *tc_described_find(const char *text, size_t length);

/* Whether a kind's chunks hold data, see above. */
bool tc_parameter_is_data(uint8_t kind);

/* ---- reading a call ---- */

typedef struct tc_call {
    const tc_record_call *record; /* borrowed, as all else */
    uint64_t arguments[TC_PARAMETERS_MAX];
    uint32_t argument_count;
    const uint8_t *chunks;
    size_t chunks_size;
    uint64_t duration; /* nanoseconds */
    uint32_t result;   /* errno of WASI; 0 where there is none */
} tc_call;

/* Takes an event of TC_EVENT_CALL whose `size` bytes are in memory apart; false: it is none, or is
 * malformed. All chunks of what it accepts lie within the event. */
bool tc_call_read(const void *event, size_t size, tc_call *out);

typedef struct tc_chunk {
    tc_record_chunk head;
    const uint8_t *bytes; /* head.kept of them */
} tc_chunk;

/* The next chunk; *position is 0 at first. False at the end. */
bool tc_call_next_chunk(const tc_call *call, size_t *position, tc_chunk *out);

/* The first chunk of a parameter that has `flags` (of TC_CHUNK_OUT and TC_CHUNK_SCATTERED,
 * exactly).
 */
bool tc_call_find_chunk(const tc_call *call, uint32_t parameter, uint8_t flags, tc_chunk *out);

/* The number that a call wrote where a pointer parameter points; false: it is not there. */
bool tc_call_out_number(const tc_call *call, uint32_t parameter, uint64_t *out);

/* The socket address of an ADDRESS_IN or ADDRESS_OUT parameter, with its port; family 0: none. */
tc_record_address tc_call_address(const tc_call *call, const tc_described *import,
                                  uint32_t parameter);

/* A look-up's answers, in their order: *position is 0 at first; false at the end. */
bool tc_call_next_result(const tc_call *call, const tc_described *import, size_t *position,
                         tc_record_address *out);

/* ---- reading events of fields ---- */

typedef struct tc_field {
    uint16_t key;
    uint32_t length;
    const uint8_t *value;
} tc_field;

/* The next field of an event of any other type; *position is 0 at first. False at the end, and
 * where what follows is malformed. */
bool tc_event_next_field(const void *event, size_t size, size_t *position, tc_field *out);
bool tc_event_find(const void *event, size_t size, uint16_t key, tc_field *out);
/* A number field's value; `missing` where it is not there. */
uint64_t tc_event_number(const void *event, size_t size, uint16_t key, uint64_t missing);
/* An event's time, nanoseconds since the record began. */
uint64_t tc_event_time(const void *event, size_t size);

/* ---- showing ---- */

/* A text that grows. Zero-initialised: empty. Where there is no memory it stays as it is. */
typedef struct tc_text {
    char *data; /* owned: tc_text_reset; ended with a NUL if it is not NULL */
    size_t length;
    size_t capacity;
    bool cut; /* there was no memory: what comes then is left out */
} tc_text;

void tc_text_reset(tc_text *text);
void tc_text_clear(tc_text *text); /* keeps its memory */
void tc_text_add(tc_text *text, const char *bytes, size_t length);
void tc_text_print(tc_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Bytes in double quotes, escaped as in C, at most `most` of them: "GET / HTTP/1.1\r\n"… */
void tc_text_add_quoted(tc_text *text, const void *bytes, size_t length, size_t most, bool cut);
/* Bytes as a string of JSON: UTF-8 as it is; a byte that is none as U+FFFD. */
void tc_text_add_json(tc_text *text, const void *bytes, size_t length);

/* "192.0.2.1:443", "[2001:db8::1]:443", "unix:/run/x"; "?" for none. */
void tc_text_add_address(tc_text *text, const tc_record_address *address);

struct tc_mask;

typedef struct tc_show {
    size_t string_size; /* bytes of texts and data shown of each: strace's -s */
    bool unmask;        /* shows secrets */
    bool colour;        /* for a terminal */
    /* Appends what stands behind a descriptor, such as "/data/x" or "192.0.2.1:443 tls
     * example.com", or nothing. NULL: numbers are enough. */
    void (*descriptor)(void *context, uint32_t fd, tc_text *out);
    void *context;
    struct tc_mask
        *mask; /* of this call's direction of its descriptor; NULL: a call begins a line */
    bool hide; /* this call's data is masked whole, but for unmask */
} tc_show;

/* fd_read(fd 5 <127.0.0.1:443 tls example.com>, [4096]) = 17, ["HTTP/1.1 200 OK\r\n"] <0.000103>
 *
 * without the newline. `import` NULL: numbers only. */
void tc_show_call(tc_text *out, const tc_call *call, const tc_described *import,
                  const tc_show *show);

/* In one line without the newline:
 *
 * {"call":7,"time":0.001234000,"duration":0.000103000,"name":"fd_read","args":{"fd":5,"iovs":[4096],
 * "iovs_len":1},"result":"ok","out":{"nread":17,"iovs":"HTTP/1.1 200 OK\r\n"}}
 *
 * Names are those of preview 1's parameters. result: "ok", the errno's name, or null. */
void tc_show_call_json(tc_text *out, const tc_call *call, const tc_described *import,
                       const tc_show *show);

/* "EAGAIN" and "resource unavailable, try again" for an errno of WASI; "E…" and "unknown error". */
const char *tc_errno_name(uint32_t number);
const char *tc_errno_text(uint32_t number);

/* ---- masking ---- */

/* Where one direction of a stream of bytes is in a line of HTTP/1's headers. Zero-initialised: at
 * the beginning of a line. */
typedef struct tc_mask {
    char name[24];
    uint8_t length; /* of name; sizeof name: too long to be one of ours */
    uint8_t state;
} tc_mask;

/* Replaces the values of Authorization, Proxy-Authorization, Cookie and Set-Cookie by as many '*',
 * in place. Call it for all bytes of a direction in their order; where some are missing, set the
 * mask to zero. */
void tc_mask_headers(tc_mask *mask, uint8_t *bytes, size_t length);

/* Instead of that, for bytes that find no memory: where they have ended is not known, and what
 * comes is masked up to the end of its line. */
void tc_mask_lose(tc_mask *mask);

/* The same for the values of an environment: NAME=VALUE, each with a NUL but perhaps the last. */
void tc_mask_environment(uint8_t *bytes, size_t length);

/* The same for the values of --env in a text of options: --env NAME=VALUE, --env=NAME=VALUE. */
void tc_mask_words(uint8_t *text, size_t length);

#endif
