/*
 * test_lockouts.c - one lockout a rule and scope: what a second wish makes of the first (R-ALL-9), asked by a rule that locks as told.
 */
#include "core/engine.h"
#include "core/rule.h"
#include "lib/engine_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct want_lock wish; /* What the rule asks for. */

static void
evaluate(const void *config, const struct view *view, struct verdict *verdict)
{
    (void)config;
    (void)view;
    if (wish.end == LOCK_UNTIL_TIME && wish.until.ns == 0)
        return;
    verdict_breach(verdict, ACTION_LOCK, "told to");
    verdict_lock(verdict, wish);
}

static const struct rule obedient = { .number = 1, .name = "max_contracts", .title = "Obedient", .source = "docs/rulebook.md",
    .wakes_on = EVENT_BIT(EVENT_POSITION), .evaluate = evaluate };
static const struct rule *const table[] = { &obedient, NULL };

/* Minutes from the story's beginning. */
static struct instant
minute(int64_t minutes)
{
    return instant_add((struct instant){ INT64_C(1737142200000000000) }, SPAN_SECONDS(minutes * 60));
}

static void
begin(struct engine_fixture *f)
{
    static const char config[] = "{\"max_contracts\":{\"enabled\":true}}";
    static const int64_t ids[] = { FIXTURE_ACCOUNT };
    struct config_errors errors = { 0 };
    struct error err = { 0 };
    struct event restore = { .kind = EVENT_RESTORE };

    *f = (struct engine_fixture){ .now = minute(0) };
    wish = (struct want_lock){ .end = LOCK_UNTIL_TIME };
    assert_int_equal(config_from_scenario(config, sizeof config - 1, ids, 1, table, &f->loaded, &errors), OK);
    assert_int_equal(engine_new(&f->loaded->config, table, &f->engine, &err), OK);
    restore.u.restore.next_command_id = restore.u.restore.next_incident = 1;
    story_feed(f, &restore);
    story_read(f, FIXTURE_MNQ, 0, NULL, 0);
}

static void
keep(void *context, const struct lockout *lockout)
{
    *(struct lockout *)context = *lockout;
}

/* The rule is asked, and asks for this. */
static struct lockout
ask(struct engine_fixture *f, enum lock_kind kind, enum lock_end end, int64_t minutes)
{
    struct lockout lockout = { .rule = 0 };

    wish = (struct want_lock){ .kind = kind, .end = end, .until = minute(minutes) };
    story_position(f, FIXTURE_MNQ, 1);
    engine_each_lockout(f->engine, FIXTURE_ACCOUNT, keep, &lockout);
    return lockout;
}

static const struct {
    const char *what;
    enum lock_kind first, second;
    int64_t first_minutes, second_minutes;
    enum lock_kind kind;
    int64_t minutes;
} rows[] = {
    { "longer, same kind", LOCK_ENTRIES, LOCK_ENTRIES, 10, 20, LOCK_ENTRIES, 20 },
    { "shorter, same kind", LOCK_ENTRIES, LOCK_ENTRIES, 20, 10, LOCK_ENTRIES, 20 },
    { "longer and milder", LOCK_FLAT, LOCK_ENTRIES, 10, 20, LOCK_FLAT, 20 },
    { "longer and stricter", LOCK_ENTRIES, LOCK_FLAT, 10, 20, LOCK_FLAT, 20 },
    { "shorter and milder", LOCK_FLAT, LOCK_ENTRIES, 20, 10, LOCK_FLAT, 20 },
    { "shorter and stricter", LOCK_ENTRIES, LOCK_FLAT, 20, 10, LOCK_FLAT, 20 },
    { "as long and stricter", LOCK_BLOCK, LOCK_FLAT, 20, 20, LOCK_FLAT, 20 },
    { "as long and milder", LOCK_FLAT, LOCK_BLOCK, 20, 20, LOCK_FLAT, 20 },
};

static void
test_second_wish(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct engine_fixture f;
        begin(&f);
        (void)ask(&f, rows[i].first, LOCK_UNTIL_TIME, rows[i].first_minutes);
        struct lockout lockout = ask(&f, rows[i].second, LOCK_UNTIL_TIME, rows[i].second_minutes);
        if (lockout.rule != 1 || lockout.kind != rows[i].kind || lockout.until.ns != minute(rows[i].minutes).ns)
            fail_msg("%s: kind %d, ends after %lld min", rows[i].what, (int)lockout.kind,
                (long long)((lockout.until.ns - minute(0).ns) / 60000000000));
        story_close(&f);
    }
}

/* The same wish again is no news. */
static void
test_said_once(void **state)
{
    struct engine_fixture f;

    (void)state;
    begin(&f);
    (void)ask(&f, LOCK_FLAT, LOCK_UNTIL_TIME, 20);
    assert_int_equal(story_records(&f, RECORD_LOCKOUT_SET), 1);
    (void)ask(&f, LOCK_FLAT, LOCK_UNTIL_TIME, 20);
    assert_int_equal(story_records(&f, RECORD_LOCKOUT_SET), 0);
    (void)ask(&f, LOCK_BLOCK, LOCK_UNTIL_TIME, 20);
    assert_int_equal(story_records(&f, RECORD_LOCKOUT_SET), 0);
    story_close(&f);
}

/* R-ALL-12: what only an admin ends is not turned into something that ends by itself. */
static void
test_admin_only(void **state)
{
    struct engine_fixture f;

    (void)state;
    begin(&f);
    (void)ask(&f, LOCK_ENTRIES, LOCK_UNTIL_ADMIN, 0);
    struct lockout lockout = ask(&f, LOCK_FLAT, LOCK_UNTIL_TIME, 20);
    assert_int_equal(lockout.end, LOCK_UNTIL_ADMIN);
    assert_true(instant_is_never(lockout.until));
    assert_int_equal(lockout.kind, LOCK_FLAT); /* But stricter it may become. */
    story_close(&f);
}

/* issue 8: an admin may name a symbol as he likes: ES, ep. */
static void
test_unlock_spelling(void **state)
{
    static const char *const spellings[] = { "ES", "EP", "ep" };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct engine_fixture f;
        struct event event = { .kind = EVENT_ADMIN };
        begin(&f);
        wish = (struct want_lock){ .kind = LOCK_FLAT, .end = LOCK_UNTIL_RESET, .root = "EP" };
        story_position(&f, "CON.F.US.EP.U25", 1);
        assert_true(engine_is_locked(f.engine, FIXTURE_ACCOUNT, "ES"));
        event.u.admin = (struct admin_event){ .kind = ADMIN_UNLOCK, .account_id = FIXTURE_ACCOUNT, .reason = "why" };
        (void)text_copy(event.u.admin.root, sizeof event.u.admin.root, spellings[i]);
        wish = (struct want_lock){ .end = LOCK_UNTIL_TIME };
        story_feed(&f, &event);
        assert_false(engine_is_locked(f.engine, FIXTURE_ACCOUNT, "ES"));
        story_close(&f);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_second_wish), cmocka_unit_test(test_said_once), cmocka_unit_test(test_admin_only),
        cmocka_unit_test(test_unlock_spelling) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
