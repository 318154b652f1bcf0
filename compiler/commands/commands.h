/* commands/: what a person calls, a file for each command. main.c finds out which is meant.
 *
 * May use: stages/stages.h, record/ and base/. Nothing uses commands/.
 */
#ifndef TC_COMMANDS_H
#define TC_COMMANDS_H

#include "stages/stages.h"

/* The commands. Each gets the words behind its name, ends with NULL, and returns an exit status. */
int tc_command_build(char **words);
int tc_command_run(char **words);
int tc_command_replay(char **words);
int tc_command_inspect(char **words);
int tc_command_doctor(char **words);
int tc_command_trace(char **words);
int tc_command_export(char **words);

/* ---- options.c: the options of build and run ---- */

void tc_command_options_init(tc_build_options *options, tc_verbosity verbosity);
void tc_command_options_reset(tc_build_options *options);
/* Applies the option `word`, whose value may be `next`. Returns how many words it takes, or -1
 * after a message. */
int tc_command_option(tc_build_options *options, const char *word, const char *next);

#endif
