/*
 * audit.c - enforcement_log: one row per record that tells what was done (R-ALL-14, EN-03), each chained to the one before (S-11).
 *
 *     hash(n) = SHA-256( hash(n-1) || canonical text of row n ),   hash(0) = 32 zero bytes
 *
 * The canonical text is every column but the hash in table order: "i<decimal>;" for a number, "t<bytes>:<text>;" for a text.  Lengths are
 * in it so that no two rows share a text.  Ids have no gaps.  store_state keeps the last id and hash, so a cut end shows, and those of the
 * last row pruned, where a check begins.
 *
 * What it cannot do: whoever can write the file can also compute a whole new chain.  Against that the head can be written down
 * elsewhere (audit_verify's @expected_head), and the file belongs to the daemon alone (S-20).
 */
#include "store/audit.h"

#include "base/assert.h"
#include "base/text.h"
#include "store/database.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The columns, once, for insertion, reading and hashing. */
static const struct column {
    const char *name;
    bool is_text;
    size_t offset;
} columns[] = {
#define NUMBER(column, field) { column, false, offsetof(struct audit_row, field) }
#define TEXT(column, field) { column, true, offsetof(struct audit_row, field) }
    NUMBER("id", id), NUMBER("at_ns", at_ns), TEXT("kind", kind), NUMBER("account_id", account_id), NUMBER("rule", rule),
    NUMBER("incident", incident), TEXT("scope", scope), NUMBER("action", action), NUMBER("unit", unit),
    NUMBER("observed", observed), NUMBER("limit_value", limit), TEXT("reason", reason), NUMBER("size", size),
    NUMBER("command", command), TEXT("command_kind", command_kind), NUMBER("order_id", order_id),
    NUMBER("price_nanos", price_nanos), TEXT("result", result), TEXT("error", error), NUMBER("http_status", http_status),
    NUMBER("code", code), NUMBER("took_ns", took_ns), NUMBER("until_ns", until_ns), TEXT("detail", detail),
    TEXT("config_hash", config_hash),
#undef NUMBER
#undef TEXT
};

#define HASH_COLUMN ((int)COUNT_OF(columns))
#define SQL_MAX 1024

static int64_t *
number_of(struct audit_row *row, const struct column *column)
{
    return (int64_t *)(void *)((unsigned char *)row + column->offset);
}

static const char **
text_of(struct audit_row *row, const struct column *column)
{
    return (const char **)(void *)((unsigned char *)row + column->offset);
}

bool
audit_column(const struct audit_row *row, size_t index, struct audit_column *ret_column)
{
    if (index > COUNT_OF(columns))
        return false;
    if (index == COUNT_OF(columns)) {
        *ret_column = (struct audit_column){ .name = "hash", .text = row->hash };
        return true;
    }
    const unsigned char *field = (const unsigned char *)row + columns[index].offset;
    *ret_column = (struct audit_column){ .name = columns[index].name };
    if (columns[index].is_text)
        memcpy(&ret_column->text, field, sizeof ret_column->text);
    else
        memcpy(&ret_column->number, field, sizeof ret_column->number);
    return true;
}

static void
hash_row(struct audit_row *row, const uint8_t previous[SHA256_SIZE], uint8_t ret_hash[SHA256_SIZE])
{
    struct sha256 sha;
    char number[32];

    sha256_init(&sha);
    sha256_add(&sha, previous, SHA256_SIZE);
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        if (columns[i].is_text) {
            const char *text = *text_of(row, &columns[i]);
            size_t length = strlen(text);
            int head = snprintf(number, sizeof number, "t%zu:", length);
            sha256_add(&sha, number, (size_t)head);
            sha256_add(&sha, text, length);
            sha256_add(&sha, ";", 1);
        } else {
            int length = snprintf(number, sizeof number, "i%" PRId64 ";", *number_of(row, &columns[i]));
            sha256_add(&sha, number, (size_t)length);
        }
    }
    sha256_end(&sha, ret_hash);
}

bool
audit_wants(enum record_kind kind)
{
    switch (kind) {
    case RECORD_BREACH:
    case RECORD_LOCKOUT_SET:
    case RECORD_LOCKOUT_END:
    case RECORD_GOAL_SET:
    case RECORD_SENT:
    case RECORD_ANSWERED:
    case RECORD_GOAL_PROVEN:
    case RECORD_ALARM:
    case RECORD_ADMIN:
    case RECORD_MODE:
    case RECORD_SERVICE:
        return true;
    case RECORD_TRADE:
    case RECORD_POSITION:
    case RECORD_ORDER:
    case RECORD_CONTRACT:
    case RECORD_DAY:
        break;
    }
    return false;
}

