/*
 * exchange.c - see exchange.h: the clockwork, the events, the prices.
 *
 *     a call --> exchange_advance(now) --> orders.c / fills.c change the books and queue events --> what is due --> sweep ended orders
 *
 * Every public call that may change something runs what was due first, so that the result does not depend on how often
 * exchange_advance() is called between.
 */
#include "sim/exchange.h"

#include "base/assert.h"
#include "base/money.h"
#include "base/text.h"
#include "sim/exchange_parts.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ORDER_ID INT64_C(3424798500) /* As seen in August 2026: above int32. */
#define FIRST_TRADE_ID INT64_C(3005729700)
#define FIRST_POSITION_ID INT64_C(825245500)

struct exchange *
exchange_new(uint64_t seed, struct instant now)
{
    struct exchange *x = books_fresh(sizeof *x);

    x->settings = (struct exchange_settings){ .spread_ticks = 1, .fill_pieces = 1 };
    x->chance.state = seed;
    x->now = now;
    x->next_order_id = FIRST_ORDER_ID + chance_below(&x->chance, 100);
    x->next_trade_id = FIRST_TRADE_ID + chance_below(&x->chance, 100);
    x->next_position_id = FIRST_POSITION_ID + chance_below(&x->chance, 100);
    x->quotes = books_fresh(listing_count() * sizeof *x->quotes);
    for (size_t i = 0; i < listing_count(); i++) {
        const struct listing *listing = listing_at(i);
        int64_t price = listing->first_price_nanos;
        x->quotes[i] = (struct exchange_quote){ .listing = listing, .last = price, .bid = price,
            .ask = price + listing->tick_nanos, .open = price, .high = price, .low = price, .updated = now };
    }
    return x;
}

void
exchange_free(struct exchange *exchange)
{
    if (exchange == NULL)
        return;
    for (size_t i = 0; i < exchange->orders_count; i++) {
        books_forget_order(exchange->orders[i]->past);
        free(exchange->orders[i]);
    }
    for (size_t i = 0; i < exchange->positions_count; i++) {
        books_forget_position(exchange->positions[i]->past);
        free(exchange->positions[i]->lots);
        free(exchange->positions[i]);
    }
    for (size_t i = 0; i < exchange->accounts_count; i++)
        free(exchange->accounts[i]);
    free(exchange->quotes);
    free(exchange->accounts);
    free(exchange->orders);
    free(exchange->live);
    free(exchange->recent);
    for (size_t i = 0; i < exchange->trades_count; i++)
        free(exchange->trades[i].row);
    free(exchange->positions);
    free(exchange->trades);
    free(exchange->events);
    free(exchange);
}

struct exchange_settings *
exchange_settings(struct exchange *exchange)
{
    return &exchange->settings;
}

/* ---- Events ---- */

static struct exchange_event *
tell(struct exchange *exchange, enum exchange_event_kind kind, struct instant at, int64_t account_id)
{
    exchange->events =
        books_room(exchange->events, exchange->events_count, &exchange->events_size, sizeof *exchange->events);
    struct exchange_event *event = &exchange->events[exchange->events_count++];
    *event = (struct exchange_event){ .kind = kind, .at = at, .account_id = account_id };
    return event;
}

void
exchange_tell_order(struct exchange *exchange, struct instant at, const struct book_order *order)
{
    tell(exchange, EXCHANGE_EVENT_ORDER, at, order->now.account_id)->u.order = order->now;
}

void
exchange_tell_position(struct exchange *exchange, struct instant at, const struct book_position *position)
{
    tell(exchange, EXCHANGE_EVENT_POSITION, at, position->now.account_id)->u.position = position->now;
}

void
exchange_tell_trade(struct exchange *exchange, struct instant at, const struct exchange_trade *trade)
{
    tell(exchange, EXCHANGE_EVENT_TRADE, at, trade->account_id)->u.trade = *trade;
}

void
exchange_tell_account(struct exchange *exchange, struct instant at, const struct exchange_account *account)
{
    tell(exchange, EXCHANGE_EVENT_ACCOUNT, at, account->id)->u.account = *account;
}

