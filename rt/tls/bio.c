/* The BIO between OpenSSL and a stream: reads copy out of the engine's buffers, writes go to the
 * stream's queue. It never waits, and reads only so much at a time: see APPETITE in tls.c. */
#include <errno.h>
#include <string.h>

#include "tls/connection.h"

static int bio_read(BIO *bio, char *buffer, size_t length, size_t *got) {
    tc_tls *tls = BIO_get_data(bio);
    const uint8_t *data;
    BIO_clear_retry_flags(bio);
    *got = 0;
    tls->drained = false;
    if (tls->appetite == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    while (*got < length) {
        ssize_t available = tc_stream_peek(tls->stream, &data);
        if (available <= 0) {
            if (*got)
                break;
            if (available == -EAGAIN)
                BIO_set_retry_read(bio);
            else if (available == 0)
                tls->stream_ended = true;
            else
                tls->stream_error = (int)available;
            return 0;
        }
        size_t part = (size_t)available < length - *got ? (size_t)available : length - *got;
        memcpy(buffer + *got, data, part);
        tc_stream_consume(tls->stream, part);
        *got += part;
        tls->appetite -= part < tls->appetite ? part : tls->appetite;
    }
    if (tls->state == TC_TLS_HANDSHAKE)
        tls->spoke = false; /* it is an answer */
    return 1;
}

static int bio_write(BIO *bio, const char *buffer, size_t length, size_t *taken) {
    tc_tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *taken = 0;
    ssize_t sent = tc_stream_send(tls->stream, buffer, length);
    if (sent == -EAGAIN) {
        BIO_set_retry_write(bio);
        return 0;
    }
    if (!tls->sending)
        tls->spoke = true;
    /* A stream that can send no more may still hold what the peer said last: reading goes on, and
     * tells. What is written here is lost in any case. */
    *taken = sent < 0 ? length : (size_t)sent;
    return 1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer) {
    (void)number;
    (void)pointer;
    const tc_tls *tls = BIO_get_data(bio);
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return tls->stream_ended;
    default:
        return 0;
    }
}

static BIO_METHOD *bio_method(void) {
    static BIO_METHOD *method;
    if (method)
        return method;
    BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "timecraft stream");
    if (!made)
        return NULL;
    if (!BIO_meth_set_read_ex(made, bio_read) || !BIO_meth_set_write_ex(made, bio_write) ||
        !BIO_meth_set_ctrl(made, bio_ctrl)) {
        BIO_meth_free(made);
        return NULL;
    }
    return method = made;
}

BIO *tc_tls_bio_new(tc_tls *tls) {
    BIO_METHOD *method = bio_method();
    BIO *bio = method ? BIO_new(method) : NULL;
    if (!bio)
        return NULL;
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    return bio;
}
