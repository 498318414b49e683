/*
 * test_exchange_stories.c - the simulated exchange against what was captured (gateway.md 2.5 to 2.11, 5) and against its own invariants.
 *
 * A story is calls and the events they queued, as one line of text: o/6 = order, status 6; oSL/8, oTP/8 = a bracket's children; p+2 = position;
 * t = opening trade, T = closing one; a = account.  Money is checked against the trades, whatever the story.
 */
#include "base/money.h"
#include "base/text.h"
#include "sim/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ACCOUNT 1001
#define START_BALANCE (INT64_C(50000) * MICROS_PER_DOLLAR)
#define POINT NANOS_PER_UNIT

static const struct instant noon = { INT64_C(1790000000) * 1000000000 };

struct fixture {
    struct exchange *x;
    struct instant now;
    const struct listing *mnq;
};

static int
set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){ .now = noon, .x = exchange_new(7, noon) };
    assert_true(exchange_add_account(f.x, ACCOUNT, "PRAC-1", START_BALANCE));
    assert_true(exchange_add_account(f.x, ACCOUNT + 1, "PRAC-2", START_BALANCE));
    for (size_t i = 0; f.mnq == NULL; i++)
        f.mnq = strcmp(listing_at(i)->symbol_id, "F.US.MNQ") == 0 && listing_at(i)->active ? listing_at(i) : NULL;
    *state = &f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    int64_t balance = START_BALANCE, net = 0;

    /* Invariants of exchange.h: the balance is the sum of the trades, the position is the sum of the fills. */
    for (size_t i = 0; i < exchange_trades_count(f->x); i++) {
        const struct exchange_trade *t = exchange_trade_at(f->x, i);
        if (t->account_id != ACCOUNT || t->voided)
            continue;
        balance += t->pnl_micros - t->fees_micros - t->commissions_micros;
        net += t->listing == f->mnq ? (t->side == EXCHANGE_BUY ? t->size : -t->size) : 0;
        assert_true(t->closing || t->pnl_micros == 0);
    }
    assert_int_equal(exchange_account_find(f->x, ACCOUNT)->balance_micros, balance);
    assert_int_equal(exchange_net(f->x, ACCOUNT, f->mnq->id), net);
    exchange_free(f->x);
    return 0;
}

/* ---- Helpers ---- */

static struct exchange_reply
place(struct fixture *f, struct exchange_place p)
{
    p.account_id = p.account_id == 0 ? ACCOUNT : p.account_id;
    p.contract_id = p.contract_id == NULL ? f->mnq->id : p.contract_id;
    p.size = p.size == 0 ? 1 : p.size;
    p.type = p.type == 0 ? EXCHANGE_MARKET : p.type;
    return exchange_place(f->x, f->now, &p);
}

static int64_t
buy(struct fixture *f, int64_t size)
{
    struct exchange_reply reply = place(f, (struct exchange_place){ .size = size });

    assert_int_equal(reply.code, 0);
    return reply.order_id;
}

static int64_t
last(const struct fixture *f)
{
    return exchange_quote(f->x, f->mnq->id)->last;
}

static void
move(struct fixture *f, int64_t by)
{
    assert_true(exchange_set_price(f->x, f->now, f->mnq->id, last(f) + by));
}

static struct exchange_order
order(const struct fixture *f, int64_t id)
{
    struct exchange_order found;

    assert_true(exchange_order_find(f->x, id, INSTANT_NEVER, &found));
    return found;
}

/* The events waiting, as text; quotes are left out. */
static const char *
events(struct fixture *f)
{
    static char buffer[1024];
    struct text text = text_on(buffer, sizeof buffer);
    struct exchange_event e;

    while (exchange_take_event(f->x, &e)) {
        const char *gap = text.length == 0 ? "" : " ";
        if (e.kind == EXCHANGE_EVENT_ORDER) {
            text_addf(&text, "%so%s/%d", gap, e.u.order.parent_id == 0 ? "" : e.u.order.type == EXCHANGE_LIMIT ? "TP" : "SL",
                (int)e.u.order.status);
        } else if (e.kind == EXCHANGE_EVENT_POSITION) {
            text_addf(&text, "%sp%+d", gap, (int)e.u.position.net);
        } else if (e.kind == EXCHANGE_EVENT_TRADE) {
            text_addf(&text, "%s%s", gap, e.u.trade.closing ? "T" : "t");
        } else if (e.kind == EXCHANGE_EVENT_ACCOUNT) {
            text_addf(&text, "%sa", gap);
        }
    }
    return buffer;
}

