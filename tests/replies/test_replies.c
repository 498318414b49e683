/*
 * test_replies.c - lost replies, kills and races against the simulated exchange: flat at the end, and nothing done twice (resilience.md 1.6, 7).
 *
 * Seeds are printed when they fail.  RUNS runs of each of the two random stories; the matrix and the races visit every point there is.
 */
#include "rig.h"

#include "base/assert.h"
#include "sim/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RUNS 1000
#define TWO_AT_MOST "{\"max_contracts\":{\"enabled\":true,\"limit\":2}}"
#define TWO_LEFT "{\"max_contracts_per_instrument\":{\"enabled\":true,\"limits\":{\"MNQ\":2},\"enforcement\":\"reduce_to_limit\"}}"
#define STOP_LOSS "{\"trade_management\":{\"enabled\":true,\"auto_stop_loss\":{\"enabled\":true,\"stop_loss_ticks\":400}}}"
#define CLOSE "/api/Position/closeContract"
#define PLACE "/api/Order/place"

/* ---- Cuts at random points ---- */

/* What may become of a request, before, at and after its execution. */
static void
arm_at_random(struct rig *rig, const char *path)
{
    static const enum fault_kind kinds[] = { FAULT_CUT_REUSED, FAULT_HOLD, FAULT_CUT_BEFORE, FAULT_STATUS, FAULT_CUT_AFTER_EXECUTE,
        FAULT_CUT_MID_BODY, FAULT_STATUS_AFTER_EXECUTE, FAULT_DELAY, FAULT_HANG };
    size_t pick = (size_t)chance_below(&rig->chance, COUNT_OF(kinds));

    rig_arm(rig, kinds[pick], path, 1 + chance_below(&rig->chance, 2), chance_below(&rig->chance, 9000));
    if (chance_below(&rig->chance, 3) == 0)
        rig_arm(rig, kinds[pick], "searchOpen", 1 + chance_below(&rig->chance, 3), chance_below(&rig->chance, 3000));
}

/* The network goes away for a while at some point of it. */
static void
break_at_random(struct rig *rig)
{
    if (chance_below(&rig->chance, 2) == 0)
        return;
    rig_run(rig, chance_below(&rig->chance, chance_below(&rig->chance, 2) == 0 ? 60 : 6000) * RIG_MS + chance_below(&rig->chance, RIG_MS));
    rig->wire.down = true;
    simulate_wire_break(&rig->wire);
    rig_run(rig, chance_below(&rig->chance, 4000) * RIG_MS);
    rig->wire.down = false;
}

static void
trouble(struct rig *rig, const char *path)
{
    struct exchange_settings *settings = exchange_settings(rig->sim->exchange);

    settings->fill_delay = SPAN_MS(chance_below(&rig->chance, 2) == 0 ? chance_below(&rig->chance, 100) : chance_below(&rig->chance, 900));
    settings->fill_pieces = 1 + (int)chance_below(&rig->chance, 3);
    rig->sim->rest_lag = SPAN_MS(chance_below(&rig->chance, 3) == 0 ? chance_below(&rig->chance, 1900) : 0);
    rig->sim->modes.duplicate = chance_below(&rig->chance, 8) == 0;
    arm_at_random(rig, path);
}

/* Wherever the answer to the close gets lost: flat, and exactly one close was executed. */
static void
enforce_close_reply_lost(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct rig rig;

        rig_open(&rig, TWO_AT_MOST, seed);
        trouble(&rig, CLOSE);
        rig_trade(&rig, 3);
        break_at_random(&rig);
        rig_run(&rig, 60 * RIG_SECOND);
        for (int i = 0; i < 12 && rig_status(&rig).enforcing; i++)
            rig_run(&rig, 10 * RIG_SECOND);
        if (rig_net(&rig) != 0 || rig_counts(&rig)->closes != 1 || rig_orders(&rig) != 0 || !rig_status(&rig).proven_flat)
            fail_msg("seed %llu: net %lld, %lld closes executed, %d orders, proven flat %d", (unsigned long long)seed,
                (long long)rig_net(&rig), (long long)rig_counts(&rig)->closes, rig_orders(&rig), (int)rig_status(&rig).proven_flat);
        rig_close(&rig);
    }
}

