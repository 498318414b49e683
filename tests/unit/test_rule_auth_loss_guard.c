/*
 * test_rule_auth_loss_guard.c - RULE-010 (R-010-1, R-010-2).
 */
#include "lib/view_fixture.h"
#include "rules/rules.h"

#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

struct step {
    enum event_kind wake;
    enum answer event;
    bool locks, releases, warns;
};

static void
play(struct fixture *f, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        f->view.can_trade_event = steps[i].event;
        if (steps[i].event != ANSWER_UNKNOWN)
            f->view.can_trade = steps[i].event;
        (void)fixture_ask(f, steps[i].wake);
        if (f->verdict.close_all != steps[i].locks)
            print_message("step %zu\n", i);
        assert_int_equal(f->verdict.close_all, steps[i].locks);
        assert_int_equal(f->verdict.action, steps[i].locks ? ACTION_LOCK : ACTION_NONE);
        assert_int_equal(fixture_lock_of(f, "") != NULL, steps[i].locks);
        assert_int_equal(f->verdict.releases_count, steps[i].releases);
        assert_int_equal(f->verdict.warnings_count, steps[i].warns);
        if (steps[i].locks)
            fixture_lockout(f, LOCK_FLAT, "2030-01-01T00:00:00Z", 0);
        if (steps[i].releases)
            f->account.lockouts = NULL;
    }
}

/* R-010-1; R-010-2: missing or null is no evidence, the last known value stands; asked again it wants the same (R-010-3). */
static void
test_evidence(void **state)
{
    static const struct step steps[] = {
        { EVENT_CLOCK, ANSWER_UNKNOWN, false, false, false },   { EVENT_ACCOUNT, ANSWER_UNKNOWN, false, false, true },
        { EVENT_ACCOUNT, ANSWER_YES, false, false, false },     { EVENT_ACCOUNT, ANSWER_UNKNOWN, false, false, true },
        { EVENT_ACCOUNT, ANSWER_NO, true, false, false },       { EVENT_ACCOUNT, ANSWER_UNKNOWN, true, false, true },
        { EVENT_ACCOUNT, ANSWER_NO, true, false, false },       { EVENT_ACCOUNT, ANSWER_YES, false, true, false },
        { EVENT_ACCOUNT, ANSWER_YES, false, false, false },     { EVENT_SNAPSHOT, ANSWER_UNKNOWN, false, false, false },
        { EVENT_SNAPSHOT, ANSWER_NO, true, false, false },      { EVENT_SNAPSHOT, ANSWER_YES, false, true, false },
    };
    struct fixture f;

    (void)state;
    fixture_init(&f, &rule_auth_loss_guard);
    play(&f, steps, COUNT_OF(steps));
    fixture_fini(&f);
}

static void
test_startup(void **state)
{
    static const struct step checked[] = { { EVENT_SNAPSHOT, ANSWER_UNKNOWN, false, false, false },
        { EVENT_SNAPSHOT, ANSWER_NO, true, false, false } };
    static const struct step unchecked[] = {
        { EVENT_SNAPSHOT, ANSWER_UNKNOWN, false, false, false }, { EVENT_SNAPSHOT, ANSWER_NO, false, false, false },
        { EVENT_CONFIG, ANSWER_UNKNOWN, false, false, false },   { EVENT_SNAPSHOT, ANSWER_NO, true, false, false },
    };
    static const struct step event_first[] = { { EVENT_ACCOUNT, ANSWER_NO, true, false, false } };
    struct fixture f;

    (void)state;
    fixture_init(&f, &rule_auth_loss_guard);
    play(&f, checked, COUNT_OF(checked));
    fixture_fini(&f);
    fixture_init(&f, &rule_auth_loss_guard);
    fixture_set(&f, "check_on_startup", "false");
    play(&f, unchecked, COUNT_OF(unchecked));
    fixture_fini(&f);
    fixture_init(&f, &rule_auth_loss_guard);
    fixture_set(&f, "check_on_startup", "false");
    play(&f, event_first, COUNT_OF(event_first));
    fixture_fini(&f);
}

static void
test_ends(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, &rule_auth_loss_guard);
    f.view.can_trade = ANSWER_NO;
    (void)fixture_ask(&f, EVENT_ACCOUNT);
    assert_int_equal(fixture_lock_of(&f, "")->end, LOCK_UNTIL_CLEARED);
    assert_int_equal(fixture_lock_of(&f, "")->kind, LOCK_FLAT);
    fixture_set(&f, "auto_unlock_on_restore", "false");
    (void)fixture_ask(&f, EVENT_ACCOUNT);
    assert_int_equal(fixture_lock_of(&f, "")->end, LOCK_UNTIL_ADMIN);
    fixture_lockout(&f, LOCK_FLAT, "2030-01-01T00:00:00Z", 0);
    f.view.can_trade = ANSWER_YES;
    assert_int_equal(fixture_ask(&f, EVENT_ACCOUNT)->releases_count, 0);
    fixture_set(&f, "auto_unlock_on_restore", "true");
    f.view.can_trade = ANSWER_UNKNOWN; /* After a restart, before the first snapshot. */
    assert_int_equal(fixture_ask(&f, EVENT_CLOCK)->releases_count, 0);
    fixture_set(&f, "enforcement", "close_all");
    f.view.can_trade = ANSWER_NO;
    (void)fixture_ask(&f, EVENT_ACCOUNT);
    assert_true(f.verdict.close_all);
    assert_int_equal(f.verdict.locks_count, 0);
    assert_int_equal(f.verdict.action, ACTION_CLOSE_ALL);
    fixture_fini(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_startup),
        cmocka_unit_test(test_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
