/*
 * test_audit.c - a changed enforcement log is found out (S-11); SHA-256 by the vectors of its standard.
 */
#include "store/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/assert.h"
#include "base/text.h"
#include "lib/store_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ROWS 20
#define ANSWER_MAX 8192

static void
assert_digest(const void *data, size_t size, const char *expected)
{
    uint8_t digest[SHA256_SIZE];
    char text[SHA256_HEX_MAX];

    /* In one piece, and cut in two at every place: the block buffer has edges. */
    for (size_t cut = 0; cut <= size && cut <= (size > 1000 ? 1 : 200); cut++) {
        struct sha256 sha;
        sha256_init(&sha);
        sha256_add(&sha, data, cut);
        sha256_add(&sha, (const char *)data + cut, size - cut);
        sha256_end(&sha, digest);
        sha256_hex(digest, text);
        assert_string_equal(text, expected);
    }
}

/* NIST's examples for FIPS 180-4, and lengths around the padding's edge (those by sha256sum). */
static void
test_sha256(void **state)
{
    static char million[1000000];

    (void)state;
    assert_digest("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_digest("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    assert_digest("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrst"
        "nopqrstu", 112, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    memset(million, 'a', sizeof million);
    assert_digest(million, sizeof million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    assert_digest(million, 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
    assert_digest(million, 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a");
    assert_digest(million, 63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34");
    assert_digest(million, 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

static struct record
row(int64_t number)
{
    return (struct record){ .kind = RECORD_BREACH, .at = { 1000 + number }, .account_id = 7, .rule = 3,
        .incident = (uint64_t)number, .u.breach = { .action = 8, .unit = 2, .observed = number, .limit = 5, .why = "Lost $550.00." } };
}

static struct store *
fill(const char *path)
{
    store_fixture_remove(path);
    struct store *store = store_fixture_open(path);

    for (int64_t i = 1; i <= ROWS; i++) {
        struct record record = row(i);
        store_fixture_save(store, &record, 1);
    }
    return store;
}

static struct audit_report
verify(struct store *store, const char *head)
{
    struct audit_report report;
    struct error err = { 0 };

    if (audit_verify(store, head, &report, &err) != OK)
        fail_msg("%s", err.text);
    return report;
}

static void
test_intact(void **state)
{
    const char *path = store_fixture_path(*state, "intact");
    struct store *store = store_fixture_open(path);
    struct audit_report report = verify(store, NULL);

    assert_true(report.intact);
    assert_int_equal(report.rows, 0);
    store_close(store);
    store = fill(path);
    report = verify(store, NULL);
    assert_true(report.intact);
    assert_int_equal(report.rows, ROWS);
    assert_int_equal(report.first_id, 1);
    assert_int_equal(report.last_id, ROWS);
    assert_string_equal(report.text, "enforcement log: 20 rows, intact");
    store_close(store);
    store = store_fixture_open(path); /* The chain goes on in the next process. */
    struct record record = row(21);
    store_fixture_save(store, &record, 1);
    assert_true(verify(store, NULL).intact);
    store_close(store);
}

static const struct {
    const char *name, *sql;
    int64_t bad_id;
} tamperings[] = {
    { "one deleted", "DELETE FROM enforcement_log WHERE id = 7", 7 },
    { "first deleted", "DELETE FROM enforcement_log WHERE id = 1", 1 },
    { "deleted and renumbered", "DELETE FROM enforcement_log WHERE id = 7; UPDATE enforcement_log SET id = -id WHERE id > 7; "
        "UPDATE enforcement_log SET id = -id - 1 WHERE id < 0", 7 },
    { "end cut off", "DELETE FROM enforcement_log WHERE id > 15", 16 },
    { "last cut off", "DELETE FROM enforcement_log WHERE id = 20", 20 },
    { "all deleted", "DELETE FROM enforcement_log", 1 },
    { "number changed", "UPDATE enforcement_log SET observed = 4 WHERE id = 9", 9 },
    { "text changed", "UPDATE enforcement_log SET reason = 'Lost $50.00.' WHERE id = 9", 9 },
    { "time changed", "UPDATE enforcement_log SET at_ns = at_ns + 1 WHERE id = 20", 20 },
    { "text behind a NUL", "UPDATE enforcement_log SET reason = reason || char(0) || 'x' WHERE id = 9", 9 },
    { "text moved between columns", "UPDATE enforcement_log SET reason = '', result = reason WHERE id = 9", 9 },
    { "hash changed", "UPDATE enforcement_log SET hash = zeroblob(32) WHERE id = 9", 9 },
    { "hash shortened", "UPDATE enforcement_log SET hash = substr(hash, 1, 31) WHERE id = 9", 9 },
    { "two exchanged", "UPDATE enforcement_log SET id = 100 WHERE id = 5; UPDATE enforcement_log SET id = 5 WHERE id = 6; "
        "UPDATE enforcement_log SET id = 6 WHERE id = 100", 5 },
    { "one added at the end", "INSERT INTO enforcement_log SELECT 21, 1, kind, account_id, rule, incident, scope, action, unit, observed, "
        "limit_value, reason, size, command, command_kind, order_id, price_nanos, result, error, http_status, code, took_ns, "
        "until_ns, detail, config_hash, hash FROM enforcement_log WHERE id = 20", 21 },
    { "one added before the beginning", "INSERT INTO enforcement_log SELECT 0, 1, kind, account_id, rule, incident, scope, action, unit, "
        "observed, limit_value, reason, size, command, command_kind, order_id, price_nanos, result, error, http_status, code, took_ns, "
        "until_ns, detail, config_hash, hash FROM enforcement_log WHERE id = 1", 1 },
};

static void
test_tampering(void **state)
{
    const char *path = store_fixture_path(*state, "tampering");

    for (size_t i = 0; i < COUNT_OF(tamperings); i++) {
        struct store *store = fill(path);
        print_message("%s\n", tamperings[i].name);
        store_fixture_run(path, tamperings[i].sql);
        struct audit_report report = verify(store, NULL);
        assert_false(report.intact);
        assert_int_equal(report.bad_id, tamperings[i].bad_id);
        assert_true(report.text[0] != 0);
        store_close(store);
    }
}

/* A row changed by somebody who can also compute its hash: the next row gives it away. */
static void
test_forged_row(void **state)
{
    char other[256], sql[512];
    const char *path;
    struct store *store;

    (void)text_copy(other, sizeof other, store_fixture_path(*state, "forger"));
    store = store_fixture_open(other);
    for (int64_t i = 1; i <= ROWS; i++) {
        struct record record = row(i);
        record.u.breach.observed = i == 9 ? 0 : i;
        store_fixture_save(store, &record, 1);
    }
    assert_true(verify(store, NULL).intact);
    store_close(store);
    path = store_fixture_path(*state, "forged");
    store = fill(path);
    (void)snprintf(sql, sizeof sql, "ATTACH '%s' AS other; DELETE FROM main.enforcement_log WHERE id = 9; "
        "INSERT INTO main.enforcement_log SELECT * FROM other.enforcement_log WHERE id = 9", other);
    store_fixture_run(path, sql);
    assert_int_equal(verify(store, NULL).bad_id, 10);
    store_close(store);
}

/* Every column takes part in the hash. */
static void
test_every_column(void **state)
{
    const char *path = store_fixture_path(*state, "columns");
    char names[ANSWER_MAX], sql[256], *rest;

    struct store *store = fill(path);
    store_fixture_ask(path, "SELECT group_concat(name) FROM pragma_table_info('enforcement_log') WHERE name != 'id'", names);
    for (char *name = strtok_r(names, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest)) {
        char value[160] = "randomblob(32)";
        if (strcmp(name, "hash") != 0)
            (void)snprintf(value, sizeof value, "CASE typeof(%s) WHEN 'integer' THEN %s + 1 ELSE %s || 'x' END", name, name, name);
        store_close(store);
        store = fill(path);
        (void)snprintf(sql, sizeof sql, "UPDATE enforcement_log SET %s = %s WHERE id = 10", name, value);
        store_fixture_run(path, sql);
        if (verify(store, NULL).bad_id != 10)
            fail_msg("column %s is not in the hash", name);
    }
    store_close(store);
}

/* Whoever cuts the end off and mends the anchor, or writes a new chain, does not know the head that was written down. */
static void
test_head_written_down(void **state)
{
    const char *path = store_fixture_path(*state, "head");
    struct store *store = fill(path);
    struct audit_report before = verify(store, NULL);
    struct record record = row(21);

    store_fixture_save(store, &record, 1);
    assert_true(verify(store, before.head).intact); /* The log has grown since. */
    store_fixture_run(path, "DELETE FROM enforcement_log WHERE id > 15; UPDATE store_state SET log_id = 15, log_hash = "
        "(SELECT hash FROM enforcement_log WHERE id = 15)");
    assert_true(verify(store, NULL).intact); /* The limit of a chain without a secret. */
    assert_false(verify(store, before.head).intact);
    store_close(store);
    store = store_fixture_open(store_fixture_path(*state, "empty"));
    assert_false(verify(store, before.head).intact);
    store_close(store);
}

/* Pruning takes the oldest rows and leaves a chain that verifies. */
static void
test_pruned(void **state)
{
    const char *path = store_fixture_path(*state, "pruned");
    struct store *store = store_fixture_open(path);
    const struct store_retention retention = { .trades_days = 90, .log_days = 365 };
    const int64_t year = INT64_C(365) * 86400 * 1000000000;
    struct error err;
    bool more = true;

    for (int64_t i = 1; i <= 1200; i++) {
        struct record record = row(i);
        record.at.ns = NOW.ns - year + (i <= 1100 ? -1 : i == 1101 ? 0 : i == 1102 ? -1 : 1); /* 1102: behind one that stays. */
        store_fixture_save(store, &record, 1);
    }
    while (more)
        assert_int_equal(store_prune(store, NOW, &retention, &more, &err), OK);
    struct audit_report report = verify(store, NULL);
    assert_true(report.intact);
    assert_int_equal(report.first_id, 1101);
    assert_int_equal(report.rows, 100);
    store_fixture_run(path, "DELETE FROM enforcement_log WHERE id = 1101");
    assert_int_equal(verify(store, NULL).bad_id, 1101);
    store_close(store);
}

static void
count_row(void *context, const struct audit_row *audit)
{
    struct text *text = context;

    text_addf(text, "%" PRId64 "/%" PRId64 " ", audit->id, audit->account_id);
    assert_string_equal(audit->kind, "breach");
    assert_string_equal(audit->reason, "Lost $550.00.");
    assert_int_equal(audit->observed, audit->incident);
    assert_int_equal(audit->limit, 5);
}

static void
test_each(void **state)
{
    struct store *store = fill(store_fixture_path(*state, "each"));
    struct record other = row(21);
    struct error err;
    char out[256];
    struct text text = text_on(out, sizeof out);

    other.account_id = 8;
    store_fixture_save(store, &other, 1);
    assert_int_equal(audit_each(store, 0, 3, count_row, &text, &err), OK);
    assert_int_equal(audit_each(store, 7, 2, count_row, &text, &err), OK);
    assert_string_equal(out, "21/8 20/7 19/7 20/7 19/7 ");
    store_close(store);
}

static void
add_hash(void *context, const struct audit_row *audit)
{
    struct text *text = context;

    text_addf(text, "%" PRId64 ":%.4s ", audit->id, audit->hash);
}

/* What an export gives can be checked against heads written down earlier. */
static void
test_export(void **state)
{
    struct store *store = fill(store_fixture_path(*state, "export"));
    struct audit_report report = verify(store, NULL);
    char out[512], tail[64], head[SHA256_HEX_MAX];
    struct text text = text_on(out, sizeof out);
    struct error err;
    int64_t id;

    assert_int_equal(audit_export(store, 7, (struct instant){ 1000 + ROWS - 1 }, add_hash, &text, &err), OK);
    assert_true(audit_head(store, &id, head));
    assert_int_equal(id, ROWS);
    assert_string_equal(head, report.head);
    assert_true(text_starts(out, "19:"));
    (void)snprintf(tail, sizeof tail, " 20:%.4s ", head);
    assert_string_equal(strrchr(out, '2') != NULL ? strstr(out, " 20:") : "", tail);
    assert_int_equal(audit_export(store, 8, INSTANT_NONE, add_hash, &text, &err), OK);
    assert_string_equal(strstr(out, " 20:"), tail);
    store_close(store);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_intact),
        cmocka_unit_test(test_tampering),
        cmocka_unit_test(test_forged_row),
        cmocka_unit_test(test_every_column),
        cmocka_unit_test(test_head_written_down),
        cmocka_unit_test(test_pruned),
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_export),
    };

    return cmocka_run_group_tests(tests, store_fixture_setup, store_fixture_teardown);
}
