/* `timecraft profile`: starts a program, or the replay of a record, with the runtime's samples
 * coming through a pipe (rt/guest/profile.h), and shows where the CPU time went. */
#include "commands/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest/profile.h"
#include "profile/profile.h"

enum { FREQUENCY = 997, ROWS_SHOWN = 20 };

static const struct {
    const char *name;
    int (*write)(const tc_profile *profile, FILE *out);
    const char *endings[3];
} formats[] = {
    {"pprof", tc_profile_write_pprof, {".pb.gz", ".pprof", NULL}},
    {"folded", tc_profile_write_folded, {".folded", NULL, NULL}},
    {"svg", tc_profile_write_svg, {".svg", NULL, NULL}},
    {"table", NULL, {".txt", NULL, NULL}},
};

enum { FORMATS = sizeof formats / sizeof *formats };

typedef struct profile_words {
    const char *output; /* NULL: a table, on standard error */
    size_t format;
    unsigned frequency;
    const char *record;  /* or NULL */
    const char *program; /* NULL: the record's */
    char **arguments;    /* of a program that runs now, its name first */
} profile_words;

/* ---- the command line ---- */

static bool take_format(profile_words *out, const char *name) {
    for (out->format = 0; out->format < FORMATS; out->format++)
        if (strcmp(formats[out->format].name, name) == 0)
            return true;
    tc_error("profile knows the formats pprof, folded, svg and table, not %s", name);
    return false;
}

static bool take_frequency(profile_words *out, const char *text) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text >= '0' && *text <= '9' && !*end && value >= 1 && value <= TC_PROFILE_MOST) {
        out->frequency = (unsigned)value;
        return true;
    }
    tc_error("--frequency needs samples a second, from 1 to %d; write for example --frequency=100",
             TC_PROFILE_MOST);
    return false;
}

static bool ends_with(const char *text, const char *ending) {
    size_t length = strlen(text), ending_length = strlen(ending);
    return length > ending_length && strcmp(text + length - ending_length, ending) == 0;
}

static bool choose_format(profile_words *out) {
    if (!out->output && out->format != FORMATS && formats[out->format].write) {
        tc_error("where to? -o FILE, or -o - for standard output");
        return false;
    }
    for (size_t i = 0; out->output && out->format == FORMATS && i < FORMATS; i++)
        for (const char *const *ending = formats[i].endings; *ending; ending++)
            if (ends_with(out->output, *ending))
                out->format = i;
    if (!out->output || out->format != FORMATS)
        return true;
    tc_error("in which format is %s to be? --format=pprof, folded, svg or table", out->output);
    return false;
}

/* An option and its value. Returns how many words, or -1 after a message. */
static int take_option(profile_words *out, const char *word, const char *next) {
    static const char *const names[] = {"--output", "--format", "--frequency"};
    size_t length = strcspn(word, "="), i = 0;
    const char *value = word[length] ? word + length + 1 : next;
    if (strcmp(word, "-o") != 0)
        while (i < 3 && (strlen(names[i]) != length || strncmp(word, names[i], length) != 0))
            i++;
    if (i == 3) {
        tc_error("profile has no option %s; `timecraft help profile` lists them", word);
        return -1;
    }
    if (!value || !*value) {
        tc_error("%s needs a value; `timecraft help profile` says which", word);
        return -1;
    }
    if (i == 0)
        out->output = value;
    if ((i == 1 && !take_format(out, value)) || (i == 2 && !take_frequency(out, value)))
        return -1;
    return word[length] ? 1 : 2;
}

static bool parse(profile_words *out, char **words) {
    while (*words && **words == '-' && strcmp(*words, "--") != 0) {
        int used = take_option(out, words[0], words[1]);
        if (used < 0)
            return false;
        words += used;
    }
    if (!choose_format(out))
        return false;
    if (*words && strcmp(*words, "--") == 0 && words[1]) {
        out->arguments = words + 1;
        return true;
    }
    out->record = words[0];
    out->program = words[0] ? words[1] : NULL;
    if (words[0] && strcmp(words[0], "--") != 0 && !(words[1] && words[2]))
        return true;
    tc_error("of what? timecraft profile [OPTION...] RECORD [PROGRAM], or of a program that runs "
             "now: timecraft profile [OPTION...] -- PROGRAM [ARGUMENT...]");
    return false;
}

/* ---- the program ---- */

static volatile sig_atomic_t child;

static void pass_on(int signal) {
    if (child > 0)
        kill((pid_t)child, signal);
}

/* What asks the command to stop asks the program: then the profile is of what it did until then. */
static void pass_signals_on(sigset_t *passed) {
    static const int stops[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigemptyset(passed);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        struct sigaction action;
        if (sigaction(stops[i], NULL, &action) != 0 || action.sa_handler == SIG_IGN)
            continue; /* as by nohup */
        action = (struct sigaction){.sa_handler = pass_on, .sa_flags = SA_RESTART};
        sigaction(stops[i], &action, NULL);
        sigaddset(passed, stops[i]);
    }
    signal(SIGCHLD, SIG_DFL);
}

