/*
 * history.c - reads sessions with their figures.
 */
#include "store/history.h"

#include "store/database.h"

static struct day_totals
read_day(sqlite3_stmt *statement)
{
    return (struct day_totals){
        .date = sqlite3_column_int(statement, 1),
        .starts_at = { sqlite3_column_int64(statement, 2) },
        .ends_at = { sqlite3_column_int64(statement, 3) },
        .gross_micros = sqlite3_column_int64(statement, 4),
        .fees_micros = sqlite3_column_int64(statement, 5),
        .trades = sqlite3_column_int(statement, 6),
        .round_turns = sqlite3_column_int(statement, 7),
        .open_low_micros = sqlite3_column_int64(statement, 8),
        .open_high_micros = sqlite3_column_int64(statement, 9),
        .realized_low_micros = sqlite3_column_int64(statement, 10),
        .realized_high_micros = sqlite3_column_int64(statement, 11),
    };
}

enum status
history_each_day(struct store *store, int64_t account_id, uint32_t count,
    void (*visit)(void *context, int64_t account_id, const struct day_totals *day), void *context, struct error *err)
{
    static const char sql[] = "SELECT account_id, date, starts_ns, ends_ns, gross_micros, fees_micros, trades, round_turns, "
        "open_low_micros, open_high_micros, realized_low_micros, realized_high_micros FROM sessions "
        "JOIN daily_pnl USING (account_id, date) JOIN daily_extremes USING (account_id, date) "
        "WHERE ?1 = 0 OR account_id = ?1 ORDER BY date DESC, account_id LIMIT ?2";
    struct database *database = database_of(store);
    sqlite3_stmt *statement = NULL;
    int code;

    if (database == NULL)
        return OK;
    code = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        struct binder b = binder_on(statement);
        binder_int(&b, account_id);
        binder_int(&b, count);
        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
            struct day_totals day = read_day(statement);
            visit(context, sqlite3_column_int64(statement, 0), &day);
        }
    }
    enum status status = code == SQLITE_DONE ? OK : database_error(database->handle, code, "history", err);
    (void)sqlite3_finalize(statement);
    return status;
}
