/*
 * test_exchange_orders.c - what the simulated exchange does with orders: refusals, codes, kinds of order, pieces and turns
 * (gateway.md 2.7 to 2.11, 11).
 */
#include "exchange_desk.h"

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
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct desk desk = open_desk();
        struct exchange_place entry = rows[i].order;
        entry.size = 1;
        price(&desk, MNQ, 10000);
        int64_t id = place(&desk, entry).order_id;
        price(&desk, MNQ, rows[i].untouched);
        assert_int_equal(order(&desk, id).status, EXCHANGE_OPEN);
        price(&desk, MNQ, rows[i].to);
        assert_int_equal(order(&desk, id).status, EXCHANGE_FILLED);
        assert_int_equal(order(&desk, id).filled_price, PRICE(rows[i].filled));
        exchange_free(desk.exchange);
    }
    struct desk desk = open_desk();
    price(&desk, MNQ, 10000);
    int64_t id = place(&desk, (struct exchange_place){ .type = 1, .side = 0, .size = 1, .limit = PRICE(10200) }).order_id;
    assert_int_equal(order(&desk, id).filled_price, PRICE(10000));
    exchange_free(desk.exchange);
}

/* They take the price of the book's own side when they are placed; the ask is two ticks above the bid here. */
static void
test_joins(void **state)
{
    struct desk desk = open_desk();

    (void)state;
    exchange_settings(desk.exchange)->spread_ticks = 2;
    price(&desk, MNQ, 10000);
    int64_t bid = place(&desk, (struct exchange_place){ .type = EXCHANGE_JOIN_BID, .side = EXCHANGE_BUY, .size = 1 }).order_id;
    int64_t ask = place(&desk, (struct exchange_place){ .type = EXCHANGE_JOIN_ASK, .side = EXCHANGE_SELL, .size = 1 }).order_id;
    assert_int_equal(order(&desk, bid).limit, PRICE(10000));
    assert_int_equal(order(&desk, ask).limit, PRICE(10050));
    assert_int_equal(order(&desk, bid).status, EXCHANGE_OPEN);
    assert_int_equal(order(&desk, ask).status, EXCHANGE_OPEN);
    price(&desk, MNQ, 9950); /* The ask comes down to the bid that was joined. */
    assert_int_equal(order(&desk, bid).status, EXCHANGE_FILLED);
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

/* What is due earlier happens earlier, whatever its id. */
static void
test_turns(void **state)
{
    struct desk desk = open_desk();

    (void)state;
    price(&desk, MNQ, 10000);
    exchange_settings(desk.exchange)->fill_delay = SPAN_MS(8);
    int64_t late = market(&desk, MNQ, EXCHANGE_BUY, 1);
    exchange_settings(desk.exchange)->fill_delay = SPAN_MS(2);
    int64_t early = market(&desk, MNQ, EXCHANGE_BUY, 1);
    assert_true(instant_equal(exchange_next_due(desk.exchange), instant_add(START, SPAN_MS(2))));
    exchange_advance(desk.exchange, instant_add(START, SPAN_SECONDS(1)));
    assert_int_equal(exchange_trade_at(desk.exchange, 0)->order_id, early);
    assert_int_equal(exchange_trade_at(desk.exchange, 1)->order_id, late);
    assert_true(instant_equal(exchange_trade_at(desk.exchange, 1)->created, instant_add(START, SPAN_MS(8))));
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
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_close_codes),
        cmocka_unit_test(test_doubled_close),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_triggers),
        cmocka_unit_test(test_joins),
        cmocka_unit_test(test_trailing),
        cmocka_unit_test(test_modify_and_cancel),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_past),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_same_seed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
