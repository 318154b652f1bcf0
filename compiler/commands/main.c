/* The `timecraft` command: which command is meant, help. */
#include "commands/commands.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char general_help[] =
    "Timecraft turns a WebAssembly module (WASI preview 1) into a native Linux program.\n"
    "\n"
    "  timecraft build [OPTION...] MODULE.wasm -o PROGRAM\n"
    "  timecraft run [OPTION...] MODULE.wasm [--] [ARGUMENT...]\n"
    "  timecraft replay [OPTION...] RECORD [PROGRAM]\n"
    "  timecraft profile [OPTION...] RECORD [PROGRAM]\n"
    "  timecraft profile [OPTION...] -- PROGRAM [ARGUMENT...]\n"
    "  timecraft inspect MODULE.wasm|RECORD\n"
    "  timecraft trace calls|network|requests|dns|tls [OPTION...] RECORD\n"
    "  timecraft export pcapng|har|html|stdout|stderr|record [--unmask] RECORD -o FILE\n"
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

static const char replay_help[] =
    "timecraft replay [OPTION...] RECORD [PROGRAM]\n"
    "\n"
    "Runs a program again as its record (--record=FILE) says it ran: without network, files and\n"
    "clock, with the same output, the same exit status, the same trap. PROGRAM is the executable\n"
    "that wrote the record, where it is no longer in the place that the record names.\n"
    "\n"
    "The exit status is the program's; 125 when the record is not this program's, or the program\n"
    "goes another way, which is shown; 137 at the end of a record whose program was killed.\n"
    "\n"
    "Options:\n"
    "  --trace[=FILE]             print the calls as they are replayed; with --trace-only,\n"
    "                             --trace-size, --trace-colour and --unmask as for `run`\n"
    "  --until=N                  stop before call N, counted from 0, and show where that is\n"
    "  --gdb                      run under gdb, which stops before call N of --until, or before\n"
    "                             the first one; then `set var tc_replay_until = M` and "
    "`continue`\n"
    "                             lead on to call M; of a program with -g it has tc-bt and\n"
    "                             the other commands of `timecraft-config --gdb`\n";

static const char profile_help[] =
    "timecraft profile [OPTION...] RECORD [PROGRAM]\n"
    "timecraft profile [OPTION...] -- PROGRAM [ARGUMENT...]\n"
    "\n"
    "Shows in which of the guest's functions a program that Timecraft has built spends its\n"
    "CPU time: one that runs now, or the replay of a record. What the host does for the guest is\n"
    "named after the import, as [host] fd_write. A function that the compiler has put into its\n"
    "caller counts as the caller, unless the program was built with -g: then it has its own "
    "place,\n"
    "and pprof has files and lines. Without -o a table goes to standard error when the program "
    "has\n"
    "ended; the exit status is the program's.\n"
    "\n"
    "Options:\n"
    "  -o, --output=FILE     write the profile there (- for standard output): FILE.svg is a flame\n"
    "                        graph, FILE.pb.gz or FILE.pprof for `go tool pprof`, FILE.folded a "
    "line\n"
    "                        a call path with its microseconds, FILE.txt the table\n"
    "      --format=pprof|folded|svg|table\n"
    "                        whatever FILE is called\n"
    "      --frequency=HZ    take so many samples a second of CPU time; default 997. The kernel "
    "may\n"
    "                        take fewer, at most as many as its clock has ticks\n";

