/*
 * loopback.h - is a request to our local server from this machine's own pages and programs (S-13)?
 *
 * Listening on 127.0.0.1 keeps other machines out, but not a web page in the trader's browser.  Host defeats DNS rebinding (evil.example
 * resolving to 127.0.0.1 still says Host: evil.example); Origin defeats pages that open ws://127.0.0.1 directly.
 */
#ifndef NET_LOOPBACK_H
#define NET_LOOPBACK_H

#include "net/head.h"

/** 127.0.0.1:port, localhost:port or [::1]:port. */
bool loopback_is_host(struct head_slice host, uint16_t port);

/** Absent (not a browser), or http(s)://localhost, 127.0.0.1 or [::1], any port.  "null" is foreign. */
bool loopback_is_origin(struct head_slice origin);

#endif /* NET_LOOPBACK_H */
