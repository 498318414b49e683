/*
 * store.h - what the daemon promises to remember (S-9 to S-12).
 *
 * The engine's records go in, a struct restore comes out.  Two implementations behind one seam: an SQLite file (sqlite.c) and plain memory
 * (memory.c), chosen by the path.  A store is used by one thread at a time; in riskd that is writer.c's, after store_load().
 *
 * Each record has a ticket: a number that rises for ever in this store and is committed together with it, so a record that comes
 * twice (spill file, retry after an unclear failure) is written once.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/error.h"
#include "core/update.h"

#include <stdbool.h>
#include <stdint.h>

#define STORE_IN_MEMORY ":memory-impl"
#define STORE_SPILL_SUFFIX ".spill" /* Added to the path: where a full writer puts records, and store_open() looks for them. */
#define CONFIG_HASH_MAX 72   /* SHA-256 in hex, NUL-terminated. */
#define STORE_REPORT_MAX 1024

struct store;

struct store_options {
    const char *path;          /* Database file, or STORE_IN_MEMORY. Its directory is made (0700) if there is none. */
    const char *version;       /* Of the program, for the history of migrations; NULL: "". */
    struct instant now;        /* Dates migrations and names what is set aside. */
    int32_t busy_timeout_ms;   /* Wait for another program's lock; 0: 2000 (MG-07). */
    bool extra;                /* synchronous=EXTRA: the directory is synced too. */
    bool read_only;            /* For looking only: no lock, no migration, no repair; the file must be there. */
};

/* What had to be done to the data so that the daemon can run.  Anything counted here wants an alarm (S-12, SC-03, FV-10). */
struct store_report {
    bool created;              /* No alarm by itself: a first start. */
    bool set_aside;            /* The file was corrupt and now bears another name. */
    int32_t migrated_from;     /* Version found, 0: none had to be migrated. */
    uint32_t lockouts_rescued; /* From the corrupt file or the newest backup. */
    uint32_t spilled_replayed; /* Records a dead process had spilled and that are in the database now. */
    uint32_t lockouts_bad;     /* Kept as locked (FV-10). */
    uint32_t rows_dropped;     /* Bad rows of mirrors; the broker refills them. */
    char text[STORE_REPORT_MAX]; /* One sentence for each of these; "" if there is nothing to say. */
};

/* A record on its way. */
struct store_entry {
    uint64_t ticket;
    char config_hash[CONFIG_HASH_MAX]; /* Of the configuration in force (CF-04). */
    struct record record;
};

struct store_batch {
    const struct store_entry *entries; /* By rising ticket.  Those not above store_last_ticket() are skipped. */
    uint32_t count;
    struct instant beat;               /* The daemon is alive at; INSTANT_NONE: as the records say. */
};

/* How long history stays (S-10, MG-10); the rest of it has fixed times, see prune.c. */
struct store_retention {
    int32_t trades_days; /* At least 3. */
    int32_t log_days;    /* Enforcement log and ended lockouts. */
};

/**
 * For a process that is to run for months: the database's page cache is taken whole now and not page by page.  Before any store is opened;
 * later, or without memory, nothing happens.
 */
void store_reserve_memory(void);

/**
 * Open or create.  Takes the lock of the database (CC-06), creates, migrates or, if it is corrupt, sets it aside and begins anew with the
 * lockouts that can be rescued; then writes what a dead process left in the spill file.
 *
 * @ret_store  Set on success only; close with store_close().
 *
 * STATUS_REFUSED: another process has it.  STATUS_CONFIG: it is newer than this program, or open to others.
 * STATUS_INTERNAL, STATUS_RETRY: it cannot be opened or made.
 */
MUST_USE enum status store_open(const struct store_options *options, struct store **ret_store, struct error *err);

/** Close and give the lock back.  Does nothing on NULL. */
void store_close(struct store *store);

/** What opening and loading met.  Borrowed from the store. */
const struct store_report *store_report(const struct store *store);

/**
 * Read what the engine needs to go on: lockouts that have not ended by record, trades of the last three days, mirrored positions,
 * goals not proven, contracts.
 *
 * The next ids are above all used ones, also of commands that left no record, and of a database that was lost: never below the time in
 * milliseconds (commands) or seconds (incidents), because a customTag must be unique at the broker for ever (ID-03).
 *
 * @now          Of the start.
 * @ret_restore  Its arrays are the store's, valid until the next store_load() or store_close().
 *
 * STATUS_LIMIT: no memory.  Others: the database cannot be read; *ret_restore is untouched.
 */
MUST_USE enum status store_load(struct store *store, struct instant now, struct restore *ret_restore, struct error *err);

/**
 * Write all of a batch, or nothing.  On OK it is durable (synchronous=FULL).
 * STATUS_RETRY: locked, full or an I/O error; the same batch may succeed later.  STATUS_CORRUPT: the file is damaged.
 */
MUST_USE enum status store_write(struct store *store, const struct store_batch *batch, struct error *err);

/** Write records at once under tickets of their own: for tools and tests that have no writer. */
MUST_USE enum status store_save(struct store *store, const struct record *records, uint32_t count, struct error *err);

/** Delete some rows that are older than they need be; @ret_more: call again.  Errors as store_write(). */
MUST_USE enum status store_prune(struct store *store, struct instant now, const struct store_retention *retention, bool *ret_more,
    struct error *err);

/** Highest ticket that is durable; 0: none yet. */
uint64_t store_last_ticket(const struct store *store);

#endif /* STORE_STORE_H */