static const struct exchange_trade *
newest_trade(const struct fixture *f)
{
    return exchange_trade_at(f->x, exchange_trades_count(f->x) - 1);
}

/* ---- Fills, positions, money ---- */

static void
market_order_is_pending_then_filled(void **state)
{
    struct fixture *f = *state;

    exchange_settings(f->x)->fill_delay = SPAN_MS(8);
    int64_t id = buy(f, 2);
    assert_string_equal(events(f), "o/6");
    exchange_advance(f->x, instant_add(f->now, SPAN_MS(7)));
    assert_int_equal(order(f, id).status, EXCHANGE_PENDING);
    assert_int_equal(exchange_next_due(f->x).ns, instant_add(f->now, SPAN_MS(8)).ns);
    exchange_advance(f->x, instant_add(f->now, SPAN_MS(8)));
    assert_string_equal(events(f), "o/2 t p+2 a");
    assert_int_equal(order(f, id).filled_price, exchange_quote(f->x, f->mnq->id)->ask);
}

static void
pnl_is_gross_and_costs_are_apart(void **state)
{
    struct fixture *f = *state;

    buy(f, 2);
    int64_t bought = newest_trade(f)->price;
    move(f, 10 * POINT);
    assert_int_equal(exchange_partial_close(f->x, f->now, ACCOUNT, f->mnq->id, 1).code, 0);
    const struct exchange_trade *t = newest_trade(f);
    assert_true(t->closing);
    assert_int_equal(t->pnl_micros, (t->price - bought) / f->mnq->tick_nanos * f->mnq->tick_value_micros);
    assert_int_equal(t->fees_micros, f->mnq->fees_micros);
    assert_int_equal(t->commissions_micros, f->mnq->commissions_micros);
    assert_int_equal(exchange_net(f->x, ACCOUNT, f->mnq->id), 1);
}

static void
reversal_is_two_rows_or_one(void **state)
{
    struct fixture *f = *state;

    buy(f, 1);
    (void)events(f);
    assert_int_equal(place(f, (struct exchange_place){ .side = EXCHANGE_SELL, .size = 3 }).code, 0);
    assert_string_equal(events(f), "o/6 o/2 T t p-2 a");
    exchange_settings(f->x)->single_row_reversal = true;
    buy(f, 3);
    assert_string_equal(events(f), "o/6 o/2 T p+1 a");
}

static void
flat_position_keeps_id_and_entry_price(void **state)
{
    struct fixture *f = *state;
    struct exchange_position before, after;

    buy(f, 1);
    assert_true(exchange_position_seen(f->x, 0, INSTANT_NEVER, &before));
    move(f, 5 * POINT);
    assert_int_equal(exchange_close(f->x, f->now, ACCOUNT, f->mnq->id).code, 0);
    assert_true(exchange_position_seen(f->x, 0, INSTANT_NEVER, &after));
    assert_int_equal(after.net, 0);
    assert_int_equal(after.id, before.id);
    assert_int_equal(after.average, before.average); /* gateway.md 5: the entry's, not the exit's. */
    buy(f, 1);
    assert_true(exchange_position_seen(f->x, 0, INSTANT_NEVER, &after));
    assert_int_not_equal(after.id, before.id);
}

static void
fills_in_pieces(void **state)
{
    struct fixture *f = *state;

    exchange_settings(f->x)->fill_pieces = 2;
    int64_t id = buy(f, 3);
    assert_string_equal(events(f), "o/6 o/1 t p+2 a o/2 t p+3 a");
    assert_int_equal(order(f, id).fill_volume, 3);
}

static void
void_takes_the_money_back_once(void **state)
{
    struct fixture *f = *state;

    buy(f, 1);
    exchange_close(f->x, f->now, ACCOUNT, f->mnq->id);
    int64_t id = newest_trade(f)->id;
    (void)events(f);
    assert_true(exchange_void(f->x, f->now, id));
    assert_string_equal(events(f), "T a");
    assert_false(exchange_void(f->x, f->now, id));
    assert_int_equal(exchange_net(f->x, ACCOUNT, f->mnq->id), 0); /* Money, not contracts: so no tear_down() here. */
    const struct exchange_trade *opening = exchange_trade_at(f->x, 0);
    assert_int_equal(exchange_account_find(f->x, ACCOUNT)->balance_micros,
        START_BALANCE - opening->fees_micros - opening->commissions_micros);
    exchange_free(f->x);
}

