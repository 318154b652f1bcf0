/* A TLS connection: its handshake, its bytes, its end. */
#include "tls/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "tls/config.h"
#include "tls/connection.h"
#include "tls/context.h"
#include "tls/session.h"

/* Largest plaintext of a record (RFC 8446, 5.1). */
#define RECORD_MAX 16384u

/* OpenSSL reads on by itself over messages that bring the guest nothing (tickets, HelloRequests),
 * and a peer can send those faster than they are dealt with. After so many bytes it comes back,
 * and whoever waits looks at the clock. */
#define APPETITE (64u * 1024)

/* Copies the name without its trailing dot. A host name is labels of letters, digits, '-' and '_',
 * of 1 to 63 bytes (RFC 1035, 2.3.1); an IP literal is what inet_pton takes. */
static int check_name(const char *name, size_t length, char copy[TC_TLS_NAME_MAX + 1],
                      bool *is_address) {
    if (length > 1 && name[length - 1] == '.')
        length--;
    if (length == 0 || length > TC_TLS_NAME_MAX || memchr(name, 0, length))
        return -EINVAL;
    memcpy(copy, name, length);
    copy[length] = 0;
    uint8_t address[16];
    *is_address = inet_pton(AF_INET, copy, address) == 1 || inet_pton(AF_INET6, copy, address) == 1;
    if (*is_address)
        return 0;
    size_t label = 0;
    for (size_t i = 0; i <= length; i++) {
        if (copy[i] == '.' || copy[i] == 0) {
            if (label == 0 || label > 63)
                return -EINVAL;
            label = 0;
        } else if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123"
                          "456789-_",
                          copy[i])) {
            label++;
        } else {
            return -EINVAL;
        }
    }
    return 0;
}

/* Verification as Go's crypto/tls does it: the name against subjectAltName only; SNI for names,
 * none for addresses (RFC 6066, 3). */
static bool set_peer_name(tc_tls *tls, bool is_address) {
    X509_VERIFY_PARAM *param = SSL_get0_param(tls->ssl);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                               X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (is_address)
        return X509_VERIFY_PARAM_set1_ip_asc(param, tls->name);
    return X509_VERIFY_PARAM_set1_host(param, tls->name, 0) &&
           SSL_set_tlsext_host_name(tls->ssl, tls->name);
}

/* Before a call into OpenSSL: what stands in the queue of errors would be taken for its own.
 * Clearing an empty one costs as much as a small call. */
static void clear_errors(void) {
    if (ERR_peek_error())
        ERR_clear_error();
}

/* Judges the result of an OpenSSL call: what to return for it, failing the connection if it did. */
static int judge(tc_tls *tls, int result) {
    int error = SSL_get_error(tls->ssl, result);
    switch (error) {
    case SSL_ERROR_NONE:
        return 0;
    case SSL_ERROR_WANT_READ:
        tls->wants_room = false;
        tls->drained = tls->appetite > 0;
        return -EAGAIN;
    case SSL_ERROR_WANT_WRITE:
        tls->wants_room = true;
        return -EAGAIN;
    default:
        tc_tls_fail_ssl(tls, error);
        return tls->error;
    }
}

/* A handshake that waits for an answer to what could not be sent waits in vain. Where the peer is
 * gone (EPIPE, ECONNRESET), its last words may yet come, and then the end. */
static void check_sending(tc_tls *tls) {
    int error = -tc_stream_send_error(tls->stream);
    if (error && error != EPIPE && error != ECONNRESET)
        tc_tls_fail(tls, error, "the connection to %s failed during the TLS handshake: %s",
                    tls->name, strerror(error));
}

static void step_handshake(void *context) {
    tc_tls *tls = context;
    clear_errors();
    tc_stream_look(tls->stream, false);
    tls->appetite = APPETITE;
    int result = SSL_do_handshake(tls->ssl);
    tc_stream_push(tls->stream);
    if (result == 1) {
        tls->state = TC_TLS_OPEN;
        free(tls->reason); /* of what was not accepted, and then was */
        tls->reason = NULL;
        tc_session_note_renewal(tls);
    } else if (judge(tls, result) == -EAGAIN) {
        if (tc_io_now() >= tls->deadline)
            tc_tls_fail(tls, ETIMEDOUT, "the TLS handshake with %s was not done after %.3g seconds",
                        tls->name, (double)tls->time_limit / 1e9);
        else
            check_sending(tls);
    }
    if (tls->state == TC_TLS_HANDSHAKE) {
        if (tls->appetite == 0)
            tc_stream_watch_again(tls->stream);
        return;
    }
    tls->ended = tc_io_now();
    if (tls->state == TC_TLS_FAILED)
        tc_stream_flush(tls->stream); /* the alert; a last flight leaves with what comes next */
    tc_stream_watch(tls->stream, NULL, NULL, 0);
}

