/*
 * publish.h - what the shell hands to the feed: events the engine has stepped, and its notices.
 *
 * Costs nothing while nobody listens.
 */
#ifndef FEED_PUBLISH_H
#define FEED_PUBLISH_H

#include "core/engine.h"
#include "feed/feed.h"
#include "feed/overview.h"

/** After engine_step(): positions, orders, trades, accounts and quotes as they stand; a snapshot of an account read anew. */
void publish_event(struct feed *feed, const struct overview *overview, const struct event *event);

/** Any notice; NOTICE_MODE is the caller's, see publish_daemon_status(). */
void publish_notice(struct feed *feed, const struct notice *notice);

/** @data: a JSON object, see docs/feed-protocol.md. */
void publish_daemon_status(struct feed *feed, const char *data, struct instant at);

#endif /* FEED_PUBLISH_H */
