/*
 * test_rule_daily_unrealized_loss.c - RULE-004 (R-004-1 to R-004-4, R-ALL-6).
 */
#include "lib/view_fixture.h"
#include "rules/rules.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

/* UP-03: the open loss follows size, average and last price. */
static void
test_total(void **state)
{
    static const struct {
        int32_t size;
        const char *last;
        bool breach;
    } rows[] = {
        { 2, "20925.25", false }, /* -$299 */
        { 2, "20925", true },     /* -$300: reaching the limit is breaching it (R-ALL-4). */
        { 2, "20924.75", true },
        { 2, "20950", false },    { 2, "21000", false },     { 2, "21300", false },
        { -2, "21074.75", false }, { -2, "21075", true },    { -2, "21075.25", true },
        { -2, "20000", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;
        const struct verdict *v;
        struct contract *mnq;

        fixture_init(&f, &rule_daily_unrealized_loss);
        fixture_set(&f, "loss_limit", "300");
        assert_int_equal(fixture_check(&f, NULL), OK);
        mnq = fixture_contract(&f, "MNQ", "U25");
        (void)fixture_position(&f, mnq, rows[i].size, "21000");
        fixture_quote(&f, mnq, rows[i].last);
        v = fixture_ask(&f, EVENT_QUOTE);
        if (v->close_all != rows[i].breach)
            print_message("row %zu\n", i);
        assert_int_equal(v->close_all, rows[i].breach);
        assert_int_equal(v->action, rows[i].breach ? ACTION_LOCK : ACTION_NONE);
        assert_int_equal(v->locks_count, rows[i].breach);
        assert_int_equal(v->observed, f.view.open_micros[MARK_LAST] < 0 ? -f.view.open_micros[MARK_LAST] : 0);
        assert_int_equal(v->limit, fixture_money("300"));
        assert_null(v->missing);
        assert_int_equal(v->quiet, !rows[i].breach); /* Not asked again while nothing can change. */
        fixture_fini(&f);
    }
}

/* Profit of one position sets off the loss of the other, but not per position. */
static void
test_scopes(void **state)
{
    struct fixture f;
    struct contract *mnq, *es;
    struct position *losing, *winning;

    (void)state;
    fixture_init(&f, &rule_daily_unrealized_loss);
    assert_int_equal(fixture_check(&f, NULL), OK);
    mnq = fixture_contract(&f, "MNQ", "U25");
    es = fixture_contract(&f, "ES", "U25");
    losing = fixture_position(&f, mnq, 2, "21000");
    winning = fixture_position(&f, es, 1, "5800");
    fixture_quote(&f, mnq, "20912.5"); /* -$350 */
    fixture_quote(&f, es, "5802");     /* +$100 */
    assert_false(fixture_ask(&f, EVENT_QUOTE)->close_all);
    assert_int_equal(f.verdict.observed, fixture_money("250"));

    fixture_set(&f, "scope", "per_position");
    fixture_set(&f, "action", "CLOSE_POSITION");
    assert_int_equal(fixture_check(&f, NULL), OK);
    (void)fixture_ask(&f, EVENT_QUOTE);
    assert_false(f.verdict.close_all);
    assert_int_equal(fixture_wanted(&f, losing), 0);
    assert_int_equal(fixture_wanted(&f, winning), -1);
    assert_int_equal(f.verdict.observed, fixture_money("350")); /* The worst. */
    assert_int_equal(f.verdict.locks_count, 0);
    assert_int_equal(f.verdict.action, ACTION_CLOSE_POSITION);
    assert_string_equal(f.verdict.why, "Open loss limit in MNQ: losing $350.00 of $300.00.");

    fixture_quote(&f, mnq, "20925"); /* Exactly -$300. */
    assert_int_equal(fixture_ask(&f, EVENT_QUOTE)->sizes_count, 1);
    fixture_quote(&f, mnq, "20925.25");
    assert_int_equal(fixture_ask(&f, EVENT_QUOTE)->sizes_count, 0);
    assert_int_equal(f.verdict.observed, fixture_money("299"));
    fixture_fini(&f);
}

/* The rule is asked again when the open loss reaches the next warning or the limit, or is below the last one: not a millionth later. */
static void
test_quiet_band(void **state)
{
    static const struct {
        const char *limit, *open, *low, *high; /* Both outside; NULL: whatever is won. */
    } rows[] = {
        { "300", "50", "-210", NULL },
        { "300", "-209.999999", "-210", NULL },
        { "300", "-210", "-270", "-209.999999" },
        { "300", "-270", "-300", "-269.999999" },
        { "300", "-299.999999", "-300", "-269.999999" },
        { "0.000009", "-0.000006", "-0.000007", NULL }, /* 70 % are 6.3 millionths: seven have it. */
        { "0.000009", "-0.000007", "-0.000009", "-0.000006" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;

        fixture_init(&f, &rule_daily_unrealized_loss);
        fixture_set(&f, "loss_limit", rows[i].limit);
        assert_int_equal(fixture_check(&f, NULL), OK);
        f.view.open_micros[MARK_LAST] = fixture_money(rows[i].open);
        (void)fixture_ask(&f, EVENT_QUOTE);
        assert_true(f.verdict.quiet);
        assert_int_equal(f.verdict.open_micros[MARK_LAST].low, fixture_money(rows[i].low));
        assert_int_equal(f.verdict.open_micros[MARK_LAST].high, rows[i].high != NULL ? fixture_money(rows[i].high) : INT64_MAX);
        fixture_fini(&f);
    }
}

/* R-004-1: per position no lockout unless asked, then of that root. */
static void
test_per_position_lockout(void **state)
{
    static const struct {
        const char *key, *text;
        bool locks;
    } rows[] = {
        { "scope", "per_position", false }, /* Nothing written: the default's lockout is not asked for. */
        { "action", "close_all_and_lockout", true },
        { "action", "close_position", false },
        { "lockout", "true", true },
        { "lockout", "false", false },
        { "lockout_until_reset", "true", true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;
        struct contract *mnq;

        fixture_init(&f, &rule_daily_unrealized_loss);
        fixture_set(&f, "scope", "per_position");
        fixture_set(&f, rows[i].key, rows[i].text);
        assert_int_equal(fixture_check(&f, NULL), OK);
        mnq = fixture_contract(&f, "MNQ", "U25");
        (void)fixture_position(&f, mnq, 2, "21000");
        fixture_quote(&f, mnq, "20000");
        (void)fixture_ask(&f, EVENT_QUOTE);
        assert_null(fixture_lock_of(&f, ""));
        assert_int_equal(fixture_lock_of(&f, "MNQ") != NULL, rows[i].locks);
        mnq->root[0] = 0; /* Not named yet: a lock without a root would lock the account. */
        assert_int_equal(fixture_ask(&f, EVENT_QUOTE)->sizes_count, 1);
        assert_int_equal(f.verdict.locks_count, 0);
        fixture_fini(&f);
    }
}

/* R-004-3, R-004-4, R-ALL-6: no data is no evidence; old data is. */
static void
test_missing_and_old(void **state)
{
    struct fixture f;
    struct contract *mnq, *es;
    struct position *unpriced;

    (void)state;
    fixture_init(&f, &rule_daily_unrealized_loss);
    assert_int_equal(fixture_check(&f, NULL), OK);
    mnq = fixture_contract(&f, "MNQ", "U25");
    es = fixture_contract(&f, "ES", "U25");
    (void)fixture_position(&f, mnq, 2, "21000");
    unpriced = fixture_position(&f, es, 1, "9000");
    fixture_quote(&f, mnq, "20950");
    unpriced->open_micros[MARK_LAST] = fixture_money("-9999"); /* Of a price it no longer has. */
    (void)fixture_ask(&f, EVENT_QUOTE);
    assert_int_equal(f.verdict.action, ACTION_NONE);
    assert_non_null(f.verdict.missing);
    fixture_set(&f, "scope", "per_position");
    assert_int_equal(fixture_ask(&f, EVENT_QUOTE)->sizes_count, 0);
    fixture_fini(&f);

    fixture_init(&f, &rule_daily_unrealized_loss);
    assert_int_equal(fixture_check(&f, NULL), OK);
    mnq = fixture_contract(&f, "MNQ", "U25");
    (void)fixture_position(&f, mnq, 2, "21000");
    fixture_quote(&f, mnq, "20900");
    assert_true(instant_equal(fixture_ask(&f, EVENT_QUOTE)->wake_at, fixture_at("2025-01-17T19:30:10Z")));
    f.view.now = fixture_at("2025-01-17T19:30:09.999Z");
    assert_null(fixture_ask(&f, EVENT_CLOCK)->missing);
    f.view.now = fixture_at("2025-01-17T19:30:10Z");
    (void)fixture_ask(&f, EVENT_CLOCK);
    assert_non_null(f.verdict.missing);
    assert_true(f.verdict.close_all); /* Still counts. */
    fixture_fini(&f);
}

/* R-004-2: `exit` reads the other mark. */
static void
test_mark(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, &rule_daily_unrealized_loss);
    fixture_set(&f, "mark", "exit");
    assert_int_equal(fixture_check(&f, NULL), OK);
    f.view.open_micros[MARK_LAST] = fixture_money("-1000");
    f.view.open_micros[MARK_EXIT] = fixture_money("-299.99");
    assert_false(fixture_ask(&f, EVENT_QUOTE)->close_all);
    f.view.open_micros[MARK_EXIT] = fixture_money("-300");
    assert_true(fixture_ask(&f, EVENT_QUOTE)->close_all);
    fixture_fini(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_total),
        cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_quiet_band),
        cmocka_unit_test(test_per_position_lockout),
        cmocka_unit_test(test_missing_and_old),
        cmocka_unit_test(test_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
