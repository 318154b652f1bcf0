/* What stands behind a guest's descriptors, followed from call to call: paths, peers, TLS. Used by
 * the runtime and by whoever reads a record. */
#ifndef TC_TRACE_DESCRIPTORS_H
#define TC_TRACE_DESCRIPTORS_H

#include "trace/describe.h"

typedef struct tc_descriptor {
    uint8_t kind;   /* TC_DESCRIPTOR_…; 0: not open, or not known */
    uint8_t family; /* of a socket, as in tc_record_address */
    uint8_t type;   /* 1 datagram, 2 stream */
    bool listening;
    bool server;                   /* accepted */
    bool tls;                      /* a handshake has begun */
    char *path;                    /* owned; NULL for sockets */
    char *host;                    /* owned: the name asked for, or given to TLS; or NULL */
    tc_record_address local, peer; /* family 0: not known */
    uint64_t opened_by;            /* the call's index; of a connection: of connect or accept */
    tc_mask masks[2];              /* of what it sends, and of what it receives */
    bool http2;                    /* it speaks HTTP/2: by its ALPN, or its preface has passed */
    uint8_t preface[2];            /* bytes of it seen so far, sent and received */
} tc_descriptor;

typedef struct tc_descriptors {
    tc_descriptor **entries; /* owned, by number */
    size_t capacity;
    bool lost; /* there was no memory: not all is known */
} tc_descriptors;

void tc_descriptors_reset(tc_descriptors *all);

/* Borrowed; NULL: nothing is known of it. Valid until the next note. */
tc_descriptor *tc_descriptors_get(const tc_descriptors *all, uint32_t fd);

/* Takes in what a call has opened or changed; call it before the call is shown. What the call has
 * closed or moved is taken in by tc_descriptors_close, to be called once it was. `import` NULL:
 * nothing is known. */
void tc_descriptors_note(tc_descriptors *all, const tc_call *call, const tc_described *import);
void tc_descriptors_close(tc_descriptors *all, const tc_call *call, const tc_described *import);

/* Takes in a TC_EVENT_DESCRIPTOR, _CONNECTION or _TLS; others are left alone. */
void tc_descriptors_note_event(tc_descriptors *all, const void *event, size_t size);

/* Says of a call's data what its descriptor knows: where it is in a line of headers (show->mask),
 * and whether it is to be hidden (show->hide), since secrets in HTTP/2's compressed headers cannot
 * be told apart, nor any behind what was lost. */
void tc_descriptors_mask(const tc_descriptors *all, const tc_call *call, const tc_described *import,
                         tc_show *show);

/* Appends "/data/x", "127.0.0.1:443 tls example.com", "listening 127.0.0.1:80": tc_show's
 * `descriptor`, whose context is the tc_descriptors. */
void tc_descriptors_show(void *all, uint32_t fd, tc_text *out);

#endif
