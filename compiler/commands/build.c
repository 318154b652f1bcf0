/* `timecraft build`: its words. What it does is in stages/build.c. */
#include "commands/commands.h"

#include <string.h>

/* Options may stand on both sides of the module. */
static int parse_build(tc_build_options *options, char **words) {
    bool only_names = false;
    const char *before = NULL; /* the option that ended at this word */
    while (*words) {
        if (!only_names && strcmp(*words, "--") == 0) {
            only_names = true;
            before = NULL;
            words++;
        } else if (!only_names && **words == '-' && (*words)[1]) {
            int used = tc_command_option(options, words[0], words[1]);
            if (used < 0)
                return -1;
            before = used == 1 ? *words : NULL;
            words += used;
        } else if (options->module) {
            tc_error("there can be one module only, not %s and %s", options->module, *words);
            return -1;
        } else if (tc_command_module(options, before, *words++) < 0) {
            return -1;
        }
    }
    if (!options->module)
        tc_error("which module? timecraft build MODULE.wasm -o PROGRAM");
    else if (!options->output)
        tc_error("where should the program go? Say so with -o PROGRAM");
    else if (options->argv0)
        tc_error("a program's argument 0 comes from whoever runs it; --argv0 is for timecraft run");
    return options->module && options->output && !options->argv0 ? 0 : -1;
}

int tc_command_build(char **words) {
    tc_build_options options;
    tc_profile_uses uses = {0};
    tc_command_options_init(&options, TC_NORMAL);
    int status = TC_EXIT_USAGE;
    if (parse_build(&options, words) == 0) {
        tc_progress_init(options.verbosity);
        status =
            tc_command_read_profile(&options, &uses) ? tc_build_run(&options) : TC_EXIT_FAILURE;
    }
    tc_profile_uses_reset(&uses);
    tc_command_options_reset(&options);
    return status;
}
