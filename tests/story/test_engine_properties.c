/*
 * test_engine_properties.c - what must hold for any stream of events, on seeded random ones (issue 3; lib/toy_world.h).
 */
#include "lib/toy_world.h"

#include "base/assert.h"
#include "base/money.h"
#include "base/text.h"
#include "rules/rules.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define SEEDS 60
#define RULES 12

static const char trading[] = "{\"daily_realized_loss\":{\"enabled\":true,\"limit\":-500},"
    "\"trade_frequency_limit\":{\"enabled\":true,\"limits\":{\"per_minute\":30}}}";
static const char all[] = "{\"daily_realized_loss\":{\"enabled\":true,\"limit\":-900},"
    "\"max_contracts\":{\"enabled\":true,\"limit\":5},"
    "\"max_contracts_per_instrument\":{\"enabled\":true,\"limits\":{\"MNQ\":3},\"enforcement\":\"reduce_to_limit\"},"
    "\"daily_unrealized_loss\":{\"enabled\":true,\"loss_limit\":300,\"scope\":\"per_position\",\"action\":\"CLOSE_POSITION\"},"
    "\"cooldown_after_loss\":{\"enabled\":true,\"loss_threshold\":150,\"cooldown_seconds\":5},"
    "\"no_stop_loss_grace\":{\"enabled\":true,\"grace_period_seconds\":6},"
    "\"trade_management\":{\"enabled\":true,\"auto_breakeven\":{\"enabled\":true,\"profit_trigger_ticks\":4}}}";
/* All twelve.  Lockouts depend on trades alone: what is held differs after a restart by what was on its way. */
static const char twelve[] = "{\"daily_realized_loss\":{\"enabled\":true,\"limit\":-900},"
    "\"max_contracts\":{\"enabled\":true,\"limit\":5},"
    "\"max_contracts_per_instrument\":{\"enabled\":true,\"limits\":{\"MNQ\":3,\"RTY\":2},\"enforcement\":\"reduce_to_limit\"},"
    "\"daily_unrealized_loss\":{\"enabled\":true,\"loss_limit\":20,\"scope\":\"total\",\"action\":\"CLOSE_ALL\"},"
    "\"max_unrealized_profit\":{\"enabled\":true,\"mode\":\"profit_target\",\"profit_target\":20,\"scope\":\"total\",\"action\":\"CLOSE_ALL\"},"
    "\"trade_frequency_limit\":{\"enabled\":true,\"limits\":{\"per_minute\":30},\"count\":\"fills\"},"
    "\"cooldown_after_loss\":{\"enabled\":true,\"loss_threshold\":150,\"cooldown_seconds\":5},"
    "\"no_stop_loss_grace\":{\"enabled\":true,\"grace_period_seconds\":6},"
    "\"session_block_outside\":{\"enabled\":true,\"global_session\":{\"enabled\":true,\"start\":\"08:00\",\"end\":\"15:00\","
        "\"timezone\":\"America/Chicago\"}},"
    "\"auth_loss_guard\":{\"enabled\":true},\"symbol_blocks\":{\"enabled\":true,\"blocked_symbols\":[\"GC\"]},"
    "\"trade_management\":{\"enabled\":true,\"auto_stop_loss\":{\"enabled\":true,\"stop_loss_ticks\":8},"
        "\"auto_breakeven\":{\"enabled\":true,\"profit_trigger_ticks\":4},"
        "\"trailing_stop\":{\"enabled\":true,\"activation_ticks\":8,\"trail_distance_ticks\":4}}}";
/* The rules that listen to quotes, with limits that are neared often and reached now and then. */
static const char quoted[] = "{"
    "\"daily_unrealized_loss\":{\"enabled\":true,\"loss_limit\":60,\"scope\":\"total\",\"action\":\"CLOSE_ALL\"},"
    "\"max_unrealized_profit\":{\"enabled\":true,\"mode\":\"profit_target\",\"profit_target\":60,\"scope\":\"total\",\"action\":\"CLOSE_ALL\"},"
    "\"trade_management\":{\"enabled\":true,\"auto_stop_loss\":{\"enabled\":true,\"stop_loss_ticks\":8},"
        "\"auto_breakeven\":{\"enabled\":true,\"profit_trigger_ticks\":8},"
        "\"trailing_stop\":{\"enabled\":true,\"activation_ticks\":16,\"trail_distance_ticks\":4}}}";
