/*
 * tls_none.c - tls.h where libcurl's TLS is not OpenSSL's.
 */
#include "net/tls.h"

bool
tls_is_ours(void)
{
    return false;
}

struct ssl_st *
tls_take(CURL *easy)
{
    (void)easy;
    return NULL;
}

CURLcode
tls_recv(struct ssl_st *tls, void *bytes, size_t size, size_t *ret_length)
{
    (void)tls;
    (void)bytes;
    (void)size;
    *ret_length = 0;
    return CURLE_RECV_ERROR;
}

bool
tls_has_more(struct ssl_st *tls)
{
    (void)tls;
    return true;
}

bool
tls_wants_to_write(struct ssl_st *tls)
{
    (void)tls;
    return false;
}

CURLcode
tls_send(struct ssl_st *tls, const void *bytes, size_t length, size_t *ret_sent)
{
    (void)tls;
    (void)bytes;
    (void)length;
    *ret_sent = 0;
    return CURLE_SEND_ERROR;
}
