/*
 * stream_parts.h - what stream.c and subscriptions.c share.
 */
#ifndef SIM_STREAM_PARTS_H
#define SIM_STREAM_PARTS_H

#include "base/json.h"
#include "sim/stream.h"

struct frame {
    struct frame *next;
    struct instant due;
    char *text;
    size_t length;
};

/* What a user hub connection hears of one account. */
struct subscribed_account {
    int64_t id;
    bool orders, positions, trades;
};

/* Likewise of one contract of the listing, by bits. */
struct subscribed_contracts {
    uint64_t quotes, trades, depth;
    uint64_t told_in_full;
};

struct stream {
    struct stream *next;
    void *owner;
    enum stream_hub hub;
    bool handshaken;
    enum stream_end ending;
    struct instant opened, heard, spoke;
    char user[TOKEN_USER_MAX]; /* Who connected. */
    bool all_accounts; /* SubscribeAccounts */
    struct subscribed_account *accounts;
    size_t accounts_count, accounts_size;
    struct subscribed_contracts contracts;
    struct frame *frames; /* In the order they were queued. */
    struct instant last_due[EXCHANGE_EVENT_QUOTE + 1]; /* Of each kind of event. */
    char *in;             /* A message not yet whole. */
    size_t in_length;
};

/* stream.c */

void stream_send(struct sim *sim, struct stream *stream, const struct text *text);
/** With the delays and duplicates of the modes.  Events overtake each other, but none of its own kind (gateway.md 5, Ordering). */
void stream_send_event(struct sim *sim, struct stream *stream, enum exchange_event_kind kind, const struct text *text);

/* subscriptions.c */

/** A message of type 1. */
void subscriptions_invoke(struct sim *sim, struct stream *stream, const struct json *json);

#endif /* SIM_STREAM_PARTS_H */
