/*
 * test_schema.c - migrations: all of a step or nothing, and every file ends up like a fresh one (MG-01, MG-02, MG-05).
 *
 * The steps here are synthetic: how they are taken is under test, not today's tables.
 */
#include "store/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/assert.h"
#include "lib/store_fixture.h"

#include <string.h>

#define ANSWER_MAX 8192

static const char *const first[] = { "PRAGMA application_id = 1397902641", "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, "
    "applied_ns INTEGER, description TEXT, program TEXT) STRICT", "CREATE TABLE a (x INTEGER) STRICT", NULL };
static const char *const second[] = { "ALTER TABLE a ADD COLUMN y INTEGER", "UPDATE a SET y = x * 2", "CREATE INDEX a_by_y ON a (y)",
    NULL };
static const char *const third[] = { "CREATE TABLE b (z TEXT) STRICT", "INSERT INTO b SELECT 'n' || COUNT(*) FROM a", NULL };
static const char *const broken[] = { "CREATE TABLE c (x INTEGER) STRICT", "DELETE FROM a", "INSERT INTO nowhere VALUES (1)", NULL };
static const struct schema_step synthetic[] = { { 1, "one", first }, { 2, "two", second }, { 3, "three", third } };
static const struct schema_step failing[] = { { 1, "one", first }, { 2, "two", second }, { 3, "broken", broken } };

static sqlite3 *
open_plain(const char *path)
{
    sqlite3 *handle = NULL;

    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    return handle;
}

/* MG-04, MG-05, db_fresh_and_migrated_equal, db_reopen. */
static void
test_migration(void **state)
{
    const char *path = store_fixture_path(*state, "migrated");
    const struct schema one = { synthetic, 1 }, three = { synthetic, 3 };
    sqlite3 *handle = open_plain(path);
    struct error err = { 0 };
    int32_t version = -1;
    char out[ANSWER_MAX];

    assert_int_equal(schema_version(handle, &one, &version, &err), OK);
    assert_int_equal(version, 0);
    assert_int_equal(schema_migrate(handle, &one, NOW, "old", &err), OK);
    assert_int_equal(sqlite3_exec(handle, "INSERT INTO a VALUES (21)", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(schema_verify(handle, &three, &err), STATUS_CORRUPT);
    if (schema_migrate(handle, &three, NOW, "new", &err) != OK)
        fail_msg("%s", err.text);
    assert_int_equal(schema_migrate(handle, &three, NOW, "again", &err), OK);
    assert_int_equal(schema_version(handle, &one, &version, &err), STATUS_CONFIG); /* The old program refuses it. */
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
    store_fixture_ask(path, "SELECT (SELECT y FROM a) || ' ' || (SELECT z FROM b) || ' ' || group_concat(version || program, ' ') FROM "
        "schema_version", out);
    assert_string_equal(out, "42 n1 1old 2new 3new");
}

/* MG-01, MG-02, db_migration_fault: all of a step or nothing; the steps before stay. */
static void
test_migration_fails(void **state)
{
    const char *path = store_fixture_path(*state, "failing");
    const struct schema one = { synthetic, 1 }, bad = { failing, 3 }, good = { synthetic, 3 };
    sqlite3 *handle = open_plain(path);
    struct error err = { 0 };
    int32_t version;
    char out[ANSWER_MAX];

    assert_int_equal(schema_migrate(handle, &one, NOW, "", &err), OK);
    assert_int_equal(sqlite3_exec(handle, "INSERT INTO a VALUES (21)", NULL, NULL, NULL), SQLITE_OK);
    assert_int_not_equal(schema_migrate(handle, &bad, NOW, "", &err), OK);
    assert_non_null(strstr(err.text, "migration to version 3 (broken)"));
    assert_int_equal(schema_version(handle, &good, &version, &err), OK);
    assert_int_equal(version, 2);
    store_fixture_ask(path, "SELECT COUNT(*) || ' ' || (SELECT COUNT(*) FROM a) FROM sqlite_schema WHERE name = 'c'", out);
    assert_string_equal(out, "0 1");
    assert_int_equal(schema_migrate(handle, &good, NOW, "", &err), OK); /* The retry succeeds. */
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static void
test_verify_sees(void **state)
{
    static const char *const changes[] = { "DROP INDEX trades_by_time", "CREATE TABLE more (x INTEGER)", "CREATE TABLE sqlitex (x INTEGER)",
        "ALTER TABLE orders ADD COLUMN more INTEGER", "DROP VIEW enforcements", "DROP TABLE lockouts",
        "CREATE TRIGGER forget AFTER INSERT ON lockouts BEGIN DELETE FROM lockouts; END" };
    const char *path = store_fixture_path(*state, "verify");
    struct error err;

    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        store_fixture_remove(path);
        store_close(store_fixture_open(path));
        store_fixture_run(path, changes[i]);
        sqlite3 *handle = open_plain(path);
        assert_int_equal(schema_verify(handle, &schema_current, &err), STATUS_CORRUPT);
        assert_int_equal(sqlite3_close(handle), SQLITE_OK);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_migration),
        cmocka_unit_test(test_migration_fails),
        cmocka_unit_test(test_verify_sees),
    };

    return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
