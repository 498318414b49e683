/*
 * spill.h - the append-only file records go to when the writer's queue is full.
 *
 * Not durable by itself (nothing is claimed from it), but it outlives a killed process: store_open() writes its records into the database.
 * One thread may append while another reads, as long as the reader stays below what the appender has reported.
 */
#ifndef STORE_SPILL_H
#define STORE_SPILL_H

#include "store/store.h"

#include <uv.h>

struct spill {
    uv_file file;          /* -1: not open. */
    int64_t end;           /* Where the next entry goes. */
    int64_t start;         /* First entry not read yet. */
};

void spill_init(struct spill *spill);
/** Open or make the file (0600), empty.  STATUS_RETRY with the reason. */
MUST_USE enum status spill_open(struct spill *spill, const char *path, struct error *err);
MUST_USE enum status spill_append(struct spill *spill, const struct store_entry *entry, struct error *err);
/** Next entry from @spill->start, which moves on; false at the end or at bytes that are no entry. */
bool spill_read(struct spill *spill, struct store_entry *ret_entry);
/** Move @spill->start over entries that are durable elsewhere. */
void spill_skip(struct spill *spill, uint32_t count);
/** Everything in it is durable elsewhere: make it empty. */
void spill_clear(struct spill *spill);
void spill_close(struct spill *spill);

/**
 * Write what a dead process left at @path into @store, then empty it.  No file, or an empty one: OK and 0.
 * STATUS_CORRUPT: not readable by this program (@ret_count were written before); the file is left as it is.
 */
MUST_USE enum status spill_replay(const char *path, struct store *store, uint32_t *ret_count, struct error *err);

#endif /* STORE_SPILL_H */
