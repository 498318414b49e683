/*
 * signalr.h - the hubs' protocol: SignalR's JSON hub protocol, version 1 (spec/gateway.md 4.2).  No I/O.
 *
 * A record is JSON text ended by 0x1E.  A WebSocket message may hold several, and a record may be split over messages.
 */
#ifndef GATEWAY_SIGNALR_H
#define GATEWAY_SIGNALR_H

#include "base/json.h"

#define SIGNALR_SEPARATOR '\x1e'
#define SIGNALR_RECORD_MAX ((size_t)1 << 20) /* Largest record known: a depth array of some 100 KiB. */
#define SIGNALR_TARGET_MAX 64
#define SIGNALR_ERROR_MAX 200

/* Cuts bytes into records.  Zeroed is empty. */
struct signalr {
    char *data;
    size_t size;
    size_t start; /* First byte not given out. */
    size_t end;
};

void signalr_fini(struct signalr *signalr);

/** Take bytes.  STATUS_LIMIT: a record is too long, or no memory. */
MUST_USE enum status signalr_feed(struct signalr *signalr, const void *bytes, size_t length, struct error *err);

/** The next whole record without its separator; false: none.  Borrowed until the next feed or fini. */
bool signalr_next(struct signalr *signalr, const char **ret_text, size_t *ret_length);

enum signalr_type {
    SIGNALR_HANDSHAKE = 0, /* No type: the handshake's answer; error is "" if it was accepted. */
    SIGNALR_INVOCATION = 1,
    SIGNALR_STREAM_ITEM = 2,
    SIGNALR_COMPLETION = 3,
    SIGNALR_PING = 6,
    SIGNALR_CLOSE = 7,
    SIGNALR_OTHER = 99, /* Of no interest here, or unknown. */
};

struct signalr_message {
    enum signalr_type type;
    char target[SIGNALR_TARGET_MAX]; /* Invocation. */
    int arguments;                   /* Invocation: node of the array, or JSON_NONE. */
    int64_t invocation_id;           /* Completion; -1: none. */
    bool has_error;                  /* Completion, close, handshake. */
    bool allow_reconnect;            /* Close. */
    char error[SIGNALR_ERROR_MAX];
};

/** What a record says.  False: no object, or a shape the protocol does not have. */
bool signalr_read(const struct json *json, struct signalr_message *ret_message);

/* All of these write one record with its separator. */
void signalr_write_handshake(struct text *out);
void signalr_write_ping(struct text *out);
/** @argument: JSON text, or NULL for none. */
void signalr_write_invocation(struct text *out, int64_t invocation_id, const char *target, const char *argument);

#endif /* GATEWAY_SIGNALR_H */
