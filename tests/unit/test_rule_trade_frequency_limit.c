/*
 * test_rule_trade_frequency_limit.c - RULE-006 (R-006-1 to R-006-4, R-ALL-9, R-ALL-10).
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
set_up(struct fixture *f, const char *count, const char *minute, const char *hour, const char *session)
{
    fixture_init(f, &rule_trade_frequency_limit);
    f->view.now = INSTANT_NONE;
    f->view.day.starts_at = fixture_at("2025-01-16T22:00:00Z");
    fixture_set(f, "count", count);
    fixture_set(f, "limits.per_minute", minute);
    fixture_set(f, "limits.per_hour", hour);
    fixture_set(f, "limits.per_session", session);
    assert_int_equal(fixture_check(f, NULL), OK);
}

/* One trade after the other; @ends: the cooldown's end after each, NULL: none. */
struct fill {
    const char *at;
    int64_t order_id;
    const char *pnl;
    const char *until;
    int64_t seconds;
};

static void
play(struct fixture *f, const struct fill *fills, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct want_lock *lock;

        f->view.now = INSTANT_NONE; /* The trade's own time, by fixture_judge. */
        (void)fixture_judge(f, fixture_trade(f, fills[i].at, fills[i].order_id, fills[i].pnl));
        lock = fixture_lock_of(f, "");
        if ((lock != NULL) != (fills[i].until != NULL))
            print_message("fill %zu: %s\n", i, f->verdict.why);
        assert_int_equal(lock != NULL, fills[i].until != NULL);
        assert_int_equal(f->verdict.action, lock != NULL ? ACTION_COOLDOWN : ACTION_NONE);
        if (lock == NULL)
            continue;
        assert_int_equal(lock->kind, LOCK_ENTRIES);
        assert_int_equal(lock->end, LOCK_UNTIL_TIME);
        assert_int_equal(lock->until.ns, fixture_at(fills[i].until).ns);
        assert_int_equal(lock->duration.ns, SPAN_SECONDS(fills[i].seconds).ns);
    }
}

/* R-006-1: limit - 1, limit, limit + 1; a trade exactly 60 s old is outside. */
static void
test_minute(void **state)
{
    static const struct fill inside[] = {
        { "2025-01-17T19:30:00Z", 1, "25", NULL, 0 }, { "2025-01-17T19:30:10Z", 2, "25", NULL, 0 },
        { "2025-01-17T19:30:20Z", 3, "25", NULL, 0 }, { "2025-01-17T19:30:59.999999999Z", 4, "25", "2025-01-17T19:31:59.999999999Z", 60 },
    };
    static const struct fill edge[] = {
        { "2025-01-17T19:30:00Z", 1, "25", NULL, 0 }, { "2025-01-17T19:30:10Z", 2, "25", NULL, 0 },
        { "2025-01-17T19:30:20Z", 3, "25", NULL, 0 }, { "2025-01-17T19:31:00Z", 4, "25", NULL, 0 },
        { "2025-01-17T19:31:10Z", 5, "25", NULL, 0 }, { "2025-01-17T19:31:19.999Z", 6, "25", "2025-01-17T19:32:19.999Z", 60 },
    };
    struct fixture f;

    (void)state;
    set_up(&f, "fills", "3", "1000", "1000");
    play(&f, inside, COUNT_OF(inside));
    assert_string_equal(f.verdict.why, "Trade limit: 4 trades of 3 allowed in 1 minute.");
    assert_int_equal(f.verdict.observed, 4);
    assert_int_equal(f.verdict.limit, 3);
    fixture_fini(&f);
    set_up(&f, "fills", "3", "1000", "1000");
    play(&f, edge, COUNT_OF(edge));
    fixture_fini(&f);
}

