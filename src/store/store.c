/*
 * store.c - the store's front: picks the implementation and does what is the same in both.
 */
#include "store/store.h"

#include "base/assert.h"
#include "store/database.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_MS 1000000
#define NS_PER_SECOND 1000000000

void
store_reserve_memory(void)
{
    database_reserve_memory();
}

enum status
store_open(const struct store_options *options, struct store **ret_store, struct error *err)
{
    if (strcmp(options->path, STORE_IN_MEMORY) == 0)
        return memory_open(ret_store, err);
    return sqlite_open(options, ret_store, err);
}

void
store_close(struct store *store)
{
    if (store != NULL)
        store->driver->close(store);
}

const struct store_report *
store_report(const struct store *store)
{
    return &store->report;
}

uint64_t
store_last_ticket(const struct store *store)
{
    return store->last_ticket;
}

/* Above what is known to be used, and above what a clock allows to have been used without a trace (ID-03). */
static uint64_t
next_id(uint64_t last, struct instant now, int64_t ns_per_id)
{
    uint64_t floor = now.ns > 0 ? (uint64_t)(now.ns / ns_per_id) : 0;

    return (last > floor ? last : floor) + 1;
}

enum status
store_load(struct store *store, struct instant now, struct restore *ret_restore, struct error *err)
{
    enum status status = store->driver->load(store, now, err);
    const struct remembered *r = &store->remembered;

    if (status != OK)
        return error_prefix(err, "store");
    remembered_sort_trades(&store->remembered);
    struct instant latest = instant_max(now, r->saved_at);
    *ret_restore = (struct restore){
        .next_command_id = next_id(r->last_command, latest, NS_PER_MS),
        .next_incident = next_id(r->last_incident, latest, NS_PER_SECOND),
        .saved_at = r->saved_at,
        .lockouts = r->lockouts.items,
        .lockouts_count = r->lockouts.count,
        .trades = r->trades.items,
        .trades_count = r->trades.count,
        .positions = r->positions.items,
        .positions_count = r->positions.count,
        .goals = r->goals.items,
        .goals_count = r->goals.count,
        .contracts = r->contracts.items,
        .contracts_count = r->contracts.count,
    };
    return OK;
}

enum status
store_write(struct store *store, const struct store_batch *batch, struct error *err)
{
    struct store_batch fresh = *batch;

    while (fresh.count > 0 && fresh.entries->ticket <= store->last_ticket) {
        fresh.entries++;
        fresh.count--;
    }
    for (uint32_t i = 1; i < fresh.count; i++)
        ASSERT(fresh.entries[i - 1].ticket < fresh.entries[i].ticket);
    enum status status = store->driver->write(store, &fresh, err);
    if (status == OK && fresh.count > 0)
        store->last_ticket = fresh.entries[fresh.count - 1].ticket;
    return status;
}

enum status
store_save(struct store *store, const struct record *records, uint32_t count, struct error *err)
{
    struct store_entry *entries = calloc(count > 0 ? count : 1, sizeof *entries);

    if (entries == NULL)
        return error_set(err, STATUS_LIMIT, "store: no memory");
    for (uint32_t i = 0; i < count; i++) {
        entries[i].ticket = store->last_ticket + 1 + i;
        entries[i].record = records[i];
    }
    enum status status = store_write(store, &(struct store_batch){ .entries = entries, .count = count }, err);
    free(entries);
    return status;
}

enum status
store_prune(struct store *store, struct instant now, const struct store_retention *retention, bool *ret_more, struct error *err)
{
    return store->driver->prune(store, now, retention, ret_more, err);
}
