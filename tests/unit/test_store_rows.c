/*
 * test_store_rows.c - rows somebody or something has spoiled: a lockout stays a lock, a mirror's row goes (FV-10).
 */
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/assert.h"
#include "lib/store_fixture.h"

#include <string.h>

static const struct {
    const char *name, *sql;
    const char *lockouts;
    int32_t rule;       /* Of the one that was bad: its end must find it. */
    const char *root;
} bad_lockouts[] = {
    { "kind", "UPDATE lockouts SET kind = 9 WHERE rule = 3", "7/3[ES] 7/4[] ", 3, "ES" },
    { "negative kind", "UPDATE lockouts SET kind = -1 WHERE rule = 3", "7/3[ES] 7/4[] ", 3, "ES" },
    { "end", "UPDATE lockouts SET end_kind = 4 WHERE rule = 3", "7/3[ES] 7/4[] ", 3, "ES" },
    { "until", "UPDATE lockouts SET until_ns = 0 WHERE rule = 3", "7/3[ES] 7/4[] ", 3, "ES" },
    { "timed without an end", "UPDATE lockouts SET end_kind = 0 WHERE rule = 3", "7/3[ES] 7/4[] ", 3, "ES" },
    { "root too long", "UPDATE lockouts SET root = 'ABCDEFGHIJKLM' WHERE rule = 3", "7/3[] 7/4[] ", 3, "" },
    { "root with a NUL", "UPDATE lockouts SET root = 'ES' || char(0) || 'x' WHERE rule = 3", "7/3[] 7/4[] ", 3, "" },
    { "why too long", "UPDATE lockouts SET why = hex(zeroblob(400)) WHERE rule = 3", "7/3[ES] 7/4[] ", 3, "ES" },
    { "rule", "UPDATE lockouts SET rule = -3 WHERE rule = 3", "7/-3[ES] 7/4[] ", -3, "ES" },
};

static void
check_bad_lockout(struct store *store, const char *expected, int32_t rule)
{
    store_fixture_assert_lockouts(store, expected);
    struct restore restore = store_fixture_load(store);
    bool found = false;
    for (uint32_t i = 0; i < restore.lockouts_count; i++) {
        const struct lockout *l = &restore.lockouts[i];
        if (l->rule != rule)
            continue;
        found = true;
        assert_int_equal(l->kind, LOCK_FLAT);
        assert_int_equal(l->end, LOCK_UNTIL_RESET);
        assert_true(instant_is_never(l->until));
    }
    assert_true(found);
}

static void
test_bad_lockout_is_locked(void **state)
{
    const char *path = store_fixture_path(*state, "bad_lockout");

    for (size_t i = 0; i < COUNT_OF(bad_lockouts); i++) {
        int32_t rule = bad_lockouts[i].rule;
        print_message("%s\n", bad_lockouts[i].name);
        store_fixture_remove(path);
        struct store *store = store_fixture_open(path);
        store_fixture_lockout(store, 7, 3, "ES", RECORD_LOCKOUT_SET);
        store_fixture_lockout(store, 7, 4, "", RECORD_LOCKOUT_SET);
        store_close(store);
        store_fixture_run(path, bad_lockouts[i].sql);
        store = store_fixture_open(path);
        store_fixture_assert_lockouts(store, bad_lockouts[i].lockouts);
        assert_int_equal(store_report(store)->lockouts_bad, 1);
        assert_non_null(strstr(store_report(store)->text, "1 stored lockouts could not be read"));
        store_close(store);
        store = store_fixture_open(path);
        if (rule > 0) { /* Mended: the next start meets no bad row, and the lock still stands. */
            check_bad_lockout(store, bad_lockouts[i].lockouts, rule);
            assert_int_equal(store_report(store)->lockouts_bad, 0);
        }
        store_fixture_lockout(store, 7, rule, bad_lockouts[i].root, RECORD_LOCKOUT_END);
        store_fixture_assert_lockouts(store, "7/4[] ");
        store_close(store);
    }
}

static const char *const bad_mirrors[] = {
    "UPDATE trades SET id = -1", "UPDATE trades SET size = 4294967296", "UPDATE trades SET contract = hex(zeroblob(30))",
    "UPDATE trades SET judged = 2", "UPDATE trades SET has_pnl = -1",
    "UPDATE positions SET memory = zeroblob(3)", "UPDATE positions SET account_id = 0", "UPDATE positions SET ceiling_long = -1",
    "UPDATE positions SET size = 99999999999",
    "UPDATE intents SET size = -1", "UPDATE intents SET flatten = 7", "UPDATE intents SET reduced_from = 99999999999",
    "UPDATE contract_cache SET tick_size_nanos = -1", "UPDATE contract_cache SET id = ''",
};

static uint32_t
count_rows(struct store *store)
{
    struct restore restore = store_fixture_load(store);

    return restore.trades_count + restore.positions_count + restore.goals_count + restore.contracts_count;
}

/* A bad mirror row goes; its good neighbours stay. */
static void
test_bad_mirror_is_dropped(void **state)
{
    const char *path = store_fixture_path(*state, "bad_mirror");
    const struct contract_id contract = { "CON.F.US.EP.U25" };
    struct record records[] = {
        { .kind = RECORD_TRADE, .u.trade.row = { .id = 1, .account_id = 7, .contract = contract, .at = { 10 } } },
        { .kind = RECORD_POSITION, .u.position.row = { .account_id = 7, .contract = contract, .size = 1 } },
        { .kind = RECORD_GOAL_SET, .u.goal = { .account_id = 7, .contract = contract } },
        { .kind = RECORD_CONTRACT, .u.contract = { .id = contract } },
    };

    for (size_t i = 0; i < COUNT_OF(bad_mirrors); i++) {
        print_message("%s\n", bad_mirrors[i]);
        store_fixture_remove(path);
        struct store *store = store_fixture_open(path);
        store_fixture_save(store, records, COUNT_OF(records));
        assert_int_equal(count_rows(store), COUNT_OF(records));
        store_close(store);
        store_fixture_run(path, bad_mirrors[i]);
        store = store_fixture_open(path);
        assert_int_equal(count_rows(store), COUNT_OF(records) - 1);
        assert_int_equal(store_report(store)->rows_dropped, 1);
        store_close(store);
        store = store_fixture_open(path);
        assert_int_equal(count_rows(store), COUNT_OF(records) - 1);
        assert_int_equal(store_report(store)->rows_dropped, 0); /* It is gone from the file. */
        store_close(store);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_lockout_is_locked),
        cmocka_unit_test(test_bad_mirror_is_dropped),
    };

    return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