static const char build_options_help[] =
    "  -o, --output=PROGRAM       where the program goes (build only)\n"
    "  -O0, -O1, -O2, -O3         how much to optimize; default -O2. -O0 uses tcc when it is\n"
    "                             installed: built in seconds, runs about ten times slower\n"
    "  -g                         the lines of the guest's source in the program: for messages of\n"
    "                             traps, gdb, perf. The module has to be compiled with -g too;\n"
    "                             -O0 does without tcc then\n"
    "      --profile=FILE         build sooner: only the functions in FILE, which `timecraft\n"
    "                             profile -o FILE.pprof` wrote, get -O1, -O2 or -O3. The others\n"
    "                             are compiled by tcc where it is installed (not with -g or\n"
    "                             --cc), else with -O1\n"
    "  -j, --jobs=N               compile N files at a time; default: one for each processor\n"
    "      --cc=COMMAND           the C compiler, also used to link; default cc\n"
    "      --static               put OpenSSL and liburing into the program\n"
    "      --keep-c=DIR           keep the generated C files there (build only)\n"
    "      --unknown-imports=trap|enosys\n"
    "                             build even if functions are imported that the runtime does not\n"
    "                             have: a call of one traps, or returns ENOSYS where its only\n"
    "                             result is an i32 (else it traps)\n"
    "      --stub=MODULE.NAME[=trap|=enosys]\n"
    "                             the same for one function, also one that the runtime has;\n"
    "                             MODULE.* for all that a module has; may be repeated\n"
    "      --argv0=NAME           the guest's own name, its argument 0 (run only); default: the\n"
    "                             module's file name\n"
    "      --no-cache             use no cache, as with TIMECRAFT_CACHE=off in the environment;\n"
    "                             caches are in ${XDG_CACHE_HOME:-~/.cache}/timecraft\n"
    "  -q, --quiet                print errors only\n"
    "  -v, --verbose              show each program that is started\n";

static const char inspect_help[] =
    "timecraft inspect MODULE.wasm\n"
    "timecraft inspect [--unmask] RECORD\n"
    "\n"
    "Shows what the module imports and exports, and what the runtime has for each import. Of a\n"
    "record: of which program it is, when it ran, for how long, and what is not in it.\n";

static const char trace_help[] =
    "timecraft trace calls|network|requests|dns|tls [OPTION...] RECORD\n"
    "\n"
    "Shows what a program did that ran with --record=RECORD: its calls; what its connections sent\n"
    "and received, in clear text; HTTP requests and answers, and WebSocket messages; look-ups of\n"
    "names; TLS handshakes.\n"
    "\n"
    "Options:\n"
    "  -v, --verbose         with what was sent and received; headers and bodies; certificates\n"
    "  -o, --output=json     JSON Lines instead of text\n"
    "  -c, --summary         counts, times and errors instead of lines\n"
    "  -e, --only=WHAT,...   these calls only: names (fd_read), families (network, file, process,\n"
    "                        time, random), fd=N, failed; !WHAT: others\n"
    "  -f, --follow          go on while the program runs\n"
    "      --since=TIME      from then: since the record began (1.5s, 20ms, 5m), or a time of day\n"
    "      --until=TIME      to then\n"
    "      --last=N|TIME     the last N lines, or what happened in the last 10s\n"
    "      --unmask          show values of Authorization, Proxy-Authorization, Cookie,\n"
    "                        Set-Cookie, and of environment variables; of calls also what\n"
    "                        connections of HTTP/2 move, whose headers are compressed\n";

static const char export_help[] =
    "timecraft export pcapng|har|html|stdout|stderr|record [--unmask] RECORD -o FILE\n"
    "\n"
    "Writes what a record has in a format of others (-o - for standard output):\n"
    "  pcapng   connections in clear text, for Wireshark and tshark\n"
    "  har      HTTP requests and answers with their timings (HAR 1.2), for browsers' tools\n"
    "  html     a page: time line, requests, headers and bodies; it needs no network\n"
    "  stdout   what the program wrote to its standard output\n"
    "  stderr   what it wrote to its standard errors\n"
    "  record   the record itself, compressed, without a limit, and with all secrets in it\n"
    "\n"
    "Secrets are masked as `timecraft help trace` says, but for what a program wrote. Wireshark "
    "takes\n"
    "port 443 for TLS: `tshark -d tcp.port==443,http -r FILE` reads what is in clear text there.\n";

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
    } else if (strcmp(command, "replay") == 0) {
        fputs(replay_help, stdout);
    } else if (strcmp(command, "profile") == 0) {
        fputs(profile_help, stdout);
    } else if (strcmp(command, "trace") == 0) {
        fputs(trace_help, stdout);
    } else if (strcmp(command, "export") == 0) {
        fputs(export_help, stdout);
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
    {"build", tc_command_build},     {"run", tc_command_run},        {"replay", tc_command_replay},
    {"inspect", tc_command_inspect}, {"trace", tc_command_trace},    {"export", tc_command_export},
    {"profile", tc_command_profile}, {"doctor", tc_command_doctor},  {"help", command_help},
    {"version", command_version},    {"--version", command_version},
};

static bool asks_for_help(const char *word) {
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

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
