/* TLS: --ca, --identity, --allow-insecure-tls, its versions, and the time a handshake may take. */
#include "options/internal.h"

#include <stdlib.h>
#include <string.h>

enum { TLS_1_2 = 0x0303, TLS_1_3 = 0x0304 }; /* as on the wire (RFC 8446, 4.2.1) */

void tc_options_init_tls(tc_options *options) {
    options->handshake_timeout_ns = 30 * SECOND;
    options->tls_min_version = TLS_1_2;
    options->tls_max_version = TLS_1_3;
}

int tc_word_ca(tc_options *options, const char *value, char **error) {
    if (!*value)
        return tc_options_fail(error,
                               "--ca= names no file; write for example --ca=/etc/ssl/own-ca.pem");
    free(options->ca);
    options->ca = tc_options_must(strdup(value));
    return 0;
}

/* "web=cert.pem,key.pem". A later grant of the same name replaces the earlier one. */
int tc_word_identity(tc_options *options, const char *value, char **error) {
    size_t name_length = strcspn(value, "=");
    const char *certificate = value[name_length] ? value + name_length + 1 : "";
    const char *comma = strrchr(certificate, ',');
    if (name_length == 0 || !comma || comma == certificate || !comma[1])
        return tc_options_fail(
            error,
            "--identity=%s: a name, a file with certificates and one with the key are "
            "needed; write for example --identity=web=cert.pem,key.pem",
            value);
    tc_identity_grant grant = {tc_options_copy(value, name_length),
                               tc_options_copy(certificate, (size_t)(comma - certificate)),
                               tc_options_must(strdup(comma + 1))};
    for (size_t i = 0; i < options->identity_count; i++) {
        tc_identity_grant *earlier = &options->identities[i];
        if (strcmp(earlier->name, grant.name) == 0) {
            free(earlier->name);
            free(earlier->certificate);
            free(earlier->key);
            *earlier = grant;
            return 0;
        }
    }
    *(tc_identity_grant *)tc_options_add(&options->identities, &options->identity_count,
                                         sizeof grant) = grant;
    return 0;
}

int tc_word_allow_insecure_tls(tc_options *options, const char *value, char **error) {
    (void)value, (void)error;
    options->allow_insecure_tls = true;
    return 0;
}

static int apply_tls_version(const char *option, unsigned *version, const char *value,
                             char **error) {
    if (strcmp(value, "1.2") != 0 && strcmp(value, "1.3") != 0)
        return tc_options_fail(error,
                               "%s=%s: the versions are 1.2 and 1.3; write for example %s=1.3",
                               option, value, option);
    *version = value[2] == '2' ? TLS_1_2 : TLS_1_3;
    return 0;
}

int tc_word_tls_min_version(tc_options *options, const char *value, char **error) {
    return apply_tls_version("--tls-min-version", &options->tls_min_version, value, error);
}

int tc_word_tls_max_version(tc_options *options, const char *value, char **error) {
    return apply_tls_version("--tls-max-version", &options->tls_max_version, value, error);
}

int tc_word_tls_handshake_timeout(tc_options *options, const char *value, char **error) {
    uint64_t nanoseconds;
    if (!tc_options_seconds(value, &nanoseconds) || nanoseconds == 0)
        return tc_options_fail(
            error,
            "--tls-handshake-timeout=%s: a number of seconds above 0 is needed; write for "
            "example --tls-handshake-timeout=10",
            value);
    options->handshake_timeout_ns = nanoseconds;
    return 0;
}

void tc_options_forget_tls(tc_options *options) {
    for (size_t i = 0; i < options->identity_count; i++) {
        free(options->identities[i].name);
        free(options->identities[i].certificate);
        free(options->identities[i].key);
    }
    free(options->identities);
    options->identities = NULL;
    options->identity_count = 0;
    options->allow_insecure_tls = false;
}
