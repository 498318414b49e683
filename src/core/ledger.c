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

/* ---- Found again by id and by order: each account's chains through its trades, by their numbers in the pool ---- */

static uint32_t *
chain(const struct engine *engine, uint32_t *heads, const struct account *account, int64_t key)
{
    return &heads[(size_t)account->index * engine->trade_chains + ((uint64_t)key & (engine->trade_chains - 1))];
}

static uint32_t *
id_chain(const struct engine *engine, const struct account *account, int64_t trade_id)
{
    return chain(engine, engine->trades_by_id, account, trade_id);
}

static uint32_t *
order_chain(const struct engine *engine, const struct account *account, int64_t order_id)
{
    return chain(engine, engine->trades_by_order, account, order_id);
}

struct trade *
ledger_trade(const struct engine *engine, uint32_t number)
{
    return number != 0 ? pool_item(&engine->trades, number) : NULL;
}

/* Ids are the gateway's and unique there; that chains are an account's own makes sure that nothing depends on that. */
static struct trade *
find(const struct engine *engine, const struct account *account, int64_t trade_id)
{
    struct trade *trade = ledger_trade(engine, *id_chain(engine, account, trade_id));

    while (trade != NULL && trade->id != trade_id)
        trade = ledger_trade(engine, trade->next_same_id);
    return trade;
}

struct trade *
ledger_of_order(const struct engine *engine, const struct account *account, int64_t order_id, const struct trade *trade)
{
    uint32_t number = trade == NULL ? *order_chain(engine, account, order_id) : trade->next_same_order;
    struct trade *next = ledger_trade(engine, number);

    while (next != NULL && next->order_id != order_id)
        next = ledger_trade(engine, next->next_same_order);
    return next;
}

static void
chain_in(struct engine *engine, const struct account *account, struct trade *trade)
{
    uint32_t number = pool_number(&engine->trades, trade);

    trade->next_same_id = *id_chain(engine, account, trade->id);
    *id_chain(engine, account, trade->id) = number;
    trade->next_same_order = *order_chain(engine, account, trade->order_id);
    *order_chain(engine, account, trade->order_id) = number;
}

static void
chain_out(struct engine *engine, const struct account *account, const struct trade *trade)
{
    uint32_t number = pool_number(&engine->trades, trade);
    uint32_t *link = id_chain(engine, account, trade->id);

    while (*link != number)
        link = &ledger_trade(engine, *link)->next_same_id;
    *link = trade->next_same_id;
    link = order_chain(engine, account, trade->order_id);
    while (*link != number)
        link = &ledger_trade(engine, *link)->next_same_order;
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
}

static bool
is_older(const struct trade *a, const struct trade *b)
{
    return a->at.ns < b->at.ns || (a->at.ns == b->at.ns && a->id < b->id);
}

static void
link_in(const struct engine *engine, struct account *account, struct trade *trade)
{
    uint32_t number = pool_number(&engine->trades, trade);
    struct trade *newer = NULL, *older = ledger_trade(engine, account->newest_trade);

    while (older != NULL && is_older(trade, older)) {
        newer = older;
        older = ledger_trade(engine, older->older);
    }
    if (newer != NULL) {
        trade->older = newer->older;
        newer->older = number & ((1u << TRADE_BITS) - 1);
    } else {
        trade->older = account->newest_trade & ((1u << TRADE_BITS) - 1);
        account->newest_trade = number;
    }
}

/* The list leads from young to old: what comes last of it is kept in a ring, and turned round. */
uint32_t
ledger_younger(const struct engine *engine, const struct account *account, const struct trade *after, struct trade *batch[TRADES_BATCH])
{
    struct trade *ring[TRADES_BATCH];
    uint32_t seen = 0, count;

    for (struct trade *t = ledger_trade(engine, account->newest_trade); t != after; t = ledger_trade(engine, t->older))
        ring[seen++ % TRADES_BATCH] = t;
    count = seen < TRADES_BATCH ? seen : TRADES_BATCH;
    for (uint32_t i = 0; i < count; i++)
        batch[i] = ring[(seen - 1 - i) % TRADES_BATCH];
    return count;
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
    struct trade *first = NULL, *t = NULL;

    while ((t = ledger_of_order(engine, account, trade->order_id, t)) != NULL) {
        set_first(account, t, false);
        if (t->opened && !t->voided && (first == NULL || is_older(t, first)))
            first = t;
    }
    if (first != NULL)
        set_first(account, first, true);
}