/* Wherever the answer to a placement gets lost: one stop works, and no other was ever placed. */
static void
enforce_place_reply_lost(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct rig rig;

        rig_open(&rig, STOP_LOSS, seed);
        trouble(&rig, PLACE);
        rig_trade(&rig, 2);
        break_at_random(&rig);
        for (int i = 0; i < 60; i++) {
            rig_run(&rig, RIG_SECOND);
            rig_price(&rig, 21001 + i); /* The rule tries again on a favourable move (R-012-5). */
        }
        if (rig_net(&rig) != 2 || rig_counts(&rig)->places != 1 || rig_orders(&rig) != 1)
            fail_msg("seed %llu: net %lld, %lld orders placed, %d working", (unsigned long long)seed, (long long)rig_net(&rig),
                (long long)rig_counts(&rig)->places, rig_orders(&rig));
        rig_close(&rig);
    }
}

/* The reply to a placement is cut in its middle: the order is found, not placed again (OV-08, ID-03). */
static void
retry_cut_body(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, STOP_LOSS, 7);
    rig_arm(&rig, FAULT_CUT_MID_BODY, PLACE, 1, 0);
    rig_trade(&rig, 1);
    for (int i = 0; i < 30; i++) {
        rig_run(&rig, RIG_SECOND);
        rig_price(&rig, 21001 + i);
    }
    assert_int_equal(rig_asked(&rig, PLACE), 1);
    assert_int_equal(rig_orders(&rig), 1);
    rig_close(&rig);
}

/* ---- Kills ---- */

/* From the breach to the proof, every command, record, event and write of the disk is one point; the process dies at @kill_at. */
static uint64_t
killed_at(uint64_t kill_at, uint64_t *ret_points)
{
    struct rig rig;

    rig_open(&rig, TWO_AT_MOST, 99);
    struct exchange_place stop = { .account_id = RIG_ACCOUNT, .contract_id = RIG_MNQ, .type = EXCHANGE_STOP, .side = EXCHANGE_SELL, .size = 3,
        .stop = INT64_C(20000000000000) };
    rig_trade(&rig, 2);
    assert_int_equal(exchange_place(rig.sim->exchange, rig.now, &stop).code, 0);
    sim_publish(rig.sim);
    rig_run(&rig, 10 * RIG_SECOND);
    exchange_settings(rig.sim->exchange)->fill_delay = SPAN_MS(700); /* A close replayed at the start would be a second one in flight. */
    rig.points = 0;
    rig.kill_at = kill_at;
    rig_trade(&rig, 1);
    for (int i = 0; i < 5000 && rig.gateway != NULL && (kill_at != 0 || i < 500); i++)
        rig_run(&rig, 10 * RIG_MS);
    *ret_points = rig.points;
    if (kill_at != 0) {
        assert_null(rig.gateway);
        rig.kill_at = 0;
        rig_run(&rig, 50 * RIG_MS);
        rig_start(&rig);
        rig_run(&rig, 60 * RIG_SECOND);
    }
    if (rig_net(&rig) != 0 || rig_orders(&rig) != 0 || rig_counts(&rig)->closes != 1 || !rig_status(&rig).proven_flat)
        fail_msg("killed at %llu: net %lld, %d orders, %lld closes executed", (unsigned long long)kill_at, (long long)rig_net(&rig),
            rig_orders(&rig), (long long)rig_counts(&rig)->closes);
    uint64_t left = rig.points;
    rig_close(&rig);
    return left;
}

/* Killed at each point, started again: flat, and closed once. */
static void
enforce_kill_matrix(void **state)
{
    uint64_t points, ignored;

    (void)state;
    killed_at(0, &points);
    assert_in_range(points, 20, 2000);
    for (uint64_t point = 1; point <= points; point++)
        killed_at(point, &ignored);
    print_message("   %llu points\n", (unsigned long long)points);
}

/* ---- The same state, whatever write was the last ---- */

static void
tell_lockout(void *context, const struct lockout *lockout)
{
    text_addf(context, "lock %d %s %d %d %lld\n", (int)lockout->rule, lockout->root, (int)lockout->kind, (int)lockout->end,
        (long long)lockout->until.ns);
}

