/*
 * test_exchange.c - the simulated exchange's books against tables computed by hand (gateway.md 2.7 to 2.11, 11).
 */
#include "sim/exchange.h"

#include "base/assert.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#define MNQ "CON.F.US.MNQ.U26"
#define MES "CON.F.US.MES.U26"
#define ES "CON.F.US.EP.U26"
#define NQ "CON.F.US.ENQ.U26"
#define CL "CON.F.US.CLE.V26"
#define ACCOUNT 1001
#define START ((struct instant){ INT64_C(1787000000) * 1000000000 })
#define CENTS(n) ((n)*INT64_C(10000))
#define PRICE(hundredths) ((hundredths)*INT64_C(10000000))
#define START_BALANCE CENTS(5000000)

struct desk {
    struct exchange *exchange;
    struct instant now;
};

/* No spread and no delays: everything happens at the price and the instant of the test. */
static struct desk
open_desk(void)
{
    struct desk desk = { exchange_new(7, START), START };

    exchange_settings(desk.exchange)->spread_ticks = 0;
    assert_true(exchange_add_account(desk.exchange, ACCOUNT, "PRAC", START_BALANCE));
    return desk;
}

static void
price(struct desk *desk, const char *contract, int64_t hundredths)
{
    assert_true(exchange_set_price(desk->exchange, desk->now, contract, PRICE(hundredths)));
}

static struct exchange_reply
place(struct desk *desk, struct exchange_place order)
{
    order.account_id = ACCOUNT;
    if (order.contract_id == NULL)
        order.contract_id = MNQ;
    return exchange_place(desk->exchange, desk->now, &order);
}

static int64_t
market(struct desk *desk, const char *contract, int side, int64_t size)
{
    struct exchange_reply reply =
        place(desk, (struct exchange_place){ .contract_id = contract, .type = EXCHANGE_MARKET, .side = side, .size = size });

    assert_int_equal(reply.code, 0);
    return reply.order_id;
}

static struct exchange_order
order(const struct desk *desk, int64_t id)
{
    struct exchange_order found;

    assert_true(exchange_order_find(desk->exchange, id, INSTANT_NEVER, &found));
    return found;
}

static struct exchange_position
position(const struct desk *desk)
{
    struct exchange_position found;

    assert_true(exchange_position_seen(desk->exchange, 0, INSTANT_NEVER, &found));
    return found;
}

static int64_t
balance(const struct desk *desk)
{
    return exchange_account_find(desk->exchange, ACCOUNT)->balance_micros;
}

static const struct exchange_trade *
last_trade(const struct desk *desk)
{
    return exchange_trade_at(desk->exchange, exchange_trades_count(desk->exchange) - 1);
}

static void
drain(struct desk *desk)
{
    struct exchange_event event;

    while (exchange_take_event(desk->exchange, &event))
        continue;
}

/* Order events as "id-offset:status", positions "P net", trades "T", accounts "A". */
static void
expect_events(struct desk *desk, int64_t first_id, const char *expected)
{
    char line[512];
    struct text text = text_on(line, sizeof line);
    struct exchange_event event;

    while (exchange_take_event(desk->exchange, &event)) {
        if (event.kind == EXCHANGE_EVENT_QUOTE)
            continue;
        if (text.length > 0)
            text_add(&text, " ");
        if (event.kind == EXCHANGE_EVENT_ORDER)
            text_addf(&text, "%d:%d", (int)(event.u.order.id - first_id), (int)event.u.order.status);
        else if (event.kind == EXCHANGE_EVENT_POSITION)
            text_addf(&text, "P%d", (int)event.u.position.net);
        else
            text_add(&text, event.kind == EXCHANGE_EVENT_TRADE ? "T" : "A");
    }
    assert_string_equal(line, expected);
}

/* ---- Money ---- */

