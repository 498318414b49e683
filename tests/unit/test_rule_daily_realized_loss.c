/*
 * test_rule_daily_realized_loss.c - RULE-003 (R-003-1 to R-003-3) and the words that end a breach, shared with RULE-004 and 005.
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
test_limit(void **state)
{
    static const struct {
        const char *limit, *gross, *fees, *include_fees;
        int64_t observed_cents;
        bool breach;
    } rows[] = {
        { "-500", "-499.99", "0", "true", 49999, false },
        { "-500", "-500", "0", "true", 50000, true },
        { "-500", "-500.01", "0", "true", 50001, true },
        { "500", "-500", "0", "true", 50000, true },   /* limit: -500 and 500 mean the same. */
        { "500", "-499.99", "0", "true", 49999, false },
        { "-500", "500", "0", "true", 0, false },      /* A profit is not a loss. */
        { "-500", "0", "0", "true", 0, false },
        { "-500", "-498", "2.80", "true", 50080, true },
        { "-500", "-498", "1.99", "true", 49999, false },
        { "-500", "-498", "2", "true", 50000, true },
        { "-500", "-498", "2.80", "false", 49800, false },
        { "-500", "100", "600", "true", 50000, true }, /* Fees of opening fills count too (R-003-2). */
        { "0.000001", "-0.000001", "0", "true", 0, true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;
        const struct verdict *v;

        fixture_init(&f, &rule_daily_realized_loss);
        fixture_set(&f, "limit", rows[i].limit);
        fixture_set(&f, "include_fees", rows[i].include_fees);
        assert_int_equal(fixture_check(&f, NULL), OK);
        f.view.day.gross_micros = fixture_money(rows[i].gross);
        f.view.day.fees_micros = fixture_money(rows[i].fees);
        v = fixture_ask(&f, EVENT_TRADE);
        if (v->close_all != rows[i].breach)
            print_message("row %zu\n", i);
        assert_int_equal(v->close_all, rows[i].breach);
        assert_int_equal(v->observed / 10000, rows[i].observed_cents);
        assert_int_equal(v->action, rows[i].breach ? ACTION_LOCK : ACTION_NONE);
        assert_int_equal(v->locks_count, rows[i].breach ? 1 : 0);
        if (rows[i].breach)
            assert_int_equal(fixture_lock_of(&f, "")->end, LOCK_UNTIL_RESET);
        assert_true(instant_equal(v->wake_at, f.view.day.ends_at)); /* R-003-3: day change. */
        fixture_fini(&f);
    }
}

/* Sums at the edge of the type stay sums. */
static void
test_extremes(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, &rule_daily_realized_loss);
    fixture_set(&f, "loss_limit", "500");
    assert_int_equal(fixture_check(&f, NULL), OK);
    f.view.day.gross_micros = -INT64_MAX;
    f.view.day.fees_micros = INT64_MAX;
    assert_true(fixture_ask(&f, EVENT_TRADE)->close_all);
    assert_true(f.verdict.observed > 0);
    fixture_fini(&f);
}

/* NULL: not written. */
struct words {
    const char *action, *lockout, *until_reset, *until;
    enum status status;
    bool locks, permanent;
};

static void
test_ending(void **state)
{
    static const struct words rows[] = {
        { NULL, NULL, NULL, NULL, OK, true, false },
        { "CLOSE_ALL_AND_LOCKOUT", NULL, NULL, "permanent", OK, true, true },
        { "close_all_and_lockout", NULL, "true", NULL, OK, true, false },
        { "close_all", NULL, NULL, NULL, OK, false, false },
        { "close_all", "true", NULL, NULL, OK, true, false },
        { "close_all", NULL, "true", NULL, OK, true, false },
        { "close_all", NULL, NULL, "permanent", OK, false, false },
        { NULL, "false", NULL, NULL, OK, false, false },
        { NULL, NULL, "false", NULL, OK, false, false },
        { NULL, "true", "true", NULL, OK, true, false },
        { NULL, "false", "false", NULL, OK, false, false },
        { NULL, NULL, "false", "permanent", OK, true, true },
        { NULL, "false", "false", "permanent", OK, false, false },
        { NULL, NULL, "true", "daily_reset", OK, true, false },
        { NULL, NULL, "true", "permanent", STATUS_CONFIG, false, false },
        { NULL, "true", "false", NULL, STATUS_CONFIG, false, false },
        { NULL, "false", "true", NULL, STATUS_CONFIG, false, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;
        struct error err;

        fixture_init(&f, &rule_daily_realized_loss);
        fixture_set(&f, "limit", "500");
        if (rows[i].action != NULL)
            fixture_set(&f, "enforcement", rows[i].action);
        if (rows[i].lockout != NULL)
            fixture_set(&f, "lockout", rows[i].lockout);
        if (rows[i].until_reset != NULL)
            fixture_set(&f, "lockout_until_reset", rows[i].until_reset);
        if (rows[i].until != NULL)
            fixture_set(&f, "lockout_until", rows[i].until);
        if (fixture_check(&f, &err) != rows[i].status)
            print_message("row %zu\n", i);
        assert_int_equal(fixture_check(&f, &err), rows[i].status);
        f.view.day.gross_micros = fixture_money("-550");
        (void)fixture_ask(&f, EVENT_TRADE);
        if (rows[i].status == OK) {
            assert_true(f.verdict.close_all);
            assert_int_equal(f.verdict.locks_count, rows[i].locks);
            assert_int_equal(f.verdict.action, rows[i].locks ? ACTION_LOCK : ACTION_CLOSE_ALL);
            if (rows[i].locks)
                assert_int_equal(fixture_lock_of(&f, "")->end, rows[i].permanent ? LOCK_UNTIL_ADMIN : LOCK_UNTIL_RESET);
            assert_string_equal(f.verdict.why, "Daily loss limit: lost $550.00 of $500.00."); /* R-ALL-14 */
        }
        fixture_fini(&f);
    }
}

/* src/config compares these with the daily reset: they must be found by these names. */
static void
test_reset_keys(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, &rule_daily_realized_loss);
    fixture_set(&f, "reset_time", "17:00");
    fixture_set(&f, "timezone", "America/New_York");
    fixture_fini(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_ending),
        cmocka_unit_test(test_reset_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
