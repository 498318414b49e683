/*
 * chronicle.h - what a listener that comes late has missed: the day's P&L curve, the steps of the last enforcements, lockouts that
 * ended, how long the daemon was blind today (S-15); and the prices of fills, which no rule reads, so that the engine does not keep them.
 *
 * Bounded memory, taken once; filled on the loop's thread whether anybody listens or not.  It is for screens: the store has the truth, and
 * after a restart it begins anew.
 */
#ifndef FEED_CHRONICLE_H
#define FEED_CHRONICLE_H

#include "base/json.h"
#include "core/update.h"

struct chronicle;

/** @accounts: how many curves to keep.  NULL without memory; all functions below accept that. */
struct chronicle *chronicle_new(int32_t accounts);
void chronicle_free(struct chronicle *chronicle);

/** Take note of any kind of notice. */
void chronicle_notice(struct chronicle *chronicle, const struct notice *notice);

/** Take note of a fill's price; that of an older one may go for it. */
void chronicle_trade(struct chronicle *chronicle, const struct trade_row *row);

/** False: not known, or not any more. */
bool chronicle_price(const struct chronicle *chronicle, int64_t trade_id, int64_t *ret_nanos);

/** "history": [{"type", "account_id", "ts", "data"}], oldest first. */
void chronicle_write_history(const struct chronicle *chronicle, struct json_writer *json);

/** "curve": [[ms since 1970, realised, open], ...], oldest first. */
void chronicle_write_curve(const struct chronicle *chronicle, struct json_writer *json, int64_t account_id);

/** Since the daily reset (or the start), in modes BLIND and DEGRADED; what is going on now included. */
struct span chronicle_blind_today(const struct chronicle *chronicle, struct instant now);
struct span chronicle_degraded_today(const struct chronicle *chronicle, struct instant now);

#endif /* FEED_CHRONICLE_H */
