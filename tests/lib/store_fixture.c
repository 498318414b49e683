/*
 * store_fixture.c - see store_fixture.h.
 */
#include "lib/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/text.h"
#include "lib/machine.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define ANSWER_MAX 8192

int
store_fixture_setup(void **state)
{
    char *directory = malloc(300);

    *state = directory;
    return directory != NULL && machine_directory("store", directory) ? 0 : -1;
}

int
store_fixture_teardown(void **state)
{
    char *directory = *state, path[600];
    uv_dirent_t entry;
    uv_fs_t request;

    if (uv_fs_scandir(NULL, &request, directory, 0, NULL) >= 0)
        while (uv_fs_scandir_next(&request, &entry) != UV_EOF) {
            (void)snprintf(path, sizeof path, "%s/%s", directory, entry.name);
            (void)machine_remove(path);
        }
    uv_fs_req_cleanup(&request);
    bool removed = machine_remove_directory(directory);
    free(directory);
    return removed ? 0 : -1;
}

const char *
store_fixture_path(void *state, const char *name)
{
    static char path[400];

    (void)snprintf(path, sizeof path, "%s/%s.db", (const char *)state, name);
    return path;
}

struct store *
store_fixture_open(const char *path)
{
    struct store *store = NULL;
    struct error err = { 0 };

    if (store_open(&(struct store_options){ .path = path, .version = "test", .now = NOW }, &store, &err) != OK)
        fail_msg("%s", err.text);
    return store;
}

void
store_fixture_refuses(const char *path, enum status expected, struct error *ret_err)
{
    struct store *store = NULL;

    *ret_err = (struct error){ 0 };
    assert_int_equal(store_open(&(struct store_options){ .path = path, .version = "test", .now = NOW }, &store, ret_err), expected);
    assert_null(store);
}

void
store_fixture_save(struct store *store, const struct record *records, uint32_t count)
{
    struct error err = { 0 };

    if (store_save(store, records, count, &err) != OK)
        fail_msg("%s", err.text);
}

void
store_fixture_remove(const char *path)
{
    static const char *const suffixes[] = { "", "-wal", "-shm", ".lock", ".spill" };
    char name[500];

    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        (void)machine_remove(name);
    }
}

void
store_fixture_ask(const char *path, const char *sql, char *out)
{
    sqlite3 *handle = NULL;
    sqlite3_stmt *statement = NULL;

    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(handle, 60000), SQLITE_OK);
    if (sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(handle));
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    (void)snprintf(out, ANSWER_MAX, "%s", text != NULL ? text : "");
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(handle);
}

void
store_fixture_run(const char *path, const char *sql)
{
    sqlite3 *handle = NULL;

    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    if (sqlite3_exec(handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(handle));
    (void)sqlite3_close(handle);
}

struct record
store_fixture_lockout_record(int64_t account_id, int32_t rule, const char *root, enum record_kind kind)
{
    struct record record = { .kind = kind, .at = { 300 }, .account_id = account_id, .u.lockout = { .account_id = account_id,
        .rule = rule, .kind = LOCK_FLAT, .end = LOCK_UNTIL_ADMIN, .since = { 100 + rule }, .until = INSTANT_NEVER, .why = "Lost." } };

    (void)text_copy(record.u.lockout.root, sizeof record.u.lockout.root, root);
    return record;
}

void
store_fixture_lockout(struct store *store, int64_t account_id, int32_t rule, const char *root, enum record_kind kind)
{
    struct record record = store_fixture_lockout_record(account_id, rule, root, kind);

    store_fixture_save(store, &record, 1);
}

struct restore
store_fixture_load(struct store *store)
{
    struct restore restore;
    struct error err = { 0 };

    if (store_load(store, (struct instant){ 5000 }, &restore, &err) != OK)
        fail_msg("%s", err.text);
    return restore;
}

void
store_fixture_assert_lockouts(struct store *store, const char *expected)
{
    struct restore restore = store_fixture_load(store);
    char out[512];
    struct text text = text_on(out, sizeof out);

    for (uint32_t i = 0; i < restore.lockouts_count; i++)
        text_addf(&text, "%lld/%d[%s] ", (long long)restore.lockouts[i].account_id, restore.lockouts[i].rule, restore.lockouts[i].root);
    assert_string_equal(out, expected);
}
