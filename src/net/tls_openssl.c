/*
 * tls_openssl.c - tls.h on OpenSSL.
 */
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

/* A pointer of another build of the library, or of a look-alike, is none we may follow. */
bool
tls_is_ours(void)
{
    char version[64];

    (void)snprintf(version, sizeof version, "OpenSSL/%s", OpenSSL_version(OPENSSL_VERSION_STRING));
    return strcmp(curl_version_info(CURLVERSION_NOW)->ssl_version, version) == 0;
}

SSL *
tls_take(CURL *easy)
{
    struct curl_tlssessioninfo *info = NULL;
    curl_socket_t socket = CURL_SOCKET_BAD;
    long proxied = 0;

    /* Through a proxy that speaks TLS itself the socket's bytes are not this TLS's. */
    if (curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &proxied) != CURLE_OK || proxied != 0 ||
        curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK || info->backend != CURLSSLBACKEND_OPENSSL || info->internals == NULL ||
        curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket) != CURLE_OK || socket == CURL_SOCKET_BAD)
        return NULL;
    SSL *tls = info->internals;
    if (SSL_set_fd(tls, socket) != 1)
        return NULL;
    (void)SSL_clear_mode(tls, SSL_MODE_RELEASE_BUFFERS); /* malloc() and free() of 16 KB for each read and write. */
    SSL_set_read_ahead(tls, 1);                          /* A record is two system calls otherwise. */
    (void)SSL_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return tls;
}

static CURLcode
failure(SSL *tls, int result, CURLcode otherwise)
{
    switch (SSL_get_error(tls, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return CURLE_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return CURLE_OK;
    case SSL_ERROR_SSL: /* Many servers hang up without a word; what was said tells by itself whether it was whole. */
        return ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING ? CURLE_OK : otherwise;
    default:
        return otherwise;
    }
}

CURLcode
tls_recv(SSL *tls, void *bytes, size_t size, size_t *ret_length)
{
    *ret_length = 0;
    ERR_clear_error(); /* SSL_get_error() looks at what is left there, also by others. */
    int result = SSL_read_ex(tls, bytes, size, ret_length);
    return result == 1 ? CURLE_OK : failure(tls, result, CURLE_RECV_ERROR);
}

bool
tls_has_more(SSL *tls)
{
    return SSL_has_pending(tls) == 1;
}

bool
tls_wants_to_write(SSL *tls)
{
    return SSL_want_write(tls);
}

CURLcode
tls_send(SSL *tls, const void *bytes, size_t length, size_t *ret_sent)
{
    *ret_sent = 0;
    ERR_clear_error();
    int result = SSL_write_ex(tls, bytes, length, ret_sent);
    if (result == 1)
        return CURLE_OK;
    CURLcode code = failure(tls, result, CURLE_SEND_ERROR);
    return code == CURLE_OK ? CURLE_SEND_ERROR : code;
}