static void
describe_lockout(struct audit_row *row, const struct lockout *lockout)
{
    static const char *const kinds[] = { "flat", "entries", "block" };

    row->rule = lockout->rule;
    row->scope = lockout->root;
    row->reason = lockout->why;
    row->until_ns = lockout->until.ns;
    row->took_ns = lockout->duration.ns;
    row->detail = (unsigned)lockout->kind < COUNT_OF(kinds) ? kinds[lockout->kind] : "unknown";
}

static void
describe_request(struct audit_row *row, const struct record *record)
{
    const struct command *command = &record->u.request.command;
    const struct answer_event *answer = &record->u.request.answer;

    row->scope = command->contract.text;
    row->size = command->size;
    row->command = (int64_t)command->id;
    row->command_kind = command_kind_name(command->kind);
    row->order_id = command->order_id;
    row->price_nanos = command->price_nanos;
    row->detail = command->kind != COMMAND_PLACE_STOP ? "" : command->side == SIDE_BUY ? "buy" : "sell";
    if (record->kind == RECORD_SENT)
        return;
    row->order_id = answer->order_id != 0 ? answer->order_id : row->order_id;
    row->result = outcome_name(answer->outcome);
    row->error = answer->text;
    row->http_status = answer->http_status;
    row->code = answer->code;
}

static void
describe_goal(struct audit_row *row, const struct goal_row *goal)
{
    row->rule = goal->rule;
    row->scope = goal->contract.text;
    row->size = goal->size;
    row->detail = goal->flatten ? "flatten" : "";
}

static void
describe(struct audit_row *row, const struct record *record)
{
    switch (record->kind) {
    case RECORD_BREACH:
        row->action = record->u.breach.action;
        row->unit = record->u.breach.unit;
        row->observed = record->u.breach.observed;
        row->limit = record->u.breach.limit;
        row->reason = record->u.breach.why;
        break;
    case RECORD_LOCKOUT_SET:
    case RECORD_LOCKOUT_END:
        describe_lockout(row, &record->u.lockout);
        break;
    case RECORD_GOAL_SET:
        describe_goal(row, &record->u.goal);
        break;
    case RECORD_SENT:
    case RECORD_ANSWERED:
        describe_request(row, record);
        break;
    case RECORD_GOAL_PROVEN:
        describe_goal(row, &record->u.proven.goal);
        row->took_ns = record->u.proven.took.ns;
        row->result = "proven";
        break;
    case RECORD_ALARM:
        row->reason = record->u.alarm.text;
        row->detail = record->u.alarm.level >= 2 ? "critical" : "warn";
        break;
    case RECORD_ADMIN:
        row->rule = record->u.admin.rule;
        row->scope = record->u.admin.root;
        row->reason = record->u.admin.reason;
        row->detail = record->u.admin.kind == ADMIN_UNLOCK ? "unlock" : "flatten";
        break;
    case RECORD_MODE:
        row->result = mode_name(record->u.mode.mode);
        row->reason = record->u.mode.reason;
        row->detail = record->u.mode.user_live ? (record->u.mode.market_live ? "both hubs live" : "market hub down") :
            (record->u.mode.market_live ? "user hub down" : "both hubs down");
        break;
    case RECORD_SERVICE:
        row->reason = record->u.service.text;
        row->detail = record->u.service.what;
        break;
    case RECORD_TRADE:
    case RECORD_POSITION:
    case RECORD_ORDER:
    case RECORD_CONTRACT:
    case RECORD_DAY:
        break;
    }
}

enum status
audit_prepare(sqlite3 *handle, sqlite3_stmt **ret_statement, struct error *err)
{
    char sql[SQL_MAX];
    struct text text = text_on(sql, sizeof sql);

    text_add(&text, "INSERT INTO enforcement_log VALUES (");
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        text_add(&text, "?, ");
    text_add(&text, "?)");
    int code = sqlite3_prepare_v3(handle, sql, -1, SQLITE_PREPARE_PERSISTENT, ret_statement, NULL);
    return code == SQLITE_OK ? OK : database_error(handle, code, "enforcement log", err);
}

