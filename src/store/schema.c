/*
 * schema.c - the tables (S-9) and their migrations, which nobody has to ask for or to confirm: a service cannot ask (MG-04).
 *
 * A database is at the version PRAGMA user_version says.  Each step runs in one BEGIN IMMEDIATE transaction with its row of history and,
 * last, its version: a crash leaves the one or the other version, never something between (MG-02).  A fresh file goes the same
 * way, so it cannot differ from a migrated one; schema_verify() makes sure of that for files of any history.
 *
 * Names end in their unit: _ns is UTC nanoseconds since 1970 (INT64_MAX: never), _micros a millionth of a dollar, _nanos a billionth of a
 * price.  The broker's integers are stored as they come (EN-01).  No CHECK constraints: what is odd must be kept, not lost (FV-01).
 */
#include "store/schema.h"

#include "base/assert.h"
#include "store/database.h"

#include <stdio.h>
#include <string.h>

static const char *const version_1[] = {
    "PRAGMA application_id = 1397902641",
    "CREATE TABLE schema_version (\n"
    "  version INTEGER PRIMARY KEY, applied_ns INTEGER NOT NULL, description TEXT NOT NULL, program TEXT NOT NULL) STRICT",
    /* One row: how far the store has come. */
    "CREATE TABLE store_state (\n"
    "  id INTEGER PRIMARY KEY, last_ticket INTEGER NOT NULL, last_command INTEGER NOT NULL, last_incident INTEGER NOT NULL,\n"
    "  saved_ns INTEGER NOT NULL, log_id INTEGER NOT NULL, log_hash BLOB NOT NULL,\n"
    "  pruned_id INTEGER NOT NULL, pruned_hash BLOB NOT NULL) STRICT",
    "INSERT INTO store_state VALUES (1, 0, 0, 0, 0, 0, zeroblob(32), 0, zeroblob(32))",
    /* R-ALL-9: one per (account, rule, scope); root '' is the account.  ended_ns NULL: it stands. */
    "CREATE TABLE lockouts (\n"
    "  account_id INTEGER NOT NULL, rule INTEGER NOT NULL, root TEXT NOT NULL, kind INTEGER NOT NULL,\n"
    "  end_kind INTEGER NOT NULL, since_ns INTEGER NOT NULL, until_ns INTEGER NOT NULL, duration_ns INTEGER NOT NULL,\n"
    "  incident INTEGER NOT NULL, why TEXT NOT NULL, config_hash TEXT NOT NULL, ended_ns INTEGER,\n"
    "  PRIMARY KEY (account_id, rule, root)) STRICT, WITHOUT ROWID",
    /* A trading day of an account; date: of its end in the reset's zone, days since 1970. */
    "CREATE TABLE sessions (\n"
    "  account_id INTEGER NOT NULL, date INTEGER NOT NULL, starts_ns INTEGER NOT NULL, ends_ns INTEGER NOT NULL,\n"
    "  PRIMARY KEY (account_id, date)) STRICT, WITHOUT ROWID",
    "CREATE TABLE daily_pnl (\n"
    "  account_id INTEGER NOT NULL, date INTEGER NOT NULL, gross_micros INTEGER NOT NULL, fees_micros INTEGER NOT NULL,\n"
    "  trades INTEGER NOT NULL, round_turns INTEGER NOT NULL, updated_ns INTEGER NOT NULL,\n"
    "  PRIMARY KEY (account_id, date),\n"
    "  FOREIGN KEY (account_id, date) REFERENCES sessions (account_id, date)) STRICT, WITHOUT ROWID",
    "CREATE TABLE daily_extremes (\n"
    "  account_id INTEGER NOT NULL, date INTEGER NOT NULL, open_low_micros INTEGER NOT NULL,\n"
    "  open_high_micros INTEGER NOT NULL, realized_low_micros INTEGER NOT NULL, realized_high_micros INTEGER NOT NULL,\n"
    "  updated_ns INTEGER NOT NULL, PRIMARY KEY (account_id, date),\n"
    "  FOREIGN KEY (account_id, date) REFERENCES sessions (account_id, date)) STRICT, WITHOUT ROWID",
    "CREATE TABLE contract_cache (\n"
    "  id TEXT PRIMARY KEY, name TEXT NOT NULL, tick_size_nanos INTEGER NOT NULL, tick_value_micros INTEGER NOT NULL,\n"
    "  active INTEGER NOT NULL, updated_ns INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    /* IX-03: found by id, and by account and time. */
    "CREATE TABLE trades (\n"
    "  id INTEGER NOT NULL, account_id INTEGER NOT NULL, order_id INTEGER NOT NULL, contract TEXT NOT NULL,\n"
    "  at_ns INTEGER NOT NULL, price_nanos INTEGER NOT NULL, side INTEGER NOT NULL, size INTEGER NOT NULL,\n"
    "  has_pnl INTEGER NOT NULL, pnl_micros INTEGER NOT NULL, fees_micros INTEGER NOT NULL,\n"
    "  commissions_micros INTEGER NOT NULL, voided INTEGER NOT NULL, judged INTEGER NOT NULL,\n"
    "  PRIMARY KEY (id, account_id)) STRICT, WITHOUT ROWID",
    "CREATE INDEX trades_by_time ON trades (account_id, at_ns)",
    /* The broker's mirror with what rules remember of it. */
    "CREATE TABLE positions (\n"
    "  account_id INTEGER NOT NULL, contract TEXT NOT NULL, id INTEGER NOT NULL, size INTEGER NOT NULL,\n"
    "  average_price_nanos INTEGER NOT NULL, created_ns INTEGER NOT NULL, ceiling_long INTEGER NOT NULL,\n"
    "  ceiling_short INTEGER NOT NULL, memory BLOB NOT NULL, updated_ns INTEGER NOT NULL,\n"
    "  PRIMARY KEY (account_id, contract)) STRICT, WITHOUT ROWID",
    "CREATE TABLE orders (\n"
    "  id INTEGER NOT NULL, account_id INTEGER NOT NULL, contract TEXT NOT NULL, status INTEGER NOT NULL,\n"
    "  type INTEGER NOT NULL, side INTEGER NOT NULL, size INTEGER NOT NULL, filled INTEGER NOT NULL,\n"
    "  limit_price_nanos INTEGER, stop_price_nanos INTEGER, parent_id INTEGER NOT NULL, linked_id INTEGER NOT NULL,\n"
    "  tag TEXT NOT NULL, created_ns INTEGER NOT NULL, updated_ns INTEGER NOT NULL, seen_ns INTEGER NOT NULL,\n"
    "  PRIMARY KEY (id, account_id)) STRICT, WITHOUT ROWID",
    /* ID-01: what a contract must become, until that is proven (proven_ns NULL). */
    "CREATE TABLE intents (\n"
    "  account_id INTEGER NOT NULL, contract TEXT NOT NULL, incident INTEGER NOT NULL, rule INTEGER NOT NULL,\n"
    "  size INTEGER NOT NULL, flatten INTEGER NOT NULL, close_unresolved INTEGER NOT NULL, since_ns INTEGER NOT NULL,\n"
    "  sent_ns INTEGER NOT NULL, proven_ns INTEGER, took_ns INTEGER,\n"
    "  PRIMARY KEY (account_id, contract)) STRICT, WITHOUT ROWID",
    /* S-11, EN-03: see audit.c.  What does not apply is 0 or ''. */
    "CREATE TABLE enforcement_log (\n"
    "  id INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, kind TEXT NOT NULL, account_id INTEGER NOT NULL,\n"
    "  rule INTEGER NOT NULL, incident INTEGER NOT NULL, scope TEXT NOT NULL, action INTEGER NOT NULL,\n"
    "  unit INTEGER NOT NULL, observed INTEGER NOT NULL, limit_value INTEGER NOT NULL, reason TEXT NOT NULL,\n"
    "  size INTEGER NOT NULL, command INTEGER NOT NULL, command_kind TEXT NOT NULL, order_id INTEGER NOT NULL,\n"
    "  price_nanos INTEGER NOT NULL, result TEXT NOT NULL, error TEXT NOT NULL, http_status INTEGER NOT NULL,\n"
    "  code INTEGER NOT NULL, took_ns INTEGER NOT NULL, until_ns INTEGER NOT NULL, detail TEXT NOT NULL,\n"
    "  config_hash TEXT NOT NULL, hash BLOB NOT NULL) STRICT",
    "CREATE INDEX enforcement_log_by_result ON enforcement_log (result, at_ns)",
    "CREATE INDEX enforcement_log_by_account ON enforcement_log (account_id, at_ns)",
    "CREATE INDEX enforcement_log_by_incident ON enforcement_log (incident)",
    /* EN-03, EN-04: one line per incident, out of the log's steps. */
    "CREATE VIEW enforcements AS SELECT incident, account_id,\n"
    "  MIN(at_ns) FILTER (WHERE kind = 'breach') AS breached_ns, MAX(rule) AS rule,\n"
    "  MAX(reason) FILTER (WHERE kind = 'breach') AS reason,\n"
    "  MIN(at_ns) FILTER (WHERE kind = 'sent') AS first_request_ns,\n"
    "  MAX(at_ns) FILTER (WHERE kind = 'goal_proven') AS proven_ns,\n"
    "  MAX(took_ns) FILTER (WHERE kind = 'goal_proven') AS took_ns,\n"
    "  COUNT(*) FILTER (WHERE kind = 'goal_set') AS goals, COUNT(*) FILTER (WHERE kind = 'goal_proven') AS goals_proven,\n"
    "  COUNT(*) FILTER (WHERE kind = 'sent' AND command_kind IN ('close', 'reduce')) AS closes_sent,\n"
    "  COUNT(*) FILTER (WHERE kind = 'sent' AND command_kind = 'cancel') AS cancels_sent,\n"
    "  MAX(error) FILTER (WHERE kind = 'answered') AS error, MAX(config_hash) AS config_hash\n"
    "  FROM enforcement_log WHERE incident > 0 GROUP BY incident, account_id",
    NULL,
};

