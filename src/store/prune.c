/*
 * prune.c - old rows go, a few at a time (S-10, MG-10).
 *
 * Of the enforcement log only the oldest rows can go, in the order of ids: store_state keeps the id and hash of the last one, where
 * audit_verify() begins.  Sessions and daily figures stay for ever: a few rows a day.
 */
#include "store/database.h"

#include <string.h>

#define ROWS_AT_A_TIME 500
#define ORDERS_KEPT SPAN_SECONDS(7 * 86400) /* MG-10: terminal orders of the mirror, and proven intents. */

static struct instant
days_before(struct instant now, int32_t days)
{
    struct span kept = SPAN_SECONDS((int64_t)days * 86400);

    return instant_sub(now, kept.ns > STORE_TRADES_KEPT.ns ? kept : STORE_TRADES_KEPT); /* What a restart needs stays. */
}

/* Delete at most ROWS_AT_A_TIME rows; @sql has ?1 the oldest instant that stays and ?2 the number of rows. */
static enum status
delete_before(sqlite3 *handle, const char *sql, struct instant oldest, bool *ret_more, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(handle, sql, -1, &statement, NULL);

    if (code == SQLITE_OK) {
        struct binder b = binder_on(statement);
        binder_int(&b, oldest.ns);
        binder_int(&b, ROWS_AT_A_TIME);
        code = sqlite3_step(statement);
    }
    enum status status = code == SQLITE_DONE ? OK : database_error(handle, code, "prune", err);
    if (sqlite3_changes(handle) == ROWS_AT_A_TIME)
        *ret_more = true;
    (void)sqlite3_finalize(statement);
    return status;
}

/* The last row that may go: all before it are as old. */
static enum status
find_log_end(sqlite3 *handle, struct instant oldest, struct chain *ret_last, int *ret_count, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(handle, "SELECT id, at_ns, hash FROM enforcement_log ORDER BY id LIMIT ?", -1, &statement, NULL);
    int count = 0;

    if (code == SQLITE_OK)
        code = sqlite3_bind_int(statement, 1, ROWS_AT_A_TIME);
    while (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int64(statement, 1) < oldest.ns &&
        sqlite3_column_bytes(statement, 2) == SHA256_SIZE) {
        ret_last->id = sqlite3_column_int64(statement, 0);
        memcpy(ret_last->hash, sqlite3_column_blob(statement, 2), SHA256_SIZE);
        count++;
    }
    if (code == SQLITE_OK)
        code = sqlite3_reset(statement);
    (void)sqlite3_finalize(statement);
    *ret_count = count;
    return code == SQLITE_OK ? OK : database_error(handle, code, "prune", err);
}

static enum status
prune_log(sqlite3 *handle, struct instant oldest, bool *ret_more, struct error *err)
{
    static const char *const sql[] = { "UPDATE store_state SET pruned_id = ?1, pruned_hash = ?2 WHERE id = 1",
        "DELETE FROM enforcement_log WHERE id <= ?1" };
    struct chain last = { 0 };
    int count;
    enum status status = find_log_end(handle, oldest, &last, &count, err);

    for (int i = 0; i < 2 && status == OK && count > 0; i++) {
        sqlite3_stmt *statement = NULL;
        int code = sqlite3_prepare_v2(handle, sql[i], -1, &statement, NULL);
        if (code == SQLITE_OK) {
            struct binder b = binder_on(statement);
            binder_int(&b, last.id);
            if (i == 0)
                binder_blob(&b, last.hash, sizeof last.hash);
            code = sqlite3_step(statement);
        }
        if (code != SQLITE_DONE)
            status = database_error(handle, code, "prune", err);
        (void)sqlite3_finalize(statement);
    }
    *ret_more = *ret_more || count == ROWS_AT_A_TIME;
    return status;
}

enum status
prune_step(struct database *database, struct instant now, const struct store_retention *retention, bool *ret_more,
    struct error *err)
{
    sqlite3 *handle = database->handle;
    struct instant log_oldest = days_before(now, retention->log_days);
    struct instant mirror_oldest = instant_sub(now, ORDERS_KEPT);

    *ret_more = false;
    enum status status = database_run(handle, "BEGIN IMMEDIATE", err);
    if (status != OK)
        return status;
    status = delete_before(handle, "DELETE FROM trades WHERE (id, account_id) IN "
        "(SELECT id, account_id FROM trades WHERE at_ns < ?1 LIMIT ?2)", days_before(now, retention->trades_days),
        ret_more, err);
    if (status == OK) /* OL-01: the terminal states; unknown ones may still trade. */
        status = delete_before(handle, "DELETE FROM orders WHERE (id, account_id) IN "
            "(SELECT id, account_id FROM orders WHERE status BETWEEN 2 AND 5 AND seen_ns < ?1 LIMIT ?2)", mirror_oldest,
            ret_more, err);
    if (status == OK)
        status = delete_before(handle, "DELETE FROM intents WHERE (account_id, contract) IN "
            "(SELECT account_id, contract FROM intents WHERE proven_ns < ?1 LIMIT ?2)", mirror_oldest, ret_more, err);
    if (status == OK)
        status = delete_before(handle, "DELETE FROM lockouts WHERE (account_id, rule, root) IN "
            "(SELECT account_id, rule, root FROM lockouts WHERE ended_ns < ?1 LIMIT ?2)", log_oldest, ret_more, err);
    if (status == OK)
        status = prune_log(handle, log_oldest, ret_more, err);
    if (status == OK)
        status = database_run(handle, "COMMIT", err);
    if (status != OK)
        (void)sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
    return status;
}
