/*
 * test_evidence.c - stories of what counts as evidence that a close is done with, or that it did nothing (ID-04, OV-04).
 *
 * The venue carries a close out as a market order like any other (gateway.md 2.10): the trader's own orders, and his sizes, say things too.
 */
#include "lib/engine_fixture.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define ONE_AT_MOST "{\"max_contracts\":{\"enabled\":true,\"limit\":1,\"close_all\":true}}"
#define REDUCE "{\"max_contracts_per_instrument\":{\"enabled\":true,\"limits\":{\"MNQ\":2},\"enforcement\":\"reduce_to_limit\"}}"

/* Each second another size, on the stream and in a read asked after it; how many closes go out. */
static int
closes_while_trading(struct engine_fixture *f, const int32_t *sizes, int count, int seconds)
{
    int closes = 0;

    for (int i = 0; i < seconds; i++) {
        story_position(f, FIXTURE_MNQ, sizes[i % count] + (count == 1 ? i : 0));
        closes += story_count(f, COMMAND_CLOSE) + story_count_while(f, 1000, COMMAND_CLOSE);
        story_read(f, FIXTURE_MNQ, sizes[i % count] + (count == 1 ? i : 0), NULL, 0);
        closes += story_count(f, COMMAND_CLOSE);
    }
    return closes;
}

static void
lose_a_close(struct engine_fixture *f)
{
    story_open(f, ONE_AT_MOST);
    story_position(f, FIXTURE_MNQ, 2);
    story_answer(f, story_only(f, COMMAND_CLOSE)->id, OUTCOME_AMBIGUOUS);
    story_wait_ms(f, 500);
}

/* R-ALL-5: a close that was lost is sent again although the position grows from read to read: a close at work makes none larger. */
static void
growing_position_is_closed(void **state)
{
    static const int32_t from[] = { 3 };
    struct engine_fixture f;

    (void)state;
    lose_a_close(&f);
    assert_int_equal(closes_while_trading(&f, from, 1, 3), 1);
    story_close(&f);
}

/* CC-03: nor can turning it round each second hold the next close off for ever. */
static void
turning_position_is_closed(void **state)
{
    static const int32_t sizes[] = { 3, -2 };
    struct engine_fixture f;

    (void)state;
    lose_a_close(&f);
    assert_int_equal(closes_while_trading(&f, sizes, 2, 8), 0); /* Each might be our close, filling in pieces. */
    assert_in_range(closes_while_trading(&f, sizes, 2, 6), 1, 2);
    story_close(&f);
}

/* ID-04: an order that was there before our close left is not the close's. */
static void
earlier_order_is_no_evidence(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, ONE_AT_MOST);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_FILLED, ORDER_MARKET, SIDE_SELL, 1, 1); /* What he sold; told in the same instant. */
    story_position(&f, FIXTURE_MNQ, 2);
    uint64_t close = story_only(&f, COMMAND_CLOSE)->id;
    f.now = instant_add(f.now, SPAN_MS(10));
    story_order(&f, 700, FIXTURE_MNQ, ORDER_FILLED, ORDER_MARKET, SIDE_SELL, 1, 1); /* And again. */
    story_answer(&f, close, OUTCOME_ACCEPTED);
    story_position(&f, FIXTURE_MNQ, 0);
    story_position(&f, FIXTURE_MNQ, 3);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
    story_order(&f, 800, FIXTURE_MNQ, ORDER_FILLED, ORDER_MARKET, SIDE_SELL, 2, 2);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    story_close(&f);
}

/* The goal of a process that has died: a close of it, sent at @sent_at, may be at work. */
static void
restore_goal(struct engine_fixture *f, struct span sent_at)
{
    struct goal_row goal = { .incident = 7, .account_id = FIXTURE_ACCOUNT, .contract = { FIXTURE_MNQ }, .rule = 1, .flatten = true,
        .close_unresolved = true };
    struct event event = { .kind = EVENT_RESTORE };

    story_open_bare(f, ONE_AT_MOST);
    goal.since = goal.sent_at = instant_add(f->now, sent_at);
    event.u.restore = (struct restore){ .goals = &goal, .goals_count = 1 };
    story_feed(f, &event);
    f->now = instant_add(f->now, SPAN_MS(300));
    story_read(f, FIXTURE_MNQ, 2, NULL, 0);
    assert_int_equal(story_count(f, COMMAND_CLOSE), 0);
}

/*
 * CC-02, OV-02: what could not be reduced for a minute is to be flat now.  The close does not wait for the reduction's back-off, and that it was lost is
 * found out as fast as of any other.
 */
