/*
 * exchange_desk.h - a simulated exchange without spread and delays, and the words its tests speak in.
 */
#ifndef TESTS_UNIT_EXCHANGE_DESK_H
#define TESTS_UNIT_EXCHANGE_DESK_H

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
static inline struct desk
open_desk(void)
{
    struct desk desk = { exchange_new(7, START), START };

    exchange_settings(desk.exchange)->spread_ticks = 0;
    assert_true(exchange_add_account(desk.exchange, ACCOUNT, "PRAC", START_BALANCE));
    return desk;
}

static inline void
price(struct desk *desk, const char *contract, int64_t hundredths)
{
    assert_true(exchange_set_price(desk->exchange, desk->now, contract, PRICE(hundredths)));
}

static inline struct exchange_reply
place(struct desk *desk, struct exchange_place order)
{
    order.account_id = ACCOUNT;
    if (order.contract_id == NULL)
        order.contract_id = MNQ;
    return exchange_place(desk->exchange, desk->now, &order);
}

static inline int64_t
market(struct desk *desk, const char *contract, int side, int64_t size)
{
    struct exchange_reply reply =
        place(desk, (struct exchange_place){ .contract_id = contract, .type = EXCHANGE_MARKET, .side = side, .size = size });

    assert_int_equal(reply.code, 0);
    return reply.order_id;
}

static inline struct exchange_order
order(const struct desk *desk, int64_t id)
{
    struct exchange_order found;

    assert_true(exchange_order_find(desk->exchange, id, INSTANT_NEVER, &found));
    return found;
}

static inline struct exchange_position
position(const struct desk *desk)
{
    struct exchange_position found;

    assert_true(exchange_position_seen(desk->exchange, 0, INSTANT_NEVER, &found));
    return found;
}

static inline int64_t
balance(const struct desk *desk)
{
    return exchange_account_find(desk->exchange, ACCOUNT)->balance_micros;
}

static inline const struct exchange_trade *
last_trade(const struct desk *desk)
{
    return exchange_trade_at(desk->exchange, exchange_trades_count(desk->exchange) - 1);
}

static inline void
drain(struct desk *desk)
{
    struct exchange_event event;

    while (exchange_take_event(desk->exchange, &event))
        continue;
}

/* Order events as "id-offset:status", positions "P net", trades "T", accounts "A". */
static inline void
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

static inline int64_t
enter_bracket(struct desk *desk, int side, int64_t size, int loss_type)
{
    int64_t way = side == EXCHANGE_BUY ? 1 : -1;
    struct exchange_reply reply = place(desk, (struct exchange_place){ .type = EXCHANGE_MARKET, .side = side, .size = size,
        .tag = "entry", .stop_loss = { true, -40 * way, loss_type }, .take_profit = { true, 80 * way, EXCHANGE_LIMIT } });

    assert_int_equal(reply.code, 0);
    return reply.order_id;
}

#endif
