/*
 * ledger.c - trades, each counted once, and the trading day's totals.
 *
 * A trade belongs to the trading day of its own timestamp (R-003-3); its id is known for at least two days, so a replay or a
 * backfill counts once (R-ALL-10, ID-05).  The list of an account is sorted by (time, id): windows and tiers do not depend on the order of arrival.
 */
#include "core/account.h"

#include "base/money.h"
#include "core/day.h"

#define TRADES_KEPT SPAN_SECONDS(86400) /* Before the running day; longer than any window of RULE-006. */

/* Ids are the gateway's and unique there; the account takes part so that nothing depends on that. */
static struct trade *
find(const struct engine *engine, const struct account *account, int64_t trade_id, uint64_t *ret_key)
{
    struct trade *trade;

    *ret_key = (uint64_t)trade_id ^ (uint64_t)account->index << 44;
    for (;; (*ret_key)++) {
        trade = table_find(&engine->trades_by_id, *ret_key);
        if (trade == NULL || (trade->id == trade_id && trade->account == account))
            return trade;
    }
}

static bool
in_day(const struct account *account, const struct trade *trade)
{
    return !instant_before(trade->at, account->day.starts_at) && instant_before(trade->at, account->day.ends_at);
}

static void
track_realized(struct account *account)
{
    struct day_totals *day = &account->day;
    int64_t net = money_add(day->gross_micros, -day->fees_micros);

    day->realized_low_micros = net < day->realized_low_micros ? net : day->realized_low_micros;
    day->realized_high_micros = net > day->realized_high_micros ? net : day->realized_high_micros;
}

void
ledger_track_open(struct account *account)
{
    struct day_totals *day = &account->day;
    int64_t open = account->open_micros[MARK_LAST];

    day->open_low_micros = open < day->open_low_micros ? open : day->open_low_micros;
    day->open_high_micros = open > day->open_high_micros ? open : day->open_high_micros;
}

/* @sign 1 counts a trade, -1 takes a voided one out. */
static void
count(struct account *account, const struct trade *trade, int32_t sign)
{
    struct day_totals *day = &account->day;

    day->gross_micros = money_add(day->gross_micros, sign * trade->pnl_micros);
    day->fees_micros = money_add(day->fees_micros, sign * trade->costs_micros);
    day->trades += sign;
    day->round_turns += trade->has_pnl ? sign : 0;
    track_realized(account);
}

static void
link_in(struct account *account, struct trade *trade)
{
    struct trade *newer = NULL, *older = account->newest_trade;

    while (older != NULL &&
        (older->at.ns > trade->at.ns || (older->at.ns == trade->at.ns && older->id > trade->id))) {
        newer = older;
        older = older->previous;
    }
    trade->previous = older;
    trade->next = newer;
    if (older != NULL)
        older->next = trade;
    if (newer != NULL)
        newer->previous = trade;
    else
        account->newest_trade = trade;
}

static bool
same_order_opens(const struct trade *a, const struct trade *b)
{
    return a->order_id == b->order_id && a->opened && !a->voided;
}

/*
 * R-006-3: an order counts once, at its first fill that opened something.  Kept on the trade, because the rule would have to look back over the
 * whole day for each trade it counts.  Called when a trade is new, turns out to have opened, or is voided.
 */
static void
settle_first(struct trade *trade)
{
    struct trade *t = trade->previous;

    while (t != NULL && !same_order_opens(t, trade))
        t = t->previous;
    trade->first_of_order = t == NULL && same_order_opens(trade, trade);
    bool found = t != NULL || trade->first_of_order;
    for (t = trade->next; t != NULL; t = t->next) {
        if (t->order_id != trade->order_id)
            continue;
        t->first_of_order = !found && same_order_opens(t, trade);
        found = found || t->first_of_order;
    }
}

void
ledger_opened(struct trade *trade)
{
    trade->opened = true;
    settle_first(trade);
}

static void
forget(struct engine *engine, struct account *account, struct trade *trade)
{
    uint64_t key;

    if (find(engine, account, trade->id, &key) == trade)
        table_remove(&engine->trades_by_id, key);
    if (trade->previous != NULL)
        trade->previous->next = trade->next;
    if (trade->next != NULL)
        trade->next->previous = trade->previous;
    else
        account->newest_trade = trade->previous;
    pool_give(&engine->trades, trade);
}

