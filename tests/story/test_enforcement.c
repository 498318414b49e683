/*
 * test_enforcement.c - stories of an enforcement: sent, answered, seen, proven; and everything that can go wrong between.
 *
 * The broker is the test: it answers, reports and lies as the story says.  resilience.md 7 gives most of the names.
 */
#include "lib/engine_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define LOSS "{\"daily_realized_loss\":{\"enabled\":true,\"limit\":-500}}"
#define REDUCE "{\"max_contracts_per_instrument\":{\"enabled\":true,\"limits\":{\"MNQ\":2},\"enforcement\":\"reduce_to_limit\"}}"

static bool
locked(const struct engine_fixture *f)
{
    return engine_is_locked(f->engine, FIXTURE_ACCOUNT, "");
}

/* R-ALL-5, R-ALL-3, EP-06: close and cancel leave in one step; proof takes the stream and a read; then it is recorded. */
static void
enforce_verified(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, LOSS);
    story_position(&f, FIXTURE_MNQ, 1);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_OPEN, ORDER_STOP, SIDE_SELL, 1, 0);
    story_trade(&f, 1, -600);
    uint64_t close = story_only(&f, COMMAND_CLOSE)->id;
    uint64_t cancel = story_only(&f, COMMAND_CANCEL)->id;
    assert_int_equal(story_records(&f, RECORD_GOAL_SET), 1);
    assert_int_equal(story_records(&f, RECORD_SENT), 2);
    assert_true(locked(&f));
    story_answer(&f, close, OUTCOME_ACCEPTED);
    story_answer(&f, cancel, OUTCOME_ACCEPTED);
    assert_true(story_status(&f).enforcing); /* A success reply is no proof. */
    story_position(&f, FIXTURE_MNQ, 0);
    assert_int_equal(story_records(&f, RECORD_GOAL_PROVEN), 0); /* The stop still works. */
    story_order(&f, 700, FIXTURE_MNQ, ORDER_CANCELLED, ORDER_STOP, SIDE_SELL, 1, 0);
    assert_true(story_count_while(&f, 6000, COMMAND_READ) > 0); /* The one in flight was asked too early to prove it. */
    story_read(&f, FIXTURE_MNQ, 0, NULL, 0);
    assert_int_equal(story_records(&f, RECORD_GOAL_PROVEN), 1);
    assert_true(story_status(&f).proven_flat);
    story_close(&f);
}

/* R-ALL-5, ID-04: a lost reply is not answered by a second close until two reads a second apart still show the position. */
static void
retry_mutation_timeout_not_resent(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, LOSS);
    story_position(&f, FIXTURE_MNQ, 2);
    story_trade(&f, 1, -600);
    story_answer(&f, story_only(&f, COMMAND_CLOSE)->id, OUTCOME_AMBIGUOUS);
    assert_int_equal(story_count_while(&f, 3000, COMMAND_CLOSE), 0);
    story_read(&f, FIXTURE_MNQ, 2, NULL, 0);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
    assert_int_equal(story_count_while(&f, 900, COMMAND_CLOSE), 0);
    story_read(&f, FIXTURE_MNQ, 2, NULL, 0); /* Too soon after the first to agree with it. */
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
    story_wait_ms(&f, 200);
    story_read(&f, FIXTURE_MNQ, 2, NULL, 0);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    story_close(&f);
}

/* enforce_close_reply_lost: the close did execute; nothing is sent again. */
static void
enforce_fill_before_reply(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, LOSS);
    story_position(&f, FIXTURE_MNQ, 2);
    story_trade(&f, 1, -600);
    uint64_t close = story_only(&f, COMMAND_CLOSE)->id;
    story_position(&f, FIXTURE_MNQ, 0); /* The event precedes the answer: enforce_fill_before_reply. */
    story_answer(&f, close, OUTCOME_AMBIGUOUS);
    story_wait_ms(&f, 10);
    story_read(&f, FIXTURE_MNQ, 0, NULL, 0);
    assert_false(story_status(&f).enforcing);
    assert_int_equal(story_count_while(&f, 60000, COMMAND_CLOSE), 0);
    story_close(&f);
}