enum status
audit_append(struct database *database, sqlite3_stmt *insert, const struct store_entry *entry, struct error *err)
{
    struct binder b = binder_on(insert);
    struct audit_row row = { .kind = record_kind_name(entry->record.kind), .at_ns = entry->record.at.ns,
        .account_id = entry->record.account_id, .rule = entry->record.rule, .incident = (int64_t)entry->record.incident,
        .scope = "", .reason = "", .command_kind = "", .result = "", .error = "", .detail = "",
        .config_hash = entry->config_hash };

    row.id = database->chain.id + 1;
    describe(&row, &entry->record);
    hash_row(&row, database->chain.hash, database->chain.hash);
    database->chain.id = row.id;
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        if (columns[i].is_text)
            binder_text(&b, *text_of(&row, &columns[i]));
        else
            binder_int(&b, *number_of(&row, &columns[i]));
    }
    binder_blob(&b, database->chain.hash, SHA256_SIZE);
    return database_finish(database, insert, "enforcement log", err);
}

static enum status
prepare_read(sqlite3 *handle, const char *rest, sqlite3_stmt **ret_statement, struct error *err)
{
    char sql[SQL_MAX];
    struct text text = text_on(sql, sizeof sql);

    text_add(&text, "SELECT ");
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        text_addf(&text, "%s, ", columns[i].name);
    text_addf(&text, "hash FROM enforcement_log %s", rest);
    ASSERT(!text.truncated);
    int code = sqlite3_prepare_v2(handle, sql, -1, ret_statement, NULL);
    return code == SQLITE_OK ? OK : database_error(handle, code, "enforcement log", err);
}

/* False: a text holds a NUL, which none of ours does, so what follows it would escape the hash. */
static bool
read_row(sqlite3_stmt *statement, struct audit_row *row)
{
    bool whole = true;

    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        if (columns[i].is_text) {
            const char *text = (const char *)sqlite3_column_text(statement, (int)i);
            *text_of(row, &columns[i]) = text != NULL ? text : "";
            whole = whole && text != NULL && strlen(text) == (size_t)sqlite3_column_bytes(statement, (int)i);
        } else {
            *number_of(row, &columns[i]) = sqlite3_column_int64(statement, (int)i);
        }
    }
    row->hash[0] = '\0';
    if (sqlite3_column_bytes(statement, HASH_COLUMN) == SHA256_SIZE)
        sha256_hex(sqlite3_column_blob(statement, HASH_COLUMN), row->hash);
    return whole;
}

static bool
hash_is(sqlite3_stmt *statement, int column, const uint8_t expected[SHA256_SIZE])
{
    const void *hash = sqlite3_column_blob(statement, column);

    return hash != NULL && sqlite3_column_bytes(statement, column) == SHA256_SIZE &&
        memcmp(hash, expected, SHA256_SIZE) == 0;
}

/* Where the check begins and where it has to end. */
struct anchors {
    struct chain pruned, last;
};

static enum status
read_anchors(sqlite3 *handle, struct anchors *ret, struct error *err)
{
    static const char sql[] = "SELECT pruned_id, pruned_hash, log_id, log_hash FROM store_state WHERE id = 1";
    struct chain *const chains[2] = { &ret->pruned, &ret->last };
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(handle, sql, -1, &statement, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        for (int i = 0; i < 2; i++) {
            chains[i]->id = sqlite3_column_int64(statement, 2 * i);
            if (sqlite3_column_bytes(statement, 2 * i + 1) == SHA256_SIZE)
                memcpy(chains[i]->hash, sqlite3_column_blob(statement, 2 * i + 1), SHA256_SIZE);
        }
    }
    enum status status = code == SQLITE_ROW ? OK : database_error(handle, code, "enforcement log", err);
    (void)sqlite3_finalize(statement);
    return status;
}

static void
complain(struct audit_report *report, int64_t id, const char *what)
{
    report->intact = false;
    report->bad_id = id;
    (void)snprintf(report->text, sizeof report->text, "enforcement log: row %" PRId64 " %s", id, what);
}

/* One row of the walk; false ends it. */
static bool
check_row(sqlite3_stmt *statement, struct chain *chain, struct audit_report *report)
{
    struct audit_row row = { 0 };
    bool whole = read_row(statement, &row);

    if (row.id != chain->id + 1) {
        complain(report, chain->id + 1, "is missing or not in its place");
        return false;
    }
    hash_row(&row, chain->hash, chain->hash);
    chain->id = row.id;
    if (!whole || !hash_is(statement, HASH_COLUMN, chain->hash)) {
        complain(report, row.id, "is not as it was written");
        return false;
    }
    report->first_id = report->first_id == 0 ? row.id : report->first_id;
    report->last_id = row.id;
    report->rows++;
    return true;
}