static void tls_free(tc_tls *tls) {
    SSL_free(tls->ssl);
    tc_tls_config_release(tls->config);
    free(tls->reason);
    free(tls);
}

static tc_tls *tls_new(const char *name, tc_tls_config *config) {
    size_t size = strlen(name) + 1;
    tc_tls *tls = calloc(1, sizeof *tls + size);
    if (!tls)
        return NULL;
    memcpy(tls->name, name, size);
    tls->config = tc_tls_config_share(config);
    return tls;
}

static int choose_identity(SSL *ssl, void *unused) {
    (void)unused;
    const tc_tls *tls = SSL_get_app_data(ssl);
    return tc_tls_config_choose_identity(tls->config, ssl);
}

static int choose_alpn(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_length,
                       const unsigned char *offered, unsigned int offered_length, void *unused) {
    (void)unused;
    const tc_tls *tls = SSL_get_app_data(ssl);
    return tc_tls_config_choose_alpn(tls->config, chosen, chosen_length, offered, offered_length);
}

/* The process's contexts, with what our connections do in them. */
static SSL_CTX *context_of_clients(void) {
    SSL_CTX *context = tc_tls_client_context();
    if (context)
        SSL_CTX_sess_set_new_cb(context, tc_session_keep);
    return context;
}

static SSL_CTX *context_of_servers(void) {
    SSL_CTX *context = tc_tls_server_context();
    if (!context)
        return NULL;
    SSL_CTX_set_cert_cb(context, choose_identity, NULL);
    SSL_CTX_set_alpn_select_cb(context, choose_alpn, NULL);
    SSL_CTX_set_client_hello_cb(context, tc_session_bind, NULL);
    SSL_CTX_set_session_ticket_cb(context, tc_session_seal, tc_session_unseal, NULL);
    return context;
}

/* Puts the configuration on the connection. */
static int configure(tc_tls *tls) {
    tls->time_limit = tc_tls_config_time_limit(tls->config);
    int error = tc_tls_config_apply(tls->config, tls->ssl, tls->server, tls->name);
    int mode = SSL_get_verify_mode(tls->ssl);
    if (!error && mode != SSL_VERIFY_NONE)
        SSL_set_verify(tls->ssl, mode, tc_tls_verify_callback);
    return error;
}

/* Everything but the stream, which comes last so that nothing can fail once it has the descriptor.
 */
static int set_up(tc_tls *tls, bool is_address) {
    SSL_CTX *context = tls->server ? context_of_servers() : context_of_clients();
    tls->ssl = context ? SSL_new(context) : NULL;
    BIO *bio = tls->ssl ? tc_tls_bio_new(tls) : NULL;
    if (!bio)
        return -ENOMEM;
    SSL_set_bio(tls->ssl, bio, bio); /* owns it now */
    if (!SSL_set_app_data(tls->ssl, tls) || (!tls->server && !set_peer_name(tls, is_address)))
        return -ENOMEM;
    int error = configure(tls);
    if (error)
        return error;
    if (tls->server) {
        SSL_set_accept_state(tls->ssl);
    } else {
        SSL_set_connect_state(tls->ssl);
        tc_session_offer(tls);
    }
    return 0;
}

static int start(tc_tls *tls, int fd, bool is_address, tc_tls **out) {
    int error = set_up(tls, is_address);
    if (!error && !(tls->stream = tc_stream_open(fd)))
        error = -ENOMEM;
    if (error) {
        ERR_clear_error();
        tls_free(tls);
        return error;
    }
    tls->deadline = tc_io_now() + tls->time_limit;
    tc_stream_watch(tls->stream, step_handshake, tls, tls->deadline);
    step_handshake(tls);
    *out = tls;
    return 0;
}

int tc_tls_connect(int fd, const char *name, size_t length, tc_tls_config *config, tc_tls **out) {
    bool is_address;
    char checked[TC_TLS_NAME_MAX + 1];
    int error = check_name(name, length, checked, &is_address);
    if (error)
        return error;
    tc_tls *tls = tls_new(checked, config);
    if (!tls)
        return -ENOMEM;
    return start(tls, fd, is_address, out);
}

int tc_tls_accept(int fd, tc_tls_config *config, tc_tls **out) {
    if (!tc_tls_config_has_identity(config))
        return -EINVAL;
    tc_tls *tls = tls_new("the client", config);
    if (!tls)
        return -ENOMEM;
    tls->server = true;
    return start(tls, fd, false, out);
}

