/*
 * test_recovery.c - stories of what must not stop the guard: a clock that was wrong, a process that died with a stop of ours at work,
 * a close the venue has not finished, more contracts than there is room for, quotes nobody needs.
 */
#include "lib/engine_fixture.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define LOSS "{\"daily_realized_loss\":{\"enabled\":true,\"limit\":-500}}"
#define GRACE "{\"no_stop_loss_grace\":{\"enabled\":true,\"grace_period_seconds\":30}}"
#define STOPS "{\"trade_management\":{\"enabled\":true,\"auto_stop_loss\":{\"enabled\":true,\"stop_loss_ticks\":10}}}"
#define HOUR_MS INT64_C(3600000)

static void
jump(struct engine_fixture *f, int64_t ms)
{
    f->now = instant_add(f->now, SPAN_MS(ms));
    story_feed(f, &(struct event){ .kind = EVENT_CLOCK });
}

/* A close refused while the clock was an hour ahead is not tried again only when that hour has come. */
static void
clock_corrected_close_goes_on(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, LOSS);
    story_position(&f, FIXTURE_MNQ, 1);
    jump(&f, HOUR_MS);
    story_trade(&f, 1, -600);
    story_answer(&f, story_only(&f, COMMAND_CLOSE)->id, OUTCOME_REFUSED);
    jump(&f, -HOUR_MS);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    assert_int_equal(story_notices(&f, NOTICE_ALARM), 1);
    assert_int_equal(story_count_while(&f, 5000, COMMAND_READ), 1); /* The one in flight counts as sent now. */
    assert_true(engine_is_locked(f.engine, FIXTURE_ACCOUNT, ""));
    story_close(&f);
}

/* R-008-1: a grace period begun by the wrong clock runs from the right one. */
static void
clock_corrected_grace_runs(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, GRACE);
    jump(&f, HOUR_MS);
    story_position(&f, FIXTURE_MNQ, 1);
    jump(&f, -HOUR_MS);
    assert_int_equal(story_count_while(&f, 29000, COMMAND_CLOSE), 0);
    assert_int_equal(story_count_while(&f, 1000, COMMAND_CLOSE), 1);
    story_close(&f);
}

/* R-RST-1: the day of an instant is that day's, whatever clock had rolled it; its trades count. */
static void
clock_corrected_day_comes_back(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, LOSS);
    story_trade(&f, 1, -300);
    struct day_totals before = story_status(&f).day;
    jump(&f, 4 * HOUR_MS); /* Over 17:00 Chicago. */
    assert_int_equal(story_status(&f).day.gross_micros, 0);
    jump(&f, -4 * HOUR_MS);
    assert_int_equal(story_status(&f).day.gross_micros, before.gross_micros);
    assert_int_equal(story_status(&f).day.ends_at.ns, before.ends_at.ns);
    story_position(&f, FIXTURE_MNQ, 1);
    story_trade(&f, 2, -200);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    story_close(&f);
}

/* What a trusted clock takes over by itself is no correction: time stands still for it. */
static void
clock_steps_of_two_seconds(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, GRACE);
    story_position(&f, FIXTURE_MNQ, 1);
    jump(&f, 20000);
    jump(&f, -2000);
    assert_int_equal(story_notices(&f, NOTICE_ALARM), 0);
    jump(&f, 11999);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
    jump(&f, 1);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    story_close(&f);
}

static struct order_row
stop_order(bool ours)
{
    struct order_row row = { .id = 700, .account_id = FIXTURE_ACCOUNT, .status = ORDER_OPEN, .type = ORDER_STOP, .side = SIDE_SELL,
        .size = 1, .has_stop_price = true, .stop_price_nanos = INT64_C(20900000000000), .ours = ours };

    (void)text_copy(row.contract.text, sizeof row.contract.text, FIXTURE_MNQ);
    return row;
}

/* R-012-4: the process that placed the stop is gone, and so is the position: the stop would open a new one. */
static void
own_stop_of_an_earlier_process(void **state)
{
    struct engine_fixture f;

    (void)state;
    for (int ours = 0; ours < 2; ours++) {
        struct order_row row = stop_order(ours != 0);
        struct event order = { .kind = EVENT_ORDER, .u.order = row };

        story_open_bare(&f, STOPS);
        story_feed(&f, &(struct event){ .kind = EVENT_RESTORE });
        story_feed(&f, &order);
        assert_int_equal(story_count(&f, COMMAND_CANCEL), 0); /* The position may be there: nobody has said yet. */
        story_read(&f, FIXTURE_MNQ, 0, &row, 1);
        assert_int_equal(story_count(&f, COMMAND_CANCEL), ours);
        story_close(&f);
    }
}

