/* Translates the module to C with wasm2c, into guest.h, guest-impl.h and guest.c or guest_N.c.
 *
 * wasm2c assigns functions to files by a hash of their names. With the same number of files, a
 * function that is added or changed touches its own file only, so that the object cache has the
 * others: the number is therefore a power of two, which few changes of the module's size alter.
 */
#include "timecraft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes of module for a unit. wasm2c writes about 15 bytes of C for each: half a megabyte of C is a
 * second or so of a C compiler's work. Below this size splitting costs more than it saves. */
#define MODULE_BYTES_PER_UNIT 32768
#define MOST_UNITS            256

/* Examples: 20 KB 1, 100 KB 4, 8.8 MB 256. */
static unsigned unit_count(size_t module_size) {
    unsigned units = 1;
    while (units < MOST_UNITS && module_size > (size_t)units * MODULE_BYTES_PER_UNIT)
        units *= 2;
    return units;
}

static int run_wasm2c(const tc_build *build, unsigned units, bool all_features, tc_buffer *output) {
    tc_words argv = {0};
    tc_words_add(&argv, "%s", build->tools.wasm2c);
    if (all_features)
        tc_words_add_all(&argv, &build->wasm2c.features);
    tc_words_add(&argv, "--num-outputs=%u", units);
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

static void list_units(tc_build *build, unsigned units) {
    if (units == 1) {
        tc_words_add(&build->units, "guest.c");
        return;
    }
    for (unsigned i = 0; i < units; i++)
        tc_words_add(&build->units, "guest_%u.c", i);
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

/* Some features change the code that wasm2c writes for every module, so that they are turned on
 * only for a module that is not accepted without. */
int tc_translate(tc_build *build) {
    unsigned units = unit_count(build->wasm->bytes.length);
    tc_buffer output = {0};
    if (write_module(build) < 0)
        return -1;
    int status = run_wasm2c(build, units, false, &output);
    if (status == 1 && build->wasm2c.features.count)
        status = run_wasm2c(build, units, true, &output);
    int result = status == 0 ? 0 : explain(build, status, &output);
    if (result == 0)
        list_units(build, units);
    tc_buffer_reset(&output);
    return result;
}
