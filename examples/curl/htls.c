/* A TLS backend for curl 7.88 over host TLS: curl connects and speaks, the host does the handshake,
 * checks the certificate and encrypts. It takes the place of OpenSSL and its like in curl's
 * lib/vtls/, with the few lines of curl-7.88.patch that make it known.
 *
 * From curl's options to those of timecraft/tls.h:
 *
 *   --cacert, CURLOPT_CAINFO(_BLOB)   trust anchors; without it the host's trust store
 *   --insecure                        needs --allow-insecure-tls; without the check of the name
 *                                     alone (CURLOPT_SSL_VERIFYHOST) the certificate is verified
 *   --cert, --key                     PEM files; with --cert-type HOST the name of an identity that
 *                                     the host holds, whose key curl never sees
 *   --ciphers, --tls13-ciphers        IANA names, separated by ':'
 *   --curves                          such as X25519:P-256
 *   --tlsv1.2, --tlsv1.3, --tls-max   earlier versions are refused
 *
 * What the host has no option for is refused, not left out: CRL files, an issuer's certificate,
 * other formats than PEM, TLS to a proxy, pinned keys, OCSP stapling (those three by curl itself).
 */
#include "curl_setup.h"

#ifdef USE_HTLS

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <timecraft.h>
#include <timecraft/tls.h>
#include <unistd.h>

#include "urldata.h"

#include "connect.h"
#include "htls.h"
#include "select.h"
#include "sendf.h"
#include "strcase.h"
#include "vtls.h"
#include "vtls_int.h"

#include "curl_printf.h"

/* The last few include files, in curl's order. */
#include "curl_memory.h"
#include "memdebug.h"

#define LARGEST_FILE (1 << 20)

struct ssl_backend_data {
    bool started;
};

/* Fails with the errno's meaning, and the host's words where it has any. */
static CURLcode failed(struct Curl_easy *data, curl_socket_t fd, const char *what, CURLcode code) {
    char reason[256];
    int error = errno;
    timecraft_htls_error(fd, reason, sizeof reason);
    failf(data, "hTLS: %s: %s", what, reason[0] ? reason : strerror(error));
    return code;
}

/* ---- configuration ---- */

/* Appends a file to a text, with a line's end between them. NULL after an error. */
static char *append_file(char *text, size_t *size, const char *path) {
    FILE *file = fopen(path, "rb");
    char *grown = file ? realloc(text, *size + LARGEST_FILE + 1) : NULL;
    if (!grown) {
        free(text);
        if (file)
            fclose(file);
        return NULL;
    }
    size_t got = fread(grown + *size, 1, LARGEST_FILE, file);
    bool whole = !ferror(file) && feof(file);
    fclose(file);
    if (!whole) {
        free(grown);
        return NULL;
    }
    *size += got;
    grown[(*size)++] = '\n';
    return grown;
}

static CURLcode set_trust(struct Curl_easy *data, curl_socket_t fd,
                          const struct ssl_primary_config *config) {
    char *text = NULL;
    size_t size = 0;
    int result = 0;
    if (!config->verifypeer)
        return CURLE_OK;
    if (config->ca_info_blob) {
        result = timecraft_tls_add_trust_anchors(fd, config->ca_info_blob->data,
                                                 config->ca_info_blob->len);
    } else if (config->CAfile) {
        text = append_file(NULL, &size, config->CAfile);
        if (!text) {
            failf(data, "hTLS: cannot read the certificates in %s", config->CAfile);
            return CURLE_SSL_CACERT_BADFILE;
        }
        result = timecraft_tls_add_trust_anchors(fd, text, size);
    }
    free(text);
    if (result < 0)
        return failed(data, fd, "these certificates cannot be trusted", CURLE_SSL_CACERT_BADFILE);
    return CURLE_OK;
}

static bool is_pem(const char *type) {
    return !type || strcasecompare(type, "PEM");
}

