/*
 * websocket.h - the WebSocket protocol (RFC 6455), both roles, without any I/O.
 *
 * Bytes from the socket go in by websocket_feed(); websocket_next() gives what they mean, one event at a time; websocket_write*() make
 * frames for the socket.  The caller owns the socket, the clock and the queue.  No extensions, no sub-protocols.
 *
 *     client: HANDSHAKE --101--> OPEN --CLOSE or ERROR--> DONE      websocket_connect() first
 *     server: HANDSHAKE --REQUEST, websocket_accept()--> OPEN --CLOSE or ERROR--> DONE
 */
#ifndef NET_WEBSOCKET_H
#define NET_WEBSOCKET_H

#include "base/error.h"
#include "base/text.h"
#include "net/handshake.h"
#include "net/utf8.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEBSOCKET_HEADER_MAX 14
#define WEBSOCKET_CONTROL_MAX 125       /* Payload of ping, pong and close (5.5). */
#define WEBSOCKET_REASON_MAX 123        /* Beside the two bytes of the code. */
#define WEBSOCKET_FEED_MAX 65536        /* Bytes one websocket_feed() takes: what libuv and curl read at once. */

enum websocket_role { WEBSOCKET_CLIENT, WEBSOCKET_SERVER };

enum websocket_opcode {
    WEBSOCKET_OP_CONTINUATION = 0,
    WEBSOCKET_OP_TEXT = 1,
    WEBSOCKET_OP_BINARY = 2,
    WEBSOCKET_OP_CLOSE = 8,
    WEBSOCKET_OP_PING = 9,
    WEBSOCKET_OP_PONG = 10,
};

/* Close codes we use (7.4.1). */
enum websocket_code {
    WEBSOCKET_NORMAL = 1000,
    WEBSOCKET_GOING_AWAY = 1001,
    WEBSOCKET_PROTOCOL_ERROR = 1002,
    WEBSOCKET_NO_CODE = 1005,   /* Never on the wire: the close frame had none. */
    WEBSOCKET_ABNORMAL = 1006,  /* Never on the wire: no close frame came. */
    WEBSOCKET_BAD_TEXT = 1007,
    WEBSOCKET_POLICY = 1008,
    WEBSOCKET_TOO_BIG = 1009,
    WEBSOCKET_TRY_LATER = 1013,
};

struct websocket_options {
    enum websocket_role role;
    size_t message_max; /* Bytes of a whole message, > 0; one more is WEBSOCKET_TOO_BIG. */
    /* Fill with unpredictable bytes: keys and masks (10.3).  Client only; must not fail. */
    void (*random)(void *context, void *out, size_t size);
    void *random_context;
};

enum websocket_event_kind {
    WEBSOCKET_NONE,    /* Everything fed is used up. */
    WEBSOCKET_REQUEST, /* Server: a request's head.  Answer with websocket_accept(), or with HTTP and hang up. */
    WEBSOCKET_OPENED,  /* Client: the 101 came and is right. */
    WEBSOCKET_REFUSED, /* Client: http_status other than 101 (401, 429, ...).  Hang up. */
    WEBSOCKET_TEXT,
    WEBSOCKET_BINARY,
    WEBSOCKET_PING,    /* Answer with a pong of the same data. */
    WEBSOCKET_PONG,
    WEBSOCKET_CLOSE,   /* Answer with websocket_write_close(code), then the server hangs up. */
    WEBSOCKET_ERROR,   /* The other side broke the protocol: send websocket_write_close(code) unless code is 0, hang up. */
};

struct websocket_event {
    enum websocket_event_kind kind;
    const uint8_t *data; /* Message, ping, pong, close's reason.  Borrowed until the next websocket_feed/next/fini; may be NULL if length is 0. */
    size_t length;
    uint16_t code;       /* CLOSE: the peer's, or WEBSOCKET_NO_CODE.  ERROR: what to send; 0 in the handshake. */
    const char *why;     /* ERROR: static text. */
    int32_t http_status;    /* REFUSED.  ERROR of a server in the handshake: 400 or 431. */
    int64_t retry_after_s;  /* REFUSED: Retry-After; -1: none. */
    struct head_request request; /* REQUEST; slices borrowed like data. */
};

