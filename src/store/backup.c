/*
 * backup.c - online backups; names sort by time.
 */
#include "store/backup.h"

#include "base/text.h"
#include "os/path.h"
#include "store/database.h"
#include "store/rescue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define PAGES_AT_A_TIME 256 /* 1 MB, then the writer has its turn. */
#define PAUSE_MS 5
#define LISTED_MAX 256

static const char small_cache[] = "PRAGMA cache_size = " DATABASE_CACHE_PAGES; /* SQLite's own is ten times that, and stays resident. */

static enum status
copy_pages(sqlite3 *from, sqlite3 *to, struct error *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    int code;

    if (backup == NULL)
        return database_error(to, sqlite3_errcode(to), "backup", err);
    while ((code = sqlite3_backup_step(backup, PAGES_AT_A_TIME)) == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED)
        (void)sqlite3_sleep(PAUSE_MS);
    (void)sqlite3_backup_finish(backup);
    return code == SQLITE_DONE ? OK : database_error(NULL, code, "backup", err);
}

static enum status
copy(const char *path, const char *unfinished, struct error *err)
{
    sqlite3 *from = NULL, *to = NULL;
    enum status status = os_make_private_file(unfinished, err);
    int code = SQLITE_OK;

    if (status != OK)
        return status;
    if ((code = sqlite3_open_v2(path, &from, SQLITE_OPEN_READWRITE, NULL)) != SQLITE_OK)
        status = database_error(from, code, path, err);
    else if ((code = sqlite3_open_v2(unfinished, &to, SQLITE_OPEN_READWRITE, NULL)) != SQLITE_OK)
        status = database_error(to, code, unfinished, err);
    if (status == OK)
        status = database_run(from, small_cache, err);
    if (status == OK)
        status = database_run(to, small_cache, err);
    if (status == OK)
        status = copy_pages(from, to, err);
    if (status == OK) /* A copy stands alone: no log beside it. */
        status = database_run(to, "PRAGMA journal_mode = DELETE", err);
    if (status == OK)
        status = database_check(to, false, err);
    (void)sqlite3_close(from);
    (void)sqlite3_close(to);
    return status;
}

enum status
backup_copy(const char *path, const char *copy_path, struct error *err)
{
    char unfinished[DATABASE_PATH_MAX + 16];

    (void)snprintf(unfinished, sizeof unfinished, "%s.unfinished", copy_path);
    (void)remove(unfinished); /* Of a process that died. */
    enum status status = copy(path, unfinished, err);
    if (status == OK)
        status = os_rename_durably(unfinished, copy_path, err);
    if (status != OK) {
        (void)remove(unfinished);
        return error_prefix(err, "backup %s", copy_path);
    }
    return OK;
}

/* Backups beside @path, oldest first; at most LISTED_MAX are seen. */
struct listing {
    char directory[DATABASE_PATH_MAX];
    char *names[LISTED_MAX];
    int count;
};

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
list(const char *path, struct listing *listing)
{
    const char *base = path_name(path);
    char prefix[DATABASE_PATH_MAX];
    uv_fs_t request;
    uv_dirent_t entry;

    (void)snprintf(prefix, sizeof prefix, "%s.backup-", base);
    (void)text_copy_bytes(listing->directory, sizeof listing->directory, base != path ? path : "./",
        base != path ? (size_t)(base - path) : 2);
    if (uv_fs_scandir(NULL, &request, listing->directory, 0, NULL) >= 0) {
        while (listing->count < LISTED_MAX && uv_fs_scandir_next(&request, &entry) != UV_EOF) {
            bool wanted = text_starts(entry.name, prefix) && strlen(entry.name) < strlen(prefix) + RESCUE_STAMP_MAX &&
                strchr(entry.name + strlen(prefix), '.') == NULL && strchr(entry.name + strlen(prefix), '-') == NULL;
            char *name = wanted ? malloc(strlen(entry.name) + 1) : NULL;
            if (name != NULL)
                listing->names[listing->count++] = strcpy(name, entry.name);
        }
    }
    uv_fs_req_cleanup(&request);
    qsort(listing->names, (size_t)listing->count, sizeof listing->names[0], by_name);
}

static void
listing_fini(struct listing *listing)
{
    for (int i = 0; i < listing->count; i++)
        free(listing->names[i]);
}

bool
backup_newest(const char *path, char *out, size_t out_size)
{
    struct listing listing = { .count = 0 };

    list(path, &listing);
    bool found = listing.count > 0;
    if (found)
        (void)snprintf(out, out_size, "%s%s", listing.directory, listing.names[listing.count - 1]);
    listing_fini(&listing);
    return found;
}

static void
remove_old(const char *path, int keep)
{
    struct listing listing = { .count = 0 };
    char victim[2 * DATABASE_PATH_MAX];

    list(path, &listing);
    for (int i = 0; i < listing.count - keep; i++) {
        (void)snprintf(victim, sizeof victim, "%s%s", listing.directory, listing.names[i]);
        (void)remove(victim); /* A file that will not go is met again next time. */
    }
    listing_fini(&listing);
}

enum status
backup_make(const char *path, struct instant now, int keep, struct error *err)
{
    char copy_path[DATABASE_PATH_MAX], stamp[RESCUE_STAMP_MAX];

    rescue_stamp(now, stamp);
    (void)snprintf(copy_path, sizeof copy_path, "%s.backup-%s", path, stamp);
    enum status status = backup_copy(path, copy_path, err);
    if (status == OK)
        remove_old(path, keep);
    return status;
}
