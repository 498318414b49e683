/*
 * test_simulation_finds.c - what `riskctl simulate` found, one story each (docs/simulation.md has the seeds).
 */
#include "base/money.h"
#include "lib/engine_fixture.h"
#include "lib/fake_broker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define STOPS "{\"trade_management\":{\"enabled\":true,\"auto_stop_loss\":{\"enabled\":true,\"stop_loss_ticks\":40}}}"

/* OL-03, CC-04: "filled" overtook "open"; the order does not live again on the late word. */
static void
order_terminal_regress(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, STOPS);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_OPEN, ORDER_LIMIT, SIDE_BUY, 2, 0);
    assert_int_equal(story_working(&f), 1);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_FILLED, ORDER_LIMIT, SIDE_BUY, 2, 2);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_OPEN, ORDER_LIMIT, SIDE_BUY, 2, 0);
    assert_int_equal(story_working(&f), 0);
    story_order(&f, 701, FIXTURE_MNQ, ORDER_FILLED, ORDER_LIMIT, SIDE_BUY, 2, 2);
    story_order(&f, 701, FIXTURE_MNQ, ORDER_PENDING, ORDER_LIMIT, SIDE_BUY, 2, 0);
    assert_int_equal(story_working(&f), 0);
    story_close(&f);
}

/* P1: the stop's fill is told before the position's end; a stop placed in between would open a position. */
static void
no_stop_between_fill_and_position(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, STOPS);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_OPEN, ORDER_STOP, SIDE_SELL, 2, 0);
    story_position(&f, FIXTURE_MNQ, 2);
    assert_int_equal(story_count(&f, COMMAND_PLACE_STOP), 0);
    f.now = instant_add(f.now, SPAN_MS(100));
    story_order(&f, 700, FIXTURE_MNQ, ORDER_FILLED, ORDER_STOP, SIDE_SELL, 2, 2);
    assert_int_equal(story_count(&f, COMMAND_PLACE_STOP), 0);
    f.now = instant_add(f.now, SPAN_MS(5));
    story_position(&f, FIXTURE_MNQ, 0);
    assert_int_equal(story_count_while(&f, 5000, COMMAND_PLACE_STOP), 0);
    story_close(&f);
}

/* ... but a position that is still there after a while is protected. */
static void
stop_again_when_position_stays(void **state)
{
    struct engine_fixture f;
    int placed;

    (void)state;
    story_open(&f, STOPS);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_OPEN, ORDER_STOP, SIDE_SELL, 1, 0);
    story_position(&f, FIXTURE_MNQ, 2);
    f.now = instant_add(f.now, SPAN_MS(100));
    story_order(&f, 700, FIXTURE_MNQ, ORDER_FILLED, ORDER_STOP, SIDE_SELL, 1, 1);
    assert_int_equal(story_count(&f, COMMAND_PLACE_STOP), 0);
    f.now = instant_add(f.now, SPAN_MS(3000));
    story_read(&f, FIXTURE_MNQ, 1, NULL, 0);
    placed = story_count(&f, COMMAND_PLACE_STOP) + story_count_while(&f, 3000, COMMAND_PLACE_STOP);
    assert_int_equal(placed, 1);
    story_close(&f);
}

/* ID-04: fills through zero overtake the answer of our close; a second one would turn the position round. */
static void
no_second_close_before_the_first_settled(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, "{\"max_contracts\":{\"enabled\":true,\"limit\":1,\"close_all\":true}}");
    story_position(&f, FIXTURE_MNQ, 2);
    uint64_t close = story_only(&f, COMMAND_CLOSE)->id;
    f.now = instant_add(f.now, SPAN_MS(2));
    story_position(&f, FIXTURE_MNQ, 0);
    story_position(&f, FIXTURE_MNQ, -4);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
    f.now = instant_add(f.now, SPAN_MS(5));
    story_answer(&f, close, OUTCOME_ACCEPTED);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
    f.now = instant_add(f.now, SPAN_MS(500));
    story_read(&f, FIXTURE_MNQ, -4, NULL, 0);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
    f.now = instant_add(f.now, SPAN_MS(1100));
    story_read(&f, FIXTURE_MNQ, -4, NULL, 0);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    story_close(&f);
}

