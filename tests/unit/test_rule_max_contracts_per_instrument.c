/*
 * test_rule_max_contracts_per_instrument.c - RULE-002 (R-002-1, R-002-2, R-ALL-13).
 */
#include "lib/view_fixture.h"
#include "rules/rules.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

struct held {
    const char *root, *expiry;
    int32_t size;
};

struct row {
    const char *limits, *unknown, *enforcement;
    struct held held[3];
    enum action action;
    int32_t wanted[3]; /* -1: nothing asked. */
};

static void
check_row(const struct row *row, size_t number)
{
    struct fixture f;
    const struct verdict *v;

    fixture_init(&f, &rule_max_contracts_per_instrument);
    fixture_set(&f, "limits", row->limits);
    fixture_set(&f, "unknown_symbol_action", row->unknown);
    fixture_set(&f, "enforcement", row->enforcement);
    assert_int_equal(fixture_check(&f, NULL), OK);
    for (int i = 0; i < 3 && row->held[i].root != NULL; i++)
        (void)fixture_position(&f, fixture_contract(&f, row->held[i].root, row->held[i].expiry), row->held[i].size, "100");
    v = fixture_ask(&f, EVENT_POSITION);
    if (v->action != row->action)
        print_message("row %zu: %s\n", number, v->why);
    assert_int_equal(v->action, row->action);
    assert_int_equal(v->locks_count, 0);
    for (int i = 0; i < f.positions_count; i++) {
        if (fixture_wanted(&f, &f.positions[i]) != row->wanted[i])
            print_message("row %zu position %d\n", number, i);
        assert_int_equal(fixture_wanted(&f, &f.positions[i]), row->wanted[i]);
    }
    fixture_fini(&f);
}

