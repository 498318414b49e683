/*
 * calendar.h - the trading day, the sessions of RULE-009 and the holidays, for the snapshot.
 */
#ifndef FEED_CALENDAR_H
#define FEED_CALENDAR_H

#include "base/json.h"
#include "core/rule.h"

/** "calendar": {...} as docs/feed-protocol.md has it; sessions are those of the first account that has the rule on. */
void calendar_write(struct json_writer *json, const struct config *config, const struct rule *const *rules, struct instant now);

#endif /* FEED_CALENDAR_H */
