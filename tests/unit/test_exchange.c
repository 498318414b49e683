/*
 * test_exchange.c - the simulated exchange's books and brackets against tables computed by hand (gateway.md 2.7 to 2.11, 11).
 */
#include "exchange_desk.h"

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

/* The same short, by parts: 3 sold at 100, 1 at 98; bought back 2 at 97, 2 at 99. */
static void
test_short_lots(void **state)
{
    struct desk desk = open_desk();

    (void)state;
    price(&desk, MNQ, 10000);
    market(&desk, MNQ, EXCHANGE_SELL, 3);
    price(&desk, MNQ, 9800);
    market(&desk, MNQ, EXCHANGE_SELL, 1);
    assert_int_equal(position(&desk).average, PRICE(9950));
    price(&desk, MNQ, 9700);
    market(&desk, MNQ, EXCHANGE_BUY, 2);
    assert_int_equal(last_trade(&desk)->pnl_micros, CENTS(1200)); /* 2 x 3 points x $2 */
    assert_int_equal(position(&desk).average, PRICE(9900));
    price(&desk, MNQ, 9900);
    market(&desk, MNQ, EXCHANGE_BUY, 2);
    assert_int_equal(last_trade(&desk)->pnl_micros, CENTS(0)); /* +1 point and -1 point */
    assert_int_equal(position(&desk).net, 0);
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_turns),
        cmocka_unit_test(test_lots),
        cmocka_unit_test(test_short_lots),
        cmocka_unit_test(test_reversal),
        cmocka_unit_test(test_void),
        cmocka_unit_test(test_bracket),
        cmocka_unit_test(test_oco),
        cmocka_unit_test(test_orphan),
        cmocka_unit_test(test_auto_cancel),
        cmocka_unit_test(test_late_child),
        cmocka_unit_test(test_partial_entry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
