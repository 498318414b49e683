/*
 * fills.c - executions: what a fill does to the order, the position, the money and the bracket.
 *
 *     fill --> order (2, or 1 while partly filled) --> trade row(s) --> position --> account     then, in this order of events:
 *         entry:  children 8 -> 1 after child_delay, as large as what was filled
 *         child:  its sibling is cancelled (OCO)
 *
 * `updated` of a filled order stays what it was: the captured rows keep the time the order became working (gateway.md 2.5).
 */
#include "base/assert.h"
#include "base/money.h"
#include "sim/exchange_parts.h"

#include <string.h>

static int64_t
sign_of(enum exchange_side side)
{
    return side == EXCHANGE_BUY ? 1 : -1;
}

static int64_t
smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- Positions ---- */

/* Mean of the lots, rounded to a nano, half away from zero. */
static int64_t
average_of(const struct book_position *position)
{
    int128 sum = 0, size = 0;

    for (size_t i = 0; i < position->lots_count; i++) {
        int64_t lot = position->lots[i].size < 0 ? -position->lots[i].size : position->lots[i].size;
        sum += (int128)position->lots[i].price * lot;
        size += lot;
    }
    return size == 0 ? position->now.average : (int64_t)((sum * 2 + size) / (size * 2));
}

/* Takes @size contracts off the oldest lots; the P&L of closing them at @price. */
static int64_t
close_lots(struct book_position *position, int64_t size, int64_t price)
{
    const struct listing *listing = position->now.listing;
    size_t gone = 0;
    int64_t pnl = 0;

    while (size > 0) {
        struct lot *lot = &position->lots[gone];
        int64_t way = lot->size > 0 ? 1 : -1, part = smaller(size, lot->size * way);
        pnl += money_scale((price - lot->price) * way * part, listing->tick_value_micros, listing->tick_nanos);
        lot->size -= part * way;
        size -= part;
        gone += lot->size == 0;
    }
    position->lots_count -= gone;
    if (gone > 0) /* Otherwise there may be no memory yet. */
        memmove(position->lots, position->lots + gone, position->lots_count * sizeof *position->lots);
    return pnl;
}

static void
add_lot(struct book_position *position, int64_t size, int64_t price)
{
    position->lots = books_room(position->lots, position->lots_count, &position->lots_size, sizeof *position->lots);
    position->lots[position->lots_count++] = (struct lot){ size, price };
}

/* ---- Trades and money ---- */

static void
record_trade(struct exchange *exchange, struct instant now, const struct book_order *order, int64_t size, int64_t price,
    bool closing, int64_t pnl_micros)
{
    const struct listing *listing = order->now.listing;
    struct exchange_account *account = exchange_account_find(exchange, order->now.account_id);
    struct exchange_trade trade = { .id = exchange->next_trade_id, .account_id = account->id, .listing = listing,
        .created = now, .price = price, .closing = closing, .pnl_micros = pnl_micros, .fees_micros = listing->fees_micros * size,
        .commissions_micros = listing->commissions_micros * size, .side = order->now.side, .size = size,
        .order_id = order->now.id };

    exchange->next_trade_id += 1 + chance_below(&exchange->chance, 20);
    account->balance_micros += pnl_micros - trade.fees_micros - trade.commissions_micros;
    exchange->trades =
        books_room(exchange->trades, exchange->trades_count, &exchange->trades_size, sizeof *exchange->trades);
    exchange->trades[exchange->trades_count++] = trade;
    exchange_tell_trade(exchange, now, &trade);
}

static void
open_position(struct exchange *exchange, struct instant now, struct book_position *position)
{
    position->now.id = exchange->next_position_id;
    position->now.created = now;
    exchange->next_position_id += 1 + chance_below(&exchange->chance, 20);
}

static void
change_position(struct exchange *exchange, struct instant now, const struct book_order *order, int64_t size, int64_t price)
{
    struct book_position *position = books_position(exchange, order->now.account_id, order->now.listing);
    int64_t way = sign_of(order->now.side);

    if (position == NULL)
        position = books_enter_position(exchange, order->now.account_id, order->now.listing);
    books_touch_position(position, now);
    int64_t against = position->now.net * way < 0 ? smaller(size, -position->now.net * way) : 0;
    int64_t pnl = close_lots(position, against, price);
    bool one_row = exchange->settings.single_row_reversal || against == 0 || against == size;
    bool opens = position->now.net == 0 || (against > 0 && against < size);

    if (one_row)
        record_trade(exchange, now, order, size, price, against > 0, pnl);
    else
        record_trade(exchange, now, order, against, price, true, pnl);
    if (!one_row)
        record_trade(exchange, now, order, size - against, price, false, 0);
    if (opens)
        open_position(exchange, now, position);
    if (size > against)
        add_lot(position, (size - against) * way, price);
    position->now.net += size * way;
    position->now.average = average_of(position);
    exchange_tell_position(exchange, now, position);
    exchange_tell_account(exchange, now, exchange_account_find(exchange, order->now.account_id));
}

/* ---- Brackets ---- */

static void
grow_children(struct exchange *exchange, struct instant now, struct book_order *entry)
{
    for (size_t i = 0; i < COUNT_OF(entry->children); i++) {
        struct book_order *child = entry->children[i] == 0 ? NULL : books_order(exchange, entry->children[i]);
        if (child == NULL || !exchange_may_execute(child->now.status))
            continue;
        if (child->now.status == EXCHANGE_SUSPENDED && child->due == DUE_NOTHING) {
            child->due = DUE_ACTIVATE;
            child->due_at = instant_add(now, exchange->settings.child_delay);
        } else if (child->now.status == EXCHANGE_OPEN) {
            books_touch_order(child, now);
            child->now.size = entry->now.fill_volume;
            exchange_tell_order(exchange, now, child);
        }
    }
}

