/*
 * links.h - how the daemon is connected: hubs, REST, tokens, request budget, store, time spent blind; for the feed and the status page.
 */
#ifndef APP_LINKS_H
#define APP_LINKS_H

#include "app/guard.h"

/** One JSON object, `connections` of docs/feed-protocol.md; names no user and no secret. */
void links_write(const struct guard *guard, struct instant now, struct text *out);

#endif /* APP_LINKS_H */