static CURLcode set_identity(struct Curl_easy *data, curl_socket_t fd,
                             const struct ssl_config_data *config) {
    const char *path = config->primary.clientcert;
    size_t size = 0;
    int result;
    if (!path && !config->primary.cert_blob)
        return CURLE_OK;
    if (path && config->cert_type && strcasecompare(config->cert_type, "HOST")) {
        if (timecraft_tls_add_named_identity(fd, path) < 0)
            return failed(data, fd, path, CURLE_SSL_CERTPROBLEM);
        return CURLE_OK;
    }
    if (!path || config->key_blob || config->key_passwd || !is_pem(config->cert_type) ||
        !is_pem(config->key_type)) {
        failf(data,
              "hTLS: certificates and keys are PEM files without passwords, or --cert-type HOST");
        return CURLE_SSL_CERTPROBLEM;
    }
    char *text = append_file(NULL, &size, path);
    if (text && config->key)
        text = append_file(text, &size, config->key);
    if (!text) {
        failf(data, "hTLS: cannot read %s%s%s", path, config->key ? " and " : "",
              config->key ? config->key : "");
        return CURLE_SSL_CERTPROBLEM;
    }
    result = timecraft_tls_add_identity(fd, text, size);
    memset(text, 0, size);
    free(text);
    return result < 0 ? failed(data, fd, path, CURLE_SSL_CERTPROBLEM) : CURLE_OK;
}

static CURLcode set_ciphers(struct Curl_easy *data, curl_socket_t fd,
                            const struct ssl_primary_config *primary) {
    timecraft_tls_config config = {.groups = primary->curves};
    char *both = NULL;
    const char *earlier = primary->cipher_list, *of_1_3 = primary->cipher_list13;
    if (earlier || of_1_3) {
        both = aprintf("%s%s%s", of_1_3 ? of_1_3 : "", earlier && of_1_3 ? ":" : "",
                       earlier ? earlier : "");
        if (!both)
            return CURLE_OUT_OF_MEMORY;
        config.ciphers = both;
    }
    int result = timecraft_tls_configure(fd, &config);
    free(both);
    return result < 0 ? failed(data, fd, "cipher suites or curves", CURLE_SSL_CIPHER) : CURLE_OK;
}

/* Both limits: 0 where the host's own holds. */
static CURLcode find_versions(struct Curl_easy *data, const struct ssl_primary_config *primary,
                              timecraft_tls_config *config) {
    switch (primary->version) {
    case CURL_SSLVERSION_DEFAULT:
    case CURL_SSLVERSION_TLSv1:
    case CURL_SSLVERSION_TLSv1_0:
    case CURL_SSLVERSION_TLSv1_1: /* "or later", and later it is */
        break;
    case CURL_SSLVERSION_TLSv1_2:
        config->min_version = TIMECRAFT_TLS_1_2;
        break;
    case CURL_SSLVERSION_TLSv1_3:
        config->min_version = TIMECRAFT_TLS_1_3;
        break;
    default:
        failf(data, "hTLS: there is no TLS below 1.2");
        return CURLE_SSL_CONNECT_ERROR;
    }
    switch (primary->version_max) {
    case CURL_SSLVERSION_MAX_NONE:
    case CURL_SSLVERSION_MAX_DEFAULT:
        break;
    case CURL_SSLVERSION_MAX_TLSv1_2:
        config->max_version = TIMECRAFT_TLS_1_2;
        break;
    case CURL_SSLVERSION_MAX_TLSv1_3:
        config->max_version = TIMECRAFT_TLS_1_3;
        break;
    default:
        failf(data, "hTLS: there is no TLS below 1.2");
        return CURLE_SSL_CONNECT_ERROR;
    }
    return CURLE_OK;
}

static CURLcode set_alpn(struct Curl_easy *data, curl_socket_t fd, const struct alpn_spec *spec) {
    struct alpn_proto_buf protocols;
    if (!spec)
        return CURLE_OK;
    CURLcode code = Curl_alpn_to_proto_buf(&protocols, spec);
    if (code)
        return code;
    if (setsockopt(fd, TIMECRAFT_LEVEL, TIMECRAFT_ALPN_OPTION, protocols.data,
                   (socklen_t)protocols.len) < 0)
        return failed(data, fd, "ALPN", CURLE_SSL_CONNECT_ERROR);
    Curl_alpn_to_proto_str(&protocols, spec);
    infof(data, VTLS_INFOF_ALPN_OFFER_1STR, protocols.data);
    return CURLE_OK;
}

