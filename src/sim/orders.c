/*
 * orders.c - what is asked of the simulated exchange: judged, refused with the gateway's codes and texts, or entered.
 *
 * Order of judgement for a new order: account, follower, canTrade, contract, tag (no order is made); then what only the venue knows:
 * hours, size, type, prices, brackets (the order is made, status 5, and its id is in the refusal: gateway.md 2.7).
 *
 *     place with brackets:   entry N (6 or 1), stop loss N+1 (8), take profit N+2 (8), told as N+1, N, N+2 (captured, gateway.md 2.8)
 */
#include "base/assert.h"
#include "base/text.h"
#include "sim/exchange_parts.h"

#include <stdio.h>
#include <string.h>

#define SIZE_MAX_CONTRACTS 1000
#define BRACKET_TICKS_MIN 4  /* gateway.md 2.8 */
#define TRAIL_TICKS_MAX 1000 /* gateway.md 2.7 */
#define CLOSED_TEXT "Trading is currently unavailable. The instrument is not in an active trading status."

enum { PLACE_NO_ACCOUNT = 1, PLACE_REJECTED = 2, PLACE_VIOLATION = 4, PLACE_NO_CONTRACT = 8, PLACE_INACTIVE = 9, PLACE_FOLLOWER = 10 };
enum { CANCEL_NO_ACCOUNT = 1, CANCEL_NO_ORDER = 2, CANCEL_REJECTED = 3, CANCEL_PENDING = 4, CANCEL_FOLLOWER = 6 };
enum { CLOSE_NO_ACCOUNT = 1, CLOSE_NO_POSITION = 2, CLOSE_NO_CONTRACT = 3, CLOSE_INACTIVE = 4, CLOSE_REJECTED = 5, CLOSE_FOLLOWER = 8 };
enum { PARTIAL_BAD_SIZE = 5, PARTIAL_REJECTED = 6, PARTIAL_FOLLOWER = 9 };

static struct exchange_reply
refuse(int code, const char *message)
{
    struct exchange_reply reply = { .code = code };

    (void)text_copy(reply.message, sizeof reply.message, message);
    return reply;
}

/* ---- Judging a new order ---- */

static bool
tag_taken(const struct exchange *exchange, int64_t account_id, const char *tag)
{
    for (size_t i = 0; i < exchange->orders_count; i++)
        if (exchange->orders[i]->now.account_id == account_id && strcmp(exchange->orders[i]->now.tag, tag) == 0)
            return true;
    return false;
}

static bool
bad_price(const struct listing *listing, int64_t price, const char *name, struct exchange_reply *reply)
{
    if (price > 0 && price % listing->tick_nanos == 0)
        return false;
    (void)snprintf(reply->message, sizeof reply->message, "Invalid %s price. Price is not aligned to tick size.", name);
    return true;
}

/* Ticks are signed offsets from the fill (gateway.md 2.8); the texts name the sign that was wanted. */
static bool
bad_brackets(const struct exchange_place *place, const struct exchange_account *account, struct exchange_reply *reply)
{
    const struct exchange_bracket *loss = &place->stop_loss, *profit = &place->take_profit;
    int64_t way = place->side == EXCHANGE_BUY ? 1 : -1;
    struct text text = text_on(reply->message, sizeof reply->message);

    if (!loss->present && !profit->present)
        return false;
    if (account->position_brackets)
        text_add(&text, "Brackets cannot be used with Position Brackets. You must enable Auto OCO Brackets.");
    else if (loss->present && loss->type != EXCHANGE_STOP && loss->type != EXCHANGE_TRAILING_STOP)
        text_addf(&text, "Invalid stop loss type (%s)", loss->type == EXCHANGE_LIMIT ? "Limit" : "Unknown");
    else if (loss->present && loss->ticks * way >= 0 && way > 0)
        text_addf(&text, "Invalid stop loss ticks (%lld). Ticks should be less than zero when longing.", (long long)loss->ticks);
    else if (loss->present && loss->ticks * way > -BRACKET_TICKS_MIN)
        text_addf(&text, "Invalid stop loss ticks (%lld). Stop loss tick value should be at least %d ticks.",
            (long long)loss->ticks, BRACKET_TICKS_MIN);
    else if (profit->present && profit->type != EXCHANGE_LIMIT)
        text_add(&text, "Invalid take profit type");
    else if (profit->present && profit->ticks * way <= 0)
        text_addf(&text, "Invalid take profit ticks (%lld). Ticks should be %s.", (long long)profit->ticks,
            way > 0 ? "greater than zero when longing" : "less than zero when going short");
    return text.length > 0;
}