/* ---- Working orders ---- */

static void
stop_and_limit_fill_when_reached_not_before(void **state)
{
    struct fixture *f = *state;
    int64_t price = last(f), tick = f->mnq->tick_nanos;
    int64_t stop = place(f, (struct exchange_place){ .type = EXCHANGE_STOP, .side = EXCHANGE_SELL, .stop = price - 8 * tick }).order_id;
    int64_t limit = place(f, (struct exchange_place){ .type = EXCHANGE_LIMIT, .side = EXCHANGE_SELL, .limit = price + 8 * tick }).order_id;

    move(f, 7 * tick);
    move(f, -14 * tick);
    assert_int_equal(order(f, stop).status, EXCHANGE_OPEN);
    assert_int_equal(order(f, limit).status, EXCHANGE_OPEN);
    move(f, -tick);
    assert_int_equal(order(f, stop).status, EXCHANGE_FILLED);
    move(f, 16 * tick);
    assert_int_equal(order(f, limit).status, EXCHANGE_FILLED);
    assert_int_equal(order(f, limit).filled_price, price + 8 * tick);
}

static void
trailing_stop_follows_one_way(void **state)
{
    struct fixture *f = *state;
    int64_t price = last(f), tick = f->mnq->tick_nanos;

    buy(f, 1);
    int64_t id =
        place(f, (struct exchange_place){ .type = EXCHANGE_TRAILING_STOP, .side = EXCHANGE_SELL, .trail = price - 10 * tick }).order_id;
    assert_int_equal(order(f, id).trail_ticks, 10);
    move(f, 20 * tick);
    assert_int_equal(order(f, id).stop, price + 10 * tick);
    move(f, -9 * tick);
    assert_int_equal(order(f, id).stop, price + 10 * tick);
    move(f, -tick);
    assert_int_equal(order(f, id).status, EXCHANGE_FILLED);
}

static void
cancel_ends_an_order_once(void **state)
{
    struct fixture *f = *state;
    int64_t id =
        place(f, (struct exchange_place){ .type = EXCHANGE_LIMIT, .limit = last(f) - 40 * f->mnq->tick_nanos }).order_id;

    assert_int_equal(exchange_cancel(f->x, f->now, ACCOUNT + 1, id).code, 2);
    assert_int_equal(exchange_cancel(f->x, f->now, 9, id).code, 1);
    assert_int_equal(exchange_cancel(f->x, f->now, ACCOUNT, id).code, 0);
    assert_int_equal(exchange_cancel(f->x, f->now, ACCOUNT, id).code, 2);
    assert_true(exchange_is_flat(f->x, ACCOUNT));
}

static void
a_cancel_may_lose_to_a_fill(void **state)
{
    struct fixture *f = *state;
    int64_t price = last(f), tick = f->mnq->tick_nanos;
    int64_t id = place(f, (struct exchange_place){ .type = EXCHANGE_LIMIT, .limit = price - 4 * tick }).order_id;

    exchange_settings(f->x)->cancel_delay = SPAN_MS(50);
    assert_int_equal(exchange_cancel(f->x, f->now, ACCOUNT, id).code, 0);
    assert_int_equal(order(f, id).status, EXCHANGE_PENDING_CANCEL);
    assert_int_equal(exchange_cancel(f->x, f->now, ACCOUNT, id).code, 4);
    move(f, -6 * tick);
    assert_int_equal(order(f, id).status, EXCHANGE_FILLED);
    exchange_advance(f->x, instant_add(f->now, SPAN_MS(60)));
    assert_int_equal(order(f, id).status, EXCHANGE_FILLED);
}