/* Gross = ticks x tick value x size; fees and commissions for both half-turns. */
static void
test_round_turns(void **state)
{
    static const struct {
        const char *contract;
        int side;
        int64_t size, entry, exit; /* Hundredths. */
        int64_t gross, fees, commissions; /* Cents. */
    } rows[] = {
        { MNQ, EXCHANGE_BUY, 1, 2953900, 2954225, 650, 72, 50 },      /* The captured trade: 3.25 points x $2. */
        { MNQ, EXCHANGE_SELL, 3, 2954000, 2955025, -6150, 216, 150 }, /* 10.25 x $2 x 3 */
        { MES, EXCHANGE_BUY, 2, 773625, 773675, 500, 144, 100 },      /* 0.5 x $5 x 2 */
        { MES, EXCHANGE_SELL, 1, 773625, 773650, -125, 72, 50 },      /* One tick. */
        { ES, EXCHANGE_BUY, 1, 773000, 772900, -5000, 280, 100 },     /* 1 x $50 */
        { ES, EXCHANGE_SELL, 2, 773050, 773025, 2500, 560, 200 },     /* 0.25 x $50 x 2 */
        { NQ, EXCHANGE_BUY, 1, 2954700, 2954725, 500, 280, 100 },     /* 0.25 x $20 */
        { NQ, EXCHANGE_SELL, 4, 2954700, 2955000, -24000, 1120, 400 },
        { CL, EXCHANGE_BUY, 1, 8510, 8511, 1000, 304, 100 },          /* 0.01 x $1000 */
        { CL, EXCHANGE_SELL, 3, 8510, 8535, -75000, 912, 300 },
        { CL, EXCHANGE_BUY, 1, 8510, 8510, 0, 304, 100 },             /* Zero is a number, not null. */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct desk desk = open_desk();
        price(&desk, rows[i].contract, rows[i].entry);
        market(&desk, rows[i].contract, rows[i].side, rows[i].size);
        assert_false(last_trade(&desk)->closing);
        price(&desk, rows[i].contract, rows[i].exit);
        market(&desk, rows[i].contract, 1 - rows[i].side, rows[i].size);
        const struct exchange_trade *open = exchange_trade_at(desk.exchange, 0), *close = exchange_trade_at(desk.exchange, 1);
        assert_int_equal(exchange_trades_count(desk.exchange), 2);
        assert_true(close->closing);
        assert_int_equal(close->pnl_micros, CENTS(rows[i].gross));
        assert_int_equal(open->fees_micros + close->fees_micros, CENTS(rows[i].fees));
        assert_int_equal(open->commissions_micros + close->commissions_micros, CENTS(rows[i].commissions));
        assert_int_equal(balance(&desk), START_BALANCE + CENTS(rows[i].gross - rows[i].fees - rows[i].commissions));
        assert_int_equal(position(&desk).net, 0);
        assert_int_equal(position(&desk).average, PRICE(rows[i].entry)); /* Of the entry, not the exit (gateway.md 5). */
        exchange_free(desk.exchange);
    }
}

/* Lots go first in, first out: 100, 101, 103 bought; one sold at 104 earns 4 points, the next 3, the last 1. */
static void
test_lots(void **state)
{
    struct desk desk = open_desk();
    const int64_t gross[] = { 800, 600, 200 };

    (void)state;
    for (int64_t at = 10000, step = 100; at <= 10300; at += step, step += 100) {
        price(&desk, MNQ, at);
        market(&desk, MNQ, EXCHANGE_BUY, 1);
    }
    assert_int_equal(position(&desk).net, 3);
    assert_int_equal(position(&desk).average, INT64_C(101333333333)); /* 304 / 3 */
    int64_t id = position(&desk).id;
    price(&desk, MNQ, 10400);
    for (size_t i = 0; i < COUNT_OF(gross); i++) {
        assert_int_equal(exchange_partial_close(desk.exchange, desk.now, ACCOUNT, MNQ, 1).code, 0);
        assert_int_equal(last_trade(&desk)->pnl_micros, CENTS(gross[i]));
        assert_int_equal(position(&desk).id, id);
    }
    assert_int_equal(position(&desk).net, 0);
    market(&desk, MNQ, EXCHANGE_SELL, 1);
    assert_int_not_equal(position(&desk).id, id); /* A new position after flat (gateway.md 2.10). */
    exchange_free(desk.exchange);
}

static void
test_reversal(void **state)
{
    (void)state;
    for (int single = 0; single <= 1; single++) {
        struct desk desk = open_desk();
        exchange_settings(desk.exchange)->single_row_reversal = single;
        price(&desk, MNQ, 10000);
        market(&desk, MNQ, EXCHANGE_BUY, 2);
        int64_t id = position(&desk).id;
        price(&desk, MNQ, 10100);
        market(&desk, MNQ, EXCHANGE_SELL, 5);
        assert_int_equal(exchange_trades_count(desk.exchange), single ? 2 : 3);
        const struct exchange_trade *close = exchange_trade_at(desk.exchange, 1);
        assert_true(close->closing);
        assert_int_equal(close->pnl_micros, CENTS(400));
        assert_int_equal(close->size, single ? 5 : 2);
        assert_int_equal(last_trade(&desk)->closing, single);
        assert_int_equal(position(&desk).net, -3);
        assert_int_equal(position(&desk).average, PRICE(10100));
        assert_int_not_equal(position(&desk).id, id);
        assert_int_equal(balance(&desk), START_BALANCE + CENTS(400 - 7 * 36 - 7 * 25));
        exchange_free(desk.exchange);
    }
}

