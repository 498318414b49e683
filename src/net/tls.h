/*
 * tls.h - an open connection's bytes, without asking libcurl for each of them.
 *
 * libcurl connects, checks the certificate and closes.  In between curl_easy_recv() looks for the connection's owner in all its tables and gives
 * the TLS library's buffers back after each read: half of what reading costs after a rest (docs/performance.md).  Where libcurl stands on the
 * OpenSSL we are linked to, its connection is read and written directly; elsewhere (Windows: Schannel) the way stays libcurl's.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/error.h"

#include <curl/curl.h>
#include <stdbool.h>

struct ssl_st; /* OpenSSL's. */

/** The TLS of @easy's connection, asked for in a CURLOPT_PREREQFUNCTION (later libcurl does not show it); NULL: leave it to libcurl. */
struct ssl_st *tls_of(CURL *easy);

/**
 * Once @easy is connected: take it from libcurl, which may not be asked to read or write any more and still closes it.  False: it stays libcurl's.
 */
MUST_USE bool tls_take(struct ssl_st *tls, CURL *easy);

/** Like curl_easy_recv(), CURLE_AGAIN too; nothing read and CURLE_OK: the other side has said that it is done. */
CURLcode tls_recv(struct ssl_st *tls, void *bytes, size_t size, size_t *ret_length);

/** Does it hold bytes, whole records or not, that the socket has no more? */
bool tls_has_more(struct ssl_st *tls);

/** Like curl_easy_send(); after CURLE_AGAIN the same bytes are to come again, from wherever they lie by then. */
CURLcode tls_send(struct ssl_st *tls, const void *bytes, size_t length, size_t *ret_sent);

#endif /* NET_TLS_H */