/* RT-04, RT-05, P4: refused for a quarter of an hour; it keeps trying and keeps alarming. */
static void
retry_enforcement_unlimited(void **state)
{
    struct engine_fixture f;
    int closes = 0, alarms = 0;

    (void)state;
    story_open(&f, LOSS);
    story_position(&f, FIXTURE_MNQ, 2);
    story_trade(&f, 1, -600);
    story_answer(&f, story_only(&f, COMMAND_CLOSE)->id, OUTCOME_REFUSED);
    assert_int_equal(story_count_while(&f, 200, COMMAND_CLOSE), 0);
    for (struct instant until = instant_add(f.now, SPAN_SECONDS(900)); instant_before(f.now, until);) {
        story_wait_ms(&f, 50);
        alarms += story_notices(&f, NOTICE_ALARM);
        if (story_count(&f, COMMAND_CLOSE) == 1) {
            closes++;
            story_answer(&f, story_only(&f, COMMAND_CLOSE)->id, OUTCOME_REFUSED);
        }
    }
    assert_in_range(closes, 900 / 5, 900 / 5 + 8); /* 0.25, 0.5, 1, 2, 5, 5... s. */
    assert_in_range(alarms, 15, 20);
    story_close(&f);
}

/* RT-04, R-010-3: no network over a long weekend: every 5 s to the last, not faster once there have been more tries than anybody has counted. */
static void
refused_for_a_weekend(void **state)
{
    struct engine_fixture f;
    int closes = 0;

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST);
    story_position(&f, FIXTURE_MNQ, 3);
    while (closes < 33000) {
        if (story_count(&f, COMMAND_CLOSE) == 1) {
            closes++;
            story_answer(&f, story_only(&f, COMMAND_CLOSE)->id, OUTCOME_NOT_SENT);
        } else {
            f.now = instant_max(engine_deadline(f.engine), f.now);
            story_feed(&f, &(struct event){ .kind = EVENT_CLOCK });
        }
    }
    assert_int_equal(story_count_while(&f, 4900, COMMAND_CLOSE), 0);
    story_close(&f);
}

/* A market closed for hours: tried every 5 s (RT-04), read as often, so that other accounts' reads have their share of the window. */
static void
reads_slow_down(void **state)
{
    struct engine_fixture f;
    int reads = 0;

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST);
    story_position(&f, FIXTURE_MNQ, 3);
    struct instant from = instant_add(f.now, SPAN_SECONDS(60)), until = instant_add(f.now, SPAN_SECONDS(120));
    while (instant_before(f.now, until)) {
        int asked = story_count(&f, COMMAND_READ), closes = story_count(&f, COMMAND_CLOSE);
        if (closes == 1)
            story_answer(&f, story_only(&f, COMMAND_CLOSE)->id, OUTCOME_REFUSED);
        asked += closes == 1 ? story_count(&f, COMMAND_READ) : 0;
        reads += instant_before(f.now, from) ? 0 : asked;
        if (asked > 0)
            story_read(&f, FIXTURE_MNQ, 3, NULL, 0);
        if (asked > 0 || closes == 1)
            continue;
        f.now = engine_deadline(f.engine);
        story_feed(&f, &(struct event){ .kind = EVENT_CLOCK });
    }
    assert_in_range(reads, 60 / 5 - 1, 60 / 5 + 2);
    story_close(&f);
}

/* enforce_orphans (EP-06): a stop that fires between close and cancel has opened a position: closed again. */
static void
enforce_orphans(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST); /* No lockout: only the enforcement itself can undo it. */
    story_order(&f, 700, FIXTURE_MNQ, ORDER_OPEN, ORDER_STOP, SIDE_SELL, 3, 0);
    story_position(&f, FIXTURE_MNQ, 3);
    uint64_t close = story_only(&f, COMMAND_CLOSE)->id;
    uint64_t cancel = story_only(&f, COMMAND_CANCEL)->id;
    story_answer(&f, close, OUTCOME_ACCEPTED);
    story_order(&f, 800, FIXTURE_MNQ, ORDER_FILLED, ORDER_MARKET, SIDE_SELL, 3, 3); /* The close's own. */
    story_position(&f, FIXTURE_MNQ, 0);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_FILLED, ORDER_STOP, SIDE_SELL, 3, 3);
    story_answer(&f, cancel, OUTCOME_REFUSED); /* Often: already filled (EC-06). */
    story_position(&f, FIXTURE_MNQ, -3);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    story_close(&f);
}

