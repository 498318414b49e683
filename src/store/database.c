/*
 * database.c - what every file that speaks SQL needs: errors with a meaning, single statements, checks.
 */
#include "store/database.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By what the caller can do: a full disk, a lock or an I/O error may pass, a damaged file will not. */
static enum status
status_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return STATUS_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT:
        return STATUS_RETRY;
    default:
        return STATUS_INTERNAL;
    }
}

int64_t
database_memory_bytes(void)
{
    return sqlite3_memory_used();
}

void
database_reserve_memory(void)
{
    int header = 0;

    if (sqlite3_config(SQLITE_CONFIG_PCACHE_HDRSZ, &header) != SQLITE_OK)
        return;
    size_t page = (size_t)(DATABASE_PAGE_BYTES + header + 7) / 8 * 8;
    void *pages = malloc(page * DATABASE_PAGES);
    if (pages == NULL)
        return;
    memory_touch(pages, page * DATABASE_PAGES);
    if (sqlite3_config(SQLITE_CONFIG_PAGECACHE, pages, (int)page, DATABASE_PAGES) != SQLITE_OK)
        free(pages); /* Too late: a database has been opened before. */
}

enum status
database_error(sqlite3 *handle, int code, const char *what, struct error *err)
{
    const char *words = handle != NULL ? sqlite3_errmsg(handle) : sqlite3_errstr(code);

    return error_set(err, status_of(code), "%s: %s (SQLite code %d)", what, words, handle != NULL ?
        sqlite3_extended_errcode(handle) : code);
}

void
database_report(struct database *database, const char *format, ...)
{
    struct store_report *report = &database->store.report;
    size_t used = strlen(report->text);
    va_list args;

    if (used > 0 && used + 1 < sizeof report->text) {
        report->text[used++] = ' ';
        report->text[used] = 0;
    }
    va_start(args, format);
    (void)vsnprintf(report->text + used, sizeof report->text - used, format, args);
    va_end(args);
}

enum status
database_run(sqlite3 *handle, const char *sql, struct error *err)
{
    int code = sqlite3_exec(handle, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? OK : database_error(handle, code, sql, err);
}

enum status
database_ask(sqlite3 *handle, const char *sql, int64_t *ret_value, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(handle, sql, -1, &statement, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *ret_value = sqlite3_column_int64(statement, 0);
    enum status status = code == SQLITE_ROW ? OK : database_error(handle, code, sql, err);
    (void)sqlite3_finalize(statement);
    return status;
}

enum status
database_check(sqlite3 *handle, bool whole, struct error *err)
{
    const char *sql = whole ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)";
    sqlite3_stmt *statement = NULL;
    enum status status = OK;
    int code = sqlite3_prepare_v2(handle, sql, -1, &statement, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code != SQLITE_ROW) {
        status = database_error(handle, code, "check", err);
    } else {
        const char *verdict = (const char *)sqlite3_column_text(statement, 0);
        if (verdict == NULL || strcmp(verdict, "ok") != 0)
            status = error_set(err, STATUS_CORRUPT, "check: %s", verdict != NULL ? verdict : "no answer");
    }
    (void)sqlite3_finalize(statement);
    return status;
}

enum status
database_finish(struct database *database, sqlite3_stmt *statement, const char *what, struct error *err)
{
    int code = sqlite3_step(statement);
    enum status status = code == SQLITE_DONE ? OK : database_error(database->handle, code, what, err);

    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
    return status;
}