/* What was held when a reduction of ours left: the stops and targets it left too large are made smaller, also by the next process (RT-11). */
static const char *const version_2[] = {
    "ALTER TABLE intents ADD COLUMN reduced_from INTEGER NOT NULL DEFAULT 0",
    NULL,
};

static const struct schema_step steps[] = {
    { 1, "first tables", version_1 },
    { 2, "what a reduction left", version_2 },
};

const struct schema schema_current = { steps, COUNT_OF(steps) };

enum status
schema_version(sqlite3 *handle, const struct schema *schema, int32_t *ret_version, struct error *err)
{
    int64_t version, application, tables;
    enum status status = database_ask(handle, "PRAGMA user_version", &version, err);

    if (status == OK)
        status = database_ask(handle, "PRAGMA application_id", &application, err);
    if (status == OK)
        status = database_ask(handle, "SELECT COUNT(*) FROM sqlite_schema", &tables, err);
    if (status != OK)
        return status;
    if (tables == 0 && version == 0)
        application = SCHEMA_APPLICATION_ID;
    if (application != SCHEMA_APPLICATION_ID)
        return error_set(err, STATUS_CONFIG, "not a database of this program (application id %lld)", (long long)application);
    if (version < 0 || version > schema->count)
        return error_set(err, STATUS_CONFIG, "the database has version %lld, this program knows versions up to %d: "
            "install the newer program, or restore the backup made before it was installed", (long long)version, schema->count);
    *ret_version = (int32_t)version;
    return OK;
}

