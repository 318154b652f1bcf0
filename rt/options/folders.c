/* Folders and variables: --dir, --env, --inherit-env. */
#include "options/internal.h"

#include <stdlib.h>
#include <string.h>

/* "data::/srv:ro" is the host's data, the guest's /srv, read-only. A later grant of the same guest
 * name replaces the earlier one. */
int tc_word_dir(tc_options *options, const char *value, char **error) {
    size_t length = strlen(value);
    bool read_only = length >= 3 && strcmp(value + length - 3, ":ro") == 0;
    if (read_only)
        length -= 3;
    const char *separator = strstr(value, "::");
    if (separator && separator >= value + length)
        separator = NULL;
    size_t host_length = separator ? (size_t)(separator - value) : length;
    const char *guest = separator ? separator + 2 : value;
    size_t guest_length = separator ? (size_t)(value + length - guest) : length;
    if (host_length == 0 || guest_length == 0)
        return tc_options_fail(
            error,
            "--dir=%s names no folder%s; write for example --dir=data, --dir=data:ro or "
            "--dir=/srv/data::/data",
            value, host_length == 0 ? "" : " for the guest");

    /* wasi-libc compares names as they are, and no path that it looks up ends with a slash. */
    while (guest_length > 1 && guest[guest_length - 1] == '/')
        guest_length--;
    tc_dir_grant grant = {tc_options_copy(value, host_length), tc_options_copy(guest, guest_length),
                          read_only};
    for (size_t i = 0; i < options->dir_count; i++) {
        tc_dir_grant *earlier = &options->dirs[i];
        if (strcmp(earlier->guest, grant.guest) == 0) {
            free(earlier->host);
            free(earlier->guest);
            *earlier = grant;
            return 0;
        }
    }
    *(tc_dir_grant *)tc_options_add(&options->dirs, &options->dir_count, sizeof grant) = grant;
    return 0;
}

int tc_word_env(tc_options *options, const char *value, char **error) {
    size_t name_length = strcspn(value, "=");
    if (name_length == 0)
        return tc_options_fail(
            error, "--env=%s names no variable; write for example --env=LANG or --env=LANG=C",
            value);
    tc_env_grant grant = {tc_options_copy(value, name_length), NULL};
    if (value[name_length] == '=')
        grant.value = tc_options_must(strdup(value + name_length + 1));
    for (size_t i = 0; i < options->env_count; i++) {
        tc_env_grant *earlier = &options->envs[i];
        if (strcmp(earlier->name, grant.name) == 0) {
            free(earlier->name);
            free(earlier->value);
            *earlier = grant;
            return 0;
        }
    }
    *(tc_env_grant *)tc_options_add(&options->envs, &options->env_count, sizeof grant) = grant;
    return 0;
}

int tc_word_inherit_env(tc_options *options, const char *value, char **error) {
    (void)value, (void)error;
    options->inherit_env = true;
    return 0;
}

void tc_options_forget_folders(tc_options *options) {
    for (size_t i = 0; i < options->dir_count; i++) {
        free(options->dirs[i].host);
        free(options->dirs[i].guest);
    }
    for (size_t i = 0; i < options->env_count; i++) {
        free(options->envs[i].name);
        free(options->envs[i].value);
    }
    free(options->dirs);
    free(options->envs);
    options->dirs = NULL;
    options->envs = NULL;
    options->dir_count = options->env_count = 0;
    options->inherit_env = false;
}
