/*
 * test_rule_cooldown_after_loss.c - RULE-007 (R-007-1 to R-007-3, R-ALL-9).
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
set_up(struct fixture *f)
{
    static const char *const tiers[][2] = { { "-100", "300" }, { "-300", "1800" }, { "-200", "900" } }; /* In any order. */

    fixture_init(f, &rule_cooldown_after_loss);
    for (int32_t i = 0; i < 3; i++) {
        fixture_set_item(f, "loss_thresholds", i, "loss_amount", tiers[i][0]);
        fixture_set_item(f, "loss_thresholds", i, "cooldown_duration", tiers[i][1]);
    }
    assert_int_equal(fixture_check(f, NULL), OK);
    f->view.now = INSTANT_NONE;
}

/* 0: no cooldown. */
static void
assert_cooldown(const struct fixture *f, const struct trade *trade, int64_t seconds)
{
    const struct want_lock *lock = fixture_lock_of(f, "");

    assert_int_equal(f->verdict.action, seconds == 0 ? ACTION_NONE : ACTION_COOLDOWN);
    assert_int_equal(lock != NULL, seconds != 0);
    if (lock == NULL)
        return;
    assert_int_equal(lock->kind, LOCK_ENTRIES);
    assert_int_equal(lock->end, LOCK_UNTIL_TIME);
    assert_int_equal(lock->duration.ns, SPAN_SECONDS(seconds).ns);
    assert_int_equal(lock->until.ns, instant_add(trade->at, SPAN_SECONDS(seconds)).ns);
    assert_false(lock->ceilings_zero);
}

