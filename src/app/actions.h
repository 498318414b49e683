/*
 * actions.h - what was done after which event, as lines that can be compared and read (scenarios/README.md).
 *
 *     2 close 123 CON.F.US.MNQ.U25
 *     2 lock 123 account until 2025-01-17T22:00:00Z
 *
 * Only requests and lockouts count, not labels: a close_all is one close per contract.  The order after one event is free, so lists are
 * compared sorted.
 */
#ifndef APP_ACTIONS_H
#define APP_ACTIONS_H

#include "base/json.h"
#include "core/event.h"
#include "core/update.h"

#define ACTION_TEXT_MAX 160
#define ACTIONS_MAX 512 /* Of one case; the largest known has 20. */

struct actions {
    int32_t count;
    bool overflow;
    char lines[ACTIONS_MAX][ACTION_TEXT_MAX];
};

/** The requests and lockouts of a case's "expect" array.  STATUS_CORRUPT names what cannot be read. */
MUST_USE enum status actions_expected(struct actions *actions, const struct json *json, int expect, struct error *err);

/**
 * A command as it left, after event @after; upkeep (reads, look-ups, subscriptions) is no action.  @order: the broker's row of the order it
 * speaks of, or NULL.
 */
void actions_add_command(struct actions *actions, int32_t after, const struct command *command,
    const struct order_row *order);

/** A lockout set or ended; other records are no actions.  RULE-011's root lockouts are state, not actions. */
void actions_add_record(struct actions *actions, int32_t after, const struct record *record);

void actions_sort(struct actions *actions);
/** Both sorted. */
bool actions_equal(const struct actions *a, const struct actions *b);

#endif /* APP_ACTIONS_H */
