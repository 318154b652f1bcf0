/* The guest's arguments and environment: both are lists of strings of any bytes, handed out as an
 * array of pointers and a block of NUL-ended strings.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wasi/internal.h"

/* Bytes that `count` strings take with their NULs. */
static uint64_t strings_size(char *const *strings, int count) {
    uint64_t size = 0;
    for (int i = 0; i < count; i++)
        size += strlen(strings[i]) + 1;
    return size;
}

static uint32_t strings_sizes(const tc_memory *memory, char *const *strings, int count,
                              uint32_t count_out, uint32_t size_out) {
    uint64_t size = strings_size(strings, count);
    if (size > UINT32_MAX)
        return TC_WASI_OVERFLOW;
    if (!tc_memory_store_u32(memory, count_out, (uint32_t)count) ||
        !tc_memory_store_u32(memory, size_out, (uint32_t)size))
        return TC_WASI_FAULT;
    return TC_WASI_SUCCESS;
}

static uint32_t strings_get(const tc_memory *memory, char *const *strings, int count,
                            uint32_t pointers, uint32_t block) {
    char *text = tc_memory_span(memory, block, strings_size(strings, count));
    if (!text || !tc_memory_span(memory, pointers, (uint64_t)count * sizeof(uint32_t)))
        return TC_WASI_FAULT;
    for (int i = 0; i < count; i++) {
        size_t length = strlen(strings[i]) + 1;
        memcpy(text, strings[i], length);
        tc_memory_store_u32(memory, pointers + (uint32_t)i * sizeof(uint32_t), block);
        text += length;
        block += (uint32_t)length;
    }
    return TC_WASI_SUCCESS;
}

uint32_t tc_wasi_args_sizes_get(tc_wasi *wasi, uint32_t count, uint32_t size) {
    return strings_sizes(&wasi->memory, wasi->argv, wasi->argc, count, size);
}

uint32_t tc_wasi_args_get(tc_wasi *wasi, uint32_t pointers, uint32_t block) {
    return strings_get(&wasi->memory, wasi->argv, wasi->argc, pointers, block);
}

uint32_t tc_wasi_environ_sizes_get(tc_wasi *wasi, uint32_t count, uint32_t size) {
    return strings_sizes(&wasi->memory, wasi->envv, wasi->envc, count, size);
}

uint32_t tc_wasi_environ_get(tc_wasi *wasi, uint32_t pointers, uint32_t block) {
    return strings_get(&wasi->memory, wasi->envv, wasi->envc, pointers, block);
}

/* Puts NAME=VALUE into the environment, in the place of an earlier value. */
static int set_variable(tc_wasi *wasi, const char *name, size_t name_length, const char *value) {
    char *entry = malloc(name_length + strlen(value) + 2);
    if (!entry)
        return -ENOMEM;
    memcpy(entry, name, name_length);
    entry[name_length] = '=';
    strcpy(entry + name_length + 1, value);
    for (int i = 0; i < wasi->envc; i++) {
        if (strncmp(wasi->envv[i], entry, name_length + 1) == 0) {
            free(wasi->envv[i]);
            wasi->envv[i] = entry;
            return 0;
        }
    }
    char **entries = realloc(wasi->envv, ((size_t)wasi->envc + 1) * sizeof *entries);
    if (!entries) {
        free(entry);
        return -ENOMEM;
    }
    wasi->envv = entries;
    entries[wasi->envc++] = entry;
    return 0;
}

/* The runner's own words, such as TIMECRAFT_OPTIONS, are not the guest's. */
static bool is_runners(const char *entry) {
    return strncmp(entry, "TIMECRAFT_", strlen("TIMECRAFT_")) == 0;
}

/* What lies below a folder, after its path and a slash; "" for itself. NULL for what does not. */
static const char *below(const char *path, const char *folder) {
    size_t length = strlen(folder);
    while (length > 0 && folder[length - 1] == '/')
        length--;
    if (strncmp(path, folder, length) != 0 || (path[length] && path[length] != '/'))
        return NULL;
    return path[length] ? path + length + 1 : path + length;
}

/* The current folder by the guest's name for it, in `text`, through the grant that leads closest to
 * it. NULL if it is in none that the guest knows by an absolute path. */
static const char *guest_current_folder(const tc_options *options, char text[static PATH_MAX]) {
    char current[PATH_MAX], host[PATH_MAX];
    size_t closest = 0;
    bool found = false;
    if (!getcwd(current, sizeof current))
        return NULL;
    for (size_t i = 0; i < options->dir_count; i++) {
        const tc_dir_grant *grant = &options->dirs[i];
        const char *rest;
        if (*grant->guest != '/' || !realpath(grant->host, host) || !(rest = below(current, host)))
            continue;
        if (found && strlen(host) < closest)
            continue;
        const char *slash = *rest && strcmp(grant->guest, "/") != 0 ? "/" : "";
        int length = snprintf(text, PATH_MAX, "%s%s%s", grant->guest, slash, rest);
        found = length > 0 && length < PATH_MAX;
        closest = strlen(host);
    }
    return found ? text : NULL;
}

/* PWD tells a guest where it is (Go's use nothing else), in the host's names: it is passed on in
 * the guest's, or left out. */
static int inherit_current_folder(tc_wasi *wasi) {
    char text[PATH_MAX];
    const char *folder = guest_current_folder(wasi->options, text);
    return folder ? set_variable(wasi, "PWD", strlen("PWD"), folder) : 0;
}

static int inherit_all(tc_wasi *wasi) {
    for (char **entry = environ; entry && *entry; entry++) {
        const char *equals = strchr(*entry, '=');
        if (!equals || equals == *entry || is_runners(*entry))
            continue;
        int result = strncmp(*entry, "PWD=", 4) == 0
                         ? inherit_current_folder(wasi)
                         : set_variable(wasi, *entry, (size_t)(equals - *entry), equals + 1);
        if (result)
            return result;
    }
    return 0;
}

int tc_wasi_environ_init(tc_wasi *wasi) {
    const tc_options *options = wasi->options;
    int result = options->inherit_env ? inherit_all(wasi) : 0;
    for (size_t i = 0; i < options->env_count && result == 0; i++) {
        const tc_env_grant *grant = &options->envs[i];
        const char *value = grant->value;
        if (!value && !is_runners(grant->name))
            value = getenv(grant->name);
        if (value)
            result = set_variable(wasi, grant->name, strlen(grant->name), value);
    }
    return result;
}