static enum status
walk(sqlite3 *handle, const struct anchors *anchors, const char *expected_head, struct audit_report *report, struct error *err)
{
    struct chain chain = anchors->pruned;
    sqlite3_stmt *statement = NULL;
    enum status status = prepare_read(handle, "ORDER BY id", &statement, err);
    int code = SQLITE_DONE;

    if (status != OK)
        return status;
    sha256_hex(chain.hash, report->head);
    bool met = expected_head == NULL || strcmp(report->head, expected_head) == 0;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW && check_row(statement, &chain, report)) {
        sha256_hex(chain.hash, report->head);
        met = met || strcmp(report->head, expected_head) == 0;
    }
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        status = database_error(handle, code, "enforcement log", err);
    else if (code == SQLITE_DONE && (chain.id != anchors->last.id || memcmp(chain.hash, anchors->last.hash, SHA256_SIZE) != 0))
        complain(report, chain.id + 1, "and what follows was cut off");
    else if (code == SQLITE_DONE && !met)
        complain(report, chain.id, "does not lead to the head that was written down");
    (void)sqlite3_finalize(statement);
    return status;
}

enum status
audit_verify(struct store *store, const char *expected_head, struct audit_report *ret_report, struct error *err)
{
    struct database *database = database_of(store);
    struct anchors anchors = { 0 };

    *ret_report = (struct audit_report){ .intact = true };
    if (database == NULL) {
        (void)text_copy(ret_report->text, sizeof ret_report->text, "enforcement log: none, the store is in memory");
        return OK;
    }
    /* One transaction, so that rows and anchors are of one moment. */
    enum status status = database_run(database->handle, "BEGIN", err);
    if (status != OK)
        return status;
    status = read_anchors(database->handle, &anchors, err);
    if (status == OK)
        status = walk(database->handle, &anchors, expected_head, ret_report, err);
    (void)sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
    ret_report->intact = ret_report->intact && status == OK;
    if (ret_report->intact)
        (void)snprintf(ret_report->text, sizeof ret_report->text, "enforcement log: %" PRId64 " rows, intact", ret_report->rows);
    return status;
}

/* @sql's ?1 is @account_id (0: all) and ?2 is @bound. */
static enum status
visit_rows(struct store *store, const char *sql, int64_t account_id, int64_t bound,
    void (*visit)(void *context, const struct audit_row *row), void *context, struct error *err)
{
    struct database *database = database_of(store);
    sqlite3_stmt *statement = NULL;
    struct audit_row row = { 0 };
    int code;

    if (database == NULL)
        return OK;
    enum status status = prepare_read(database->handle, sql, &statement, err);
    if (status != OK)
        return status;
    struct binder b = binder_on(statement);
    binder_int(&b, account_id);
    binder_int(&b, bound);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        (void)read_row(statement, &row);
        visit(context, &row);
    }
    if (code != SQLITE_DONE)
        status = database_error(database->handle, code, "enforcement log", err);
    (void)sqlite3_finalize(statement);
    return status;
}

enum status
audit_each(struct store *store, int64_t account_id, uint32_t count,
    void (*visit)(void *context, const struct audit_row *row), void *context, struct error *err)
{
    return visit_rows(store, account_id == 0 ? "WHERE ?1 = 0 ORDER BY id DESC LIMIT ?2" :
        "WHERE account_id = ?1 ORDER BY at_ns DESC, id DESC LIMIT ?2", account_id, count, visit, context, err);
}

enum status
audit_export(struct store *store, int64_t account_id, struct instant since,
    void (*visit)(void *context, const struct audit_row *row), void *context, struct error *err)
{
    return visit_rows(store, "WHERE (?1 = 0 OR account_id = ?1) AND at_ns >= ?2 ORDER BY id", account_id, since.ns, visit,
        context, err);
}

bool
audit_head(struct store *store, int64_t *ret_id, char ret_hash[SHA256_HEX_MAX])
{
    struct database *database = database_of(store);

    if (database == NULL)
        return false;
    *ret_id = database->chain.id;
    sha256_hex(database->chain.hash, ret_hash);
    return true;
}
