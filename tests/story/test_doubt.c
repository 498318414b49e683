/*
 * test_doubt.c - positions, trades and orders that do not agree: an event was lost, the account is reconciled (PF-06).
 */
#include "lib/engine_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
trade(struct engine_fixture *f, int64_t id, int32_t side, int32_t size)
{
    struct event event = { .kind = EVENT_TRADE };

    event.u.trade = (struct trade_row){ .id = id, .account_id = FIXTURE_ACCOUNT, .order_id = 700, .contract = { FIXTURE_MNQ }, .at = f->now,
        .side = side, .size = size };
    story_feed(f, &event);
}

/* The order's fill is told in all three ways. */
static void
open_and_order(struct engine_fixture *f)
{
    story_open(f, "{}");
    story_wait_ms(f, 1000);
    story_order(f, 700, FIXTURE_MNQ, ORDER_FILLED, ORDER_MARKET, SIDE_BUY, 3, 3);
}

static void
read_trades(struct engine_fixture *f)
{
    struct event event = { .kind = EVENT_SNAPSHOT, .u.snapshot = { .account_id = FIXTURE_ACCOUNT, .parts = PART_TRADES } };

    event.u.snapshot.asked_at = f->now;
    story_feed(f, &event);
}

/* In any order, in pieces, long and short. */
static void
what_agrees_is_left_alone(void **state)
{
    struct engine_fixture f;

    (void)state;
    open_and_order(&f);
    story_position(&f, FIXTURE_MNQ, 3);
    assert_int_equal(story_count_while(&f, 4000, COMMAND_SYNC), 0);
    trade(&f, 1, SIDE_BUY, 2);
    trade(&f, 2, SIDE_BUY, 1);
    assert_int_equal(story_count_while(&f, 8000, COMMAND_SYNC), 0);
    trade(&f, 3, SIDE_SELL, 5);
    assert_int_equal(story_count_while(&f, 4000, COMMAND_SYNC), 0);
    story_position(&f, FIXTURE_MNQ, 1);
    story_position(&f, FIXTURE_MNQ, -2);
    trade(&f, 3, SIDE_SELL, 5); /* Told twice. */
    assert_int_equal(story_count_while(&f, 30000, COMMAND_SYNC), 0);
    story_close(&f);
}

static void
position_without_trade(void **state)
{
    struct engine_fixture f;

    (void)state;
    open_and_order(&f);
    story_position(&f, FIXTURE_MNQ, 3);
    trade(&f, 1, SIDE_BUY, 2);
    assert_int_equal(story_count_while(&f, 4900, COMMAND_SYNC), 0);
    assert_int_equal(story_count_while(&f, 200, COMMAND_SYNC), 1);
    assert_int_equal(story_count_while(&f, 30000, COMMAND_SYNC), 0); /* Once; the gateway keeps at it. */
    read_trades(&f);
    story_position(&f, FIXTURE_MNQ, 0);
    assert_int_equal(story_count_while(&f, 5100, COMMAND_SYNC), 1); /* And again for the next. */
    story_close(&f);
}

static void
trade_without_position(void **state)
{
    struct engine_fixture f;

    (void)state;
    open_and_order(&f);
    trade(&f, 1, SIDE_BUY, 3);
    story_wait_ms(&f, 1000);
    read_trades(&f); /* Too young to be settled by it. */
    assert_int_equal(story_count_while(&f, 3900, COMMAND_SYNC), 0);
    assert_int_equal(story_count_while(&f, 200, COMMAND_SYNC), 1);
    story_close(&f);
}

/* The position was there before: what a read of the day brings explains nothing and wants no explanation. */
static void
first_truth_is_the_beginning(void **state)
{
    struct engine_fixture f;
    struct event event = { .kind = EVENT_RESTORE };

    (void)state;
    story_open_bare(&f, "{}");
    story_feed(&f, &event);
    trade(&f, 1, SIDE_BUY, 1);
    story_read(&f, FIXTURE_MNQ, 3, NULL, 0);
    assert_int_equal(story_count_while(&f, 30000, COMMAND_SYNC), 0);
    story_close(&f);
}

static void
trade_of_a_strange_order(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, "{}");
    story_wait_ms(&f, 1000);
    story_position(&f, FIXTURE_MNQ, 3);
    trade(&f, 1, SIDE_BUY, 3);
    assert_int_equal(story_count_while(&f, 4900, COMMAND_SYNC), 0);
    assert_int_equal(story_count_while(&f, 200, COMMAND_SYNC), 1);
    trade(&f, 2, SIDE_SELL, 3);
    story_position(&f, FIXTURE_MNQ, 0);
    assert_int_equal(story_count_while(&f, 2000, COMMAND_SYNC), 0);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_FILLED, ORDER_MARKET, SIDE_BUY, 3, 3);
    assert_int_equal(story_count_while(&f, 30000, COMMAND_SYNC), 0);
    story_close(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_agrees_is_left_alone),
        cmocka_unit_test(position_without_trade),
        cmocka_unit_test(trade_without_position),
        cmocka_unit_test(first_truth_is_the_beginning),
        cmocka_unit_test(trade_of_a_strange_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
