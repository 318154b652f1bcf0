/* `timecraft replay`: becomes the program that wrote a record, which the record answers then; see
 * rt/trace/replay.h. With --gdb it becomes a debugger that starts that program.
 *
 * The program is the one that the record names, unless another path is given; whether it is the
 * very one it finds out by itself. But what a record names is started only if it is a program that
 * Timecraft has built, for a record may come from anywhere. */
#include "commands/commands.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options/options.h"
#include "record/reader.h"

/* Of tc_replay_mark in every built program; in two parts, so that this program has it not. */
static const char *const mark[] = {"timecraft: this program ", "replays records"};

typedef struct replay_options {
    char *words;       /* for TIMECRAFT_OPTIONS, owned */
    const char *until; /* a number, or NULL */
    bool gdb;
    const char *record;
    const char *program; /* or NULL */
} replay_options;

/* ---- the command line ---- */

static bool is_number(const char *text) {
    return *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 20;
}

/* --until and --gdb. Returns the number of words, 0 if it is another option, -1 after a message. */
static int own_option(replay_options *to, const char *word, const char *next) {
    if (strcmp(word, "--gdb") == 0) {
        to->gdb = true;
        return 1;
    }
    bool joined = strncmp(word, "--until=", 8) == 0;
    if (!joined && strcmp(word, "--until") != 0)
        return 0;
    to->until = joined ? word + 8 : next;
    if (!to->until || !is_number(to->until)) {
        tc_error("--until needs the number of a call, from 0; write for example --until=17");
        return -1;
    }
    return joined ? 1 : 2;
}

/* The words of the runtime that say what of a replay is shown. */
static int trace_option(replay_options *to, const char *word, const char *next) {
    static const char *const known[] = {"--trace", "--trace-only", "--trace-size", "--trace-colour",
                                        "--unmask"};
    size_t length = strcspn(word, "="), i = 0;
    tc_options checked;
    char *error = NULL;
    while (i < sizeof known / sizeof *known &&
           (strlen(known[i]) != length || strncmp(known[i], word, length) != 0))
        i++;
    if (i == sizeof known / sizeof *known) {
        tc_error("replay has no option %s; `timecraft help replay` lists them", word);
        return -1;
    }
    tc_options_init(&checked);
    int used = tc_options_apply(&checked, word, next, &error);
    tc_options_reset(&checked);
    if (used < 0) {
        tc_error("%s", error);
        free(error);
        return -1;
    }
    to->words = tc_options_append_word(to->words, word);
    if (used == 2)
        to->words = tc_options_append_word(to->words, next);
    return used;
}

static bool parse(replay_options *to, char **words) {
    while (*words && **words == '-' && strcmp(*words, "--") != 0) {
        int used = own_option(to, words[0], words[1]);
        if (used == 0)
            used = trace_option(to, words[0], words[1]);
        if (used < 0)
            return false;
        words += used;
    }
    if (*words && strcmp(*words, "--") == 0)
        words++;
    to->record = words[0];
    to->program = words[0] ? words[1] : NULL;
    if (!to->record || (to->program && words[2])) {
        tc_error("which record? timecraft replay [OPTION...] RECORD [PROGRAM]");
        return false;
    }
    return true;
}

/* ---- the program ---- */

bool tc_program_is_built(const char *path) {
    char *text = tc_format("%s%s", mark[0], mark[1]);
    struct stat status;
    bool found = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > SELFMAG) {
        void *file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (file != MAP_FAILED) {
            found = memcmp(file, ELFMAG, SELFMAG) == 0 &&
                    memmem(file, (size_t)status.st_size, text, strlen(text));
            munmap(file, (size_t)status.st_size);
        }
    }
    if (fd >= 0)
        close(fd);
    free(text);
    return found;
}