static void
test_limits(void **state)
{
    static const struct row rows[] = {
        { "{MNQ: 2}", "block", "reduce_to_limit", { { "MNQ", "U25", 1 } }, ACTION_NONE, { -1 } },
        { "{MNQ: 2}", "block", "reduce_to_limit", { { "MNQ", "U25", 2 } }, ACTION_NONE, { -1 } },
        { "{MNQ: 2}", "block", "reduce_to_limit", { { "MNQ", "U25", 3 } }, ACTION_REDUCE, { 2 } },
        { "{MNQ: 2}", "block", "reduce_to_limit", { { "MNQ", "U25", -2 } }, ACTION_NONE, { -1 } },
        { "{MNQ: 2}", "block", "reduce_to_limit", { { "MNQ", "U25", -3 } }, ACTION_REDUCE, { 2 } },
        { "{mnq: 2}", "block", "reduce_to_limit", { { "MNQ", "U25", 3 } }, ACTION_REDUCE, { 2 } },
        { "{EP: 1}", "block", "reduce_to_limit", { { "ES", "U25", 2 } }, ACTION_REDUCE, { 1 } },
        { "{MNQ: 2}", "block", "close_all", { { "MNQ", "U25", 3 }, { "MNQ", "Z25", 1 } }, ACTION_CLOSE_POSITION, { 0, 0 } },
        { "{MNQ: 2, ES: 1}", "block", "close_all", { { "MNQ", "U25", 3 }, { "ES", "U25", 1 } }, ACTION_CLOSE_POSITION, { 0, -1 } },
        { "{ES: 1, MES: 1}", "block", "reduce_to_limit", { { "ES", "U25", 1 }, { "MES", "U25", 1 } }, ACTION_NONE, { -1, -1 } },
        { "{ES: 0}", "block", "reduce_to_limit", { { "ES", "U25", 1 } }, ACTION_REDUCE, { 0 } },
        { "{ES: 1}", "block", "reduce_to_limit", { { "ES", "U25", 5000 } }, ACTION_REDUCE, { 0 } }, /* Beyond any account. */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_row(&rows[i], i);
}

/* |net| over the expiries, and gross against twice the limit. */
static void
test_expiries(void **state)
{
    static const struct row rows[] = {
        { "{MNQ: 3}", "block", "reduce_to_limit", { { "MNQ", "Z25", -2 }, { "MNQ", "U25", 4 } }, ACTION_NONE, { -1, -1 } },
        { "{MNQ: 2}", "block", "reduce_to_limit", { { "MNQ", "U25", 2 }, { "MNQ", "Z25", 1 } }, ACTION_REDUCE, { 1, -1 } },
        { "{MNQ: 2}", "block", "reduce_to_limit", { { "MNQ", "U25", 2 }, { "MNQ", "Z25", 2 } }, ACTION_REDUCE, { -1, 0 } }, /* Newest. */
        { "{MNQ: 2}", "block", "reduce_to_limit", { { "MNQ", "U25", 3 }, { "MNQ", "Z25", 2 } }, ACTION_REDUCE, { 0, -1 } },
        { "{MNQ: 2}", "block", "reduce_to_limit", { { "MNQ", "U25", 6 }, { "MNQ", "Z25", -1 } }, ACTION_REDUCE, { 3, -1 } },
        { "{MNQ: 2}", "block", "reduce_to_limit", { { "MNQ", "U25", -1 }, { "MNQ", "Z25", 6 } }, ACTION_REDUCE, { -1, 3 } },
        { "{MNQ: 2}", "block", "reduce_to_limit", { { "MNQ", "U25", 2 }, { "MNQ", "Z25", -2 } }, ACTION_NONE, { -1, -1 } }, /* Gross 4. */
        { "{MNQ: 2}", "block", "reduce_to_limit", { { "MNQ", "U25", 3 }, { "MNQ", "Z25", -2 } }, ACTION_REDUCE, { 2, -1 } }, /* Gross 5. */
        { "{MNQ: 2}", "block", "reduce_to_limit", { { "MNQ", "U25", 5 }, { "MNQ", "Z25", -5 } }, ACTION_REDUCE, { 3, 1 } },
        { "{MNQ: 2}", "block", "reduce_to_limit", { { "MNQ", "U25", 3 }, { "MNQ", "Z25", -6 } }, ACTION_REDUCE, { -1, 1 } },
        { "{MNQ: 2}", "block", "reduce_to_limit", { { "MNQ", "U25", 1 }, { "MNQ", "Z25", 1 }, { "MNQ", "H26", 1 } }, ACTION_REDUCE, { -1, -1, 0 } },
        { "{MNQ: 1}", "block", "reduce_to_limit", { { "MNQ", "U25", -3 }, { "MNQ", "Z25", 3 } }, ACTION_REDUCE, { 1, 0 } }, /* By way of 1. */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_row(&rows[i], i);
}

/* R-002-2. */
static void
test_unknown(void **state)
{
    static const struct row rows[] = {
        { "{MNQ: 2}", "block", "reduce_to_limit", { { "RTY", "U25", 1 } }, ACTION_CLOSE_POSITION, { 0 } },
        { "{ES: 2}", "block", "reduce_to_limit", { { "MES", "U25", -1 } }, ACTION_CLOSE_POSITION, { 0 } },
        { "{MNQ: 2}", "allow_with_limit:1", "reduce_to_limit", { { "RTY", "U25", 1 } }, ACTION_NONE, { -1 } },
        { "{MNQ: 2}", "allow_with_limit:1", "reduce_to_limit", { { "RTY", "U25", 2 } }, ACTION_REDUCE, { 1 } },
        { "{MNQ: 2}", "ALLOW_WITH_LIMIT:1", "close_all", { { "RTY", "U25", 2 } }, ACTION_CLOSE_POSITION, { 0 } },
        { "{MNQ: 2}", "allow_unlimited", "reduce_to_limit", { { "RTY", "U25", 2000 } }, ACTION_NONE, { -1 } },
        { "{MNQ: 2}", "allow_unlimited", "reduce_to_limit", { { "RTY", "U25", 9 }, { "MNQ", "U25", 3 } }, ACTION_REDUCE, { -1, 2 } },
    };
    static const char *const refused[] = { "", "allow", "allow_with_limit", "allow_with_limit:", "allow_with_limit:x",
        "allow_with_limit:-1", "allow_with_limit:10001", "blocked" };
    const struct param *unknown = NULL;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_row(&rows[i], i);
    for (size_t i = 0; i < rule_max_contracts_per_instrument.params_count; i++) {
        if (rule_max_contracts_per_instrument.params[i].parse != NULL)
            unknown = &rule_max_contracts_per_instrument.params[i];
    }
    assert_non_null(unknown);
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        int32_t limit;
        struct error err;
        assert_int_equal(unknown->parse(refused[i], &limit, &err), STATUS_CONFIG);
    }
}

/* R-002-1: of two that are as large the newest, wherever it stands in the book. */
static void
test_ties(void **state)
{
    for (uint64_t newest = 0; newest < 2; newest++) {
        struct fixture f;

        (void)state;
        fixture_init(&f, &rule_max_contracts_per_instrument);
        fixture_set(&f, "limits", "{MNQ: 3}");
        (void)fixture_position(&f, fixture_contract(&f, "MNQ", "U25"), 2, "21000");
        (void)fixture_position(&f, fixture_contract(&f, "MNQ", "Z25"), 2, "21000");
        f.positions[newest].sequence = 8;
        f.positions[1 - newest].sequence = 7;
        (void)fixture_ask(&f, EVENT_POSITION);
        assert_int_equal(fixture_wanted(&f, &f.positions[newest]), 1);
        assert_int_equal(fixture_wanted(&f, &f.positions[1 - newest]), -1);
        fixture_fini(&f);
    }
}

/* Contracts the gateway has not named yet have no root: each stands for itself, is called by its id, and locks nothing. */
static void
test_without_root(void **state)
{
    struct fixture f;
    struct position *a;

    (void)state;
    fixture_init(&f, &rule_max_contracts_per_instrument);
    fixture_set(&f, "limits", "{MNQ: 2}");
    fixture_set(&f, "unknown_symbol_action", "allow_with_limit:1");
    fixture_set(&f, "lockout_on_breach", "true");
    a = fixture_position(&f, fixture_contract(&f, "", "A"), 1, "100");
    (void)fixture_position(&f, fixture_contract(&f, "", "B"), 1, "100");
    assert_int_equal(fixture_ask(&f, EVENT_POSITION)->action, ACTION_NONE);
    a->size = 2;
    assert_int_equal(fixture_ask(&f, EVENT_POSITION)->action, ACTION_REDUCE);
    assert_int_equal(fixture_wanted(&f, a), 1);
    assert_int_equal(f.verdict.locks_count, 0); /* A lock without a root would lock the account. */
    assert_non_null(strstr(f.verdict.why, a->contract->id.text));
    fixture_set(&f, "unknown_symbol_action", "block");
    (void)fixture_ask(&f, EVENT_POSITION);
    assert_int_equal(f.verdict.locks_count, 0);
    assert_non_null(strstr(f.verdict.why, "is not listed and may not be held."));
    fixture_fini(&f);
}

/* Of a spread that costs too much the gauge and the sentence tell the gross size against twice the limit. */
static void
test_spread_gauge(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, &rule_max_contracts_per_instrument);
    fixture_set(&f, "limits", "{MNQ: 2}");
    (void)fixture_position(&f, fixture_contract(&f, "MNQ", "U25"), 3, "21000");
    struct position *far = fixture_position(&f, fixture_contract(&f, "MNQ", "Z25"), -2, "21000");
    (void)fixture_ask(&f, EVENT_POSITION);
    assert_int_equal(f.verdict.unit, UNIT_CONTRACTS);
    assert_int_equal(f.verdict.observed, 5);
    assert_int_equal(f.verdict.limit, 4);
    assert_string_equal(f.verdict.why, "Contract limit: holding 5 of 4 allowed, long and short, in a spread of MNQ.");
    f.positions[0].size = 4; /* Gross 6, the net at its limit. */
    (void)fixture_ask(&f, EVENT_POSITION);
    assert_int_equal(f.verdict.observed, 6);
    assert_string_equal(f.verdict.why, "Contract limit: holding 6 of 4 allowed, long and short, in a spread of MNQ.");
    f.positions[0].size = 3;
    far->size = -1; /* Gross 4, net 2: both at their limits. */
    (void)fixture_ask(&f, EVENT_POSITION);
    assert_int_equal(f.verdict.action, ACTION_NONE);
    assert_int_equal(f.verdict.observed, 2);
    assert_int_equal(f.verdict.limit, 2);
    fixture_fini(&f);
}

