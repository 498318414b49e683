/*
 * test_rule_session_block_outside.c - RULE-009 (R-009-1 to R-009-3).  When sessions are: test_day.c.
 */
#include "lib/view_fixture.h"
#include "rules/rules.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

static struct contract *mnq, *es;

/* Sample: 09:30-16:00 New York for all, ES by its own week in Chicago. */
static void
set_up(struct fixture *f)
{
    fixture_init(f, &rule_session_block_outside);
    fixture_set_item(f, "per_instrument_sessions", 0, "symbol", "EP");
    fixture_set_item(f, "per_instrument_sessions", 0, "start", "sun 17:00");
    fixture_set_item(f, "per_instrument_sessions", 0, "end", "fri 16:00");
    fixture_set_item(f, "per_instrument_sessions", 0, "daily_break", "[16:00, 17:00]");
    assert_int_equal(fixture_check(f, NULL), OK);
    mnq = fixture_contract(f, "MNQ", "U25");
    es = fixture_contract(f, "ES", "U25");
}

static const struct verdict *
ask_at(struct fixture *f, const char *now, enum event_kind wake)
{
    f->view.now = fixture_at(now);
    return fixture_ask(f, wake);
}

/* R-009-1, R-009-2: inclusive start, exclusive end, on the second. */
static void
test_global(void **state)
{
    static const struct {
        const char *now;
        const char *until; /* NULL: inside. */
    } rows[] = {
        { "2025-01-16T14:29:59.999Z", "2025-01-16T14:30:00Z" }, { "2025-01-16T14:30:00Z", NULL },
        { "2025-01-16T20:59:59.999Z", NULL },                   { "2025-01-16T21:00:00Z", "2025-01-17T14:30:00Z" },
        { "2025-01-17T22:00:00Z", "2025-01-20T14:30:00Z" },     { "2025-01-18T16:00:00Z", "2025-01-20T14:30:00Z" },
        { "2025-07-14T13:30:00Z", NULL },                       { "2025-07-14T13:29:59Z", "2025-07-14T13:30:00Z" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;
        struct position *position;
        struct order *order;

        set_up(&f);
        position = fixture_position(&f, mnq, -2, "21000");
        order = fixture_order(&f, mnq, ORDER_STOP, SIDE_BUY, 2, "21100");
        (void)ask_at(&f, rows[i].now, EVENT_POSITION);
        assert_int_equal(fixture_wanted(&f, position), rows[i].until != NULL ? 0 : -1);
        assert_int_equal(fixture_cancels(&f, order), rows[i].until != NULL); /* No entry, but of that root. */
        assert_int_equal(f.verdict.action, rows[i].until != NULL ? ACTION_LOCK : ACTION_NONE);
        if (rows[i].until != NULL) {
            assert_int_equal(fixture_lock_of(&f, "")->until.ns, fixture_at(rows[i].until).ns);
            assert_int_equal(fixture_lock_of(&f, "")->end, LOCK_UNTIL_TIME);
            assert_int_equal(fixture_lock_of(&f, "")->kind, LOCK_FLAT);
        } else {
            assert_int_equal(f.verdict.locks_count, 0);
        }
        fixture_fini(&f);
    }
}

/* A root with a session of its own is judged by it alone; the lockout is the root's, and the global one spares it. */
static void
test_instrument(void **state)
{
    struct fixture f;
    struct position *position;

    (void)state;
    set_up(&f);
    position = fixture_position(&f, es, 1, "5800");
    (void)ask_at(&f, "2025-01-16T12:00:00Z", EVENT_POSITION); /* Before 09:30 New York, but inside its week. */
    assert_int_equal(f.verdict.action, ACTION_NONE);
    assert_true(instant_equal(f.verdict.wake_at, fixture_at("2025-01-16T21:55:00Z")));
    (void)ask_at(&f, "2025-01-16T22:00:00Z", EVENT_CLOCK); /* 16:00 Chicago: the break. */
    assert_int_equal(fixture_wanted(&f, position), 0);
    assert_null(fixture_lock_of(&f, ""));
    assert_int_equal(fixture_lock_of(&f, "ES")->until.ns, fixture_at("2025-01-16T23:00:00Z").ns);
    assert_true(rule_session_block_outside.spares(f.rule_config, es));
    assert_false(rule_session_block_outside.spares(f.rule_config, mnq));
    /* Without a global session other roots are free, and nothing is spared by it. */
    fixture_set(&f, "global_session.enabled", "false");
    (void)fixture_position(&f, mnq, 1, "21000");
    assert_int_equal(ask_at(&f, "2025-01-16T12:00:00Z", EVENT_POSITION)->action, ACTION_NONE);
    assert_false(rule_session_block_outside.spares(f.rule_config, mnq));
    fixture_fini(&f);
}

/* Entry orders are cancelled under either action; only a position locks. */
static void
test_orders(void **state)
{
    static const char *const enforcements[] = { "close_and_lockout", "cancel_order" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(enforcements); i++) {
        struct fixture f;
        struct order *entry;

        set_up(&f);
        fixture_set(&f, "action", enforcements[i]);
        entry = fixture_order(&f, mnq, ORDER_LIMIT, SIDE_BUY, 1, NULL);
        (void)ask_at(&f, "2025-01-16T20:59:59Z", EVENT_ORDER);
        assert_int_equal(f.verdict.action, ACTION_NONE);
        assert_true(instant_equal(f.verdict.wake_at, fixture_at("2025-01-16T21:00:00Z")));
        (void)ask_at(&f, "2025-01-16T21:00:00Z", EVENT_CLOCK);
        assert_int_equal(f.verdict.action, ACTION_CANCEL_ORDER);
        assert_true(fixture_cancels(&f, entry));
        assert_int_equal(f.verdict.locks_count, 0);
        fixture_fini(&f);
    }
}

/* cancel_order closes nothing, and what only reduces the position stays. */
static void
test_cancel_order_action(void **state)
{
    struct fixture f;
    struct order *entry, *stop, *too_large;

    (void)state;
    set_up(&f);
    fixture_set(&f, "action", "CANCEL_ORDER");
    (void)fixture_position(&f, mnq, 2, "21000");
    entry = fixture_order(&f, mnq, ORDER_LIMIT, SIDE_BUY, 1, NULL);
    stop = fixture_order(&f, mnq, ORDER_STOP, SIDE_SELL, 2, "20900");
    too_large = fixture_order(&f, mnq, ORDER_STOP, SIDE_SELL, 3, "20900");
    (void)ask_at(&f, "2025-01-16T21:00:00Z", EVENT_CLOCK);
    assert_int_equal(f.verdict.sizes_count, 0);
    assert_int_equal(f.verdict.locks_count, 0);
    assert_true(fixture_cancels(&f, entry));
    assert_false(fixture_cancels(&f, stop));
    assert_true(fixture_cancels(&f, too_large));
    assert_int_equal(f.verdict.warnings_count, 0);
    fixture_fini(&f);
}

/* close_positions_at_session_end: false keeps what was opened inside, and nothing else. */
static void
test_kept_positions(void **state)
{
    struct fixture f;
    struct position *position;

    (void)state;
    set_up(&f);
    fixture_set(&f, "close_positions_at_session_end", "false");
    f.view.now = fixture_at("2025-01-16T20:00:00Z");
    position = fixture_position(&f, mnq, 2, "21000");
    assert_int_equal(ask_at(&f, "2025-01-16T20:59:00Z", EVENT_POSITION)->warnings_count, 0);
    assert_int_equal(ask_at(&f, "2025-01-16T21:00:00Z", EVENT_CLOCK)->action, ACTION_NONE);
    position->size = 1;
    assert_int_equal(ask_at(&f, "2025-01-16T21:10:00Z", EVENT_POSITION)->action, ACTION_NONE);
    position->size = 2; /* Enlarged outside. */
    (void)ask_at(&f, "2025-01-16T21:11:00Z", EVENT_POSITION);
    assert_int_equal(fixture_wanted(&f, position), 0);
    assert_non_null(fixture_lock_of(&f, ""));
    fixture_fini(&f);

    /* First seen outside, after a restart: its creation tells. */
    set_up(&f);
    fixture_set(&f, "close_positions_at_session_end", "false");
    position = fixture_position(&f, mnq, 2, "21000");
    position->created_at = fixture_at("2025-01-16T20:00:00Z");
    assert_int_equal(ask_at(&f, "2025-01-16T21:10:00Z", EVENT_SNAPSHOT)->action, ACTION_NONE);
    memset(position->memory, 0, sizeof position->memory);
    position->created_at = fixture_at("2025-01-16T21:05:00Z");
    assert_int_equal(ask_at(&f, "2025-01-16T21:10:00Z", EVENT_SNAPSHOT)->action, ACTION_LOCK);
    position->size = 0;
    position = fixture_position(&f, es, 1, "5800");
    position->created_at = INSTANT_NONE; /* Not known: not kept. */
    (void)ask_at(&f, "2025-01-16T22:10:00Z", EVENT_SNAPSHOT);
    assert_int_equal(fixture_wanted(&f, position), 0);
    fixture_fini(&f);
}

/* R-009-2: what is closed takes the orders of its root along, of all expiries and no other root; without a root only its own. */
static void
test_orders_of_the_root(void **state)
{
    static const struct {
        const char *root;
        bool whole_root;
    } rows[] = { { "MNQ", true }, { "", false } };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;
        struct contract *near, *far, *nq;
        struct order *near_stop, *far_stop, *nq_stop;

        set_up(&f);
        fixture_set(&f, "close_positions_at_session_end", "false");
        near = fixture_contract(&f, rows[i].root, "M25");
        far = fixture_contract(&f, rows[i].root, "Z25");
        nq = fixture_contract(&f, "NQ", "U25");
        f.view.now = fixture_at("2025-01-16T20:00:00Z");
        (void)fixture_position(&f, near, 1, "21000");
        (void)fixture_position(&f, nq, 1, "21000");
        f.view.now = fixture_at("2025-01-16T21:05:00Z");
        (void)fixture_position(&f, far, 1, "21000"); /* Opened outside. */
        near_stop = fixture_order(&f, near, ORDER_STOP, SIDE_SELL, 1, "20900");
        nq_stop = fixture_order(&f, nq, ORDER_STOP, SIDE_SELL, 1, "20900");
        far_stop = fixture_order(&f, far, ORDER_STOP, SIDE_SELL, 1, "20900");
        (void)ask_at(&f, "2025-01-16T21:06:00Z", EVENT_SNAPSHOT);
        assert_int_equal(f.verdict.sizes_count, 1);
        assert_true(fixture_cancels(&f, far_stop));
        assert_int_equal(fixture_cancels(&f, near_stop), rows[i].whole_root);
        assert_false(fixture_cancels(&f, nq_stop));
        fixture_fini(&f);
    }
}