/* enforce_entry_tail (PF-05): proven flat, then a swept order turns out to have filled. */
static void
enforce_entry_tail(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_OPEN, ORDER_LIMIT, SIDE_BUY, 1, 0);
    story_position(&f, FIXTURE_MNQ, 3);
    uint64_t close = story_only(&f, COMMAND_CLOSE)->id;
    story_answer(&f, story_only(&f, COMMAND_CANCEL)->id, OUTCOME_ACCEPTED);
    story_answer(&f, close, OUTCOME_ACCEPTED);
    story_position(&f, FIXTURE_MNQ, 0);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_CANCELLED, ORDER_LIMIT, SIDE_BUY, 1, 0);
    story_wait_ms(&f, 10);
    story_read(&f, FIXTURE_MNQ, 0, NULL, 0);
    assert_false(story_status(&f).enforcing);
    story_wait_ms(&f, 5000);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_CANCELLED, ORDER_LIMIT, SIDE_BUY, 1, 1); /* OL-02: a cancelled order may have filled. */
    story_position(&f, FIXTURE_MNQ, 1);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    story_close(&f);
}

/* R-001-4: without a lockout the trader may trade on at once. */
static void
trading_on_is_left_alone(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST);
    story_position(&f, FIXTURE_MNQ, 3);
    story_answer(&f, story_only(&f, COMMAND_CLOSE)->id, OUTCOME_ACCEPTED);
    story_position(&f, FIXTURE_MNQ, 0);
    story_wait_ms(&f, 10);
    story_read(&f, FIXTURE_MNQ, 0, NULL, 0);
    story_position(&f, FIXTURE_MNQ, 2);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
    story_close(&f);
}

/* R-ALL-7 (lockout_holds): whatever shows up while locked goes, by event and by read; figures are kept. */
static void
lockout_holds(void **state)
{
    struct engine_fixture f;
    struct order_row found = { .id = 801, .account_id = FIXTURE_ACCOUNT, .status = ORDER_SUSPENDED, .type = ORDER_STOP,
        .side = SIDE_SELL, .size = 1, .contract = { FIXTURE_RTY } };

    (void)state;
    story_open(&f, LOSS);
    story_trade(&f, 1, -600);
    story_position(&f, FIXTURE_MNQ, 1);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    story_order(&f, 800, FIXTURE_RTY, ORDER_PENDING, ORDER_LIMIT, SIDE_BUY, 1, 0);
    assert_int_equal(story_count(&f, COMMAND_CANCEL), 1);
    story_wait_ms(&f, 3000);
    story_read(&f, FIXTURE_RTY, 4, &found, 1);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    assert_true(story_count(&f, COMMAND_CANCEL) >= 1);
    story_trade(&f, 2, -50);
    assert_int_equal(story_status(&f).day.gross_micros, -650000000);
    story_close(&f);
}

/* R-ALL-11, SR-04 (sync_trades_hit_limit): a loss made while the daemon was off locks at the first snapshot; a replay counts once (R-ALL-10). */
static void
sync_trades_hit_limit(void **state)
{
    struct engine_fixture f;
    struct trade_row trades[2];
    struct event event = { .kind = EVENT_SNAPSHOT };

    (void)state;
    story_open_bare(&f, LOSS);
    story_feed(&f, &(struct event){ .kind = EVENT_RESTORE });
    for (int i = 0; i < 2; i++)
        trades[i] = (struct trade_row){ .id = 10 + i, .account_id = FIXTURE_ACCOUNT, .order_id = 5 + i, .contract = { FIXTURE_MNQ },
            .at = instant_sub(f.now, SPAN_SECONDS(3600 + i)), .has_pnl = true, .size = 1, .pnl_micros = -300000000 };
    event.u.snapshot = (struct snapshot){ .account_id = FIXTURE_ACCOUNT, .parts = PART_POSITIONS | PART_ORDERS | PART_TRADES,
        .asked_at = f.now, .trades = trades, .trades_count = 2 };
    story_feed(&f, &event);
    assert_true(locked(&f));
    story_feed(&f, &event);
    assert_int_equal(story_status(&f).day.gross_micros, -600000000);
    story_close(&f);
}

/* R-ALL-12. */
static void
strict_mode(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, "{\"global\":{\"strict_mode\":true},\"max_contracts_per_instrument\":{\"enabled\":true,\"limits\":{\"MNQ\":2}}}");
    story_position(&f, FIXTURE_MNQ, 3);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    assert_int_equal(story_count(&f, COMMAND_REDUCE), 0);
    assert_true(locked(&f));
    story_wait_ms(&f, 3 * 86400 * 1000LL);
    assert_true(locked(&f));
    story_close(&f);
}

