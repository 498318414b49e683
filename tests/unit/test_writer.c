/*
 * test_writer.c - records reach the disk in order, whatever the disk does, and nobody waits (S-9, S-12, MG-08, MG-09).
 *
 * The batch time is an hour unless a test is about it: what becomes durable did so for the reason under test.  Waiting is for a condition; the
 * watchdog only ends a test that hangs.
 */
#include "store/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/text.h"
#include "lib/faulty_disk.h"
#include "lib/machine.h"
#include "lib/store_fixture.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX 8192
#define HOUR SPAN_SECONDS(3600)
#define WATCHDOG_SECONDS 280

struct rig {
    char path[400], spill[500];
    uv_loop_t loop;
    struct store *store;
    struct writer *writer;
    uint64_t synced;
    int synced_calls, alarms, solved;
    char alarm_text[ERROR_TEXT_MAX];
    char seen_at_sync[ANSWER_MAX]; /* What the file held when on_synced came. */
};

static void
on_synced(void *context, uint64_t ticket)
{
    struct rig *rig = context;

    assert_true(ticket > rig->synced);
    rig->synced = ticket;
    rig->synced_calls++;
    store_fixture_ask(rig->path, "SELECT last_ticket FROM store_state", rig->seen_at_sync);
}

static void
on_alarm(void *context, bool solved, const char *text)
{
    struct rig *rig = context;

    *(solved ? &rig->solved : &rig->alarms) += 1;
    (void)text_copy(rig->alarm_text, sizeof rig->alarm_text, text);
}

static void
rig_open(struct rig *rig, void *state, const char *name, struct writer_options options)
{
    struct error err = { 0 };

    memset(rig, 0, sizeof *rig);
    (void)text_copy(rig->path, sizeof rig->path, store_fixture_path(state, name));
    (void)snprintf(rig->spill, sizeof rig->spill, "%s%s", rig->path, STORE_SPILL_SUFFIX);
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    rig->store = store_fixture_open(rig->path);
    options.loop = &rig->loop;
    options.store = rig->store;
    options.context = rig;
    options.on_synced = on_synced;
    options.on_alarm = on_alarm;
    options.batch = options.batch.ns != 0 ? options.batch : HOUR;
    options.retry = SPAN_MS(1);
    if (options.spill_path == NULL)
        options.spill_path = rig->spill;
    assert_int_equal(writer_new(&options, &rig->writer, &err), OK);
}