static void
test_without_lockout(void **state)
{
    struct fixture f;
    struct position *position;

    (void)state;
    set_up(&f);
    fixture_set(&f, "lockout_outside_session", "false");
    position = fixture_position(&f, mnq, 2, "21000");
    (void)ask_at(&f, "2025-01-16T21:10:00Z", EVENT_POSITION);
    assert_int_equal(fixture_wanted(&f, position), 0);
    assert_int_equal(f.verdict.locks_count, 0);
    assert_int_equal(f.verdict.action, ACTION_CLOSE_POSITION);
    assert_string_equal(f.verdict.why, "Outside the session: a position of 2 in MNQ.");
    fixture_fini(&f);
}

/* R-009-3: five minutes and one minute before the end, once each. */
static void
test_warnings(void **state)
{
    static const struct {
        const char *now, *wake_at;
        int warnings;
        const char *text;
    } rows[] = {
        { "2025-01-16T20:54:59Z", "2025-01-16T20:55:00Z", 0, NULL },
        { "2025-01-16T20:55:00Z", "2025-01-16T20:59:00Z", 1, "the trading session ends in 5 minutes" },
        { "2025-01-16T20:57:00Z", "2025-01-16T20:59:00Z", 0, NULL },
        { "2025-01-16T20:59:00Z", "2025-01-16T21:00:00Z", 1, "the trading session ends in 1 minute" },
        { "2025-01-16T20:59:30Z", "2025-01-16T21:00:00Z", 0, NULL },
        { "2025-01-17T20:55:00Z", "2025-01-17T20:59:00Z", 1, "the trading session ends in 5 minutes" },
        { "2025-01-21T20:59:30Z", "2025-01-21T21:00:00Z", 1, "the trading session ends in 1 minute" }, /* Opened that late: the one that holds. */
    };
    struct fixture f;

    (void)state;
    set_up(&f);
    (void)fixture_position(&f, mnq, 2, "21000");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct verdict *v = ask_at(&f, rows[i].now, EVENT_CLOCK);
        if (v->warnings_count != rows[i].warnings)
            print_message("row %zu\n", i);
        assert_int_equal(v->warnings_count, rows[i].warnings);
        if (rows[i].text != NULL)
            assert_string_equal(v->warnings[0], rows[i].text);
        assert_int_equal(v->wake_at.ns, fixture_at(rows[i].wake_at).ns);
    }
    fixture_fini(&f);
}

