/* The index of a bundle: of each certificate, where it stands and its subject's hash. A subject is
 * found by going over the few fields before it, so nothing is decoded but its name; where that does
 * not work out, OpenSSL takes the whole certificate apart and decides. What a store gets was read
 * by OpenSSL in any case. */
#include "tls/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The largest bundle that is read. */
#define BUNDLE_MAX ((size_t)64 << 20)

/* Of a certificate's text, what is decoded to find the subject; and its bytes. */
#define HEAD_TEXT 1024u
#define HEAD_SIZE (HEAD_TEXT / 4 * 3)

typedef struct entry {
    size_t start, end; /* in the text */
    unsigned long subject_hash;
} entry;

typedef struct bundle {
    struct bundle *next;
    char *path;
    char *text; /* with a NUL */
    size_t length;
    entry *entries;
    size_t count, capacity;
} bundle;

static bundle *bundles; /* all that were read */

/* ---- the subject, from the first bytes of a certificate ---- */

typedef struct span {
    const uint8_t *at, *end;
} span;

/* Takes one value of DER off the front (X.690, 8.1): its content, and the whole of it, both cut
 * where `from` ends; empty where there is none of this tag. Returns whether all of it is there. */
static bool take_value(span *from, uint8_t tag, span *content, span *whole) {
    const uint8_t *at = from->at;
    *content = *whole = (span){at, at};
    if (from->end - at < 2 || *at++ != tag)
        return false;
    size_t length = *at++;
    if (length >= 0x80) {
        size_t bytes = length & 0x7f;
        if (bytes == 0 || bytes > 3 || (size_t)(from->end - at) < bytes)
            return false;
        for (length = 0; bytes > 0; bytes--)
            length = length << 8 | *at++;
    }
    size_t left = (size_t)(from->end - at);
    *content = (span){at, at + (length < left ? length : left)};
    *whole = (span){from->at, content->end};
    from->at = content->end;
    return length <= left;
}

/* The subject's encoding. False: it does not stand where RFC 5280, 4.1 has it, or not all of it is
 * there. */
static bool find_subject(span der, span *subject) {
    enum { INTEGER = 0x02, SEQUENCE = 0x30, VERSION = 0xa0 };
    span certificate, fields, ignored, whole;
    take_value(&der, SEQUENCE, &certificate, &whole); /* both may go on behind what is here */
    take_value(&certificate, SEQUENCE, &fields, &whole);
    take_value(&fields, VERSION, &ignored, &whole); /* is optional */
    return take_value(&fields, INTEGER, &ignored, &whole) &&
           take_value(&fields, SEQUENCE, &ignored, &whole) && /* signature algorithm */
           take_value(&fields, SEQUENCE, &ignored, &whole) && /* issuer */
           take_value(&fields, SEQUENCE, &ignored, &whole) && /* validity */
           take_value(&fields, SEQUENCE, &ignored, subject);
}

static bool hash_name(const X509_NAME *name, unsigned long *hash) {
    int done = 0;
    *hash = X509_NAME_hash_ex(name, NULL, NULL, &done);
    return done == 1;
}

/* Of base64 text. False: not found in this way. */
static bool hash_subject(const char *text, size_t length, unsigned long *hash) {
    uint8_t head[HEAD_SIZE + 3];
    int size = 0;
    span subject;
    EVP_ENCODE_CTX *decoder = EVP_ENCODE_CTX_new();
    if (!decoder)
        return false;
    EVP_DecodeInit(decoder);
    length = length < HEAD_TEXT ? length : HEAD_TEXT;
    bool found = EVP_DecodeUpdate(decoder, head, &size, (const uint8_t *)text, (int)length) >= 0 &&
                 find_subject((span){head, head + size}, &subject);
    EVP_ENCODE_CTX_free(decoder);
    X509_NAME *name =
        found ? d2i_X509_NAME(NULL, &subject.at, (long)(subject.end - subject.at)) : NULL;
    found = name && hash_name(name, hash);
    X509_NAME_free(name);
    return found;
}

/* ---- the index ---- */

/* The certificate, with what a "trusted" one says beside itself. NULL: none that can be read. */
static X509 *read_certificate(const bundle *from, const entry *one) {
    BIO *bio = BIO_new_mem_buf(from->text + one->start, (int)(one->end - one->start));
    X509 *certificate = bio ? PEM_read_bio_X509_AUX(bio, NULL, NULL, (void *)"") : NULL;
    BIO_free(bio);
    return certificate;
}

static bool add_entry(bundle *to, entry one, size_t body) {
    if (!hash_subject(to->text + body, one.end - body, &one.subject_hash)) {
        X509 *certificate = read_certificate(to, &one);
        bool readable =
            certificate && hash_name(X509_get_subject_name(certificate), &one.subject_hash);
        X509_free(certificate);
        if (!readable)
            return true;
    }
    if (to->count == to->capacity) {
        size_t capacity = to->capacity ? to->capacity * 2 : 256;
        entry *entries = realloc(to->entries, capacity * sizeof *entries);
        if (!entries)
            return false;
        to->entries = entries;
        to->capacity = capacity;
    }
    to->entries[to->count++] = one;
    return true;
}

