/*
 * rescue.c - sets a damaged database aside and brings its lockouts into the new one (S-12, SC-03).
 *
 * Everything else is the broker's and is read from there; only what the trader must not escape from lives nowhere else.
 */
#include "store/rescue.h"

#include "base/text.h"
#include "store/backup.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void
rescue_stamp(struct instant at, char out[RESCUE_STAMP_MAX])
{
    char text[INSTANT_TEXT_MAX];
    size_t used = 0;

    (void)instant_format((struct instant){ at.ns - at.ns % 1000000000 }, text, sizeof text);
    for (const char *c = text; *c != 0 && used + 1 < RESCUE_STAMP_MAX; c++) {
        if (*c != '-' && *c != ':')
            out[used++] = *c;
    }
    out[used] = 0;
}

static enum status
move(const char *path, const char *aside, const char *suffix, struct error *err)
{
    char from[DATABASE_PATH_MAX + 8], to[DATABASE_PATH_MAX + 8];

    (void)snprintf(from, sizeof from, "%s%s", path, suffix);
    (void)snprintf(to, sizeof to, "%s%s", aside, suffix);
    return os_rename_durably(from, to, err);
}

enum status
rescue_set_aside(struct database *database, struct instant now, char ret_aside[DATABASE_PATH_MAX], struct error *err)
{
    char stamp[RESCUE_STAMP_MAX], index[DATABASE_PATH_MAX + 8];
    struct error ignored;

    rescue_stamp(now, stamp);
    int length = snprintf(ret_aside, DATABASE_PATH_MAX, "%s.corrupt-%s", database->path, stamp);
    if (length < 0 || length >= DATABASE_PATH_MAX)
        return error_set(err, STATUS_CONFIG, "%s: path too long", database->path);
    /* The log first: with a new file beside an old log SQLite would mix them. It may not exist. */
    (void)move(database->path, ret_aside, "-wal", &ignored);
    (void)snprintf(index, sizeof index, "%s-shm", database->path);
    (void)remove(index);
    return move(database->path, ret_aside, "", err);
}

static uint32_t
find(const struct rows *rows, const struct lockout *wanted)
{
    uint32_t i = 0;

    for (; i < rows->count; i++) {
        const struct lockout *row = rows_at(rows, i);
        if (row->account_id == wanted->account_id && row->rule == wanted->rule && strcmp(row->root, wanted->root) == 0)
            break;
    }
    return i;
}

/* What a file still says of lockouts; true if it could be read to the end. */
static bool
read_file(const char *path, struct rows *standing, struct rows *ended)
{
    sqlite3 *handle = NULL;
    struct error ignored;
    uint32_t bad = 0;
    int code = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, NULL);
    bool whole = false;

    if (code == SQLITE_OK) {
        /* The file stays as it was found: it may tell somebody what happened. */
        (void)sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        whole = load_lockouts(handle, standing, ended, &bad, &ignored) == OK;
    }
    (void)sqlite3_close(handle);
    return whole;
}

static uint32_t
put_back(struct database *database, const struct rows *lockouts, struct instant now)
{
    struct record record = { .kind = RECORD_LOCKOUT_SET, .at = now };
    struct error err;
    uint32_t saved = 0;

    for (uint32_t i = 0; i < lockouts->count; i++) {
        const struct lockout *lockout = rows_at(lockouts, i);
        record.account_id = lockout->account_id;
        record.rule = lockout->rule;
        record.incident = lockout->incident;
        record.u.lockout = *lockout;
        if (store_save(&database->store, &record, 1, &err) == OK)
            saved++;
        else
            database_report(database, "A lockout of account %" PRId64 " could not be restored: %.120s.", lockout->account_id,
                err.text);
    }
    return saved;
}

void
rescue_lockouts(struct database *database, const char *aside, struct instant now)
{
    struct rows found = { .item_size = sizeof(struct lockout) }, ended = found, old = found;
    char backup[DATABASE_PATH_MAX];

    bool whole = read_file(aside, &found, &ended);
    bool has_backup = backup_newest(database->path, backup, sizeof backup) && read_file(backup, &old, NULL);
    for (uint32_t i = 0; i < old.count; i++) {
        const struct lockout *lockout = rows_at(&old, i);
        if (find(&found, lockout) == found.count && find(&ended, lockout) == ended.count) {
            struct lockout *row = rows_add(&found);
            if (row != NULL)
                *row = *lockout;
        }
    }
    database->store.report.lockouts_rescued = put_back(database, &found, now);
    database_report(database, "%" PRIu32 " lockouts were restored (the damaged file was %s, %s).",
        database->store.report.lockouts_rescued, whole ? "readable for lockouts" : "not readable to its end",
        has_backup ? "a backup was read" : "there was no backup");
    rows_fini(&found);
    rows_fini(&ended);
    rows_fini(&old);
}
