/* The build: the stages one after the other, in a directory of its own, and a program that appears
 * whole or not at all.
 */
#include "stages/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what can be checked before any work ---- */

static int check_entry(const tc_wasm *wasm, const char *name, bool *found) {
    const tc_export *entry = tc_wasm_find_export(wasm, name, TC_KIND_FUNCTION);
    *found |= entry != NULL;
    if (!entry || strcmp(entry->type.signature, ":") == 0)
        return 0;
    char *type = tc_extern_shown(&entry->type);
    tc_error("%s exports %s with type %s; WASI wants () -> ()", wasm->path, name, type);
    free(type);
    return -1;
}

/* The function of --invoke has to be there; the binding has those that take and give numbers. */
static int check_invoke(const tc_wasm *wasm, const char *name) {
    const tc_export *function = tc_wasm_find_export(wasm, name, TC_KIND_FUNCTION);
    if (!function) {
        tc_error("%s exports no function %s; `timecraft inspect` shows what it exports", wasm->path,
                 name);
        return -1;
    }
    if (!tc_signature_is_numbers(function->type.signature)) {
        char *type = tc_extern_shown(&function->type);
        tc_error("%s exports %s with type %s; --invoke can pass numbers only", wasm->path, name,
                 type);
        free(type);
        return -1;
    }
    return 0;
}

static int check_entries(const tc_wasm *wasm, const char *invoke) {
    bool found = false;
    if (check_entry(wasm, "_start", &found) < 0 || check_entry(wasm, "_initialize", &found) < 0)
        return -1;
    if (invoke)
        return check_invoke(wasm, invoke);
    if (!found) {
        tc_error("%s exports neither _start nor _initialize, so there is nothing to run; compile "
                 "it as a WASI command (with a main function) or as a reactor, or say with "
                 "--invoke=NAME which of its functions to call",
                 wasm->path);
        return -1;
    }
    return 0;
}

static int check_module(const tc_wasm *wasm, const tc_build_options *options) {
    if (tc_features_check(wasm) < 0 || tc_imports_check(wasm, &options->stubs) < 0 ||
        check_entries(wasm, options->grants.invoke) < 0)
        return -1;
    return 0;
}

/* ---- the output ---- */

/* The program under another name beside its place, until it is whole. */
typedef struct output {
    const char *path;
    char *temporary; /* absolute */
} output;

static int check_replaceable(const tc_build_options *options) {
    struct stat target, module;
    if (stat(options->output, &target) < 0)
        return 0;
    if (!S_ISREG(target.st_mode)) {
        tc_error("cannot write %s: it is %s", options->output,
                 S_ISDIR(target.st_mode) ? "a directory" : "not a regular file");
        return -1;
    }
    if (options->module && stat(options->module, &module) == 0 && target.st_dev == module.st_dev &&
        target.st_ino == module.st_ino) {
        tc_error("the program would replace its own module %s; choose another name with -o",
                 options->output);
        return -1;
    }
    return 0;
}

static int output_open(output *out, const tc_build_options *options) {
    char resolved[PATH_MAX];
    out->path = options->output;
    if (check_replaceable(options) < 0)
        return -1;
    char *directory = tc_path_directory(options->output);
    int file = -1;
    if (realpath(directory, resolved)) {
        out->temporary = tc_format("%s/.%.200s.XXXXXX", resolved, tc_path_name(options->output));
        file = mkostemp(out->temporary, O_CLOEXEC);
    }
    free(directory);
    if (file < 0) {
        tc_error("cannot write %s: %s", options->output, strerror(errno));
        free(out->temporary);
        out->temporary = NULL;
        return -1;
    }
    close(file);
    return 0;
}

/* The mode that a compiler gives a program: all that the umask leaves. */
static mode_t program_mode(void) {
    mode_t mask = umask(0);
    umask(mask);
    return 0777 & ~mask;
}

/* On the disk before it has its name: a crash must not leave half a program there. */
static int make_durable(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    int result = file < 0 ? -1 : fsync(file);
    if (file >= 0)
        close(file);
    return result;
}

static int output_finish(output *out) {
    if (chmod(out->temporary, program_mode()) == 0 && make_durable(out->temporary) == 0 &&
        rename(out->temporary, out->path) == 0) {
        free(out->temporary);
        out->temporary = NULL;
        return 0;
    }
    tc_error("cannot write %s: %s", out->path, strerror(errno));
    return -1;
}