/* The length of the line that begins a certificate at `line`; 0 if that does not. */
static size_t beginning(const char *line) {
    static const char *const lines[] = {"-----BEGIN CERTIFICATE-----",
                                        "-----BEGIN X509 CERTIFICATE-----",
                                        "-----BEGIN TRUSTED CERTIFICATE-----"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (strncmp(line, lines[i], strlen(lines[i])) == 0)
            return strlen(lines[i]);
    return 0;
}

/* Of what stands before a NUL, if there is one. */
static bool make_index(bundle *of) {
    const char *line = of->text;
    while (line) {
        size_t length = beginning(line);
        const char *end = length ? strstr(line + length, "\n-----END ") : NULL;
        if (end) {
            const char *last = strchr(end + 1, '\n');
            entry one = {.start = (size_t)(line - of->text),
                         .end = last ? (size_t)(last + 1 - of->text) : of->length};
            if (!add_entry(of, one, one.start + length))
                return false;
            line = end + 1;
        }
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return true;
}

static bool read_text(bundle *into) {
    int fd = open(into->path, O_RDONLY | O_CLOEXEC);
    size_t capacity = 0;
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0) {
        if (capacity - into->length < 2) {
            capacity = capacity ? capacity * 2 : (size_t)512 << 10;
            char *text = capacity > BUNDLE_MAX ? NULL : realloc(into->text, capacity);
            if (!text) {
                got = -1;
                break;
            }
            into->text = text;
        }
        do
            got = read(fd, into->text + into->length, capacity - into->length - 1);
        while (got < 0 && errno == EINTR);
        into->length += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0)
        close(fd);
    if (got == 0)
        into->text[into->length] = 0;
    return got == 0;
}

static void bundle_free(bundle *one) {
    free(one->entries);
    free(one->text);
    free(one->path);
    free(one);
}

/* What is read of the file at its first use. NULL: no certificates, or no memory. */
static const bundle *get_bundle(const char *path) {
    for (const bundle *one = bundles; one; one = one->next)
        if (strcmp(one->path, path) == 0)
            return one;
    bundle *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->path = strdup(path);
    if (!made->path || !read_text(made) || !make_index(made) || made->count == 0) {
        bundle_free(made);
        return NULL;
    }
    made->next = bundles;
    return bundles = made;
}

/* ---- what a store asks for ---- */

/* Puts all certificates with this subject in the store, as others in there are. */
static void take_subject(const bundle *from, X509_STORE *store, const X509_NAME *subject) {
    unsigned long hash;
    if (!hash_name(subject, &hash))
        return;
    for (size_t i = 0; i < from->count; i++) {
        X509 *certificate = from->entries[i].subject_hash == hash
                                ? read_certificate(from, &from->entries[i])
                                : NULL;
        if (certificate)
            X509_STORE_add_cert(store, certificate);
        X509_free(certificate);
    }
    ERR_clear_error();
}

/* As X509_LOOKUP_hash_dir does: puts them in the store, and gives the first that stands there,
 * whose reference the caller takes itself. */
static int look_up(X509_LOOKUP *lookup, X509_LOOKUP_TYPE type, const X509_NAME *name,
                   X509_OBJECT *found) {
    const bundle *from = X509_LOOKUP_get_method_data(lookup);
    X509_STORE *store = X509_LOOKUP_get_store(lookup);
    if (type != X509_LU_X509 || !from)
        return 0;
    take_subject(from, store, name);
    X509_OBJECT *first =
        X509_OBJECT_retrieve_by_subject(X509_STORE_get0_objects(store), X509_LU_X509, name);
    X509 *certificate = first ? X509_OBJECT_get0_X509(first) : NULL;
    if (!certificate || !X509_OBJECT_set1_X509(found, certificate))
        return 0;
    X509_free(certificate); /* the store's remains */
    return 1;
}

static X509_LOOKUP_METHOD *lookup_method(void) {
    static X509_LOOKUP_METHOD *method;
    if (!method && (method = X509_LOOKUP_meth_new("timecraft bundle")))
        X509_LOOKUP_meth_set_get_by_subject(method, look_up);
    return method;
}

bool tc_bundle_add_to(X509_STORE *store, const char *path) {
    const bundle *from = get_bundle(path);
    X509_LOOKUP_METHOD *method = from ? lookup_method() : NULL;
    X509_LOOKUP *lookup = method ? X509_STORE_add_lookup(store, method) : NULL;
    ERR_clear_error();
    if (!lookup)
        return false;
    X509_LOOKUP_set_method_data(lookup, (void *)from);
    /* A store that has a name never asks for it again. */
    STACK_OF(X509) *held = X509_STORE_get1_all_certs(store);
    for (int i = 0; held && i < sk_X509_num(held); i++)
        take_subject(from, store, X509_get_subject_name(sk_X509_value(held, i)));
    sk_X509_pop_free(held, X509_free);
    return held != NULL;
}