static void
modify_moves_or_is_refused(void **state)
{
    struct fixture *f = *state;
    int64_t price = last(f), tick = f->mnq->tick_nanos;
    int64_t id =
        place(f, (struct exchange_place){ .type = EXCHANGE_STOP, .side = EXCHANGE_SELL, .stop = price - 8 * tick }).order_id;
    struct exchange_modify m = { .account_id = ACCOUNT, .order_id = id, .stop = price - 4 * tick };

    assert_int_equal(exchange_modify(f->x, f->now, &m).code, 0);
    assert_int_equal(order(f, id).stop, price - 4 * tick);
    m.stop = price + 4 * tick;
    struct exchange_reply reply = exchange_modify(f->x, f->now, &m);
    assert_int_equal(reply.code, 3);
    assert_string_equal(reply.message, "Invalid stop price");
    assert_int_equal(order(f, id).stop, price - 4 * tick);
}

/* ---- Brackets ---- */

static int64_t
buy_with_bracket(struct fixture *f, int64_t size, const char *tag)
{
    struct exchange_reply reply = place(f, (struct exchange_place){ .size = size, .tag = tag,
        .stop_loss = { true, -40, EXCHANGE_STOP }, .take_profit = { true, 80, EXCHANGE_LIMIT } });

    assert_int_equal(reply.code, 0);
    return reply.order_id;
}

static void
bracket_has_consecutive_ids_and_the_captured_order(void **state)
{
    struct fixture *f = *state;

    exchange_settings(f->x)->fill_delay = SPAN_MS(8);
    exchange_settings(f->x)->child_delay = SPAN_MS(20);
    int64_t id = buy_with_bracket(f, 1, "one");
    assert_string_equal(events(f), "oSL/8 o/6 oTP/8"); /* gateway.md 2.8 */
    exchange_advance(f->x, instant_add(f->now, SPAN_MS(27)));
    assert_string_equal(events(f), "o/2 t p+1 a");
    assert_int_equal(order(f, id + 1).status, EXCHANGE_SUSPENDED);
    exchange_advance(f->x, instant_add(f->now, SPAN_MS(28)));
    struct exchange_order loss = order(f, id + 1), profit = order(f, id + 2);
    assert_int_equal(loss.status, EXCHANGE_OPEN);
    assert_int_equal(loss.stop, order(f, id).filled_price - 40 * f->mnq->tick_nanos);
    assert_int_equal(profit.limit, order(f, id).filled_price + 80 * f->mnq->tick_nanos);
    assert_string_equal(loss.tag, "one-SL");
    assert_string_equal(profit.tag, "one-TP");
    assert_int_equal(loss.parent_id, id);
    assert_int_equal(loss.linked_id, 0);
    assert_int_equal(profit.linked_id, id + 1);
}

static void
one_cancels_the_other(void **state)
{
    struct fixture *f = *state;
    int64_t id = buy_with_bracket(f, 2, "");

    move(f, 21 * POINT);
    assert_int_equal(order(f, id + 2).status, EXCHANGE_FILLED);
    assert_int_equal(order(f, id + 1).status, EXCHANGE_CANCELLED);
    assert_true(exchange_is_flat(f->x, ACCOUNT));
}

static void
closing_leaves_the_bracket_working(void **state)
{
    struct fixture *f = *state;
    int64_t id = buy_with_bracket(f, 1, "");

    assert_int_equal(exchange_close(f->x, f->now, ACCOUNT, f->mnq->id).code, 0);
    assert_int_equal(exchange_net(f->x, ACCOUNT, f->mnq->id), 0);
    assert_int_equal(order(f, id + 1).status, EXCHANGE_OPEN);
    assert_false(exchange_is_flat(f->x, ACCOUNT));
    move(f, -11 * POINT); /* gateway.md 2.10: the orphaned stop reverses the account. */
    assert_int_equal(exchange_net(f->x, ACCOUNT, f->mnq->id), -1);
}

static void
auto_cancel_sweeps_with_the_close(void **state)
{
    struct fixture *f = *state;

    exchange_settings(f->x)->auto_cancel = true;
    buy_with_bracket(f, 1, "");
    assert_int_equal(exchange_close(f->x, f->now, ACCOUNT, f->mnq->id).code, 0);
    assert_true(exchange_is_flat(f->x, ACCOUNT));
}

static void
cancelled_entry_takes_its_children_along(void **state)
{
    struct fixture *f = *state;
    int64_t id = place(f, (struct exchange_place){ .type = EXCHANGE_LIMIT, .limit = last(f) - 40 * f->mnq->tick_nanos,
        .stop_loss = { true, -40, EXCHANGE_STOP } }).order_id;

    assert_int_equal(order(f, id + 1).status, EXCHANGE_SUSPENDED);
    assert_int_equal(exchange_cancel(f->x, f->now, ACCOUNT, id).code, 0);
    assert_int_equal(order(f, id + 1).status, EXCHANGE_CANCELLED);
}

