/*
 * sqlite.c - the store in an SQLite file: opening it whatever state it is in, and writing batches.
 *
 *     lock -> open -> version -> quick_check -> migrate -> compare schema -> state -> [rescued lockouts] -> spill file
 *                 any of these says "corrupt": set the file aside, once, and begin anew
 *
 * Every commit is synchronous=FULL in WAL mode: when store_write() returns OK the batch survives a power cut (S-9, MG-07).  What makes that
 * cheap is that the writer hands over many records at once.
 */
#include "base/assert.h"
#include "base/text.h"
#include "os/path.h"
#include "store/backup.h"
#include "store/database.h"
#include "store/rescue.h"
#include "store/schema.h"
#include "store/spill.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define BUSY_TIMEOUT_MS 2000 /* MG-07. */

static const struct store_driver driver;

struct database *
database_of(struct store *store)
{
    return store->driver == &driver ? (struct database *)(void *)store : NULL;
}

static void
close_handle(struct database *database)
{
    for (int i = 0; i < DATABASE_STATEMENTS_MAX; i++) {
        (void)sqlite3_finalize(database->statements[i]);
        database->statements[i] = NULL;
    }
    int code = sqlite3_close(database->handle);
    ASSERT(code == SQLITE_OK); /* Else a statement of ours is still open. */
    database->handle = NULL;
}

static enum status
write_batch(struct store *store, const struct store_batch *batch, struct error *err)
{
    struct database *database = database_of(store);
    struct chain chain = database->chain;
    struct remembered *remembered = &store->remembered;
    uint64_t ticket = batch->count > 0 ? batch->entries[batch->count - 1].ticket : store->last_ticket;

    if (database->read_only)
        return error_set(err, STATUS_REFUSED, "%s: opened for reading", database->path);
    enum status status = database_run(database->handle, "BEGIN IMMEDIATE", err);
    if (status != OK)
        return status;
    for (uint32_t i = 0; status == OK && i < batch->count; i++) {
        /* The marks may stay raised when the batch fails: it comes again. */
        remembered_mark(remembered, &batch->entries[i].record);
        status = save_record(database, &batch->entries[i], err);
    }
    remembered->saved_at = instant_max(remembered->saved_at, batch->beat);
    if (status == OK)
        status = save_state(database, ticket, remembered->saved_at, err);
    if (status == OK)
        status = database_run(database->handle, "COMMIT", err);
    if (status != OK) {
        (void)sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
        database->chain = chain;
    }
    return status;
}

static enum status
load(struct store *store, struct instant now, struct error *err)
{
    return load_remembered(database_of(store), now, err);
}

static enum status
prune(struct store *store, struct instant now, const struct store_retention *retention, bool *ret_more, struct error *err)
{
    return prune_step(database_of(store), now, retention, ret_more, err);
}

static void
close_store(struct store *store)
{
    struct database *database = database_of(store);

    close_handle(database);
    os_unlock(database->lock);
    remembered_fini(&store->remembered);
    free(database);
}

static const struct store_driver driver = { .load = load, .write = write_batch, .prune = prune, .close = close_store };

/* The directory, the lock, and a file that is ours alone. */
static enum status
claim(struct database *database, struct error *err)
{
    char path[DATABASE_PATH_MAX + 8];
    const char *name = path_name(database->path);
    enum status status = OK;

    if (name > database->path + 1) {
        (void)text_copy_bytes(path, sizeof path, database->path, (size_t)(name - database->path - 1));
        status = os_make_private_directory(path, err);
    }
    (void)snprintf(path, sizeof path, "%s.lock", database->path);
    if (status == OK && database->lock == NULL) {
        status = os_lock_file(path, &database->lock, err);
        if (status == STATUS_REFUSED)
            return error_prefix(err, "the daemon is running on this database already (S-28)");
    }
    if (status == OK)
        status = os_make_private_file(database->path, err);
    if (status == OK)
        status = os_file_is_private(database->path, err);
    return status;
}

/* "file:PATH?immutable=1": the three characters that mean something there are escaped. */
static void
add_unchanging(struct text *uri, const char *path)
{
    text_add(uri, "file:");
    for (; *path != '\0'; path++) {
        if (strchr("?#%", *path) != NULL)
            text_addf(uri, "%%%02X", (unsigned)(unsigned char)*path);
        else
            text_add_bytes(uri, path, 1);
    }
    text_add(uri, "?immutable=1");
}

