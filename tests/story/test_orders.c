/*
 * test_orders.c - stories of orders and fills as a broker really tells them: refused, late, twice, out of order, wrong (resilience.md 1.4, 1.6 to 1.9).
 */
#include "lib/engine_fixture.h"

#include "base/assert.h"
#include "base/money.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define LOSS "{\"daily_realized_loss\":{\"enabled\":true,\"limit\":-500}}"
#define STOPS \
    "{\"trade_management\":{\"enabled\":true,\"auto_stop_loss\":{\"enabled\":true,\"stop_loss_ticks\":40}," \
    "\"trailing_stop\":{\"enabled\":true,\"activation_ticks\":4,\"trail_distance_ticks\":4}}}"

static int
alarms_while(struct engine_fixture *f, int64_t ms)
{
    struct instant until = instant_add(f->now, SPAN_MS(ms));
    int count = 0;

    while (instant_before(f->now, until)) {
        story_wait_ms(f, 100);
        count += story_notices(f, NOTICE_ALARM);
    }
    return count;
}

/* ---- Refusals ---- */

/* EC-04: "position not found" is flat only when a read says so too. */
static void
error_close_not_found(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST);
    story_position(&f, FIXTURE_MNQ, 3);
    story_answer(&f, story_only(&f, COMMAND_CLOSE)->id, OUTCOME_GONE);
    assert_int_equal(story_records(&f, RECORD_GOAL_PROVEN), 0);
    assert_true(story_status(&f).enforcing);
    assert_int_equal(story_count_while(&f, 3000, COMMAND_CLOSE), 0);
    story_read(&f, FIXTURE_MNQ, 0, NULL, 0);
    story_wait_ms(&f, 2500);
    story_read(&f, FIXTURE_MNQ, 0, NULL, 0);
    assert_false(story_status(&f).enforcing);
    story_close(&f);
}

/* EC-07: a refused placement may name an order; it is not one that works. */
static void
error_rejected_with_id(void **state)
{
    struct engine_fixture f;
    struct event event = { .kind = EVENT_ANSWER };

    (void)state;
    story_open(&f, STOPS);
    story_quote(&f, FIXTURE_MNQ, 21000);
    story_position(&f, FIXTURE_MNQ, 1);
    event.u.answer = (struct answer_event){ .command_id = story_only(&f, COMMAND_PLACE_STOP)->id, .outcome = OUTCOME_REFUSED,
        .order_id = 3408995735, .code = 2 };
    story_feed(&f, &event);
    assert_int_equal(story_working(&f), 0);
    assert_int_equal(story_count_while(&f, 4000, COMMAND_LOOK_UP_ORDER), 0);
    story_quote(&f, FIXTURE_MNQ, 21001); /* R-012-5: again on a favourable move, under another tag. */
    assert_true(story_only(&f, COMMAND_PLACE_STOP)->tag == 0);
    story_close(&f);
}

/* Closes are refused from 15:30 Chicago on; the first after the open at 17:00 is executed, without a restart. */
static void
error_market_closed(void **state)
{
    struct engine_fixture f;
    struct event event = { .kind = EVENT_ANSWER };
    struct instant opens;
    int closes = 1;

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST);
    assert_true(instant_parse("2025-01-17T23:00:00Z", 20, &opens));
    story_wait_ms(&f, 2 * 3600 * 1000);
    story_position(&f, FIXTURE_MNQ, 3);
    uint64_t id = story_only(&f, COMMAND_CLOSE)->id;
    while (instant_before(f.now, opens)) {
        event.u.answer = (struct answer_event){ .command_id = id, .outcome = OUTCOME_REFUSED, .hold = SPAN_SECONDS(5), .code = 5 };
        story_feed(&f, &event);
        while (story_count(&f, COMMAND_CLOSE) == 0)
            story_wait_ms(&f, 100);
        id = story_only(&f, COMMAND_CLOSE)->id;
        closes++;
    }
    assert_in_range(closes, 90 * 60 / 6, 90 * 60 / 5 + 2);
    assert_true(instant_since(f.now, opens).ns <= SPAN_SECONDS(6).ns);
    story_answer(&f, id, OUTCOME_ACCEPTED);
    story_position(&f, FIXTURE_MNQ, 0);
    story_wait_ms(&f, 10);
    story_read(&f, FIXTURE_MNQ, 0, NULL, 0);
    assert_false(story_status(&f).enforcing);
    story_close(&f);
}

/* ---- Our own stop ---- */