/* ---- the handshake ---- */

static CURLcode start(struct Curl_cfilter *cf, struct Curl_easy *data) {
    struct ssl_connect_data *connssl = cf->ctx;
    struct ssl_primary_config *primary = Curl_ssl_cf_get_primary_config(cf);
    struct ssl_config_data *own = Curl_ssl_cf_get_config(cf, data);
    curl_socket_t fd = Curl_conn_cf_get_socket(cf, data);
    timecraft_tls_config config = {.verify_nothing = !primary->verifypeer};
    if (primary->CRLfile || primary->issuercert || primary->issuercert_blob) {
        failf(data, "hTLS: lists of revoked certificates and issuers cannot be given");
        return CURLE_NOT_BUILT_IN;
    }
    if (primary->verifypeer && !primary->verifyhost)
        config.verify = TIMECRAFT_VERIFY_CHAIN;
    CURLcode code = find_versions(data, primary, &config);
    if (!code)
        code = set_trust(data, fd, primary);
    if (!code)
        code = set_identity(data, fd, own);
    if (!code)
        code = set_ciphers(data, fd, primary);
    if (!code)
        code = set_alpn(data, fd, connssl->alpn);
    if (code)
        return code;
    /* curl may have polled the socket, or spoken with a proxy or in a protocol with STARTTLS. */
    if (timecraft_tls_upgrade_client(fd, connssl->hostname, &config, 0) < 0) {
        if (errno != EACCES || (primary->verifypeer && primary->verifyhost))
            return failed(data, fd, "cannot start", CURLE_SSL_CONNECT_ERROR);
        failf(data, "hTLS: less than full verification was not granted; "
                    "--allow-insecure-tls grants it");
        return CURLE_SSL_CONNECT_ERROR;
    }
    connssl->backend->started = TRUE;
    return CURLE_OK;
}

static CURLcode handshake_failed(struct Curl_easy *data, struct ssl_config_data *config,
                                 curl_socket_t fd) {
    CURLcode code = CURLE_SSL_CONNECT_ERROR;
    if (errno == EACCES) {
        code = CURLE_PEER_FAILED_VERIFICATION;
        config->certverifyresult = 1;
    } else if (errno == ETIMEDOUT) {
        code = CURLE_OPERATION_TIMEDOUT;
    }
    return failed(data, fd, "handshake", code);
}

static void tell_result(struct Curl_cfilter *cf, struct Curl_easy *data, curl_socket_t fd,
                        int version) {
    char cipher[64] = "", protocol[256] = "";
    timecraft_tls_cipher(fd, cipher, sizeof cipher);
    timecraft_tls_alpn(fd, protocol, sizeof protocol);
    infof(data, "SSL connection using %s / %s, by the host",
          version == TIMECRAFT_TLS_1_3 ? "TLSv1.3" : "TLSv1.2", cipher);
    if (cf->conn->bits.tls_enable_alpn)
        Curl_alpn_set_negotiated(cf, data, (const unsigned char *)protocol, strlen(protocol));
}

static CURLcode htls_connect_nonblocking(struct Curl_cfilter *cf, struct Curl_easy *data,
                                         bool *done) {
    struct ssl_connect_data *connssl = cf->ctx;
    struct ssl_config_data *config = Curl_ssl_cf_get_config(cf, data);
    curl_socket_t fd = Curl_conn_cf_get_socket(cf, data);
    *done = connssl->state == ssl_connection_complete;
    if (*done)
        return CURLE_OK;
    if (!connssl->backend->started) {
        CURLcode code = start(cf, data);
        if (code)
            return code;
    }
    int version = timecraft_tls_version(fd);
    if (version < 0 && errno == EAGAIN) { /* poll says so when it is over */
        connssl->connecting_state = ssl_connect_2_writing;
        return CURLE_OK;
    }
    if (version < 0)
        return handshake_failed(data, config, fd);
    tell_result(cf, data, fd, version);
    config->certverifyresult = 0;
    connssl->connecting_state = ssl_connect_1;
    connssl->state = ssl_connection_complete;
    *done = TRUE;
    return CURLE_OK;
}