static bool
wrong_side(const struct exchange_quote *quote, enum exchange_side side, int64_t stop)
{
    return side == EXCHANGE_BUY ? stop <= quote->last : stop >= quote->last;
}

static int64_t
trail_ticks(const struct exchange_quote *quote, int64_t trail_price)
{
    int64_t distance = quote->last - trail_price;

    return (distance < 0 ? -distance : distance) / quote->listing->tick_nanos;
}

static bool
bad_prices(const struct exchange_place *place, const struct exchange_quote *quote, struct exchange_reply *reply)
{
    switch (place->type) {
    case EXCHANGE_LIMIT:
        return bad_price(quote->listing, place->limit, "limit", reply);
    case EXCHANGE_STOP:
        if (bad_price(quote->listing, place->stop, "stop", reply))
            return true;
        if (!wrong_side(quote, place->side == EXCHANGE_BUY ? EXCHANGE_BUY : EXCHANGE_SELL, place->stop))
            return false;
        *reply = refuse(0, "Invalid stop price");
        return true;
    case EXCHANGE_TRAILING_STOP:
        if (place->trail == 0 || trail_ticks(quote, place->trail) == 0)
            *reply = refuse(0, "Trail Distance not set.");
        else if (trail_ticks(quote, place->trail) > TRAIL_TICKS_MAX)
            *reply = refuse(0, "Trail Distance exceeds maximum (1000)");
        else
            return bad_price(quote->listing, place->trail, "trail", reply);
        return true;
    case EXCHANGE_MARKET:
    case EXCHANGE_JOIN_BID:
    case EXCHANGE_JOIN_ASK:
        return false;
    default:
        *reply = refuse(0, "Invalid order type specified");
        return true;
    }
}

/* Why the venue rejects it: fills the message. */
static bool
venue_rejects(const struct exchange *exchange, const struct exchange_place *place, const struct exchange_account *account,
    const struct exchange_quote *quote, struct exchange_reply *reply)
{
    if (exchange->settings.market_closed) {
        *reply = refuse(0, CLOSED_TEXT);
        return true;
    }
    if (place->size <= 0 || place->size > SIZE_MAX_CONTRACTS || (place->side != EXCHANGE_BUY && place->side != EXCHANGE_SELL)) {
        *reply = refuse(0, "Invalid order size specified");
        return true;
    }
    return bad_prices(place, quote, reply) || bad_brackets(place, account, reply);
}

/* ---- Making orders ---- */

static int64_t
next_id(struct exchange *exchange)
{
    return exchange->next_order_id++;
}

/* Others trade too: ids of one account have gaps. */
static void
skip_ids(struct exchange *exchange)
{
    exchange->next_order_id += chance_below(&exchange->chance, 9);
}

static struct book_order *
enter_entry(struct exchange *exchange, struct instant now, const struct exchange_place *place, const struct exchange_quote *quote)
{
    struct exchange_order order = { .id = next_id(exchange), .account_id = place->account_id, .listing = quote->listing,
        .created = now, .updated = now, .status = EXCHANGE_OPEN, .type = (enum exchange_type)place->type,
        .side = (enum exchange_side)place->side, .size = place->size };

    if (place->tag != NULL)
        (void)text_copy(order.tag, sizeof order.tag, place->tag);
    if (order.type == EXCHANGE_LIMIT)
        order.limit = place->limit;
    else if (order.type == EXCHANGE_JOIN_BID)
        order.limit = quote->bid;
    else if (order.type == EXCHANGE_JOIN_ASK)
        order.limit = quote->ask;
    else if (order.type == EXCHANGE_STOP)
        order.stop = place->stop;
    else if (order.type == EXCHANGE_MARKET)
        order.status = EXCHANGE_PENDING;
    if (order.type == EXCHANGE_TRAILING_STOP) {
        order.trail_ticks = trail_ticks(quote, place->trail);
        order.stop = quote->last + (order.side == EXCHANGE_BUY ? 1 : -1) * order.trail_ticks * quote->listing->tick_nanos;
    }
    return books_enter_order(exchange, &order);
}

