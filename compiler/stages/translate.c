/* Translates the module to C with wasm2c: guest.h, guest-impl.h and guest_N.c. */
#include "stages/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* What some versions of wasm2c leave off until told. It makes the code that they write longer for
 * every module, tail calls most of all, so that it is turned on for those that need it. */
static const struct {
    tc_feature feature;
    const char *flag;
} optional_features[] = {
    {TC_FEATURE_EXCEPTIONS, "--enable-exceptions"},
    {TC_FEATURE_EXTENDED_CONST, "--enable-extended-const"},
    {TC_FEATURE_MULTI_MEMORY, "--enable-multi-memory"},
    {TC_FEATURE_TAIL_CALL, "--enable-tail-call"},
    {TC_FEATURE_ATOMICS, "--enable-threads"},
};

static bool has_flag(const tc_build *build, const char *flag) {
    for (size_t i = 0; i < build->wasm2c.features.count; i++) {
        if (strcmp(build->wasm2c.features.items[i], flag) == 0)
            return true;
    }
    return false;
}

static int run_wasm2c(const tc_build *build, tc_buffer *output) {
    tc_words argv = {0};
    tc_words_add(&argv, "%s", build->tools.wasm2c);
    for (size_t i = 0; i < sizeof optional_features / sizeof *optional_features; i++) {
        const char *flag = optional_features[i].flag;
        if (build->wasm->features[optional_features[i].feature].is_used && has_flag(build, flag))
            tc_words_add(&argv, "%s", flag);
    }
    /* With several outputs functions are not static, so that split/ can arrange them anew. */
    tc_words_add(&argv, "--num-outputs=%d", TC_WASM2C_OUTPUTS);
    tc_words_add_split(&argv, "-n guest -o guest.c module.wasm");
    int status = tc_process_run(&argv, build->work, output);
    tc_words_reset(&argv);
    return status;
}

/* wasm2c's messages start with an offset in hexadecimal: "0000042: error: type mismatch …". */
static int explain(const tc_build *build, int status, const tc_buffer *output) {
    if (status < 0)
        return -1;
    if (status > 1)
        tc_error("%s failed on %s (exit status %d)", build->tools.wasm2c, build->wasm->path,
                 status);
    else
        tc_error("%s is not a module that can be translated; wasm2c %s says:", build->wasm->path,
                 build->wasm2c.version);
    tc_error_details(output->data, 10);
    return -1;
}

/* wasm2c reads what is made of the bytes that were checked, whatever happens to the file meanwhile.
 */
static int write_module(const tc_build *build) {
    tc_buffer lowered = {0};
    tc_module_lower(build->wasm, &build->part, &build->marks, &lowered);
    char *path = tc_format("%s/module.wasm", build->work);
    int result = tc_file_write(path, lowered.data, lowered.length);
    if (result < 0)
        tc_error("cannot write %s: %s", path, strerror(errno));
    free(path);
    tc_buffer_reset(&lowered);
    return result;
}

static int read_output(const tc_build *build, const char *name, tc_buffer *out) {
    char *path = tc_format("%s/%s", build->work, name);
    int result = tc_file_read(path, SIZE_MAX / 2, out);
    if (result < 0)
        tc_error("cannot read wasm2c's output %s: %s", path, strerror(errno));
    free(path);
    return result;
}

/* wasm2c succeeds where what it wrote found no room. */
static bool is_full(const char *folder) {
    struct statvfs room;
    return statvfs(folder, &room) == 0 && room.f_blocks > 0 && room.f_bavail == 0;
}

/* guest.h stays, for the binding; the sources go, because units as long will take their room. */
static int read_code(tc_build *build) {
    tc_code *code = &build->code;
    int result = 0;
    if (is_full(build->work)) {
        tc_error("there is no space left in %s for the C code", build->work);
        return -1;
    }
    for (size_t i = 0; i < TC_WASM2C_OUTPUTS && result == 0; i++) {
        char *name = tc_format("guest_%zu.c", i);
        char *path = tc_format("%s/%s", build->work, name);
        result = read_output(build, name, &code->sources[i]);
        unlink(path);
        free(path);
        free(name);
    }
    if (result < 0 || read_output(build, "guest.h", &code->guest) < 0 ||
        read_output(build, "guest-impl.h", &code->implementation) < 0)
        return -1;
    return 0;
}

void tc_code_reset(tc_code *code) {
    for (size_t i = 0; i < TC_WASM2C_OUTPUTS; i++)
        tc_buffer_reset(&code->sources[i]);
    tc_buffer_reset(&code->guest);
    tc_buffer_reset(&code->implementation);
}

int tc_translate(tc_build *build) {
    tc_buffer output = {0};
    if (write_module(build) < 0)
        return -1;
    int status = run_wasm2c(build, &output);
    int result = status == 0 ? read_code(build) : explain(build, status, &output);
    tc_buffer_reset(&output);
    return result;
}