/* OV-03: accepted is not applied; the price is read back. */
static void
enforce_modify_not_applied(void **state)
{
    struct engine_fixture f;
    struct order_row stop = { .id = 900, .account_id = FIXTURE_ACCOUNT, .status = ORDER_OPEN, .type = ORDER_STOP, .side = SIDE_SELL,
        .size = 1, .has_stop_price = true, .stop_price_nanos = 20990 * NANOS_PER_UNIT, .contract = { FIXTURE_MNQ } };

    (void)state;
    for (int applied = 0; applied < 2; applied++) {
        int alarms = 0;

        story_open(&f, STOPS);
        story_quote(&f, FIXTURE_MNQ, 21000);
        story_position(&f, FIXTURE_MNQ, 1);
        story_answer(&f, story_only(&f, COMMAND_PLACE_STOP)->id, OUTCOME_ACCEPTED);
        struct event event = { .kind = EVENT_ORDER, .u.order = stop };
        story_feed(&f, &event);
        story_wait_ms(&f, 3000);
        story_quote(&f, FIXTURE_MNQ, 21010);
        const struct command modify = *story_only(&f, COMMAND_MODIFY_STOP);
        story_answer(&f, modify.id, OUTCOME_ACCEPTED);
        assert_true(story_count_while(&f, 5000, COMMAND_READ) >= 1);
        struct order_row shown = stop;
        if (applied == 1)
            shown.stop_price_nanos = modify.price_nanos;
        for (int i = 0; i < 3; i++) {
            story_wait_ms(&f, 1000);
            story_read(&f, FIXTURE_MNQ, 1, &shown, 1);
            alarms += story_notices(&f, NOTICE_ALARM);
        }
        assert_int_equal(alarms, applied == 1 ? 0 : 1);
        story_close(&f);
    }
}

/* R-012-4: a stop of ours that has filled in part, in a position that grows, is enlarged to cover it: its size counts what is filled. */
static void
stop_partly_filled(void **state)
{
    struct engine_fixture f;
    struct order_row stop = { .id = 900, .account_id = FIXTURE_ACCOUNT, .status = ORDER_OPEN, .type = ORDER_STOP, .side = SIDE_SELL,
        .size = 3, .has_stop_price = true, .stop_price_nanos = 20990 * NANOS_PER_UNIT, .contract = { FIXTURE_MNQ } };
    struct event event = { .kind = EVENT_ORDER };

    (void)state;
    story_open(&f, STOPS);
    story_quote(&f, FIXTURE_MNQ, 21000);
    story_position(&f, FIXTURE_MNQ, 3);
    story_answer(&f, story_only(&f, COMMAND_PLACE_STOP)->id, OUTCOME_ACCEPTED);
    event.u.order = stop;
    story_feed(&f, &event);
    event.u.order.filled = 1;
    story_feed(&f, &event);
    story_position(&f, FIXTURE_MNQ, 2);
    story_wait_ms(&f, 5000);
    assert_int_equal(story_count(&f, COMMAND_MODIFY_STOP), 0);
    story_position(&f, FIXTURE_MNQ, 4);
    assert_int_equal(story_only(&f, COMMAND_MODIFY_STOP)->size, 5);
    assert_int_equal(story_only(&f, COMMAND_MODIFY_STOP)->filled, 1);
    story_close(&f);
}

/* OL-04, OL-06: nothing is heard of a placement: verified, and told after 30 s; never placed beside itself. */
static void
order_stuck(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, STOPS);
    story_quote(&f, FIXTURE_MNQ, 21000);
    story_position(&f, FIXTURE_MNQ, 1);
    uint64_t first = story_only(&f, COMMAND_PLACE_STOP)->id;
    story_answer(&f, first, OUTCOME_AMBIGUOUS);
    assert_true(story_count_while(&f, 5000, COMMAND_READ) >= 1);
    assert_int_equal(alarms_while(&f, 24000), 0);
    story_quote(&f, FIXTURE_MNQ, 21000); /* Else its silence is told too (HM-03). */
    assert_int_equal(alarms_while(&f, 2000), 1);
    story_quote(&f, FIXTURE_MNQ, 21001);
    assert_int_equal(story_count(&f, COMMAND_PLACE_STOP), 0);
    story_read(&f, FIXTURE_MNQ, 1, NULL, 0); /* It shows none: asked for again, under the same tag (ID-03). */
    story_wait_ms(&f, 1100); /* R-012-3's pace. */
    story_quote(&f, FIXTURE_MNQ, 21002);
    assert_true(story_only(&f, COMMAND_PLACE_STOP)->tag == first);
    story_close(&f);
}

/* ---- Locks ---- */

/* EP-02, R-ALL-8: a cooldown takes entries away and leaves protection. */
static void
cooldown_keeps_stops(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, "{\"cooldown_after_loss\":{\"enabled\":true,\"close_positions\":false,\"loss_thresholds\":["
                   "{\"loss_amount\":-50,\"cooldown_duration\":300}]}}");
    story_position(&f, FIXTURE_MNQ, 1);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_OPEN, ORDER_STOP, SIDE_SELL, 1, 0);
    story_order(&f, 701, FIXTURE_MNQ, ORDER_OPEN, ORDER_LIMIT, SIDE_BUY, 1, 0);
    story_trade(&f, 1, -60);
    assert_true(engine_is_locked(f.engine, FIXTURE_ACCOUNT, ""));
    assert_true(story_only(&f, COMMAND_CANCEL)->order_id == 701);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
    story_close(&f);
}