/* ID-04: a read ran ahead of the stream, whose older words go through zero while the close that the read asked for is at work. */
static void
no_second_close_on_words_older_than_the_read(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, "{\"max_contracts\":{\"enabled\":true,\"limit\":1,\"close_all\":true}}");
    story_position(&f, FIXTURE_MNQ, 1);
    story_wait_ms(&f, 3000);
    story_read(&f, FIXTURE_MNQ, -2, NULL, 0);
    story_answer(&f, story_only(&f, COMMAND_CLOSE)->id, OUTCOME_ACCEPTED);
    f.now = instant_add(f.now, SPAN_MS(130));
    story_position(&f, FIXTURE_MNQ, 0);
    story_position(&f, FIXTURE_MNQ, -1);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
    story_position(&f, FIXTURE_MNQ, -2);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
    f.now = instant_add(f.now, SPAN_MS(300));
    story_order(&f, 800, FIXTURE_MNQ, ORDER_FILLED, ORDER_MARKET, SIDE_BUY, 2, 2);
    story_position(&f, FIXTURE_MNQ, 0);
    f.now = instant_add(f.now, SPAN_MS(5)); /* The stream has caught up: this is a new one, and goes at once. */
    story_position(&f, FIXTURE_MNQ, 3);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    story_close(&f);
}

/* ---- ID-04: the goal is seen before our close is told of: its own doing, or another fill's? ---- */

static uint64_t
begin_closing(struct engine_fixture *f)
{
    story_open(f, "{\"max_contracts\":{\"enabled\":true,\"limit\":1,\"close_all\":true}}");
    story_position(f, FIXTURE_MNQ, 2);
    f->now = instant_add(f->now, SPAN_MS(10));
    return story_only(f, COMMAND_CLOSE)->id;
}

static uint64_t
flat_before_the_answer(struct engine_fixture *f)
{
    uint64_t close = begin_closing(f);

    story_position(f, FIXTURE_MNQ, 0);
    return close;
}

/* Another fill's, and late ones follow: the close, which met what they opened, is at work. */
static void
late_fills_while_the_close_works(void **state)
{
    (void)state;
    for (int answered_first = 0; answered_first < 2; answered_first++) {
        struct engine_fixture f;
        uint64_t close = begin_closing(&f);
        if (answered_first)
            story_answer(&f, close, OUTCOME_ACCEPTED);
        story_position(&f, FIXTURE_MNQ, 0);
        if (!answered_first)
            story_answer(&f, close, OUTCOME_ACCEPTED);
        f.now = instant_add(f.now, SPAN_MS(10));
        story_position(&f, FIXTURE_MNQ, -3);
        assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
        story_order(&f, 800, FIXTURE_MNQ, ORDER_FILLED, ORDER_MARKET, SIDE_BUY, 3, 3); /* Not the side that was held: anybody's. */
        assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
        f.now = instant_add(f.now, SPAN_MS(300));
        story_read(&f, FIXTURE_MNQ, -6, NULL, 0);
        assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
        f.now = instant_add(f.now, SPAN_MS(1000));
        story_read(&f, FIXTURE_MNQ, -6, NULL, 0);
        assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
        story_close(&f);
    }
}

/* Its own, as its order tells, before or after: whoever is in again is out again at once. */
static void
in_again_after_the_close(void **state)
{
    (void)state;
    for (int told_late = 0; told_late < 2; told_late++) {
        struct engine_fixture f;
        uint64_t close = flat_before_the_answer(&f);
        if (!told_late)
            story_order(&f, 800, FIXTURE_MNQ, ORDER_FILLED, ORDER_MARKET, SIDE_SELL, 2, 2);
        story_answer(&f, close, OUTCOME_ACCEPTED);
        f.now = instant_add(f.now, SPAN_MS(1));
        story_position(&f, FIXTURE_MNQ, 3);
        assert_int_equal(story_count(&f, COMMAND_CLOSE), told_late ? 0 : 1);
        if (told_late) {
            story_order(&f, 800, FIXTURE_MNQ, ORDER_FILLED, ORDER_MARKET, SIDE_SELL, 2, 2);
            assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
        }
        story_close(&f);
    }
}

/* Not its own: the broker had nothing to close, so nothing of ours is at work. */
static void
in_again_after_nothing_to_close(void **state)
{
    (void)state;
    for (int answered_late = 0; answered_late < 2; answered_late++) {
        struct engine_fixture f;
        uint64_t close = flat_before_the_answer(&f);
        if (!answered_late)
            story_answer(&f, close, OUTCOME_GONE);
        story_position(&f, FIXTURE_MNQ, 3);
        assert_int_equal(story_count(&f, COMMAND_CLOSE), answered_late ? 0 : 1);
        if (answered_late) {
            story_answer(&f, close, OUTCOME_GONE);
            assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
        }
        story_close(&f);
    }
}

