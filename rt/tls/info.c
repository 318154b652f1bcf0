/* What can be asked of a connection once its handshake is done: the options of the kind "result".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "timecraft/options.h"
#include "tls/answer.h"
#include "tls/config.h"
#include "tls/connection.h"
#include "tls/session.h"

/* Answers what has been written to a memory BIO, which is freed. */
static int answer_bio(BIO *bio, void *value, uint32_t *length) {
    char *data;
    long size = BIO_get_mem_data(bio, &data);
    int error = tc_answer_blob(data, size > 0 ? (size_t)size : 0, value, length);
    BIO_free(bio);
    return error;
}

/* Parameters. */

static const char *group_name(SSL *ssl) {
    static const struct {
        const char *openssl, *name;
    } names[] = {{"x25519", "X25519"},    {"x448", "X448"},       {"secp256r1", "P-256"},
                 {"prime256v1", "P-256"}, {"secp384r1", "P-384"}, {"secp521r1", "P-521"}};
    int id = (int)SSL_get_negotiated_group(ssl);
    const char *found = id ? SSL_group_to_name(ssl, id) : NULL;
    for (size_t i = 0; found && i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].openssl, found) == 0)
            return names[i].name;
    return found ? found : "";
}

static int answer_alpn(const SSL *ssl, void *value, uint32_t *length) {
    const unsigned char *chosen;
    unsigned size;
    char text[256];
    SSL_get0_alpn_selected(ssl, &chosen, &size);
    memcpy(text, chosen ? chosen : (const unsigned char *)"", size);
    text[size] = 0;
    return tc_answer_text(text, value, length);
}

static int answer_server_name(const tc_tls *tls, void *value, uint32_t *length) {
    const char *name =
        tls->server ? SSL_get_servername(tls->ssl, TLSEXT_NAMETYPE_host_name) : tls->name;
    return tc_answer_text(name ? name : "", value, length);
}

/* Certificates. */

static bool write_der(BIO *bio, X509 *certificate) {
    unsigned char *der = NULL;
    int size = i2d_X509(certificate, &der);
    uint32_t length = size > 0 ? (uint32_t)size : 0;
    bool done = size > 0 && BIO_write(bio, &length, sizeof length) == (int)sizeof length &&
                BIO_write(bio, der, size) == size;
    OPENSSL_free(der);
    return done;
}

static int answer_certificates(SSL *ssl, void *value, uint32_t *length) {
    BIO *bio = BIO_new(BIO_s_mem());
    X509 *own = SSL_get0_peer_certificate(ssl);
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
    bool done = bio && (!own || write_der(bio, own));
    for (int i = 0; done && chain && i < sk_X509_num(chain); i++) {
        X509 *one = sk_X509_value(chain, i);
        if (i > 0 || X509_cmp(one, own) != 0) /* a client's list has its own certificate, too */
            done = write_der(bio, one);
    }
    if (done)
        return answer_bio(bio, value, length);
    BIO_free(bio);
    return -ENOMEM;
}

/* Bytes from the network, for a person or a line-wise parser. */
static void write_escaped(BIO *bio, const unsigned char *bytes, int size) {
    for (int i = 0; i < size; i++) {
        if (bytes[i] >= ' ' && bytes[i] < 127 && bytes[i] != '\\')
            BIO_printf(bio, "%c", bytes[i]);
        else
            BIO_printf(bio, "\\x%02X", bytes[i]);
    }
}

static void write_name(BIO *bio, const char *field, const X509_NAME *name) {
    for (int i = 0; i < X509_NAME_entry_count(name); i++) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
        char kind[128];
        unsigned char *text = NULL;
        OBJ_obj2txt(kind, sizeof kind, X509_NAME_ENTRY_get_object(entry), 0);
        int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
        BIO_printf(bio, "%s: %s=", field, kind);
        write_escaped(bio, text, size > 0 ? size : 0);
        BIO_printf(bio, "\n");
        OPENSSL_free(text);
    }
}

static void write_serial(BIO *bio, const ASN1_INTEGER *serial) {
    const ASN1_STRING *bytes = serial;
    BIO_printf(bio, "serial: %s", ASN1_STRING_type(bytes) == V_ASN1_NEG_INTEGER ? "-" : "");
    for (int i = 0; i < ASN1_STRING_length(bytes); i++)
        BIO_printf(bio, "%02X", ASN1_STRING_get0_data(bytes)[i]);
    BIO_printf(bio, "\n");
}

static void write_time(BIO *bio, const char *field, const ASN1_TIME *time) {
    struct tm at;
    char text[32] = "?";
    if (ASN1_TIME_to_tm(time, &at))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &at);
    BIO_printf(bio, "%s: %s\n", field, text);
}

static void write_alternative(BIO *bio, const GENERAL_NAME *name) {
    const ASN1_STRING *data;
    const char *kind;
    char text[INET6_ADDRSTRLEN];
    switch (name->type) {
    case GEN_DNS:
        kind = "DNS", data = name->d.dNSName;
        break;
    case GEN_EMAIL:
        kind = "email", data = name->d.rfc822Name;
        break;
    case GEN_URI:
        kind = "URI", data = name->d.uniformResourceIdentifier;
        break;
    case GEN_IPADD:
        data = name->d.iPAddress;
        if ((ASN1_STRING_length(data) == 4 || ASN1_STRING_length(data) == 16) &&
            inet_ntop(ASN1_STRING_length(data) == 4 ? AF_INET : AF_INET6,
                      ASN1_STRING_get0_data(data), text, sizeof text))
            BIO_printf(bio, "name: IP:%s\n", text);
        return;
    default:
        return;
    }
    BIO_printf(bio, "name: %s:", kind);
    write_escaped(bio, ASN1_STRING_get0_data(data), ASN1_STRING_length(data));
    BIO_printf(bio, "\n");
}

