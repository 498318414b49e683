/*
 * test_trim.c - stories of what a reduction leaves behind: orders that were right for the larger position.
 *
 * +3 with a bracket of 3, reduced to +2: the bracket may not sell 3 (R-ALL-5, gateway.md 2.9, 2.10).
 */
#include "lib/engine_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define REDUCE "{\"max_contracts_per_instrument\":{\"enabled\":true,\"limits\":{\"MNQ\":2},\"enforcement\":\"reduce_to_limit\"}}"
#define COOLDOWN "{\"cooldown_after_loss\":{\"enabled\":true,\"loss_thresholds\":[{\"loss_amount\":-100,\"cooldown_duration\":300}]}}"

static void
stop_of(struct engine_fixture *f, int64_t id, int32_t size, int32_t filled)
{
    story_order(f, id, FIXTURE_MNQ, filled == size ? ORDER_FILLED : ORDER_OPEN, ORDER_STOP, SIDE_SELL, size, filled);
}

static void
target_of(struct engine_fixture *f, int64_t id, int32_t size)
{
    story_order(f, id, FIXTURE_MNQ, ORDER_OPEN, ORDER_LIMIT, SIDE_SELL, size, 0);
}

static const struct command *
modify_of(const struct engine_fixture *f, int64_t order_id)
{
    for (uint32_t i = 0; i < f->update.commands_count; i++) {
        if (f->update.commands[i].kind == COMMAND_MODIFY_STOP && f->update.commands[i].order_id == order_id)
            return &f->update.commands[i];
    }
    return NULL;
}

/* +3 with stop 700 and target 701 of 3 each, reduced to +2; the update is that of the position's event. */
static void
open_reduced(struct engine_fixture *f)
{
    story_open(f, REDUCE);
    stop_of(f, 700, 3, 0);
    target_of(f, 701, 3);
    story_position(f, FIXTURE_MNQ, 3);
    uint64_t reduce = story_only(f, COMMAND_REDUCE)->id;
    assert_int_equal(story_only(f, COMMAND_REDUCE)->side, SIDE_SELL);
    assert_int_equal(story_count(f, COMMAND_MODIFY_STOP), 0); /* Until it is seen, all of it protects. */
    story_answer(f, reduce, OUTCOME_ACCEPTED);
    assert_int_equal(story_count(f, COMMAND_MODIFY_STOP), 0);
    story_order(f, 800, FIXTURE_MNQ, ORDER_FILLED, ORDER_MARKET, SIDE_SELL, 1, 1);
    story_position(f, FIXTURE_MNQ, 2);
}

static void
bracket_follows(void **state)
{
    struct engine_fixture f;

    (void)state;
    open_reduced(&f);
    assert_int_equal(story_count(&f, COMMAND_MODIFY_STOP), 2);
    assert_non_null(modify_of(&f, 700));
    assert_int_equal(modify_of(&f, 700)->size, 2);
    assert_int_equal(modify_of(&f, 700)->price_nanos, 0);
    assert_int_equal(modify_of(&f, 701)->size, 2);
    assert_int_equal(story_count(&f, COMMAND_CANCEL), 0);
    uint64_t stop = modify_of(&f, 700)->id, target = modify_of(&f, 701)->id;
    story_answer(&f, stop, OUTCOME_ACCEPTED);
    story_answer(&f, target, OUTCOME_ACCEPTED);
    stop_of(&f, 700, 2, 0);
    target_of(&f, 701, 2);
    assert_int_equal(story_count_while(&f, 60000, COMMAND_MODIFY_STOP), 0);
    assert_int_equal(story_count_while(&f, 60000, COMMAND_CANCEL), 0);
    story_close(&f);
}

/* An order's size counts what is filled of it (src/sim/orders.c refuses less): of a stop of 4, one filled, 2 shall be left. */
static void
partly_filled_stop(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, REDUCE);
    stop_of(&f, 700, 4, 1);
    story_position(&f, FIXTURE_MNQ, 3);
    story_position(&f, FIXTURE_MNQ, 2);
    assert_int_equal(story_only(&f, COMMAND_MODIFY_STOP)->size, 3);
    assert_int_equal(story_only(&f, COMMAND_MODIFY_STOP)->filled, 1);
    story_answer(&f, story_only(&f, COMMAND_MODIFY_STOP)->id, OUTCOME_ACCEPTED);
    stop_of(&f, 700, 3, 1);
    assert_int_equal(story_count_while(&f, 60000, COMMAND_MODIFY_STOP), 0);
    story_close(&f);
}