static enum status
rig_stop(struct rig *rig, struct span bound, struct error *err)
{
    *err = (struct error){ 0 };
    enum status status = writer_flush_and_stop(rig->writer, bound, err);

    (void)uv_run(&rig->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    store_close(rig->store);
    return status;
}

static void
rig_close(struct rig *rig)
{
    struct error err;

    if (rig_stop(rig, SPAN_SECONDS(60), &err) != OK)
        fail_msg("%s", err.text);
}

static void
wait_synced(struct rig *rig, uint64_t ticket)
{
    while (rig->synced < ticket)
        (void)uv_run(&rig->loop, UV_RUN_ONCE);
}

static void
wait_alarm(struct rig *rig, const int *counter, int at_least)
{
    while (*counter < at_least)
        (void)uv_run(&rig->loop, UV_RUN_ONCE);
}

/* A record that says its number: promises are breaches, others alarms. */
static struct record
numbered(uint64_t number, bool promise)
{
    return (struct record){ .kind = promise ? RECORD_BREACH : RECORD_ALARM, .at = { 1 }, .incident = number, .account_id = 7 };
}

static uint64_t
put(struct rig *rig, uint64_t first, uint64_t count, bool promise)
{
    uint64_t ticket = 0;

    for (uint64_t i = 0; i < count; i++) {
        struct record record = numbered(first + i, promise);
        ticket = writer_put(rig->writer, &record, 1);
        assert_int_equal(ticket, first + i);
    }
    return ticket;
}

/* The log holds exactly 1..count, in that order. */
static void
assert_log(const char *path, uint64_t count)
{
    char out[ANSWER_MAX], expected[64];

    store_fixture_ask(path, "SELECT COUNT(*) || ' ' || COALESCE(MIN(incident), 0) || ' ' || COALESCE(MAX(incident), 0) || ' ' || "
        "COALESCE(SUM(id = incident), 0) FROM enforcement_log", out);
    (void)snprintf(expected, sizeof expected, "%llu %d %llu %llu", (unsigned long long)count, count > 0, (unsigned long long)count,
        (unsigned long long)count);
    assert_string_equal(out, expected);
}

static void
test_promise(void **state)
{
    struct rig rig;

    rig_open(&rig, *state, "promise", (struct writer_options){ 0 });
    assert_int_equal(writer_put(rig.writer, NULL, 0), 0);
    int before = faulty_disk_syncs();
    wait_synced(&rig, put(&rig, 1, 1, true));
    assert_true(faulty_disk_syncs() > before); /* synchronous=FULL: told only after the disk said so. */
    assert_string_equal(rig.seen_at_sync, "1"); /* Told only when it can be read from the file. */
    assert_log(rig.path, 1);
    struct record both[] = { numbered(2, false), numbered(3, true) };
    wait_synced(&rig, writer_put(rig.writer, both, 2));
    assert_log(rig.path, 3);
    rig_close(&rig);
    assert_int_equal(rig.alarms, 0);
}

/* MG-08: what is no promise waits for the batch, or for a promise behind it. */
static void
test_batching(void **state)
{
    struct rig rig;

    rig_open(&rig, *state, "batching", (struct writer_options){ 0 });
    wait_synced(&rig, put(&rig, 1, 1, true));
    int before = faulty_disk_syncs();
    (void)put(&rig, 2, 100, false);
    assert_int_equal(writer_status(rig.writer).durable, 1);
    (void)put(&rig, 102, 1, true);
    wait_synced(&rig, 102);
    assert_log(rig.path, 102);
    assert_true(faulty_disk_syncs() - before <= 4); /* One commit, or two when the promise came late; never a hundred. */
    rig_close(&rig);
}

static void
test_batch_time(void **state)
{
    struct rig rig;

    rig_open(&rig, *state, "batch_time", (struct writer_options){ .batch = SPAN_MS(1) });
    wait_synced(&rig, put(&rig, 1, 3, false));
    assert_log(rig.path, 3);
    wait_synced(&rig, put(&rig, 4, 3, false));
    assert_log(rig.path, 6);
    rig_close(&rig);
}

/* A backlog does not wait for the batch time. */
static void
test_backlog(void **state)
{
    struct rig rig;

    rig_open(&rig, *state, "backlog", (struct writer_options){ 0 });
    (void)put(&rig, 1, 2000, false);
    wait_synced(&rig, 1745); /* All but less than one batch (256). */
    rig_close(&rig);
    assert_log(rig.path, 2000); /* The rest at the stop. */
}

static void
test_beat_and_hash(void **state)
{
    struct rig rig;
    struct restore restore;
    struct error err;
    char out[ANSWER_MAX];

    rig_open(&rig, *state, "beat", (struct writer_options){ .batch = SPAN_MS(1) });
    writer_set_config_hash(rig.writer, "abc");
    writer_beat(rig.writer, (struct instant){ 5000 });
    (void)put(&rig, 1, 1, true);
    writer_set_config_hash(rig.writer, "def");
    (void)put(&rig, 2, 1, true);
    rig_close(&rig);
    store_fixture_ask(rig.path, "SELECT group_concat(config_hash) FROM enforcement_log", out);
    assert_string_equal(out, "abc,def");
    struct store *store = store_fixture_open(rig.path);
    assert_int_equal(store_load(store, INSTANT_NONE, &restore, &err), OK);
    assert_int_equal(restore.saved_at.ns, 5000);
    store_close(store);
}

/* Another program holds the database's lock: nothing is lost, nothing waits, everything is told (S-12). */
static void
test_locked(void **state)
{
    struct rig rig;
    sqlite3 *other = NULL;

    rig_open(&rig, *state, "locked", (struct writer_options){ 0 });
    assert_int_equal(sqlite3_open(rig.path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    (void)put(&rig, 1, 50, true); /* Would never return if it waited for the lock we hold. */
    wait_alarm(&rig, &rig.alarms, 1);
    assert_non_null(strstr(rig.alarm_text, "locked"));
    assert_true(writer_status(rig.writer).failing);
    assert_int_equal(rig.synced, 0);
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    wait_synced(&rig, 50);
    wait_alarm(&rig, &rig.solved, 1);
    assert_int_equal(rig.alarms, 1);
    assert_false(writer_status(rig.writer).failing);
    assert_log(rig.path, 50);
    rig_close(&rig);
}

/* Faults of the disk, each over and then gone (MG-09). */
static void
test_disk_faults(void **state)
{
    static const struct {
        const char *name;
        int write, sync;
        const char *words;
    } faults[] = {
        { "full", SQLITE_FULL, SQLITE_OK, "full" },
        { "write", SQLITE_IOERR_WRITE, SQLITE_OK, "disk I/O error" },
        { "sync", SQLITE_OK, SQLITE_IOERR_FSYNC, "disk I/O error" },
    };

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct rig rig;
        rig_open(&rig, *state, faults[i].name, (struct writer_options){ 0 });
        wait_synced(&rig, put(&rig, 1, 1, true));
        faulty_disk_set(faults[i].write, faults[i].sync);
        (void)put(&rig, 2, 9, true);
        wait_alarm(&rig, &rig.alarms, 1);
        assert_non_null(strstr(rig.alarm_text, faults[i].words));
        assert_int_equal(rig.synced, 1);
        faulty_disk_set(SQLITE_OK, SQLITE_OK);
        wait_synced(&rig, 10);
        wait_alarm(&rig, &rig.solved, 1);
        assert_log(rig.path, 10);
        rig_close(&rig);
    }
}

/* A full queue spills, in order, and comes back in order, while more is put. */
static void
test_spill(void **state)
{
    struct rig rig;

    rig_open(&rig, *state, "spill", (struct writer_options){ .queue_max = 8 });
    for (uint64_t round = 0; round < 3; round++) {
        uint64_t first = round * 1000 + 1;
        faulty_disk_set(SQLITE_FULL, SQLITE_OK);
        (void)put(&rig, first, 900, true);
        assert_int_equal(writer_status(rig.writer).spilled, 892);
        assert_int_equal(writer_status(rig.writer).queued, 8);
        wait_alarm(&rig, &rig.alarms, (int)round + 1);
        faulty_disk_set(SQLITE_OK, SQLITE_OK);
        (void)put(&rig, first + 900, 100, true); /* While the file is being read back. */
        wait_synced(&rig, first + 999);
        wait_alarm(&rig, &rig.solved, (int)round + 1);
        assert_int_equal(writer_status(rig.writer).spilled, 0);
    }
    assert_log(rig.path, 3000);
    rig_close(&rig);
}

/* The spill file cannot be written either: memory grows, order and records stay. */
static void
test_spill_impossible(void **state)
{
    struct rig rig;

    rig_open(&rig, *state, "impossible", (struct writer_options){ .queue_max = 8, .spill_path = "/dev/full" });
    faulty_disk_set(SQLITE_FULL, SQLITE_OK);
    (void)put(&rig, 1, 900, true);
    assert_int_equal(writer_status(rig.writer).queued, 900);
    wait_alarm(&rig, &rig.alarms, 1);
    faulty_disk_set(SQLITE_OK, SQLITE_OK);
    wait_synced(&rig, 900);
    assert_log(rig.path, 900);
    rig_close(&rig);
}

/* The disk fills up while spilling: some in the queue, some in the file, the rest in memory. */
static void
test_spill_fills_up(void **state)
{
    struct rig rig;

    if (!machine_limit_files(0))
        skip();
    rig_open(&rig, *state, "fills_up", (struct writer_options){ .queue_max = 8 });
    faulty_disk_set(SQLITE_FULL, SQLITE_OK);
    assert_true(machine_limit_files((int64_t)(100 * sizeof(struct store_entry))));
    (void)put(&rig, 1, 500, true);
    struct writer_status status = writer_status(rig.writer);
    assert_true(machine_limit_files(0));
    assert_true(status.spilled > 50 && status.spilled < 100);
    assert_int_equal(status.queued, 500 - status.spilled);
    (void)put(&rig, 501, 100, true); /* Behind those in memory, though the file would take them again. */
    faulty_disk_set(SQLITE_OK, SQLITE_OK);
    wait_synced(&rig, 600);
    assert_log(rig.path, 600);
    rig_close(&rig);
}

/* The process ends while the disk fails: the next one finds everything in the spill file. */
static void
test_stop_while_failing(void **state)
{
    struct rig rig;
    struct error err;

    rig_open(&rig, *state, "stop", (struct writer_options){ .queue_max = 8 });
    wait_synced(&rig, put(&rig, 1, 5, true));
    faulty_disk_set(SQLITE_FULL, SQLITE_OK);
    (void)put(&rig, 6, 200, true);
    assert_int_equal(rig_stop(&rig, SPAN_MS(20), &err), STATUS_RETRY);
    assert_non_null(strstr(err.text, "200 records could not be committed"));
    faulty_disk_set(SQLITE_OK, SQLITE_OK);
    assert_log(rig.path, 5);
    struct store *store = store_fixture_open(rig.path);
    assert_int_equal(store_report(store)->spilled_replayed, 200);
    assert_int_equal(store_last_ticket(store), 205);
    store_close(store);
    assert_log(rig.path, 205);
    store = store_fixture_open(rig.path);
    assert_int_equal(store_report(store)->spilled_replayed, 0);
    store_close(store);
    assert_log(rig.path, 205);
}

/* Tickets go on where the last process stopped. */
static void
test_tickets_go_on(void **state)
{
    struct rig rig;

    rig_open(&rig, *state, "go_on", (struct writer_options){ 0 });
    (void)put(&rig, 1, 7, true);
    rig_close(&rig);
    rig_open(&rig, *state, "go_on", (struct writer_options){ 0 });
    wait_synced(&rig, put(&rig, 8, 1, true));
    rig_close(&rig);
    assert_log(rig.path, 8);
}

static void
test_prune(void **state)
{
    struct rig rig;
    const struct store_retention retention = { .trades_days = 90, .log_days = 365 };
    char out[ANSWER_MAX] = "";

    rig_open(&rig, *state, "prune", (struct writer_options){ 0 });
    wait_synced(&rig, put(&rig, 1, 1200, true));
    writer_prune(rig.writer, NOW, &retention);
    while (strcmp(out, "0") != 0)
        store_fixture_ask(rig.path, "SELECT COUNT(*) FROM enforcement_log", out);
    rig_close(&rig);
}

static int
setup(void **state)
{
    machine_watchdog(WATCHDOG_SECONDS);
    faulty_disk_install();
    return store_fixture_setup(state);
}

static int
teardown(void **state)
{
    faulty_disk_uninstall();
    return store_fixture_teardown(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_promise),
        cmocka_unit_test(test_batching),
        cmocka_unit_test(test_batch_time),
        cmocka_unit_test(test_backlog),
        cmocka_unit_test(test_beat_and_hash),
        cmocka_unit_test(test_locked),
        cmocka_unit_test(test_disk_faults),
        cmocka_unit_test(test_spill),
        cmocka_unit_test(test_spill_impossible),
        cmocka_unit_test(test_spill_fills_up),
        cmocka_unit_test(test_stop_while_failing),
        cmocka_unit_test(test_tickets_go_on),
        cmocka_unit_test(test_prune),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