bool
exchange_take_event(struct exchange *exchange, struct exchange_event *ret_event)
{
    if (exchange->events_taken == exchange->events_count) {
        exchange->events_taken = exchange->events_count = 0;
        return false;
    }
    *ret_event = exchange->events[exchange->events_taken++];
    return true;
}

/* ---- Accounts ---- */

bool
exchange_add_account(struct exchange *exchange, int64_t id, const char *name, int64_t balance_micros)
{
    if (id <= 0 || exchange_account_find(exchange, id) != NULL)
        return false;
    struct exchange_account *account = books_fresh(sizeof *account);
    *account = (struct exchange_account){ .id = id, .balance_micros = balance_micros, .can_trade = true };
    (void)text_copy(account->name, sizeof account->name, name);
    exchange->accounts = books_room(exchange->accounts, exchange->accounts_count, &exchange->accounts_size,
        sizeof *exchange->accounts);
    exchange->accounts[exchange->accounts_count++] = account;
    return true;
}

size_t
exchange_accounts_count(const struct exchange *exchange)
{
    return exchange->accounts_count;
}

struct exchange_account *
exchange_account_at(const struct exchange *exchange, size_t index)
{
    return exchange->accounts[index];
}

struct exchange_account *
exchange_account_find(const struct exchange *exchange, int64_t id)
{
    for (size_t i = 0; i < exchange->accounts_count; i++)
        if (exchange->accounts[i]->id == id)
            return exchange->accounts[i];
    return NULL;
}

void
exchange_set_can_trade(struct exchange *exchange, struct instant now, struct exchange_account *account, bool can_trade)
{
    if (account->can_trade == can_trade)
        return;
    account->can_trade = can_trade;
    exchange_tell_account(exchange, now, account);
}

bool
exchange_may_execute(enum exchange_status status)
{
    return status == EXCHANGE_OPEN || status == EXCHANGE_PENDING || status == EXCHANGE_PENDING_CANCEL ||
           status == EXCHANGE_SUSPENDED;
}

/* ---- The clockwork ---- */

/* The live order whose turn is next: earliest, then lowest id; NULL if nothing waits. */
static struct book_order *
next_in_turn(const struct exchange *exchange)
{
    struct book_order *next = NULL;

    for (size_t i = 0; i < exchange->live_count; i++) {
        struct book_order *order = exchange->live[i];
        if (order->due != DUE_NOTHING && (next == NULL || instant_before(order->due_at, next->due_at)))
            next = order;
    }
    return next;
}

static void
sweep(struct exchange *exchange)
{
    size_t kept = 0;

    for (size_t i = 0; i < exchange->live_count; i++)
        if (exchange_may_execute(exchange->live[i]->now.status))
            exchange->live[kept++] = exchange->live[i];
    exchange->live_count = kept;
    books_age(exchange);
}

void
exchange_advance(struct exchange *exchange, struct instant now)
{
    struct book_order *order;

    now = instant_max(now, exchange->now);
    while ((order = next_in_turn(exchange)) != NULL && !instant_before(now, order->due_at)) {
        enum due due = order->due;
        struct instant at = instant_max(order->due_at, exchange->now);

        exchange->now = at;
        order->due = DUE_NOTHING;
        if (due == DUE_FILL)
            fills_market(exchange, at, order);
        else if (due == DUE_ACTIVATE)
            fills_activate(exchange, at, order);
        else
            orders_end(exchange, at, order, EXCHANGE_CANCELLED);
        sweep(exchange);
    }
    exchange->now = now;
    sweep(exchange);
}

struct instant
exchange_next_due(const struct exchange *exchange)
{
    const struct book_order *order = next_in_turn(exchange);

    return order == NULL ? INSTANT_NEVER : order->due_at;
}

/* ---- Requests: what was due comes first ---- */