/* OL-01, P6: whatever may execute goes under a lock, also what nobody has heard of. */
static void
order_unknown_status(void **state)
{
    static const int32_t statuses[] = { ORDER_PENDING_CANCEL, ORDER_SUSPENDED, ORDER_STATUS_NONE, 99 };
    struct engine_fixture f;

    (void)state;
    story_open(&f, LOSS);
    story_trade(&f, 1, -600);
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        story_order(&f, 800 + (int64_t)i, FIXTURE_MNQ, statuses[i], ORDER_LIMIT, SIDE_BUY, 1, 0);
        assert_int_equal(story_count(&f, COMMAND_CANCEL), 1);
    }
    assert_int_equal(story_working(&f), (int)COUNT_OF(statuses));
    story_close(&f);
}

/* OL-03: the stream alone does not bring an order back; a read does. */
static void
order_terminal_regress(void **state)
{
    struct engine_fixture f;
    struct order_row open = { .id = 700, .account_id = FIXTURE_ACCOUNT, .status = ORDER_OPEN, .type = ORDER_LIMIT, .side = SIDE_BUY, .size = 1,
        .contract = { FIXTURE_MNQ } };

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_OPEN, ORDER_LIMIT, SIDE_BUY, 1, 0);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_CANCELLED, ORDER_LIMIT, SIDE_BUY, 1, 0);
    assert_int_equal(story_working(&f), 0);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_OPEN, ORDER_LIMIT, SIDE_BUY, 1, 0);
    assert_int_equal(story_working(&f), 0);
    assert_int_equal(story_count_while(&f, 3000, COMMAND_READ), 1);
    story_read(&f, FIXTURE_MNQ, 0, &open, 1);
    assert_int_equal(story_working(&f), 1);
    story_close(&f);
}

/* ID-04: two identical closes within a minute are both sent when both are needed. */
static void
equal_actions(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST);
    for (int i = 0; i < 2; i++) {
        story_position(&f, FIXTURE_MNQ, 3);
        story_answer(&f, story_only(&f, COMMAND_CLOSE)->id, OUTCOME_ACCEPTED);
        story_position(&f, FIXTURE_MNQ, 0);
        story_wait_ms(&f, 2500);
        story_read(&f, FIXTURE_MNQ, 0, NULL, 0);
        assert_false(story_status(&f).enforcing);
    }
    story_close(&f);
}

/* Three events of one millisecond are three events. */
static void
same_millisecond(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, LOSS);
    story_trade(&f, 1, -100);
    story_trade(&f, 2, -100);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_OPEN, ORDER_LIMIT, SIDE_BUY, 1, 0);
    story_position(&f, FIXTURE_MNQ, 1);
    assert_int_equal(story_status(&f).day.gross_micros, -200 * MICROS_PER_DOLLAR);
    assert_int_equal(story_status(&f).day.trades, 2);
    assert_int_equal(story_working(&f), 1);
    story_close(&f);
}

/* ---- Fills ---- */

/* ID-05, PF-03. */
static void
fill_dedupe(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, LOSS);
    story_trade(&f, 1, -100);
    for (int i = 0; i < 10; i++) {
        story_trade(&f, 1, -100);
        assert_int_equal(story_records(&f, RECORD_TRADE), 0);
    }
    assert_int_equal(story_status(&f).day.gross_micros, -100 * MICROS_PER_DOLLAR);
    assert_int_equal(story_status(&f).day.trades, 1);
    story_close(&f);
}

/* PF-03: the same totals in each of the 24 orders of four fills. */
static void
fill_out_of_order(void **state)
{
    static const int64_t pnl[] = { -10, 25, -40, 7 };

    (void)state;
    for (int n = 0; n < 24; n++) {
        int left[] = { 0, 1, 2, 3 }, rest = n;
        struct engine_fixture f;

        story_open(&f, LOSS);
        for (int count = 4; count > 0; count--) {
            int pick = rest % count;
            rest /= count;
            story_trade(&f, 50 + left[pick], pnl[left[pick]]);
            for (int i = pick; i + 1 < count; i++)
                left[i] = left[i + 1];
        }
        assert_int_equal(story_status(&f).day.gross_micros, -18 * MICROS_PER_DOLLAR);
        assert_int_equal(story_status(&f).day.trades, 4);
        assert_int_equal(story_status(&f).day.round_turns, 4);
        story_close(&f);
    }
}

