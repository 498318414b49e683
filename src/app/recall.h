/*
 * recall.h - what an earlier daemon left: the database, or what can be had without one (S-9, S-12).
 */
#ifndef APP_RECALL_H
#define APP_RECALL_H

#include "app/guard.h"

/* Zeroed is closed. */
struct recall {
    struct store *store;    /* The writer's, once there is one. */
    struct store *readable; /* Of a database that can only be read: lends what it knows until recall_forget().  NULL: none. */
    bool in_memory;         /* Nothing new survives a restart. */
};

/**
 * Open the database of guard->config, or go on from memory, loudly, with what the file still tells.  @ret_restore borrows from @recall.
 * STATUS_REFUSED, STATUS_CONFIG: as store_open(); these end a start.
 */
MUST_USE enum status recall_open(struct recall *recall, struct guard *guard, struct restore *ret_restore, struct error *err);

/** Tell log, ledger and people how the store was found; guard->writer is there. */
void recall_tell(const struct recall *recall, struct guard *guard, const struct restore *restore);

/** The engine knows it now. */
void recall_forget(struct recall *recall);

#endif /* APP_RECALL_H */