struct exchange_reply
exchange_place(struct exchange *exchange, struct instant now, const struct exchange_place *place)
{
    exchange_advance(exchange, now);
    struct exchange_reply reply = orders_place(exchange, exchange->now, place);
    exchange_advance(exchange, now);
    return reply;
}

struct exchange_reply
exchange_modify(struct exchange *exchange, struct instant now, const struct exchange_modify *modify)
{
    exchange_advance(exchange, now);
    struct exchange_reply reply = orders_modify(exchange, exchange->now, modify);
    exchange_advance(exchange, now);
    return reply;
}

struct exchange_reply
exchange_cancel(struct exchange *exchange, struct instant now, int64_t account_id, int64_t order_id)
{
    exchange_advance(exchange, now);
    struct exchange_reply reply = orders_cancel(exchange, exchange->now, account_id, order_id);
    exchange_advance(exchange, now);
    return reply;
}

struct exchange_reply
exchange_close(struct exchange *exchange, struct instant now, int64_t account_id, const char *contract_id)
{
    exchange_advance(exchange, now);
    struct exchange_reply reply = orders_close(exchange, exchange->now, account_id, contract_id);
    exchange_advance(exchange, now);
    return reply;
}

struct exchange_reply
exchange_partial_close(struct exchange *exchange, struct instant now, int64_t account_id, const char *contract_id,
    int64_t size)
{
    exchange_advance(exchange, now);
    struct exchange_reply reply = orders_partial_close(exchange, exchange->now, account_id, contract_id, size);
    exchange_advance(exchange, now);
    return reply;
}

/* ---- Prices ---- */

static void
move(struct exchange *exchange, struct exchange_quote *quote, int64_t price, int64_t print_size, enum exchange_side aggressor)
{
    quote->last = price;
    quote->bid = price;
    quote->ask = price + exchange->settings.spread_ticks * quote->listing->tick_nanos;
    quote->high = price > quote->high ? price : quote->high;
    quote->low = price < quote->low ? price : quote->low;
    quote->updated = exchange->now;
    quote->print_size = print_size;
    quote->aggressor = aggressor;
    quote->volume += print_size;
    tell(exchange, EXCHANGE_EVENT_QUOTE, exchange->now, 0)->u.quote = *quote;
    fills_check(exchange, exchange->now, quote->listing, true);
    sweep(exchange);
}

bool
exchange_set_price(struct exchange *exchange, struct instant now, const char *contract_id, int64_t price)
{
    const struct listing *listing = books_listing(contract_id);

    if (listing == NULL || price <= 0 || price > PRICE_MAX || price % listing->tick_nanos != 0)
        return false;
    exchange_advance(exchange, now);
    struct exchange_quote *quote = books_quote(exchange, listing);
    move(exchange, quote, price, 1, price < quote->last ? EXCHANGE_SELL : EXCHANGE_BUY);
    exchange_advance(exchange, now);
    return true;
}

void
exchange_walk(struct exchange *exchange, struct instant now)
{
    exchange_advance(exchange, now);
    for (size_t i = 0; i < listing_count(); i++) {
        struct exchange_quote *quote = &exchange->quotes[i];
        int64_t tick = quote->listing->tick_nanos, step = chance_below(&exchange->chance, 5) - 2;
        int64_t price = quote->last + step * tick;

        if (!quote->listing->active || price < tick * 100)
            continue;
        move(exchange, quote, price, 1 + chance_below(&exchange->chance, 5), step < 0 ? EXCHANGE_SELL : EXCHANGE_BUY);
    }
    exchange_advance(exchange, now);
}

bool
exchange_fill(struct exchange *exchange, struct instant now, int64_t order_id, int64_t size, int64_t price)
{
    exchange_advance(exchange, now);
    struct book_order *order = books_order(exchange, order_id);
    if (order == NULL || (order->now.status != EXCHANGE_OPEN && order->now.status != EXCHANGE_PENDING_CANCEL) || size <= 0 ||
        size > order->now.size - order->now.fill_volume || price <= 0 || price > PRICE_MAX ||
        price % order->now.listing->tick_nanos != 0)
        return false;
    fills_take(exchange, exchange->now, order, size, price);
    exchange_advance(exchange, now);
    return true;
}

