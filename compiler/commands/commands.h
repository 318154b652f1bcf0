/* commands/: what a person calls, a file for each command. main.c finds out which is meant.
 *
 * May use: stages/stages.h, record/, profile/ and base/. Nothing uses commands/.
 */
#ifndef TC_COMMANDS_H
#define TC_COMMANDS_H

#include <stdio.h>

#include "stages/stages.h"

/* The commands. Each gets the words behind its name, ends with NULL, and returns an exit status. */
int tc_command_build(char **words);
int tc_command_run(char **words);
int tc_command_replay(char **words);
int tc_command_profile(char **words);
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
/* Reads the file of --profile, if there is one, into `uses`, which then ends with
 * tc_profile_uses_reset. False after a message. */
bool tc_command_read_profile(tc_build_options *options, tc_profile_uses *uses);
/* Takes `path` as the module. -1 after a message, if there is no such file and it may have been
 * meant as the value of the option `before` it (NULL: there is none). */
int tc_command_module(tc_build_options *options, const char *before, const char *path);

/* ---- output.c ---- */

/* Opens a file for what a command makes of a run ("-": standard output). It has what the program
 * sent and received: nobody else reads it. A file that is there is replaced when the new one is
 * whole: until then *temporary (owned) is its name, NULL where there is none. NULL with errno set.
 */
FILE *tc_output_open(const char *path, char **temporary);
/* Ends it: keeps the file if `result` is 0, else drops it, errno being why. 0, or -1 with errno
 * set. */
int tc_output_close(FILE *out, const char *path, const char *temporary, int result);

/* ---- replay.c ---- */

/* Whether Timecraft has built the program. */
bool tc_program_is_built(const char *path);
/* The program that a replay starts: `given`, or if NULL the record's. A new string, or NULL after a
 * message, which names `command`. */
char *tc_replay_program(const char *command, const char *record, const char *given);
/* Makes programs that are started from now on replay the record. `words` are for TIMECRAFT_OPTIONS,
 * or NULL. */
void tc_replay_environment(const char *record, const char *words);

#endif
