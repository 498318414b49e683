/*
 * history.h - figures of past days, for screens and reports.
 */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include "store/store.h"

/**
 * Visit the newest trading days first, at most @count, of one account (0: all).  @day is valid during the visit.
 * A store in memory has no history: nothing is visited.
 */
MUST_USE enum status history_each_day(struct store *store, int64_t account_id, uint32_t count,
    void (*visit)(void *context, int64_t account_id, const struct day_totals *day), void *context, struct error *err);

#endif /* STORE_HISTORY_H */
