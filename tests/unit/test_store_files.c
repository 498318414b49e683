/*
 * test_store_files.c - the database file in every state it may be found in (S-10, S-12, S-28, SC-01, SC-03, MG-03).
 */
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/assert.h"
#include "base/text.h"
#include "lib/faulty_disk.h"
#include "lib/machine.h"
#include "lib/store_fixture.h"
#include "store/audit.h"
#include "store/backup.h"
#include "store/database.h"
#include "store/spill.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX 8192

/* ---- Who may open it. ---- */

/* S-28, CC-06: one daemon per database, also against another process. */
static void
test_one_daemon(void **state)
{
    const char *path = store_fixture_path(*state, "lock");
    struct store *store = store_fixture_open(path);
    struct error err;

    store_fixture_refuses(path, STATUS_REFUSED, &err);
    assert_non_null(strstr(err.text, "running on this database already"));
    assert_int_equal(machine_run_self((const char *const[]){ "open", path, NULL }), STATUS_REFUSED);
    store_close(store);
    store_close(store_fixture_open(path)); /* Given back. */
}

/* LG-11, S-20: nobody else reads it. */
static void
test_private(void **state)
{
    const char *path = store_fixture_path(*state, "private");
    machine_be_careless(true);
    struct store *store = store_fixture_open(path);
    struct error err;
    char name[500];

    machine_be_careless(false);
    static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        if (machine_inherits_rights() && (i == 1 || i == 2))
            continue; /* SQLite makes them, and our directory is open to all here. */
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        assert_true(machine_is_private(name));
    }
    store_close(store);
    machine_open(path);
    store_fixture_refuses(path, STATUS_CONFIG, &err);
    assert_non_null(strstr(err.text, "open to"));
}

static void
test_directory_is_made(void **state)
{
    char path[500], directory[400];

    (void)snprintf(directory, sizeof directory, "%s/a", (const char *)*state);
    (void)snprintf(path, sizeof path, "%s/b/state.db", directory);
    store_close(store_fixture_open(path));
    assert_true(machine_is_private(directory));
    store_fixture_remove(path);
    (void)snprintf(path, sizeof path, "%s/b", directory);
    assert_true(machine_remove_directory(path));
    assert_true(machine_remove_directory(directory));
}

static void
test_read_only(void **state)
{
    const char *path = store_fixture_path(*state, "looking");
    const struct store_options options = { .path = path, .read_only = true };
    struct store *looking = NULL;
    struct error err;
    struct record record = store_fixture_lockout_record(7, 3, "", RECORD_LOCKOUT_SET);
    struct audit_report report;

    assert_int_not_equal(store_open(&options, &looking, &err), OK); /* Nothing there, and nothing made. */
    assert_false(machine_exists(path));
    struct store *store = store_fixture_open(path);
    store_fixture_save(store, &record, 1);
    assert_int_equal(store_open(&options, &looking, &err), OK); /* Beside the daemon. */
    store_fixture_assert_lockouts(looking, "7/3[] ");
    assert_int_equal(audit_verify(looking, NULL, &report, &err), OK);
    assert_true(report.intact);
    assert_int_equal(store_save(looking, &record, 1, &err), STATUS_REFUSED);
    store_fixture_lockout(store, 7, 4, "", RECORD_LOCKOUT_SET);
    store_fixture_assert_lockouts(looking, "7/3[] 7/4[] ");
    store_close(looking);
    store_close(store);
}

/* MG-07: FULL and two seconds, or what the operator says. */
static void
test_own_care(void **state)
{
    static const struct {
        struct store_options options;
        int64_t synchronous, busy_ms;
    } table[] = { { { 0 }, 2, 2000 }, { { .extra = true, .busy_timeout_ms = 700 }, 3, 700 } };

    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct store_options options = table[i].options;
        struct store *store;
        int64_t found;

        options.path = store_fixture_path(*state, "care");
        options.now = NOW;
        assert_int_equal(store_open(&options, &store, NULL), OK);
        assert_int_equal(database_ask(database_of(store)->handle, "PRAGMA synchronous", &found, NULL), OK);
        assert_int_equal(found, table[i].synchronous);
        assert_int_equal(database_ask(database_of(store)->handle, "PRAGMA busy_timeout", &found, NULL), OK);
        assert_int_equal(found, table[i].busy_ms);
        store_close(store);
    }
}

/* ---- Versions. ---- */