enum websocket_state { WEBSOCKET_STATE_HANDSHAKE, WEBSOCKET_STATE_REQUESTED, WEBSOCKET_STATE_OPEN, WEBSOCKET_STATE_DONE };

/* Fields are websocket.c's own. */
struct websocket {
    struct websocket_options options;
    enum websocket_state state;
    /* One buffer: [message so far) ... [bytes not looked at yet). */
    uint8_t *data;
    size_t size, message_start, message_end, read, used;
    bool fragmented;      /* A message has begun and its last fragment has not. */
    bool delivered;       /* The message was given out; its bytes may go. */
    bool close_sent;
    uint8_t opcode;       /* Of the message. */
    struct utf8 utf8;     /* Of a text so far; at a character's start between two texts. */
    /* The frame being read. */
    bool in_frame, final;
    uint8_t frame_opcode;
    uint8_t mask[4];
    uint64_t frame_left, frame_done;
    char key[HANDSHAKE_KEY_SIZE];
};

/** Set up in place; allocates nothing yet.  Free with websocket_fini(). */
void websocket_init(struct websocket *websocket, const struct websocket_options *options);
/** NULL or zeroed is fine. */
void websocket_fini(struct websocket *websocket);

/** Client: write the upgrade request, see handshake_write_request().  STATUS_CONFIG if host or target cannot be sent as they are, or @out is too small. */
MUST_USE enum status websocket_connect(struct websocket *websocket, const char *host, const char *target, const char *fields,
    struct text *out, struct error *err);

/** Server, after WEBSOCKET_REQUEST: write 101 and be open, returning 101; else the HTTP status to answer, nothing written. */
int websocket_accept(struct websocket *websocket, const struct head_request *request, struct text *out);

/** Be open without a handshake: for tests, or when it was done elsewhere. */
void websocket_assume_open(struct websocket *websocket);

/**
 * Take bytes from the socket (copied; at most WEBSOCKET_FEED_MAX).  Call websocket_next() until NONE before feeding again: STATUS_LIMIT
 * otherwise, or without memory.  After CLOSE, REFUSED or ERROR bytes are dropped.
 */
MUST_USE enum status websocket_feed(struct websocket *websocket, const void *bytes, size_t length, struct error *err);

/** The next event; returns its kind. */
enum websocket_event_kind websocket_next(struct websocket *websocket, struct websocket_event *event);

struct websocket_frame {
    enum websocket_opcode opcode;
    bool more;           /* Not the last fragment (FIN 0). */
    const void *data;
    size_t length;
};

/** Bytes the frame takes at most, in either role. */
size_t websocket_frame_size(size_t length);

/** Write one frame as the role demands; returns its bytes, or 0 when @out is too small or a close was sent already (5.5.1). */
size_t websocket_write(struct websocket *websocket, const struct websocket_frame *frame, uint8_t *out, size_t out_size);

/**
 * Write a close frame, once: later calls return 0.  @code WEBSOCKET_NO_CODE writes an empty one.  @reason may be NULL; it is cut between two
 * characters at WEBSOCKET_REASON_MAX.
 */
size_t websocket_write_close(struct websocket *websocket, uint16_t code, const char *reason, uint8_t *out, size_t out_size);

/** The frame alone, without a connection: to frame once and send to many.  @mask NULL (server) or 4 bytes.  Returns bytes, 0 when too small. */
size_t websocket_encode(const struct websocket_frame *frame, const uint8_t *mask, uint8_t *out, size_t out_size);

/** May this code stand in a close frame (7.4, and IANA's 1012 to 1014)? */
bool websocket_code_is_valid(uint16_t code);

#endif /* NET_WEBSOCKET_H */
