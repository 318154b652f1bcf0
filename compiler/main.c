/* The `timecraft` command: which command is meant, its options, help. */
#include "timecraft.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_JOBS 256

static const char general_help[] =
    "Timecraft turns a WebAssembly module (WASI preview 1) into a native Linux program.\n"
    "\n"
    "  timecraft build [OPTION...] MODULE.wasm -o PROGRAM\n"
    "  timecraft run [OPTION...] MODULE.wasm [--] [ARGUMENT...]\n"
    "  timecraft inspect MODULE.wasm\n"
    "  timecraft doctor\n"
    "  timecraft help [COMMAND]\n"
    "  timecraft version\n"
    "\n"
    "`timecraft help COMMAND` says more about a command.\n";

static const char build_help[] =
    "timecraft build [OPTION...] MODULE.wasm -o PROGRAM\n"
    "\n"
    "Translates the module to C, compiles it, and links it with the runtime. The program may do\n"
    "what the grants below allow, and nothing else; whoever runs it can change them with the same\n"
    "words in the environment variable TIMECRAFT_OPTIONS.\n";

static const char run_help[] =
    "timecraft run [OPTION...] MODULE.wasm [--] [ARGUMENT...]\n"
    "\n"
    "Builds the module into the user's cache when it is not there yet, then runs it. All that\n"
    "follows the module is the guest's. The grants are put in front of what TIMECRAFT_OPTIONS\n"
    "holds already, as if the program had been built with them.\n";

static const char build_options_help[] =
    "  -o, --output=PROGRAM       where the program goes (build only)\n"
    "  -O0, -O1, -O2, -O3         how much to optimize; default -O2. -O0 uses tcc when it is\n"
    "                             installed: built in seconds, runs about ten times slower\n"
    "  -j, --jobs=N               compile N files at a time; default: one for each processor\n"
    "      --cc=COMMAND           the C compiler, also used to link; default cc\n"
    "      --static               put OpenSSL and liburing into the program\n"
    "      --keep-c=DIR           keep the generated C files there (build only)\n"
    "      --no-cache             use no cache, as with TIMECRAFT_CACHE=off in the environment;\n"
    "                             caches are in ${XDG_CACHE_HOME:-~/.cache}/timecraft\n"
    "  -q, --quiet                print errors only\n"
    "  -v, --verbose              show each program that is started\n";

static const char inspect_help[] =
    "timecraft inspect MODULE.wasm\n"
    "\n"
    "Shows what the module imports and exports, and what the runtime has for each import.\n";

static const char doctor_help[] = "timecraft doctor\n"
                                  "\n"
                                  "Looks for all parts of the toolchain, and says how to get what "
                                  "is missing. The exit status is\n"
                                  "1 when something is missing that every build needs.\n";

static int print_help(const char *command) {
    if (!command) {
        fputs(general_help, stdout);
    } else if (strcmp(command, "build") == 0 || strcmp(command, "run") == 0) {
        fputs(*command == 'b' ? build_help : run_help, stdout);
        printf("\nOptions:\n%s\nGrants and limits:\n%s", build_options_help, tc_options_help);
    } else if (strcmp(command, "inspect") == 0) {
        fputs(inspect_help, stdout);
    } else if (strcmp(command, "doctor") == 0) {
        fputs(doctor_help, stdout);
    } else if (strcmp(command, "help") == 0 || strcmp(command, "version") == 0) {
        fputs(general_help, stdout);
    } else {
        tc_error("there is no command %s; `timecraft help` lists them", command);
        return TC_EXIT_USAGE;
    }
    return TC_EXIT_OK;
}

/* ---- options of build and run -----------------------------------------------------------------
 */

/* An option with a value, as "--name=value", "--name value", "-nvalue" or "-n value". */
typedef struct valued_option {
    const char *name;  /* with its dashes */
    const char *brief; /* one letter with its dash, or NULL */
    int (*set)(tc_build_options *options, const char *value);
} valued_option;

static int set_output(tc_build_options *options, const char *value) {
    options->output = value;
    return *value ? 0 : -1;
}

static int set_cc(tc_build_options *options, const char *value) {
    options->cc = value;
    return *value ? 0 : -1;
}

static int set_keep_c(tc_build_options *options, const char *value) {
    options->keep_c = value;
    return *value ? 0 : -1;
}

