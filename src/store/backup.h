/*
 * backup.h - copies of the database made while it is in use (S-10, MG-03, MG-06).
 *
 * A backup is a whole database file beside the original, "<path>.backup-<stamp>"; `cp` of a live file would lose what is still in its log.
 */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "base/error.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * Copy @path to @copy with SQLite's online backup and check the copy; it gets its name only when it is whole.  Runs beside the writer, on
 * any thread; takes as long as the disk needs.
 */
MUST_USE enum status backup_copy(const char *path, const char *copy, struct error *err);

/** A backup named after @now; of all those beside @path the newest @keep stay, the others are removed. */
MUST_USE enum status backup_make(const char *path, struct instant now, int keep, struct error *err);

/** Name of the newest backup beside @path; false if there is none. */
bool backup_newest(const char *path, char *out, size_t out_size);

#endif /* STORE_BACKUP_H */
