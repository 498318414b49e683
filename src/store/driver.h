/*
 * driver.h - the seam inside store/: what sqlite.c and memory.c have in common.
 *
 * Private to this folder.
 */
#ifndef STORE_DRIVER_H
#define STORE_DRIVER_H

#include "store/rows.h"
#include "store/store.h"

/* Longer than any window of a rule, and what ledger.c keeps (the running day and one before). */
#define STORE_TRADES_KEPT SPAN_SECONDS(3 * 86400)

/* What a restore lends out, and the marks the next ids come from. */
struct remembered {
    struct rows lockouts, trades, positions, goals, contracts;
    uint64_t last_command, last_incident;
    struct instant saved_at;
};

struct store_driver {
    /* Fill store->remembered. */
    enum status (*load)(struct store *store, struct instant now, struct error *err);
    /* As store_write(); entries are all above last_ticket. */
    enum status (*write)(struct store *store, const struct store_batch *batch, struct error *err);
    enum status (*prune)(struct store *store, struct instant now, const struct store_retention *retention, bool *ret_more,
        struct error *err);
    void (*close)(struct store *store);
};

struct store {
    const struct store_driver *driver;
    uint64_t last_ticket;
    struct remembered remembered;
    struct store_report report;
};

enum status sqlite_open(const struct store_options *options, struct store **ret_store, struct error *err);
enum status memory_open(struct store **ret_store, struct error *err);

void remembered_init(struct remembered *remembered);
void remembered_fini(struct remembered *remembered);
/** Raise the marks by what a record tells: ids used, a daemon alive. */
void remembered_mark(struct remembered *remembered, const struct record *record);
/** Trades by (time, id), the order the engine wants. */
void remembered_sort_trades(struct remembered *remembered);

/* Rules both implementations follow. */

/** Flat, no ceiling, no rule remembers anything: not worth a row. */
bool remembered_position_is_empty(const struct position_restored *position);
/** What a request and its answer say of the goal they serve: 1 a close may take effect, 0 it certainly will not, -1 nothing. */
int remembered_close_unresolved(const struct record *record);

/** By how much a reduction being sent makes the position smaller, signed like the position; 0: it is none. */
int32_t remembered_reduction(const struct record *record);

#endif /* STORE_DRIVER_H */
