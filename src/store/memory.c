/*
 * memory.c - a store that forgets when it is closed: for tests, scenarios and replay.
 *
 * It keeps the rows a restore lends out and nothing else: no history, no figures of past days.
 */
#include "store/driver.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static bool
same_contract(const struct contract_id *a, const struct contract_id *b)
{
    return strcmp(a->text, b->text) == 0;
}

/* One row per key: each of these finds the index of a row, or count. */
static uint32_t
find_lockout(const struct rows *rows, const struct lockout *wanted)
{
    uint32_t i = 0;

    for (; i < rows->count; i++) {
        const struct lockout *row = rows_at(rows, i);
        if (row->account_id == wanted->account_id && row->rule == wanted->rule && strcmp(row->root, wanted->root) == 0)
            break;
    }
    return i;
}

static uint32_t
find_trade(const struct rows *rows, const struct trade_row *wanted)
{
    uint32_t i = 0;

    for (; i < rows->count; i++) {
        const struct trade_restored *row = rows_at(rows, i);
        if (row->row.id == wanted->id && row->row.account_id == wanted->account_id)
            break;
    }
    return i;
}

static uint32_t
find_position(const struct rows *rows, const struct position_row *wanted)
{
    uint32_t i = 0;

    for (; i < rows->count; i++) {
        const struct position_restored *row = rows_at(rows, i);
        if (row->row.account_id == wanted->account_id && same_contract(&row->row.contract, &wanted->contract))
            break;
    }
    return i;
}

static uint32_t
find_goal(const struct rows *rows, int64_t account_id, const struct contract_id *contract)
{
    uint32_t i = 0;

    for (; i < rows->count; i++) {
        const struct goal_row *row = rows_at(rows, i);
        if (row->account_id == account_id && same_contract(&row->contract, contract))
            break;
    }
    return i;
}

static uint32_t
find_contract(const struct rows *rows, const struct contract_id *id)
{
    uint32_t i = 0;

    for (; i < rows->count; i++) {
        const struct contract_row *row = rows_at(rows, i);
        if (same_contract(&row->id, id))
            break;
    }
    return i;
}

/* The row at @index, or a new one; NULL without memory. */
static void *
take(struct rows *rows, uint32_t index)
{
    return index < rows->count ? rows_at(rows, index) : rows_add(rows);
}

static bool
save_trade(struct rows *rows, const struct trade_restored *trade)
{
    struct trade_restored *row = take(rows, find_trade(rows, &trade->row));

    if (row == NULL)
        return false;
    bool judged = row->judged || trade->judged, voided = row->row.voided || trade->row.voided;
    *row = *trade;
    row->judged = judged;
    row->row.voided = voided;
    return true;
}

static bool
save_position(struct rows *rows, const struct position_restored *position)
{
    uint32_t index = find_position(rows, &position->row);

    if (remembered_position_is_empty(position)) {
        if (index < rows->count)
            rows_remove(rows, index);
        return true;
    }
    struct position_restored *row = take(rows, index);
    if (row != NULL)
        *row = *position;
    return row != NULL;
}

static bool
save_goal(struct rows *rows, const struct goal_row *goal)
{
    struct goal_row *row = take(rows, find_goal(rows, goal->account_id, &goal->contract));

    if (row == NULL)
        return false;
    bool unresolved = row->close_unresolved || goal->close_unresolved;
    struct instant sent_at = instant_max(row->sent_at, goal->sent_at);
    int32_t reduced_from = goal->reduced_from != 0 ? goal->reduced_from : row->reduced_from;
    *row = *goal;
    row->reduced_from = reduced_from;
    row->close_unresolved = unresolved;
    row->sent_at = sent_at;
    return true;
}