void
ledger_opened(struct engine *engine, struct account *account, struct trade *trade)
{
    trade->opened = true;
    settle_first(engine, account, trade);
}

static void
store(struct engine *engine, const struct account *account, const struct trade_row *row)
{
    struct record *record = output_record(engine, RECORD_TRADE, account);

    record->u.trade.row = *row;
    record->u.trade.judged = true; /* None is stored before. */
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
    trade->order_id = row->order_id;
    trade->at = row->at;
    trade->contract = pool_number(&engine->contracts, contract) & ((1u << CONTRACT_BITS) - 1);
    trade->has_pnl = row->has_pnl;
    trade->pnl_micros = row->has_pnl ? row->pnl_micros : 0;
    trade->costs_micros = money_add(row->fees_micros, row->commissions_micros);
    trade->size = (uint32_t)(row->size > SIZE_BOUND ? SIZE_BOUND : row->size > 0 ? row->size : 0) & ((1u << SIZE_BITS) - 1);
    trade->side = row->side == SIDE_SELL ? SIDE_SELL : SIDE_BUY;
    trade->voided = row->voided;
    trade->opened = !row->has_pnl;
    link_in(engine, account, trade);
    chain_in(engine, account, trade);
    settle_first(engine, account, trade);
    return trade;
}

static void
void_trade(struct engine *engine, struct account *account, struct trade *trade, const struct trade_row *row)
{
    trade->voided = true;
    settle_first(engine, account, trade);
    if (in_day(account, trade) && trade->judged) {
        count(account, trade, -1);
        track_realized(account);
        ledger_store_day(engine, account);
    }
    trade->judged = true; /* There is nothing to judge any more. */
    store(engine, account, row);
}

struct trade *
ledger_apply(struct engine *engine, struct account *account, const struct trade_row *row)
{
    struct trade *trade = find(engine, account, row->id);

    if (trade != NULL) {
        if (row->voided && !trade->voided)
            void_trade(engine, account, trade, row);
        return trade->judged ? NULL : trade;
    }
    trade = add(engine, account, row);
    if (trade == NULL)
        return NULL;
    if (trade->voided) {
        trade->judged = true;
        store(engine, account, row);
        return NULL;
    }
    doubt_traded(engine, account, trade);
    return trade;
}

void
ledger_count(struct account *account, const struct trade *trade)
{
    if (trade->judged || trade->voided || !in_day(account, trade))
        return;
    count(account, trade, 1);
    track_realized(account);
}

void
ledger_judged(struct engine *engine, struct account *account, struct trade *trade, const struct trade_row *row)
{
    trade->judged = true;
    store(engine, account, row);
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
    if (restored->judged)
        ledger_count(account, trade); /* Else it is, when rules see it. */
    trade->judged = restored->judged || trade->voided;
}

/* Begin the day that contains now, with what is already known of it. */
void
ledger_open_day(struct engine *engine, struct account *account)
{
    struct day_totals *day = &account->day;

    *day = (struct day_totals){ 0 };
    account->entries_today = 0;
    day_of(engine->config->day_zone, engine->config->reset_second, engine->now, &day->starts_at, &day->ends_at, &day->date);
    for (struct trade *t = ledger_trade(engine, account->newest_trade); t != NULL; t = ledger_trade(engine, t->older)) {
        if (t->voided || !in_day(account, t))
            continue;
        if (t->judged)
            count(account, t, 1);
        account->entries_today += t->first_of_order ? 1 : 0;
    }
    day->realized_low_micros = day->realized_high_micros = 0;
    track_realized(account);
    ledger_track_open(account);
}

/* What lies at the end of the list, older than anybody asks about. */
static void
forget_old(struct engine *engine, struct account *account)
{
    struct instant kept_from = instant_sub(account->day.starts_at, TRADES_KEPT);
    struct trade *last = NULL, *old = ledger_trade(engine, account->newest_trade);

    while (old != NULL && !instant_before(old->at, kept_from)) {
        last = old;
        old = ledger_trade(engine, old->older);
    }
    if (last != NULL)
        last->older = 0;
    else
        account->newest_trade = 0;
    for (struct trade *next; old != NULL; old = next) {
        next = ledger_trade(engine, old->older);
        chain_out(engine, account, old);
        pool_give(&engine->trades, old);
    }
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
    forget_old(engine, account);
}
