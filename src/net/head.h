/*
 * head.h - the head of an HTTP/1.1 message: the first line and the fields up to the empty line (RFC 9112).
 *
 * Only what the WebSocket handshake and the local server need, read strictly: CR LF line ends, no folded fields, no control
 * characters, no blank before a colon, no second Host, Origin or Sec-WebSocket-Key.  Nothing is copied: slices point into the caller's text.
 */
#ifndef NET_HEAD_H
#define NET_HEAD_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAD_MAX 8192 /* Bytes of a whole head; a browser's with cookies is about 2 KiB. */
#define HEAD_FIELDS_MAX 64

/* data NULL: absent. */
struct head_slice {
    const char *data;
    size_t length;
};

struct head_request {
    struct head_slice method, target, host, origin, key;
    int32_t version;         /* Sec-WebSocket-Version; 0: absent or not a number. */
    bool http_1_1;           /* False: HTTP/1.0. */
    bool upgrade_websocket;  /* Upgrade: websocket. */
    bool connection_upgrade; /* Connection: upgrade. */
    bool has_body;           /* A length other than 0, or a transfer coding. */
};

struct head_answer {
    int32_t status;           /* 100..999. */
    struct head_slice accept; /* Sec-WebSocket-Accept. */
    int64_t retry_after_s;    /* Retry-After in seconds; -1: absent or a date. */
    bool upgrade_websocket, connection_upgrade;
    bool has_extensions, has_protocol; /* Sec-WebSocket-Extensions, -Protocol. */
};

/** Length of the head at the start of @text, its empty line included; 0 if that has not come yet. */
size_t head_length(const char *text, size_t length);

/**
 * Read one whole head (@length as head_length() said).  STATUS_CORRUPT when it is not HTTP/1.x, STATUS_LIMIT for too many fields.
 * The slices live as long as @text.
 */
MUST_USE enum status head_read_request(const char *text, size_t length, struct head_request *ret_request, struct error *err);
MUST_USE enum status head_read_answer(const char *text, size_t length, struct head_answer *ret_answer, struct error *err);

bool head_slice_is(struct head_slice slice, const char *text);
/** Without regard to ASCII case. */
bool head_slice_same(struct head_slice slice, const char *text);

#endif /* NET_HEAD_H */
