/*
 * listener.h - the other end of the feed: connects to the daemon on this machine, hands over its messages, and connects again when it is lost.
 *
 *     WAITING --timer--> CONNECTING --101--> OPEN --lost, silent, refused--> WAITING (1, 2, 4, 8, 10, 10, ... s)
 *
 * One thread: that of the libuv loop.
 */
#ifndef FEED_LISTENER_H
#define FEED_LISTENER_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uv_loop_s;
struct listener;

struct listener_options {
    struct uv_loop_s *loop;  /* Borrowed. */
    const char *address;     /* "127.0.0.1" or "::1"; NULL: the former. */
    uint16_t port;
    /* Unpredictable bytes for keys and masks (RFC 6455 10.3). */
    void (*random)(void *out, size_t size);
    void *context;
    void (*opened)(void *context);
    /* A whole text; borrowed for the call. */
    void (*message)(void *context, const char *text, size_t length);
    /* Lost, or could not be had; @retry_ms until the next attempt.  @why: borrowed. */
    void (*lost)(void *context, const char *why, int64_t retry_ms);
};

/** Begin at once.  STATUS_CONFIG: no such address.  @ret_listener on success only. */
MUST_USE enum status listener_new(const struct listener_options *options, struct listener **ret_listener, struct error *err);

/** Hang up; the memory goes when libuv has run its close callbacks.  NULL is fine.  Not from within its callbacks. */
void listener_free(struct listener *listener);

bool listener_is_open(const struct listener *listener);

#endif /* FEED_LISTENER_H */
