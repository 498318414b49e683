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

/* ---- Found again by id and by order: chains through the trades themselves, by their numbers in the pool ---- */

static uint32_t *
id_chain(const struct engine *engine, int64_t trade_id)
{
    return &engine->trades_by_id[(uint64_t)trade_id & engine->trade_chains_mask];
}

static uint32_t *
order_chain(const struct engine *engine, int64_t order_id)
{
    return &engine->trades_by_order[(uint64_t)order_id & engine->trade_chains_mask];
}

static struct trade *
item(const struct engine *engine, uint32_t number)
{
    return number != 0 ? pool_item(&engine->trades, number) : NULL;
}

/* Ids are the gateway's and unique there; the account takes part so that nothing depends on that. */
static struct trade *
find(const struct engine *engine, const struct account *account, int64_t trade_id)
{
    struct trade *trade = item(engine, *id_chain(engine, trade_id));

    while (trade != NULL && !(trade->id == trade_id && trade->account == (uint32_t)account->index))
        trade = item(engine, trade->next_same_id);
    return trade;
}

static void
chain_in(struct engine *engine, struct trade *trade)
{
    uint32_t number = pool_number(&engine->trades, trade);

    trade->next_same_id = *id_chain(engine, trade->id);
    *id_chain(engine, trade->id) = number;
    trade->next_same_order = *order_chain(engine, trade->order_id);
    *order_chain(engine, trade->order_id) = number;
}

static void
chain_out(struct engine *engine, const struct trade *trade)
{
    uint32_t number = pool_number(&engine->trades, trade);
    uint32_t *link = id_chain(engine, trade->id);

    while (*link != number)
        link = &item(engine, *link)->next_same_id;
    *link = trade->next_same_id;
    link = order_chain(engine, trade->order_id);
    while (*link != number)
        link = &item(engine, *link)->next_same_order;
    *link = trade->next_same_order;
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
is_older(const struct trade *a, const struct trade *b)
{
    return a->at.ns < b->at.ns || (a->at.ns == b->at.ns && a->id < b->id);
}

static void
set_first(struct account *account, struct trade *trade, bool is_first)
{
    if (trade->first_of_order != is_first && in_day(account, trade))
        account->entries_today += is_first ? 1 : -1;
    trade->first_of_order = is_first;
}

/*
 * R-006-3: an order counts once, at its first fill that opened something.  Kept on the trade, because the rule would have to look back over the
 * whole day for each trade it counts.  Called when a trade is new, turns out to have opened, or is voided.
 */
static void
settle_first(const struct engine *engine, struct account *account, const struct trade *trade)
{
    uint32_t head = *order_chain(engine, trade->order_id);
    struct trade *first = NULL;

    for (struct trade *t = item(engine, head); t != NULL; t = item(engine, t->next_same_order)) {
        if (t->order_id != trade->order_id || t->account != trade->account)
            continue;
        set_first(account, t, false);
        if (t->opened && !t->voided && (first == NULL || is_older(t, first)))
            first = t;
    }
    if (first != NULL)
        set_first(account, first, true);
}

void
ledger_opened(struct engine *engine, struct trade *trade)
{
    trade->opened = true;
    settle_first(engine, &engine->accounts[trade->account], trade);
}

static void
forget(struct engine *engine, struct account *account, struct trade *trade)
{
    chain_out(engine, trade);
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
add(struct engine *engine, struct account *account, const struct trade_row *row)
{
    struct contract *contract = market_contract(engine, account, row->contract.text);
    struct trade *trade = contract != NULL ? pool_take(&engine->trades) : NULL;

    if (trade == NULL) {
        output_alarm(engine, account, 0, 2, 0, "No room for another trade: trade %lld is not counted.", (long long)row->id);
        return NULL;
    }
    trade->id = row->id;
    trade->account = (uint32_t)account->index & ((1u << ACCOUNT_BITS) - 1);
    trade->order_id = row->order_id;
    trade->at = row->at;
    trade->contract = contract;
    trade->has_pnl = row->has_pnl;
    trade->pnl_micros = row->has_pnl ? row->pnl_micros : 0;
    trade->costs_micros = money_add(row->fees_micros, row->commissions_micros);
    trade->price_nanos = row->price_nanos;
    trade->size = row->size;
    trade->side = row->side == SIDE_SELL ? SIDE_SELL : SIDE_BUY;
    trade->voided = row->voided;
    trade->opened = !row->has_pnl;
    link_in(account, trade);
    chain_in(engine, trade);
    settle_first(engine, account, trade);
    return trade;
}

static void
void_trade(struct engine *engine, struct account *account, struct trade *trade, const struct trade_row *row)
{
    trade->voided = true;
    settle_first(engine, account, trade);
    if (in_day(account, trade)) {
        count(account, trade, -1);
        ledger_store_day(engine, account);
    }
    store(engine, account, row, trade->judged);
}

struct trade *
ledger_apply(struct engine *engine, struct account *account, const struct trade_row *row)
{
    struct trade *trade = find(engine, account, row->id);

    if (trade != NULL) {
        if (row->voided && !trade->voided)
            void_trade(engine, account, trade, row);
        return NULL;
    }
    trade = add(engine, account, row);
    if (trade == NULL)
        return NULL;
    if (trade->voided) {
        trade->judged = true;
        store(engine, account, row, true);
        return NULL;
    }
    if (in_day(account, trade))
        count(account, trade, 1);
    doubt_traded(engine, account, trade);
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
    struct trade *trade;

    if (find(engine, account, restored->row.id) != NULL)
        return;
    trade = add(engine, account, &restored->row);
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
    account->entries_today = 0;
    day_of(engine->config->day_zone, engine->config->reset_second, engine->now, &day->starts_at, &day->ends_at, &day->date);
    for (struct trade *t = account->newest_trade; t != NULL; t = t->previous) {
        if (t->voided || !in_day(account, t))
            continue;
        count(account, t, 1);
        account->entries_today += t->first_of_order ? 1 : 0;
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
