/* What the program may do: the grants, and the runner's other words.
 *
 * The same syntax is used on `timecraft build`'s command line, in the text that the binding carries
 * and in TIMECRAFT_OPTIONS. Options of TIMECRAFT_OPTIONS are applied after the build's: a list
 * (directories, environment, network) is added to, a single value is replaced, and `--no-grants`
 * forgets every grant given before it.
 *
 * The words stand in words.def.
 *
 * May use: the C library only. The command links it too.
 */
#ifndef TC_OPTIONS_H
#define TC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* --dir HOST[::GUEST][:ro] */
typedef struct tc_dir_grant {
    char *host;  /* path on the host, relative ones to the working directory at start-up */
    char *guest; /* the name the guest sees; HOST when not given */
    bool read_only;
} tc_dir_grant;

/* --env NAME[=VALUE]; value NULL means: take it from the host's environment at start-up */
typedef struct tc_env_grant {
    char *name;
    char *value;
} tc_env_grant;

/* One element of --allow-net or --allow-listen. */
typedef enum tc_net_kind {
    TC_NET_ANY,    /* every address ("*", or nothing before the port); never a Unix one */
    TC_NET_NAME,   /* a host name: the addresses that resolving it gave */
    TC_NET_PREFIX, /* an address, or a prefix such as 10.0.0.0/8 or [2001:db8::]/32 */
    TC_NET_UNIX,   /* unix:PATH, that very path */
} tc_net_kind;

typedef struct tc_net_grant {
    tc_net_kind kind;
    char *name;          /* TC_NET_NAME: lower case, no trailing dot; TC_NET_UNIX: the path */
    int family;          /* TC_NET_PREFIX: AF_INET or AF_INET6 */
    uint8_t address[16]; /* TC_NET_PREFIX: network order, 4 or 16 bytes */
    unsigned prefix_len; /* TC_NET_PREFIX: bits */
    uint16_t port;       /* host order; 0: every port */
} tc_net_grant;

/* --identity=NAME=CERT,KEY: a certificate chain and its key, in PEM files that the host reads */
typedef struct tc_identity_grant {
    char *name;
    char *certificate;
    char *key;
} tc_identity_grant;

/* --record's detail: what is kept of calls, see trace/record.h */
typedef enum tc_record_detail {
    TC_DETAIL_CALLS,
    TC_DETAIL_HEADERS,
    TC_DETAIL_ALL,
} tc_record_detail;

/* The kernel's wall around the guest, see confine/confine.h. */
typedef enum tc_confinement {
    TC_CONFINEMENT_ASKED,    /* as much of it as there is */
    TC_CONFINEMENT_REQUIRED, /* --require-confinement: all of it, or no run */
    TC_CONFINEMENT_NONE,     /* --no-confinement */
} tc_confinement;

typedef enum tc_when { TC_WHEN_AUTO, TC_WHEN_ALWAYS, TC_WHEN_NEVER } tc_when;

typedef struct tc_options {
    tc_dir_grant *dirs;
    size_t dir_count;
    tc_env_grant *envs;
    size_t env_count;
    tc_net_grant *connects; /* --allow-net[=HOST[:PORT],…] */
    size_t connect_count;
    tc_net_grant *listens; /* --allow-listen[=ADDR:PORT,…] */
    size_t listen_count;
    tc_identity_grant *identities;
    size_t identity_count;
    char *ca;                   /* --ca=FILE: PEM certificates in place of the system's; or NULL */
    bool allow_insecure_tls;    /* --allow-insecure-tls: a guest may leave verification out */
    unsigned tls_min_version;   /* --tls-min-version=1.2|1.3: 0x0303 (the default) or 0x0304 */
    unsigned tls_max_version;   /* --tls-max-version: the default is 0x0304 */
    char *payload;              /* --payload=GUEST: what the guest sees the program's own file as */
    bool inherit_env;           /* --inherit-env */
    bool require_tls;           /* --require-tls: no byte leaves in clear text */
    tc_confinement confinement; /* --require-confinement, --no-confinement: the last of them */
    uint64_t max_memory;        /* --max-memory=SIZE[K|M|G], bytes; 0: the module's own limit */
    uint64_t timeout_ns;        /* --timeout=SECONDS of wall-clock time; 0: none */
    uint64_t handshake_timeout_ns;  /* --tls-handshake-timeout=SECONDS; default 30 s */
    unsigned workers;               /* --workers=N|auto: TC_WORKERS_AUTO; 0: no supervisor */
    uint64_t drain_ns;              /* --drain=SECONDS; default 10 s */
    uint64_t stack_size;            /* --stack-size=SIZE[K|M|G], bytes; default 64 MiB */
    bool core;                      /* --core: a trap leaves a core dump */
    char *invoke;                   /* --invoke=NAME: the export to call in place of _start */
    char *trace;                    /* --trace[=FILE]: "" for standard error; NULL: no trace */
    char *trace_only;               /* --trace-only=WHAT,…: checked; or NULL */
    uint64_t trace_size;            /* --trace-size=BYTES of each string; default 64 */
    tc_when trace_colour;           /* --trace-colour=auto|always|never */
    bool unmask;                    /* --unmask: secrets are shown */
    char *record;                   /* --record=FILE…: the file, with its % words; or NULL */
    uint64_t record_limit;          /* …,limit=SIZE: bytes; 0: none */
    tc_record_detail record_detail; /* …,detail=…; default all */
    double chaos;                   /* --chaos=RATIO: of calls, 0 to 1; 0: none */
    bool chaos_seeded;              /* …,seed=N was given */
    uint64_t chaos_seed;            /* …,seed=N */
} tc_options;

#define TC_WORKERS_AUTO UINT32_MAX

/* How many workers that are: where it is left to the machine, as many as there are processors. */
unsigned tc_options_workers(const tc_options *options);

/* Sets the defaults: nothing granted. */
void tc_options_init(tc_options *options);
void tc_options_reset(tc_options *options);

/* Forgets what is asked of a run beside what it may do: --trace, --record, --chaos and theirs, and
 * how it is confined. */
void tc_options_forget_trace(tc_options *options);

/* Whether `value` is a choice of calls as --trace-only takes it. 0, or -1 with *error set to a
 * message that begins with `option` and the value (caller frees). */
int tc_options_check_calls(const char *option, const char *value, char **error);

/* Applies one word of the syntax above, such as "--allow-net=example.com:443" (options that take a
 * value also accept it as the next word: then *next is consumed). `next` may be NULL.
 * Returns the number of words used (1 or 2), 0 if `word` is none of the runtime's options, or -1
 * with *error set to a message for the person (caller frees). */
int tc_options_apply(tc_options *options, const char *word, const char *next, char **error);

/* Tells, of a word that was not taken for the value of the option `before` it, how to give that
 * option one: "--allow-net takes its value in the same word: …". A new string, or NULL: `before`
 * (may be NULL) is no option that takes values in the same word only, or has one. */
char *tc_options_hint(const char *before, const char *word);

/* Applies a whole text of words separated by white space; ' and " quote as in a POSIX shell,
 * backslash escapes. Returns 0, or -1 with *error set (caller frees). */
int tc_options_apply_text(tc_options *options, const char *text, char **error);

/* The inverse, for one word: appends it to a text, quoted where needed. Returns a new string that
 * replaces `text` (which is freed; may be NULL). */
char *tc_options_append_word(char *text, const char *word);

/* The help text of these options, one a line, for `timecraft help`. */
extern const char tc_options_help[];

#endif