int tc_tls_check_server(tc_tls_config *config) {
    if (!tc_tls_config_has_identity(config))
        return -EINVAL;
    tc_tls *tls = tls_new("", config);
    if (!tls)
        return -ENOMEM;
    tls->server = true;
    int error = set_up(tls, false);
    ERR_clear_error();
    tls_free(tls);
    return error;
}

int tc_tls_status(const tc_tls *tls) {
    switch (tls->state) {
    case TC_TLS_HANDSHAKE:
        return -EINPROGRESS;
    case TC_TLS_FAILED:
        return tls->error;
    default:
        return 0;
    }
}

bool tc_tls_is_server(const tc_tls *tls) {
    return tls->server;
}

void tc_tls_handshake_times(const tc_tls *tls, uint64_t *begun, uint64_t *ended) {
    *begun = tls->deadline - tls->time_limit;
    *ended = tls->ended;
}

const char *tc_tls_reason(const tc_tls *tls) {
    if (tls->state != TC_TLS_FAILED)
        return "";
    return tls->reason ? tls->reason : strerror(-tls->error);
}

/* One SSL_read or SSL_peek. */
static ssize_t read_once(tc_tls *tls, void *buffer, size_t length, bool peek) {
    size_t got = 0;
    clear_errors();
    tls->appetite = APPETITE;
    int result = peek ? SSL_peek_ex(tls->ssl, buffer, length, &got)
                      : SSL_read_ex(tls->ssl, buffer, length, &got);
    if (tls->spoke)
        tc_stream_push(tls->stream);
    if (result == 1)
        return (ssize_t)got;
    /* Not SSL_get_shutdown: a fatal alert sets its flag too. */
    if (SSL_get_error(tls->ssl, result) == SSL_ERROR_ZERO_RETURN)
        return 0;
    return judge(tls, result);
}

/* OpenSSL that is asked to read in vain gets a buffer of a record's size for it, and gives it back.
 * So it is asked only where there may be something. Whole records have been read here: beside the
 * bytes of the last one it holds nothing. */
static void note_drained(tc_tls *tls) {
    if (SSL_pending(tls->ssl) > 0 || !tc_stream_is_drained(tls->stream))
        return;
    tls->drained = true;
    tls->wants_room = false;
}

/* Whether nothing has come since OpenSSL had no more. Asks the engine. */
static bool has_nothing(const tc_tls *tls) {
    const uint8_t *data;
    return tls->drained && !tls->wants_room && SSL_pending(tls->ssl) == 0 &&
           tc_stream_peek(tls->stream, &data) == -EAGAIN;
}

ssize_t tc_tls_recv(tc_tls *tls, void *buffer, size_t length, bool peek) {
    if (tls->state != TC_TLS_OPEN)
        return tls->state == TC_TLS_HANDSHAKE ? -EAGAIN : tls->error;
    if (length == 0)
        return 0;
    size_t total = 0;
    tc_stream_look(tls->stream, SSL_pending(tls->ssl) > 0);
    if (has_nothing(tls))
        return -EAGAIN;
    /* Record after record while they are there: a large buffer is one call. */
    do {
        ssize_t got = read_once(tls, (char *)buffer + total, length - total, peek);
        if (got <= 0)
            return total ? (ssize_t)total : got;
        total += (size_t)got;
        note_drained(tls);
    } while (total < length && !peek && !tls->drained);
    return (ssize_t)total;
}

/* A guest that waits for an answer to all it has sent never waits for Nagle's algorithm; nor must
 * it for what TLS has said of itself, as the last words of a handshake, tickets and key updates
 * are: many a peer acknowledges those only 40 ms later. Where they have left already, and not with
 * the guest's bytes, those are hurried. */
static void hurry_after_own_words(tc_tls *tls) {
    bool alone = tc_stream_queued(tls->stream) == 0;
    if (tls->spoke || alone)
        tc_stream_hurry(tls->stream, tls->spoke && alone);
    tls->spoke = false;
}

static int encrypt(tc_tls *tls, const void *record, size_t length, size_t *sent) {
    clear_errors();
    tls->sending = true;
    int result = SSL_write_ex(tls->ssl, record, length, sent);
    tls->sending = false;
    return result == 1 ? 0 : judge(tls, result);
}