static const char sizes[] = "{\"daily_realized_loss\":{\"enabled\":true,\"limit\":-500},\"max_contracts\":{\"enabled\":true,\"limit\":4}}";

static void
add_lockout(void *context, const struct lockout *lockout)
{
    uint64_t *sum = context;

    *sum += toy_mix(toy_mix_text((uint64_t)lockout->rule, lockout->root), (uint64_t)lockout->until.ns);
}

static uint64_t
lockouts_of(const struct world *w)
{
    uint64_t sum = 0;

    engine_each_lockout(w->f.engine, FIXTURE_ACCOUNT, add_lockout, &sum);
    return sum;
}

static void
assert_same_end(const struct world *a, const struct world *b)
{
    struct account_status one, two;

    assert_true(engine_account(a->f.engine, FIXTURE_ACCOUNT, &one) && engine_account(b->f.engine, FIXTURE_ACCOUNT, &two));
    assert_int_equal(lockouts_of(a), lockouts_of(b));
    assert_int_equal(one.day.gross_micros, two.day.gross_micros);
    assert_int_equal(one.day.trades, two.day.trades);
    assert_int_equal(one.day.round_turns, two.day.round_turns);
}

/* ---- Properties ---- */

static struct world one, two;

static void
same_events_same_update(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        toy_begin(&one, seed % 2 == 0 ? all : twelve, rules_table, seed);
        toy_begin(&two, seed % 2 == 0 ? all : twelve, rules_table, seed);
        toy_run(&one);
        toy_run(&two);
        assert_int_equal(one.exact, two.exact);
        assert_same_end(&one, &two);
        toy_end(&one);
        toy_end(&two);
    }
}

/* R-ALL-2: rules see one state and wants are merged, so their order is nobody's business. */
static void
any_order_of_rules(void **state)
{
    const struct rule *table[RULES + 1] = { NULL };

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        for (uint64_t i = 0; i < RULES; i++)
            table[i] = rules_table[seed % 2 == 0 ? RULES - 1 - i : (i * 5 + seed) % RULES];
        toy_begin(&one, seed % 2 == 0 ? all : twelve, rules_table, seed);
        toy_begin(&two, seed % 2 == 0 ? all : twelve, table, seed);
        toy_run(&one);
        toy_run(&two);
        assert_int_equal(one.content, two.content);
        assert_same_end(&one, &two);
        toy_end(&one);
        toy_end(&two);
    }
}

/* R-ALL-9, R-ALL-10: whenever the process dies, lockouts and the day's figures are what they would have been. */
static void
any_restart(void **state)
{
    static const struct store_options options = { .path = STORE_IN_MEMORY };

    (void)state;
    for (int32_t split = 1; split <= TOY_TICKS; split++) {
        const char *config = split % 2 == 0 ? trading : twelve;
        toy_begin(&one, config, rules_table, 1 + (uint64_t)split % 7);
        toy_begin(&two, config, rules_table, 1 + (uint64_t)split % 7);
        assert_int_equal(store_open(&options, &two.store, NULL), OK);
        toy_run(&one);
        while (two.tick < split)
            toy_turn(&two);
        toy_restart(&two);
        toy_run(&two);
        assert_same_end(&one, &two);
        toy_end(&one);
        toy_end(&two);
    }
}

/* Events of one instant in any order: once the broker has done its work, the same is locked and held. */
static void
any_order_within_an_instant(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        toy_begin(&one, sizes, rules_table, seed);
        toy_run(&one);
        for (int32_t order = 1; order < 8; order++) {
            toy_begin(&two, sizes, rules_table, seed);
            two.order_of_events = order;
            toy_run(&two);
            assert_same_end(&one, &two);
            assert_memory_equal(one.sizes, two.sizes, sizeof one.sizes);
            toy_end(&two);
        }
        toy_end(&one);
    }
}

