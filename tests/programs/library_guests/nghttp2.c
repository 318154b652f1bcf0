/* An HTTP/2 server without TLS (prior knowledge, RFC 9113, 3.3) for one connection: nghttp2 prints
 * its port. The answer to every request is its path, and many times it for /long. */
#include <netinet/in.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct stream {
    char path[64];
    size_t left; /* bytes to send */
} stream;

static ssize_t transmit(nghttp2_session *session, const uint8_t *data, size_t size, int flags,
                        void *socket) {
    (void)session;
    (void)flags;
    ssize_t sent = send(*(int *)socket, data, size, 0);
    return sent < 0 ? NGHTTP2_ERR_CALLBACK_FAILURE : sent;
}

static int begin(nghttp2_session *session, const nghttp2_frame *frame, void *socket) {
    (void)socket;
    if (frame->hd.type == NGHTTP2_HEADERS)
        nghttp2_session_set_stream_user_data(session, frame->hd.stream_id,
                                             calloc(1, sizeof(stream)));
    return 0;
}

static int header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                  size_t name_size, const uint8_t *value, size_t size, uint8_t flags,
                  void *socket) {
    stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    (void)flags;
    (void)socket;
    if (stream && name_size == 5 && !memcmp(name, ":path", 5) && size < sizeof stream->path)
        memcpy(stream->path, value, size);
    return 0;
}

static ssize_t body(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t size,
                    uint32_t *flags, nghttp2_data_source *source, void *socket) {
    stream *stream = source->ptr;
    size_t length = strlen(stream->path), done = 0;
    (void)session;
    (void)id;
    (void)socket;
    for (; done < size && stream->left; done++, stream->left--)
        buffer[done] = (uint8_t)stream->path[(length - stream->left % length) % length];
    if (!stream->left)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)done;
}

static int received(nghttp2_session *session, const nghttp2_frame *frame, void *socket) {
    (void)socket;
    if (frame->hd.type != NGHTTP2_HEADERS || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        return 0;
    stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    nghttp2_nv status = {(uint8_t *)":status", (uint8_t *)"200", 7, 3, NGHTTP2_NV_FLAG_NONE};
    nghttp2_data_provider provider = {{.ptr = stream}, body};
    stream->left = strlen(stream->path) * (strcmp(stream->path, "/long") ? 1 : 100000);
    return nghttp2_submit_response(session, frame->hd.stream_id, &status, 1, &provider);
}

static int closed(nghttp2_session *session, int32_t id, uint32_t error, void *socket) {
    (void)error;
    (void)socket;
    free(nghttp2_session_get_stream_user_data(session, id));
    return 0;
}

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1) ||
        getsockname(listener, (struct sockaddr *)&address, &size))
        return 1;
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    int fd = accept(listener, NULL, NULL);
    nghttp2_session_callbacks *callbacks;
    nghttp2_session *session;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_send_callback(callbacks, transmit);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, received);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, closed);
    nghttp2_session_server_new(&session, callbacks, &fd);
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, NULL, 0);
    uint8_t buffer[16384];
    ssize_t got = 1;
    while (got > 0 && (nghttp2_session_want_read(session) || nghttp2_session_want_write(session))) {
        if (nghttp2_session_send(session))
            return 1;
        got = recv(fd, buffer, sizeof buffer, 0);
        if (got > 0 && nghttp2_session_mem_recv(session, buffer, (size_t)got) < 0)
            return 1;
    }
    nghttp2_session_del(session);
    nghttp2_session_callbacks_del(callbacks);
    close(fd);
    return 0;
}