/* R-ALL-1, R-ALL-2, R-ALL-3, CC-02, EP-03 (enforce_double_trigger): state first; of a reduction and a close only the close leaves. */
static void
enforce_double_trigger(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, "{\"max_contracts\":{\"enabled\":true,\"limit\":2,\"reduce_to_limit\":true},"
                     "\"daily_unrealized_loss\":{\"enabled\":true,\"loss_limit\":100,\"action\":\"close_all_and_lockout\"}}");
    story_quote(&f, FIXTURE_MNQ, 20900);
    story_position(&f, FIXTURE_MNQ, 3);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    assert_int_equal(story_count(&f, COMMAND_REDUCE), 0);
    assert_int_equal(story_records(&f, RECORD_BREACH), 2); /* Both are recorded. */
    for (uint32_t i = 0; i < f.update.records_count; i++) {
        if (f.update.records[i].kind == RECORD_BREACH) {
            assert_int_equal(f.update.records[i].rule, 4); /* The headline is the most severe. */
            break;
        }
    }
    story_close(&f);
}

/* A reduction never over-closes: one in flight, sizes in between send nothing, the rest is recomputed from a settled size (PF-05). */
static void
enforce_partial_fill(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, REDUCE);
    story_position(&f, FIXTURE_MNQ, 5);
    const struct command *reduce = story_only(&f, COMMAND_REDUCE);
    assert_int_equal(reduce->size, 3);
    story_answer(&f, reduce->id, OUTCOME_ACCEPTED);
    story_position(&f, FIXTURE_MNQ, 4);
    assert_int_equal(story_count(&f, COMMAND_REDUCE), 0);
    story_position(&f, FIXTURE_MNQ, 3);
    story_wait_ms(&f, 2500);
    story_read(&f, FIXTURE_MNQ, 3, NULL, 0);
    assert_int_equal(story_count(&f, COMMAND_REDUCE), 0);
    story_wait_ms(&f, 1100);
    story_read(&f, FIXTURE_MNQ, 3, NULL, 0);
    assert_int_equal(story_only(&f, COMMAND_REDUCE)->size, 1);
    story_close(&f);
}

/* enforce_rest_lag: a read that still shows what the stream just closed causes nothing. */
static void
enforce_rest_lag(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, STORY_TWO_AT_MOST);
    story_position(&f, FIXTURE_MNQ, 3);
    story_answer(&f, story_only(&f, COMMAND_CLOSE)->id, OUTCOME_ACCEPTED);
    story_position(&f, FIXTURE_MNQ, 0);
    story_wait_ms(&f, 500);
    story_read(&f, FIXTURE_MNQ, 3, NULL, 0);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
    assert_true(story_status(&f).enforcing);
    story_wait_ms(&f, 2100);
    story_read(&f, FIXTURE_MNQ, 0, NULL, 0);
    assert_false(story_status(&f).enforcing);
    story_close(&f);
}

/* R-ALL-5, EP-06: enforcement.order cancel_first proves the cancels before it closes. */
static void
cancel_first(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, LOSS);
    f.loaded->config.order = ORDER_CANCEL_FIRST;
    story_position(&f, FIXTURE_MNQ, 1);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_OPEN, ORDER_STOP, SIDE_SELL, 1, 0);
    story_trade(&f, 1, -600);
    assert_int_equal(story_count(&f, COMMAND_CANCEL), 1);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 0);
    story_order(&f, 700, FIXTURE_MNQ, ORDER_CANCELLED, ORDER_STOP, SIDE_SELL, 1, 0);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    story_close(&f);
}

/* ID-02 (enforce_kill_matrix, the engine's half): an unfinished close from before a restart is proven, not replayed. */
static void
unfinished_goal_is_proven_first(void **state)
{
    struct engine_fixture f;
    struct goal_row goal = { .incident = 7, .account_id = FIXTURE_ACCOUNT, .contract = { FIXTURE_MNQ }, .rule = 1, .flatten = true,
        .close_unresolved = true };
    struct event event = { .kind = EVENT_RESTORE };

    (void)state;
    story_open_bare(&f, STORY_TWO_AT_MOST);
    goal.since = goal.sent_at = instant_sub(f.now, SPAN_MS(300));
    event.u.restore = (struct restore){ .next_command_id = 50, .next_incident = 8, .goals = &goal, .goals_count = 1 };
    story_feed(&f, &event);
    story_read(&f, FIXTURE_MNQ, 2, NULL, 0);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 0); /* The old close may still be on its way. */
    story_wait_ms(&f, 1100);
    story_read(&f, FIXTURE_MNQ, 2, NULL, 0);
    assert_true(story_only(&f, COMMAND_CLOSE)->id >= 50);
    story_close(&f);
}