/* R-006-2: the longest cooldown of those breached, and every tier is named. */
static void
test_hour_and_session(void **state)
{
    static const struct fill hour[] = {
        { "2025-01-17T19:30:00Z", 1, "25", NULL, 0 }, { "2025-01-17T20:10:00Z", 2, "25", NULL, 0 },
        { "2025-01-17T20:10:01Z", 3, "25", "2025-01-17T20:40:01Z", 1800 }, /* Minute and hour. */
        { "2025-01-17T21:10:00.5Z", 4, "25", NULL, 0 },                    /* 20:10:00 is outside, 20:10:01 not. */
        { "2025-01-17T21:10:00.9Z", 5, "25", "2025-01-17T21:40:00.9Z", 1800 },
    };
    static const struct fill session[] = {
        { "2025-01-17T10:30:00Z", 1, "25", NULL, 0 }, { "2025-01-17T12:30:00Z", 2, "25", NULL, 0 },
        { "2025-01-17T14:30:00Z", 3, "25", "2025-01-17T15:30:00Z", 3600 },
        { "2025-01-17T18:30:00Z", 4, "25", "2025-01-17T19:30:00Z", 3600 }, /* Stays above the limit. */
        { "2025-01-17T22:00:00Z", 5, "25", NULL, 0 },                      /* The reset instant is the new day's. */
    };
    struct fixture f;

    (void)state;
    set_up(&f, "fills", "1", "2", "1000");
    play(&f, hour, COUNT_OF(hour));
    assert_string_equal(f.verdict.why,
        "Trade limit: 2 trades of 1 allowed in 1 minute. Trade limit: 3 trades of 2 allowed in 1 hour.");
    fixture_fini(&f);
    set_up(&f, "fills", "100", "100", "2");
    play(&f, session, COUNT_OF(session));
    fixture_fini(&f);
    set_up(&f, "fills", "1", "2", "1000"); /* Longest, whichever tier it belongs to. */
    fixture_set(&f, "cooldown_on_breach.per_hour_breach", "30");
    for (int i = 0; i < 3; i++)
        (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:00Z", i, "25"));
    assert_int_equal(fixture_lock_of(&f, "")->duration.ns, SPAN_SECONDS(60).ns);
    assert_int_equal(fixture_lock_of(&f, "")->until.ns, fixture_at("2025-01-17T19:31:00Z").ns);
    fixture_fini(&f);
}

/* R-006-3. */
static void
test_what_counts(void **state)
{
    static const struct fill pieces[] = {
        { "2025-01-17T19:30:00Z", 1, NULL, NULL, 0 },    { "2025-01-17T19:30:00.1Z", 1, NULL, NULL, 0 },
        { "2025-01-17T19:30:00.2Z", 1, NULL, NULL, 0 },  { "2025-01-17T19:30:01Z", 2, "25", NULL, 0 },
        { "2025-01-17T19:30:02Z", 3, NULL, "2025-01-17T19:31:02Z", 60 },
        { "2025-01-17T19:30:03Z", 3, NULL, NULL, 0 },    { "2025-01-17T19:30:04Z", 4, "-5", NULL, 0 },
    };
    static const struct fill turns[] = {
        { "2025-01-17T19:30:00Z", 1, NULL, NULL, 0 }, { "2025-01-17T19:30:01Z", 2, "25", NULL, 0 },
        { "2025-01-17T19:30:02Z", 3, NULL, NULL, 0 }, { "2025-01-17T19:30:03Z", 4, "25", "2025-01-17T19:31:03Z", 60 },
    };
    struct fixture f;

    (void)state;
    set_up(&f, "entries", "1", "1000", "1000");
    play(&f, pieces, COUNT_OF(pieces));
    fixture_fini(&f);
    set_up(&f, "round_turns", "1", "1000", "1000");
    play(&f, turns, COUNT_OF(turns));
    fixture_fini(&f);
    /* A fill with P&L that reversed the position is an entry too. */
    set_up(&f, "entries", "1", "1000", "1000");
    play(&f, pieces, 1);
    struct trade *reversal = fixture_trade(&f, "2025-01-17T19:30:09Z", 7, "12");
    reversal->opened = true;
    fixture_settle_orders(&f);
    (void)fixture_judge(&f, reversal);
    assert_non_null(fixture_lock_of(&f, ""));
    fixture_fini(&f);
}

/* R-ALL-10: a voided trade does not count, neither now nor in later windows. */
static void
test_voided(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f, "fills", "2", "1000", "1000");
    (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:00Z", 1, "25"));
    (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:01Z", 2, "25"));
    struct trade *voided = fixture_trade(&f, "2025-01-17T19:30:02Z", 3, "25");
    voided->voided = true;
    fixture_settle_orders(&f);
    assert_int_equal(fixture_judge(&f, voided)->action, ACTION_NONE);
    f.trades[0].voided = true;
    fixture_settle_orders(&f);
    assert_int_equal(fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:03Z", 4, "25"))->action, ACTION_NONE);
    assert_int_equal(fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:04Z", 5, "25"))->action, ACTION_COOLDOWN);
    fixture_fini(&f);
}

/* R-ALL-9: a trade learnt late fills windows that end at younger trades; the pause runs from that end. */
static void
test_late_trade(void **state)
{
    struct fixture f;
    struct trade *late;

    (void)state;
    set_up(&f, "fills", "3", "1000", "1000");
    (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:00Z", 1, "25"));
    (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:10Z", 2, "25"));
    (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:30Z", 3, "25"));
    assert_null(fixture_lock_of(&f, ""));
    late = fixture_trade(&f, "2025-01-17T19:30:20Z", 4, "25");
    (void)fixture_judge(&f, late);
    assert_non_null(fixture_lock_of(&f, ""));
    assert_int_equal(fixture_lock_of(&f, "")->until.ns, fixture_at("2025-01-17T19:31:30Z").ns);
    assert_false(f.verdict.record_only);
    f.view.now = fixture_at("2025-01-17T19:31:29.999Z");
    assert_false(fixture_judge(&f, late)->record_only);
    f.view.now = fixture_at("2025-01-17T19:31:30Z"); /* Already over: only recorded. */
    assert_true(fixture_judge(&f, late)->record_only);
    assert_int_equal(f.verdict.action, ACTION_COOLDOWN);
    assert_int_equal(f.verdict.locks_count, 0);
    fixture_fini(&f);

    /* Trades of a snapshot: those not judged yet wait for their own turn, in the minute and in the day. */
    for (int session = 0; session < 2; session++) {
        set_up(&f, "fills", session ? "1000" : "3", "1000", session ? "3" : "1000");
        for (int i = 0; i < 4; i++) {
            char time[] = "2025-01-17T19:30:00Z";
            time[18] = (char)('0' + i);
            fixture_trade(&f, time, i, "25")->judged = false;
        }
        f.view.now = fixture_at("2025-01-17T19:30:05Z");
        for (int i = 0; i < 3; i++)
            assert_int_equal(fixture_judge(&f, &f.trades[i])->action, ACTION_NONE);
        assert_int_equal(fixture_judge(&f, &f.trades[3])->action, ACTION_COOLDOWN);
        fixture_fini(&f);
    }
}

/* Of several windows that are too full the pause runs from the last. */
static void
test_last_window(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f, "fills", "1", "1000", "1000");
    (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:00Z", 1, "25"));
    (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:10Z", 2, "25"));
    (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:20Z", 3, "25"));
    (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:05Z", 4, "25"));
    assert_int_equal(fixture_lock_of(&f, "")->until.ns, fixture_at("2025-01-17T19:31:20Z").ns);
    assert_int_equal(f.verdict.observed, 4);
    fixture_fini(&f);
}

/* A late trade of an earlier day is counted in that day's session; what would be over is only recorded. */
static void
test_late_trade_of_yesterday(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f, "fills", "1000", "1000", "1");
    f.view.now = fixture_at("2025-01-17T19:30:00Z");
    assert_int_equal(fixture_judge(&f, fixture_trade(&f, "2025-01-16T15:00:00Z", 1, "25"))->action, ACTION_NONE);
    assert_int_equal(fixture_judge(&f, fixture_trade(&f, "2025-01-16T18:00:00Z", 2, "25"))->action, ACTION_COOLDOWN);
    assert_true(f.verdict.record_only);
    assert_string_equal(f.verdict.why, "Trade limit: 2 trades of 1 allowed since the reset.");
    assert_int_equal(fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:00:00Z", 3, "25"))->action, ACTION_NONE);
    fixture_fini(&f);
}

/* R-006-4: a counted trade during the pause starts it anew, with the longer of the running tier and its own. */
static void
test_restart(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f, "fills", "3", "1000", "1000");
    f.view.now = fixture_at("2025-01-17T19:30:00Z");
    fixture_lockout(&f, LOCK_ENTRIES, "2025-01-17T20:00:00Z", 1800);
    (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:40:00Z", 1, "25"));
    assert_non_null(fixture_lock_of(&f, ""));
    assert_int_equal(fixture_lock_of(&f, "")->until.ns, fixture_at("2025-01-17T20:10:00Z").ns);
    assert_int_equal(fixture_lock_of(&f, "")->duration.ns, SPAN_SECONDS(1800).ns);
    assert_string_equal(f.verdict.why, "Trade limit: a trade during the pause starts it anew.");

    /* With a breach of its own the sentence is the breach's, the length the longer one. */
    fixture_lockout(&f, LOCK_ENTRIES, "2025-01-17T20:10:00Z", 1800);
    (void)fixture_trade(&f, "2025-01-17T19:40:01Z", 2, "25");
    (void)fixture_trade(&f, "2025-01-17T19:40:02Z", 3, "25");
    (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:40:03Z", 4, "25"));
    assert_int_equal(fixture_lock_of(&f, "")->until.ns, fixture_at("2025-01-17T20:10:03Z").ns);
    assert_string_equal(f.verdict.why, "Trade limit: 4 trades of 3 allowed in 1 minute.");

    /* Not by a late trade from before the pause, nor by a hard lockout of this rule. */
    fixture_lockout(&f, LOCK_ENTRIES, "2025-01-17T20:30:00Z", 1800);
    assert_int_equal(fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:55:00Z", 5, "25"))->action, ACTION_NONE);
    fixture_lockout(&f, LOCK_FLAT, "2025-01-17T22:00:00Z", 0);
    assert_int_equal(fixture_judge(&f, fixture_trade(&f, "2025-01-17T20:20:00Z", 6, "25"))->action, ACTION_NONE);
    fixture_fini(&f);
}

static void
test_actions(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f, "fills", "1", "1000", "1000");
    fixture_set(&f, "cooldown_on_breach.enabled", "false");
    (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:00Z", 1, "25"));
    (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:01Z", 2, "25"));
    assert_int_equal(f.verdict.action, ACTION_COOLDOWN);
    assert_true(f.verdict.record_only);
    assert_int_equal(f.verdict.locks_count, 0);

    fixture_set(&f, "action", "close_all_and_lockout");
    (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:02Z", 3, "25"));
    assert_int_equal(f.verdict.action, ACTION_LOCK);
    assert_true(f.verdict.close_all);
    assert_false(f.verdict.record_only);
    assert_int_equal(fixture_lock_of(&f, "")->end, LOCK_UNTIL_RESET);
    /* A late trade of a day that is over. */
    f.view.day.starts_at = fixture_at("2025-01-17T22:00:00Z");
    f.view.now = fixture_at("2025-01-18T01:00:00Z");
    (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:03Z", 4, "25"));
    assert_true(f.verdict.record_only);
    assert_false(f.verdict.close_all);
    fixture_fini(&f);
}

/* max_trades is one tier of its own window; missing limits have the sample's values. */
static void
test_spellings(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, &rule_trade_frequency_limit);
    fixture_set(&f, "count", "fills");
    fixture_set(&f, "max_trades", "2");
    fixture_set(&f, "time_window_minutes", "30");
    assert_int_equal(fixture_check(&f, NULL), OK);
    for (int i = 0; i < 4; i++) { /* Four in a second: per_minute 3 is not in force. */
        (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:00Z", i, "25"));
        assert_int_equal(f.verdict.action, i < 2 ? ACTION_NONE : ACTION_COOLDOWN);
    }
    assert_int_equal(fixture_lock_of(&f, "")->duration.ns, SPAN_SECONDS(1800).ns);
    assert_int_equal(fixture_judge(&f, fixture_trade(&f, "2025-01-17T20:00:00Z", 9, "25"))->action, ACTION_NONE);
    fixture_fini(&f);

    fixture_init(&f, &rule_trade_frequency_limit);
    fixture_set(&f, "count", "fills");
    fixture_set(&f, "max_trades", "5");
    assert_int_equal(fixture_check(&f, NULL), OK);
    for (int i = 0; i < 5; i++)
        assert_int_equal(fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:00Z", i, "25"))->action, ACTION_NONE);
    fixture_fini(&f);

    fixture_init(&f, &rule_trade_frequency_limit);
    fixture_set(&f, "count", "fills");
    fixture_set(&f, "limits.per_hour", "1000");
    assert_int_equal(fixture_check(&f, NULL), OK);
    for (int i = 0; i < 4; i++)
        (void)fixture_judge(&f, fixture_trade(&f, "2025-01-17T19:30:00Z", i, "25"));
    assert_int_equal(f.verdict.action, ACTION_COOLDOWN);
    assert_int_equal(f.verdict.limit, 3);
    fixture_fini(&f);
}

/* Without a trade to judge nothing is breached: the gauge shows the windows that end now. */
static void
test_gauge(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f, "fills", "2", "100", "1000");
    for (int i = 0; i < 4; i++)
        (void)fixture_trade(&f, "2025-01-17T19:30:00Z", i, "25");
    f.view.now = fixture_at("2025-01-17T19:30:30Z");
    (void)fixture_ask(&f, EVENT_SNAPSHOT);
    assert_int_equal(f.verdict.action, ACTION_NONE);
    assert_int_equal(f.verdict.observed, 4);
    assert_int_equal(f.verdict.limit, 2);
    f.view.now = fixture_at("2025-01-17T19:31:00Z");
    (void)fixture_ask(&f, EVENT_CLOCK);
    assert_int_equal(f.verdict.observed, 4);
    assert_int_equal(f.verdict.limit, 100);
    assert_true(instant_equal(f.verdict.wake_at, f.view.day.ends_at));
    fixture_fini(&f);
    set_up(&f, "fills", "2", "4", "1000"); /* One of two is as full as two of four: the first. */
    (void)fixture_trade(&f, "2025-01-17T19:20:00Z", 1, "25");
    (void)fixture_trade(&f, "2025-01-17T19:30:00Z", 2, "25");
    f.view.now = fixture_at("2025-01-17T19:30:30Z");
    (void)fixture_ask(&f, EVENT_SNAPSHOT);
    assert_int_equal(f.verdict.observed, 1);
    assert_int_equal(f.verdict.limit, 2);
    fixture_fini(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_minute),
        cmocka_unit_test(test_hour_and_session),
        cmocka_unit_test(test_what_counts),
        cmocka_unit_test(test_voided),
        cmocka_unit_test(test_late_trade),
        cmocka_unit_test(test_last_window),
        cmocka_unit_test(test_late_trade_of_yesterday),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_gauge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
