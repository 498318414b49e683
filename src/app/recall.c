/*
 * recall.c - what an earlier daemon left.
 */
#include "app/recall.h"

#include "app/ledger.h"
#include "app/version.h"

#include <inttypes.h>
#include <stdio.h>

/* Without a disk the daemon protects from memory: a start that fails would disarm (SC-03). */
static enum status
go_on_from_memory(struct recall *recall, struct guard *guard, struct restore *ret_restore, struct error *err)
{
    struct store_options options = { .path = guard->config->daemon.db.path, .now = guard_now(guard), .read_only = true };
    struct error why = *err;
    bool known = store_open(&options, &recall->readable, err) == OK && store_load(recall->readable, options.now, ret_restore, err) == OK;

    recall->in_memory = true;
    guard_alarm(guard, 2, "store: %.120s: going on from memory; earlier lockouts are %s, nothing new survives a restart", why.text,
        known ? "in force" : "not known");
    options.path = STORE_IN_MEMORY;
    options.read_only = false;
    enum status status = store_open(&options, &recall->store, err);
    return status == OK && !known ? store_load(recall->store, options.now, ret_restore, err) : status;
}

enum status
recall_open(struct recall *recall, struct guard *guard, struct restore *ret_restore, struct error *err)
{
    const struct daemon_settings *settings = &guard->config->daemon;
    const struct store_options options = { .path = settings->db.path, .version = APP_VERSION, .now = guard_now(guard),
        .busy_timeout_ms = (int32_t)settings->db.busy_timeout_ms, .extra = settings->db.synchronous == SYNCHRONOUS_EXTRA };
    enum status status = store_open(&options, &recall->store, err);

    if (status == OK)
        status = store_load(recall->store, options.now, ret_restore, err);
    if (status != STATUS_RETRY && status != STATUS_INTERNAL)
        return status;
    store_close(recall->store);
    recall->store = NULL;
    return go_on_from_memory(recall, guard, ret_restore, err);
}

void
recall_tell(const struct recall *recall, struct guard *guard, const struct restore *restore)
{
    const struct store_report *report = store_report(recall->store);
    char hash[CONFIG_HASH_MAX];

    if (report->text[0] != '\0') {
        log_say(guard->log, LOG_LEVEL_WARN, "store", "%s", report->text); /* Whole; an alarm is cut. */
        guard_alarm(guard, report->set_aside || report->lockouts_bad > 0 ? 2 : 1, "store: %.200s", report->text);
    }
    log_say(guard->log, LOG_LEVEL_INFO, "start", "remembered: %" PRIu32 " lockouts, %" PRIu32 " trades, %" PRIu32 " goals",
        restore->lockouts_count, restore->trades_count, restore->goals_count);
    for (uint32_t i = 0; i < restore->trades_count; i++)
        chronicle_trade(guard->overview.chronicle, &restore->trades[i].row);
    (void)snprintf(hash, sizeof hash, "%016" PRIx64, guard->config->config.hash);
    uint32_t held = ledger_start(guard->writer, guard_now(guard), restore, hash);
    if (held > 0)
        guard_alarm(guard, 2, "%" PRIu32 " positions were held while the daemon was off", held);
}

void
recall_forget(struct recall *recall)
{
    store_close(recall->readable);
    recall->readable = NULL;
}