static void write_fields(BIO *bio, X509 *certificate) {
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    BIO_printf(bio, "version: %ld\n", X509_get_version(certificate) + 1);
    write_serial(bio, X509_get0_serialNumber(certificate));
    write_name(bio, "subject", X509_get_subject_name(certificate));
    write_name(bio, "issuer", X509_get_issuer_name(certificate));
    write_time(bio, "not_before", X509_get0_notBefore(certificate));
    write_time(bio, "not_after", X509_get0_notAfter(certificate));
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++)
        write_alternative(bio, sk_GENERAL_NAME_value(names, i));
    GENERAL_NAMES_free(names);
    X509_digest(certificate, EVP_sha256(), digest, &size);
    BIO_printf(bio, "sha256: ");
    for (unsigned i = 0; i < size; i++)
        BIO_printf(bio, "%02x", digest[i]);
    BIO_printf(bio, "\n");
}

/* Among the errors in the queue, which is empty then. */
static bool memory_was_short(void) {
    bool found = false;
    for (unsigned long code = ERR_get_error(); code; code = ERR_get_error())
        found |= ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
    return found;
}

static int answer_info(SSL *ssl, void *value, uint32_t *length) {
    BIO *bio = BIO_new(BIO_s_mem());
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    if (!bio)
        return -ENOMEM;
    ERR_clear_error();
    if (certificate)
        write_fields(bio, certificate);
    if (memory_was_short()) { /* a part of it would look like the whole */
        BIO_free(bio);
        return -ENOMEM;
    }
    return answer_bio(bio, value, length);
}

/* Channel bindings. */

static int answer_exporter(SSL *ssl, void *value, uint32_t *length) {
    static const char label[] = "EXPORTER-Channel-Binding";
    uint8_t binding[32];
    if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1)
        return -ENOTSUP;
    if (SSL_export_keying_material(ssl, binding, sizeof binding, label, sizeof label - 1,
                                   (const unsigned char *)"", 0, 1) != 1)
        return -EIO;
    return tc_answer_blob(binding, sizeof binding, value, length);
}

static int answer_end_point(const tc_tls *tls, void *value, uint32_t *length) {
    X509 *certificate =
        tls->server ? tc_session_server_certificate(tls) : SSL_get0_peer_certificate(tls->ssl);
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size;
    int hash;
    if (!certificate)
        return tc_answer_blob("", 0, value, length);
    /* The hash of the certificate's signature; SHA-256 for MD5 and SHA-1. Where the signature has
     * none of its own (Ed25519) the binding is not defined. */
    if (!X509_get_signature_info(certificate, &hash, NULL, NULL, NULL) || hash == NID_undef)
        return -ENOTSUP;
    if (hash == NID_md5 || hash == NID_sha1)
        hash = NID_sha256;
    const EVP_MD *function = EVP_get_digestbynid(hash);
    if (!function || !X509_digest(certificate, function, digest, &size))
        return -ENOTSUP;
    return tc_answer_blob(digest, size, value, length);
}

static bool is_result(uint32_t name) {
    return name == TIMECRAFT_ALPN_OPTION ||
           (name >= TIMECRAFT_VERSION_OPTION && name <= TIMECRAFT_SERVER_END_POINT_OPTION);
}

int tc_tls_get_option(tc_tls *tls, const tc_tls_config *config, bool server, uint32_t name,
                      void *value, uint32_t *length) {
    if (name == TIMECRAFT_HTLS_ERROR_OPTION)
        return tc_answer_text(tls ? tc_tls_reason(tls) : "", value, length);
    if (!is_result(name))
        return tc_tls_config_get(config, tls ? tls->server : server, name, value, length);
    if (!tls)
        return -ENOTCONN;
    int status = tc_tls_status(tls);
    if (status)
        return status == -EINPROGRESS ? -EAGAIN : status;
    switch (name) {
    case TIMECRAFT_ALPN_OPTION:
        return answer_alpn(tls->ssl, value, length);
    case TIMECRAFT_VERSION_OPTION:
        return tc_answer_u32((uint32_t)SSL_version(tls->ssl), value, length);
    case TIMECRAFT_CIPHER_OPTION:
        return tc_answer_text(SSL_CIPHER_standard_name(SSL_get_current_cipher(tls->ssl)), value,
                              length);
    case TIMECRAFT_GROUP_OPTION:
        return tc_answer_text(group_name(tls->ssl), value, length);
    case TIMECRAFT_RESUMED_OPTION:
        return tc_answer_u32(SSL_session_reused(tls->ssl) ? 1 : 0, value, length);
    case TIMECRAFT_SERVER_NAME_OPTION:
        return answer_server_name(tls, value, length);
    case TIMECRAFT_PEER_CERTIFICATES_OPTION:
        return answer_certificates(tls->ssl, value, length);
    case TIMECRAFT_PEER_INFO_OPTION:
        return answer_info(tls->ssl, value, length);
    case TIMECRAFT_TLS_EXPORTER_OPTION:
        return answer_exporter(tls->ssl, value, length);
    default:
        return answer_end_point(tls, value, length);
    }
}
