/* The helpers of timecraft/tls.h. */
#include "timecraft/tls.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host.h"
#include "timecraft.h"

static int set_bytes(int fd, int name, const void *value, size_t size) {
    return setsockopt(fd, TIMECRAFT_LEVEL, name, value, (socklen_t)size);
}

static int set_text(int fd, int name, const char *text) {
    return set_bytes(fd, name, text, strlen(text));
}

static int set_number(int fd, int name, uint32_t number) {
    return set_bytes(fd, name, &number, sizeof number);
}

/* Configuration. */

int timecraft_tls_add_identity(int fd, const char *pem, size_t size) {
    return set_bytes(fd, TIMECRAFT_IDENTITY_OPTION, pem, size);
}

int timecraft_tls_add_named_identity(int fd, const char *name) {
    return set_text(fd, TIMECRAFT_NAMED_IDENTITY_OPTION, name);
}

int timecraft_tls_add_trust_anchors(int fd, const void *certificates, size_t size) {
    return set_bytes(fd, TIMECRAFT_TRUST_ANCHORS_OPTION, certificates, size);
}

/* "h2,http/1.1" becomes "\2h2\10http/1.1", which is one byte longer. */
int timecraft_tls_set_alpn(int fd, const char *protocols) {
    size_t size = strlen(protocols) + 1, at = 0;
    char *wire = malloc(size);
    if (!wire)
        return tc_result(ENOMEM);
    while (at < size) {
        size_t length = strcspn(protocols + at, ",");
        if (length == 0 || length > UINT8_MAX) {
            free(wire);
            return tc_result(EINVAL);
        }
        wire[at] = (char)length;
        memcpy(wire + at + 1, protocols + at, length);
        at += length + 1;
    }
    int result = set_bytes(fd, TIMECRAFT_ALPN_OPTION, wire, size);
    free(wire);
    return result;
}

static int configure_trust(int fd, const timecraft_tls_config *config) {
    if (config->trust_anchors &&
        timecraft_tls_add_trust_anchors(fd, config->trust_anchors, config->trust_anchors_size) < 0)
        return -1;
    if (config->trust_system_too &&
        set_number(fd, TIMECRAFT_TRUST_OPTION, TIMECRAFT_TRUST_BOTH) < 0)
        return -1;
    if (config->verify_nothing || config->verify) {
        uint32_t verify = config->verify_nothing ? TIMECRAFT_VERIFY_NONE : config->verify;
        return set_number(fd, TIMECRAFT_VERIFY_OPTION, verify);
    }
    return 0;
}

static int configure_identity(int fd, const timecraft_tls_config *config) {
    if (config->named_identity && timecraft_tls_add_named_identity(fd, config->named_identity) < 0)
        return -1;
    if (!config->identity)
        return 0;
    size_t size = config->identity_size ? config->identity_size : strlen(config->identity);
    return timecraft_tls_add_identity(fd, config->identity, size);
}

static int configure_parameters(int fd, const timecraft_tls_config *config) {
    const struct {
        int name;
        uint32_t number;
    } numbers[] = {
        {TIMECRAFT_MIN_VERSION_OPTION, config->min_version},
        {TIMECRAFT_MAX_VERSION_OPTION, config->max_version},
        {TIMECRAFT_HANDSHAKE_TIMEOUT_OPTION, config->handshake_timeout_ms},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].number && set_number(fd, numbers[i].name, numbers[i].number) < 0)
            return -1;
    if (config->ciphers && set_text(fd, TIMECRAFT_CIPHERS_OPTION, config->ciphers) < 0)
        return -1;
    if (config->groups && set_text(fd, TIMECRAFT_GROUPS_OPTION, config->groups) < 0)
        return -1;
    return config->alpn ? timecraft_tls_set_alpn(fd, config->alpn) : 0;
}

int timecraft_tls_configure(int fd, const timecraft_tls_config *config) {
    if (!config)
        return 0;
    if (configure_trust(fd, config) < 0 || configure_identity(fd, config) < 0)
        return -1;
    return configure_parameters(fd, config);
}

/* Starting. */

int timecraft_tls_connect(int fd, const char *name, const timecraft_tls_config *config) {
    return timecraft_tls_configure(fd, config) < 0 ? -1 : timecraft_htls_connect(fd, name);
}

int timecraft_tls_serve(int fd, const timecraft_tls_config *config) {
    if (timecraft_tls_configure(fd, config) < 0)
        return -1;
    return set_number(fd, TIMECRAFT_SERVER_OPTION, 1);
}

static int prepare_upgrade(int fd, size_t read_ahead) {
    if (read_ahead)
        return tc_result(EPROTO);
    return set_number(fd, TIMECRAFT_UPGRADE_OPTION, 1);
}

int timecraft_tls_upgrade_client(int fd, const char *name, const timecraft_tls_config *config,
                                 size_t read_ahead) {
    return prepare_upgrade(fd, read_ahead) < 0 ? -1 : timecraft_tls_connect(fd, name, config);
}

