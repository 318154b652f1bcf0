/* Whole programs in the cache: one that was built of the same module, with the same options, by the
 * same tools and with the same runtime need not be built again.
 *
 * `timecraft run` keeps programs by the same key, as files that it can execute at once; a build
 * makes a copy, and looks at the seal first. */
#include "stages/internal.h"

#include <stdlib.h>

void tc_program_key(const tc_build_options *options, const tc_wasm *wasm, const tc_toolchain *tools,
                    char key[TC_KEY_SIZE]) {
    tc_buffer identity = {0};
    tc_toolchain_identity(tools, &identity);
    tc_buffer_print(&identity, "-O%d %s\n", options->level, options->link_static ? "static" : "");
    if (options->has_lines)
        tc_buffer_print(&identity, "-g\n");
    if (options->uses)
        tc_buffer_print(&identity, "profile %s\n", options->uses->digest);
    tc_buffer_print(&identity, "stubs %d", options->stubs.unknown);
    for (size_t i = 0; i < options->stubs.named.count; i++)
        tc_buffer_print(&identity, " %s", options->stubs.named.items[i]);
    tc_hash *hash = tc_hash_new();
    tc_hash_add_text(hash, "program 1");
    tc_hash_add(hash, identity.data, identity.length);
    tc_hash_add_text(hash, options->words ? options->words : "");
    tc_hash_add_text(hash, tc_path_name(wasm->path)); /* the program has it, for messages */
    tc_hash_add(hash, wasm->bytes.data, wasm->bytes.length);
    tc_hash_end(hash, key);
    tc_buffer_reset(&identity);
}

/* Where static libraries come from only the linker knows, so that one of them may be another now.
 */
void tc_kept_open(tc_kept *kept, const tc_build *build) {
    const tc_build_options *options = build->options;
    *kept = (tc_kept){0};
    if (!options->use_cache || options->link_static || options->keep_c)
        return;
    kept->directory = tc_cache_directory("programs");
    if (kept->directory)
        tc_program_key(options, build->wasm, &build->tools, kept->key);
}

bool tc_kept_get(const tc_kept *kept, const char *path) {
    return tc_cache_get_file(kept->directory, kept->key, path);
}

void tc_kept_put(const tc_kept *kept, const char *path) {
    if (!kept->directory)
        return;
    tc_cache_put_file(kept->directory, kept->key, path);
    tc_cache_trim(kept->directory, TC_CACHE_LIMIT);
}

void tc_kept_close(tc_kept *kept) {
    free(kept->directory);
    *kept = (tc_kept){0};
}