static int set_jobs(tc_build_options *options, const char *value) {
    char *end;
    errno = 0;
    unsigned long jobs = strtoul(value, &end, 10);
    if (*value < '0' || *value > '9' || *end || errno || jobs == 0)
        return -1;
    options->jobs = jobs > MOST_JOBS ? MOST_JOBS : (unsigned)jobs;
    return 0;
}

static const valued_option valued_options[] = {
    {"--output", "-o", set_output},
    {"--jobs", "-j", set_jobs},
    {"--cc", NULL, set_cc},
    {"--keep-c", NULL, set_keep_c},
};

/* Where the value of `word` is if it is this option: in the word itself, or *used is 2 and it is
 * the next word (NULL if there is none). Sets *used to 0 if it is another option. */
static const char *find_value(const valued_option *option, const char *word, const char *next,
                              int *used) {
    size_t length = strlen(option->name);
    *used = 1;
    if (strncmp(word, option->name, length) == 0 && word[length] == '=')
        return word + length + 1;
    if (option->brief && strncmp(word, option->brief, 2) == 0 && word[2])
        return word + 2;
    if (strcmp(word, option->name) == 0 || (option->brief && strcmp(word, option->brief) == 0)) {
        *used = 2;
        return next;
    }
    *used = 0;
    return NULL;
}

static int apply_valued(tc_build_options *options, const char *word, const char *next) {
    for (size_t i = 0; i < sizeof valued_options / sizeof *valued_options; i++) {
        int used;
        const char *value = find_value(&valued_options[i], word, next, &used);
        if (!used)
            continue;
        if (!value) {
            tc_error("%s needs a value", word);
            return -1;
        }
        if (valued_options[i].set(options, value) < 0) {
            tc_error("%s cannot be \"%s\"", valued_options[i].name, value);
            return -1;
        }
        return used;
    }
    return 0;
}

static int apply_plain(tc_build_options *options, const char *word) {
    if (strncmp(word, "-O", 2) == 0 && word[2] >= '0' && word[2] <= '3' && !word[3])
        options->level = word[2] - '0';
    else if (strcmp(word, "--static") == 0)
        options->link_static = true;
    else if (strcmp(word, "--no-cache") == 0)
        options->use_cache = false;
    else if (strcmp(word, "-q") == 0 || strcmp(word, "--quiet") == 0)
        options->verbosity = TC_QUIET;
    else if (strcmp(word, "-v") == 0 || strcmp(word, "--verbose") == 0)
        options->verbosity = TC_VERBOSE;
    else
        return 0;
    return 1;
}

static int apply_grant(tc_build_options *options, const char *word, const char *next) {
    char *error = NULL;
    int used = tc_options_apply(&options->grants, word, next, &error);
    if (used < 0)
        tc_error("%s", error ? error : word);
    free(error);
    if (used >= 1)
        options->words = tc_options_append_word(options->words, word);
    if (used >= 2)
        options->words = tc_options_append_word(options->words, next);
    return used;
}

/* Returns how many words the option takes, or -1 after a message. */
static int apply_option(tc_build_options *options, const char *word, const char *next) {
    int used = apply_plain(options, word);
    if (!used)
        used = apply_valued(options, word, next);
    if (!used)
        used = apply_grant(options, word, next);
    if (!used) {
        tc_error("%s is not an option; `timecraft help build` lists them", word);
        used = -1;
    }
    return used;
}