/* ---- Closing ---- */

static void
closes_have_their_own_codes(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(exchange_close(f->x, f->now, 9, f->mnq->id).code, 1);
    assert_int_equal(exchange_close(f->x, f->now, ACCOUNT, f->mnq->id).code, 2);
    assert_int_equal(exchange_close(f->x, f->now, ACCOUNT, "CON.F.US.NONE.Z26").code, 3);
    int64_t id = buy(f, 2);
    assert_int_equal(exchange_partial_close(f->x, f->now, ACCOUNT, f->mnq->id, 0).code, 5);
    assert_int_equal(exchange_partial_close(f->x, f->now, ACCOUNT, f->mnq->id, 3).code, 5);
    exchange_settings(f->x)->market_closed = true;
    assert_int_equal(exchange_close(f->x, f->now, ACCOUNT, f->mnq->id).code, 5);
    assert_int_equal(exchange_partial_close(f->x, f->now, ACCOUNT, f->mnq->id, 1).code, 6);
    exchange_settings(f->x)->market_closed = false;
    assert_int_equal(exchange_close(f->x, f->now, ACCOUNT, f->mnq->id).code, 0);
    struct exchange_order closing;
    assert_true(exchange_order_seen(f->x, exchange_orders_count(f->x) - 1, INSTANT_NEVER, &closing));
    assert_true(closing.id > id && closing.type == EXCHANGE_MARKET && closing.tag[0] == '\0' && closing.parent_id == 0);
}

/* ---- Refusals: code, text, and whether the order exists nevertheless (gateway.md 1.4, 1.5, 2.7) ---- */

static void
refused_orders(void **state)
{
    struct fixture *f = *state;
    int64_t tick = f->mnq->tick_nanos, price = last(f);
    const struct {
        struct exchange_place place;
        int code;
        const char *text;
        bool exists;
    } rows[] = {
        { { .account_id = 9 }, 1, "", false },
        { { .contract_id = "CON.F.US.NONE.Z26" }, 8, "", false },
        { { .size = -1 }, 2, "Invalid order size specified", true },
        { { .type = EXCHANGE_STOP_LIMIT }, 2, "Invalid order type specified", true },
        { { .type = EXCHANGE_LIMIT, .limit = price + 1 }, 2, "Invalid limit price. Price is not aligned to tick size.", true },
        { { .type = EXCHANGE_STOP, .stop = price - tick }, 2, "Invalid stop price", true },
        { { .type = EXCHANGE_TRAILING_STOP }, 2, "Trail Distance not set.", true },
        { { .type = EXCHANGE_TRAILING_STOP, .trail = price - 1001 * tick }, 2, "Trail Distance exceeds maximum (1000)", true },
        { { .stop_loss = { true, 40, EXCHANGE_STOP } }, 2,
            "Invalid stop loss ticks (40). Ticks should be less than zero when longing.", true },
        { { .stop_loss = { true, -40, EXCHANGE_LIMIT } }, 2, "Invalid stop loss type (Limit)", true },
        { { .side = EXCHANGE_SELL, .stop_loss = { true, -50, EXCHANGE_STOP } }, 2,
            "Invalid stop loss ticks (-50). Stop loss tick value should be at least 4 ticks.", true },
        { { .side = EXCHANGE_SELL, .take_profit = { true, 30, EXCHANGE_LIMIT } }, 2,
            "Invalid take profit ticks (30). Ticks should be less than zero when going short.", true },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct exchange_reply reply = place(f, rows[i].place);
        if (reply.code != rows[i].code || strcmp(reply.message, rows[i].text) != 0 || (reply.order_id != 0) != rows[i].exists)
            fail_msg("row %zu: code %d, \"%s\", order %lld", i, reply.code, reply.message, (long long)reply.order_id);
        if (rows[i].exists)
            assert_int_equal(order(f, reply.order_id).status, EXCHANGE_REJECTED);
    }
    assert_true(exchange_is_flat(f->x, ACCOUNT));
}