/* What the engine and, when it is dead, the store know; without the times and numbers of how it came to be. */
static void
tell_state(struct rig *rig, struct text *out)
{
    struct account_status status = rig_status(rig);
    struct event restore = { .kind = EVENT_RESTORE };
    uint32_t judged = 0;

    engine_each_lockout(rig->engine, RIG_ACCOUNT, tell_lockout, out);
    text_addf(out, "day %lld %lld, %d trades, locked %d, flat %d, holds %lld, %d orders, %lld closes\n", (long long)status.day.gross_micros,
        (long long)status.day.fees_micros, (int)status.day.trades, status.locked, status.proven_flat, (long long)rig_net(rig),
        rig_orders(rig), (long long)rig_counts(rig)->closes);
    rig_kill(rig);
    assert_int_equal(store_load(rig->store, rig->now, &restore.u.restore, NULL), OK);
    for (uint32_t i = 0; i < restore.u.restore.lockouts_count; i++)
        tell_lockout(out, &restore.u.restore.lockouts[i]);
    for (uint32_t i = 0; i < restore.u.restore.trades_count; i++)
        judged += restore.u.restore.trades[i].judged ? 1 : 0;
    text_addf(out, "kept: %u goals, %u trades, %u judged\n", (unsigned)restore.u.restore.goals_count,
        (unsigned)restore.u.restore.trades_count, (unsigned)judged);
}

struct step {
    int64_t at_ms, size, price; /* What is traded then, at which price in units; 0: nothing, the old one. */
};

/* Three of two allowed; then the day's loss is reached and locks; then somebody enters again. */
static const struct step lost_day[] = {
    { 0, 2, 0 }, { 1000, 1, 0 }, { 4000, 2, 0 }, { 5000, 0, 20800 }, { 6000, -2, 0 }, { 10000, 1, 0 }, { 60000, 0, 0 }, { 0, 0, 0 },
};
static const char lost_day_rules[] = "{\"max_contracts\":{\"enabled\":true,\"limit\":2,\"close_all\":true},"
                                     "\"daily_realized_loss\":{\"enabled\":true,\"limit\":-100}}";
/* Three of two allowed, which locks: nothing but the record of it says so afterwards. */
static const struct step locked_day[] = { { 0, 2, 0 }, { 1000, 1, 0 }, { 10000, 1, 0 }, { 60000, 0, 0 }, { 0, 0, 0 } };
static const char locked_day_rules[] = "{\"max_contracts\":{\"enabled\":true,\"limit\":2,\"close_all\":true,\"lockout_on_breach\":true}}";

static uint32_t
lockouts_kept(const struct rig *rig)
{
    struct event restore = { .kind = EVENT_RESTORE };

    assert_int_equal(store_load(rig->store, rig->now, &restore.u.restore, NULL), OK);
    return restore.u.restore.lockouts_count;
}

/* The trader's part at its own times; the process dies at point @kill_at (0: never) and is started 50 ms later.  Returns the lockouts it left. */
static uint32_t
play(struct rig *rig, const struct step *steps, uint64_t kill_at)
{
    struct instant began = rig->now;
    uint32_t kept = 0;

    rig->points = 0;
    rig->kill_at = kill_at;
    for (const struct step *step = steps; step == steps || step->at_ms != 0; step++) {
        for (struct instant until = instant_add(began, SPAN_MS(step->at_ms)); instant_before(rig->now, until);) {
            rig_run(rig, 10 * RIG_MS);
            if (rig->gateway != NULL)
                continue;
            kept = lockouts_kept(rig);
            rig->kill_at = 0;
            rig_run(rig, 50 * RIG_MS);
            rig_start(rig);
        }
        if (step->price != 0)
            rig_price(rig, step->price);
        if (step->size != 0)
            rig_trade(rig, step->size);
    }
    return kept;
}

/* A whole story; the points of it are returned. */
static uint64_t
play_day(const char *rules, const struct step *steps, uint64_t kill_at, uint32_t *ret_kept, char *ret_state, size_t state_size)
{
    struct rig rig;
    struct text text = text_on(ret_state, state_size);

    rig_open(&rig, rules, 42);
    *ret_kept = play(&rig, steps, kill_at);
    uint64_t points = rig.points;
    tell_state(&rig, &text);
    rig_close(&rig);
    return points;
}

