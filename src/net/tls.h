/*
 * tls.h - an open connection's bytes, without asking libcurl for each of them.
 *
 * libcurl connects, checks the certificate and closes.  In between curl_easy_recv() looks for the connection's owner in all its tables and gives
 * the TLS library's buffers back after each read: half of what reading costs after a rest (docs/performance.md).  Where libcurl stands on the
 * OpenSSL we are linked to, its connection is read and written directly; elsewhere (Windows: Schannel) the way stays libcurl's.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <curl/curl.h>
#include <stdbool.h>

struct ssl_st; /* OpenSSL's. */

/** Is libcurl's TLS the OpenSSL we are linked to?  Ask once, at the start: answering touches all of libcurl's thirty libraries. */
bool tls_is_ours(void);

/**
 * The TLS of @easy's connection, which is open and on which curl_easy_recv() has been called: only that makes the connection @easy's own, others
 * libcurl closes unasked when they are old (tunnel.c).  It is libcurl's to close; nobody else reads or writes from now on.  NULL: leave it to libcurl.
 * Only if tls_is_ours().
 */
struct ssl_st *tls_take(CURL *easy);

/** Like curl_easy_recv(), CURLE_AGAIN too; nothing read and CURLE_OK: the other side has said that it is done. */
CURLcode tls_recv(struct ssl_st *tls, void *bytes, size_t size, size_t *ret_length);

/** Does it hold bytes, whole records or not, that the socket has no more? */
bool tls_has_more(struct ssl_st *tls);

/** Must it write before it can read on (a change of keys)? */
bool tls_wants_to_write(struct ssl_st *tls);

/** Like curl_easy_send(); after CURLE_AGAIN the same bytes are to come again, from wherever they lie by then. */
CURLcode tls_send(struct ssl_st *tls, const void *bytes, size_t length, size_t *ret_sent);

#endif /* NET_TLS_H */