/* In two steps: between them everything is still needed. */
static void
partial_reduction(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, REDUCE);
    stop_of(&f, 700, 5, 0);
    story_position(&f, FIXTURE_MNQ, 5);
    story_position(&f, FIXTURE_MNQ, 4);
    assert_int_equal(story_count(&f, COMMAND_MODIFY_STOP), 0);
    story_position(&f, FIXTURE_MNQ, 2);
    assert_int_equal(story_only(&f, COMMAND_MODIFY_STOP)->size, 2);
    story_close(&f);
}

/* The stop fired before it was made smaller: the short it has opened is closed, though the rule would allow it. */
static void
overfill_is_undone(void **state)
{
    struct engine_fixture f;

    (void)state;
    open_reduced(&f);
    story_position(&f, FIXTURE_MNQ, -1);
    stop_of(&f, 700, 3, 3);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    story_close(&f);
}

/* OL-08: what the trader does himself after the stop was made smaller is his own business. */
static void
trading_on_is_left_alone(void **state)
{
    struct engine_fixture f;

    (void)state;
    open_reduced(&f);
    stop_of(&f, 700, 2, 0);
    target_of(&f, 701, 2);
    stop_of(&f, 700, 2, 2);
    story_position(&f, FIXTURE_MNQ, 0);
    story_position(&f, FIXTURE_MNQ, -1);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
    story_close(&f);
}

/* Refused: again with back-off; the target is cancelled at last, the stop stays and somebody is told. */
static void
refused(void **state)
{
    struct engine_fixture f;
    int stops = 0, targets = 0, cancels = 0, alarms = 0;

    (void)state;
    open_reduced(&f);
    for (int i = 0; i < 400; i++) {
        const struct command *stop = modify_of(&f, 700), *target = modify_of(&f, 701);
        uint64_t stop_id = stop != NULL ? stop->id : 0, target_id = target != NULL ? target->id : 0;
        stops += stop_id != 0;
        targets += target_id != 0;
        if (stop_id != 0) {
            story_answer(&f, stop_id, OUTCOME_REFUSED);
            alarms += story_notices(&f, NOTICE_ALARM);
        }
        if (target_id != 0)
            story_answer(&f, target_id, OUTCOME_REFUSED);
        cancels += target_id != 0 ? story_count(&f, COMMAND_CANCEL) : 0;
        story_wait_ms(&f, 50);
    }
    assert_in_range(stops, 5, 9); /* 0.25, 0.5, 1, 2, 5, 5 s of 20. */
    assert_int_equal(targets, 3);
    assert_int_equal(cancels, 1);
    assert_int_equal(alarms, 1);
    story_close(&f);
}

/* Accepted without effect, for hours: asked for every 5 s to the last. */
static void
without_effect_for_hours(void **state)
{
    struct engine_fixture f;
    struct order_row stop = { .id = 700, .account_id = FIXTURE_ACCOUNT, .contract = { FIXTURE_MNQ }, .status = ORDER_OPEN, .type = ORDER_STOP,
        .side = SIDE_SELL, .size = 3, .has_stop_price = true, .stop_price_nanos = 20900 * INT64_C(1000000000) };
    int asked = 0;

    (void)state;
    story_open(&f, REDUCE);
    stop_of(&f, 700, 3, 0);
    story_position(&f, FIXTURE_MNQ, 3);
    story_answer(&f, story_only(&f, COMMAND_REDUCE)->id, OUTCOME_ACCEPTED);
    story_position(&f, FIXTURE_MNQ, 2);
    for (int s = 0; s < 1000; s++) {
        if (story_count(&f, COMMAND_MODIFY_STOP) == 1) {
            asked += s >= 900 ? 1 : 0; /* 130 have been asked. */
            story_answer(&f, story_only(&f, COMMAND_MODIFY_STOP)->id, OUTCOME_ACCEPTED);
        }
        f.now = instant_add(f.now, SPAN_MS(500));
        story_read(&f, FIXTURE_MNQ, 2, &stop, 1);
        if (story_count(&f, COMMAND_MODIFY_STOP) == 1)
            continue;
        f.now = instant_add(f.now, SPAN_MS(500));
        story_feed(&f, &(struct event){ .kind = EVENT_CLOCK });
    }
    assert_in_range(asked, 12, 20);
    story_close(&f);
}