static void
save_request(struct rows *rows, const struct record *record)
{
    int unresolved = remembered_close_unresolved(record);
    uint32_t index = find_goal(rows, record->u.request.command.account_id, &record->u.request.command.contract);

    if (unresolved < 0 || index == rows->count)
        return;
    struct goal_row *row = rows_at(rows, index);
    row->close_unresolved = unresolved == 1;
    if (record->kind == RECORD_SENT)
        row->sent_at = record->at;
    int32_t by = remembered_reduction(record);
    if (by > 0 && row->reduced_from < row->size + by)
        row->reduced_from = row->size + by;
    else if (by < 0 && row->reduced_from > by - row->size)
        row->reduced_from = by - row->size;
}

static void
forget(struct rows *rows, uint32_t index)
{
    if (index < rows->count)
        rows_remove(rows, index);
}

static bool
save(struct remembered *r, const struct record *record)
{
    struct lockout *lockout;
    struct contract_row *contract;

    switch (record->kind) {
    case RECORD_LOCKOUT_SET:
        lockout = take(&r->lockouts, find_lockout(&r->lockouts, &record->u.lockout));
        if (lockout != NULL)
            *lockout = record->u.lockout;
        return lockout != NULL;
    case RECORD_LOCKOUT_END:
        forget(&r->lockouts, find_lockout(&r->lockouts, &record->u.lockout));
        return true;
    case RECORD_GOAL_SET:
        return save_goal(&r->goals, &record->u.goal);
    case RECORD_SENT:
    case RECORD_ANSWERED:
        save_request(&r->goals, record);
        return true;
    case RECORD_GOAL_PROVEN:
        forget(&r->goals, find_goal(&r->goals, record->u.proven.goal.account_id, &record->u.proven.goal.contract));
        return true;
    case RECORD_TRADE:
        return save_trade(&r->trades, &record->u.trade);
    case RECORD_POSITION:
        return save_position(&r->positions, &record->u.position);
    case RECORD_CONTRACT:
        contract = take(&r->contracts, find_contract(&r->contracts, &record->u.contract.id));
        if (contract != NULL)
            *contract = record->u.contract;
        return contract != NULL;
    case RECORD_BREACH:
    case RECORD_ALARM:
    case RECORD_ADMIN:
    case RECORD_ORDER:
    case RECORD_DAY:
    case RECORD_MODE:
    case RECORD_SERVICE:
        break;
    }
    return true;
}

static enum status
write_batch(struct store *store, const struct store_batch *batch, struct error *err)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        if (!save(&store->remembered, &batch->entries[i].record))
            return error_set(err, STATUS_RETRY, "store: no memory");
        remembered_mark(&store->remembered, &batch->entries[i].record);
    }
    store->remembered.saved_at = instant_max(store->remembered.saved_at, batch->beat);
    return OK;
}

/* Only trades are history here; what no restart asks for any more goes. */
static void
forget_trades(struct store *store, struct instant now)
{
    struct rows *trades = &store->remembered.trades;

    for (uint32_t i = trades->count; i-- > 0;) {
        const struct trade_restored *trade = rows_at(trades, i);
        if (instant_before(trade->row.at, instant_sub(now, STORE_TRADES_KEPT)))
            rows_remove(trades, i);
    }
}

static enum status
load(struct store *store, struct instant now, struct error *err)
{
    (void)err;
    forget_trades(store, now);
    return OK;
}

static enum status
prune(struct store *store, struct instant now, const struct store_retention *retention, bool *ret_more, struct error *err)
{
    (void)retention;
    (void)err;
    forget_trades(store, now);
    *ret_more = false;
    return OK;
}

static void
close_store(struct store *store)
{
    remembered_fini(&store->remembered);
    free(store);
}

enum status
memory_open(struct store **ret_store, struct error *err)
{
    static const struct store_driver driver = { .load = load, .write = write_batch, .prune = prune,
        .close = close_store };
    struct store *store = calloc(1, sizeof *store);

    if (store == NULL)
        return error_set(err, STATUS_LIMIT, "store: no memory");
    store->driver = &driver;
    remembered_init(&store->remembered);
    *ret_store = store;
    return OK;
}
