/* Fuzz target: the text of TIMECRAFT_OPTIONS. An input's bytes below 128 stand for themselves, the
 * others for words that mean something. What is accepted must keep what options.h says of it; what
 * is refused must be refused in words. */
#include <stdlib.h>
#include <string.h>

#include "options/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = {
#define TC_WORD(name, kind, example, apply, help) name "=", name " ",
#include "options/words.def"
#undef TC_WORD
    "1.2",
    "example.com",
    "192.0.2.1",
    "10.0.0.0/8",
    "[2001:db8::1]",
    "[2001:db8::]/32",
    "unix:/run/x",
    "::",
    ":ro",
    ":443",
    "18446744073709551616",
    "99999999999999999999999999",
    "1e308",
};

#define WORD_COUNT (sizeof words / sizeof *words)
#define WORD_MAX   32

static void demand(bool holds) {
    if (!holds)
        abort();
}

static void check_grants(const tc_net_grant *grants, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const tc_net_grant *grant = &grants[i];
        switch (grant->kind) {
        case TC_NET_ANY:
            break;
        case TC_NET_NAME:
        case TC_NET_UNIX:
            demand(grant->name && *grant->name);
            break;
        case TC_NET_PREFIX:
            demand(grant->family == AF_INET || grant->family == AF_INET6);
            demand(grant->prefix_len <= (grant->family == AF_INET ? 32 : 128));
            break;
        default:
            abort();
        }
    }
}

static void check(const tc_options *options) {
    check_grants(options->connects, options->connect_count);
    check_grants(options->listens, options->listen_count);
    for (size_t i = 0; i < options->dir_count; i++)
        demand(options->dirs[i].host && options->dirs[i].guest);
    for (size_t i = 0; i < options->env_count; i++)
        demand(options->envs[i].name && *options->envs[i].name);
    for (size_t i = 0; i < options->identity_count; i++)
        demand(options->identities[i].name && options->identities[i].certificate &&
               options->identities[i].key);
    demand(options->tls_min_version == 0x0303 || options->tls_min_version == 0x0304);
    demand(options->tls_max_version == 0x0303 || options->tls_max_version == 0x0304);
    demand(options->stack_size > 0 && options->handshake_timeout_ns > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size * WORD_MAX + 1), *end = text;
    tc_options options;
    char *error = NULL;
    demand(text != NULL);
    for (size_t i = 0; i < size; i++) {
        if (data[i] < 128)
            *end++ = (char)data[i];
        else
            end = stpcpy(end, words[(data[i] - 128) % WORD_COUNT]);
    }
    *end = 0;
    tc_options_init(&options);
    int result = tc_options_apply_text(&options, text, &error);
    demand(result == 0 || (result == -1 && error && *error));
    check(&options);
    tc_options_reset(&options);
    free(error);
    free(text);
    return 0;
}