bool
exchange_void(struct exchange *exchange, struct instant now, int64_t trade_id)
{
    for (size_t i = 0; i < exchange->trades_count; i++) {
        struct exchange_trade *trade = &exchange->trades[i];
        if (trade->id != trade_id || trade->voided)
            continue;
        struct exchange_account *account = exchange_account_find(exchange, trade->account_id);
        trade->voided = true;
        free(trade->row);
        trade->row = NULL;
        account->balance_micros -= trade->pnl_micros - trade->fees_micros - trade->commissions_micros;
        exchange_tell_trade(exchange, now, trade);
        exchange_tell_account(exchange, now, account);
        return true;
    }
    return false;
}

/* ---- Looking ---- */

const struct exchange_quote *
exchange_quote(const struct exchange *exchange, const char *contract_id)
{
    const struct listing *listing = books_listing(contract_id);

    return listing == NULL ? NULL : books_quote(exchange, listing);
}

size_t
exchange_orders_count(const struct exchange *exchange)
{
    return exchange->orders_count;
}

static bool
seen(const struct book_order *order, struct instant cutoff, struct exchange_order *ret_order)
{
    if (instant_before(cutoff, order->now.created))
        return false;
    *ret_order = order->now;
    for (const struct past_order *past = order->past; past != NULL && instant_before(cutoff, past->until); past = past->older)
        *ret_order = past->order;
    return true;
}

bool
exchange_order_seen(const struct exchange *exchange, size_t index, struct instant cutoff, struct exchange_order *ret_order)
{
    return seen(exchange->orders[index], cutoff, ret_order);
}

bool
exchange_order_find(const struct exchange *exchange, int64_t id, struct instant cutoff, struct exchange_order *ret_order)
{
    return books_order(exchange, id) != NULL &&
           exchange_order_seen(exchange, books_order_index(exchange, id), cutoff, ret_order);
}

size_t
exchange_recent_count(const struct exchange *exchange)
{
    return exchange->recent_count;
}

bool
exchange_recent_seen(const struct exchange *exchange, size_t index, struct instant cutoff, struct exchange_order *ret_order)
{
    return seen(exchange->recent[index], cutoff, ret_order);
}

size_t
exchange_positions_count(const struct exchange *exchange)
{
    return exchange->positions_count;
}

bool
exchange_position_seen(const struct exchange *exchange, size_t index, struct instant cutoff,
    struct exchange_position *ret_position)
{
    const struct book_position *position = exchange->positions[index];

    *ret_position = position->now;
    for (const struct past_position *past = position->past; past != NULL && instant_before(cutoff, past->until);
         past = past->older)
        *ret_position = past->position;
    return ret_position->id != 0;
}

int64_t
exchange_net(const struct exchange *exchange, int64_t account_id, const char *contract_id)
{
    const struct listing *listing = books_listing(contract_id);
    const struct book_position *position =
        listing == NULL ? NULL : books_position(exchange, account_id, listing);

    return position == NULL ? 0 : position->now.net;
}

size_t
exchange_trades_count(const struct exchange *exchange)
{
    return exchange->trades_count;
}

const struct exchange_trade *
exchange_trade_at(const struct exchange *exchange, size_t index)
{
    return &exchange->trades[index];
}

void
exchange_keep_row(struct exchange *exchange, size_t index, char *row)
{
    free(exchange->trades[index].row);
    exchange->trades[index].row = row;
}

bool
exchange_is_flat(const struct exchange *exchange, int64_t account_id)
{
    for (size_t i = 0; i < exchange->positions_count; i++)
        if (exchange->positions[i]->now.account_id == account_id && exchange->positions[i]->now.net != 0)
            return false;
    for (size_t i = 0; i < exchange->live_count; i++)
        if (exchange->live[i]->now.account_id == account_id && exchange_may_execute(exchange->live[i]->now.status))
            return false;
    return true;
}
