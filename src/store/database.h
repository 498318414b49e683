/*
 * database.h - the SQLite side of the store, shared by sqlite.c, save.c, load.c, audit.c and rescue.c.
 *
 * Private to this folder.
 */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include "os/os.h"
#include "store/binder.h"
#include "store/driver.h"
#include "store/sha256.h"

#include <sqlite3.h>

#define DATABASE_PATH_MAX 1024
#define DATABASE_STATEMENTS_MAX 24
#define DATABASE_PAGE_BYTES 4096     /* SQLite's, as files are made. */
#define DATABASE_PAGES 80            /* Reserved: the cache of the daemon's one connection and some for a backup's. */
#define DATABASE_CACHE_PAGES "64"    /* Of each connection: the ends of all tables and indices; the system's own cache has the rest. */

/* Where the chain of the enforcement log stands (audit.c). */
struct chain {
    int64_t id;                  /* Of the last row; 0: none. */
    uint8_t hash[SHA256_SIZE];
};

struct database {
    struct store store;          /* First: a struct store * is a struct database *. */
    sqlite3 *handle;
    struct os_lock *lock;        /* NULL when read-only. */
    sqlite3_stmt *statements[DATABASE_STATEMENTS_MAX]; /* save.c's and audit.c's, prepared once. */
    struct chain chain;
    int32_t busy_timeout_ms;
    bool extra;                  /* synchronous=EXTRA. */
    bool read_only;
    bool unchanging;             /* Read-only, and nobody can write it. */
    char path[DATABASE_PATH_MAX];
};

/** NULL if the store is of another kind. */
struct database *database_of(struct store *store);

/** What a result code means to the caller of the store, with SQLite's words.  @what: the work it was, for the text. */
enum status database_error(sqlite3 *handle, int code, const char *what, struct error *err);

/** Add a sentence to the report. */
void database_report(struct database *database, const char *format, ...) PRINTF_LIKE(2, 3);

/** Run statements without results. */
MUST_USE enum status database_run(sqlite3 *handle, const char *sql, struct error *err);
/** First column of the first row, which must be there. */
MUST_USE enum status database_ask(sqlite3 *handle, const char *sql, int64_t *ret_value, struct error *err);
/** Bytes SQLite has of the heap: schema, statements, and what the reserved pages had no room for. */
int64_t database_memory_bytes(void);
/** store_reserve_memory()'s part. */
void database_reserve_memory(void);

/** PRAGMA quick_check, or integrity_check: STATUS_CORRUPT with its first complaint. */
MUST_USE enum status database_check(sqlite3 *handle, bool whole, struct error *err);

/** Step a statement that returns nothing, and make it ready for the next time. */
MUST_USE enum status database_finish(struct database *database, sqlite3_stmt *statement, const char *what, struct error *err);

/* ---- save.c ---- */
MUST_USE enum status save_prepare(struct database *database, struct error *err);
/** One record into its rows, inside the transaction of the caller. */
MUST_USE enum status save_record(struct database *database, const struct store_entry *entry, struct error *err);
/** Marks, ticket and chain: the last thing in a transaction. */
MUST_USE enum status save_state(struct database *database, uint64_t ticket, struct instant saved_at, struct error *err);

/* ---- load.c ---- */
MUST_USE enum status load_state(struct database *database, struct error *err);
MUST_USE enum status load_remembered(struct database *database, struct instant now, struct error *err);
/** Lockouts of any database of ours that can still be read; rows are added to @lockouts, those ended to @ended if not NULL. */
MUST_USE enum status load_lockouts(sqlite3 *handle, struct rows *lockouts, struct rows *ended, uint32_t *ret_bad,
    struct error *err);

/* ---- audit.c ---- */
/** Is this kind of record a row of the enforcement log? */
bool audit_wants(enum record_kind kind);
MUST_USE enum status audit_prepare(sqlite3 *handle, sqlite3_stmt **ret_statement, struct error *err);
MUST_USE enum status audit_append(struct database *database, sqlite3_stmt *insert, const struct store_entry *entry,
    struct error *err);

/* ---- prune.c ---- */
/** As store_prune(). */
MUST_USE enum status prune_step(struct database *database, struct instant now, const struct store_retention *retention,
    bool *ret_more, struct error *err);

#endif /* STORE_DATABASE_H */