static enum status
record_step(sqlite3 *handle, const struct schema_step *step, struct instant now, const char *program, struct error *err)
{
    sqlite3_stmt *insert = NULL;
    int code = sqlite3_prepare_v2(handle, "INSERT INTO schema_version VALUES (?, ?, ?, ?)", -1, &insert, NULL);
    struct binder b = binder_on(insert);
    char pragma[48];

    if (code == SQLITE_OK) {
        binder_int(&b, step->version);
        binder_int(&b, now.ns);
        binder_text(&b, step->description);
        binder_text(&b, program);
        code = sqlite3_step(insert);
    }
    (void)sqlite3_finalize(insert);
    if (code != SQLITE_DONE)
        return database_error(handle, code, "history", err);
    (void)snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", step->version);
    return database_run(handle, pragma, err);
}

static enum status
take_step(sqlite3 *handle, const struct schema_step *step, struct instant now, const char *program, struct error *err)
{
    enum status status = database_run(handle, "BEGIN IMMEDIATE", err);

    if (status != OK)
        return status;
    for (const char *const *sql = step->statements; status == OK && *sql != NULL; sql++)
        status = database_run(handle, *sql, err);
    if (status == OK)
        status = record_step(handle, step, now, program, err);
    if (status == OK)
        status = database_run(handle, "COMMIT", err);
    if (status != OK) {
        (void)sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
        return error_prefix(err, "migration to version %d (%s)", step->version, step->description);
    }
    return OK;
}

