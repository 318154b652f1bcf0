/* A program without the runtime, which makes and frees what the runtime's connections begin with.
 * What OpenSSL leaves behind here, where an allocation of its own fails, is OpenSSL's own
 * (faults.py). */
#include <openssl/err.h>
#include <openssl/ssl.h>

static void make(const SSL_METHOD *method) {
    SSL_CTX *context = SSL_CTX_new(method);
    SSL *ssl = context ? SSL_new(context) : NULL;
    SSL_free(ssl);
    SSL_CTX_free(context);
    ERR_clear_error();
}

int main(void) {
    make(TLS_client_method());
    make(TLS_server_method());
    return 0;
}
