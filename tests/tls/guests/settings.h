/* TLS settings of the test guests from KEY=VALUE arguments, and a report of what was negotiated. A
 * guest is one source with guest.c, so these are functions of each. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <timecraft/tls.h>

#include "guest.h"

/* What the command line asks for:
 *
 *   anchors=FILE system=1 verify=N insecure=1 identity=FILE named=NAME alpn=h2,http/1.1
 *   min=N max=N ciphers=… groups=… timeout=MS
 *
 * `identity` and `named` may be given several times. */
typedef struct settings {
    timecraft_tls_config config;
    const char *identities[8], *names[8]; /* PEM texts; names of the host's */
    int identity_count, name_count;
} settings;

static const char *value_of(const char *argument, const char *key) {
    size_t length = strlen(key);
    return strncmp(argument, key, length) == 0 && argument[length] == '=' ? argument + length + 1
                                                                          : NULL;
}

static char *text_of_file(const char *path) {
    size_t size;
    char *text = read_file(path, &size);
    if (!text) {
        printf("cannot read %s: %s\n", path, error_name(errno));
        exit(2);
    }
    text[size] = 0; /* read_file leaves room */
    return text;
}

static bool take_text(timecraft_tls_config *config, const char *argument) {
    const struct {
        const char *key, **field;
    } texts[] = {
        {"alpn", &config->alpn}, {"ciphers", &config->ciphers}, {"groups", &config->groups}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *value = value_of(argument, texts[i].key);
        if (value) {
            *texts[i].field = value;
            return true;
        }
    }
    return false;
}

static bool take_number(timecraft_tls_config *config, const char *argument) {
    const struct {
        const char *key;
        uint32_t *field;
    } numbers[] = {{"verify", &config->verify},
                   {"min", &config->min_version},
                   {"max", &config->max_version},
                   {"timeout", &config->handshake_timeout_ms}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const char *value = value_of(argument, numbers[i].key);
        if (value) {
            *numbers[i].field = (uint32_t)strtoul(value, NULL, 0);
            return true;
        }
    }
    return false;
}

/* Takes one argument. False: it is none of these. Ends the program when a file cannot be read. */
static bool settings_take(settings *settings, const char *argument) {
    timecraft_tls_config *config = &settings->config;
    const char *value;
    if ((value = value_of(argument, "anchors"))) {
        config->trust_anchors = text_of_file(value);
        config->trust_anchors_size = strlen(config->trust_anchors);
    } else if ((value = value_of(argument, "identity"))) {
        settings->identities[settings->identity_count++] = text_of_file(value);
    } else if ((value = value_of(argument, "named"))) {
        settings->names[settings->name_count++] = value;
    } else if (value_of(argument, "system")) {
        config->trust_system_too = true;
    } else if (value_of(argument, "insecure")) {
        config->verify_nothing = true;
    } else {
        return take_text(config, argument) || take_number(config, argument);
    }
    return true;
}

/* Puts all on a socket. Returns 0, or -1 and errno. */
static int settings_apply(const settings *settings, int fd) {
    for (int i = 0; i < settings->identity_count; i++)
        if (timecraft_tls_add_identity(fd, settings->identities[i],
                                       strlen(settings->identities[i])) < 0)
            return -1;
    for (int i = 0; i < settings->name_count; i++)
        if (timecraft_tls_add_named_identity(fd, settings->names[i]) < 0)
            return -1;
    return timecraft_tls_configure(fd, &settings->config);
}

static void report_text(FILE *out, int fd, const char *what, int (*get)(int, char *, size_t)) {
    char text[256];
    int result = get(fd, text, sizeof text);
    fprintf(out, "%s %s\n", what, result < 0 ? error_name(errno) : text);
}

static void report_hex(FILE *out, const char *what, const uint8_t *bytes, ssize_t size) {
    fprintf(out, "%s ", what);
    for (ssize_t i = 0; i < size; i++)
        fprintf(out, "%02x", bytes[i]);
    fprintf(out, "%s\n", size < 0 ? error_name(errno) : "");
}

static void report_peer(FILE *out, int fd) {
    timecraft_tls_certificates all;
    const uint8_t *der;
    size_t size, count = 0;
    int result = timecraft_tls_peer_certificates(fd, &all);
    while (result == 0 && timecraft_tls_next_certificate(&all, &der, &size))
        count++;
    fprintf(out, "certificates %zu\n", count);
    timecraft_tls_certificates_free(&all);
    char *info = timecraft_tls_peer_info(fd), text[256];
    for (size_t i = 0; info && timecraft_tls_info_field(info, "subject", i, text, sizeof text); i++)
        fprintf(out, "subject %s\n", text);
    for (size_t i = 0; info && timecraft_tls_info_field(info, "name", i, text, sizeof text); i++)
        fprintf(out, "name %s\n", text);
    free(info);
}

/* Writes "version 0x0304\ncipher …\n…" for a connection whose handshake is done; what is asked for
 * in vain says so. */
static void report(FILE *out, int fd) {
    uint8_t binding[64];
    fprintf(out, "version %#06x\nresumed %d\n", (unsigned)timecraft_tls_version(fd),
            timecraft_tls_resumed(fd));
    report_text(out, fd, "cipher", timecraft_tls_cipher);
    report_text(out, fd, "group", timecraft_tls_group);
    report_text(out, fd, "alpn", timecraft_tls_alpn);
    report_text(out, fd, "server_name", timecraft_tls_server_name);
    report_peer(out, fd);
    report_hex(out, "exporter", binding, timecraft_tls_exporter(fd, binding) < 0 ? -1 : 32);
    report_hex(out, "end_point", binding, timecraft_tls_server_end_point(fd, binding, 64));
}

/* "failed EPROTO: the words of the host" */
static void report_failure(FILE *out, int fd, int error) {
    char words[512];
    if (timecraft_htls_error(fd, words, sizeof words) < 0)
        words[0] = 0;
    fprintf(out, "failed %s: %s\n", error_name(error), words);
}

#endif
