/* The programs and files that a build needs: where they are, what identifies them.
 *
 * lib/timecraft/toolchain.conf of the installation names them, one `key=value` a line; what it does
 * not name, or what is no longer there, is looked up in PATH.
 */
#include "base/base.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const tc_toolchain_headers[] = {"wasm-rt.h",          "wasm-rt-exceptions.h",
                                            "guest/module.h",     "guest/memory_address.h",
                                            "guest/vectors.def",  "guest/atomics.h",
                                            "guest/traps.h",      "wasi/wasi.h",
                                            "simd_corrections.h", "tcc_memory.h",
                                            "tcc_prelude.h",      "tcc_support.h",
                                            "tcc_vectors.h",      NULL};

/* The installation's lib/timecraft: …/bin/timecraft -> …/lib/timecraft. */
static char *find_directory(void) {
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0) {
        tc_error("cannot find out where timecraft is installed: /proc/self/exe: %s",
                 strerror(errno));
        return NULL;
    }
    self[length] = 0;
    char *bin = tc_path_directory(self);
    char *prefix = tc_path_directory(bin);
    char *directory = tc_format("%s/lib/timecraft", prefix);
    free(prefix);
    free(bin);
    return directory;
}

char *tc_toolchain_sdk(const tc_toolchain *tools, const char *name) {
    char *lib = tc_path_directory(tools->directory);
    char *prefix = tc_path_directory(lib);
    char *path = tc_format("%s/share/timecraft/sdk/%s", prefix, name);
    free(prefix);
    free(lib);
    return path;
}

/* The value of a key of toolchain.conf, a new string; NULL when it is not there or empty. */
static char *conf_value(const char *conf, const char *key) {
    size_t key_length = strlen(key);
    for (const char *line = conf; line && *line;) {
        size_t length = strcspn(line, "\n");
        if (length > key_length + 1 && strncmp(line, key, key_length) == 0 &&
            line[key_length] == '=')
            return tc_format("%.*s", (int)(length - key_length - 1), line + key_length + 1);
        line = line[length] ? line + length + 1 : NULL;
    }
    return NULL;
}

/* A program of toolchain.conf: a bare name is looked up in PATH, a relative path starts at the
 * file's own directory. */
static char *conf_program(const tc_toolchain *tools, const char *key) {
    char *value = conf_value(tools->conf, key);
    if (value && *value != '/' && strchr(value, '/')) {
        char *relative = value;
        value = tc_format("%s/%s", tools->directory, relative);
        free(relative);
    }
    char *program = value ? tc_path_find_program(value) : NULL;
    free(value);
    return program;
}

static char *find_first(const char *const names[]) {
    char *found = NULL;
    for (; *names && !found; names++)
        found = tc_path_find_program(*names);
    return found;
}

/* Only the first word has to be a program: "ccache gcc" is welcome. */
static void find_cc(tc_toolchain *tools, const char *cc) {
    static const char *const usual[] = {"cc", "gcc", "clang", NULL};
    tc_words words = {0};
    char *found;
    tools->cc_chosen = cc != NULL;
    if (cc) {
        tc_words_add_split(&words, cc);
        found = words.count ? tc_path_find_program(words.items[0]) : NULL;
    } else {
        found = conf_program(tools, "cc");
        if (!found)
            found = find_first(usual);
    }
    if (found)
        tc_words_add(&tools->cc, "%s", found);
    for (size_t i = 1; found && i < words.count; i++)
        tc_words_add(&tools->cc, "%s", words.items[i]);
    free(found);
    tc_words_reset(&words);
}

int tc_toolchain_find(tc_toolchain *tools, const char *cc) {
    *tools = (tc_toolchain){0};
    tools->directory = find_directory();
    if (!tools->directory)
        return -1;
    tools->include = tc_format("%s/include", tools->directory);
    tools->library = tc_format("%s/libtimecraft.a", tools->directory);
    char *conf_path = tc_format("%s/toolchain.conf", tools->directory);
    tc_buffer conf = {0};
    tools->conf =
        tc_copy_text(tc_file_read(conf_path, 1 << 20, &conf) == 0 && conf.data ? conf.data : "");
    tc_buffer_reset(&conf);
    free(conf_path);
    tools->wasm2c = conf_program(tools, "wasm2c");
    if (!tools->wasm2c)
        tools->wasm2c = tc_path_find_program("wasm2c");
    tools->tcc = tc_path_find_program("tcc");
    find_cc(tools, cc);
    char *cflags = conf_value(tools->conf, "cflags");
    char *ldflags = conf_value(tools->conf, "ldflags");
    tc_words_add_split(&tools->cflags, cflags ? cflags : "");
    tc_words_add_split(&tools->ldflags, ldflags ? ldflags : "");
    free(cflags);
    free(ldflags);
    return 0;
}