static void
test_newer_is_refused(void **state)
{
    const char *path = store_fixture_path(*state, "newer");
    struct error err;
    char out[ANSWER_MAX];

    store_close(store_fixture_open(path));
    store_fixture_run(path, "PRAGMA user_version = 3");
    store_fixture_refuses(path, STATUS_CONFIG, &err);
    assert_non_null(strstr(err.text, "version 3, this program knows versions up to 2"));
    store_fixture_ask(path, "PRAGMA user_version", out); /* Left as it was. */
    assert_string_equal(out, "3");
    store_fixture_run(path, "PRAGMA user_version = 2; PRAGMA application_id = 99");
    store_fixture_refuses(path, STATUS_CONFIG, &err);
    assert_non_null(strstr(err.text, "not a database of this program"));
}

/* MG-01, MG-03: a file of the first version is taken over with what it promises, beside a copy of it as it was. */
static void
test_first_version_is_taken_over(void **state)
{
    const char *path = store_fixture_path(*state, "first");
    struct store *store = store_fixture_open(path);
    const struct record goal = { .kind = RECORD_GOAL_SET, .u.goal = { .account_id = 7, .contract = { "CON.F.US.EP.U25" }, .size = 2 } };

    store_fixture_lockout(store, 7, 3, "", RECORD_LOCKOUT_SET);
    store_fixture_save(store, &goal, 1);
    store_close(store);
    store_fixture_run(path, "ALTER TABLE intents DROP COLUMN reduced_from; DELETE FROM schema_version WHERE version = 2; PRAGMA user_version = 1");
    store = store_fixture_open(path);
    assert_int_equal(store_report(store)->migrated_from, 1);
    store_fixture_assert_lockouts(store, "7/3[] ");
    struct restore restore = store_fixture_load(store);
    assert_int_equal(restore.goals_count, 1);
    assert_int_equal(restore.goals[0].size, 2);
    assert_int_equal(restore.goals[0].reduced_from, 0);
    store_close(store);
}

/* ---- Damage. ---- */

static void
overwrite(const char *path, long offset, size_t size)
{
    FILE *file = fopen(path, "r+b");

    assert_non_null(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    for (size_t i = 0; i < size; i++)
        (void)fputc((int)(i * 37 % 251 + 3), file);
    assert_int_equal(fclose(file), 0);
}

static void
cut(const char *path, long size)
{
    char *bytes = malloc((size_t)size + 1);
    FILE *file = fopen(path, "rb");

    assert_non_null(bytes);
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, (size_t)size, file), size);
    (void)fclose(file);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, (size_t)size, file), size);
    assert_int_equal(fclose(file), 0);
    free(bytes);
}

/* SC-03: set aside and rebuilt, never silently; lockouts come from the backup. */
static void
test_destroyed(void **state)
{
    const char *path = store_fixture_path(*state, "destroyed");
    char pattern[500];
    struct error err = { 0 };
    struct store *store = store_fixture_open(path);

    store_fixture_lockout(store, 7, 3, "", RECORD_LOCKOUT_SET);
    store_fixture_lockout(store, 7, 6, "MNQ", RECORD_LOCKOUT_SET);
    assert_int_equal(backup_make(path, NOW, 4, &err), OK);
    store_close(store);
    overwrite(path, 0, 4096);
    store = store_fixture_open(path);
    assert_true(store_report(store)->set_aside);
    assert_int_equal(store_report(store)->lockouts_rescued, 2);
    assert_non_null(strstr(store_report(store)->text, "damaged"));
    store_fixture_assert_lockouts(store, "7/3[] 7/6[MNQ] ");
    (void)snprintf(pattern, sizeof pattern, "%s.corrupt-20261121T083000Z", path);
    assert_int_equal(machine_count(pattern), 1);
    store_close(store);
    store = store_fixture_open(path); /* And it is a sound file from now on. */
    assert_false(store_report(store)->set_aside);
    store_fixture_assert_lockouts(store, "7/3[] 7/6[MNQ] ");
    store_close(store);
}

/* Page number of a table's or index's root. */
static long
root_page(const char *path, const char *name)
{
    char sql[128], out[ANSWER_MAX];

    (void)snprintf(sql, sizeof sql, "SELECT rootpage FROM sqlite_schema WHERE name = '%s'", name);
    store_fixture_ask(path, sql, out);
    return strtol(out, NULL, 10);
}

/* A damaged page elsewhere: the file itself still tells the lockouts, and what had ended since the backup stays ended. */
static void
test_partly_damaged(void **state)
{
    const char *path = store_fixture_path(*state, "partly");
    struct error err = { 0 };
    struct store *store = store_fixture_open(path);

    store_fixture_lockout(store, 7, 3, "", RECORD_LOCKOUT_SET);
    store_fixture_lockout(store, 7, 4, "", RECORD_LOCKOUT_SET);
    assert_int_equal(backup_make(path, NOW, 4, &err), OK);
    store_fixture_lockout(store, 7, 4, "", RECORD_LOCKOUT_END);
    store_fixture_lockout(store, 7, 5, "", RECORD_LOCKOUT_SET);
    store_close(store);
    overwrite(path, (root_page(path, "trades") - 1) * 4096, 4096);
    store = store_fixture_open(path);
    assert_true(store_report(store)->set_aside);
    store_fixture_assert_lockouts(store, "7/3[] 7/5[] ");
    store_close(store);
}

