/* The four steps of the hTLS document's section "Other", with the host's functions alone: no libc,
 * no SDK, nothing but imports of wasi_snapshot_preview1. Any language that can declare imports can
 * do the same.
 *
 * Run:    make -C examples run-raw-imports ADDRESS=127.0.0.1 PORT=443 HOST=example.com
 *   or:   timecraft run --allow-net=127.0.0.1:443 raw-imports.wasm 127.0.0.1 443 example.com
 * Needs:  --allow-net=ADDRESS:PORT
 */
#define IMPORT(name)                                                                               \
    __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) int name

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned long size; /* 32 bits */

typedef struct slice {
    void *data;
    size length;
} slice;

IMPORT(args_sizes_get)(size *count, size *bytes);
IMPORT(args_get)(char **arguments, char *bytes);
IMPORT(fd_write)(int fd, const slice *slices, size count, size *written);
IMPORT(sock_open)(int family, int type, int *fd);
IMPORT(sock_connect)(int fd, const slice *address, int port);
IMPORT(sock_setsockopt)(int fd, int level, int name, const void *value, size length);
IMPORT(sock_getsockopt)(int fd, int level, int name, void *value, size length);
IMPORT(sock_send)(int fd, const slice *slices, size count, int flags, size *sent);
IMPORT(sock_recv)(int fd, const slice *slices, size count, int flags, size *received, u16 *result);
__attribute__((noreturn, import_module("wasi_snapshot_preview1"), import_name("proc_exit"))) void
proc_exit(int status);

enum { FAMILY_INET4 = 1, TYPE_STREAM = 2 };
enum { TIMECRAFT_LEVEL = 0x74696d65, HTLS_OPTION = 1, HTLS_ERROR_OPTION = 2 };
enum { STDOUT = 1, STDERR = 2 };
enum { MAX_ARGUMENTS = 8, MAX_ARGUMENT_BYTES = 1024 };

static size text_length(const char *text) {
    size length = 0;
    while (text[length])
        length++;
    return length;
}

static void write_all(int fd, char *data, size length) {
    while (length > 0) {
        slice rest = {data, length};
        size written;
        if (fd_write(fd, &rest, 1, &written) != 0)
            proc_exit(1);
        data += written;
        length -= written;
    }
}

static void print(int fd, const char *text) {
    write_all(fd, (char *)text, text_length(text));
}

/* A decimal number at *text, which moves behind it. Returns -1 if there is none up to `most`. */
static int take_number(const char **text, int most) {
    int number = 0;
    const char *start = *text;
    while (**text >= '0' && **text <= '9' && number <= most)
        number = number * 10 + *(*text)++ - '0';
    return *text > start && number <= most ? number : -1;
}

/* "192.0.2.1" to its four bytes. Returns whether it was an address. */
static int take_address(const char *text, u8 bytes[4]) {
    for (int i = 0; i < 4; i++) {
        if (i > 0 && *text++ != '.')
            return 0;
        int number = take_number(&text, 255);
        if (number < 0)
            return 0;
        bytes[i] = (u8)number;
    }
    return !*text;
}

static __attribute__((noreturn)) void fail(const char *what, int fd) {
    static char reason[256];
    print(STDERR, "raw-imports: ");
    print(STDERR, what);
    if (fd >= 0 &&
        sock_getsockopt(fd, TIMECRAFT_LEVEL, HTLS_ERROR_OPTION, reason, sizeof reason) == 0 &&
        reason[0]) {
        print(STDERR, ": ");
        print(STDERR, reason);
    }
    print(STDERR, "\n");
    proc_exit(1);
}

static void connect_tls(int *fd, const char *address, const char *port_text, char *host) {
    /* The 128 bytes of an address: the family in two bytes, then the address. */
    static u8 buffer[128] = {FAMILY_INET4};
    slice view = {buffer, sizeof buffer};
    int port = take_number(&port_text, 65535);
    if (!take_address(address, buffer + 2) || port < 0 || *port_text)
        fail("usage: raw-imports IPV4-ADDRESS PORT HOST", -1);

    /* 1. */
    if (sock_open(FAMILY_INET4, TYPE_STREAM, fd) != 0)
        fail("sock_open failed", -1);
    /* 2. */
    if (sock_connect(*fd, &view, port) != 0)
        fail("sock_connect failed", *fd);
    /* 3. */
    if (sock_setsockopt(*fd, TIMECRAFT_LEVEL, HTLS_OPTION, host, text_length(host)) != 0)
        fail("sock_setsockopt failed", *fd);
}

/* 4. Use the socket. */
static void fetch(int fd, char *host) {
    static char start[] = "GET / HTTP/1.0\r\nHost: ", end[] = "\r\n\r\n", buffer[16384];
    slice request[] = {{start, sizeof start - 1}, {host, text_length(host)}, {end, sizeof end - 1}};
    size done;
    if (sock_send(fd, request, 3, 0, &done) != 0)
        fail("sock_send failed", fd);
    for (;;) {
        slice into = {buffer, sizeof buffer};
        u16 flags;
        if (sock_recv(fd, &into, 1, 0, &done, &flags) != 0)
            fail("sock_recv failed", fd);
        if (done == 0)
            return;
        write_all(STDOUT, buffer, done);
    }
}

void _start(void) {
    static char *arguments[MAX_ARGUMENTS], bytes[MAX_ARGUMENT_BYTES];
    size count, length;
    if (args_sizes_get(&count, &length) != 0 || count != 4 || length > sizeof bytes ||
        args_get(arguments, bytes) != 0)
        fail("usage: raw-imports IPV4-ADDRESS PORT HOST", -1);
    int fd;
    connect_tls(&fd, arguments[1], arguments[2], arguments[3]);
    fetch(fd, arguments[3]);
    proc_exit(0);
}
