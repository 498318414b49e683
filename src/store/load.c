/*
 * load.c - rows into what the engine goes on with.
 *
 * Rows are checked like anything from outside (FV-10).  A mirror's bad row is deleted, since the broker refills it.  A bad lockout is kept as
 * locked: flat, until the next daily reset or an admin ends it; its row is mended to say so.
 */
#include "store/database.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

/* Reads columns one after the other and remembers whether all of them were sound. */
struct reader {
    sqlite3_stmt *statement;
    int next;
    bool sound;
};

static int64_t
read_int(struct reader *reader, int64_t least, int64_t most)
{
    int column = reader->next++;
    int64_t value = sqlite3_column_int64(reader->statement, column);

    if (sqlite3_column_type(reader->statement, column) != SQLITE_INTEGER || value < least || value > most) {
        reader->sound = false;
        return value < least ? least : value > most ? most : value;
    }
    return value;
}

static int32_t
read_int32(struct reader *reader)
{
    return (int32_t)read_int(reader, INT32_MIN, INT32_MAX);
}

static bool
read_bool(struct reader *reader)
{
    return read_int(reader, 0, 1) != 0;
}

static bool
read_text(struct reader *reader, char *out, size_t out_size)
{
    int column = reader->next++;
    const char *text = (const char *)sqlite3_column_text(reader->statement, column);
    size_t length = (size_t)sqlite3_column_bytes(reader->statement, column);
    bool sound = text != NULL && memchr(text, 0, length) == NULL && text_copy_bytes(out, out_size, text, length);

    reader->sound = reader->sound && sound;
    return sound;
}

static struct instant
read_instant(struct reader *reader)
{
    return (struct instant){ read_int(reader, 0, INT64_MAX) };
}

/* An id of the broker or of ours: never 0 or less. */
static int64_t
read_id(struct reader *reader)
{
    return read_int(reader, 1, INT64_MAX);
}

static struct lockout
read_lockout(struct reader *r, bool *ret_root_is_sound)
{
    struct lockout lockout = { 0 };

    lockout.account_id = read_int(r, INT64_MIN, INT64_MAX);
    lockout.rule = read_int32(r);
    *ret_root_is_sound = read_text(r, lockout.root, sizeof lockout.root);
    r->sound = r->sound && lockout.account_id > 0 && lockout.rule > 0;
    lockout.kind = (enum lock_kind)read_int(r, LOCK_FLAT, LOCK_BLOCK);
    lockout.end = (enum lock_end)read_int(r, LOCK_UNTIL_TIME, LOCK_UNTIL_ADMIN);
    lockout.since = read_instant(r);
    lockout.until = (struct instant){ read_int(r, 1, INT64_MAX) };
    lockout.duration = (struct span){ read_int(r, 0, INT64_MAX) };
    lockout.incident = (uint64_t)read_int(r, 0, INT64_MAX);
    (void)read_text(r, lockout.why, sizeof lockout.why);
    if (lockout.end == LOCK_UNTIL_TIME && instant_is_never(lockout.until))
        r->sound = false; /* It could never end: not what anybody set. */
    return lockout;
}

/* FV-10.  A scope that cannot be read is the whole account: the dangerous reading (P6). */
static void
make_locked(struct lockout *lockout, bool root_is_sound)
{
    if (!root_is_sound)
        lockout->root[0] = 0;
    lockout->kind = LOCK_FLAT;
    lockout->end = LOCK_UNTIL_RESET;
    lockout->until = INSTANT_NEVER;
    lockout->duration = SPAN_ZERO;
    (void)text_copy(lockout->why, sizeof lockout->why,
        "The stored lockout could not be read. Locked until the next daily reset or an admin unlocks.");
}