/* R-009-3: the file's holidays, or the rule's own dates, or none. */
static void
test_holidays(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    (void)fixture_position(&f, mnq, 1, "21000");
    f.config.calendar.count = 1;
    f.config.calendar.holidays[0] = (struct holiday){ (int32_t)civil_to_days(2025, 12, 25), -1, "Christmas" };
    (void)ask_at(&f, "2025-12-25T15:00:00Z", EVENT_POSITION);
    assert_int_equal(fixture_lock_of(&f, "")->until.ns, fixture_at("2025-12-26T14:30:00Z").ns);
    fixture_set(&f, "respect_holidays", "false");
    assert_int_equal(ask_at(&f, "2025-12-25T15:00:00Z", EVENT_POSITION)->action, ACTION_NONE);
    fixture_set(&f, "respect_holidays", "true");
    fixture_set(&f, "holidays", "[2025-07-04, 2025-12-26]");
    assert_int_equal(ask_at(&f, "2025-12-25T15:00:00Z", EVENT_POSITION)->action, ACTION_NONE);
    assert_int_equal(ask_at(&f, "2025-12-26T15:00:00Z", EVENT_POSITION)->action, ACTION_LOCK);
    fixture_set(&f, "respect_holidays", "false"); /* Nor are the rule's own then. */
    assert_int_equal(ask_at(&f, "2025-12-26T15:00:00Z", EVENT_POSITION)->action, ACTION_NONE);
    fixture_fini(&f);
}