/* SV-03: locked before the restart, locked at the first snapshot after it. */
static void
lockout_outlives_a_restart(void **state)
{
    struct engine_fixture f;
    struct lockout lockout = { .account_id = FIXTURE_ACCOUNT, .rule = 3, .kind = LOCK_FLAT, .end = LOCK_UNTIL_ADMIN, .until = INSTANT_NEVER };
    struct event event = { .kind = EVENT_RESTORE };
    struct order_row found = { .id = 801, .account_id = FIXTURE_ACCOUNT, .status = ORDER_OPEN, .type = ORDER_LIMIT, .side = SIDE_BUY,
        .size = 1, .contract = { FIXTURE_RTY } };

    (void)state;
    story_open_bare(&f, LOSS);
    lockout.since = instant_sub(f.now, SPAN_SECONDS(60));
    event.u.restore = (struct restore){ .next_command_id = 1, .next_incident = 1, .lockouts = &lockout, .lockouts_count = 1 };
    story_feed(&f, &event);
    story_read(&f, FIXTURE_MNQ, 2, &found, 1);
    assert_int_equal(story_count(&f, COMMAND_CLOSE), 1);
    assert_int_equal(story_count(&f, COMMAND_CANCEL), 1);
    story_close(&f);
}

/* R-RST-2, R-RST-1: figures start at zero, "until reset" ends, permanent stays, the old day is told. */
static void
daily_reset(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, LOSS);
    story_trade(&f, 1, -600);
    assert_true(locked(&f));
    struct instant reset = story_status(&f).day.ends_at;
    story_wait_ms(&f, instant_since(reset, f.now).ns / 1000000 - 1);
    assert_true(locked(&f));
    story_wait_ms(&f, 1);
    assert_int_equal(story_notices(&f, NOTICE_DAILY_RESET), 1);
    assert_int_equal(story_status(&f).day.gross_micros, 0);
    assert_int_equal(story_status(&f).day.trades, 0);
    assert_false(locked(&f));
    story_close(&f);
    story_open(&f, "{\"daily_realized_loss\":{\"enabled\":true,\"limit\":-500,\"lockout_until\":\"permanent\"}}");
    story_trade(&f, 1, -600);
    story_wait_ms(&f, 86400 * 1000LL);
    assert_true(locked(&f));
    story_close(&f);
}

/* OV-04, ID-04: a late event with the old size hides what two reads already show; they do not agree with it, and nothing is reduced twice. */
static void
reads_against_the_stream(void **state)
{
    struct engine_fixture f;

    (void)state;
    story_open(&f, "{\"max_contracts\":{\"enabled\":true,\"limit\":2,\"reduce_to_limit\":true}}");
    story_position(&f, FIXTURE_MNQ, 3);
    story_answer(&f, story_only(&f, COMMAND_REDUCE)->id, OUTCOME_ACCEPTED);
    story_wait_ms(&f, 300);
    story_position(&f, FIXTURE_MNQ, 3);
    assert_int_equal(story_count_while(&f, 200, COMMAND_REDUCE), 0);
    story_read(&f, FIXTURE_MNQ, 2, NULL, 0);
    assert_int_equal(story_count_while(&f, 1100, COMMAND_REDUCE), 0);
    story_read(&f, FIXTURE_MNQ, 2, NULL, 0);
    assert_int_equal(story_count(&f, COMMAND_REDUCE), 0);
    assert_int_equal(story_count_while(&f, 1000, COMMAND_REDUCE), 0);
    story_read(&f, FIXTURE_MNQ, 2, NULL, 0);
    assert_int_equal(story_count_while(&f, 60000, COMMAND_REDUCE), 0);
    story_close(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(enforce_verified), cmocka_unit_test(retry_mutation_timeout_not_resent),
        cmocka_unit_test(enforce_fill_before_reply), cmocka_unit_test(retry_enforcement_unlimited),
        cmocka_unit_test(refused_for_a_weekend), cmocka_unit_test(reads_slow_down),
        cmocka_unit_test(enforce_orphans), cmocka_unit_test(enforce_entry_tail),
        cmocka_unit_test(trading_on_is_left_alone), cmocka_unit_test(lockout_holds), cmocka_unit_test(sync_trades_hit_limit),
        cmocka_unit_test(strict_mode), cmocka_unit_test(enforce_double_trigger), cmocka_unit_test(enforce_partial_fill),
        cmocka_unit_test(enforce_rest_lag), cmocka_unit_test(cancel_first), cmocka_unit_test(unfinished_goal_is_proven_first),
        cmocka_unit_test(lockout_outlives_a_restart),
        cmocka_unit_test(daily_reset),
        cmocka_unit_test(reads_against_the_stream) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