static void
store(struct engine *engine, const struct account *account, const struct trade_row *row, bool judged)
{
    struct record *record = output_record(engine, RECORD_TRADE, account);

    record->u.trade.row = *row;
    record->u.trade.judged = judged;
}

void
ledger_store_day(struct engine *engine, const struct account *account)
{
    struct record *record = output_record(engine, RECORD_DAY, account);

    record->u.day = account->day;
}

static struct trade *
add(struct engine *engine, struct account *account, const struct trade_row *row, uint64_t key)
{
    struct contract *contract = market_contract(engine, account, row->contract.text);
    struct trade *trade = contract != NULL ? pool_take(&engine->trades) : NULL;

    if (trade == NULL || !table_put(&engine->trades_by_id, key, trade)) {
        output_alarm(engine, account, 0, 2, 0, "No room for another trade: trade %lld is not counted.", (long long)row->id);
        if (trade != NULL)
            pool_give(&engine->trades, trade);
        return NULL;
    }
    trade->id = row->id;
    trade->account = account;
    trade->order_id = row->order_id;
    trade->at = row->at;
    trade->contract = contract;
    trade->has_pnl = row->has_pnl;
    trade->pnl_micros = row->has_pnl ? row->pnl_micros : 0;
    trade->costs_micros = money_add(row->fees_micros, row->commissions_micros);
    trade->size = row->size;
    trade->side = (int8_t)(row->side == SIDE_SELL ? SIDE_SELL : SIDE_BUY);
    trade->voided = row->voided;
    trade->opened = !row->has_pnl;
    link_in(account, trade);
    settle_first(trade);
    return trade;
}

static void
void_trade(struct engine *engine, struct account *account, struct trade *trade, const struct trade_row *row)
{
    trade->voided = true;
    settle_first(trade);
    if (in_day(account, trade)) {
        count(account, trade, -1);
        ledger_store_day(engine, account);
    }
    store(engine, account, row, trade->judged);
}

struct trade *
ledger_apply(struct engine *engine, struct account *account, const struct trade_row *row)
{
    uint64_t key;
    struct trade *trade = find(engine, account, row->id, &key);

    if (trade != NULL) {
        if (row->voided && !trade->voided)
            void_trade(engine, account, trade, row);
        return NULL;
    }
    trade = add(engine, account, row, key);
    if (trade == NULL)
        return NULL;
    if (trade->voided) {
        trade->judged = true;
        store(engine, account, row, true);
        return NULL;
    }
    if (in_day(account, trade))
        count(account, trade, 1);
    return trade;
}

void
ledger_judged(struct engine *engine, struct account *account, struct trade *trade, const struct trade_row *row)
{
    trade->judged = true;
    store(engine, account, row, true);
}

void
ledger_restore(struct engine *engine, struct account *account, const struct trade_restored *restored)
{
    uint64_t key;
    struct trade *trade;

    if (find(engine, account, restored->row.id, &key) != NULL)
        return;
    trade = add(engine, account, &restored->row, key);
    if (trade == NULL)
        return;
    trade->judged = restored->judged || trade->voided;
    if (!trade->voided && in_day(account, trade))
        count(account, trade, 1);
}

/* Begin the day that contains now, with what is already known of it. */
void
ledger_open_day(struct engine *engine, struct account *account)
{
    struct day_totals *day = &account->day;

    *day = (struct day_totals){ 0 };
    day_of(engine->config->day_zone, engine->config->reset_second, engine->now, &day->starts_at, &day->ends_at, &day->date);
    for (struct trade *t = account->newest_trade; t != NULL; t = t->previous) {
        if (!t->voided && in_day(account, t))
            count(account, t, 1);
    }
    day->realized_low_micros = day->realized_high_micros = 0;
    track_realized(account);
    ledger_track_open(account);
}

/* R-RST-2: the old day is told and recorded, the new one starts at zero. */
void
ledger_roll(struct engine *engine, struct account *account)
{
    struct notice *notice = output_notice(engine, NOTICE_DAILY_RESET, account);

    notice->u.day = account->day;
    notice->durable = true;
    ledger_store_day(engine, account);
    ledger_open_day(engine, account);
    for (struct trade *t = account->newest_trade, *older; t != NULL; t = older) {
        older = t->previous;
        if (instant_before(t->at, instant_sub(account->day.starts_at, TRADES_KEPT)))
            forget(engine, account, t);
    }
}