/* The table of lockouts itself is damaged: rather one too many than one escaped. */
static void
test_lockouts_damaged(void **state)
{
    const char *path = store_fixture_path(*state, "lockouts");
    struct error err = { 0 };
    struct store *store = store_fixture_open(path);

    store_fixture_lockout(store, 7, 3, "", RECORD_LOCKOUT_SET);
    assert_int_equal(backup_make(path, NOW, 4, &err), OK);
    store_fixture_lockout(store, 7, 3, "", RECORD_LOCKOUT_END);
    store_close(store);
    overwrite(path, (root_page(path, "lockouts") - 1) * 4096, 4096);
    store = store_fixture_open(path);
    assert_true(store_report(store)->set_aside);
    store_fixture_assert_lockouts(store, "7/3[] ");
    store_close(store);
}

static void
test_no_database_at_all(void **state)
{
    const char *path = store_fixture_path(*state, "garbage");
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    (void)fputs("This was never a database, and is longer than its header. This was never a database, and is longer than it.", file);
    assert_int_equal(fclose(file), 0);
    machine_close(path);
    struct store *store = store_fixture_open(path);
    assert_true(store_report(store)->set_aside);
    store_fixture_assert_lockouts(store, "");
    store_close(store);
}

/* ---- Backups and the spill file. ---- */

/* MG-03: what is only in the log beside the file is in the copy; the oldest go (S-10: four kept). */
static void
test_backups(void **state)
{
    const char *path = store_fixture_path(*state, "backups");
    struct store *store = store_fixture_open(path);
    struct error err = { 0 };
    char newest[600], pattern[500], out[ANSWER_MAX];

    assert_false(backup_newest(path, newest, sizeof newest));
    for (int32_t i = 1; i <= 6; i++) {
        store_fixture_lockout(store, 7, i, "", RECORD_LOCKOUT_SET);
        assert_int_equal(backup_make(path, instant_add(NOW, SPAN_SECONDS(i)), 4, &err), OK);
    }
    (void)snprintf(pattern, sizeof pattern, "%s.backup-", path);
    assert_int_equal(machine_count(pattern), 4);
    assert_true(backup_newest(path, newest, sizeof newest));
    assert_non_null(strstr(newest, ".backup-20261121T083006Z"));
    store_fixture_ask(newest, "SELECT group_concat(rule) FROM lockouts", out);
    assert_string_equal(out, "1,2,3,4,5,6");
    assert_true(machine_is_private(newest));
    store_close(store);
}

static void
test_backup_on_full_disk(void **state)
{
    const char *path = store_fixture_path(*state, "full");
    struct store *store = store_fixture_open(path);
    struct error err = { 0 };
    char pattern[500];

    faulty_disk_set(SQLITE_FULL, SQLITE_OK);
    assert_int_equal(backup_make(path, NOW, 4, &err), STATUS_RETRY);
    faulty_disk_set(SQLITE_OK, SQLITE_OK);
    (void)snprintf(pattern, sizeof pattern, "%s.backup-", path);
    assert_int_equal(machine_count(pattern), 0); /* No half of one that a rescue might take for whole. */
    store_close(store);
}

/* P1: a full disk does not keep a restarting daemon from its lockouts. */
static void
test_opens_on_full_disk(void **state)
{
    const char *path = store_fixture_path(*state, "full_start");
    struct record record = store_fixture_lockout_record(7, 4, "", RECORD_LOCKOUT_SET);
    struct store *store = store_fixture_open(path);
    struct error err;

    store_fixture_lockout(store, 7, 3, "", RECORD_LOCKOUT_SET);
    store_close(store);
    faulty_disk_set(SQLITE_FULL, SQLITE_IOERR_FSYNC);
    store = store_fixture_open(path);
    store_fixture_assert_lockouts(store, "7/3[] ");
    assert_int_equal(store_save(store, &record, 1, &err), STATUS_RETRY);
    faulty_disk_set(SQLITE_OK, SQLITE_OK);
    assert_int_equal(store_save(store, &record, 1, &err), OK);
    store_close(store);
}

