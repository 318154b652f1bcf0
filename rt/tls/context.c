/* The operator's decisions; the contexts of clients and of servers, and the trust store, made once
 * a process when hTLS is first used.
 *
 * The trust store is the file that --ca names, else the system's: SSL_CERT_FILE and SSL_CERT_DIR of
 * the host's environment where they are set, else OpenSSL's own places. Folders of hashed names and
 * bundles are both read certificate by certificate; OpenSSL's own bundle only where there is no
 * such folder. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "guest/report.h"
#include "tls/bundle.h"
#include "tls/context.h"
#include "tls/tls.h"

const tc_options *tc_tls_policy;

void tc_tls_init(const tc_options *options) {
    tc_tls_policy = options;
}

/* Whether a folder has names of the form that `openssl rehash` makes: 8 hex digits, a dot, a digit.
 */
static bool is_hashed_folder(const char *path) {
    DIR *folder = opendir(path);
    bool found = false;
    const struct dirent *entry;
    while (folder && !found && (entry = readdir(folder)))
        found = strlen(entry->d_name) == 10 && strspn(entry->d_name, "0123456789abcdef") == 8 &&
                entry->d_name[8] == '.';
    if (folder)
        closedir(folder);
    return found;
}

static void load_file(X509_STORE *store, const char *path) {
    if (!tc_bundle_add_to(store, path))
        tc_report_once("the trust store %s holds no certificate that can be read; "
                       "certificates of "
                       "servers will be refused. Set SSL_CERT_FILE, or --ca, to a "
                       "file of PEM certificates",
                       path);
}

void tc_tls_load_trust(X509_STORE *store) {
    if (tc_tls_policy->ca) {
        load_file(store, tc_tls_policy->ca);
        return;
    }
    const char *file = getenv(X509_get_default_cert_file_env());
    const char *folder = getenv(X509_get_default_cert_dir_env());
    if (!folder)
        folder = X509_get_default_cert_dir();
    /* The file first: where it has a name that the folders have too, both would do. */
    if (file && *file)
        load_file(store, file);
    else if (!file && !is_hashed_folder(X509_get_default_cert_dir()))
        load_file(store, X509_get_default_cert_file());
    if (*folder)
        X509_STORE_load_path(store, folder); /* a list of folders */
    ERR_clear_error();
}

/* Appends the secrets of connections to the file that SSLKEYLOGFILE names, for the operator's
 * network analyser (draft-ietf-tls-keylogfile). */
static void log_key(const SSL *ssl, const char *line) {
    static int fd = -1;
    (void)ssl;
    if (fd < 0)
        fd = open(getenv("SSLKEYLOGFILE"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        tc_report_once("SSLKEYLOGFILE=%s cannot be written: %s", getenv("SSLKEYLOGFILE"),
                       strerror(errno));
        return;
    }
    struct iovec parts[] = {{(char *)line, strlen(line)}, {"\n", 1}};
    if (writev(fd, parts, 2) < 0)
        tc_report_once("SSLKEYLOGFILE=%s cannot be written: %s", getenv("SSLKEYLOGFILE"),
                       strerror(errno));
}

static SSL_CTX *make_context(const SSL_METHOD *method) {
    SSL_CTX *context = SSL_CTX_new(method);
    if (!context)
        return NULL;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_clear_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    /* Partial writes: a long send is taken record by record. Released buffers: an idle connection
     * holds none. No chain is made up of the trust store: an identity is shown as it was given. */
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    const char *key_log = getenv("SSLKEYLOGFILE");
    if (key_log && *key_log)
        SSL_CTX_set_keylog_callback(context, log_key);
    tc_tls_load_trust(SSL_CTX_get_cert_store(context));
    return context;
}

SSL_CTX *tc_tls_client_context(void) {
    static SSL_CTX *context;
    if (!context && (context = make_context(TLS_client_method())))
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    return context;
}

SSL_CTX *tc_tls_server_context(void) {
    static SSL_CTX *context;
    if (!context && (context = make_context(TLS_server_method()))) {
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); /* tickets need no cache */
        SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
    }
    return context;
}