/* @by_record: only the record of a lockout tells of it, so nothing is asked of a process that died before that was on disk. */
static void
kill_everywhere(const char *rules, const struct step *steps, const char *lock, bool by_record)
{
    char never[2048], killed[2048];
    uint32_t kept;
    uint64_t points = play_day(rules, steps, 0, &kept, never, sizeof never), compared = 0;

    assert_in_range(points, 60, 2000);
    assert_non_null(strstr(never, lock));
    for (uint64_t point = 1; point <= points; point++) {
        (void)play_day(rules, steps, point, &kept, killed, sizeof killed);
        if (by_record && kept == 0)
            continue;
        compared++;
        if (strcmp(never, killed) != 0)
            fail_msg("killed at %llu of %llu:\n%s\nnever killed:\n%s", (unsigned long long)point, (unsigned long long)points, killed, never);
    }
    assert_true(compared > points / 3);
    print_message("   %llu points, after %llu of them:\n%s", (unsigned long long)points, (unsigned long long)compared, never);
}

/* Killed at each record and each write, before it and after it, and started again: the same state as never killed (issue 5, R-ALL-9). */
static void
kill_at_every_write_same_state(void **state)
{
    (void)state;
    kill_everywhere(lost_day_rules, lost_day, "lock 3", false);
    kill_everywhere(locked_day_rules, locked_day, "lock 1", true);
}

/* Three bought with a bracket of three, two allowed.  The process dies at @kill_at and starts again.  Returns the points it came to. */
static uint64_t
reduce_a_bracket(uint64_t kill_at)
{
    struct rig rig;
    struct exchange_order order;
    const struct exchange_place entry = { .account_id = RIG_ACCOUNT, .contract_id = RIG_MNQ, .type = EXCHANGE_MARKET, .side = EXCHANGE_BUY, .size = 3,
        .stop_loss = { true, -400, EXCHANGE_STOP }, .take_profit = { true, 400, EXCHANGE_LIMIT } };
    int left = 0;

    rig_open(&rig, TWO_LEFT, 42);
    rig.points = 0;
    rig.kill_at = kill_at;
    assert_int_equal(exchange_place(rig.sim->exchange, rig.now, &entry).code, 0);
    sim_publish(rig.sim);
    simulate_wire_flush(&rig.wire);
    for (int i = 0; i < 1500; i++) {
        rig_run(&rig, 10 * RIG_MS);
        if (rig.gateway == NULL) {
            rig.kill_at = 0;
            rig_run(&rig, 50 * RIG_MS);
            rig_start(&rig);
        }
    }
    for (size_t i = 0; i < exchange_orders_count(rig.sim->exchange); i++) {
        if (!exchange_order_seen(rig.sim->exchange, i, INSTANT_NEVER, &order) || !exchange_may_execute(order.status))
            continue;
        left++;
        if (order.size - order.fill_volume != 2)
            fail_msg("killed at %llu: order %lld has %lld of a position of %lld", (unsigned long long)kill_at, (long long)order.id, (long long)order.size,
                (long long)rig_net(&rig));
    }
    if (rig_net(&rig) != 2 || left != 2 || rig_counts(&rig)->partial_closes != 1)
        fail_msg("killed at %llu: %lld held, %d orders, %lld reductions", (unsigned long long)kill_at, (long long)rig_net(&rig), left,
            (long long)rig_counts(&rig)->partial_closes);
    uint64_t points = rig.points;
    rig_close(&rig);
    return points;
}

/* RT-11, R-ALL-5: wherever the process dies between a reduction and the trim of the bracket, no stop and no target stays larger than what is left. */
static void
kill_between_reduction_and_trim(void **state)
{
    uint64_t points = reduce_a_bracket(0);

    (void)state;
    assert_in_range(points, 40, 2000);
    for (uint64_t point = 1; point <= points; point++)
        (void)reduce_a_bracket(point);
    print_message("   %llu points\n", (unsigned long long)points);
}

/* ---- Races ---- */

static int
trades_at_exchange(const struct rig *rig)
{
    return (int)exchange_trades_count(rig->sim->exchange);
}

static int32_t engine_size;

static void
note_size(void *context, const struct position *position)
{
    (void)context;
    engine_size += position->size;
}

