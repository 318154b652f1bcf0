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
#include <limits.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "confine/confine.h"
#include "confine/landlock.h"
#include "guest/report.h"
#include "tls/bundle.h"
#include "tls/context.h"
#include "tls/tls.h"

const tc_options *tc_tls_policy;

/* The file that SSLKEYLOGFILE names, opened while that can be; -1: none. */
static int key_log = -1;

static void open_key_log(void) {
    const char *path = getenv("SSLKEYLOGFILE");
    if (!path || !*path)
        return;
    key_log = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (key_log < 0)
        tc_report("SSLKEYLOGFILE=%s cannot be written: %s", path, strerror(errno));
}

/* Of a folder of hashed names, links may lead elsewhere; the standard one's, to where need_files
 * has them. */
static void need_folder(const char *path) {
    struct stat own, standard;
    bool is_standard = stat(path, &own) == 0 && stat(X509_get_default_cert_dir(), &standard) == 0 &&
                       own.st_dev == standard.st_dev && own.st_ino == standard.st_ino;
    DIR *folder = is_standard ? NULL : opendir(path);
    const struct dirent *entry;
    tc_confine_path(path, TC_LANDLOCK_READ);
    while (folder && (entry = readdir(folder))) {
        char link[PATH_MAX];
        if (entry->d_type == DT_LNK &&
            snprintf(link, sizeof link, "%s/%s", path, entry->d_name) < (int)sizeof link)
            tc_confine_path(link, TC_LANDLOCK_READ_FILE);
    }
    if (folder)
        closedir(folder);
}

static void need_folders(const char *list) {
    char *folders = strdup(list), *rest = folders, *one;
    while (folders && (one = strsep(&rest, ":")))
        need_folder(one);
    free(folders);
}

/* All of it is opened when TLS is first used, if it is. */
static void need_files(const tc_options *options) {
    static const char *const public[] = {
        "/usr/share/ca-certificates", "/usr/local/share/ca-certificates", /* Debian */
        "/etc/ca-certificates", "/etc/pki", "/etc/crypto-policies"};      /* others */
    const char *file = getenv(X509_get_default_cert_file_env());
    const char *folder = getenv(X509_get_default_cert_dir_env());
    const char *configuration = getenv("OPENSSL_CONF");
    char standard[PATH_MAX];
    for (size_t i = 0; i < options->identity_count; i++) {
        tc_confine_path(options->identities[i].certificate, TC_LANDLOCK_READ_FILE);
        tc_confine_path(options->identities[i].key, TC_LANDLOCK_READ_FILE);
    }
    snprintf(standard, sizeof standard, "%s/openssl.cnf", X509_get_default_cert_area());
    tc_confine_path(configuration ? configuration : standard, TC_LANDLOCK_READ_FILE);
    if (options->ca) {
        tc_confine_path(options->ca, TC_LANDLOCK_READ_FILE);
        return;
    }
    if (file)
        tc_confine_path(file, TC_LANDLOCK_READ_FILE);
    if (folder)
        need_folders(folder);
    tc_confine_path(X509_get_default_cert_file(), TC_LANDLOCK_READ_FILE);
    tc_confine_path(X509_get_default_cert_dir(), TC_LANDLOCK_READ);
    for (size_t i = 0; i < sizeof public / sizeof *public; i++)
        tc_confine_path(public[i], TC_LANDLOCK_READ);
}

void tc_tls_init(const tc_options *options) {
    tc_tls_policy = options;
    /* There is nobody to speak TLS with; sockets that systemd passes need no grant. */
    if (options->connect_count + options->listen_count == 0 && !getenv("LISTEN_FDS"))
        return;
    need_files(options);
    open_key_log();
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
    (void)ssl;
    struct iovec parts[] = {{(char *)line, strlen(line)}, {"\n", 1}};
    if (writev(key_log, parts, 2) < 0)
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
    if (key_log >= 0)
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