static struct book_order *
enter_child(struct exchange *exchange, const struct book_order *entry, const struct exchange_bracket *bracket, const char *suffix)
{
    struct exchange_order order = { .id = next_id(exchange), .account_id = entry->now.account_id,
        .listing = entry->now.listing, .created = entry->now.created, .updated = entry->now.created,
        .status = EXCHANGE_SUSPENDED, .type = (enum exchange_type)bracket->type,
        .side = entry->now.side == EXCHANGE_BUY ? EXCHANGE_SELL : EXCHANGE_BUY, .size = entry->now.size,
        .parent_id = entry->now.id };

    if (entry->now.tag[0] != '\0')
        (void)snprintf(order.tag, sizeof order.tag, "%.*s%s", EXCHANGE_TAG_MAX - 4, entry->now.tag, suffix);
    if (order.type == EXCHANGE_TRAILING_STOP)
        order.trail_ticks = bracket->ticks < 0 ? -bracket->ticks : bracket->ticks;
    struct book_order *child = books_enter_order(exchange, &order);
    child->bracket_ticks = bracket->ticks;
    return child;
}

static void
enter_children(struct exchange *exchange, struct instant now, struct book_order *entry, const struct exchange_place *place)
{
    struct book_order *loss = NULL, *profit = NULL;

    if (place->stop_loss.present)
        loss = enter_child(exchange, entry, &place->stop_loss, "-SL");
    if (place->take_profit.present)
        profit = enter_child(exchange, entry, &place->take_profit, "-TP");
    if (loss != NULL && profit != NULL) {
        loss->sibling_id = profit->now.id;
        profit->sibling_id = profit->now.linked_id = loss->now.id;
    }
    entry->children[0] = loss == NULL ? 0 : loss->now.id;
    entry->children[1] = profit == NULL ? 0 : profit->now.id;
    if (loss != NULL)
        exchange_tell_order(exchange, now, loss);
    exchange_tell_order(exchange, now, entry);
    if (profit != NULL)
        exchange_tell_order(exchange, now, profit);
}

static struct exchange_reply
make_rejected(struct exchange *exchange, struct instant now, const struct exchange_place *place,
    const struct exchange_quote *quote, const char *why)
{
    struct exchange_order order = { .id = next_id(exchange), .account_id = place->account_id, .listing = quote->listing,
        .created = now, .updated = now, .status = EXCHANGE_REJECTED, .type = (enum exchange_type)place->type,
        .side = (enum exchange_side)place->side, .size = place->size, .limit = place->limit, .stop = place->stop };
    struct exchange_reply reply = refuse(PLACE_REJECTED, why);

    if (place->tag != NULL)
        (void)text_copy(order.tag, sizeof order.tag, place->tag);
    exchange_tell_order(exchange, now, books_enter_order(exchange, &order));
    reply.order_id = order.id;
    skip_ids(exchange);
    return reply;
}

static void
set_working(struct exchange *exchange, struct instant now, struct book_order *order)
{
    if (order->now.type == EXCHANGE_MARKET) {
        order->due = DUE_FILL;
        order->due_at = instant_add(now, exchange->settings.fill_delay);
    } else {
        fills_check(exchange, now, order->now.listing, false);
    }
}