/* More positions than a verdict has room for: as many as it has, the rest when these are gone. */
static void
test_too_many(void **state)
{
    struct fixture f;
    struct contract *es;

    (void)state;
    fixture_init(&f, &rule_max_contracts_per_instrument);
    fixture_set(&f, "limits", "{ES: 0}");
    es = fixture_contract(&f, "ES", "U25");
    for (int i = 0; i < VERDICT_SIZES_MAX + 6; i++)
        (void)fixture_position(&f, es, 1, "5800");
    assert_int_equal(fixture_ask(&f, EVENT_POSITION)->sizes_count, VERDICT_SIZES_MAX);
    assert_int_equal(f.verdict.observed, VERDICT_SIZES_MAX + 6);
    fixture_fini(&f);
}

/* Of two roots that are as full the gauge shows the first. */
static void
test_as_full(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, &rule_max_contracts_per_instrument);
    fixture_set(&f, "limits", "{MNQ: 4, ES: 2}");
    (void)fixture_position(&f, fixture_contract(&f, "MNQ", "U25"), 2, "21000");
    (void)fixture_position(&f, fixture_contract(&f, "ES", "U25"), 1, "5800");
    (void)fixture_ask(&f, EVENT_POSITION);
    assert_int_equal(f.verdict.observed, view_positions(&f.view)->size);
    fixture_fini(&f);
}

