/*
 * test_rule_max_unrealized_profit.c - RULE-005 (R-005-1, R-005-2).
 */
#include "lib/view_fixture.h"
#include "rules/rules.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

static struct contract *mnq;
static struct position *position;

static void
set_up(struct fixture *f, const char *mode, int32_t size)
{
    fixture_init(f, &rule_max_unrealized_profit);
    fixture_set(f, "mode", mode);
    mnq = fixture_contract(f, "MNQ", "U25");
    position = fixture_position(f, mnq, size, "21000");
}

static void
test_target(void **state)
{
    static const struct {
        int32_t size;
        const char *last;
        bool breach;
    } rows[] = {
        { 2, "21249.75", false }, { 2, "21250", true }, { 2, "21250.25", true }, { 2, "20000", false },
        { -2, "20750.25", false }, { -2, "20750", true }, { -2, "22000", false }, { 2, "21000", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;

        set_up(&f, "profit_target", rows[i].size);
        assert_int_equal(fixture_check(&f, NULL), OK);
        fixture_quote(&f, mnq, rows[i].last);
        (void)fixture_ask(&f, EVENT_QUOTE);
        if (f.verdict.close_all != rows[i].breach)
            print_message("row %zu\n", i);
        assert_int_equal(f.verdict.close_all, rows[i].breach);
        assert_int_equal(f.verdict.locks_count, rows[i].breach);
        assert_int_equal(f.verdict.action, rows[i].breach ? ACTION_LOCK : ACTION_NONE);
        assert_int_equal(f.verdict.observed, f.view.open_micros[MARK_LAST] > 0 ? f.view.open_micros[MARK_LAST] : 0);
        assert_int_equal(f.verdict.limit, fixture_money("1000"));
        assert_int_equal(f.verdict.quiet, !rows[i].breach); /* Not asked again while nothing can change. */
        fixture_fini(&f);
    }
}

/* R-ALL-4: money is exact, to the millionth of a dollar. */
static void
test_a_millionth(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f, "profit_target", 1);
    assert_int_equal(fixture_check(&f, NULL), OK);
    fixture_quote(&f, mnq, "21000");
    f.view.open_micros[MARK_LAST] = 1;
    assert_int_equal(fixture_ask(&f, EVENT_QUOTE)->observed, 1);
    fixture_set(&f, "mode", "breakeven");
    fixture_quote(&f, mnq, "21001");
    (void)fixture_ask(&f, EVENT_QUOTE);
    position->open_micros[MARK_LAST] = 1;
    assert_int_equal(fixture_ask(&f, EVENT_QUOTE)->sizes_count, 0);
    position->open_micros[MARK_LAST] = 0;
    assert_int_equal(fixture_ask(&f, EVENT_QUOTE)->sizes_count, 1);
    fixture_fini(&f);
}

/* Asked again at the next warning, at the target, or back below the last warning. */
static void
test_quiet_band(void **state)
{
    static const struct {
        const char *open;
        const char *low, *high; /* Both outside; NULL: whatever is lost. */
    } rows[] = { { "-50", NULL, "700" }, { "700", "699.999999", "900" }, { "999.999999", "899.999999", "1000" } };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;

        set_up(&f, "profit_target", 1);
        assert_int_equal(fixture_check(&f, NULL), OK);
        fixture_quote(&f, mnq, "21000");
        f.view.open_micros[MARK_LAST] = fixture_money(rows[i].open);
        (void)fixture_ask(&f, EVENT_QUOTE);
        assert_true(f.verdict.quiet);
        assert_int_equal(f.verdict.open_micros[MARK_LAST].low, rows[i].low != NULL ? fixture_money(rows[i].low) : INT64_MIN);
        assert_int_equal(f.verdict.open_micros[MARK_LAST].high, fixture_money(rows[i].high));
        fixture_fini(&f);
    }
}

static void
test_target_per_position(void **state)
{
    struct fixture f;
    struct contract *es;
    struct position *other;

    (void)state;
    set_up(&f, "profit_target", 2);
    fixture_set(&f, "scope", "per_position");
    fixture_set(&f, "action", "CLOSE_POSITION");
    assert_int_equal(fixture_check(&f, NULL), OK);
    es = fixture_contract(&f, "ES", "U25");
    other = fixture_position(&f, es, 2, "5800");
    (void)fixture_position(&f, fixture_contract(&f, "RTY", "U25"), 1, "1"); /* Unpriced. */
    fixture_quote(&f, es, "5809.75"); /* $975 */
    fixture_quote(&f, mnq, "21250");  /* $1000 */
    (void)fixture_ask(&f, EVENT_QUOTE);
    assert_int_equal(fixture_wanted(&f, position), 0);
    assert_int_equal(fixture_wanted(&f, other), -1);
    assert_int_equal(f.verdict.locks_count, 0);
    assert_false(f.verdict.close_all);
    assert_int_equal(f.verdict.observed, fixture_money("1000"));
    assert_string_equal(f.verdict.why, "Profit target in MNQ: $1,000.00 of $1,000.00 reached.");
    fixture_quote(&f, es, "5810");
    (void)fixture_ask(&f, EVENT_QUOTE);
    assert_int_equal(fixture_wanted(&f, other), 0);
    fixture_fini(&f);
}