enum status
load_lockouts(sqlite3 *handle, struct rows *lockouts, struct rows *ended, uint32_t *ret_bad, struct error *err)
{
    static const char sql[] = "SELECT account_id, rule, root, kind, end_kind, since_ns, until_ns, duration_ns, incident, why, "
        "ended_ns IS NOT NULL FROM lockouts ORDER BY since_ns, account_id, rule, root";
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(handle, sql, -1, &statement, NULL);
    enum status status = OK;

    while (code == SQLITE_OK && status == OK && sqlite3_step(statement) == SQLITE_ROW) {
        struct reader r = { statement, 0, true };
        bool root_is_sound;
        struct lockout lockout = read_lockout(&r, &root_is_sound);
        bool is_over = sqlite3_column_int(statement, r.next) != 0;
        struct rows *to = is_over ? ended : lockouts;
        struct lockout *row = to != NULL ? rows_add(to) : NULL;
        if (to == NULL)
            continue;
        if (!r.sound && !is_over) {
            make_locked(&lockout, root_is_sound);
            (*ret_bad)++;
        }
        if (row == NULL)
            status = error_set(err, STATUS_LIMIT, "lockouts: no memory");
        else
            *row = lockout;
    }
    if (status == OK && (code != SQLITE_OK || (code = sqlite3_reset(statement)) != SQLITE_OK))
        status = database_error(handle, code, "lockouts", err);
    (void)sqlite3_finalize(statement);
    return status;
}

static bool
read_trade(struct reader *r, void *out)
{
    struct trade_restored *trade = out;
    struct trade_row *row = &trade->row;

    row->id = read_id(r);
    row->account_id = read_id(r);
    row->order_id = read_int(r, INT64_MIN, INT64_MAX);
    (void)read_text(r, row->contract.text, sizeof row->contract.text);
    row->at = read_instant(r);
    row->price_nanos = read_int(r, INT64_MIN, INT64_MAX);
    row->side = read_int32(r);
    row->size = read_int32(r);
    row->has_pnl = read_bool(r);
    row->pnl_micros = read_int(r, INT64_MIN, INT64_MAX);
    row->fees_micros = read_int(r, INT64_MIN, INT64_MAX);
    row->commissions_micros = read_int(r, INT64_MIN, INT64_MAX);
    row->voided = read_bool(r);
    trade->judged = read_bool(r);
    return r->sound;
}

static bool
read_position(struct reader *r, void *out)
{
    struct position_restored *position = out;
    struct position_row *row = &position->row;

    row->account_id = read_id(r);
    (void)read_text(r, row->contract.text, sizeof row->contract.text);
    row->id = read_int(r, INT64_MIN, INT64_MAX);
    row->size = read_int32(r);
    row->average_price_nanos = read_int(r, INT64_MIN, INT64_MAX);
    row->created_at = read_instant(r);
    position->ceiling_long = (int32_t)read_int(r, 0, INT32_MAX);
    position->ceiling_short = (int32_t)read_int(r, 0, INT32_MAX);
    const void *memory = sqlite3_column_blob(r->statement, r->next);
    if (memory == NULL || sqlite3_column_bytes(r->statement, r->next) != sizeof position->memory)
        return false;
    memcpy(position->memory, memory, sizeof position->memory);
    return r->sound;
}

static bool
read_goal(struct reader *r, void *out)
{
    struct goal_row *goal = out;

    goal->account_id = read_id(r);
    (void)read_text(r, goal->contract.text, sizeof goal->contract.text);
    goal->incident = (uint64_t)read_int(r, 0, INT64_MAX);
    goal->rule = read_int32(r);
    goal->size = (int32_t)read_int(r, 0, INT32_MAX);
    goal->flatten = read_bool(r);
    goal->close_unresolved = read_bool(r);
    goal->since = read_instant(r);
    goal->sent_at = read_instant(r);
    goal->reduced_from = read_int32(r);
    return r->sound && goal->reduced_from != INT32_MIN;
}

static bool
read_contract(struct reader *r, void *out)
{
    struct contract_row *contract = out;

    (void)read_text(r, contract->id.text, sizeof contract->id.text);
    (void)read_text(r, contract->name, sizeof contract->name);
    contract->tick_size_nanos = read_int(r, 0, INT64_MAX);
    contract->tick_value_micros = read_int(r, 0, INT64_MAX);
    contract->active = read_bool(r);
    return r->sound && contract->id.text[0] != 0;
}