static void
tags_are_used_once(void **state)
{
    struct fixture *f = *state;
    struct exchange_place tagged = { .tag = "same" }, elsewhere = { .tag = "same", .account_id = ACCOUNT + 1 };

    assert_int_equal(place(f, tagged).code, 0);
    assert_int_equal(exchange_close(f->x, f->now, ACCOUNT, f->mnq->id).code, 0);
    assert_int_equal(place(f, tagged).code, 2); /* Terminal orders still block it (gateway.md 2.7). */
    assert_int_equal(place(f, elsewhere).code, 0);
}

static void
locked_and_follower_accounts(void **state)
{
    struct fixture *f = *state;
    struct exchange_account *account = exchange_account_find(f->x, ACCOUNT);

    buy(f, 1);
    (void)events(f);
    exchange_set_can_trade(f->x, f->now, account, false);
    exchange_set_can_trade(f->x, f->now, account, false);
    assert_string_equal(events(f), "a");
    assert_int_equal(place(f, (struct exchange_place){ 0 }).code, 4);
    account->follower = true;
    assert_int_equal(place(f, (struct exchange_place){ 0 }).code, 10);
    assert_int_equal(exchange_close(f->x, f->now, ACCOUNT, f->mnq->id).code, 8);
    account->follower = false;
    assert_int_equal(exchange_close(f->x, f->now, ACCOUNT, f->mnq->id).code, 0);
}

/* ---- Time ---- */

static void
lists_can_trail(void **state)
{
    struct fixture *f = *state;
    struct exchange_position position;
    int64_t id = place(f, (struct exchange_place){ .type = EXCHANGE_LIMIT, .limit = last(f) - 40 * f->mnq->tick_nanos }).order_id;
    struct exchange_order then;

    f->now = instant_add(f->now, SPAN_SECONDS(1));
    assert_int_equal(exchange_cancel(f->x, f->now, ACCOUNT, id).code, 0);
    buy(f, 1);
    assert_true(exchange_order_find(f->x, id, noon, &then));
    assert_int_equal(then.status, EXCHANGE_OPEN);
    assert_false(exchange_order_find(f->x, id, instant_sub(noon, SPAN_MS(1)), &then));
    assert_true(!exchange_position_seen(f->x, 0, noon, &position) || position.net == 0);
    assert_true(exchange_position_seen(f->x, 0, f->now, &position) && position.net == 1);
}

static void
same_seed_same_world(void **state)
{
    struct exchange *twin[2] = { exchange_new(42, noon), exchange_new(42, noon) }, *other = exchange_new(43, noon);
    bool differs = false;

    (void)state;
    for (int step = 0; step < 200; step++) {
        struct instant at = instant_add(noon, SPAN_MS(250 * step));
        exchange_walk(twin[0], at);
        exchange_walk(twin[1], at);
        exchange_walk(other, at);
        for (size_t i = 0; i < listing_count(); i++) {
            int64_t price = exchange_quote(twin[0], listing_at(i)->id)->last;
            assert_int_equal(price, exchange_quote(twin[1], listing_at(i)->id)->last);
            assert_int_equal(price % listing_at(i)->tick_nanos, 0);
            differs = differs || price != exchange_quote(other, listing_at(i)->id)->last;
        }
    }
    assert_true(differs);
    exchange_free(twin[0]);
    exchange_free(twin[1]);
    exchange_free(other);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(market_order_is_pending_then_filled),
        CASE(pnl_is_gross_and_costs_are_apart),
        CASE(reversal_is_two_rows_or_one),
        CASE(flat_position_keeps_id_and_entry_price),
        CASE(fills_in_pieces),
        cmocka_unit_test_setup(void_takes_the_money_back_once, set_up),
        CASE(stop_and_limit_fill_when_reached_not_before),
        CASE(trailing_stop_follows_one_way),
        CASE(cancel_ends_an_order_once),
        CASE(a_cancel_may_lose_to_a_fill),
        CASE(modify_moves_or_is_refused),
        CASE(bracket_has_consecutive_ids_and_the_captured_order),
        CASE(one_cancels_the_other),
        CASE(closing_leaves_the_bracket_working),
        CASE(auto_cancel_sweeps_with_the_close),
        CASE(cancelled_entry_takes_its_children_along),
        CASE(closes_have_their_own_codes),
        CASE(refused_orders),
        CASE(tags_are_used_once),
        CASE(locked_and_follower_accounts),
        CASE(lists_can_trail),
        cmocka_unit_test(same_seed_same_world),
    };

    return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}