static void output_discard(output *out) {
    if (out->temporary)
        unlink(out->temporary);
    free(out->temporary);
    out->temporary = NULL;
}

/* ---- --keep-c ---- */

static bool is_generated(const char *name) {
    return strncmp(name, "unit_", 5) == 0 || strcmp(name, "base.c") == 0 ||
           strcmp(name, "binding.c") == 0 || strcmp(name, "guest.h") == 0;
}

/* Calls for each generated file of a directory. */
static int each_generated(const char *directory, int (*call)(const char *name, void *context),
                          void *context) {
    DIR *stream = opendir(directory);
    if (!stream)
        return -1;
    int result = 0;
    struct dirent *entry;
    while (result == 0 && (entry = readdir(stream))) {
        if (is_generated(entry->d_name))
            result = call(entry->d_name, context);
    }
    int error = errno;
    closedir(stream);
    errno = error;
    return result;
}

static int remove_one(const char *name, void *context) {
    char *path = tc_format("%s/%s", ((const tc_build *)context)->options->keep_c, name);
    int result = unlink(path);
    free(path);
    return result;
}

static int copy_one(const char *name, void *context) {
    const tc_build *build = context;
    tc_buffer text = {0};
    char *from = tc_format("%s/%s", build->work, name);
    char *to = tc_format("%s/%s", build->options->keep_c, name);
    int result = tc_file_read(from, SIZE_MAX / 2, &text);
    if (result == 0)
        result = tc_file_write(to, text.data, text.length);
    tc_buffer_reset(&text);
    free(from);
    free(to);
    return result;
}

/* Copies the C files to a directory, in place of those of an earlier build. */
static int keep_c(tc_build *build) {
    const char *directory = build->options->keep_c;
    if (!directory)
        return 0;
    if (tc_directory_make(directory, 0777) == 0 &&
        each_generated(directory, remove_one, build) == 0 &&
        each_generated(build->work, copy_one, build) == 0)
        return 0;
    tc_error("cannot keep the C files in %s: %s", directory, strerror(errno));
    return -1;
}

/* ---- the stages ---- */

static int make_work_directory(tc_build *build) {
    const char *place = getenv("TMPDIR");
    build->work = tc_format("%s/timecraft.XXXXXX", place && *place == '/' ? place : "/tmp");
    if (mkdtemp(build->work))
        return 0;
    tc_error("cannot make a directory for the build, %s: %s", build->work, strerror(errno));
    free(build->work);
    build->work = NULL;
    return -1;
}

static void report_end(const tc_build *build, bool was_kept) {
    struct stat status;
    char *size =
        tc_size_shown(stat(build->options->output, &status) == 0 ? (uint64_t)status.st_size : 0);
    if (was_kept)
        tc_progress_end("built %s (%s) in %.1f s: nothing has changed, it was in the cache",
                        build->options->output, size, tc_progress_seconds());
    else
        tc_progress_end("built %s (%s) in %.1f s: %zu files compiled, %zu from the cache",
                        build->options->output, size, tc_progress_seconds(), build->compiled,
                        build->units.count - build->compiled);
    free(size);
}

static int make_units(tc_build *build) {
    if (build->options->has_lines)
        tc_lines_read(build);
    build->has_cold_units = build->options->level == 0 && tc_may_use_tcc(build);
    while (tc_module_next_part(build->wasm, &build->part)) {
        if (tc_translate(build) < 0)
            return -1;
        tc_correct(build);
        if (tc_split(build) < 0)
            return -1;
    }
    if (build->has_cold_units && build->options->uses)
        tc_progress_step("%zu of %zu functions are compiled with -O%d, the others with %s",
                         build->functions - build->cold_functions, build->functions,
                         build->options->level, tc_may_use_tcc(build) ? "tcc" : "-O1");
    return 0;
}

/* The linker writes in the work folder, as all tools do. */
static int take_program(const tc_build *build, const char *to) {
    char *from = tc_format("%s/" TC_LINKED, build->work);
    int result = tc_file_move(from, to);
    if (result < 0)
        tc_error("cannot write %s: %s", build->options->output, strerror(errno));
    free(from);
    return result;
}