static void
test_void(void **state)
{
    struct desk desk = open_desk();

    (void)state;
    price(&desk, MNQ, 10000);
    market(&desk, MNQ, EXCHANGE_BUY, 1);
    price(&desk, MNQ, 9900);
    market(&desk, MNQ, EXCHANGE_SELL, 1);
    int64_t id = last_trade(&desk)->id;
    assert_true(exchange_void(desk.exchange, desk.now, id));
    assert_false(exchange_void(desk.exchange, desk.now, id));
    assert_int_equal(balance(&desk), START_BALANCE - CENTS(36 + 25));
    exchange_free(desk.exchange);
}

/* ---- Brackets ---- */

static int64_t
enter_bracket(struct desk *desk, int side, int64_t size, int loss_type)
{
    int64_t way = side == EXCHANGE_BUY ? 1 : -1;
    struct exchange_reply reply = place(desk, (struct exchange_place){ .type = EXCHANGE_MARKET, .side = side, .size = size,
        .tag = "entry", .stop_loss = { true, -40 * way, loss_type }, .take_profit = { true, 80 * way, EXCHANGE_LIMIT } });

    assert_int_equal(reply.code, 0);
    return reply.order_id;
}

/* The captured sequence: SL(8), entry(6), TP(8); 8 ms: entry(2); 20 ms later SL(1), TP(1) (gateway.md 2.8). */
static void
test_bracket(void **state)
{
    struct desk desk = open_desk();

    (void)state;
    exchange_settings(desk.exchange)->fill_delay = SPAN_MS(8);
    exchange_settings(desk.exchange)->child_delay = SPAN_MS(20);
    price(&desk, MNQ, 10000);
    drain(&desk);
    int64_t id = enter_bracket(&desk, EXCHANGE_BUY, 2, EXCHANGE_STOP);
    expect_events(&desk, id, "1:8 0:6 2:8");
    assert_true(instant_equal(exchange_next_due(desk.exchange), instant_add(START, SPAN_MS(8))));
    exchange_advance(desk.exchange, instant_add(START, SPAN_MS(7)));
    expect_events(&desk, id, "");
    exchange_advance(desk.exchange, instant_add(START, SPAN_MS(8)));
    expect_events(&desk, id, "0:2 T P2 A");
    exchange_advance(desk.exchange, instant_add(START, SPAN_MS(28)));
    expect_events(&desk, id, "1:1 2:1");
    struct exchange_order loss = order(&desk, id + 1), profit = order(&desk, id + 2);
    assert_int_equal(loss.stop, PRICE(9000));
    assert_int_equal(loss.limit, 0);
    assert_int_equal(profit.limit, PRICE(12000));
    assert_int_equal(loss.side, EXCHANGE_SELL);
    assert_int_equal(profit.linked_id, id + 1);
    assert_int_equal(loss.linked_id, 0); /* Only the take profit is linked (gateway.md 2.5). */
    assert_int_equal(loss.parent_id, id);
    assert_string_equal(loss.tag, "entry-SL");
    assert_string_equal(profit.tag, "entry-TP");
    assert_true(instant_equal(order(&desk, id).updated, START)); /* A filled market order keeps its time. */
    exchange_free(desk.exchange);
}

