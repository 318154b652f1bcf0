/* What a person is told before a program's own messages would mislead. */
#include "stages/internal.h"

#include <stdio.h>
#include <stdlib.h>

/* Go makes every path absolute and looks for a folder that it lies in; one whose name is "." or
 * otherwise relative never is that. Its programs say "Bad file number" of every file then. */
static void hint_at_relative_folders(const tc_wasm *wasm, const tc_options *grants) {
    if (!wasm->is_go)
        return;
    for (size_t i = 0; i < grants->dir_count; i++) {
        const tc_dir_grant *grant = &grants->dirs[i];
        if (*grant->guest == '/')
            continue;
        fprintf(stderr,
                "timecraft: hint: a program in Go finds no files in a folder that it sees as %s; "
                "--dir=%s::/ shows it the same folder as / (see golang.org/issue/60732)\n",
                grant->guest, grant->host);
        return;
    }
}

void tc_build_hints(const tc_build_options *options, const tc_wasm *wasm, const char *words) {
    tc_options grants;
    char *error = NULL;
    if (!words || options->verbosity == TC_QUIET)
        return;
    tc_options_init(&grants);
    if (tc_options_apply_text(&grants, words, &error) == 0)
        hint_at_relative_folders(wasm, &grants);
    free(error); /* the program says it */
    tc_options_reset(&grants);
}
