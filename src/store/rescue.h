/*
 * rescue.h - when the database is damaged: what can still be had.
 *
 * Private to this folder.
 */
#ifndef STORE_RESCUE_H
#define STORE_RESCUE_H

#include "store/database.h"

#define RESCUE_STAMP_MAX 24

/** "20261121T082231Z", for names of files. */
void rescue_stamp(struct instant at, char out[RESCUE_STAMP_MAX]);

/**
 * Give the damaged file (with its -wal) another name, "<path>.corrupt-<stamp>"; @database->handle must be closed.
 * @ret_aside: the new name.
 */
MUST_USE enum status rescue_set_aside(struct database *database, struct instant now, char ret_aside[DATABASE_PATH_MAX],
    struct error *err);

/**
 * Put into the new database the lockouts of the damaged file as far as it can be read, and of the newest backup those
 * the damaged file says nothing of (SC-03).  A lockout that had ended since the backup may come back: rather that than one escaped.
 * Never fails: what cannot be had is reported.
 */
void rescue_lockouts(struct database *database, const char *aside, struct instant now);

#endif /* STORE_RESCUE_H */
