/*
 * overview.h - everything a listener needs to begin with: the data of the `snapshot` message.
 */
#ifndef FEED_OVERVIEW_H
#define FEED_OVERVIEW_H

#include "base/text.h"
#include "core/engine.h"
#include "feed/chronicle.h"

struct overview {
    const struct engine *engine;
    const struct config *config;             /* Nicknames, thresholds; may be NULL. */
    const struct rule *const *rules;         /* The table the engine was made with. */
    struct chronicle *chronicle;             /* What happened before the listener came; may be NULL. */
    struct instant now;                      /* For the calendar; INSTANT_NONE: it is left out. */
};

/** All accounts.  @daemon: a JSON object, the data of daemon_status; NULL writes null. */
void overview_write(struct text *out, const struct overview *overview, const char *daemon);

/** One account, after its truth was read anew.  False: unknown to the engine, nothing written. */
bool overview_write_account(struct text *out, const struct overview *overview, int64_t account_id);

#endif /* FEED_OVERVIEW_H */
