/*
 * test_power_cut.c - the power goes at every write boundary; what was acknowledged is there (S-9, MG-07; resilience.md 7: db_power_cut).
 *
 * One run of the store is recorded write by write, with a mark for each batch that store_write() acknowledged.  Then, for every prefix of the
 * recording, the files are made as a disk may hold them at that instant, in three ways:
 *     all      everything written so far has reached the disk (a killed process);
 *     synced   nothing has but what a sync promised;
 *     torn     of what was not synced any part has, sector by sector, in any order (seeded).
 * Each is opened by the real store, which must find the database intact, the chain whole and every acknowledged record and lockout.
 */
#include "base/assert.h"
#include "base/text.h"
#include "lib/faulty_disk.h"
#include "lib/machine.h"
#include "lib/store_fixture.h"
#include "store/audit.h"
#include "store/database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define OPS_MAX 8192
#define FILES_MAX 3
#define FILE_BYTES ((size_t)2 << 20)
#define SECTOR 512
#define BATCHES 24
#define DISK_ACK ((enum faulty_disk_op)100) /* offset: the ticket. */

struct op {
    enum faulty_disk_op kind;
    int file; /* -1: an acknowledgement. */
    int64_t offset;
    size_t size;
    unsigned char *data;
};

static const char *const endings[FILES_MAX] = { "", "-wal", "-journal" };

static struct op ops[OPS_MAX];
static int ops_count;

static int
file_of(const char *path)
{
    const char *base = strstr(path, ".db");

    for (int i = 0; base != NULL && i < FILES_MAX; i++)
        if (strcmp(base + 3, endings[i]) == 0)
            return i;
    fail_msg("unexpected file %s", path);
    return -1;
}

static void
add_op(enum faulty_disk_op kind, int file, int64_t offset, const void *data, size_t size)
{
    assert_true(ops_count < OPS_MAX);
    struct op *op = &ops[ops_count++];
    *op = (struct op){ .kind = kind, .file = file, .offset = offset, .size = size };
    if (size > 0) {
        op->data = malloc(size);
        assert_non_null(op->data);
        memcpy(op->data, data, size);
    }
}

static void
record_op(void *context, const struct faulty_disk_event *event)
{
    (void)context;
    add_op(event->op, file_of(event->path), event->offset, event->data, event->size);
}

/* ---- The run that is recorded ---- */

static struct record
promise(uint64_t ticket)
{
    struct record record = { .kind = RECORD_BREACH, .at = NOW, .incident = ticket, .account_id = 7, .rule = 3,
        .u.breach = { .why = "A sentence of some length, so that rows fill pages and pages fill the log before long." } };

    if (ticket % 3 == 0) {
        record.kind = RECORD_LOCKOUT_SET;
        record.u.lockout = (struct lockout){ .account_id = (int64_t)ticket, .rule = 3, .end = LOCK_UNTIL_ADMIN, .since = NOW,
            .until = INSTANT_NEVER, .incident = ticket };
    }
    return record;
}

static uint64_t
write_batches(struct store *store, uint64_t ticket, int batches)
{
    struct store_entry entries[4];
    struct error err;

    for (int i = 0; i < batches; i++) {
        uint32_t count = 1 + (uint32_t)i % 4;
        memset(entries, 0, sizeof entries);
        for (uint32_t j = 0; j < count; j++) {
            ticket++;
            entries[j] = (struct store_entry){ .ticket = ticket, .record = promise(ticket) };
        }
        assert_int_equal(store_write(store, &(struct store_batch){ .entries = entries, .count = count }, &err), OK);
        add_op(DISK_ACK, -1, (int64_t)ticket, NULL, 0);
    }
    return ticket;
}