/* The path that the record has; a new string, or NULL after a message. */
static char *recorded_program(const char *command, const char *path) {
    char *why = NULL, *program = NULL;
    tc_record_item item;
    tc_field field;
    tc_record *record = tc_record_open(path, &why);
    if (!record) {
        tc_error("%s", why);
        free(why);
        return NULL;
    }
    while (!program && tc_record_next(record, &item) == TC_RECORD_EVENT)
        if (item.type == TC_EVENT_PROGRAM &&
            tc_event_find(item.event, item.size, TC_FIELD_EXECUTABLE, &field))
            program = tc_format("%.*s", (int)field.length, (const char *)field.value);
    tc_record_close(record);
    if (!program)
        tc_error("%s does not say which program it is of; name it: timecraft %s %s PROGRAM", path,
                 command, path);
    return program;
}

char *tc_replay_program(const char *command, const char *record, const char *given) {
    const char *source = given ? "" : "the record's program ";
    char *program = given ? tc_copy_text(given) : recorded_program(command, record);
    if (!program)
        return NULL;
    if (access(program, X_OK) < 0)
        tc_error("%s%s cannot be started: %s%s%s%s%s%s", source, program, strerror(errno),
                 given ? "" : "; name the place where it is now: timecraft ", given ? "" : command,
                 given ? "" : " ", given ? "" : record, given ? "" : " PROGRAM");
    else if (!tc_program_is_built(program))
        tc_error("%s%s is no program that Timecraft has built, or was built before there were "
                 "records",
                 source, program);
    else
        return program;
    free(program);
    return NULL;
}

void tc_replay_environment(const char *record, const char *words) {
    setenv("TIMECRAFT_REPLAY", record, 1);
    setenv("TIMECRAFT_OPTIONS", words ? words : "", 1);
    unsetenv("TIMECRAFT_REPLAY_UNTIL");
    unsetenv("TIMECRAFT_REPLAY_GDB");
}

/* The commands of sdk/gdb, a new string; NULL: they are not installed. */
static char *find_commands(void) {
    tc_toolchain tools;
    if (tc_toolchain_find(&tools, NULL) != 0)
        return NULL;
    char *script = tc_toolchain_sdk(&tools, "gdb/timecraft.py");
    if (access(script, R_OK) < 0) {
        free(script);
        script = NULL;
    }
    tc_toolchain_reset(&tools);
    return script;
}

/* Becomes gdb, with the commands of sdk/gdb where they are installed. */
static int start_gdb(char *program) {
    char *words[24] = {"gdb", "-q"};
    size_t count = 2;
    char *script = find_commands();
    if (script) {
        words[count++] = "-x";
        words[count++] = script;
    }
    static char *const commands[] = {"set debuginfod enabled off",
                                     "set startup-with-shell off",
                                     "set breakpoint pending on",
                                     "break tc_replay_stop",
                                     "run",
                                     "backtrace"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        words[count++] = "-ex";
        words[count++] = commands[i];
    }
    words[count] = program;
    execvp("gdb", words);
    tc_error("cannot start gdb: %s; on Debian: apt install gdb", strerror(errno));
    free(script);
    return TC_EXIT_FAILURE;
}

static int start(replay_options *options, char *program) {
    if (options->gdb) /* which reads the program's memory, and calls its functions */
        options->words = tc_options_append_word(options->words, "--no-confinement");
    tc_replay_environment(options->record, options->words);
    if (options->until || options->gdb)
        setenv("TIMECRAFT_REPLAY_UNTIL", options->until ? options->until : "0", 1);
    if (!options->gdb) {
        execv(program, (char *[]){program, NULL});
        tc_error("cannot start %s: %s", program, strerror(errno));
        return TC_EXIT_FAILURE;
    }
    setenv("TIMECRAFT_REPLAY_GDB", "1", 1);
    return start_gdb(program);
}

int tc_command_replay(char **words) {
    replay_options options = {0};
    int status = TC_EXIT_USAGE;
    if (parse(&options, words)) {
        status = TC_EXIT_FAILURE;
        char *program = tc_replay_program("replay", options.record, options.program);
        if (program)
            status = start(&options, program);
        free(program);
    }
    free(options.words);
    return status;
}