static void
own_stop_with_its_position_stays(void **state)
{
    struct engine_fixture f;
    struct order_row row = stop_order(true);

    (void)state;
    story_open_bare(&f, STOPS);
    story_feed(&f, &(struct event){ .kind = EVENT_RESTORE });
    story_read(&f, FIXTURE_MNQ, 1, &row, 1);
    assert_int_equal(story_count(&f, COMMAND_CANCEL), 0);
    story_position(&f, FIXTURE_MNQ, 0);
    assert_int_equal(story_count(&f, COMMAND_CANCEL), 1);
    story_close(&f);
}

/* ID-04: two reads still show the position, but also the market order that is closing it; ten seconds are long enough to wait for it. */
static void
close_still_working(void **state)
{
    struct engine_fixture f;
    struct order_row close = { .id = 900, .account_id = FIXTURE_ACCOUNT, .status = ORDER_PENDING, .type = ORDER_MARKET, .side = SIDE_SELL, .size = 1 };

    (void)state;
    (void)text_copy(close.contract.text, sizeof close.contract.text, FIXTURE_MNQ);
    for (int working = 0; working < 2; working++) {
        story_open(&f, LOSS);
        story_position(&f, FIXTURE_MNQ, 1);
        story_trade(&f, 1, -600);
        story_answer(&f, story_only(&f, COMMAND_CLOSE)->id, OUTCOME_ACCEPTED);
        int again = 0;
        for (int second = 1; second <= 9; second++) {
            f.now = instant_add(f.now, SPAN_MS(1000));
            story_read(&f, FIXTURE_MNQ, 1, &close, working != 0 ? 1 : 0);
            again += story_count(&f, COMMAND_CLOSE);
        }
        assert_int_equal(again, working != 0 ? 0 : 1);
        if (working != 0)
            assert_int_equal(story_count_while(&f, 1500, COMMAND_CLOSE), 1); /* Nothing blocks a close for ever. */
        story_close(&f);
    }
}

/* EC-12: what there is no room for is told once, and the account does not count as protected. */
static void
too_many_contracts(void **state)
{
    struct engine_fixture f;
    char id[CONTRACT_ID_MAX];

    (void)state;
    story_open(&f, LOSS);
    for (int i = 0; i < CONTRACTS_MAX - 2; i++) {
        (void)snprintf(id, sizeof id, "CON.F.US.X%03d.U25", i);
        story_quote(&f, id, 100);
        assert_int_equal(story_notices(&f, NOTICE_ALARM), 0);
    }
    story_quote(&f, "CON.F.US.LAST.U25", 100);
    assert_int_equal(story_notices(&f, NOTICE_ALARM), 1);
    story_quote(&f, "CON.F.US.LAST.U25", 101);
    assert_int_equal(story_notices(&f, NOTICE_ALARM), 0);
    assert_false(story_status(&f).uncontrollable);
    story_position(&f, "CON.F.US.LAST.U25", 1);
    assert_int_equal(story_notices(&f, NOTICE_ALARM), 1);
    assert_true(story_status(&f).uncontrollable);
    story_position(&f, "CON.F.US.LAST.U25", 2);
    assert_int_equal(story_notices(&f, NOTICE_ALARM), 0);
    story_close(&f);
}

/* ES-04: quotes end a minute after the contract is flat, and come again with the next position. */
static void
quotes_nobody_needs(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, LOSS);
    story_quote(&f, FIXTURE_RTY, 100); /* Never asked for: nothing to end. */
    assert_int_equal(story_count(&f, COMMAND_UNSUBSCRIBE), 0);
    story_position(&f, FIXTURE_MNQ, 1);
    assert_int_equal(story_count(&f, COMMAND_SUBSCRIBE), 1);
    jump(&f, 120000);
    story_position(&f, FIXTURE_MNQ, 0);
    jump(&f, 59999);
    story_quote(&f, FIXTURE_MNQ, 21000);
    assert_int_equal(story_count(&f, COMMAND_UNSUBSCRIBE), 0);
    jump(&f, 1);
    story_quote(&f, FIXTURE_MNQ, 21001);
    assert_int_equal(story_only(&f, COMMAND_UNSUBSCRIBE)->account_id, FIXTURE_ACCOUNT);
    story_quote(&f, FIXTURE_MNQ, 21002);
    assert_int_equal(story_count(&f, COMMAND_UNSUBSCRIBE), 0);
    story_position(&f, FIXTURE_MNQ, 1);
    assert_int_equal(story_count(&f, COMMAND_SUBSCRIBE), 1);
    jump(&f, 120000);
    story_quote(&f, FIXTURE_MNQ, 21003);
    assert_int_equal(story_count(&f, COMMAND_UNSUBSCRIBE), 0);
    story_close(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_corrected_close_goes_on),
        cmocka_unit_test(clock_corrected_grace_runs),
        cmocka_unit_test(clock_corrected_day_comes_back),
        cmocka_unit_test(clock_steps_of_two_seconds),
        cmocka_unit_test(own_stop_of_an_earlier_process),
        cmocka_unit_test(own_stop_with_its_position_stays),
        cmocka_unit_test(close_still_working),
        cmocka_unit_test(too_many_contracts),
        cmocka_unit_test(quotes_nobody_needs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
