/*
 * handshake.h - the texts of the WebSocket opening handshake (RFC 6455 section 4), both sides.
 */
#ifndef NET_HANDSHAKE_H
#define NET_HANDSHAKE_H

#include "base/text.h"
#include "net/head.h"

#define HANDSHAKE_NONCE_SIZE 16
#define HANDSHAKE_KEY_SIZE 25    /* Base64 of the nonce and a NUL. */
#define HANDSHAKE_ACCEPT_SIZE 29 /* Base64 of a SHA-1 and a NUL. */

/** Sec-WebSocket-Key of 16 random bytes. */
void handshake_key(const uint8_t nonce[HANDSHAKE_NONCE_SIZE], char ret_key[HANDSHAKE_KEY_SIZE]);

/** Sec-WebSocket-Accept that answers a key. */
void handshake_accept(const char key[HANDSHAKE_KEY_SIZE], char ret_accept[HANDSHAKE_ACCEPT_SIZE]);

/**
 * Write a client's request.  @host is the Host field ("rtc.topstepx.com", "127.0.0.1:8765"), @target path and query.  @fields: more lines,
 * each ending in CR LF, or NULL.  False if a blank or control character would let host or target write lines of its own, or @out is too small.
 */
bool handshake_write_request(struct text *out, const char *host, const char *target, const char *fields,
    const char key[HANDSHAKE_KEY_SIZE]);

/** What a 101 answer violates (4.1), or NULL when it is right.  @accept is what was expected. */
const char *handshake_check_answer(const struct head_answer *answer, const char *accept);

/**
 * HTTP status a request deserves: 101 when it is a right upgrade (@ret_key is set), else 400, 405 or 426 (4.2.1, 4.4).
 */
int handshake_check_request(const struct head_request *request, char ret_key[HANDSHAKE_KEY_SIZE]);

void handshake_write_101(struct text *out, const char key[HANDSHAKE_KEY_SIZE]);

/** A whole answer without WebSocket: status line, fields, a body of @status and its words in plain text, Connection: close. */
void handshake_write_error(struct text *out, int status);

/** "Forbidden"; "Error" for a status we do not send. */
const char *handshake_status_text(int status);

#endif /* NET_HANDSHAKE_H */
