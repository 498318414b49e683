/*
 * kinds.h - the types of messages as numbers, for who reads the feed: only this folder writes their names.
 */
#ifndef FEED_KINDS_H
#define FEED_KINDS_H

enum feed_type {
    FEED_UNKNOWN, /* Ignore it: types may be added. */
    FEED_SNAPSHOT,
    FEED_POSITION,
    FEED_ORDER,
    FEED_TRADE,
    FEED_ACCOUNT,
    FEED_QUOTE,
    FEED_PNL,
    FEED_RULE_STATUS,
    FEED_WARNING,
    FEED_ENFORCEMENT,
    FEED_LOCKOUT_SET,
    FEED_LOCKOUT_CLEARED,
    FEED_DAILY_RESET,
    FEED_DAEMON_STATUS,
};

enum feed_type kinds_of(const char *name);

#endif /* FEED_KINDS_H */