/* One mirrored table: how to select it, how to read a row, how to delete a bad one by the first columns of the SELECT. */
static const struct mirror {
    const char *name, *select, *drop;
    bool by_time;      /* ?1 is the oldest instant wanted. */
    int key_columns;
    bool (*read)(struct reader *reader, void *out);
    size_t rows;       /* Offset in struct remembered. */
} mirrors[] = {
    { "trades", "SELECT id, account_id, order_id, contract, at_ns, price_nanos, side, size, has_pnl, pnl_micros, fees_micros, "
        "commissions_micros, voided, judged FROM trades WHERE at_ns >= ?1",
        "DELETE FROM trades WHERE id = ? AND account_id = ?", true, 2, read_trade, offsetof(struct remembered, trades) },
    { "positions", "SELECT account_id, contract, id, size, average_price_nanos, created_ns, ceiling_long, ceiling_short, memory "
        "FROM positions ORDER BY account_id, contract",
        "DELETE FROM positions WHERE account_id = ? AND contract = ?", false, 2, read_position,
        offsetof(struct remembered, positions) },
    { "intents", "SELECT account_id, contract, incident, rule, size, flatten, close_unresolved, since_ns, sent_ns, reduced_from FROM intents "
        "WHERE proven_ns IS NULL ORDER BY since_ns, account_id, contract",
        "DELETE FROM intents WHERE account_id = ? AND contract = ?", false, 2, read_goal, offsetof(struct remembered, goals) },
    { "contract_cache", "SELECT id, name, tick_size_nanos, tick_value_micros, active FROM contract_cache ORDER BY id",
        "DELETE FROM contract_cache WHERE id = ?", false, 1, read_contract, offsetof(struct remembered, contracts) },
};

static void
drop_row(struct database *database, const struct mirror *mirror, sqlite3_stmt *bad)
{
    sqlite3_stmt *statement = NULL;

    database->store.report.rows_dropped++;
    if (database->read_only || sqlite3_prepare_v2(database->handle, mirror->drop, -1, &statement, NULL) != SQLITE_OK)
        return;
    for (int i = 0; i < mirror->key_columns; i++)
        (void)sqlite3_bind_value(statement, i + 1, sqlite3_column_value(bad, i));
    (void)sqlite3_step(statement); /* Should it fail, the row is met again at the next start. */
    (void)sqlite3_finalize(statement);
}

static enum status
load_mirror(struct database *database, const struct mirror *mirror, struct instant oldest, struct error *err)
{
    struct rows *rows = (struct rows *)(void *)((unsigned char *)&database->store.remembered + mirror->rows);
    uint32_t dropped_before = database->store.report.rows_dropped;
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database->handle, mirror->select, -1, &statement, NULL);
    enum status status = OK;

    rows_clear(rows);
    if (code == SQLITE_OK && mirror->by_time)
        code = sqlite3_bind_int64(statement, 1, oldest.ns);
    while (code == SQLITE_OK && status == OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct reader r = { statement, 0, true };
        void *row = rows_add(rows);
        code = SQLITE_OK;
        if (row == NULL) {
            status = error_set(err, STATUS_LIMIT, "%s: no memory", mirror->name);
        } else if (!mirror->read(&r, row)) {
            rows_remove(rows, rows->count - 1);
            drop_row(database, mirror, statement);
        }
    }
    if (status == OK && code != SQLITE_DONE)
        status = database_error(database->handle, code, mirror->name, err);
    (void)sqlite3_finalize(statement);
    if (database->store.report.rows_dropped > dropped_before)
        database_report(database, "%" PRIu32 " bad rows of %s were dropped; the broker is asked again.",
            database->store.report.rows_dropped - dropped_before, mirror->name);
    return status;
}