/* Creation, batches with many checkpoints among them, an end in order, a second process. */
static void
record_run(const char *path)
{
    struct error err;

    faulty_disk_install();
    faulty_disk_watch(record_op, NULL);
    struct store *store = store_fixture_open(path);
    assert_int_equal(database_run(database_of(store)->handle, "PRAGMA wal_autocheckpoint = 12", &err), OK);
    uint64_t ticket = write_batches(store, 0, BATCHES);
    store_close(store);
    store = store_fixture_open(path);
    (void)write_batches(store, ticket, BATCHES / 3);
    faulty_disk_watch(NULL, NULL); /* What closing does to the files was recorded once. */
    store_close(store);
    faulty_disk_uninstall();
}

/* ---- The disk at an instant ---- */

enum variant { ALL, SYNCED, TORN, VARIANTS };

struct image {
    bool there;
    size_t size;
    unsigned char *bytes;
};

static uint32_t
chance(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

static void
apply_bytes(struct image *image, const struct op *op, size_t from, size_t to)
{
    size_t end = (size_t)op->offset + to;

    assert_true(end <= FILE_BYTES);
    if (end > image->size) {
        memset(image->bytes + image->size, 0, end - image->size);
        image->size = end;
    }
    memcpy(image->bytes + op->offset + from, op->data + from, to - from);
    image->there = true;
}

static void
apply(struct image *image, const struct op *op)
{
    if (op->kind == DISK_WRITE)
        apply_bytes(image, op, 0, op->size);
    else if (op->kind == DISK_TRUNCATE && (size_t)op->offset < image->size)
        image->size = (size_t)op->offset;
    else if (op->kind == DISK_DELETE)
        *image = (struct image){ .bytes = image->bytes };
}

static void
apply_torn(struct image *image, const struct op *op, uint32_t *seed)
{
    if (op->kind != DISK_WRITE) {
        if (chance(seed) % 2 == 0)
            apply(image, op);
        return;
    }
    for (size_t from = 0; from < op->size; from += SECTOR)
        if (chance(seed) % 2 == 0)
            apply_bytes(image, op, from, from + SECTOR < op->size ? from + SECTOR : op->size);
}

/* Where the last sync of a file before @cut is: all before it is there. */
static int
synced_until(int file, int cut)
{
    int until = 0;

    for (int i = 0; i < cut; i++)
        if (ops[i].file == file && ops[i].kind == DISK_SYNC)
            until = i;
    return until;
}

/* SQLite's VFS syncs the directory with the first sync of a file it has made. */
static bool
syncs_directory(int at)
{
    int i = at - 1;

    while (i >= 0 && (ops[i].file != ops[at].file || ops[i].kind == DISK_WRITE || ops[i].kind == DISK_TRUNCATE))
        i--;
    return ops[at].kind == DISK_SYNC && ops[at].file > 0 && (i < 0 || ops[i].kind == DISK_DELETE);
}

/* A name is gone for good once its directory is synced. */
static bool
is_gone_for_good(int deletion, int cut)
{
    bool gone = ops[deletion].offset != 0;

    for (int i = deletion + 1; i < cut && !gone; i++)
        gone = syncs_directory(i);
    return gone;
}

/* Returns the last ticket that was acknowledged by then. */
static uint64_t
make_disk(struct image images[FILES_MAX], int cut, enum variant variant, uint32_t *seed)
{
    uint64_t acknowledged = 0;
    int synced[FILES_MAX];

    for (int f = 0; f < FILES_MAX; f++) {
        images[f] = (struct image){ .bytes = images[f].bytes };
        synced[f] = synced_until(f, cut);
    }
    for (int i = 0; i < cut; i++) {
        const struct op *op = &ops[i];
        if (op->kind == DISK_ACK)
            acknowledged = (uint64_t)op->offset;
        else if (variant == ALL || i < synced[op->file] || (op->kind == DISK_DELETE && is_gone_for_good(i, cut)))
            apply(&images[op->file], op);
        else if (variant == TORN)
            apply_torn(&images[op->file], op, seed);
    }
    return acknowledged;
}

static void
put_disk(const struct image images[FILES_MAX], const char *path)
{
    char name[300];

    store_fixture_remove(path);
    for (int f = 0; f < FILES_MAX; f++) {
        if (!images[f].there && f > 0)
            continue;
        (void)snprintf(name, sizeof name, "%s%s", path, endings[f]);
        FILE *file = fopen(name, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(images[f].bytes, 1, images[f].size, file), images[f].size);
        assert_int_equal(fclose(file), 0);
        machine_close(name);
    }
}

/* ---- What must be there ---- */

static uint32_t
lockouts_until(uint64_t ticket)
{
    return (uint32_t)(ticket / 3);
}

static void
check_disk(const char *path, uint64_t acknowledged, int cut, enum variant variant)
{
    struct audit_report report;
    struct restore restore;
    struct store *store = NULL;
    struct error err = { 0 };
    int64_t rows = 0;

    if (store_open(&(struct store_options){ .path = path, .now = NOW }, &store, &err) != OK)
        fail_msg("cut %d, variant %d: %s", cut, (int)variant, err.text);
    if (store_report(store)->set_aside)
        fail_msg("cut %d, variant %d: %s", cut, (int)variant, store_report(store)->text);
    if (store_last_ticket(store) < acknowledged)
        fail_msg("cut %d, variant %d: ticket %" PRIu64 " of %" PRIu64, cut, (int)variant, store_last_ticket(store), acknowledged);
    assert_int_equal(database_check(database_of(store)->handle, true, &err), OK);
    assert_int_equal(audit_verify(store, NULL, &report, &err), OK);
    if (!report.intact)
        fail_msg("cut %d, variant %d: %s", cut, (int)variant, report.text);
    assert_int_equal(database_ask(database_of(store)->handle, "SELECT COUNT(DISTINCT incident) FROM enforcement_log", &rows, &err), OK);
    if ((uint64_t)rows < acknowledged)
        fail_msg("cut %d, variant %d: %" PRId64 " rows of %" PRIu64 " acknowledged", cut, (int)variant, rows, acknowledged);
    assert_int_equal(store_load(store, NOW, &restore, &err), OK);
    assert_true(restore.lockouts_count >= lockouts_until(acknowledged));
    store_close(store);
}

static void
test_every_boundary(void **state)
{
    char path[400], cut_path[500];
    struct image images[FILES_MAX] = { 0 };
    uint32_t seed = 4711;
    int acks = 0, deletes = 0;

    (void)text_copy(path, sizeof path, store_fixture_path(*state, "recorded"));
    record_run(path);
    for (int i = 0; i < ops_count; i++) {
        acks += ops[i].kind == DISK_ACK;
        deletes += ops[i].kind == DISK_DELETE;
    }
    assert_int_equal(acks, BATCHES + BATCHES / 3);
    assert_true(deletes > 0);
    /* Memory is a disk without the wait, and what is synced here is not under test. */
    (void)snprintf(cut_path, sizeof cut_path, "%s/power-cut-%d.db", machine_exists("/dev/shm") ? "/dev/shm" : (const char *)*state,
        (int)uv_os_getpid());
    for (int f = 0; f < FILES_MAX; f++) {
        images[f].bytes = malloc(FILE_BYTES);
        assert_non_null(images[f].bytes);
    }
    for (int cut = 0; cut <= ops_count; cut++)
        for (enum variant variant = ALL; variant < VARIANTS; variant++) {
            uint64_t acknowledged = make_disk(images, cut, variant, &seed);
            put_disk(images, cut_path);
            check_disk(cut_path, acknowledged, cut, variant);
        }
    print_message("%d boundaries, %d acknowledgements, 3 variants each\n", ops_count + 1, acks);
    store_fixture_remove(cut_path);
    for (int f = 0; f < FILES_MAX; f++)
        free(images[f].bytes);
    for (int i = 0; i < ops_count; i++)
        free(ops[i].data);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_boundary),
    };

    return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