int tc_toolchain_check(const tc_toolchain *tools) {
    if (access(tools->library, R_OK) < 0) {
        tc_error("the runtime is missing: %s: %s; this installation is incomplete, build and "
                 "install timecraft again",
                 tools->library, strerror(errno));
        return -1;
    }
    if (!tools->wasm2c) {
        tc_error("wasm2c was not found; it comes with the package wabt (" TC_OLDEST_WASM2C
                 " or newer); `timecraft doctor` says more");
        return -1;
    }
    if (!tools->cc.count) {
        tc_error(tools->cc_chosen
                     ? "the C compiler given with --cc was not found"
                     : "no C compiler was found (cc, gcc, clang); install one, for example with "
                       "`apt install gcc libc6-dev`, or name one with --cc");
        return -1;
    }
    return 0;
}

void tc_toolchain_reset(tc_toolchain *tools) {
    free(tools->directory);
    free(tools->include);
    free(tools->library);
    free(tools->conf);
    free(tools->wasm2c);
    free(tools->tcc);
    tc_words_reset(&tools->cc);
    tc_words_reset(&tools->cflags);
    tc_words_reset(&tools->ldflags);
    *tools = (tc_toolchain){0};
}

/* Identifies every word that is a program: in "ccache gcc" both count. */
void tc_toolchain_compiler_identity(const tc_words *compiler, tc_buffer *out) {
    for (size_t i = 0; i < compiler->count; i++) {
        char *program = tc_path_find_program(compiler->items[i]);
        tc_buffer_print(out, "%s ", compiler->items[i]);
        if (program)
            tc_file_identity(out, program);
        free(program);
    }
}

void tc_toolchain_identity(const tc_toolchain *tools, tc_buffer *out) {
    tc_buffer_print(out, "timecraft " TIMECRAFT_VERSION "\n%s\n", tools->conf);
    tc_file_identity(out, "/proc/self/exe");
    tc_file_identity(out, tools->library);
    for (const char *const *header = tc_toolchain_headers; *header; header++) {
        char *path = tc_format("%s/%s", tools->include, *header);
        tc_file_identity(out, path);
        free(path);
    }
    tc_file_identity(out, tools->wasm2c ? tools->wasm2c : "wasm2c");
    tc_file_identity(out, tools->tcc ? tools->tcc : "tcc");
    tc_toolchain_compiler_identity(&tools->cc, out);
}

static int ask_wasm2c(const tc_toolchain *tools, const char *question, tc_buffer *answer) {
    tc_words argv = {0};
    tc_words_add(&argv, "%s", tools->wasm2c);
    tc_words_add(&argv, "%s", question);
    int status = tc_process_run(&argv, NULL, answer);
    tc_words_reset(&argv);
    if (status > 0) {
        tc_error("%s does not work (exit status %d); `timecraft doctor` says more", tools->wasm2c,
                 status);
        tc_error_details(answer->data, 5);
    }
    return status ? -1 : 0;
}

/* Asks wasm2c itself: the answer is "VERSION FLAG…" on one line. */
static int ask_facts(const tc_toolchain *tools, tc_buffer *facts) {
    tc_buffer version = {0}, help = {0};
    int result = ask_wasm2c(tools, "--version", &version);
    if (result == 0)
        result = ask_wasm2c(tools, "--help", &help);
    if (result == 0) {
        tc_buffer_print(facts, "%.*s", (int)strcspn(version.data, " \r\n"), version.data);
        for (const char *at = help.data; (at = strstr(at, "--enable-"));) {
            size_t length = strcspn(at, " \n");
            tc_buffer_print(facts, " %.*s", (int)length, at);
            at += length;
        }
    }
    tc_buffer_reset(&version);
    tc_buffer_reset(&help);
    return result;
}

