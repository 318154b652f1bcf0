/* `timecraft run`: builds the module into the cache when it is not there yet, then becomes the
 * program. When it is there, nothing is started but the program itself.
 *
 * The grants of the command line travel in TIMECRAFT_OPTIONS, in front of what the variable holds
 * already. They stand where `timecraft build` would have put them, so that
 *
 *     timecraft run --dir . app.wasm     and     timecraft build --dir . app.wasm -o app; ./app
 *
 * give the guest the same whatever the variable says.
 */
#include "commands/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

#define LONGEST_STEM 40

/* Of the program: its grants are in the environment. */
static tc_build_options program_options(const tc_build_options *options) {
    tc_build_options inner = *options;
    inner.words = NULL;
    inner.output_is_kept = true;
    return inner;
}

/* What the program depends on; finding the tools runs none of them. */
static int make_key(const tc_build_options *options, const tc_wasm *wasm, char key[TC_KEY_SIZE]) {
    tc_toolchain tools;
    if (tc_toolchain_find(&tools, options->cc) < 0)
        return -1;
    tc_build_options inner = program_options(options);
    tc_program_key(&inner, wasm, &tools, key);
    tc_toolchain_reset(&tools);
    return 0;
}

/* The program's path: its name, so that `ps` shows something readable, and its key. */
static char *program_path(const char *directory, const tc_wasm *wasm, const char *key) {
    const char *name = tc_path_name(wasm->path);
    size_t length = strcspn(name, ".");
    return tc_format("%s/%.*s-%s", directory, (int)(length > LONGEST_STEM ? LONGEST_STEM : length),
                     name, key);
}

/* Also for the compilers that a build may start, which do not mind. */
static void export_grants(const char *words) {
    const char *already = getenv("TIMECRAFT_OPTIONS");
    if (!words)
        return;
    char *joined = already && *already ? tc_format("%s %s", words, already) : tc_copy_text(words);
    setenv("TIMECRAFT_OPTIONS", joined, 1);
    free(joined);
}

static int build_program(const tc_build_options *options, tc_wasm *wasm, const char *path) {
    tc_build_options inner = program_options(options);
    inner.output = path;
    return tc_build_wasm(&inner, wasm);
}

/* Without a cache: the program is built where temporary files go and has no name any more when it
 * runs. */
static int run_uncached(const tc_build_options *options, tc_wasm *wasm, char **arguments) {
    const char *place = getenv("TMPDIR");
    char *directory = tc_format("%s/timecraft.XXXXXX", place && *place == '/' ? place : "/tmp");
    if (!mkdtemp(directory)) {
        tc_error("cannot make a directory for the program, %s: %s", directory, strerror(errno));
        free(directory);
        return TC_EXIT_FAILURE;
    }
    char *path = tc_format("%s/program", directory);
    int status = build_program(options, wasm, path);
    int file = status == TC_EXIT_OK ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    tc_directory_remove(directory);
    free(directory);
    free(path);
    if (status != TC_EXIT_OK)
        return status;
    fexecve(file, arguments, environ);
    tc_error("cannot run the program: %s", strerror(errno));
    return TC_EXIT_FAILURE;
}

/* Becomes a kept program. Comes back with errno set when it is not there or cannot be run. */
static void run_kept(const char *path, char **arguments) {
    utimensat(AT_FDCWD, path, NULL, 0); /* used now, for tc_cache_trim */
    execv(path, arguments);
}

static int run_cached(const tc_build_options *options, tc_wasm *wasm, const char *directory,
                      char **arguments) {
    char key[TC_KEY_SIZE];
    int status = TC_EXIT_FAILURE;
    if (make_key(options, wasm, key) < 0)
        return status;
    char *path = program_path(directory, wasm, key);
    run_kept(path, arguments);
    /* Not there, taken away, or damaged: build it. Other problems would only come again. */
    bool absent = errno == ENOENT || errno == ENOEXEC || errno == EACCES;
    if (absent && build_program(options, wasm, path) == TC_EXIT_OK) {
        tc_cache_trim(directory, TC_CACHE_LIMIT);
        run_kept(path, arguments);
        absent = false;
    }
    if (!absent)
        tc_error("cannot run %s: %s", path, strerror(errno));
    free(path);
    return status;
}

static int run(const tc_build_options *options, char **arguments) {
    tc_wasm wasm;
    int status = TC_EXIT_FAILURE;
    char *directory = options->use_cache ? tc_cache_directory("programs") : NULL;
    export_grants(options->words);
    if (tc_wasm_read(&wasm, options->module) == 0) {
        arguments[0] = (char *)(options->argv0 ? options->argv0 : tc_path_name(options->module));
        tc_build_hints(options, &wasm, getenv("TIMECRAFT_OPTIONS"));
        status = directory ? run_cached(options, &wasm, directory, arguments)
                           : run_uncached(options, &wasm, arguments);
    }
    tc_wasm_reset(&wasm);
    free(directory);
    return status;
}

/* Options stand before the module. Returns where the arguments begin, the module's place first. */
static char **parse_run(tc_build_options *options, char **words) {
    const char *before = NULL; /* the option in front of the module */
    while (*words && **words == '-' && strcmp(*words, "--") != 0) {
        int used = tc_command_option(options, words[0], words[1]);
        if (used < 0)
            return NULL;
        before = used == 1 ? *words : NULL;
        words += used;
    }
    if (*words && strcmp(*words, "--") == 0) {
        before = NULL;
        words++;
    }
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
    if (tc_command_module(options, before, *words) < 0)
        return NULL;
    if (words[1] && strcmp(words[1], "--") == 0)
        words++;
    return words;
}

int tc_command_run(char **words) {
    tc_build_options options;
    tc_profile_uses uses = {0};
    tc_command_options_init(&options, TC_BAR_ONLY);
    int status = TC_EXIT_USAGE;
    char **arguments = parse_run(&options, words);
    if (arguments) {
        tc_progress_init(options.verbosity);
        status =
            tc_command_read_profile(&options, &uses) ? run(&options, arguments) : TC_EXIT_FAILURE;
    }
    tc_profile_uses_reset(&uses);
    tc_command_options_reset(&options);
    return status;
}