static int run_stages(tc_build *build, output *out) {
    char *size = tc_size_shown(build->wasm->bytes.length);
    tc_progress_step("translating %s (%s)", build->wasm->path, size);
    free(size);
    if (make_units(build) < 0 || tc_bind(build) < 0 || keep_c(build) < 0 || tc_compile(build) < 0)
        return -1;
    tc_progress_step("linking %s", out->path);
    if (tc_link(build) < 0)
        return -1;
    if (build->lines)
        tc_lines_add(build);
    return take_program(build, out->temporary);
}

/* --no-confinement and --require-confinement are the program's, and of the tools too; so that these
 * can be meant alone, the words of TIMECRAFT_OPTIONS come after. */
static tc_wall wall_wanted(const tc_build_options *options) {
    const char *words = getenv("TIMECRAFT_OPTIONS");
    char *error = NULL;
    tc_options given;
    tc_options_init(&given);
    given.confinement = options->grants.confinement;
    if (words)
        tc_options_apply_text(&given, words,
                              &error); /* whoever runs a program is told of an error */
    tc_confinement wanted = given.confinement;
    free(error);
    tc_options_reset(&given);
    return wanted == TC_CONFINEMENT_NONE       ? TC_WALL_NONE
           : wanted == TC_CONFINEMENT_REQUIRED ? TC_WALL_REQUIRED
                                               : TC_WALL_ASKED;
}

/* What words name with an absolute path: ccache's compiler, -I/opt/include, objects to be linked.
 */
static void show_paths(const tc_words *words) {
    for (size_t i = 0; i < words->count; i++) {
        const char *path = strchr(words->items[i], '/');
        if (path)
            tc_wall_show(path);
    }
}

static void build_wall(const tc_build *build) {
    const tc_toolchain *tools = &build->tools;
    tc_wall_set(wall_wanted(build->options));
    tc_wall_show(tools->directory);
    tc_wall_show_program(tools->wasm2c);
    if (tools->tcc)
        tc_wall_show_program(tools->tcc);
    tc_wall_show_program(tools->cc.items[0]);
    show_paths(&tools->cc);
    show_paths(&tools->cflags);
    show_paths(&tools->ldflags);
}

/* The program from the cache, or by the stages. One of which there was something to say is not
 * kept: the next build is to say it again. */
static int make_program(tc_build *build, output *out) {
    tc_kept kept;
    unsigned errors = tc_errors();
    tc_kept_open(&kept, build);
    bool was_kept = tc_kept_get(&kept, out->temporary);
    int result = 0;
    if (!was_kept) {
        build_wall(build);
        if (tc_toolchain_probe_wasm2c(&build->tools, &build->wasm2c) < 0 ||
            make_work_directory(build) < 0 || run_stages(build, out) < 0)
            result = -1;
        else if (!build->options->output_is_kept && tc_errors() == errors)
            tc_kept_put(&kept, out->temporary);
    }
    tc_kept_close(&kept);
    if (result == 0)
        result = output_finish(out);
    if (result == 0)
        report_end(build, was_kept);
    return result;
}

static void build_reset(tc_build *build) {
    if (build->work)
        tc_directory_remove(build->work);
    free(build->work);
    tc_code_reset(&build->code);
    tc_lines_reset(build);
    tc_names_reset(&build->written);
    tc_words_reset(&build->units);
    tc_compilation_reset(build);
    tc_words_reset(&build->objects);
    tc_words_reset(&build->wasm2c.features);
    tc_toolchain_reset(&build->tools);
}

int tc_build_wasm(const tc_build_options *options, tc_wasm *wasm) {
    tc_build build = {.options = options,
                      .wasm = wasm,
                      .has_constant_memory = options->level > 0 && wasm->memory_count == 1};
    output out = {0};
    int result = check_module(wasm, options);
    if (result == 0) {
        tc_process_enter();
        if (tc_toolchain_find(&build.tools, options->cc) < 0 ||
            tc_toolchain_check(&build.tools) < 0 || output_open(&out, options) < 0 ||
            make_program(&build, &out) < 0)
            result = -1;
        tc_progress_clear();
        output_discard(&out);
        build_reset(&build);
        tc_process_leave();
    }
    return result < 0 ? TC_EXIT_FAILURE : TC_EXIT_OK;
}

int tc_build_run(const tc_build_options *options) {
    tc_wasm wasm;
    int status = TC_EXIT_FAILURE;
    if (tc_wasm_read(&wasm, options->module) == 0) {
        tc_build_hints(options, &wasm, options->words);
        status = tc_build_wasm(options, &wasm);
    }
    tc_wasm_reset(&wasm);
    return status;
}