/* SR-08, R-003-1: lost in a gap and won back in it: the day was lost, whatever the order of the list; the sums are those of all. */
static void
lost_and_won_back_in_a_gap(void **state)
{
    static const char *const limits[] = { "{\"daily_realized_loss\":{\"enabled\":true,\"limit\":-601}}",
        "{\"daily_realized_loss\":{\"enabled\":true,\"limit\":-600}}" };
    static const int64_t dollars[] = { 300, -300, -200, -100 }; /* The newest first. */
    struct trade_row rows[4];
    struct event event = { .kind = EVENT_SNAPSHOT };
    struct account_status status;

    (void)state;
    for (int reached = 0; reached < 2; reached++) {
        struct engine_fixture f;
        story_open(&f, limits[reached]);
        for (int i = 0; i < 4; i++) {
            rows[i] = (struct trade_row){ .id = 50 - i, .account_id = FIXTURE_ACCOUNT, .order_id = 90 - i, .contract = { FIXTURE_MNQ },
                .at = instant_sub(f.now, SPAN_SECONDS(i)), .size = 1, .has_pnl = true, .pnl_micros = dollars[i] * MICROS_PER_DOLLAR };
        }
        event.u.snapshot = (struct snapshot){ .account_id = FIXTURE_ACCOUNT, .parts = PART_TRADES, .asked_at = f.now, .trades = rows,
            .trades_count = 4 };
        story_feed(&f, &event);
        assert_true(engine_account(f.engine, FIXTURE_ACCOUNT, &status));
        assert_int_equal(status.locked, reached);
        assert_int_equal(status.day.gross_micros, -300 * MICROS_PER_DOLLAR);
        assert_int_equal(status.day.realized_low_micros, -600 * MICROS_PER_DOLLAR);
        assert_int_equal(status.day.trades, 4);
        story_close(&f);
    }
}

/* R-ALL-9: the broker takes the right to trade; a read asked before that, answered late, does not give it back. */
static void
read_older_than_the_lock(void **state)
{
    struct engine_fixture f;
    struct account_row account = { .id = FIXTURE_ACCOUNT, .can_trade = ANSWER_NO };
    struct event told = { .kind = EVENT_ACCOUNT, .u.account = account }, read = { .kind = EVENT_SNAPSHOT };
    struct account_status status;

    (void)state;
    story_open(&f, "{\"auth_loss_guard\":{\"enabled\":true}}");
    account.can_trade = ANSWER_YES;
    read.u.snapshot = (struct snapshot){ .account_id = FIXTURE_ACCOUNT, .parts = PART_ACCOUNT, .asked_at = instant_sub(f.now, SPAN_MS(100)),
        .account = &account };
    story_feed(&f, &told);
    f.now = instant_add(f.now, SPAN_SECONDS(3)); /* Other parts of the read took their time. */
    story_feed(&f, &read);
    assert_int_equal(story_count(&f, COMMAND_SYNC), 1);
    assert_true(engine_account(f.engine, FIXTURE_ACCOUNT, &status));
    assert_true(status.locked);
    assert_int_equal(status.can_trade, ANSWER_NO);
    read.u.snapshot.asked_at = f.now;
    story_feed(&f, &read);
    assert_true(engine_account(f.engine, FIXTURE_ACCOUNT, &status));
    assert_false(status.locked);
    story_close(&f);
}

/* ---- Events that come seconds late, fills that take their time (reorder-far with slow-fills) ---- */

static struct position_row
life(const struct engine_fixture *f, int64_t id, int64_t began_ms, int32_t size)
{
    return (struct position_row){ .id = id, .account_id = FIXTURE_ACCOUNT, .contract = { FIXTURE_MNQ }, .size = size,
        .created_at = instant_add(f->now, SPAN_MS(began_ms)), .average_price_nanos = 21000 * NANOS_PER_UNIT };
}

static void
hear(struct engine_fixture *f, const struct position_row *row, int32_t size)
{
    struct event event = { .kind = EVENT_POSITION, .u.position = *row };

    event.u.position.size = size;
    story_feed(f, &event);
}

/* A read asked now. */
static void
read_one(struct engine_fixture *f, const struct position_row *row)
{
    struct event event = { .kind = EVENT_SNAPSHOT };

    event.u.snapshot = (struct snapshot){ .account_id = FIXTURE_ACCOUNT, .parts = PART_POSITIONS | PART_ORDERS, .asked_at = f->now,
        .positions = row, .positions_count = row != NULL ? 1 : 0 };
    story_feed(f, &event);
}