void
fills_activate(struct exchange *exchange, struct instant now, struct book_order *child)
{
    const struct book_order *entry = books_order(exchange, child->now.parent_id);
    int64_t tick = child->now.listing->tick_nanos, price = entry->first_fill + child->bracket_ticks * tick;

    if (child->now.status != EXCHANGE_SUSPENDED)
        return;
    books_touch_order(child, now);
    child->now.status = EXCHANGE_OPEN;
    child->now.updated = now;
    child->now.size = entry->now.fill_volume;
    if (child->now.type == EXCHANGE_LIMIT)
        child->now.limit = price;
    else
        child->now.stop = price;
    exchange_tell_order(exchange, now, child);
    fills_check(exchange, now, child->now.listing, false);
}

static void
cancel_all_of(struct exchange *exchange, struct instant now, int64_t account_id, const struct listing *listing)
{
    for (size_t i = 0; i < exchange->live_count; i++) {
        struct book_order *order = exchange->live[i];
        if (order->now.account_id == account_id && order->now.listing == listing && order->now.status != EXCHANGE_PENDING)
            orders_end(exchange, now, order, EXCHANGE_CANCELLED);
    }
}

/* ---- Fills ---- */

static void
fill_order(struct book_order *order, int64_t size, int64_t price)
{
    int128 sum = (int128)order->now.filled_price * order->now.fill_volume + (int128)price * size;

    if (order->first_fill == 0)
        order->first_fill = price;
    order->now.fill_volume += size;
    order->now.filled_price = (int64_t)((sum * 2 + order->now.fill_volume) / (2 * order->now.fill_volume));
    if (order->now.fill_volume == order->now.size) {
        order->now.status = EXCHANGE_FILLED;
        order->due = DUE_NOTHING;
    } else if (order->now.status == EXCHANGE_PENDING) {
        order->now.status = EXCHANGE_OPEN;
    }
}

void
fills_take(struct exchange *exchange, struct instant now, struct book_order *order, int64_t size, int64_t price)
{
    ASSERT(size > 0 && size <= order->now.size - order->now.fill_volume);
    books_touch_order(order, now);
    fill_order(order, size, price);
    exchange_tell_order(exchange, now, order);
    change_position(exchange, now, order, size, price);
    grow_children(exchange, now, order);
    if (order->sibling_id != 0 && order->now.status == EXCHANGE_FILLED)
        orders_end(exchange, now, books_order(exchange, order->sibling_id), EXCHANGE_CANCELLED);
    if (exchange->settings.auto_cancel &&
        books_position(exchange, order->now.account_id, order->now.listing)->now.net == 0)
        cancel_all_of(exchange, now, order->now.account_id, order->now.listing);
}

static int64_t
market_price(const struct exchange_quote *quote, enum exchange_side side)
{
    return side == EXCHANGE_BUY ? quote->ask : quote->bid;
}

void
fills_market(struct exchange *exchange, struct instant now, struct book_order *order)
{
    const struct exchange_quote *quote = books_quote(exchange, order->now.listing);
    int64_t pieces = exchange->settings.fill_pieces < 1 ? 1 : exchange->settings.fill_pieces;

    while (exchange_may_execute(order->now.status)) {
        int64_t left = order->now.size - order->now.fill_volume;
        fills_take(exchange, now, order, (left + pieces - 1) / pieces, market_price(quote, order->now.side));
        pieces = pieces > 1 ? pieces - 1 : 1;
    }
}

static void
trail(struct book_order *order, const struct exchange_quote *quote, struct instant now)
{
    int64_t way = sign_of(order->now.side);
    int64_t stop = quote->last + way * order->now.trail_ticks * quote->listing->tick_nanos;

    if (order->now.trail_ticks == 0 || (stop - order->now.stop) * way >= 0)
        return;
    books_touch_order(order, now);
    order->now.stop = stop;
}

/* Price at which the order executes now, or 0. */
static int64_t
trigger_price(const struct book_order *order, const struct exchange_quote *quote, bool resting)
{
    int64_t way = sign_of(order->now.side), market = market_price(quote, order->now.side);

    if (order->now.stop != 0)
        return (quote->last - order->now.stop) * way >= 0 ? market : 0;
    if (order->now.limit != 0 && (order->now.limit - market) * way >= 0)
        return resting ? order->now.limit : market;
    return 0;
}

void
fills_check(struct exchange *exchange, struct instant now, const struct listing *listing, bool resting)
{
    const struct exchange_quote *quote = books_quote(exchange, listing);

    if (exchange->settings.market_closed)
        return;
    for (size_t i = 0; i < exchange->live_count; i++) {
        struct book_order *order = exchange->live[i];
        if (order->now.listing != listing ||
            (order->now.status != EXCHANGE_OPEN && order->now.status != EXCHANGE_PENDING_CANCEL) ||
            order->now.type == EXCHANGE_MARKET)
            continue;
        trail(order, quote, now);
        int64_t price = trigger_price(order, quote, resting);
        if (price != 0)
            fills_take(exchange, now, order, order->now.size - order->now.fill_volume, price);
    }
}