ssize_t tc_tls_send(tc_tls *tls, const void *buffer, size_t length) {
    if (tls->state != TC_TLS_OPEN)
        return tls->state == TC_TLS_HANDSHAKE ? -EAGAIN : tls->error;
    if (tls->sent_close)
        return -EPIPE;
    size_t total = 0;
    hurry_after_own_words(tls);
    while (total < length) {
        /* Asked first, so that OpenSSL never keeps half a record: the guest may come back with
         * other bytes, or with none. */
        int error = tc_stream_send_error(tls->stream);
        if (!error && !tc_stream_has_room(tls->stream))
            error = -EAGAIN;
        if (error)
            return total ? (ssize_t)total : error;
        size_t part = length - total < RECORD_MAX ? length - total : RECORD_MAX, sent = 0;
        error = encrypt(tls, (const char *)buffer + total, part, &sent);
        if (error)
            return total ? (ssize_t)total : error;
        total += sent;
    }
    return (ssize_t)total;
}

void tc_tls_push(tc_tls *tls) {
    tc_stream_push(tls->stream);
}

void tc_tls_unhurry(tc_tls *tls) {
    tc_stream_hurry(tls->stream, false);
}

static int say_close_notify(tc_tls *tls) {
    if (tls->state != TC_TLS_OPEN)
        return tls->state == TC_TLS_HANDSHAKE ? -EAGAIN : tls->error;
    if (tls->sent_close)
        return 0;
    clear_errors();
    int result = SSL_shutdown(tls->ssl);
    if (result < 0)
        return judge(tls, result);
    tls->sent_close = true;
    tc_stream_flush(tls->stream);
    return 0;
}

/* The end of a stream does not wait for an acknowledgement, as FIN does not. */
int tc_tls_shutdown(tc_tls *tls) {
    if (tls->state == TC_TLS_OPEN && !tls->sent_close)
        tc_stream_hurry(tls->stream, true);
    return say_close_notify(tls);
}

/* Whether a read would not give -EAGAIN. */
static bool readable(tc_tls *tls, bool look) {
    char byte;
    /* Thousands of idle connections may be polled at a time: most have nothing to decrypt. */
    if (!look && !tc_stream_has_arrived(tls->stream)) {
        if (tls->drained)
            return false;
        look = tls->stream_ended || SSL_get_shutdown(tls->ssl) & SSL_RECEIVED_SHUTDOWN;
        if (!look && SSL_pending(tls->ssl) == 0)
            return false;
    }
    if (SSL_pending(tls->ssl) > 0)
        return true;
    return tc_tls_recv(tls, &byte, 1, true) != -EAGAIN;
}

short tc_tls_ready(tc_tls *tls, short wanted, bool look) {
    if (tls->state == TC_TLS_HANDSHAKE)
        return 0;
    if (tls->state == TC_TLS_FAILED)
        return wanted;
    short ready = 0;
    if (wanted & POLLIN && readable(tls, look))
        ready |= POLLIN;
    if (wanted & POLLOUT && (tls->state == TC_TLS_FAILED || tls->sent_close ||
                             tc_stream_send_error(tls->stream) || tc_stream_has_room(tls->stream)))
        ready |= POLLOUT;
    return ready;
}

tc_io_interest tc_tls_interest(tc_tls *tls, short wanted) {
    if (tls->state != TC_TLS_OPEN)
        wanted = 0; /* the stream is watched, or nothing more will happen */
    else if (wanted & POLLIN && tls->wants_room)
        wanted = (short)((wanted & ~POLLIN) | POLLOUT);
    return (tc_io_interest){.stream = tls->stream, .events = wanted};
}

bool tc_tls_notice(tc_tls *tls, tc_stream_event *notice, void *context) {
    return tc_stream_notice(tls->stream, notice, context);
}

bool tc_tls_rest(tc_tls *tls, tc_stream_event *notice, void *context) {
    return tls->state == TC_TLS_OPEN && !tls->wants_room && tc_stream_is_awaited(tls->stream) &&
           !readable(tls, false) && tc_stream_notice(tls->stream, notice, context);
}

bool tc_tls_may_have_more(const tc_tls *tls) {
    return tc_stream_may_have_more(tls->stream);
}

void tc_tls_flush(tc_tls *tls) {
    tc_stream_flush(tls->stream);
}

size_t tc_tls_pending(const tc_tls *tls) {
    return tls->state == TC_TLS_OPEN ? (size_t)SSL_pending(tls->ssl) : 0;
}

void tc_tls_close(tc_tls *tls) {
    if (tls->state == TC_TLS_OPEN)
        say_close_notify(tls);
    /* A peer that has said close_notify, or ended the stream, sends nothing that needs waiting for.
     */
    bool linger = !(SSL_get_shutdown(tls->ssl) & SSL_RECEIVED_SHUTDOWN) && !tls->stream_ended &&
                  !tls->stream_error && tls->error != -ETIMEDOUT;
    tc_stream_close(tls->stream, linger);
    tls_free(tls);
}
