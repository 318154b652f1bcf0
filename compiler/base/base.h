/* base/: the common ground of the stages and the commands. Memory and text, files, messages, other
 * programs, the cache, and where the toolchain is; nothing here reads a module.
 *
 * May use: nothing else of compiler/; of rt/, the two parts of the wall that know no guest.
 *
 * Functions that can fail return 0 (or true) for success and have told the person why otherwise,
 * except where it says that errno is set.
 */
#ifndef TC_BASE_H
#define TC_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Exit status of the command itself. */
enum { TC_EXIT_OK = 0, TC_EXIT_FAILURE = 1, TC_EXIT_USAGE = 2 };

/* ---- text.c: memory, text, lists of words ---- */

/* Memory or the end of the process: a compiler that has no memory left cannot go on. */
void *tc_allocate(size_t size); /* zeroed */
void *tc_reallocate(void *memory, size_t size);
char *tc_copy_text(const char *text);
char *tc_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Bytes that grow at the end. `data` is NULL or ends with a NUL that `length` does not count. */
typedef struct tc_buffer {
    char *data;
    size_t length;
    size_t capacity;
} tc_buffer;

void tc_buffer_add(tc_buffer *buffer, const void *data, size_t length);
void tc_buffer_print(tc_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Adds "text", quoted and escaped as a C string literal. */
void tc_buffer_add_literal(tc_buffer *buffer, const char *text);
/* Replaces each `from`. */
void tc_buffer_replace(tc_buffer *buffer, const char *from, const char *to);
void tc_buffer_reset(tc_buffer *buffer);

/* A list of strings that it owns, NULL-terminated as execv wants it. */
typedef struct tc_words {
    char **items;
    size_t count;
} tc_words;

void tc_words_add(tc_words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds the words of a text separated by white space. */
void tc_words_add_split(tc_words *words, const char *text);
void tc_words_add_all(tc_words *words, const tc_words *more);
void tc_words_reset(tc_words *words);

/* A set of texts, of which it has copies. */
typedef struct tc_names {
    char **slots; /* a hash table; NULL: free */
    size_t slot_count;
    size_t count;
} tc_names;

/* False: it is there already. */
bool tc_names_add(tc_names *names, const char *text, size_t length);
void tc_names_reset(tc_names *names);

/* A name inside a module's bytes: any bytes, without a NUL at the end. Borrowed. */
typedef struct tc_name {
    const char *text;
    size_t length;
} tc_name;

bool tc_name_is(tc_name name, const char *text);
bool tc_name_same(tc_name left, tc_name right);
/* The name for a person: control characters and what is not UTF-8 escaped, long ones cut. */
char *tc_name_shown(tc_name name);
/* "137 KB", "8.8 MB". */
char *tc_size_shown(uint64_t bytes);

/* A text of `length` bytes, not NUL-terminated: whether it starts with `prefix`; the length of the
 * identifier that ends before `end`. */
bool tc_text_starts(const char *text, size_t length, const char *prefix);
size_t tc_text_identifier_before(const char *start, const char *end);
/* Steps over `expected`, in a text that ends with a NUL; false: something else is there. */
bool tc_text_take(const char **at, const char *expected);
/* The end of what begins at `text`: behind the first line that is `last`. NULL: it has no end. */
const char *tc_text_end_at_line(const char *text, const char *last);

/* ---- demangle.c ---- */

/* A function's name in C++ or Rust (both manglings), or the name as it is; a new string. */
char *tc_demangle(const char *name);

/* ---- file.c: files and paths ---- */

/* Reads a whole file; -1 with errno set, EFBIG when it is longer than `limit`. */
int tc_file_read(const char *path, size_t limit, tc_buffer *out);
/* The same for an open file, from its beginning. */
int tc_file_read_descriptor(int file, size_t limit, tc_buffer *out);
/* Replaces a file. -1 with errno set. */
int tc_file_write(const char *path, const void *data, size_t length);
/* Writes to an open file, at its position. -1 with errno set. */
int tc_file_write_descriptor(int file, const void *data, size_t length);
/* Replaces the file `to` by `from`, wherever they are. -1 with errno set. */
int tc_file_move(const char *from, const char *to);
/* Makes a directory and its parents. -1 with errno set. */
int tc_directory_make(const char *path, mode_t mode);
/* Removes a directory with all that is in it. Errors are ignored. */
void tc_directory_remove(const char *path);
/* The part after the last slash; borrowed. */
const char *tc_path_name(const char *path);
/* A new string: the part before the last slash, "." when there is none. */
char *tc_path_directory(const char *path);
/* A program as execvp would find it, with an absolute path; a new string or NULL. */
char *tc_path_find_program(const char *name);
/* A line that changes when the file does (path, size, time, inode), without reading it. */
void tc_file_identity(tc_buffer *out, const char *path);

/* ---- progress.c: messages ---- */

typedef enum tc_verbosity { TC_QUIET, TC_BAR_ONLY, TC_NORMAL, TC_VERBOSE } tc_verbosity;

void tc_progress_init(tc_verbosity verbosity);
/* An error: "timecraft: …" whatever the verbosity. */
void tc_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* How many there were. */
unsigned tc_errors(void);
/* Adds a tool's own words below an error, indented, at most `lines` of them. */
void tc_error_details(const char *text, size_t lines);
/* Says which step has begun. */
void tc_progress_step(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* How far the step has come. */
void tc_progress_count(size_t done, size_t total, const char *what);
/* The end of the work. */
void tc_progress_end(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Takes a bar away so that other output can follow. */
void tc_progress_clear(void);
/* With --verbose, shows a command before it is run. */
void tc_progress_command(const tc_words *argv);
/* Seconds since tc_progress_init. */
double tc_progress_seconds(void);

/* ---- process.c: running other programs ---- */

/* From here to tc_process_leave, signals that ask the command to stop are noticed while it waits
 * for a program: that is then stopped too, and the wait fails with tc_process_interrupted set. */
void tc_process_enter(void);
void tc_process_leave(void);
/* The signal that asked to stop, or 0. */
int tc_process_interrupted(void);

/* An unnamed file for a program's output; -1 after a message. */
int tc_process_output(void);
/* Starts argv[0] in `directory` (NULL: here), standard input empty, output and errors to the
 * descriptor `output`. -1 with errno set. */
pid_t tc_process_start(const tc_words *argv, const char *directory, int output);
/* Stops what still runs. */
void tc_process_stop(void);
/* Waits for any program that was started. -1 when interrupted or none runs. The status is as from
 * a shell: 128 + signal when killed. */
pid_t tc_process_wait(int *status);
/* Both, for one program: what it printed in *text. Exit status; 127 with a line in *text when it
 * cannot be started; -1 when interrupted. */
int tc_process_run(const tc_words *argv, const char *directory, tc_buffer *text);

/* ---- wall.c: what those programs may reach ---- */

/* What of the kernel's means keeps a program that is started to its work. */
typedef enum tc_wall { TC_WALL_NONE, TC_WALL_ASKED, TC_WALL_REQUIRED } tc_wall;

/* For all programs that are started from now on; NONE until it is called. */
void tc_wall_set(tc_wall how);
/* What they may see beside the system's own programs, libraries and headers: a file, or a folder
 * with all below; and what belongs to a program. */
void tc_wall_show(const char *path);
void tc_wall_show_program(const char *path);
/* In the process that is about to become the program: from here on it can write below `work` (NULL:
 * nowhere) only. An errno value: the wall is required, and the kernel lacks a part of it. */
int tc_wall_enter(const char *work);

/* ---- cache.c: content-keyed files under the user's cache directory ---- */

#define TC_KEY_SIZE 65 /* 64 hexadecimal digits and a NUL */

typedef struct tc_hash tc_hash;
tc_hash *tc_hash_new(void);
/* Adds a part; its length is hashed too, so that parts cannot run into each other. */
void tc_hash_add(tc_hash *hash, const void *data, size_t length);
void tc_hash_add_text(tc_hash *hash, const char *text);
/* Ends and frees it. */
void tc_hash_end(tc_hash *hash, char key[TC_KEY_SIZE]);
/* SHA-256 of the bytes alone, in hexadecimal. */
void tc_digest(const void *data, size_t length, char text[TC_KEY_SIZE]);

/* ${XDG_CACHE_HOME:-$HOME/.cache}/timecraft/KIND, made if needed; a new string, or NULL when there
 * is no such place or TIMECRAFT_CACHE=off. */
char *tc_cache_directory(const char *kind);
/* Gets what is kept under a key, as data or into the file `path`. False when it is not there,
 * unreadable or damaged. `directory` may be NULL everywhere: nothing is found, nothing kept. */
bool tc_cache_get(const char *directory, const char *key, tc_buffer *content);
bool tc_cache_get_file(const char *directory, const char *key, const char *path);
/* Keeps data, or a copy of the file `path`. Failing to is not an error. */
void tc_cache_put(const char *directory, const char *key, const void *data, size_t length);
void tc_cache_put_file(const char *directory, const char *key, const char *path);
/* Deletes what was not used for longest until at most `limit` bytes are left. */
void tc_cache_trim(const char *directory, uint64_t limit);

#define TC_CACHE_LIMIT (UINT64_C(2) << 30)

/* ---- packed.c: what is packed ---- */

/* gzip's form (RFC 1952), zlib's (RFC 1950), or neither's frame (RFC 1951). */
typedef enum tc_packing { TC_GZIP, TC_ZLIB, TC_DEFLATED } tc_packing;

/* Appends what was compressed, until `out` has `limit` bytes or a little more; *cut is set where
 * that is not all: there is more, or the end is missing. False: it is damaged. */
bool tc_inflate(const void *in, size_t length, tc_packing packing, size_t limit, tc_buffer *out,
                bool *cut);

typedef enum tc_taken { TC_TAKEN, TC_TAKEN_SHORT, TC_TAKEN_LONG } tc_taken;

/* Takes an unsigned LEB128 of so many bits at most, which Protocol Buffers call a varint, and steps
 * over it. SHORT: the bytes end before; LONG: it has more bits. Example: e5 8e 26 is 624485. */
static inline tc_taken tc_take_leb(const uint8_t **at, const uint8_t *end, unsigned bits,
                                   uint64_t *value) {
    *value = 0;
    for (unsigned shift = 0; shift < bits; shift += 7) {
        if (*at == end)
            return TC_TAKEN_SHORT;
        uint8_t byte = *(*at)++;
        uint64_t part = byte & 0x7f;
        if (bits - shift < 7 && part >> (bits - shift))
            return TC_TAKEN_LONG;
        *value |= part << shift;
        if (!(byte & 0x80))
            return TC_TAKEN;
    }
    return TC_TAKEN_LONG;
}

/* ---- toolchain.c: the programs and files that a build needs ---- */

typedef struct tc_toolchain {
    char *directory;  /* lib/timecraft of this installation */
    char *include;    /* its headers */
    char *library;    /* libtimecraft.a */
    char *conf;       /* the text of toolchain.conf, "" if there is none */
    char *wasm2c;     /* NULL: not found */
    tc_words cc;      /* empty: not found */
    bool cc_chosen;   /* given with --cc */
    char *tcc;        /* NULL: not found */
    tc_words cflags;  /* of toolchain.conf */
    tc_words ldflags; /* of toolchain.conf */
} tc_toolchain;

/* The oldest version of wasm2c that is known to work, and as a number: the corrections of its
 * output (stages/correct/) are for this one and newer ones. */
#define TC_VERSION(major, minor, patch) ((major)*1000000 + (minor)*1000 + (patch))
#define TC_OLDEST_WASM2C                "1.0.36"
#define TC_OLDEST_WASM2C_NUMBER         TC_VERSION(1, 0, 36)

/* The headers that generated C includes, by their names in `include`; ends with NULL. */
extern const char *const tc_toolchain_headers[];

/* Finds the parts; does not complain about what is missing. `cc` may be NULL. -1 when the
 * installation itself cannot be found. */
int tc_toolchain_find(tc_toolchain *tools, const char *cc);
/* Complains about a missing part that every build needs. */
int tc_toolchain_check(const tc_toolchain *tools);
/* The path of a part of the installed SDK, such as "c"; whether it is there or not. */
char *tc_toolchain_sdk(const tc_toolchain *tools, const char *name);
void tc_toolchain_reset(tc_toolchain *tools);
/* What identifies a compiler, or all tools and the runtime, without running anything. */
void tc_toolchain_compiler_identity(const tc_words *compiler, tc_buffer *out);
void tc_toolchain_identity(const tc_toolchain *tools, tc_buffer *out);

/* What was learned from running wasm2c once. */
typedef struct tc_wasm2c_facts {
    char version[32];
    tc_words features; /* flags for what this version leaves off by default */
} tc_wasm2c_facts;

/* -1 after a message: it cannot be run or is too old. */
int tc_toolchain_probe_wasm2c(const tc_toolchain *tools, tc_wasm2c_facts *facts);
/* Whether the C compiler knows all of the flags, words between spaces; it is run once to ask. */
bool tc_toolchain_compiler_takes(const tc_toolchain *tools, const char *flags);

#endif