/* PF-06: more filled than ordered, or less than before: somebody is wrong, reconcile. */
static void
fill_overflow(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_OPEN, ORDER_LIMIT, SIDE_BUY, 2, 1);
    assert_int_equal(story_count(&f, COMMAND_SYNC), 0);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_OPEN, ORDER_LIMIT, SIDE_BUY, 2, 3);
    assert_int_equal(story_count(&f, COMMAND_SYNC), 1);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_OPEN, ORDER_LIMIT, SIDE_BUY, 2, 1);
    assert_int_equal(story_count(&f, COMMAND_SYNC), 1);
    story_close(&f);
}

/* PF-03, PF-04, FV-07: an opening half-turn costs its fees only; a voided one costs nothing. */
static void
trade_null_pnl_and_void(void **state)
{
    struct engine_fixture f;
    struct event event = { .kind = EVENT_TRADE };

    (void)state;
    story_open(&f, LOSS);
    event.u.trade = (struct trade_row){ .id = 5, .account_id = FIXTURE_ACCOUNT, .order_id = 5, .contract = { FIXTURE_MNQ }, .at = f.now,
        .side = SIDE_BUY, .size = 1, .fees_micros = 370000 };
    story_feed(&f, &event);
    story_trade(&f, 6, -40);
    assert_int_equal(story_status(&f).day.gross_micros, -40 * MICROS_PER_DOLLAR);
    assert_int_equal(story_status(&f).day.fees_micros, 370000);
    assert_int_equal(story_status(&f).day.trades, 2);
    assert_int_equal(story_status(&f).day.round_turns, 1);
    event.u.trade.voided = true;
    story_feed(&f, &event);
    assert_int_equal(story_status(&f).day.fees_micros, 0);
    assert_int_equal(story_status(&f).day.trades, 1);
    story_close(&f);
}

/* Answers each placement of a stop with a refusal; how many there were, and the critical alarms. */
static int
refuse_stops(struct engine_fixture *f, int64_t ms, int64_t *last_units, int64_t last_step, int *ret_alarms)
{
    struct instant until = instant_add(f->now, SPAN_MS(ms));
    int count = 0;

    while (instant_before(f->now, until)) {
        if (last_step != 0)
            story_quote(f, FIXTURE_MNQ, *last_units += last_step);
        else
            story_wait_ms(f, 100);
        if (story_count(f, COMMAND_PLACE_STOP) == 1) {
            count++;
            story_answer(f, story_only(f, COMMAND_PLACE_STOP)->id, OUTCOME_REFUSED);
            *ret_alarms += story_notices(f, NOTICE_ALARM);
        }
        if (last_step != 0)
            f->now = instant_add(f->now, SPAN_MS(1000));
    }
    return count;
}

/* R-012-1, R-012-5, P4: the market is below the stop's price; the broker refuses it.  Asked for more and more rarely, told, and at once when it is back. */
static void
stop_beyond_the_market(void **state)
{
    struct engine_fixture f;
    int64_t last = 20980;
    int alarms = 0;

    (void)state;
    story_open(&f, STOPS); /* 40 ticks: 20990. */
    story_quote(&f, FIXTURE_MNQ, last);
    story_position(&f, FIXTURE_MNQ, 1);
    assert_int_equal(story_only(&f, COMMAND_PLACE_STOP)->price_nanos, 20990 * NANOS_PER_UNIT);
    story_answer(&f, story_only(&f, COMMAND_PLACE_STOP)->id, OUTCOME_REFUSED);
    assert_int_equal(refuse_stops(&f, 300000, &last, 0, &alarms), 7); /* After 5, 15, 35, 75, 135, 195, 255 s. */
    assert_in_range(alarms, 4, 5);
    last = 20970; /* Rising, but not there yet: the broker would say the same. */
    assert_in_range(refuse_stops(&f, 15000, &last, 1, &alarms), 0, 1);
    last = 20990;
    assert_in_range(refuse_stops(&f, 3000, &last, 1, &alarms), 2, 3);
    story_close(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_close_not_found),
        cmocka_unit_test(error_rejected_with_id),
        cmocka_unit_test(error_market_closed),
        cmocka_unit_test(enforce_modify_not_applied),
        cmocka_unit_test(stop_beyond_the_market),
        cmocka_unit_test(stop_partly_filled), cmocka_unit_test(order_stuck),
        cmocka_unit_test(cooldown_keeps_stops),
        cmocka_unit_test(order_unknown_status),
        cmocka_unit_test(order_terminal_regress),
        cmocka_unit_test(equal_actions),
        cmocka_unit_test(same_millisecond),
        cmocka_unit_test(fill_dedupe),
        cmocka_unit_test(fill_out_of_order),
        cmocka_unit_test(fill_overflow),
        cmocka_unit_test(trade_null_pnl_and_void),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