static void
write_spill(const char *path, const uint64_t *tickets, size_t count)
{
    struct spill spill;
    struct error err;

    spill_init(&spill);
    assert_int_equal(spill_open(&spill, path, &err), OK);
    for (size_t i = 0; i < count; i++) {
        struct store_entry entry;
        memset(&entry, 0, sizeof entry);
        entry.ticket = tickets[i];
        entry.record = store_fixture_lockout_record(7, (int32_t)tickets[i], "", RECORD_LOCKOUT_SET);
        assert_int_equal(spill_append(&spill, &entry, &err), OK);
    }
    spill_close(&spill);
}

/* What a killed process had spilled is there before anything is loaded; what was committed already is not written again. */
static void
test_spill_replayed(void **state)
{
    const char *path = store_fixture_path(*state, "spilled");
    const uint64_t tickets[] = { 1, 2, 3, 9 };
    char spill[500], out[ANSWER_MAX];
    struct store *store = store_fixture_open(path);

    store_fixture_lockout(store, 7, 1, "", RECORD_LOCKOUT_SET);
    store_fixture_lockout(store, 7, 2, "", RECORD_LOCKOUT_SET);
    store_close(store);
    (void)snprintf(spill, sizeof spill, "%s" STORE_SPILL_SUFFIX, path);
    write_spill(spill, tickets, COUNT_OF(tickets));
    store = store_fixture_open(path);
    assert_int_equal(store_report(store)->spilled_replayed, 2);
    store_fixture_assert_lockouts(store, "7/1[] 7/2[] 7/3[] 7/9[] ");
    assert_int_equal(store_last_ticket(store), 9);
    store_fixture_ask(path, "SELECT COUNT(*) FROM enforcement_log", out);
    assert_string_equal(out, "4");
    store_close(store);
}

/* Cut anywhere, changed anywhere: whole entries are written, the rest is left, nothing crashes. */
static void
test_spill_damaged(void **state)
{
    const char *path = store_fixture_path(*state, "damaged");
    const uint64_t tickets[] = { 1, 2 };
    char spill[500], pattern[520];

    (void)snprintf(spill, sizeof spill, "%s" STORE_SPILL_SUFFIX, path);
    write_spill(spill, tickets, COUNT_OF(tickets));
    const long whole = machine_size(spill);
    for (long size = 0; size < whole; size += 97) {
        store_fixture_remove(path);
        write_spill(spill, tickets, COUNT_OF(tickets));
        cut(spill, size);
        struct store *store = store_fixture_open(path);
        store_fixture_assert_lockouts(store, size < 16 + (whole - 16) / 2 ? "" : "7/1[] ");
        store_close(store);
    }
    store_fixture_remove(path);
    write_spill(spill, tickets, COUNT_OF(tickets));
    overwrite(spill, (long)(16 + (whole - 16) / 2 + 200), 1); /* Within the second entry. */
    struct store *first_only = store_fixture_open(path);
    store_fixture_assert_lockouts(first_only, "7/1[] ");
    store_close(first_only);
    store_fixture_remove(path);
    write_spill(spill, tickets, COUNT_OF(tickets));
    overwrite(spill, 8, 1); /* Another layout: kept for whoever can read it, and told. */
    struct store *store = store_fixture_open(path);
    assert_non_null(strstr(store_report(store)->text, "are kept in"));
    store_close(store);
    (void)snprintf(pattern, sizeof pattern, "%s.unread-", spill);
    assert_int_equal(machine_count(pattern), 1);
}

static int
setup(void **state)
{
    faulty_disk_install();
    return store_fixture_setup(state);
}

static int
teardown(void **state)
{
    faulty_disk_uninstall();
    return store_fixture_teardown(state);
}

/* With the words "open PATH" the other process of test_one_daemon. */
int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_daemon),
        cmocka_unit_test(test_private),
        cmocka_unit_test(test_directory_is_made),
        cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_own_care),
        cmocka_unit_test(test_newer_is_refused),
        cmocka_unit_test(test_first_version_is_taken_over),
        cmocka_unit_test(test_destroyed),
        cmocka_unit_test(test_partly_damaged),
        cmocka_unit_test(test_lockouts_damaged),
        cmocka_unit_test(test_no_database_at_all),
        cmocka_unit_test(test_backups),
        cmocka_unit_test(test_backup_on_full_disk),
        cmocka_unit_test(test_opens_on_full_disk),
        cmocka_unit_test(test_spill_replayed),
        cmocka_unit_test(test_spill_damaged),
    };

    if (argc == 3 && strcmp(argv[1], "open") == 0) {
        struct store *store = NULL;
        return (int)store_open(&(struct store_options){ .path = argv[2], .now = NOW }, &store, NULL);
    }
    return cmocka_run_group_tests(tests, setup, teardown);
}