/* ---- Quotes that need not be judged (rule.h, quiet) ---- */

#define NOISY(number, name) \
    static void noisy_##number(const void *config, const struct view *view, struct verdict *verdict) \
    { \
        name.evaluate(config, view, verdict); \
        verdict->quiet = false; \
    }
NOISY(4, rule_daily_unrealized_loss)
NOISY(5, rule_max_unrealized_profit)
NOISY(12, rule_trade_management)

static void
assert_same_gauges(const struct world *a, const struct world *b)
{
    for (int32_t i = 0; i < RULES; i++) {
        struct gauge one_gauge, two_gauge;
        bool known = engine_gauge(a->f.engine, FIXTURE_ACCOUNT, i, &one_gauge);
        assert_int_equal(known, engine_gauge(b->f.engine, FIXTURE_ACCOUNT, i, &two_gauge));
        if (!known)
            continue;
        assert_int_equal(one_gauge.observed, two_gauge.observed);
        assert_int_equal(one_gauge.limit, two_gauge.limit);
        assert_int_equal(one_gauge.level, two_gauge.level);
    }
}

/* Nobody can tell whether the quotes between have been judged: not by a byte of an update, not by a gauge. */
static void
quotes_left_out(void **state)
{
    struct rule noisy[RULES];
    const struct rule *table[RULES + 1] = { NULL };

    (void)state;
    for (int i = 0; i < RULES; i++) {
        noisy[i] = *rules_table[i];
        table[i] = &noisy[i];
    }
    noisy[3].evaluate = noisy_4;
    noisy[4].evaluate = noisy_5;
    noisy[11].evaluate = noisy_12;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        int64_t last[CONTRACTS] = { 21000, 21000 };
        toy_begin(&one, seed % 3 == 0 ? twelve : quoted, rules_table, seed);
        toy_begin(&two, seed % 3 == 0 ? twelve : quoted, table, seed);
        while (one.tick < TOY_TICKS + TOY_TAIL) {
            toy_turn(&one);
            toy_turn(&two);
            for (int i = 0; i < 12 && one.tick <= TOY_TICKS; i++) { /* More of what may be left out. */
                int contract = toy_pick(&one, CONTRACTS);
                last[contract] += toy_pick(&one, 3) - 1;
                two.random = one.random;
                story_quote(&one.f, toy_contracts[contract], last[contract]);
                toy_take_update(&one);
                story_quote(&two.f, toy_contracts[contract], last[contract]);
                toy_take_update(&two);
                assert_same_gauges(&one, &two);
            }
            assert_int_equal(one.exact, two.exact);
            assert_same_gauges(&one, &two);
        }
        toy_end(&one);
        toy_end(&two);
    }
}

/* Nothing ends by giving up (R-ALL-5): whatever was refused, lost or told late, in the end what is held obeys. */
static void
enforcement_ends(void **state)
{
    struct account_status status;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        toy_begin(&one, twelve, rules_table, seed);
        toy_run(&one);
        assert_true(engine_account(one.f.engine, FIXTURE_ACCOUNT, &status));
        assert_false(status.enforcing);
        assert_in_range(abs(one.sizes[0]), 0, 3);
        assert_in_range(abs(one.sizes[1]), 0, 2);
        if (status.locked)
            assert_int_equal(one.sizes[0] == 0 && one.sizes[1] == 0, 1);
        for (int32_t i = 0; i < one.orders_count; i++) { /* R-012-4 */
            int contract = toy_contract_index(one.orders[i].contract.text);
            assert_false(one.orders[i].ours && order_may_execute(one.orders[i].status) && one.sizes[contract] == 0);
        }
        toy_end(&one);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_events_same_update),
        cmocka_unit_test(any_order_of_rules),
        cmocka_unit_test(any_restart),
        cmocka_unit_test(any_order_within_an_instant),
        cmocka_unit_test(quotes_left_out),
        cmocka_unit_test(enforcement_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