/* ID-04's sibling: an answer that is lost is not asked again before two reads agree that nothing came of it. */
static void
lost_answer(void **state)
{
    struct engine_fixture f;
    struct order_row rows[2] = { { .id = 700, .account_id = FIXTURE_ACCOUNT, .contract = { FIXTURE_MNQ }, .status = ORDER_OPEN, .type = ORDER_STOP,
                                     .side = SIDE_SELL, .size = 3 },
        { .id = 701, .account_id = FIXTURE_ACCOUNT, .contract = { FIXTURE_MNQ }, .status = ORDER_OPEN, .type = ORDER_LIMIT, .side = SIDE_SELL, .size = 2 } };

    (void)state;
    open_reduced(&f);
    uint64_t stop = modify_of(&f, 700)->id, target = modify_of(&f, 701)->id;
    story_answer(&f, stop, OUTCOME_AMBIGUOUS);
    story_answer(&f, target, OUTCOME_AMBIGUOUS);
    target_of(&f, 701, 2);
    assert_int_equal(story_count_while(&f, 2500, COMMAND_MODIFY_STOP), 0);
    story_read(&f, FIXTURE_MNQ, 2, rows, 2);
    assert_int_equal(story_count(&f, COMMAND_MODIFY_STOP), 0);
    story_wait_ms(&f, 1100);
    story_read(&f, FIXTURE_MNQ, 2, rows, 2);
    assert_int_equal(story_count_while(&f, 300, COMMAND_MODIFY_STOP), 1);
    assert_null(modify_of(&f, 701));
    story_close(&f);
}

/* Three brackets of one each: the newest goes, its stop and its target; a sell order that was too large before is the trader's own. */
static void
newest_bracket_goes(void **state)
{
    struct engine_fixture f;
    uint32_t cancelled = 0;

    (void)state;
    story_open(&f, REDUCE);
    story_order(&f, 900, FIXTURE_MNQ, ORDER_OPEN, ORDER_STOP, SIDE_SELL, 7, 0);
    for (int64_t id = 700; id < 706; id += 2) {
        stop_of(&f, id, 1, 0);
        target_of(&f, id + 1, 1);
    }
    story_position(&f, FIXTURE_MNQ, 3);
    story_position(&f, FIXTURE_MNQ, 2);
    for (uint32_t i = 0; i < f.update.commands_count; i++) {
        if (f.update.commands[i].kind == COMMAND_CANCEL) {
            assert_in_range(f.update.commands[i].order_id, 704, 705);
            cancelled++;
        }
    }
    assert_int_equal(cancelled, 2);
    assert_int_equal(story_count(&f, COMMAND_MODIFY_STOP), 0);
    story_close(&f);
}

/* A cancel that becomes necessary does not wait for a change of size in flight. */
static void
cancel_overtakes(void **state)
{
    struct engine_fixture f;

    (void)state;
    open_reduced(&f);
    struct event flatten = { .kind = EVENT_ADMIN, .u.admin = { .kind = ADMIN_FLATTEN, .account_id = FIXTURE_ACCOUNT, .reason = "test" } };
    story_feed(&f, &flatten);
    assert_int_equal(story_count(&f, COMMAND_CANCEL), 2);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    story_close(&f);
}

/* The truth as read now, asked just now: the position and these orders. */
static void
read_of(struct engine_fixture *f, int32_t size, const struct order_row *orders, uint32_t count)
{
    story_wait_ms(f, 100);
    story_read(f, FIXTURE_MNQ, size, orders, count);
}

#define ORDER_ROW(number, kind, which_side, how_many, made_at) { .id = number, .account_id = FIXTURE_ACCOUNT, .contract = { FIXTURE_MNQ }, \
    .created_at = { made_at }, .status = ORDER_OPEN, .type = kind, .side = which_side, .size = how_many }

/*
 * RT-11, ID-02: the process that reduced is gone, the next one finds what it left: the bracket of 3 beside +2.  An order that is larger than all that
 * was held, one made after the reduction (by a clock that may be off ours), and one of the same side as the position are the trader's own.
 */