struct exchange_reply
orders_place(struct exchange *exchange, struct instant now, const struct exchange_place *place)
{
    const struct exchange_account *account = exchange_account_find(exchange, place->account_id);
    const struct listing *listing = books_listing(place->contract_id);
    struct exchange_reply why = { 0 };

    if (account == NULL)
        return refuse(PLACE_NO_ACCOUNT, "");
    if (account->follower)
        return refuse(PLACE_FOLLOWER, "Follower accounts cannot place orders");
    if (!account->can_trade)
        return refuse(PLACE_VIOLATION, "");
    if (listing == NULL)
        return refuse(PLACE_NO_CONTRACT, "");
    if (!listing->active)
        return refuse(PLACE_INACTIVE, "");
    if (place->tag != NULL && place->tag[0] != '\0' && tag_taken(exchange, place->account_id, place->tag))
        return refuse(PLACE_REJECTED, "Custom tag already used. It must be unique for the account.");

    const struct exchange_quote *quote = books_quote(exchange, listing);
    if (venue_rejects(exchange, place, account, quote, &why))
        return make_rejected(exchange, now, place, quote, why.message);
    struct book_order *entry = enter_entry(exchange, now, place, quote);
    struct exchange_reply reply = { .order_id = entry->now.id };
    enter_children(exchange, now, entry, place);
    skip_ids(exchange);
    set_working(exchange, now, entry);
    return reply;
}

/* ---- Changing and ending orders ---- */

struct exchange_reply
orders_modify(struct exchange *exchange, struct instant now, const struct exchange_modify *modify)
{
    const struct exchange_account *account = exchange_account_find(exchange, modify->account_id);
    struct book_order *order = books_order(exchange, modify->order_id);
    struct exchange_reply why = { 0 };

    if (account == NULL)
        return refuse(CANCEL_NO_ACCOUNT, "");
    if (order == NULL || order->now.account_id != modify->account_id || !exchange_may_execute(order->now.status))
        return refuse(CANCEL_NO_ORDER, "");
    if (order->now.status == EXCHANGE_PENDING || order->now.status == EXCHANGE_PENDING_CANCEL)
        return refuse(CANCEL_PENDING, "");
    const struct exchange_quote *quote = books_quote(exchange, order->now.listing);
    bool trailing = order->now.type == EXCHANGE_TRAILING_STOP;
    if (modify->size < 0 || modify->size > SIZE_MAX_CONTRACTS || (modify->size > 0 && modify->size <= order->now.fill_volume))
        return refuse(CANCEL_REJECTED, "Invalid order size specified");
    if ((modify->limit != 0 && bad_price(quote->listing, modify->limit, "limit", &why)) ||
        (modify->stop != 0 && bad_price(quote->listing, modify->stop, "stop", &why)) ||
        (modify->trail != 0 && bad_price(quote->listing, modify->trail, "trail", &why)))
        return refuse(CANCEL_REJECTED, why.message);
    if (modify->stop != 0 && order->now.status == EXCHANGE_OPEN && wrong_side(quote, order->now.side, modify->stop))
        return refuse(CANCEL_REJECTED, "Invalid stop price");
    if (modify->trail != 0 && trailing && trail_ticks(quote, modify->trail) == 0)
        return refuse(CANCEL_REJECTED, "Trail Distance not set.");

    books_touch_order(order, now);
    order->now.size = modify->size != 0 ? modify->size : order->now.size;
    if (modify->limit != 0 && order->now.limit != 0)
        order->now.limit = modify->limit;
    if (modify->stop != 0 && order->now.stop != 0 && !trailing)
        order->now.stop = modify->stop;
    if (modify->trail != 0 && trailing) {
        order->now.trail_ticks = trail_ticks(quote, modify->trail);
        order->now.stop = modify->trail;
    }
    order->now.updated = now;
    exchange_tell_order(exchange, now, order);
    fills_check(exchange, now, order->now.listing, false);
    return (struct exchange_reply){ 0 };
}

void
orders_end(struct exchange *exchange, struct instant now, struct book_order *order, enum exchange_status status)
{
    if (!exchange_may_execute(order->now.status))
        return;
    books_touch_order(order, now);
    order->now.status = status;
    order->now.updated = now;
    order->due = DUE_NOTHING;
    exchange_tell_order(exchange, now, order);
    for (size_t i = 0; i < COUNT_OF(order->children) && order->now.fill_volume == 0; i++)
        if (order->children[i] != 0)
            orders_end(exchange, now, books_order(exchange, order->children[i]), EXCHANGE_CANCELLED);
}