static enum status
open_handle(struct database *database, struct error *err)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | (database->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    char bytes[3 * DATABASE_PATH_MAX + 32];
    struct text uri = text_on(bytes, sizeof bytes);

    if (database->unchanging)
        add_unchanging(&uri, database->path);
    else
        text_add(&uri, database->path);
    int code = sqlite3_open_v2(bytes, &database->handle, flags, NULL);

    if (code != SQLITE_OK)
        return database_error(database->handle, code, "open", err);
    (void)sqlite3_extended_result_codes(database->handle, 1);
    (void)sqlite3_busy_timeout(database->handle, database->busy_timeout_ms);
    return database_run(database->handle, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = " DATABASE_CACHE_PAGES, err);
}

/* MG-03: before the tables change, a whole check and a copy under a name that says which version it is. */
static enum status
back_up_before_migration(struct database *database, int32_t version, struct instant now, struct error *err)
{
    char stamp[RESCUE_STAMP_MAX], copy[DATABASE_PATH_MAX + 64];
    enum status status = database_check(database->handle, true, err);

    if (status != OK)
        return status;
    rescue_stamp(now, stamp);
    (void)snprintf(copy, sizeof copy, "%s.version-%d-%s", database->path, version, stamp);
    database->store.report.migrated_from = version;
    database_report(database, "The database was migrated from version %d; a copy of before is %s.", version, copy);
    return backup_copy(database->path, copy, err);
}

static enum status
bring_up_to_date(struct database *database, const struct store_options *options, struct error *err)
{
    const char *program = options->version != NULL ? options->version : "";
    int32_t version;
    enum status status = schema_version(database->handle, &schema_current, &version, err);

    if (status == OK)
        status = database_check(database->handle, false, err);
    if (status != OK)
        return status;
    if (database->read_only)
        return version == schema_current.count ? OK : error_set(err, STATUS_CONFIG, "version %d of the database is older than "
            "this program; the daemon migrates it at its next start", version);
    database->store.report.created = version == 0;
    if (version > 0 && version < schema_current.count)
        status = back_up_before_migration(database, version, options->now, err);
    if (status == OK)
        status = database_run(database->handle, database->extra ? "PRAGMA journal_mode = WAL; PRAGMA synchronous = EXTRA"
                                                               : "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", err);
    if (status == OK)
        status = schema_migrate(database->handle, &schema_current, options->now, program, err);
    return status;
}

static enum status
prepare(struct database *database, const struct store_options *options, struct error *err)
{
    enum status status = database->read_only ? OK : claim(database, err);

    if (status == OK)
        status = open_handle(database, err);
    if (status == OK)
        status = bring_up_to_date(database, options, err);
    if (status == OK)
        status = load_state(database, err);
    if (status == OK && !database->read_only)
        status = save_prepare(database, err);
    return status;
}

/* S-12: never silently, never without the lockouts that can be had. */
static enum status
begin_anew(struct database *database, const struct store_options *options, struct error *err)
{
    char aside[DATABASE_PATH_MAX];
    struct error why = *err;

    close_handle(database);
    enum status status = rescue_set_aside(database, options->now, aside, err);
    if (status != OK)
        return error_prefix(err, "%s", why.text);
    database->store.report.set_aside = true;
    database_report(database, "The database was damaged (%.200s) and is now %s; a new one was begun.", why.text, aside);
    status = prepare(database, options, err);
    if (status == OK)
        rescue_lockouts(database, aside, options->now);
    return status;
}

static void
replay_spill(struct database *database, struct instant now)
{
    char path[DATABASE_PATH_MAX + 8], aside[DATABASE_PATH_MAX + 48], stamp[RESCUE_STAMP_MAX];
    struct error err, ignored;
    uint32_t count;

    (void)snprintf(path, sizeof path, "%s" STORE_SPILL_SUFFIX, database->path);
    if (spill_replay(path, &database->store, &count, &err) != OK) {
        /* Out of the way of the writer, which begins its own with an empty file. */
        rescue_stamp(now, stamp);
        (void)snprintf(aside, sizeof aside, "%s.unread-%s", path, stamp);
        bool kept = os_rename_durably(path, aside, &ignored) == OK;
        database_report(database, "Spilled records could not be written (%.200s); they are kept in %s.", err.text,
            kept ? aside : path);
    }
    database->store.report.spilled_replayed = count;
    if (count > 0)
        database_report(database, "%" PRIu32 " records that had been spilled to a file were written.", count);
}

/*
 * A disk that cannot be written has no room for the index a reader of the WAL mode needs.  Was the file closed in order, so that nothing
 * of it is in a log beside it, then it can be read as one that does not change.
 */
static bool
may_be_unchanging(const struct database *database)
{
    char path[DATABASE_PATH_MAX + 8];
    uv_fs_t request;

    (void)snprintf(path, sizeof path, "%s-wal", database->path);
    bool none = uv_fs_stat(NULL, &request, path, NULL) != 0 || request.statbuf.st_size == 0;
    uv_fs_req_cleanup(&request);
    return database->read_only && none;
}

enum status
sqlite_open(const struct store_options *options, struct store **ret_store, struct error *err)
{
    struct database *database = calloc(1, sizeof *database);
    struct error why = { 0 };

    if (database == NULL)
        return error_set(err, STATUS_LIMIT, "%s: no memory", options->path);
    database->store.driver = &driver;
    database->read_only = options->read_only;
    database->extra = options->extra;
    database->busy_timeout_ms = options->busy_timeout_ms > 0 ? options->busy_timeout_ms : BUSY_TIMEOUT_MS;
    remembered_init(&database->store.remembered);
    enum status status = text_copy(database->path, sizeof database->path, options->path) ? OK :
        error_set(&why, STATUS_CONFIG, "path too long");
    if (status == OK)
        status = prepare(database, options, &why);
    if (status == STATUS_CORRUPT && !database->read_only)
        status = begin_anew(database, options, &why);
    if (status != OK && status != STATUS_CONFIG && may_be_unchanging(database)) {
        close_handle(database);
        database->unchanging = true;
        status = prepare(database, options, &why);
    }
    if (status != OK) {
        close_store(&database->store);
        return error_set(err, status, "%s: %s", options->path, why.text);
    }
    if (!database->read_only)
        replay_spill(database, options->now);
    *ret_store = &database->store;
    return OK;
}