/* A walk through prices: armed by a profit first, then closed at or below zero. */
struct step {
    const char *last;
    bool closes;
};

static void
walk(struct fixture *f, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fixture_quote(f, mnq, steps[i].last);
        (void)fixture_ask(f, EVENT_QUOTE);
        if ((f->verdict.sizes_count == 1) != steps[i].closes)
            print_message("step %zu\n", i);
        assert_int_equal(f->verdict.sizes_count, steps[i].closes);
        assert_int_equal(f->verdict.action, steps[i].closes ? ACTION_CLOSE_POSITION : ACTION_NONE);
        assert_int_equal(f->verdict.locks_count, 0);
        assert_false(f->verdict.close_all);
    }
}

static void
test_breakeven(void **state)
{
    static const struct step long_steps[] = { { "21000", false }, { "20990", false }, { "20999.75", false }, { "21000", false },
        { "21000.25", false }, { "21010", false }, { "21000.25", false }, { "21000", true }, { "20999", true } };
    static const struct step short_steps[] = { { "21000", false }, { "21010", false }, { "20999.75", false }, { "20999.75", false },
        { "21000", true } };
    static const struct step never_armed[] = { { "21000.25", false }, { "21000", false } };
    static const struct step armed_exactly[] = { { "21005", false }, { "21000.25", false }, { "21000", true } };
    struct fixture f;

    (void)state;
    set_up(&f, "breakeven", 1);
    assert_int_equal(fixture_check(&f, NULL), OK);
    walk(&f, long_steps, COUNT_OF(long_steps));
    fixture_fini(&f);
    set_up(&f, "breakeven", -3);
    assert_int_equal(fixture_check(&f, NULL), OK);
    walk(&f, short_steps, COUNT_OF(short_steps));
    fixture_fini(&f);
    set_up(&f, "breakeven", 1);
    fixture_set(&f, "arm_profit", "10");
    assert_int_equal(fixture_check(&f, NULL), OK);
    walk(&f, never_armed, COUNT_OF(never_armed));
    walk(&f, armed_exactly, COUNT_OF(armed_exactly));
    fixture_fini(&f);
}

/* The arming is the position's: a size change keeps it; fresh memory (flat, reversal) has none. */
static void
test_arming_is_remembered(void **state)
{
    static const struct step arm[] = { { "21001", false } }, gone[] = { { "21000", true } }, fresh[] = { { "21000", false } };
    struct fixture f;

    (void)state;
    set_up(&f, "breakeven", 1);
    assert_int_equal(fixture_check(&f, NULL), OK);
    walk(&f, arm, 1);
    position->size = 4;
    walk(&f, gone, 1);
    memset(position->memory, 0, sizeof position->memory);
    walk(&f, fresh, 1);
    fixture_fini(&f);
}

/* By default one tick on the whole size: less than that, with an average price off the tick, does not arm. */
static void
test_default_arming(void **state)
{
    static const struct step steps[] = { { "21000.25", false }, { "21000", false }, { "21000.5", false }, { "21000", true } };
    struct fixture f;

    (void)state;
    set_up(&f, "breakeven", 4);
    position->average_price_nanos = fixture_price("21000.10");
    assert_int_equal(fixture_check(&f, NULL), OK);
    walk(&f, steps, COUNT_OF(steps));
    fixture_fini(&f);
}

/* Without a price nothing is armed and nothing closed. */
static void
test_unpriced(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f, "breakeven", 1);
    assert_int_equal(fixture_check(&f, NULL), OK);
    (void)fixture_ask(&f, EVENT_POSITION);
    assert_non_null(f.verdict.missing);
    assert_int_equal(f.verdict.sizes_count, 0);
    fixture_set(&f, "lockout", "true"); /* Asked for: of that root. */
    assert_int_equal(fixture_check(&f, NULL), OK);
    fixture_quote(&f, mnq, "21001");
    (void)fixture_ask(&f, EVENT_QUOTE);
    fixture_quote(&f, mnq, "20999");
    (void)fixture_ask(&f, EVENT_QUOTE);
    assert_non_null(fixture_lock_of(&f, "MNQ"));
    assert_string_equal(f.verdict.why, "Break-even: the profit in MNQ is gone, -$2.00 is left.");
    fixture_fini(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target),
        cmocka_unit_test(test_a_millionth),
        cmocka_unit_test(test_quiet_band),
        cmocka_unit_test(test_target_per_position),
        cmocka_unit_test(test_breakeven),
        cmocka_unit_test(test_arming_is_remembered),
        cmocka_unit_test(test_default_arming),
        cmocka_unit_test(test_unpriced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