/* One child fills, the other is cancelled; both ways, both sides. */
static void
test_oco(void **state)
{
    static const struct {
        int side;
        int64_t to, average;
        int filled;
    } rows[] = {
        { EXCHANGE_BUY, 9000, 10000, 1 },   /* Exactly on the stop. */
        { EXCHANGE_BUY, 12000, 10000, 2 },
        { EXCHANGE_SELL, 11000, 10000, 1 },
        { EXCHANGE_SELL, 8000, 10000, 2 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct desk desk = open_desk();
        price(&desk, MNQ, 10000);
        int64_t id = enter_bracket(&desk, rows[i].side, 1, EXCHANGE_STOP);
        price(&desk, MNQ, rows[i].to + (rows[i].to > 10000 ? -25 : 25));
        assert_int_equal(exchange_net(desk.exchange, ACCOUNT, MNQ), rows[i].side == EXCHANGE_BUY ? 1 : -1);
        price(&desk, MNQ, rows[i].to);
        assert_int_equal(exchange_net(desk.exchange, ACCOUNT, MNQ), 0);
        assert_int_equal(order(&desk, id + rows[i].filled).status, EXCHANGE_FILLED);
        assert_int_equal(order(&desk, id + 3 - rows[i].filled).status, EXCHANGE_CANCELLED);
        assert_true(exchange_is_flat(desk.exchange, ACCOUNT));
        exchange_free(desk.exchange);
    }
}

/* gateway.md 2.10: the stop of a closed position fires and opens one the other way. */
static void
test_orphan(void **state)
{
    struct desk desk = open_desk();

    (void)state;
    price(&desk, MNQ, 10000);
    int64_t id = enter_bracket(&desk, EXCHANGE_BUY, 1, EXCHANGE_STOP);
    drain(&desk);
    assert_int_equal(exchange_close(desk.exchange, desk.now, ACCOUNT, MNQ).code, 0);
    struct exchange_order close;
    assert_true(exchange_order_seen(desk.exchange, exchange_orders_count(desk.exchange) - 1, INSTANT_NEVER, &close));
    assert_int_equal(close.type, EXCHANGE_MARKET);
    assert_int_equal(close.parent_id, 0);
    assert_string_equal(close.tag, "");
    assert_int_equal(exchange_net(desk.exchange, ACCOUNT, MNQ), 0);
    assert_false(exchange_is_flat(desk.exchange, ACCOUNT));
    assert_int_equal(order(&desk, id + 1).status, EXCHANGE_OPEN);
    price(&desk, MNQ, 8900); /* Gaps through the stop: filled where the market is. */
    assert_int_equal(exchange_net(desk.exchange, ACCOUNT, MNQ), -1);
    assert_int_equal(order(&desk, id + 1).filled_price, PRICE(8900));
    assert_int_equal(order(&desk, id + 2).status, EXCHANGE_CANCELLED);
    exchange_free(desk.exchange);
}

static void
test_auto_cancel(void **state)
{
    struct desk desk = open_desk();

    (void)state;
    exchange_settings(desk.exchange)->auto_cancel = true;
    price(&desk, MNQ, 10000);
    int64_t id = enter_bracket(&desk, EXCHANGE_BUY, 1, EXCHANGE_STOP);
    assert_int_equal(exchange_close(desk.exchange, desk.now, ACCOUNT, MNQ).code, 0);
    assert_int_equal(order(&desk, id + 1).status, EXCHANGE_CANCELLED);
    assert_true(exchange_is_flat(desk.exchange, ACCOUNT));
    exchange_free(desk.exchange);
}

/* A child becomes working even when its position was closed before (the window of gateway.md 2.8). */
static void
test_late_child(void **state)
{
    struct desk desk = open_desk();

    (void)state;
    exchange_settings(desk.exchange)->child_delay = SPAN_MS(20);
    price(&desk, MNQ, 10000);
    int64_t id = enter_bracket(&desk, EXCHANGE_BUY, 1, EXCHANGE_TRAILING_STOP);
    assert_int_equal(exchange_close(desk.exchange, desk.now, ACCOUNT, MNQ).code, 0);
    assert_int_equal(order(&desk, id + 1).status, EXCHANGE_SUSPENDED);
    exchange_advance(desk.exchange, instant_add(START, SPAN_MS(20)));
    assert_int_equal(order(&desk, id + 1).status, EXCHANGE_OPEN);
    assert_int_equal(order(&desk, id + 1).trail_ticks, 40);
    exchange_free(desk.exchange);
}

/* An entry cancelled before it filled takes its children along; one partly filled leaves them what was filled. */
static void
test_partial_entry(void **state)
{
    struct desk desk = open_desk();

    (void)state;
    price(&desk, MNQ, 10000);
    for (int filled = 0; filled <= 2; filled += 2) {
        struct exchange_reply reply = place(&desk, (struct exchange_place){ .type = EXCHANGE_LIMIT, .side = EXCHANGE_BUY,
            .size = 5, .limit = PRICE(9900), .stop_loss = { true, -10, EXCHANGE_STOP },
            .take_profit = { true, 10, EXCHANGE_LIMIT } });
        assert_int_equal(reply.code, 0);
        if (filled > 0) {
            assert_true(exchange_fill(desk.exchange, desk.now, reply.order_id, filled, PRICE(9900)));
            assert_int_equal(order(&desk, reply.order_id).status, EXCHANGE_OPEN);
            assert_int_equal(order(&desk, reply.order_id).fill_volume, 2);
            assert_int_equal(order(&desk, reply.order_id + 1).size, 2);
            assert_true(exchange_fill(desk.exchange, desk.now, reply.order_id, 1, PRICE(9900)));
            assert_int_equal(order(&desk, reply.order_id + 1).size, 3);
        }
        assert_int_equal(exchange_cancel(desk.exchange, desk.now, ACCOUNT, reply.order_id).code, 0);
        assert_int_equal(order(&desk, reply.order_id).status, EXCHANGE_CANCELLED);
        assert_int_equal(order(&desk, reply.order_id + 2).status, filled > 0 ? EXCHANGE_OPEN : EXCHANGE_CANCELLED);
        assert_int_equal(exchange_net(desk.exchange, ACCOUNT, MNQ), filled > 0 ? 3 : 0);
    }
    exchange_free(desk.exchange);
}

/* ---- Orders ---- */

/* Codes and texts of gateway.md 1.4, 1.5; `made`: the order exists, rejected (gateway.md 2.7). */
static void
test_refusals(void **state)
{
    static const struct {
        struct exchange_place order;
        int code;
        const char *message;
        bool made;
    } rows[] = {
        { { .contract_id = "CON.F.US.ES.U26", .type = 2, .size = 1 }, 8, "", false },
        { { .contract_id = "CON.F.US.MNQ.M26", .type = 2, .size = 1 }, 9, "", false },
        { { .type = 2, .size = 0 }, 2, "Invalid order size specified", true },
        { { .type = 2, .size = -1 }, 2, "Invalid order size specified", true },
        { { .type = 3, .size = 1 }, 2, "Invalid order type specified", true },
        { { .type = 1, .size = 1 }, 2, "Invalid limit price. Price is not aligned to tick size.", true },
        { { .type = 1, .size = 1, .limit = PRICE(9910) }, 2, "Invalid limit price. Price is not aligned to tick size.", true },
        { { .type = 4, .size = 1, .stop = PRICE(10110) }, 2, "Invalid stop price. Price is not aligned to tick size.", true },
        { { .type = 4, .size = 1, .stop = PRICE(10000) }, 2, "Invalid stop price", true }, /* A buy stop at the market. */
        { { .type = 4, .side = 1, .size = 1, .stop = PRICE(10025) }, 2, "Invalid stop price", true },
        { { .type = 5, .size = 1 }, 2, "Trail Distance not set.", true },
        { { .type = 5, .side = 1, .size = 1, .trail = PRICE(35025) }, 2, "Trail Distance exceeds maximum (1000)", true },
        { { .type = 2, .size = 1, .stop_loss = { true, 40, 4 } }, 2,
            "Invalid stop loss ticks (40). Ticks should be less than zero when longing.", true },
        { { .type = 2, .side = 1, .size = 1, .take_profit = { true, 30, 1 } }, 2,
            "Invalid take profit ticks (30). Ticks should be less than zero when going short.", true },
        { { .type = 2, .side = 1, .size = 1, .stop_loss = { true, -50, 4 } }, 2,
            "Invalid stop loss ticks (-50). Stop loss tick value should be at least 4 ticks.", true },
        { { .type = 2, .size = 1, .stop_loss = { true, -3, 4 } }, 2,
            "Invalid stop loss ticks (-3). Stop loss tick value should be at least 4 ticks.", true },
        { { .type = 2, .size = 1, .stop_loss = { true, -40, 1 } }, 2, "Invalid stop loss type (Limit)", true },
        { { .type = 2, .size = 1, .stop_loss = { true, -4, 4 } }, 0, "", true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct desk desk = open_desk();
        price(&desk, MNQ, 10000);
        struct exchange_reply reply = place(&desk, rows[i].order);
        assert_int_equal(reply.code, rows[i].code);
        assert_string_equal(reply.message, rows[i].message);
        assert_int_equal(reply.order_id != 0, rows[i].made);
        if (rows[i].made && rows[i].code != 0)
            assert_int_equal(order(&desk, reply.order_id).status, EXCHANGE_REJECTED);
        exchange_free(desk.exchange);
    }
}

/* What depends on the account and the hours. */
static void
test_accounts(void **state)
{
    struct desk desk = open_desk();
    struct exchange_account *account = exchange_account_find(desk.exchange, ACCOUNT);
    struct exchange_place entry = { .type = EXCHANGE_MARKET, .size = 2 };

    (void)state;
    price(&desk, MNQ, 10000);
    int64_t id = enter_bracket(&desk, EXCHANGE_BUY, 1, EXCHANGE_STOP);
    account->follower = true;
    assert_int_equal(place(&desk, entry).code, 10);
    assert_string_equal(place(&desk, entry).message, "Follower accounts cannot place orders");
    assert_int_equal(exchange_cancel(desk.exchange, desk.now, ACCOUNT, id + 1).code, 6);
    assert_int_equal(exchange_close(desk.exchange, desk.now, ACCOUNT, MNQ).code, 8);
    assert_int_equal(exchange_partial_close(desk.exchange, desk.now, ACCOUNT, MNQ, 1).code, 9);
    account->follower = false;
    account->live = true;
    assert_string_equal(exchange_cancel(desk.exchange, desk.now, ACCOUNT, id + 1).message, "Live accounts not supported");
    assert_int_equal(exchange_partial_close(desk.exchange, desk.now, ACCOUNT, MNQ, 1).code, 9);
    account->live = false;
    account->position_brackets = true;
    entry.stop_loss = (struct exchange_bracket){ true, -40, EXCHANGE_STOP };
    assert_string_equal(place(&desk, entry).message,
        "Brackets cannot be used with Position Brackets. You must enable Auto OCO Brackets.");
    account->position_brackets = false;
    drain(&desk);
    exchange_set_can_trade(desk.exchange, desk.now, account, false);
    expect_events(&desk, id, "A");
    assert_int_equal(place(&desk, entry).code, 4);
    exchange_set_can_trade(desk.exchange, desk.now, account, true);
    exchange_settings(desk.exchange)->market_closed = true;
    assert_string_equal(place(&desk, entry).message,
        "Trading is currently unavailable. The instrument is not in an active trading status.");
    assert_int_equal(exchange_close(desk.exchange, desk.now, ACCOUNT, MNQ).code, 5);
    assert_int_equal(exchange_partial_close(desk.exchange, desk.now, ACCOUNT, MNQ, 1).code, 6);
    exchange_settings(desk.exchange)->market_closed = false;
    assert_int_equal(exchange_net(desk.exchange, ACCOUNT, MNQ), 1);
    exchange_free(desk.exchange);
}

static void
test_close_codes(void **state)
{
    struct desk desk = open_desk();

    (void)state;
    assert_int_equal(exchange_close(desk.exchange, desk.now, 5, MNQ).code, 1);
    assert_int_equal(exchange_close(desk.exchange, desk.now, ACCOUNT, MNQ).code, 2);
    assert_int_equal(exchange_close(desk.exchange, desk.now, ACCOUNT, "X").code, 3);
    assert_int_equal(exchange_close(desk.exchange, desk.now, ACCOUNT, "CON.F.US.MNQ.M26").code, 4);
    price(&desk, MNQ, 10000);
    market(&desk, MNQ, EXCHANGE_SELL, 3);
    assert_int_equal(exchange_partial_close(desk.exchange, desk.now, ACCOUNT, MNQ, 4).code, 5);
    assert_int_equal(exchange_partial_close(desk.exchange, desk.now, ACCOUNT, MNQ, 0).code, 5);
    assert_int_equal(exchange_partial_close(desk.exchange, desk.now, ACCOUNT, MNQ, 2).code, 0);
    assert_int_equal(exchange_net(desk.exchange, ACCOUNT, MNQ), -1);
    assert_int_equal(exchange_close(desk.exchange, desk.now, ACCOUNT, MNQ).code, 0);
    assert_int_equal(exchange_close(desk.exchange, desk.now, ACCOUNT, MNQ).code, 2);
    assert_int_equal(exchange_trades_count(desk.exchange), 3);
    exchange_free(desk.exchange);
}

/* Two closes sent before the first has filled close twice: nothing at the venue prevents it. */
static void
test_doubled_close(void **state)
{
    struct desk desk = open_desk();

    (void)state;
    price(&desk, MNQ, 10000);
    market(&desk, MNQ, EXCHANGE_BUY, 2);
    exchange_settings(desk.exchange)->fill_delay = SPAN_MS(8);
    assert_int_equal(exchange_close(desk.exchange, desk.now, ACCOUNT, MNQ).code, 0);
    assert_int_equal(exchange_close(desk.exchange, desk.now, ACCOUNT, MNQ).code, 0);
    exchange_advance(desk.exchange, instant_add(START, SPAN_MS(8)));
    assert_int_equal(exchange_net(desk.exchange, ACCOUNT, MNQ), -2);
    exchange_free(desk.exchange);
}

static void
test_tags(void **state)
{
    struct desk desk = open_desk();
    struct exchange_place entry = { .type = EXCHANGE_MARKET, .size = 1, .tag = "once" };

    (void)state;
    assert_true(exchange_add_account(desk.exchange, 1002, "OTHER", 0));
    assert_false(exchange_add_account(desk.exchange, 1002, "AGAIN", 0));
    assert_int_equal(place(&desk, entry).code, 0);
    struct exchange_reply reply = place(&desk, entry); /* The first is filled: its tag stays taken (gateway.md 9.19). */
    assert_int_equal(reply.code, 2);
    assert_int_equal(reply.order_id, 0);
    assert_non_null(strstr(reply.message, "already used"));
    entry.tag = "";
    assert_int_equal(place(&desk, entry).code, 0);
    assert_int_equal(place(&desk, entry).code, 0);
    entry.tag = "once";
    entry.account_id = 1002;
    entry.contract_id = MNQ;
    assert_int_equal(exchange_place(desk.exchange, desk.now, &entry).code, 0);
    exchange_free(desk.exchange);
}

/* Limits fill at their price when it comes to them, at the market's when they come to it; stops at the market. */
static void
test_triggers(void **state)
{
    static const struct {
        struct exchange_place order;
        int64_t untouched, to, filled; /* Prices of the market; where it fills. */
    } rows[] = {
        { { .type = 1, .side = 0, .limit = PRICE(9900) }, 9925, 9850, 9900 },
        { { .type = 1, .side = 1, .limit = PRICE(10100) }, 10075, 10100, 10100 },
        { { .type = 4, .side = 0, .stop = PRICE(10100) }, 10075, 10150, 10150 },
        { { .type = 4, .side = 1, .stop = PRICE(9900) }, 9925, 9900, 9900 },
        { { .type = 6, .side = 0 }, 10025, 9975, 9950 },  /* Join bid: rests at the bid of 99.50. */
        { { .type = 7, .side = 1 }, 9975, 10050, 10050 }, /* Join ask: at 100.50. */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct desk desk = open_desk();
        struct exchange_place entry = rows[i].order;
        bool joins = entry.type >= EXCHANGE_JOIN_BID;
        exchange_settings(desk.exchange)->spread_ticks = joins ? 4 : 0;
        price(&desk, MNQ, joins && entry.side == 0 ? 9950 : joins ? 9950 : 10000);
        entry.size = 1;
        int64_t id = place(&desk, entry).order_id;
        exchange_settings(desk.exchange)->spread_ticks = 0;
        if (!joins) {
            price(&desk, MNQ, rows[i].untouched);
            assert_int_equal(order(&desk, id).status, EXCHANGE_OPEN);
            price(&desk, MNQ, rows[i].to);
            assert_int_equal(order(&desk, id).status, EXCHANGE_FILLED);
            assert_int_equal(order(&desk, id).filled_price, PRICE(rows[i].filled));
        } else {
            assert_int_equal(order(&desk, id).limit, PRICE(entry.side == 0 ? 9950 : 10050));
        }
        exchange_free(desk.exchange);
    }
    struct desk desk = open_desk();
    price(&desk, MNQ, 10000);
    int64_t id = place(&desk, (struct exchange_place){ .type = 1, .side = 0, .size = 1, .limit = PRICE(10200) }).order_id;
    assert_int_equal(order(&desk, id).filled_price, PRICE(10000));
    exchange_free(desk.exchange);
}

static void
test_trailing(void **state)
{
    struct desk desk = open_desk();

    (void)state;
    price(&desk, MNQ, 10000);
    market(&desk, MNQ, EXCHANGE_BUY, 1);
    int64_t id = place(&desk, (struct exchange_place){ .type = EXCHANGE_TRAILING_STOP, .side = EXCHANGE_SELL, .size = 1,
        .trail = PRICE(9900) }).order_id;
    assert_int_equal(order(&desk, id).trail_ticks, 4);
    price(&desk, MNQ, 10200);
    assert_int_equal(order(&desk, id).stop, PRICE(10100));
    price(&desk, MNQ, 10125);
    assert_int_equal(order(&desk, id).stop, PRICE(10100)); /* Never back. */
    price(&desk, MNQ, 10100);
    assert_int_equal(order(&desk, id).status, EXCHANGE_FILLED);
    assert_true(exchange_is_flat(desk.exchange, ACCOUNT));
    exchange_free(desk.exchange);
}

static void
test_modify_and_cancel(void **state)
{
    struct desk desk = open_desk();
    struct exchange_modify modify = { .account_id = ACCOUNT, .size = 3, .limit = PRICE(9950) };

    (void)state;
    price(&desk, MNQ, 10000);
    int64_t id = place(&desk, (struct exchange_place){ .type = 1, .side = 0, .size = 1, .limit = PRICE(9900) }).order_id;
    modify.order_id = id;
    assert_int_equal(exchange_modify(desk.exchange, desk.now, &modify).code, 0);
    assert_int_equal(order(&desk, id).size, 3);
    assert_int_equal(order(&desk, id).limit, PRICE(9950));
    modify.limit = PRICE(9951);
    assert_int_equal(exchange_modify(desk.exchange, desk.now, &modify).code, 3);
    modify.order_id = id + 1000;
    assert_int_equal(exchange_modify(desk.exchange, desk.now, &modify).code, 2);
    assert_int_equal(exchange_cancel(desk.exchange, desk.now, 5, id).code, 1);
    exchange_settings(desk.exchange)->cancel_delay = SPAN_MS(50); /* Status 7; a fill may come first. */
    assert_int_equal(exchange_cancel(desk.exchange, desk.now, ACCOUNT, id).code, 0);
    assert_int_equal(order(&desk, id).status, EXCHANGE_PENDING_CANCEL);
    assert_int_equal(exchange_cancel(desk.exchange, desk.now, ACCOUNT, id).code, 4);
    assert_true(exchange_fill(desk.exchange, desk.now, id, 1, PRICE(9950)));
    exchange_advance(desk.exchange, instant_add(START, SPAN_MS(50)));
    assert_int_equal(order(&desk, id).status, EXCHANGE_CANCELLED);
    assert_int_equal(order(&desk, id).fill_volume, 1); /* Terminal, and yet it changed the position (gateway.md 5). */
    assert_int_equal(exchange_cancel(desk.exchange, desk.now, ACCOUNT, id).code, 2);
    assert_false(exchange_fill(desk.exchange, desk.now, id, 1, PRICE(9950)));
    exchange_free(desk.exchange);
}

static void
test_pieces(void **state)
{
    struct desk desk = open_desk();

    (void)state;
    exchange_settings(desk.exchange)->fill_pieces = 3;
    price(&desk, MNQ, 10000);
    drain(&desk);
    int64_t id = market(&desk, MNQ, EXCHANGE_BUY, 5);
    expect_events(&desk, id, "0:6 0:1 T P2 A 0:1 T P4 A 0:2 T P5 A");
    exchange_free(desk.exchange);
}

/* ---- Time ---- */

/* REST lag (gateway.md 9.13): the books as they were. */
static void
test_past(void **state)
{
    struct desk desk = open_desk();
    struct exchange_order found;
    struct exchange_position held;

    (void)state;
    price(&desk, MNQ, 10000);
    desk.now = instant_add(START, SPAN_SECONDS(1));
    int64_t id = place(&desk, (struct exchange_place){ .type = 1, .side = 0, .size = 1, .limit = PRICE(9900) }).order_id;
    desk.now = instant_add(START, SPAN_SECONDS(2));
    price(&desk, MNQ, 9900);
    assert_false(exchange_order_find(desk.exchange, id, instant_add(START, SPAN_MS(999)), &found));
    assert_true(exchange_order_find(desk.exchange, id, instant_add(START, SPAN_MS(1999)), &found));
    assert_int_equal(found.status, EXCHANGE_OPEN);
    assert_true(exchange_order_find(desk.exchange, id, instant_add(START, SPAN_MS(2000)), &found));
    assert_int_equal(found.status, EXCHANGE_FILLED);
    assert_false(exchange_position_seen(desk.exchange, 0, instant_add(START, SPAN_MS(1999)), &held));
    assert_true(exchange_position_seen(desk.exchange, 0, instant_add(START, SPAN_MS(2000)), &held));
    assert_int_equal(held.net, 1);
    exchange_free(desk.exchange);
}

/* Same seed and calls, same books, however often the time is told in between. */
static void
test_same_seed(void **state)
{
    struct desk a = open_desk(), b = open_desk();

    (void)state;
    for (int i = 0; i < 200; i++) {
        struct desk *desks[] = { &a, &b };
        for (size_t k = 0; k < COUNT_OF(desks); k++) {
            struct desk *desk = desks[k];
            exchange_settings(desk->exchange)->fill_delay = SPAN_MS(8);
            exchange_settings(desk->exchange)->child_delay = SPAN_MS(20);
            desk->now = instant_add(START, SPAN_MS(50 * i));
            exchange_walk(desk->exchange, desk->now);
            market(desk, MNQ, i % 2, 1 + i % 3);
            for (int ms = 0; k == 1 && ms < 50; ms += 5)
                exchange_advance(desk->exchange, instant_add(desk->now, SPAN_MS(ms)));
        }
    }
    exchange_advance(a.exchange, instant_add(START, SPAN_SECONDS(20)));
    exchange_advance(b.exchange, instant_add(START, SPAN_SECONDS(20)));
    assert_int_equal(balance(&a), balance(&b));
    assert_int_equal(exchange_trades_count(a.exchange), exchange_trades_count(b.exchange));
    assert_int_equal(last_trade(&a)->id, last_trade(&b)->id);
    assert_true(instant_equal(last_trade(&a)->created, last_trade(&b)->created));
    assert_int_equal(position(&a).average, position(&b).average);
    int64_t sum = 0; /* The money adds up (R-003-1). */
    for (size_t i = 0; i < exchange_trades_count(a.exchange); i++) {
        const struct exchange_trade *trade = exchange_trade_at(a.exchange, i);
        sum += trade->pnl_micros - trade->fees_micros - trade->commissions_micros;
    }
    assert_int_equal(balance(&a), START_BALANCE + sum);
    exchange_free(a.exchange);
    exchange_free(b.exchange);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_turns),
        cmocka_unit_test(test_lots),
        cmocka_unit_test(test_reversal),
        cmocka_unit_test(test_void),
        cmocka_unit_test(test_bracket),
        cmocka_unit_test(test_oco),
        cmocka_unit_test(test_orphan),
        cmocka_unit_test(test_auto_cancel),
        cmocka_unit_test(test_late_child),
        cmocka_unit_test(test_partial_entry),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_close_codes),
        cmocka_unit_test(test_doubled_close),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_triggers),
        cmocka_unit_test(test_trailing),
        cmocka_unit_test(test_modify_and_cancel),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_past),
        cmocka_unit_test(test_same_seed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