/* The row of a bad lockout again, in words that can be read and under the key its end will name. */
static enum status
mend_lockout(sqlite3 *handle, const struct lockout *lockout)
{
    static const char *const sql[] = {
        "DELETE FROM lockouts WHERE account_id = ?1 AND rule = ?2 AND ended_ns IS NULL AND "
        "(root = ?3 OR length(CAST(root AS BLOB)) >= ?4 OR instr(root, char(0)) > 0)",
        "INSERT OR REPLACE INTO lockouts VALUES (?1, ?2, ?3, ?5, ?6, ?7, ?8, 0, ?9, ?10, '', NULL)",
    };
    int code = SQLITE_DONE;

    for (int i = 0; i < 2 && code == SQLITE_DONE; i++) {
        sqlite3_stmt *statement = NULL;
        code = sqlite3_prepare_v2(handle, sql[i], -1, &statement, NULL);
        if (code != SQLITE_OK)
            break;
        struct binder b = binder_on(statement);
        binder_int(&b, lockout->account_id);
        binder_int(&b, lockout->rule);
        binder_text(&b, lockout->root);
        if (i == 0) {
            binder_int(&b, ROOT_MAX);
        } else {
            b.next = 5;
            binder_int(&b, lockout->kind);
            binder_int(&b, lockout->end);
            binder_int(&b, lockout->since.ns);
            binder_int(&b, lockout->until.ns);
            binder_int(&b, (int64_t)lockout->incident);
            binder_text(&b, lockout->why);
        }
        code = sqlite3_step(statement);
        (void)sqlite3_finalize(statement);
    }
    return code == SQLITE_DONE ? OK : STATUS_RETRY;
}

/* Should mending fail, the lockouts stand all the same and are met again at the next start. */
static void
mend_lockouts(struct database *database)
{
    const struct rows *lockouts = &database->store.remembered.lockouts;

    database_report(database, "%" PRIu32 " stored lockouts could not be read and stand as locked until the next daily reset or an "
        "admin unlocks.", database->store.report.lockouts_bad);
    if (database->read_only || database_run(database->handle, "BEGIN IMMEDIATE", NULL) != OK)
        return;
    enum status status = OK;
    for (uint32_t i = 0; i < lockouts->count && status == OK; i++) {
        const struct lockout *lockout = rows_at(lockouts, i);
        if (lockout->end == LOCK_UNTIL_RESET && instant_is_never(lockout->until))
            status = mend_lockout(database->handle, lockout);
    }
    (void)sqlite3_exec(database->handle, status == OK ? "COMMIT" : "ROLLBACK", NULL, NULL, NULL);
}

enum status
load_remembered(struct database *database, struct instant now, struct error *err)
{
    struct remembered *remembered = &database->store.remembered;
    struct store_report *report = &database->store.report;
    uint32_t bad = 0;

    rows_clear(&remembered->lockouts);
    enum status status = load_lockouts(database->handle, &remembered->lockouts, NULL, &bad, err);
    for (size_t i = 0; status == OK && i < sizeof mirrors / sizeof mirrors[0]; i++)
        status = load_mirror(database, &mirrors[i], instant_sub(now, STORE_TRADES_KEPT), err);
    if (status == OK && bad > 0) {
        report->lockouts_bad += bad;
        mend_lockouts(database);
    }
    return status;
}

enum status
load_state(struct database *database, struct error *err)
{
    static const char sql[] = "SELECT last_ticket, last_command, last_incident, saved_ns, log_id, log_hash FROM store_state WHERE id = 1";
    struct remembered *remembered = &database->store.remembered;
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);
    enum status status = OK;

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        struct reader r = { statement, 0, true };
        database->store.last_ticket = (uint64_t)read_int(&r, 0, INT64_MAX);
        remembered->last_command = (uint64_t)read_int(&r, 0, INT64_MAX);
        remembered->last_incident = (uint64_t)read_int(&r, 0, INT64_MAX);
        remembered->saved_at = read_instant(&r);
        database->chain.id = read_int(&r, 0, INT64_MAX);
        if (sqlite3_column_bytes(statement, r.next) == SHA256_SIZE)
            memcpy(database->chain.hash, sqlite3_column_blob(statement, r.next), SHA256_SIZE);
        else
            r.sound = false;
        if (!r.sound)
            status = error_set(err, STATUS_CORRUPT, "store_state: not as it was written");
    } else {
        status = code == SQLITE_DONE ? error_set(err, STATUS_CORRUPT, "store_state: its row is missing") :
            database_error(database->handle, code, "store_state", err);
    }
    (void)sqlite3_finalize(statement);
    return status;
}
