/*
 * offline.h - the database as a message of the feed, for looking when the daemon is not there (S-16).
 */
#ifndef APP_OFFLINE_H
#define APP_OFFLINE_H

#include "base/error.h"
#include "base/instant.h"
#include "base/text.h"

/**
 * Write a whole `snapshot` message (docs/feed-protocol.md) of what @path holds, opened for reading only.  What the database does not know (quotes,
 * gauges, orders) is left out.
 *
 * @ret_saved_at  The last moment at which the daemon was known to be alive: how old all of it is.
 *
 * Errors as store_open(); STATUS_LIMIT when @out is too small.
 */
MUST_USE enum status offline_write(const char *path, struct instant now, struct text *out, struct instant *ret_saved_at,
    struct error *err);

#endif /* APP_OFFLINE_H */