/* The answer is kept: asking costs two starts of a program at each build. */
static int get_facts(const tc_toolchain *tools, tc_buffer *facts) {
    char key[TC_KEY_SIZE];
    tc_buffer identity = {0};
    tc_file_identity(&identity, tools->wasm2c);
    tc_buffer_print(&identity, "%s", tools->conf);
    tc_hash *hash = tc_hash_new();
    tc_hash_add_text(hash, "wasm2c facts 2 of timecraft " TIMECRAFT_VERSION);
    tc_hash_add_text(hash, identity.data);
    tc_hash_end(hash, key);
    tc_buffer_reset(&identity);

    char *directory = tc_cache_directory("tools");
    int result = tc_cache_get(directory, key, facts) ? 0 : -1;
    if (result < 0) {
        result = ask_facts(tools, facts);
        if (result == 0)
            tc_cache_put(directory, key, facts->data, facts->length);
    }
    free(directory);
    return result;
}

static bool is_older(const char *version, const char *than) {
    unsigned a[3] = {0}, b[3] = {0};
    sscanf(version, "%u.%u.%u", &a[0], &a[1], &a[2]);
    sscanf(than, "%u.%u.%u", &b[0], &b[1], &b[2]);
    for (int i = 0; i < 3; i++) {
        if (a[i] != b[i])
            return a[i] < b[i];
    }
    return false;
}

int tc_toolchain_probe_wasm2c(const tc_toolchain *tools, tc_wasm2c_facts *facts) {
    tc_buffer text = {0};
    tc_words words = {0};
    *facts = (tc_wasm2c_facts){0};
    int result = get_facts(tools, &text);
    if (result == 0) {
        tc_words_add_split(&words, text.data);
        snprintf(facts->version, sizeof facts->version, "%s", words.count ? words.items[0] : "");
        for (size_t i = 1; i < words.count; i++)
            tc_words_add(&facts->features, "%s", words.items[i]);
        if (is_older(facts->version, TC_OLDEST_WASM2C)) {
            tc_error("%s is version %s; " TC_OLDEST_WASM2C
                     " or newer is needed, from a newer package wabt",
                     tools->wasm2c, facts->version);
            result = -1;
        } else if (strcmp(facts->version, TIMECRAFT_WABT_VERSION) != 0) {
            /* Its memories and tables are laid out otherwise than the runtime expects. */
            tc_error("%s is version %s, and the runtime was built for " TIMECRAFT_WABT_VERSION
                     "; build and install timecraft again",
                     tools->wasm2c, facts->version);
            result = -1;
        }
    }
    tc_words_reset(&words);
    tc_buffer_reset(&text);
    return result;
}

/* The answer is kept: asking starts the compiler. */
bool tc_toolchain_compiler_takes(const tc_toolchain *tools, const char *flags) {
    char key[TC_KEY_SIZE];
    tc_buffer identity = {0}, answer = {0};
    tc_toolchain_compiler_identity(&tools->cc, &identity);
    tc_hash *hash = tc_hash_new();
    tc_hash_add_text(hash, "compiler's flags 1");
    tc_hash_add_text(hash, flags);
    tc_hash_add_text(hash, identity.data);
    tc_hash_end(hash, key);
    tc_buffer_reset(&identity);

    char *directory = tc_cache_directory("tools");
    if (!tc_cache_get(directory, key, &answer)) {
        tc_words argv = {0};
        tc_buffer output = {0};
        tc_words_add_all(&argv, &tools->cc);
        tc_words_add_split(&argv, flags);
        tc_words_add_split(&argv, "-E -x c /dev/null -o /dev/null");
        int status = tc_process_run(&argv, NULL, &output);
        tc_buffer_print(&answer, "%s", status == 0 ? "yes" : "no");
        if (status >= 0)
            tc_cache_put(directory, key, answer.data, answer.length);
        tc_words_reset(&argv);
        tc_buffer_reset(&output);
    }
    bool takes = strcmp(answer.data, "yes") == 0;
    tc_buffer_reset(&answer);
    free(directory);
    return takes;
}
