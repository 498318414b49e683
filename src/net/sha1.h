/*
 * sha1.h - SHA-1 (FIPS 180-4), for the accept key of the WebSocket handshake (RFC 6455 4.2.2) and nothing else.
 *
 * It is broken as a cryptographic hash; here it only proves that the other side speaks WebSocket.
 */
#ifndef NET_SHA1_H
#define NET_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define SHA1_SIZE 20
#define SHA1_INPUT_MAX 119 /* Two blocks with their padding; the handshake hashes 60 bytes. */

/** Hash at most SHA1_INPUT_MAX bytes (more is a bug). */
void sha1_hash(const void *data, size_t length, uint8_t ret_hash[SHA1_SIZE]);

#endif /* NET_SHA1_H */