/* Starts the program with its samples going into the pipe. -1 with errno set. */
static int start(const char *path, char **arguments, unsigned frequency) {
    int ends[2];
    sigset_t passed, original;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    pass_signals_on(&passed);
    sigprocmask(SIG_BLOCK, &passed, &original);
    pid_t pid = fork();
    if (pid == 0) {
        char *text = tc_format("%d,%u", ends[1], frequency);
        fcntl(ends[1], F_SETFD, 0);
        setenv("TIMECRAFT_PROFILE", text, 1);
        sigprocmask(SIG_SETMASK, &original, NULL); /* handlers end with execv */
        execv(path, arguments);
        tc_error("cannot start %s: %s", path, strerror(errno));
        _exit(TC_EXIT_FAILURE);
    }
    int error = errno;
    child = pid;
    sigprocmask(SIG_SETMASK, &original, NULL);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        errno = error;
        return -1;
    }
    return ends[0];
}

/* The exit status, as from a shell. */
static int wait_for_child(void) {
    int status;
    while (waitpid((pid_t)child, &status, 0) < 0)
        if (errno != EINTR)
            return TC_EXIT_FAILURE;
    child = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static uint64_t clock_now(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* ---- the profile ---- */

static int write_profile(const profile_words *words, const tc_profile *profile, FILE *out) {
    if (words->format < FORMATS && formats[words->format].write)
        return formats[words->format].write(profile, out);
    return tc_profile_write_table(profile, out, words->output ? SIZE_MAX : ROWS_SHOWN);
}

/* Runs it to its end. Returns the program's exit status; *sampled says whether there is a
 * profile. */
static int take(const profile_words *words, const char *path, tc_profile *profile, bool *sampled) {
    char *replayed[] = {(char *)path, NULL};
    profile->started = clock_now(CLOCK_REALTIME);
    profile->period = UINT64_C(1000000000) / words->frequency;
    uint64_t start_time = clock_now(CLOCK_MONOTONIC);
    int pipe = start(path, words->record ? replayed : words->arguments, words->frequency);
    if (pipe < 0) {
        tc_error("cannot start %s: %s", path, strerror(errno));
        return TC_EXIT_FAILURE;
    }
    *sampled = tc_profile_read(profile, pipe);
    close(pipe);
    int status = wait_for_child();
    profile->elapsed = clock_now(CLOCK_MONOTONIC) - start_time;
    if (!*sampled && status == 0) {
        tc_error("%s was built before there were profiles; build it again", path);
        return TC_EXIT_FAILURE;
    }
    return status;
}

static int profile_program(const profile_words *words, const char *path,
                           const tc_symbols_image *image) {
    char *temporary = NULL;
    bool sampled = false;
    FILE *out = words->output ? tc_output_open(words->output, &temporary) : stderr;
    if (!out) {
        tc_error("cannot write %s: %s", words->output, strerror(errno));
        free(temporary);
        return TC_EXIT_FAILURE;
    }
    tc_profile *profile = tc_profile_new(path, image);
    int status = take(words, path, profile, &sampled);
    int result = sampled ? write_profile(words, profile, out) : -1;
    if (words->output)
        result = tc_output_close(out, words->output, temporary, result);
    if (sampled && result != 0) {
        tc_error("cannot write %s: %s", words->output ? words->output : "the profile",
                 strerror(errno));
        status = TC_EXIT_FAILURE;
    }
    tc_profile_free(profile);
    free(temporary);
    return status;
}

/* The file stays mapped, whatever becomes of its name while the program runs. */
static int profile_file(const profile_words *words, const char *path) {
    struct stat status;
    int result = TC_EXIT_FAILURE;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *file = MAP_FAILED;
    if (fd >= 0 && fstat(fd, &status) == 0)
        file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (file == MAP_FAILED) {
        tc_error("cannot read %s, whose functions a profile names: %s", path, strerror(errno));
    } else {
        result = profile_program(words, path, &(tc_symbols_image){file, (size_t)status.st_size});
        munmap(file, (size_t)status.st_size);
    }
    if (fd >= 0)
        close(fd);
    return result;
}

/* A new string, or NULL after a message. */
static char *find_program(const char *name) {
    char *path = tc_path_find_program(name);
    if (!path)
        tc_error("%s is no program that can be started", name);
    else if (!tc_program_is_built(path))
        tc_error("%s is no program that Timecraft has built; timecraft build makes one of a module",
                 name);
    else
        return path;
    free(path);
    return NULL;
}

int tc_command_profile(char **words) {
    profile_words all = {.format = FORMATS, .frequency = FREQUENCY};
    if (!parse(&all, words))
        return TC_EXIT_USAGE;
    char *path = all.record ? tc_replay_program("profile", all.record, all.program)
                            : find_program(all.arguments[0]);
    int status = TC_EXIT_FAILURE;
    if (path) {
        if (all.record)
            tc_replay_environment(all.record, NULL);
        status = profile_file(&all, path);
    }
    free(path);
    return status;
}
