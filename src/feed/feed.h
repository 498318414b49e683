/*
 * feed.h - the live feed: JSON messages to every program on this machine that listens (S-13, S-14; docs/feed-protocol.md).
 *
 *     {"type": "...", "account_id": 1 or null, "data": {...}, "seq": 1, "ts": "2026-..."}
 *
 * Messages are of two kinds.  Events reach every client, in order, or the client is dropped.  States (quotes, P&L, gauges) only matter by their latest
 * value: a client that is behind misses old values, and gets the latest of each once it has caught up.  Listening changes nothing:
 * what clients send is ignored.
 *
 * On the loop's thread.  Publishing makes no system call (net/server.h).
 */
#ifndef FEED_FEED_H
#define FEED_FEED_H

#include "base/error.h"
#include "base/instant.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

#define FEED_KEY_MAX 64

struct uv_loop_s;
struct feed;

struct feed_options {
    struct uv_loop_s *loop; /* Borrowed. */
    uint16_t port;          /* 8765 by default of daemon.yaml; 0: any free one. */
    bool ipv6;              /* On ::1 too. */
    int32_t clients_max;    /* S-14; 0: 100. */
    size_t queue_max;       /* Bytes a client may be behind; 0: 1 MiB. */
    struct span close_timeout; /* 0: 2 s. */
    /*
     * Write the data of a `snapshot` (a JSON object) for a client that has just come, and say what time it is.  It is called again with
     * more room when @out was too small.
     */
    void (*snapshot)(void *context, struct text *out, struct instant *ret_now);
    void *context;
};

enum feed_kind {
    FEED_EVENT, /* Every client gets it. */
    FEED_STATE, /* Only the latest of its key counts. */
};

struct feed_message {
    enum feed_kind kind;
    const char *type;      /* "MarketQuote": plain ASCII. */
    int64_t account_id;    /* 0: null, of no one account. */
    const char *data;      /* One JSON value. */
    struct instant at;
    const char *key;       /* FEED_STATE: unique for what it is the state of, shorter than FEED_KEY_MAX; the type is part of it already. */
};

/** Listen.  STATUS_CONFIG: the port is taken. */
MUST_USE enum status feed_new(const struct feed_options *options, struct feed **ret_feed, struct error *err);

/** Say goodbye to all clients (close 1001) and take no new ones; what was published before still goes out. */
void feed_stop(struct feed *feed);

/** Cut what is left; the memory goes when libuv has run its close callbacks.  NULL is fine. */
void feed_free(struct feed *feed);

/** Is anybody listening?  Otherwise feed_publish() has nothing to do and rendering can be spared. */
bool feed_is_heard(const struct feed *feed);

/** Send to all clients.  Everything in @message is copied. */
void feed_publish(struct feed *feed, const struct feed_message *message);

uint16_t feed_port(const struct feed *feed);
int32_t feed_clients_count(const struct feed *feed);
/** For metrics: clients dropped because they were too slow; states skipped for clients that were behind. */
uint64_t feed_dropped_count(const struct feed *feed);
uint64_t feed_skipped_count(const struct feed *feed);

#endif /* FEED_FEED_H */