static void
restart_trims(void **state)
{
    (void)state;
    for (int side = 0; side < 2; side++) {
        struct engine_fixture f;
        int32_t sign = side == 0 ? 1 : -1, out = side == 0 ? SIDE_SELL : SIDE_BUY, in = side == 0 ? SIDE_BUY : SIDE_SELL;

        story_open_bare(&f, REDUCE);
        int64_t before = f.now.ns - 5000000000, sent = f.now.ns - 2000000000;
        const struct order_row rows[] = { ORDER_ROW(700, ORDER_STOP, out, 3, sent + 5000000000), ORDER_ROW(701, ORDER_LIMIT, out, 3, 0),
            ORDER_ROW(702, ORDER_STOP, out, 7, before), ORDER_ROW(703, ORDER_LIMIT, out, 3, sent + 5000000001), ORDER_ROW(704, ORDER_STOP, in, 3, before) };
        struct goal_row goal = { .incident = 7, .account_id = FIXTURE_ACCOUNT, .contract = { FIXTURE_MNQ }, .rule = 2, .size = 2,
            .reduced_from = 3 * sign, .close_unresolved = true, .since = { before }, .sent_at = { sent } };
        struct event restore = { .kind = EVENT_RESTORE, .u.restore = { .goals = &goal, .goals_count = 1, .next_command_id = 100 } };

        story_feed(&f, &restore);
        assert_int_equal(f.update.commands_count, 0);
        read_of(&f, 2 * sign, rows, 5);
        assert_int_equal(story_count(&f, COMMAND_MODIFY_STOP), 2);
        assert_int_equal(modify_of(&f, 700)->size, 2);
        assert_int_equal(modify_of(&f, 701)->size, 2);
        assert_int_equal(story_count(&f, COMMAND_CANCEL), 0);
        assert_int_equal(story_count(&f, COMMAND_REDUCE), 0);
        story_close(&f);
    }
}

/* The position has turned round meanwhile: what is against it now is not what the reduction left. */
static void
restart_after_a_reversal(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open_bare(&f, REDUCE);
    const struct order_row rows[] = { ORDER_ROW(700, ORDER_STOP, SIDE_BUY, 3, 0) };
    struct goal_row goal = { .incident = 7, .account_id = FIXTURE_ACCOUNT, .contract = { FIXTURE_MNQ }, .rule = 2, .size = 2, .reduced_from = 3,
        .since = f.now, .sent_at = f.now };
    story_feed(&f, &(struct event){ .kind = EVENT_RESTORE, .u.restore = { .goals = &goal, .goals_count = 1 } });
    read_of(&f, -2, rows, 1);
    assert_int_equal(story_count(&f, COMMAND_MODIFY_STOP), 0);
    story_close(&f);
}

/* What the store needs for that: the goal stands until the bracket fits, and says from which size it was reduced. */
static void
proven_when_trimmed(void **state)
{
    struct engine_fixture f;
    struct order_row rows[] = { ORDER_ROW(700, ORDER_STOP, SIDE_SELL, 3, 0), ORDER_ROW(701, ORDER_LIMIT, SIDE_SELL, 2, 0) };
    int proven = 0;

    (void)state;
    open_reduced(&f);
    uint64_t stop = modify_of(&f, 700)->id, target = modify_of(&f, 701)->id;
    story_answer(&f, target, OUTCOME_ACCEPTED);
    target_of(&f, 701, 2);
    for (int i = 0; i < 4; i++) {
        read_of(&f, 2, rows, 2);
        proven += story_records(&f, RECORD_GOAL_PROVEN);
    }
    assert_int_equal(proven, 0);
    story_answer(&f, stop, OUTCOME_ACCEPTED);
    stop_of(&f, 700, 2, 0);
    rows[0].size = 2;
    story_wait_ms(&f, 2100); /* OV-04 */
    read_of(&f, 2, rows, 2);
    assert_int_equal(story_records(&f, RECORD_GOAL_PROVEN), 1);
    for (uint32_t i = 0; i < f.update.records_count; i++) {
        if (f.update.records[i].kind == RECORD_GOAL_PROVEN)
            assert_int_equal(f.update.records[i].u.proven.goal.reduced_from, 3);
    }
    story_close(&f);

    open_reduced(&f); /* A stop that the broker refuses to make smaller: told, and nothing more is owed. */
    stop = modify_of(&f, 700)->id;
    target_of(&f, 701, 2);
    rows[0].size = 3;
    int refusals = 0;
    for (int i = 0; i < 100 && proven == 0; i++) {
        refusals += i % 20 == 0;
        if (i % 20 == 0)
            story_answer(&f, stop, OUTCOME_REFUSED);
        else
            story_wait_ms(&f, 50);
        stop = modify_of(&f, 700) != NULL ? modify_of(&f, 700)->id : stop;
        story_read(&f, FIXTURE_MNQ, 2, rows, 2);
        stop = modify_of(&f, 700) != NULL ? modify_of(&f, 700)->id : stop;
        proven = story_records(&f, RECORD_GOAL_PROVEN);
    }
    assert_int_equal(proven, 1);
    assert_int_equal(refusals, 3);
    story_close(&f);
}