static void
test_tiers(void **state)
{
    static const struct {
        const char *pnl, *costs, *include_fees;
        int64_t seconds;
    } rows[] = {
        { "-99.99", "0", "true", 0 },    { "-100", "0", "true", 300 },    { "-100.01", "0", "true", 300 },
        { "-199.99", "0", "true", 300 }, { "-200", "0", "true", 900 },    { "-250", "0", "true", 900 },
        { "-299.99", "0", "true", 900 }, { "-300", "0", "true", 1800 },   { "-9999", "0", "true", 1800 },
        { "100", "0", "true", 0 },       { "300", "0", "true", 0 },       { "0", "0", "true", 0 },
        /* R-007-1b: net of the exit's own fees. */
        { "-99", "2.80", "true", 300 },  { "-99", "0.99", "true", 0 },    { "-99", "1", "true", 300 },
        { "-99", "2.80", "false", 0 },   { "1", "2.80", "true", 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;
        struct trade *trade;

        set_up(&f);
        fixture_set(&f, "include_fees", rows[i].include_fees);
        trade = fixture_trade(&f, "2025-01-17T19:30:00Z", 1, rows[i].pnl);
        trade->costs_micros = fixture_money(rows[i].costs);
        (void)fixture_judge(&f, trade);
        assert_cooldown(&f, trade, rows[i].seconds);
        fixture_fini(&f);
    }
}

/* The gauge: the loss of the trade, against the tier it reached or the smallest. */
static void
test_gauge(void **state)
{
    static const struct {
        const char *pnl, *observed, *limit;
    } rows[] = {
        { "-50", "50", "100" }, { "-100", "100", "100" }, { "-250", "250", "200" }, { "-300", "300", "300" }, { "250", "0", "100" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;

        set_up(&f);
        (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:00Z", 1, rows[i].pnl));
        assert_int_equal(f.verdict.unit, UNIT_MICROS);
        assert_int_equal(f.verdict.observed, fixture_money(rows[i].observed));
        assert_int_equal(f.verdict.limit, fixture_money(rows[i].limit));
        fixture_fini(&f);
    }
}

static void
test_not_a_loss(void **state)
{
    struct fixture f;
    struct trade *trade;

    (void)state;
    set_up(&f);
    trade = fixture_trade(&f, "2025-01-17T19:30:00Z", 1, NULL); /* Opening: its fees are no loss of a round turn. */
    trade->costs_micros = fixture_money("500");
    (void)fixture_judge(&f, trade);
    assert_cooldown(&f, trade, 0);
    trade = fixture_trade(&f, "2025-01-17T19:30:01Z", 2, "-500");
    trade->voided = true;
    (void)fixture_judge(&f, trade);
    assert_cooldown(&f, trade, 0);
    (void)fixture_ask(&f, EVENT_SNAPSHOT); /* Nothing to judge. */
    assert_int_equal(f.verdict.action, ACTION_NONE);
    fixture_fini(&f);
}

/* R-007-2: fills of one order are one loss; it acts when the tier rises. */
static void
test_pieces(void **state)
{
    static const struct {
        const char *at;
        int64_t order_id;
        const char *pnl;
        int64_t seconds;
    } rows[] = {
        { "2025-01-17T19:30:00Z", 1, "-60", 0 },   { "2025-01-17T19:30:01Z", 2, "-60", 0 }, /* Another order. */
        { "2025-01-17T19:30:02Z", 1, "-40", 300 }, { "2025-01-17T19:30:03Z", 1, "-50", 0 },
        { "2025-01-17T19:30:04Z", 1, "-50", 900 }, { "2025-01-17T19:30:05Z", 1, "50", 0 },
        { "2025-01-17T19:30:06Z", 1, "-200", 1800 }, { "2025-01-17T19:30:07Z", 1, NULL, 0 },
        { "2025-01-17T19:30:08Z", 3, "-100", 300 }, /* A further loss is judged by itself (R-007-3). */
    };
    struct fixture f;

    (void)state;
    set_up(&f);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct trade *trade = fixture_trade(&f, rows[i].at, rows[i].order_id, rows[i].pnl);
        f.view.now = INSTANT_NONE;
        (void)fixture_judge(&f, trade);
        assert_cooldown(&f, trade, rows[i].seconds);
    }
    /* A voided piece is not added up. */
    f.trades[8].voided = true;
    struct trade *trade = fixture_trade(&f, "2025-01-17T19:30:09Z", 3, "-150");
    (void)fixture_judge(&f, trade);
    assert_cooldown(&f, trade, 300);
    fixture_fini(&f);
}

/* All pieces of a snapshot are in the book before the first is judged: those not judged yet do not count. */
static void
test_pieces_of_a_snapshot(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    for (int i = 0; i < 3; i++)
        fixture_trade(&f, "2025-01-17T19:30:00Z", 1, "-100")->judged = false;
    (void)fixture_judge(&f, &f.trades[0]);
    assert_cooldown(&f, &f.trades[0], 300);
    (void)fixture_judge(&f, &f.trades[1]);
    assert_cooldown(&f, &f.trades[1], 900);
    (void)fixture_judge(&f, &f.trades[2]);
    assert_cooldown(&f, &f.trades[2], 1800);
    fixture_fini(&f);
}

/* R-ALL-9: from the trade's own timestamp; one already over is only recorded. */
static void
test_late(void **state)
{
    struct fixture f;
    struct trade *trade;

    (void)state;
    set_up(&f);
    trade = fixture_trade(&f, "2025-01-17T19:30:00Z", 1, "-150");
    f.view.now = fixture_at("2025-01-17T19:34:59.999Z");
    (void)fixture_judge(&f, trade);
    assert_cooldown(&f, trade, 300);
    f.view.now = fixture_at("2025-01-17T19:35:00Z");
    (void)fixture_judge(&f, trade);
    assert_int_equal(f.verdict.action, ACTION_COOLDOWN);
    assert_true(f.verdict.record_only);
    assert_int_equal(f.verdict.locks_count, 0);
    fixture_fini(&f);
}

static void
test_spellings(void **state)
{
    struct fixture f;
    struct error err;
    struct trade *trade;

    (void)state;
    fixture_init(&f, &rule_cooldown_after_loss);
    fixture_set(&f, "loss_threshold", "50");
    fixture_set(&f, "cooldown_seconds", "120");
    fixture_set(&f, "close_positions", "true");
    assert_int_equal(fixture_check(&f, &err), OK);
    trade = fixture_trade(&f, "2025-01-17T19:30:00Z", 1, "-60");
    (void)fixture_judge(&f, trade);
    assert_int_equal(fixture_lock_of(&f, "")->duration.ns, SPAN_SECONDS(120).ns);
    assert_true(fixture_lock_of(&f, "")->ceilings_zero);
    assert_string_equal(f.verdict.why, "Loss of a trade: lost $60.00, at $50.00 a pause of 120 s begins.");
    assert_int_equal(fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:01Z", 2, "-30"))->action, ACTION_NONE); /* It is the only tier. */
    (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:02Z", 3, "-250"));
    assert_int_equal(fixture_lock_of(&f, "")->duration.ns, SPAN_SECONDS(120).ns);
    fixture_fini(&f);

    fixture_init(&f, &rule_cooldown_after_loss); /* Of two with one threshold the first that is written counts. */
    for (int32_t i = 0; i < 2; i++) {
        fixture_set_item(&f, "loss_thresholds", i, "loss_amount", "-100");
        fixture_set_item(&f, "loss_thresholds", i, "cooldown_duration", i == 0 ? "300" : "900");
    }
    assert_int_equal(fixture_check(&f, &err), OK);
    (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:00Z", 1, "-100"));
    assert_int_equal(fixture_lock_of(&f, "")->duration.ns, SPAN_SECONDS(300).ns);
    fixture_fini(&f);
    set_up(&f);
    fixture_set(&f, "loss_threshold", "50");
    assert_int_equal(fixture_check(&f, &err), STATUS_CONFIG);
    fixture_fini(&f);
    fixture_init(&f, &rule_cooldown_after_loss);
    assert_int_equal(fixture_check(&f, &err), STATUS_CONFIG); /* An empty list. */
    fixture_fini(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiers),
        cmocka_unit_test(test_gauge),
        cmocka_unit_test(test_not_a_loss),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_pieces_of_a_snapshot),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_spellings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