static void
test_spellings(void **state)
{
    struct fixture f;
    struct error err;

    (void)state;
    set_up(&f);
    fixture_set(&f, "allowed_hours.start", "08:30");
    fixture_set(&f, "allowed_hours.end", "15:00");
    fixture_set(&f, "timezone", "America/Chicago");
    assert_int_equal(fixture_check(&f, &err), OK);
    (void)fixture_order(&f, mnq, ORDER_LIMIT, SIDE_BUY, 1, NULL);
    assert_int_equal(ask_at(&f, "2025-01-16T20:59:00Z", EVENT_ORDER)->action, ACTION_NONE);
    assert_int_equal(ask_at(&f, "2025-01-16T21:00:00Z", EVENT_ORDER)->action, ACTION_CANCEL_ORDER);
    fixture_set(&f, "global_session.days", "[Monday, fri]");
    assert_int_equal(fixture_check(&f, &err), OK);
    assert_int_equal(ask_at(&f, "2025-01-16T20:00:00Z", EVENT_ORDER)->action, ACTION_CANCEL_ORDER); /* A Thursday. */
    fixture_set(&f, "global_session.days", "[funday]");
    assert_int_equal(fixture_check(&f, &err), STATUS_CONFIG);
    assert_string_equal(err.text, "global_session: days: \"funday\" is not a day of the week");
    fixture_set(&f, "global_session.days", "[]");
    assert_int_equal(fixture_check(&f, &err), STATUS_CONFIG);
    fixture_set(&f, "global_session.days", "[mon]");
    fixture_set(&f, "global_session.start", "mon 08:30");
    assert_int_equal(fixture_check(&f, &err), STATUS_CONFIG);
    fixture_set(&f, "global_session.start", "08:30");
    assert_int_equal(fixture_check(&f, &err), OK);
    static const char *const breaks[] = { "[16:00]", "[16:00, 16:00]", "[x, 17:00]", "[15:00, 16:00, 17:00]" };
    for (size_t i = 0; i < COUNT_OF(breaks); i++) {
        fixture_set_item(&f, "per_instrument_sessions", 0, "daily_break", breaks[i]);
        assert_int_equal(fixture_check(&f, &err), STATUS_CONFIG);
    }
    fixture_fini(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_global),
        cmocka_unit_test(test_instrument),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_cancel_order_action),
        cmocka_unit_test(test_kept_positions),
        cmocka_unit_test(test_orders_of_the_root),
        cmocka_unit_test(test_without_lockout),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_holidays),
        cmocka_unit_test(test_spellings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