static void
stricter_goal_is_as_fast(void **state)
{
    static const char config[] = "{\"max_contracts_per_instrument\":{\"enabled\":true,\"limits\":{\"MNQ\":2},"
        "\"enforcement\":\"reduce_to_limit\"},\"daily_realized_loss\":{\"enabled\":true,\"limit\":-500}}";
    struct engine_fixture f;
    int closes = 0;

    (void)state;
    story_open(&f, config);
    story_position(&f, FIXTURE_MNQ, 3);
    for (int refused = 0; refused < 15;) {
        if (story_count(&f, COMMAND_REDUCE) == 1) {
            story_answer(&f, story_only(&f, COMMAND_REDUCE)->id, OUTCOME_REFUSED);
            refused++;
        } else {
            f.now = instant_max(engine_deadline(f.engine), f.now);
            story_feed(&f, &(struct event){ .kind = EVENT_CLOCK });
        }
    }
    story_read(&f, FIXTURE_MNQ, 3, NULL, 0);
    story_trade(&f, 1, -600);
    story_answer(&f, story_only(&f, COMMAND_CLOSE)->id, OUTCOME_AMBIGUOUS);
    for (int i = 0; i < 25; i++) {
        int reads = story_count_while(&f, 100, COMMAND_READ);
        if (reads > 0)
            story_read(&f, FIXTURE_MNQ, 3, NULL, 0);
        closes += reads > 0 ? story_count(&f, COMMAND_CLOSE) : 0;
    }
    assert_int_equal(closes, 1);
    story_close(&f);
}

/* RT-11, OV-04: it was sent by a clock that has been corrected; the two reads count all the same, not only those of an hour later. */
static void
close_of_a_wrong_clock(void **state)
{
    struct engine_fixture f;

    (void)state;
    restore_goal(&f, SPAN_SECONDS(3600));
    f.now = instant_add(f.now, SPAN_MS(1100));
    story_read(&f, FIXTURE_MNQ, 2, NULL, 0);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    story_close(&f);
}

/* RT-11, ID-04: the next process does not know which side the close was on; the trader's entry is not it. */
static void
entry_is_no_evidence_after_a_restart(void **state)
{
    struct engine_fixture f;

    (void)state;
    restore_goal(&f, SPAN_ZERO);
    story_position(&f, FIXTURE_MNQ, 2); /* The stream has caught up with the read. */
    story_position(&f, FIXTURE_MNQ, 0);
    story_order(&f, 801, FIXTURE_MNQ, ORDER_FILLED, ORDER_MARKET, SIDE_BUY, 3, 3);
    story_position(&f, FIXTURE_MNQ, 3);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
    story_close(&f);
}

/* ID-04: a partial close is idempotent never; that its order has ended does not say that the position told of is the one after it. */
static void
ended_reduction_is_not_repeated(void **state)
{
    (void)state;
    for (int ended_first = 0; ended_first < 2; ended_first++) {
        struct engine_fixture f;
        story_open(&f, REDUCE);
        story_position(&f, FIXTURE_MNQ, 3);
        uint64_t reduce = story_only(&f, COMMAND_REDUCE)->id;
        f.now = instant_add(f.now, SPAN_MS(10));
        story_position(&f, FIXTURE_MNQ, 2); /* He has sold one himself ... */
        story_answer(&f, reduce, OUTCOME_ACCEPTED);
        if (ended_first)
            story_order(&f, 800, FIXTURE_MNQ, ORDER_FILLED, ORDER_MARKET, SIDE_SELL, 1, 1);
        story_position(&f, FIXTURE_MNQ, 3); /* ... and bought it back, before ours was filled. */
        assert_int_equal(story_count(&f, COMMAND_REDUCE), 0);
        if (!ended_first)
            story_order(&f, 800, FIXTURE_MNQ, ORDER_FILLED, ORDER_MARKET, SIDE_SELL, 1, 1);
        assert_int_equal(story_count(&f, COMMAND_REDUCE), 0);
        story_position(&f, FIXTURE_MNQ, 2);
        assert_int_equal(story_count_while(&f, 3000, COMMAND_REDUCE), 0);
        story_close(&f);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(growing_position_is_closed),
        cmocka_unit_test(turning_position_is_closed),
        cmocka_unit_test(earlier_order_is_no_evidence),
        cmocka_unit_test(stricter_goal_is_as_fast),
        cmocka_unit_test(close_of_a_wrong_clock),
        cmocka_unit_test(entry_is_no_evidence_after_a_restart),
        cmocka_unit_test(ended_reduction_is_not_repeated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