/* A root is judged once, at the first of its expiries. */
static void
test_each_root_once(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, &rule_max_contracts_per_instrument);
    fixture_set(&f, "limits", "{ES: 0}");
    (void)fixture_position(&f, fixture_contract(&f, "ES", "U25"), 1, "5800");
    (void)fixture_position(&f, fixture_contract(&f, "ES", "Z25"), 1, "5800");
    (void)fixture_ask(&f, EVENT_POSITION);
    assert_int_equal(f.verdict.observed, 2);
    assert_int_equal(f.verdict.sizes_count, 2);
    assert_string_equal(f.verdict.why, "Contract limit: holding 2 of 0 allowed in ES.");
    fixture_fini(&f);
}

static void
test_lockout_and_gauge(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, &rule_max_contracts_per_instrument);
    fixture_set(&f, "limits", "{MNQ: 4, ES: 2}");
    fixture_set(&f, "lockout_on_breach", "true");
    (void)fixture_position(&f, fixture_contract(&f, "MNQ", "U25"), 3, "21000");
    struct position *es = fixture_position(&f, fixture_contract(&f, "ES", "U25"), 1, "5800");
    (void)fixture_ask(&f, EVENT_POSITION);
    assert_int_equal(f.verdict.observed, 3); /* The fullest root. */
    assert_int_equal(f.verdict.limit, 4);
    es->size = 3;
    (void)fixture_ask(&f, EVENT_POSITION);
    assert_int_equal(f.verdict.observed, 3);
    assert_int_equal(f.verdict.limit, 2);
    assert_int_equal(f.verdict.locks_count, 1);
    assert_non_null(fixture_lock_of(&f, "ES"));
    assert_int_equal(fixture_lock_of(&f, "ES")->end, LOCK_UNTIL_RESET);
    assert_string_equal(f.verdict.why, "Contract limit: holding 3 of 2 allowed in ES.");
    fixture_fini(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_expiries),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_without_root),
        cmocka_unit_test(test_spread_gauge),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_as_full),
        cmocka_unit_test(test_each_root_once),
        cmocka_unit_test(test_lockout_and_gauge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