/* CC-04: what an event says of a life that is over, is over. */
static void
late_word_of_an_earlier_life(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST);
    struct position_row first = life(&f, 1, 0, 2), second = life(&f, 2, 3000, 4);
    hear(&f, &first, 2);
    story_wait_ms(&f, 3000);
    read_one(&f, NULL);
    assert_int_equal(story_held(&f), 0);
    first.created_at = instant_add(first.created_at, (struct span){ 400 }); /* Events have a digit more. */
    hear(&f, &first, 3);
    assert_int_equal(story_held(&f), 0);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
    assert_int_equal(story_count(&f, COMMAND_READ), 1); /* Should it be true, a read says so. */
    story_wait_ms(&f, 500);
    read_one(&f, &second);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    story_answer(&f, story_only(&f, COMMAND_CLOSE)->id, OUTCOME_ACCEPTED);
    hear(&f, &first, 0);
    assert_int_equal(story_held(&f), 4);
    hear(&f, &second, 4);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
    story_close(&f);
}

/* A read of a later life stands, however short ago the stream spoke of the one before. */
static void
read_of_a_later_life(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST);
    struct position_row first = life(&f, 1, 0, 2), second = life(&f, 2, 500, 4);
    hear(&f, &first, 2);
    story_wait_ms(&f, 1000);
    read_one(&f, &second);
    assert_int_equal(story_held(&f), 4);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    hear(&f, &first, 1);
    hear(&f, &first, 0);
    assert_int_equal(story_held(&f), 4);
    story_close(&f);
}

/* ID-04: sent for what only a read had told; then the stream catches up, passing the goal on its way. */
static void
stream_catches_up_with_a_read(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, "{\"max_contracts_per_instrument\":{\"enabled\":true,\"limits\":{\"MNQ\":2},\"enforcement\":\"reduce_to_limit\"}}");
    struct position_row row = life(&f, 1, 0, 4);
    read_one(&f, &row);
    uint64_t close = story_only(&f, COMMAND_REDUCE)->id;
    story_answer(&f, close, OUTCOME_ACCEPTED);
    hear(&f, &row, 1);
    hear(&f, &row, 2);
    hear(&f, &row, 3);
    assert_int_equal(story_count(&f, COMMAND_REDUCE), 0);
    hear(&f, &row, 4);
    assert_int_equal(story_count(&f, COMMAND_REDUCE), 0);
    story_wait_ms(&f, 500);
    read_one(&f, &row);
    assert_int_equal(story_count(&f, COMMAND_REDUCE), 0);
    story_wait_ms(&f, 2000);
    read_one(&f, &row);
    assert_int_equal(story_count(&f, COMMAND_REDUCE), 1); /* It was lost: OV-04. */
    story_close(&f);
}

/* R-012-4: a stop that only grows leaves; the gateway's check took its absent price for one off the tick. */
static void
stop_may_change_size_alone(void **state)
{
    struct fake *fake = fake_new(1);
    struct command command = { .kind = COMMAND_MODIFY_STOP, .account_id = 1, .contract = { "C" }, .order_id = 5, .size = 2 };

    (void)state;
    fake->positions = "[{\"id\":9,\"accountId\":1,\"contractId\":\"C\",\"creationTimestamp\":\"2026-08-19T14:16:01Z\",\"type\":1,"
                      "\"size\":2,\"averagePrice\":100.0}]";
    fake_go_live(fake);
    (void)fake_command(fake, (struct command){ .kind = COMMAND_LOOK_UP_CONTRACT, .account_id = 1, .contract = { "C" } });
    fake_run(fake, FAKE_SECOND);
    int before = fake->requests_count;
    (void)fake_command(fake, command);
    fake_run(fake, FAKE_SECOND);
    assert_int_equal(fake_count(fake, "Order/modify", before), 1);
    assert_null(strstr(fake->requests[before].body, "\"stopPrice\":0"));
    fake_free(fake);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_terminal_regress),
        cmocka_unit_test(no_stop_between_fill_and_position),
        cmocka_unit_test(stop_again_when_position_stays),
        cmocka_unit_test(no_second_close_before_the_first_settled),
        cmocka_unit_test(no_second_close_on_words_older_than_the_read),
        cmocka_unit_test(late_fills_while_the_close_works),
        cmocka_unit_test(in_again_after_the_close),
        cmocka_unit_test(in_again_after_nothing_to_close),
        cmocka_unit_test(lost_and_won_back_in_a_gap),
        cmocka_unit_test(read_older_than_the_lock),
        cmocka_unit_test(late_word_of_an_earlier_life),
        cmocka_unit_test(read_of_a_later_life),
        cmocka_unit_test(stream_catches_up_with_a_read),
        cmocka_unit_test(stop_may_change_size_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
