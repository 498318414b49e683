/*
 * engine.h - the risk engine: a state machine with no I/O, no clock and no threads.
 *
 * The shell (src/app/shell.c) turns whatever happens into a struct event, calls engine_step() and carries out the struct update.
 * The same events in the same order always give the same updates: scenarios, simulation and replay rest on that.
 */
#ifndef CORE_ENGINE_H
#define CORE_ENGINE_H

#include "base/error.h"
#include "core/config.h"
#include "core/event.h"
#include "core/rule.h"
#include "core/update.h"

struct engine;

#define ENGINE_BACK_MAX SPAN_SECONDS(2) /* As much as a trusted clock follows without being asked (app/clock.h). */

/**
 * Create the engine for all configured accounts.  All memory it will ever use is taken here.
 *
 * It starts blind: nothing is enforced on what it does not know, until EVENT_SNAPSHOT tells what the broker holds (R-ALL-11).
 *
 * @config       Borrowed until replaced by EVENT_CONFIG.  The accounts may not change by a reload (CF-07).
 * @rules        NULL-terminated table in rule-number order; rules_table of rules/rules.c in production.  Borrowed.
 * @ret_engine   Set on success only; free with engine_free().
 *
 * STATUS_LIMIT: more accounts, rules or memory than core/limits.h allows or the system gives.
 */
MUST_USE enum status engine_new(const struct config *config, const struct rule *const *rules, struct engine **ret_engine,
    struct error *err);

/** Free.  Does nothing on NULL. */
void engine_free(struct engine *engine);

/**
 * Feed one event; collect everything that must now be done.  Cannot fail: bad input is an event like any other.
 *
 * @event    Not kept.  Is its time before the previous event's, time stands still; by more than ENGINE_BACK_MAX, it is a clock that
 *           was ahead and has been corrected: the engine goes back with it, and what it would have done later it does now.
 * @update   Overwritten; its arrays are the engine's, valid until the next call.
 */
void engine_step(struct engine *engine, const struct event *event, struct update *update);

/** When EVENT_CLOCK is due, or INSTANT_NEVER. */
struct instant engine_deadline(const struct engine *engine);

/* ---- What screens, the feed's snapshot and tests may look at.  Borrowed until the next step. ---- */

struct account_status {
    int64_t account_id;
    char name[NAME_MAX_LENGTH];
    struct day_totals day;
    int64_t open_micros;
    int32_t unpriced;
    bool locked;            /* Any account-scope entry, cooldowns too. */
    bool proven_flat;
    bool enforcing;         /* A goal is not proven yet. */
    bool uncontrollable;
    enum answer can_trade;
};

int32_t engine_accounts_count(const struct engine *engine);
bool engine_account(const struct engine *engine, int64_t account_id, struct account_status *ret_status);
bool engine_account_at(const struct engine *engine, int32_t index, struct account_status *ret_status);
bool engine_is_locked(const struct engine *engine, int64_t account_id, const char *root);
/** Call @visit for each position with size != 0 / each order that may execute / each of today's trades, oldest first. */
void engine_each_position(const struct engine *engine, int64_t account_id,
    void (*visit)(void *context, const struct position *position), void *context);
void engine_each_order(const struct engine *engine, int64_t account_id,
    void (*visit)(void *context, const struct order *order), void *context);
void engine_each_trade(const struct engine *engine, int64_t account_id,
    void (*visit)(void *context, const struct trade *trade, const struct contract *contract), void *context);
void engine_each_lockout(const struct engine *engine, int64_t account_id,
    void (*visit)(void *context, const struct lockout *lockout), void *context);
/** Last gauge of a rule (index in the table). */
struct gauge {
    int64_t observed, limit;
    enum unit unit;
    int32_t level; /* 0, 1 yellow, 2 red. */
};
bool engine_gauge(const struct engine *engine, int64_t account_id, int32_t rule_index, struct gauge *ret_gauge);
/** Metadata and quote of a contract, or NULL. */
const struct contract *engine_contract(const struct engine *engine, const char *contract_id);

#endif /* CORE_ENGINE_H */
