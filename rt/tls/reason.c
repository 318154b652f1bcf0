/* Failures: the errno they become and the words that tell them. */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls/connection.h"

/* Connections are many, and few of them fail. */
static bool make_room(tc_tls *tls) {
    if (!tls->reason)
        tls->reason = malloc(TC_TLS_REASON_SIZE);
    return tls->reason != NULL;
}

void tc_tls_fail(tc_tls *tls, int error, const char *format, ...) {
    if (tls->state == TC_TLS_FAILED)
        return;
    tls->state = TC_TLS_FAILED;
    tls->error = -error;
    if (tls->reason || !make_room(tls)) /* the verification has told it better */
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(tls->reason, TC_TLS_REASON_SIZE, format, arguments);
    va_end(arguments);
}

/* Appends the names that a certificate is for, such as ": it is for a.example, 10.0.0.1". */
static void append_names(char *text, size_t size, X509 *certificate) {
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    size_t at = strlen(text);
    if (!names) {
        snprintf(text + at, size - at, ": it names no host (subjectAltName is missing)");
        return;
    }
    const char *before = ": it is for ";
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && at + 80 < size; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS) {
            ASN1_STRING *dns = name->d.dNSName;
            /* From the network: only what a host name may hold is shown. */
            int shown = ASN1_STRING_length(dns) < 64 ? ASN1_STRING_length(dns) : 64;
            at += (size_t)snprintf(text + at, size - at, "%s", before);
            for (int k = 0; k < shown && at + 1 < size; k++) {
                unsigned char byte = ASN1_STRING_get0_data(dns)[k];
                text[at++] = byte > ' ' && byte < 127 ? (char)byte : '?';
            }
            text[at] = 0;
        } else if (name->type == GEN_IPADD) {
            const ASN1_OCTET_STRING *address = name->d.iPAddress;
            int family = ASN1_STRING_length(address) == 16 ? AF_INET6 : AF_INET;
            char words[INET6_ADDRSTRLEN] = "?";
            if (ASN1_STRING_length(address) == 4 || ASN1_STRING_length(address) == 16)
                inet_ntop(family, ASN1_STRING_get0_data(address), words, sizeof words);
            at += (size_t)snprintf(text + at, size - at, "%saddress %s", before, words);
        } else {
            continue;
        }
        before = ", ";
    }
    GENERAL_NAMES_free(names);
}

/* What a person can do about a verification error, or NULL. */
static const char *advice(int error) {
    switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return " (its issuer is not in the trust store, or the server did not send "
               "an intermediate "
               "certificate)";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return " (it is not in the trust store)";
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return " (or this machine's clock is wrong)";
    default:
        return "";
    }
}

int tc_tls_verify_callback(int accepted, X509_STORE_CTX *store_context) {
    if (accepted)
        return 1;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store_context, SSL_get_ex_data_X509_STORE_CTX_idx());
    tc_tls *tls = SSL_get_app_data(ssl);
    int error = X509_STORE_CTX_get_error(store_context);
    int depth = X509_STORE_CTX_get_error_depth(store_context);
    if (!make_room(tls))
        return 0;
    snprintf(tls->reason, TC_TLS_REASON_SIZE, "the certificate of %s was not accepted: %s%s",
             tls->name, X509_verify_cert_error_string(error), advice(error));
    if (depth > 0) {
        size_t at = strlen(tls->reason);
        snprintf(tls->reason + at, TC_TLS_REASON_SIZE - at, ", at depth %d of its chain", depth);
    }
    X509 *certificate = X509_STORE_CTX_get_current_cert(store_context);
    if (certificate &&
        (error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH))
        append_names(tls->reason, TC_TLS_REASON_SIZE, certificate);
    return 0;
}

/* The errno that the connection ended with, or 0. The kernel tells it once, to whoever asks first:
 * a send, often, when a connection could not be made. EPIPE only says that the end is known. */
static int connection_error(const tc_tls *tls) {
    int sending = -tc_stream_send_error(tls->stream);
    if (tls->stream_error)
        return -tls->stream_error;
    return sending == EPIPE ? 0 : sending;
}

static void fail_connection(tc_tls *tls) {
    int error = connection_error(tls);
    tc_tls_fail(tls, error ? error : ECONNRESET, "the connection to %s failed%s: %s", tls->name,
                tls->state == TC_TLS_HANDSHAKE ? " during the TLS handshake" : "",
                error ? strerror(error) : "the peer closed it");
}

static void fail_protocol(tc_tls *tls) {
    unsigned long code = ERR_peek_error();
    int reason = ERR_GET_REASON(code);
    if (ERR_GET_LIB(code) != ERR_LIB_SSL) {
        char words[256];
        ERR_error_string_n(code, words, sizeof words);
        tc_tls_fail(tls, EPROTO, "TLS with %s failed: %s", tls->name, words);
        return;
    }
    switch (reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        tc_tls_fail(tls, EACCES, "%s sent no certificate, which this server demands", tls->name);
        break;
    case SSL_R_NO_APPLICATION_PROTOCOL:
        tc_tls_fail(tls, EPROTO, "%s offers no application protocol (ALPN) that this server speaks",
                    tls->name);
        break;
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
        tc_tls_fail(tls, EACCES, "the certificate of %s was not accepted: %s", tls->name,
                    X509_verify_cert_error_string(SSL_get_verify_result(tls->ssl)));
        break;
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        if (connection_error(tls))
            fail_connection(tls);
        else if (tls->state == TC_TLS_HANDSHAKE)
            tc_tls_fail(tls, ECONNRESET, "%s closed the connection during the TLS handshake",
                        tls->name);
        else
            tc_tls_fail(tls, ECONNRESET,
                        "%s closed the connection without close_notify: what it sent may be "
                        "truncated",
                        tls->name);
        break;
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
        if (tls->state == TC_TLS_HANDSHAKE) {
            tc_tls_fail(tls, EPROTO,
                        tls->server ? "%s does not speak TLS (%s)"
                                    : "%s does not answer in TLS (%s): is this port one for clear "
                                      "text?",
                        tls->name, ERR_reason_error_string(code));
            break;
        }
        /* fall through */
    default:
        if (reason == SSL_R_UNSUPPORTED_PROTOCOL ||
            reason == SSL_AD_REASON_OFFSET + SSL_AD_PROTOCOL_VERSION)
            tc_tls_fail(tls, EPROTO, "%s offers no TLS version that is allowed here (%s)",
                        tls->name, ERR_reason_error_string(code));
        else if (reason > SSL_AD_REASON_OFFSET)
            tc_tls_fail(tls, EPROTO, "%s refused: %s", tls->name, ERR_reason_error_string(code));
        else
            tc_tls_fail(tls, EPROTO, "TLS with %s failed: %s", tls->name,
                        ERR_reason_error_string(code));
    }
}

void tc_tls_fail_ssl(tc_tls *tls, int ssl_error) {
    if (ssl_error == SSL_ERROR_SYSCALL || ERR_peek_error() == 0) {
        fail_connection(tls);
    } else {
        fail_protocol(tls);
    }
    ERR_clear_error();
}
