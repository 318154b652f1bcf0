/* Translates the module to C with wasm2c, into guest.h, guest-impl.h and guest_N.c. */
#include "timecraft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* `features`: how many of wasm2c's optional features to turn on. */
static int run_wasm2c(const tc_build *build, size_t features, tc_buffer *output) {
    tc_words argv = {0};
    tc_words_add(&argv, "%s", build->tools.wasm2c);
    for (size_t i = 0; i < features; i++)
        tc_words_add(&argv, "%s", build->wasm2c.features.items[i]);
    /* With several outputs functions are not static, so that split.c can arrange them anew. */
    tc_words_add(&argv, "--num-outputs=%d", TC_WASM2C_OUTPUTS);
    tc_words_add_split(&argv, "-n guest -o guest.c module.wasm");
    int status = tc_process_run(&argv, build->work, output);
    tc_words_reset(&argv);
    return status;
}

/* Optional features make the code that wasm2c writes longer for every module, tail calls most of
 * all, so that they are turned on only for a module that is not accepted without. */
static int run_until_accepted(const tc_build *build, tc_buffer *output) {
    size_t all = build->wasm2c.features.count;
    int status = run_wasm2c(build, 0, output);
    if (status == 1 && all > 1)
        status = run_wasm2c(build, all - 1, output);
    if (status == 1 && all)
        status = run_wasm2c(build, all, output);
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

/* wasm2c reads a copy of the bytes that were checked, whatever happens to the file meanwhile. */
static int write_module(const tc_build *build) {
    char *path = tc_format("%s/module.wasm", build->work);
    int result = tc_file_write(path, build->wasm->bytes.data, build->wasm->bytes.length);
    if (result < 0)
        tc_error("cannot write %s: %s", path, strerror(errno));
    free(path);
    return result;
}

int tc_translate(tc_build *build) {
    tc_buffer output = {0};
    if (write_module(build) < 0)
        return -1;
    int status = run_until_accepted(build, &output);
    int result = status == 0 ? 0 : explain(build, status, &output);
    tc_buffer_reset(&output);
    return result;
}