static CURLcode htls_connect(struct Curl_cfilter *cf, struct Curl_easy *data) {
    bool done = FALSE;
    for (;;) {
        CURLcode code = htls_connect_nonblocking(cf, data, &done);
        if (code || done)
            return code;
        timediff_t left = Curl_timeleft(data, NULL, TRUE);
        if (left < 0) {
            failf(data, "hTLS: the handshake took too long");
            return CURLE_OPERATION_TIMEDOUT;
        }
        timecraft_tls_wait(Curl_conn_cf_get_socket(cf, data), left ? (int)left : 1000);
    }
}

/* ---- afterwards: the socket carries clear text as curl sees it ---- */

static ssize_t htls_recv(struct Curl_cfilter *cf, struct Curl_easy *data, char *buffer, size_t size,
                         CURLcode *code) {
    return Curl_conn_cf_recv(cf->next, data, buffer, size, code);
}

static ssize_t htls_send(struct Curl_cfilter *cf, struct Curl_easy *data, const void *bytes,
                         size_t size, CURLcode *code) {
    return Curl_conn_cf_send(cf->next, data, bytes, size, code);
}

/* 1: usable, 0: closed. */
static int htls_check_cxn(struct Curl_cfilter *cf, struct Curl_easy *data) {
    char byte;
    ssize_t got = recv(Curl_conn_cf_get_socket(cf, data), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got > 0 || (got < 0 && errno == EAGAIN);
}

static int htls_shut_down(struct Curl_cfilter *cf, struct Curl_easy *data) {
    (void)cf;
    failf(data, "hTLS: a connection does not go back to clear text");
    return -1;
}

/* Closing the socket says close_notify. */
static void htls_close(struct Curl_cfilter *cf, struct Curl_easy *data) {
    struct ssl_connect_data *connssl = cf->ctx;
    (void)data;
    connssl->backend->started = FALSE;
}

static CURLcode htls_random(struct Curl_easy *data, unsigned char *bytes, size_t size) {
    (void)data;
    for (size_t done = 0; done < size; done += 256)
        if (getentropy(bytes + done, size - done < 256 ? size - done : 256) < 0)
            return CURLE_FAILED_INIT;
    return CURLE_OK;
}

static size_t htls_version(char *buffer, size_t size) {
    return msnprintf(buffer, size, "hTLS");
}

static void *htls_get_internals(struct ssl_connect_data *connssl, CURLINFO info) {
    (void)connssl;
    (void)info;
    return NULL;
}

const struct Curl_ssl Curl_ssl_htls = {
    .info = {CURLSSLBACKEND_NONE, "htls"},
    .supports = SSLSUPP_CAINFO_BLOB | SSLSUPP_TLS13_CIPHERSUITES,
    .sizeof_ssl_backend_data = sizeof(struct ssl_backend_data),
    .init = Curl_none_init,
    .cleanup = Curl_none_cleanup,
    .version = htls_version,
    .check_cxn = htls_check_cxn,
    .shut_down = htls_shut_down,
    .data_pending = Curl_none_data_pending,
    .random = htls_random,
    .cert_status_request = Curl_none_cert_status_request,
    .connect_blocking = htls_connect,
    .connect_nonblocking = htls_connect_nonblocking,
    .get_select_socks = Curl_ssl_get_select_socks,
    .get_internals = htls_get_internals,
    .close = htls_close,
    .close_all = Curl_none_close_all,
    .session_free = Curl_none_session_free,
    .set_engine = Curl_none_set_engine,
    .set_engine_default = Curl_none_set_engine_default,
    .engines_list = Curl_none_engines_list,
    .false_start = Curl_none_false_start,
    .recv_plain = htls_recv,
    .send_plain = htls_send,
};

#endif
