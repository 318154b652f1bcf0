/* A program without the runtime, which does what the runtime's connections do: it makes a client's
 * and a server's context and connection, and lets these two shake hands in memory:
 *
 *     openssl-alone CERTIFICATE KEY
 *
 * What OpenSSL leaves behind here, where an allocation of its own fails, is OpenSSL's own
 * (faults.py). */
#include <openssl/err.h>
#include <openssl/ssl.h>

enum { MESSAGES = 10 }; /* more than a handshake has */

static void shake_hands(SSL *client, SSL *server) {
    BIO *one = NULL, *other = NULL;
    if (!BIO_new_bio_pair(&one, 0, &other, 0))
        return;
    SSL_set_bio(client, one, one);
    SSL_set_bio(server, other, other);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    for (int i = 0; i < MESSAGES; i++) {
        SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
}

int main(int argc, char **argv) {
    SSL_CTX *clients = SSL_CTX_new(TLS_client_method());
    SSL_CTX *servers = SSL_CTX_new(TLS_server_method());
    SSL *client = clients ? SSL_new(clients) : NULL;
    SSL *server = NULL;
    if (servers && argc == 3 &&
        SSL_CTX_use_certificate_file(servers, argv[1], SSL_FILETYPE_PEM) == 1 &&
        SSL_CTX_use_PrivateKey_file(servers, argv[2], SSL_FILETYPE_PEM) == 1)
        server = SSL_new(servers);
    if (client && server)
        shake_hands(client, server);
    SSL_free(client);
    SSL_free(server);
    SSL_CTX_free(clients);
    SSL_CTX_free(servers);
    ERR_clear_error();
    return 0;
}