/* The user hub is cut; the trader acts after @step things have happened since.  False: it was LIVE again before. */
static bool
race_at(uint64_t step, bool opens)
{
    struct rig rig;
    struct gateway_status status;

    rig_open(&rig, TWO_AT_MOST, 5);
    rig_trade(&rig, 1);
    rig_run(&rig, 2 * RIG_SECOND);
    stream_drop(rig.sim, STREAM_USER, STREAM_RESET, NULL, true);
    simulate_wire_flush(&rig.wire);
    uint64_t from = rig.steps;
    while (rig.steps < from + step)
        assert_true(rig_step(&rig, (struct instant){ rig.now.ns + 60 * RIG_SECOND }));
    gateway_status(rig.gateway, &status);
    bool before_live = strcmp(status.user.state, "LIVE") != 0 || rig.steps < from + 5;
    rig_trade(&rig, opens ? 1 : -1);
    rig_run(&rig, 5 * RIG_SECOND);
    engine_size = 0;
    engine_each_position(rig.engine, RIG_ACCOUNT, note_size, NULL);
    int trades = rig_status(&rig).day.trades;
    if (engine_size != rig_net(&rig) || trades != trades_at_exchange(&rig) || rig_counts(&rig)->closes != 0)
        fail_msg("step %llu: engine %d, exchange %lld; %d and %d trades", (unsigned long long)step, (int)engine_size,
            (long long)rig_net(&rig), trades, trades_at_exchange(&rig));
    rig_close(&rig);
    return before_live;
}

/* An event at every step from the loss of the hub to LIVE and beyond is neither lost nor counted twice (SR-02, ID-05). */
static void
sync_event_races(void **state)
{
    uint64_t step = 0, after = 0;

    (void)state;
    for (; after < 20; step++) {
        after = race_at(step, true) ? 0 : after + 1;
        (void)race_at(step, false);
    }
    assert_in_range(step, 40, 5000);
    print_message("   %llu steps\n", (unsigned long long)step);
}

/* ---- Without a hub ---- */

/* DG-02: the user hub never comes; polling alone finds the breach and proves the close. */
static void
poll_enforces(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, TWO_AT_MOST, 3);
    rig.sim->modes.freeze_all = true;
    rig_run(&rig, 40 * RIG_SECOND);
    rig_trade(&rig, 3);
    rig_run(&rig, 8 * RIG_SECOND);
    assert_int_equal(rig_counts(&rig)->closes, 1);
    assert_int_equal(rig_net(&rig), 0);
    rig_run(&rig, 12 * RIG_SECOND);
    assert_true(rig_status(&rig).proven_flat);
    rig_close(&rig);
}

/* CC-03: the trader closes too, at every moment around ours: flat, proven by us, never reversed. */
static void
enforce_trader_races(void **state)
{
    (void)state;
    for (uint64_t step = 0; step < 120; step++) {
        struct rig rig;

        rig_open(&rig, TWO_AT_MOST, 11);
        rig_trade(&rig, 3);
        uint64_t from = rig.steps;
        while (rig.steps < from + step && rig_step(&rig, (struct instant){ rig.now.ns + 5 * RIG_SECOND }))
            ;
        struct exchange_reply reply = exchange_close(rig.sim->exchange, rig.now, RIG_ACCOUNT, RIG_MNQ);
        (void)reply; /* There may be nothing to close any more. */
        sim_publish(rig.sim);
        simulate_wire_flush(&rig.wire);
        rig_run(&rig, 20 * RIG_SECOND);
        if (rig_net(&rig) != 0 || !rig_status(&rig).proven_flat)
            fail_msg("step %llu: net %lld", (unsigned long long)step, (long long)rig_net(&rig));
        rig_close(&rig);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_cut_body),
        cmocka_unit_test(poll_enforces),
        cmocka_unit_test(enforce_trader_races),
        cmocka_unit_test(sync_event_races),
        cmocka_unit_test(enforce_kill_matrix),
        cmocka_unit_test(kill_at_every_write_same_state),
        cmocka_unit_test(kill_between_reduction_and_trim),
        cmocka_unit_test(enforce_close_reply_lost),
        cmocka_unit_test(enforce_place_reply_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