static enum status
migrate(sqlite3 *handle, const struct schema *schema, struct instant now, const char *program, struct error *err)
{
    int32_t version;
    enum status status = schema_version(handle, schema, &version, err);

    for (int32_t i = version; status == OK && i < schema->count; i++) {
        ASSERT(schema->steps[i].version == i + 1);
        status = take_step(handle, &schema->steps[i], now, program, err);
    }
    return status;
}

enum status
schema_migrate(sqlite3 *handle, const struct schema *schema, struct instant now, const char *program, struct error *err)
{
    enum status status = migrate(handle, schema, now, program, err);

    return status == OK ? schema_verify(handle, schema, err) : status;
}

static int
compare(sqlite3_stmt *fresh, sqlite3_stmt *found, const char **ret_name)
{
    int fresh_code = sqlite3_step(fresh), found_code = sqlite3_step(found);

    while (fresh_code == SQLITE_ROW && found_code == SQLITE_ROW) {
        const char *fresh_sql = (const char *)sqlite3_column_text(fresh, 1);
        const char *found_sql = (const char *)sqlite3_column_text(found, 1);
        *ret_name = (const char *)sqlite3_column_text(fresh, 0);
        if (fresh_sql == NULL || found_sql == NULL || strcmp(fresh_sql, found_sql) != 0)
            return SQLITE_MISMATCH;
        fresh_code = sqlite3_step(fresh);
        found_code = sqlite3_step(found);
    }
    *ret_name = NULL;
    if (fresh_code == SQLITE_ROW || found_code == SQLITE_ROW) {
        *ret_name = (const char *)sqlite3_column_text(fresh_code == SQLITE_ROW ? fresh : found, 0);
        return SQLITE_MISMATCH;
    }
    return found_code;
}

enum status
schema_verify(sqlite3 *handle, const struct schema *schema, struct error *err)
{
    static const char list[] = "SELECT type || ' ' || name, sql FROM sqlite_schema WHERE substr(name, 1, 7) != 'sqlite_' ORDER BY 1";
    sqlite3 *model = NULL;
    sqlite3_stmt *fresh = NULL, *found = NULL;
    const char *name = NULL;
    int code = sqlite3_open(":memory:", &model);
    enum status status = code == SQLITE_OK ? migrate(model, schema, INSTANT_NONE, "", err) :
        database_error(model, code, "model", err);

    if (status != OK)
        goto out;
    if (sqlite3_prepare_v2(model, list, -1, &fresh, NULL) != SQLITE_OK ||
        (code = sqlite3_prepare_v2(handle, list, -1, &found, NULL)) != SQLITE_OK) {
        status = database_error(handle, code, "schema", err);
        goto out;
    }
    code = compare(fresh, found, &name);
    if (code == SQLITE_MISMATCH)
        status = error_set(err, STATUS_CORRUPT, "schema: %s is not as a fresh database has it", name != NULL ? name : "?");
    else if (code != SQLITE_DONE)
        status = database_error(handle, code, "schema", err);
out:
    (void)sqlite3_finalize(fresh);
    (void)sqlite3_finalize(found);
    (void)sqlite3_close(model);
    return status;
}
