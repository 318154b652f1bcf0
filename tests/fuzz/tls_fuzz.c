/* Fuzz target: what of TLS is parsed before anybody is authenticated. From the guest: trust anchors
 * in PEM and DER, identities, lists of suites, groups and protocols. From the network: all that a
 * client and a server read until their handshake ends, above all the certificates that TLS 1.2
 * sends in clear. An input's first byte says which; see run(). None of it may crash, leave a
 * descriptor or an entry on OpenSSL's queue of errors, wait for a peer that has gone, or pass for a
 * handshake. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "guest/module.h"
#include "hostile.h"
#include "net/net.h"
#include "timecraft/options.h"
#include "tls/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const tc_module tc_guest_module = {.name = "tls_fuzz"};

static tc_tls_config *of_client, *of_server;
static BIO *identity; /* PEM of a certificate and its key */

static tc_tls_config *new_config(void) {
    tc_tls_config *config = tc_tls_config_own(NULL);
    demand(config, "no configuration");
    return config;
}

/* A certificate that is its own issuer, with its key: the server's identity, and all that both
 * trust. */
static void make_configs(void) {
    const uint32_t asks = TIMECRAFT_VERIFY_REQUIRE;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    char *text;
    identity = BIO_new(BIO_s_mem());
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    demand(X509_sign(certificate, key, EVP_sha256()) > 0, "no certificate");
    PEM_write_bio_X509(identity, certificate);
    PEM_write_bio_PrivateKey(identity, key, NULL, NULL, 0, NULL, NULL);
    uint32_t length = (uint32_t)BIO_get_mem_data(identity, &text);
    of_client = new_config();
    of_server = new_config();
    demand(tc_tls_config_set(of_client, TIMECRAFT_TRUST_ANCHORS_OPTION, text, length) == 0 &&
               tc_tls_config_set(of_server, TIMECRAFT_TRUST_ANCHORS_OPTION, text, length) == 0 &&
               tc_tls_config_set(of_server, TIMECRAFT_IDENTITY_OPTION, text, length) == 0 &&
               tc_tls_config_set(of_server, TIMECRAFT_VERIFY_OPTION, &asks, sizeof asks) == 0,
           "no options");
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void set_up(void) {
    static tc_options options;
    char *error;
    signal(SIGPIPE, SIG_IGN);
    tc_options_init(&options);
    demand(tc_options_apply_text(&options, "--tls-handshake-timeout=5", &error) == 0, error);
    tc_net_init(&options);
    tc_io_engine_name(); /* it has descriptors of its own */
    make_configs();
}

/* As the value of an option, twice: what was set before is there the second time. */
static void configure(uint32_t option, const uint8_t *value, size_t length) {
    tc_tls_config *config = new_config();
    if (tc_tls_config_has_option(option))
        for (int i = 0; i < 2; i++)
            tc_tls_config_set(config, option, value, (uint32_t)length);
    tc_tls_check_server(config);
    tc_tls_config_release(config);
}

/* The identity, in which bytes were changed: each three bytes of the input say where, and to what.
 */
static void configure_changed(const uint8_t *changes, size_t size) {
    uint8_t *text, copy[2048];
    size_t length = (size_t)BIO_get_mem_data(identity, &text);
    demand(length <= sizeof copy, "the identity is too long");
    memcpy(copy, text, length);
    for (; size >= 3; changes += 3, size -= 3)
        copy[(changes[0] << 8 | changes[1]) % length] = changes[2];
    configure(TIMECRAFT_IDENTITY_OPTION, copy, length);
    configure(TIMECRAFT_TRUST_ANCHORS_OPTION, copy, length);
}

/* What a guest may ask about the connection, however it went. */
static void ask(tc_tls *tls, tc_tls_config *config, bool server) {
    uint8_t answer[4096];
    for (uint32_t option = TIMECRAFT_HTLS_ERROR_OPTION; option <= 24; option++) {
        uint32_t length = sizeof answer;
        tc_tls_get_option(tls, config, server, option, answer, &length);
        demand(length <= sizeof answer, "an answer is longer than its buffer");
    }
}

/* As all that a peer sends, who goes then. */
static void shake_hands(bool server, const uint8_t *bytes, size_t size) {
    int pair[2];
    tc_tls *tls;
    tc_tls_config *config = tc_tls_config_share(server ? of_server : of_client);
    demand(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0,
           "no pair");
    demand(send(pair[1], bytes, size, 0) == (ssize_t)size && shutdown(pair[1], SHUT_WR) == 0,
           "the peer cannot send");
    int error = server ? tc_tls_accept(pair[0], config, &tls)
                       : tc_tls_connect(pair[0], "fuzz.test", 9, config, &tls);
    demand(error == 0, "no handshake was begun");
    while (tc_tls_status(tls) == -EINPROGRESS) {
        tc_io_interest interest = tc_tls_interest(tls, 0);
        tc_io_wait(&interest, 1, TC_NEVER);
    }
    demand(tc_tls_status(tls) != 0, "what is no handshake has passed for one");
    demand(tc_tls_status(tls) != -ETIMEDOUT, "the end of the stream went unseen");
    ask(tls, config, server);
    tc_tls_close(tls);
    tc_tls_config_release(config);
    close(pair[1]);
}

static void run(uint8_t what, const uint8_t *rest, size_t size) {
    if (what == 'c') /* a client hears the rest */
        shake_hands(false, rest, size);
    else if (what == 's') /* a server hears it */
        shake_hands(true, rest, size);
    else if (what == 'i')
        configure_changed(rest, size);
    else /* the number of an option, its value */
        configure(what, rest, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!of_client)
        set_up();
    int before = lowest_free_descriptor();
    if (size > 0)
        run(data[0], data + 1, size - 1);
    tc_net_finish();
    demand(lowest_free_descriptor() == before, "a descriptor stays open");
    demand(ERR_peek_error() == 0, "an error is left on OpenSSL's queue");
    return 0;
}
