/*
 * test_rule_symbol_blocks.c - RULE-011 (R-011-1, R-ALL-13).
 */
#include "lib/view_fixture.h"
#include "rules/rules.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

static void
test_symbols(void **state)
{
    static const struct {
        const char *blocked, *root;
        bool is_blocked;
    } rows[] = {
        { "[RTY]", "RTY", true },  { "[rty]", "RTY", true },  { "[RTY]", "ES", false }, { "[ES]", "MES", false },
        { "[EP]", "ES", true },    { "[ep]", "ES", true },    { "[ENQ]", "NQ", true },  { "[E]", "ES", false },
        { "[RT]", "RTY", false },  { "[RTYX]", "RTY", false }, { "[BTC, RTY]", "RTY", true }, { "[]", "RTY", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;
        struct position *held;
        struct order *order;

        fixture_init(&f, &rule_symbol_blocks);
        fixture_set(&f, "blocked_symbols", rows[i].blocked);
        held = fixture_position(&f, fixture_contract(&f, rows[i].root, "H25"), -1, "2100");
        order = fixture_order(&f, fixture_contract(&f, rows[i].root, "M25"), ORDER_STOP, SIDE_BUY, 1, "2200");
        (void)fixture_ask(&f, EVENT_POSITION);
        if ((fixture_wanted(&f, held) == 0) != rows[i].is_blocked)
            print_message("row %zu\n", i);
        assert_int_equal(fixture_wanted(&f, held), rows[i].is_blocked ? 0 : -1);
        assert_int_equal(fixture_cancels(&f, order), rows[i].is_blocked);
        assert_int_equal(f.verdict.action, rows[i].is_blocked ? ACTION_CLOSE_POSITION : ACTION_NONE);
        assert_null(fixture_lock_of(&f, ""));
        fixture_fini(&f);
    }
}

/* A lockout stands for each listed symbol, also while nothing is held: by root, whatever the spelling. */
static void
test_lockouts(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, &rule_symbol_blocks);
    fixture_set(&f, "blocked_symbols", "[EP, rty, ES, BTC]");
    (void)fixture_ask(&f, EVENT_CONFIG);
    assert_int_equal(f.verdict.action, ACTION_NONE);
    assert_int_equal(f.verdict.locks_count, 3); /* EP and ES are one. */
    assert_non_null(fixture_lock_of(&f, "ES"));
    assert_non_null(fixture_lock_of(&f, "RTY"));
    assert_non_null(fixture_lock_of(&f, "BTC"));
    assert_int_equal(fixture_lock_of(&f, "ES")->end, LOCK_UNTIL_CLEARED);
    assert_int_equal(fixture_lock_of(&f, "ES")->kind, LOCK_FLAT);
    fixture_set(&f, "close_existing", "false");
    (void)fixture_ask(&f, EVENT_CONFIG);
    assert_int_equal(fixture_lock_of(&f, "ES")->kind, LOCK_BLOCK);
    fixture_fini(&f);
}

/* As many symbols as a list may hold each have their lockout. */
static void
test_a_long_list(void **state)
{
    struct fixture f;
    char list[SYMBOLS_MAX * 5 + 3] = "[";

    (void)state;
    fixture_init(&f, &rule_symbol_blocks);
    for (int i = 0; i < SYMBOLS_MAX; i++) {
        char word[] = "Q00,";
        word[1] = (char)('A' + i / 10);
        word[2] = (char)('0' + i % 10);
        strcat(list, word);
    }
    fixture_set(&f, "blocked_symbols", list);
    assert_int_equal(fixture_ask(&f, EVENT_SNAPSHOT)->locks_count, SYMBOLS_MAX);
    fixture_fini(&f);
}

/* close_existing: false leaves positions, and orders that only reduce or protect them. */
static void
test_leaving_positions(void **state)
{
    struct fixture f;
    struct contract *rty;
    struct position *held;
    struct order *entry, *stop, *target, *too_large, *other_expiry;

    (void)state;
    fixture_init(&f, &rule_symbol_blocks);
    fixture_set(&f, "close_existing", "false");
    rty = fixture_contract(&f, "RTY", "H25");
    held = fixture_position(&f, rty, 2, "2100");
    entry = fixture_order(&f, rty, ORDER_LIMIT, SIDE_BUY, 1, NULL);
    stop = fixture_order(&f, rty, ORDER_STOP, SIDE_SELL, 2, "2000");
    target = fixture_order(&f, rty, ORDER_LIMIT, SIDE_SELL, 2, NULL);
    too_large = fixture_order(&f, rty, ORDER_LIMIT, SIDE_SELL, 3, NULL);
    other_expiry = fixture_order(&f, fixture_contract(&f, "RTY", "M25"), ORDER_STOP, SIDE_SELL, 1, "2000");
    (void)fixture_ask(&f, EVENT_ORDER);
    assert_int_equal(fixture_wanted(&f, held), -1);
    assert_true(fixture_cancels(&f, entry));
    assert_false(fixture_cancels(&f, stop));
    assert_false(fixture_cancels(&f, target));
    assert_true(fixture_cancels(&f, too_large));
    assert_true(fixture_cancels(&f, other_expiry));
    assert_int_equal(f.verdict.action, ACTION_CANCEL_ORDER);
    fixture_set(&f, "close_existing", "true");
    (void)fixture_ask(&f, EVENT_ORDER);
    assert_true(fixture_cancels(&f, stop));
    fixture_fini(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_symbols),
        cmocka_unit_test(test_lockouts),
        cmocka_unit_test(test_a_long_list),
        cmocka_unit_test(test_leaving_positions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