/* R-ALL-8: a partial exit at a loss begins the cooldown; the stop of the whole position is now too large, and still all the protection there is. */
static void
cooldown_keeps_stops(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, COOLDOWN);
    story_position(&f, FIXTURE_MNQ, 3);
    stop_of(&f, 700, 3, 0);
    story_position(&f, FIXTURE_MNQ, 2);
    story_trade(&f, 1, -150);
    assert_true(engine_is_locked(f.engine, FIXTURE_ACCOUNT, ""));
    assert_int_equal(story_count(&f, COMMAND_CANCEL), 0);
    stop_of(&f, 700, 4, 0); /* Made larger since: an entry. */
    assert_int_equal(story_count(&f, COMMAND_CANCEL), 1);
    stop_of(&f, 701, 3, 0); /* Too large from the start: an entry. */
    assert_int_equal(story_count(&f, COMMAND_CANCEL), 1);
    story_close(&f);
}

/* R-ALL-7, R-ALL-14, S-27: what is tried under a lock is told each time; what stood when it was set is not. */
static void
defiance_is_told(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, "{\"daily_realized_loss\":{\"enabled\":true,\"limit\":-500}}");
    stop_of(&f, 700, 1, 0);
    story_trade(&f, 1, -600);
    assert_int_equal(story_notices(&f, NOTICE_BREACH), 1);
    assert_int_equal(story_count(&f, COMMAND_CANCEL), 1);
    story_wait_ms(&f, 1000);
    story_position(&f, FIXTURE_MNQ, 1);
    assert_int_equal(story_notices(&f, NOTICE_BREACH), 1);
    assert_int_equal(story_records(&f, RECORD_BREACH), 1);
    assert_int_equal(story_only(&f, COMMAND_CLOSE)->rule, 3);
    story_position(&f, FIXTURE_MNQ, 1);
    assert_int_equal(story_notices(&f, NOTICE_BREACH), 0); /* The same one. */
    story_order(&f, 702, FIXTURE_RTY, ORDER_OPEN, ORDER_LIMIT, SIDE_BUY, 1, 0);
    assert_int_equal(story_notices(&f, NOTICE_BREACH), 1);
    story_order(&f, 703, FIXTURE_RTY, ORDER_SUSPENDED, ORDER_STOP, SIDE_SELL, 1, 0);
    assert_int_equal(story_count(&f, COMMAND_CANCEL), 1);
    assert_int_equal(story_notices(&f, NOTICE_BREACH), 0); /* Its bracket. */
    story_close(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(bracket_follows), cmocka_unit_test(partly_filled_stop), cmocka_unit_test(partial_reduction), cmocka_unit_test(overfill_is_undone),
        cmocka_unit_test(trading_on_is_left_alone), cmocka_unit_test(refused), cmocka_unit_test(without_effect_for_hours),
        cmocka_unit_test(lost_answer),
        cmocka_unit_test(newest_bracket_goes), cmocka_unit_test(cancel_overtakes), cmocka_unit_test(cooldown_keeps_stops), cmocka_unit_test(restart_trims),
        cmocka_unit_test(restart_after_a_reversal), cmocka_unit_test(proven_when_trimmed),
        cmocka_unit_test(defiance_is_told) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