static bool asks_for_help(const char *word) {
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static unsigned processor_count(void) {
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < 1 ? 1 : (unsigned)count;
}

static void options_init(tc_build_options *options, tc_verbosity verbosity) {
    *options = (tc_build_options){
        .level = 2, .jobs = processor_count(), .use_cache = true, .verbosity = verbosity};
    tc_options_init(&options->grants);
}

static void options_reset(tc_build_options *options) {
    tc_options_reset(&options->grants);
    free(options->words);
}

/* ---- commands ---------------------------------------------------------------------------------
 */

/* Options may stand on both sides of the module. */
static int parse_build(tc_build_options *options, char **words) {
    bool only_names = false;
    while (*words) {
        if (!only_names && strcmp(*words, "--") == 0) {
            only_names = true;
            words++;
        } else if (!only_names && **words == '-' && (*words)[1]) {
            int used = apply_option(options, words[0], words[1]);
            if (used < 0)
                return -1;
            words += used;
        } else if (options->module) {
            tc_error("there can be one module only, not %s and %s", options->module, *words);
            return -1;
        } else {
            options->module = *words++;
        }
    }
    if (!options->module)
        tc_error("which module? timecraft build MODULE.wasm -o PROGRAM");
    else if (!options->output)
        tc_error("where should the program go? Say so with -o PROGRAM");
    return options->module && options->output ? 0 : -1;
}

static int command_build(char **words) {
    tc_build_options options;
    options_init(&options, TC_NORMAL);
    int status = TC_EXIT_USAGE;
    if (parse_build(&options, words) == 0) {
        tc_progress_init(options.verbosity);
        status = tc_build_run(&options);
    }
    options_reset(&options);
    return status;
}

/* Options stand before the module. Returns where the arguments begin, the module's place first. */
static char **parse_run(tc_build_options *options, char **words) {
    while (*words && **words == '-' && strcmp(*words, "--") != 0) {
        int used = apply_option(options, words[0], words[1]);
        if (used < 0)
            return NULL;
        words += used;
    }
    if (*words && strcmp(*words, "--") == 0)
        words++;
    if (!*words) {
        tc_error("which module? timecraft run MODULE.wasm [--] [ARGUMENT...]");
        return NULL;
    }
    if (options->output) {
        tc_error("run keeps the program in its cache; -o is for timecraft build");
        return NULL;
    }
    if (options->keep_c) {
        tc_error("run may have nothing to translate; --keep-c is for timecraft build");
        return NULL;
    }
    options->module = *words;
    if (words[1] && strcmp(words[1], "--") == 0)
        words++;
    return words;
}

static int command_run(char **words) {
    tc_build_options options;
    options_init(&options, TC_BAR_ONLY);
    int status = TC_EXIT_USAGE;
    char **arguments = parse_run(&options, words);
    if (arguments) {
        tc_progress_init(options.verbosity);
        status = tc_command_run(&options, arguments);
    }
    options_reset(&options);
    return status;
}

static int command_inspect(char **words) {
    if (words[0] && strcmp(words[0], "--") == 0)
        words++;
    if (!words[0] || words[1]) {
        tc_error("inspect takes one module: timecraft inspect MODULE.wasm");
        return TC_EXIT_USAGE;
    }
    return tc_command_inspect(words[0]);
}

static int command_doctor(char **words) {
    if (words[0]) {
        tc_error("doctor takes no arguments");
        return TC_EXIT_USAGE;
    }
    return tc_command_doctor();
}

static int command_help(char **words) {
    return print_help(words[0]);
}

static int command_version(char **words) {
    (void)words;
    puts("timecraft " TIMECRAFT_VERSION);
    return TC_EXIT_OK;
}

static const struct {
    const char *name;
    int (*call)(char **words);
} commands[] = {
    {"build", command_build},       {"run", command_run},   {"inspect", command_inspect},
    {"doctor", command_doctor},     {"help", command_help}, {"version", command_version},
    {"--version", command_version},
};

/* Whether the command's own words, those before the guest's, ask for help. */
static bool has_help_option(char **words) {
    for (; *words && **words == '-' && strcmp(*words, "--") != 0; words++) {
        if (asks_for_help(*words))
            return true;
    }
    return false;
}

static int dispatch(char **words) {
    if (!words[0]) {
        fputs(general_help, stderr);
        return TC_EXIT_USAGE;
    }
    if (asks_for_help(words[0]))
        return print_help(NULL);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(words[0], commands[i].name) == 0)
            return has_help_option(words + 1) ? print_help(words[0]) : commands[i].call(words + 1);
    }
    tc_error("there is no command %s; `timecraft help` lists them", words[0]);
    return TC_EXIT_USAGE;
}

int main(int argc, char **argv) {
    tc_progress_init(TC_NORMAL);
    int status = dispatch(argc > 0 ? argv + 1 : argv);
    if (fflush(stdout) != 0 && status == TC_EXIT_OK) {
        tc_error("cannot write to standard output: %s", strerror(errno));
        status = TC_EXIT_FAILURE;
    }
    int number = tc_process_interrupted();
    if (number) { /* all is cleaned up: end as the signal would have ended us */
        signal(number, SIG_DFL);
        raise(number);
    }
    return status;
}