struct exchange_reply
orders_cancel(struct exchange *exchange, struct instant now, int64_t account_id, int64_t order_id)
{
    const struct exchange_account *account = exchange_account_find(exchange, account_id);
    struct book_order *order = books_order(exchange, order_id);

    if (account == NULL)
        return refuse(CANCEL_NO_ACCOUNT, "");
    if (account->follower)
        return refuse(CANCEL_FOLLOWER, "Follower accounts cannot cancel orders");
    if (account->live)
        return refuse(CANCEL_FOLLOWER, "Live accounts not supported");
    if (order == NULL || order->now.account_id != account_id || !exchange_may_execute(order->now.status))
        return refuse(CANCEL_NO_ORDER, "");
    if (order->now.status == EXCHANGE_PENDING || order->now.status == EXCHANGE_PENDING_CANCEL)
        return refuse(CANCEL_PENDING, "");
    if (exchange->settings.cancel_delay.ns <= 0) {
        orders_end(exchange, now, order, EXCHANGE_CANCELLED);
        return (struct exchange_reply){ 0 };
    }
    books_touch_order(order, now);
    order->now.status = EXCHANGE_PENDING_CANCEL;
    order->now.updated = now;
    order->due = DUE_CANCEL;
    order->due_at = instant_add(now, exchange->settings.cancel_delay);
    exchange_tell_order(exchange, now, order);
    return (struct exchange_reply){ 0 };
}

/* ---- Closing: a market order without tag and parent; every other order stays (gateway.md 2.10) ---- */

static void
enter_close(struct exchange *exchange, struct instant now, const struct book_position *position, int64_t size)
{
    struct exchange_order order = { .id = next_id(exchange), .account_id = position->now.account_id,
        .listing = position->now.listing, .created = now, .updated = now, .status = EXCHANGE_PENDING,
        .type = EXCHANGE_MARKET, .side = position->now.net > 0 ? EXCHANGE_SELL : EXCHANGE_BUY, .size = size };
    struct book_order *entered = books_enter_order(exchange, &order);

    exchange_tell_order(exchange, now, entered);
    skip_ids(exchange);
    set_working(exchange, now, entered);
}

/* Codes 1 to 4 are the same for both closes; 0 = go on. */
static int
close_code(const struct exchange *exchange, int64_t account_id, const char *contract_id, struct book_position **ret_position)
{
    const struct listing *listing = books_listing(contract_id);

    if (exchange_account_find(exchange, account_id) == NULL)
        return CLOSE_NO_ACCOUNT;
    if (listing == NULL)
        return CLOSE_NO_CONTRACT;
    if (!listing->active)
        return CLOSE_INACTIVE;
    *ret_position = books_position(exchange, account_id, listing);
    return *ret_position == NULL || (*ret_position)->now.net == 0 ? CLOSE_NO_POSITION : 0;
}

struct exchange_reply
orders_close(struct exchange *exchange, struct instant now, int64_t account_id, const char *contract_id)
{
    struct book_position *position = NULL;
    int code = close_code(exchange, account_id, contract_id, &position);

    if (code != 0)
        return refuse(code, "");
    if (exchange_account_find(exchange, account_id)->follower)
        return refuse(CLOSE_FOLLOWER, "");
    if (exchange->settings.market_closed)
        return refuse(CLOSE_REJECTED, "");
    enter_close(exchange, now, position, position->now.net > 0 ? position->now.net : -position->now.net);
    return (struct exchange_reply){ 0 };
}

struct exchange_reply
orders_partial_close(struct exchange *exchange, struct instant now, int64_t account_id, const char *contract_id, int64_t size)
{
    struct book_position *position = NULL;
    int code = close_code(exchange, account_id, contract_id, &position);

    if (code != 0)
        return refuse(code, "");
    const struct exchange_account *account = exchange_account_find(exchange, account_id);
    if (account->follower || account->live)
        return refuse(PARTIAL_FOLLOWER, "");
    if (size <= 0 || size > (position->now.net > 0 ? position->now.net : -position->now.net))
        return refuse(PARTIAL_BAD_SIZE, "");
    if (exchange->settings.market_closed)
        return refuse(PARTIAL_REJECTED, "");
    enter_close(exchange, now, position, size);
    return (struct exchange_reply){ 0 };
}