int timecraft_tls_upgrade_server(int fd, const timecraft_tls_config *config, size_t read_ahead) {
    return prepare_upgrade(fd, read_ahead) < 0 ? -1 : timecraft_tls_serve(fd, config);
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int timecraft_tls_wait(int fd, int milliseconds) {
    int64_t end = now_ms() + milliseconds;
    while (timecraft_tls_version(fd) < 0) {
        int64_t left = milliseconds < 0 ? -1 : end - now_ms();
        if (errno != EAGAIN || (milliseconds >= 0 && left <= 0))
            return -1;
        struct pollfd interest = {.fd = fd, .events = POLLOUT};
        if (poll(&interest, 1, (int)left) < 0)
            return -1;
    }
    return 0;
}

/* Results. */

static int get_number(int fd, int name) {
    uint32_t number;
    socklen_t size = sizeof number;
    return getsockopt(fd, TIMECRAFT_LEVEL, name, &number, &size) < 0 ? -1 : (int)number;
}

static int get_text(int fd, int name, char *buffer, size_t size) {
    if (size)
        buffer[0] = 0;
    socklen_t length = (socklen_t)size;
    return getsockopt(fd, TIMECRAFT_LEVEL, name, buffer, &length);
}

/* A blob's bytes, with a NUL after them, for the caller to free. */
static char *get_blob(int fd, int name, size_t *size) {
    uint32_t room = 4096, length;
    for (;;) {
        char *answer = malloc(sizeof length + room + 1);
        if (!answer) {
            errno = ENOMEM;
            return NULL;
        }
        socklen_t capacity = sizeof length + room;
        if (getsockopt(fd, TIMECRAFT_LEVEL, name, answer, &capacity) < 0) {
            free(answer);
            return NULL;
        }
        memcpy(&length, answer, sizeof length);
        if (length <= room) {
            memmove(answer, answer + sizeof length, length);
            answer[length] = 0;
            *size = length;
            return answer;
        }
        free(answer);
        room = length;
    }
}

int timecraft_tls_version(int fd) {
    return get_number(fd, TIMECRAFT_VERSION_OPTION);
}

int timecraft_tls_resumed(int fd) {
    return get_number(fd, TIMECRAFT_RESUMED_OPTION);
}

int timecraft_tls_cipher(int fd, char *buffer, size_t size) {
    return get_text(fd, TIMECRAFT_CIPHER_OPTION, buffer, size);
}

int timecraft_tls_group(int fd, char *buffer, size_t size) {
    return get_text(fd, TIMECRAFT_GROUP_OPTION, buffer, size);
}

int timecraft_tls_alpn(int fd, char *buffer, size_t size) {
    return get_text(fd, TIMECRAFT_ALPN_OPTION, buffer, size);
}

int timecraft_tls_server_name(int fd, char *buffer, size_t size) {
    return get_text(fd, TIMECRAFT_SERVER_NAME_OPTION, buffer, size);
}

int timecraft_tls_peer_certificates(int fd, timecraft_tls_certificates *out) {
    *out = (timecraft_tls_certificates){0};
    out->data = (uint8_t *)get_blob(fd, TIMECRAFT_PEER_CERTIFICATES_OPTION, &out->size);
    return out->data ? 0 : -1;
}

bool timecraft_tls_next_certificate(timecraft_tls_certificates *all, const uint8_t **der,
                                    size_t *size) {
    uint32_t length;
    if (all->size - all->position < sizeof length)
        return false;
    memcpy(&length, all->data + all->position, sizeof length);
    if (all->size - all->position - sizeof length < length)
        return false;
    *der = all->data + all->position + sizeof length;
    *size = length;
    all->position += sizeof length + length;
    return true;
}

void timecraft_tls_certificates_free(timecraft_tls_certificates *all) {
    free(all->data);
    *all = (timecraft_tls_certificates){0};
}

char *timecraft_tls_peer_info(int fd) {
    size_t size;
    return get_blob(fd, TIMECRAFT_PEER_INFO_OPTION, &size);
}

/* The text after "FIELD: " where the line begins so, else NULL. */
static const char *value_of(const char *line, const char *field) {
    size_t length = strlen(field);
    bool is_field = strncmp(line, field, length) == 0 && strncmp(line + length, ": ", 2) == 0;
    return is_field ? line + length + 2 : NULL;
}

bool timecraft_tls_info_field(const char *info, const char *field, size_t index, char *buffer,
                              size_t size) {
    if (size)
        buffer[0] = 0;
    for (const char *line = info; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *value = value_of(line, field);
        if (!value || index-- > 0)
            continue;
        size_t length = strcspn(value, "\n");
        if (size) {
            length = length < size ? length : size - 1;
            memcpy(buffer, value, length);
            buffer[length] = 0;
        }
        return true;
    }
    return false;
}

int timecraft_tls_exporter(int fd, uint8_t binding[32]) {
    size_t size;
    char *value = get_blob(fd, TIMECRAFT_TLS_EXPORTER_OPTION, &size);
    if (!value)
        return -1;
    memcpy(binding, value, 32);
    free(value);
    return 0;
}

ssize_t timecraft_tls_server_end_point(int fd, uint8_t *binding, size_t size) {
    size_t length;
    char *value = get_blob(fd, TIMECRAFT_SERVER_END_POINT_OPTION, &length);
    if (!value)
        return -1;
    if (length <= size)
        memcpy(binding, value, length);
    free(value);
    return length <= size ? (ssize_t)length : tc_result(ERANGE);
}
