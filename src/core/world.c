/*
 * world.c - construction of the engine: every byte it will ever use is taken here, and given back here.
 *
 * Also what screens and tests may look at.  Pools are sized for all accounts together; pages never used are never touched.
 */
#include "core/account.h"

#include "base/assert.h"
#include "base/text.h"

#include <stdlib.h>

#define OUTPUTS_FLOOR 4096

static uint32_t
pool_size(uint32_t accounts, uint32_t each, uint32_t floor)
{
    return accounts * each < floor ? floor : accounts * each;
}

/* Short chains at any usual number of trades; a table with room for all of them would touch a page for each. */
static bool
chains_init(struct engine *engine, uint32_t accounts)
{
    uint32_t chains = 8;

    while (chains * accounts < 1024)
        chains *= 2;
    engine->trade_chains = chains;
    engine->trades_by_id = calloc((size_t)chains * accounts, sizeof *engine->trades_by_id);
    engine->trades_by_order = calloc((size_t)chains * accounts, sizeof *engine->trades_by_order);
    return engine->trades_by_id != NULL && engine->trades_by_order != NULL;
}

static bool
pools_init(struct engine *engine)
{
    uint32_t n = (uint32_t)engine->accounts_count;
    uint32_t positions = pool_size(n, POSITIONS_PER_ACCOUNT, POOL_FLOOR), orders = pool_size(n, ORDERS_PER_ACCOUNT, POOL_FLOOR);
    uint32_t trades = pool_size(n, TRADES_PER_ACCOUNT, TRADES_FLOOR);

    return pool_init(&engine->contracts, sizeof(struct contract), CONTRACTS_MAX) &&
        pool_init(&engine->positions, sizeof(struct position), positions) &&
        pool_init(&engine->stops, sizeof(struct stop_request), positions) &&
        pool_init(&engine->orders, sizeof(struct order), orders) && pool_init(&engine->trades, sizeof(struct trade), trades) &&
        pool_init(&engine->targets, sizeof(struct target), positions) &&
        pool_init(&engine->doubts, sizeof(struct doubt), pool_size(n, DOUBTS_PER_ACCOUNT, POOL_FLOOR)) &&
        pool_init(&engine->lockouts, sizeof(struct lock_entry), pool_size(n, LOCKOUTS_PER_ACCOUNT, POOL_FLOOR)) &&
        table_init(&engine->by_id, n) && table_init(&engine->contracts_by_id, CONTRACTS_MAX) &&
        chains_init(engine, n) && table_init(&engine->in_flight, positions + orders);
}

/* What rules know of accounts: rows beside the accounts, as long as there are rules; what a rule remembers in an array of its own. */
static bool
rows_init(struct engine *engine)
{
    size_t accounts = (size_t)engine->accounts_count, rules = (size_t)engine->rules_count;
    bool ok = true;

    engine->wake_at = calloc(accounts * rules, sizeof *engine->wake_at);
    engine->gauges = calloc(accounts * rules, sizeof *engine->gauges);
    for (size_t i = 0; i < rules; i++) {
        size_t size = engine->rules[i]->account_memory_size;
        engine->account_memory[i] = size > 0 ? malloc(accounts * size) : NULL; /* Cleared when first asked for. */
        ok = ok && (size == 0 || engine->account_memory[i] != NULL);
    }
    return ok && engine->wake_at != NULL && engine->gauges != NULL;
}

static bool
outputs_init(struct engine *engine)
{
    uint32_t n = (uint32_t)engine->accounts_count;

    engine->commands_max = OUTPUTS_FLOOR + 8 * n;
    engine->records_max = OUTPUTS_FLOOR + TRADES_FLOOR + 16 * n; /* A snapshot may bring a whole day. */
    engine->notices_max = OUTPUTS_FLOOR + 8 * n;
    engine->commands = calloc(engine->commands_max, sizeof *engine->commands);
    engine->records = calloc(engine->records_max, sizeof *engine->records);
    engine->notices = calloc(engine->notices_max, sizeof *engine->notices);
    engine->accounts = calloc(n, sizeof *engine->accounts);
    engine->heap = calloc(n, sizeof(struct account *));
    return engine->commands != NULL && engine->records != NULL && engine->notices != NULL && engine->accounts != NULL &&
        engine->heap != NULL;
}

static enum status
lay_out_memory(struct engine *engine, struct error *err)
{
    size_t position = 0;

    for (int32_t i = 0; engine->rules[i] != NULL; i++) {
        if (i == RULES_MAX)
            return error_set(err, STATUS_LIMIT, "more than %d rules", RULES_MAX);
        engine->memory_offsets[i] = (uint32_t)position;
        position += engine->rules[i]->memory_size;
        engine->quote_rules |= engine->rules[i]->needs_quotes ? 1u << i : 0;
        for (int kind = 0; kind < EVENT_KINDS; kind++)
            engine->woken_by[kind] |= (engine->rules[i]->wakes_on & EVENT_BIT(kind)) != 0 ? 1u << i : 0;
        engine->rules_count = i + 1;
    }
    if (position > RULE_MEMORY_MAX)
        return error_set(err, STATUS_LIMIT, "the rules' memory (%zu bytes) is more than core/limits.h allows", position);
    return OK;
}

static void
place_accounts(struct engine *engine)
{
    for (int32_t i = 0; i < engine->accounts_count; i++) {
        struct account *account = &engine->accounts[i];
        account->id = engine->config->accounts[i].id;
        account->index = account->heap_index = i;
        account->config = &engine->config->accounts[i];
        account->read_due = account->next_wake = INSTANT_NEVER;
        judge_enable(engine, account);
        account->deadline = INSTANT_NEVER;
        account->wake_at = engine->wake_at + (size_t)i * (size_t)engine->rules_count;
        account->gauges = engine->gauges + (size_t)i * (size_t)engine->rules_count;
        for (int32_t k = 0; k < engine->rules_count; k++)
            account->wake_at[k] = INSTANT_NEVER;
        engine->heap[i] = account;
        (void)table_put(&engine->by_id, (uint64_t)account->id, account);
    }
}

enum status
engine_new(const struct config *config, const struct rule *const *rules, struct engine **ret_engine, struct error *err)
{
    struct engine *engine = calloc(1, sizeof *engine);
    enum status status;

    if (engine == NULL)
        return error_set(err, STATUS_LIMIT, "no memory for the engine");
    engine->config = config;
    engine->rules = rules;
    engine->accounts_count = config->accounts_count;
    engine->next_command = engine->next_incident = engine->next_sequence = 1;
    status = lay_out_memory(engine, err);
    if (status == OK && (config->accounts_count < 1 || config->accounts_count > ACCOUNTS_BOUND || !pools_init(engine) || !rows_init(engine) || !outputs_init(engine)))
        status = error_set(err, STATUS_LIMIT, "no memory for %d accounts", config->accounts_count);
    if (status != OK) {
        engine_free(engine);
        return status;
    }
    place_accounts(engine);
    *ret_engine = engine;
    return OK;
}

void
engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    pool_fini(&engine->contracts);
    pool_fini(&engine->positions);
    pool_fini(&engine->stops);
    pool_fini(&engine->orders);
    pool_fini(&engine->trades);
    pool_fini(&engine->targets);
    pool_fini(&engine->doubts);
    pool_fini(&engine->lockouts);
    table_fini(&engine->by_id);
    table_fini(&engine->contracts_by_id);
    free(engine->trades_by_id);
    free(engine->trades_by_order);
    table_fini(&engine->in_flight);
    free(engine->commands);
    free(engine->records);
    free(engine->notices);
    free(engine->accounts);
    free(engine->wake_at);
    free(engine->gauges);
    for (int32_t i = 0; i < RULES_MAX; i++)
        free(engine->account_memory[i]);
    free(engine->heap);
    free(engine);
}

struct account *
world_account(const struct engine *engine, int64_t account_id)
{
    return table_find(&engine->by_id, (uint64_t)account_id);
}

struct instant
engine_deadline(const struct engine *engine)
{
    return engine->heap[0]->deadline;
}

int32_t
engine_accounts_count(const struct engine *engine)
{
    return engine->accounts_count;
}

bool
engine_account_at(const struct engine *engine, int32_t index, struct account_status *ret_status)
{
    if (index < 0 || index >= engine->accounts_count)
        return false;
    const struct account *account = &engine->accounts[index];
    struct account_status status = { .account_id = account->id, .day = account->day, .open_micros = account->open_micros[MARK_LAST],
        .unpriced = account->unpriced[MARK_LAST], .locked = lockout_is_locked(account, ""),
        .uncontrollable = account->uncontrollable, .can_trade = account->can_trade };
    (void)text_copy(status.name, sizeof status.name, account->name);
    for (const struct target *t = account->targets; t != NULL; t = t->next)
        status.enforcing |= t->state != TARGET_DONE;
    status.proven_flat = !status.enforcing && account->positions_known && account->orders_known;
    for (const struct position *p = account->positions; p != NULL; p = p->next)
        status.proven_flat &= p->size == 0;
    for (const struct order *o = account->orders; o != NULL; o = o->next)
        status.proven_flat &= !order_may_execute(o->status);
    *ret_status = status;
    return true;
}

bool
engine_account(const struct engine *engine, int64_t account_id, struct account_status *ret_status)
{
    const struct account *account = world_account(engine, account_id);

    return account != NULL && engine_account_at(engine, account->index, ret_status);
}

bool
engine_is_locked(const struct engine *engine, int64_t account_id, const char *root)
{
    const struct account *account = world_account(engine, account_id);

    return account != NULL && lockout_is_locked(account, root);
}

void
engine_each_position(const struct engine *engine, int64_t account_id, void (*visit)(void *, const struct position *), void *context)
{
    const struct account *account = world_account(engine, account_id);

    for (const struct position *p = account != NULL ? account->positions : NULL; p != NULL; p = p->next) {
        if (p->size != 0)
            visit(context, p);
    }
}

void
engine_each_order(const struct engine *engine, int64_t account_id, void (*visit)(void *, const struct order *), void *context)
{
    const struct account *account = world_account(engine, account_id);

    for (const struct order *o = account != NULL ? account->orders : NULL; o != NULL; o = o->next) {
        if (order_may_execute(o->status))
            visit(context, o);
    }
}

void
engine_each_trade(const struct engine *engine, int64_t account_id,
    void (*visit)(void *, const struct trade *, const struct contract *), void *context)
{
    const struct account *account = world_account(engine, account_id);
    struct trade *batch[TRADES_BATCH];
    const struct trade *last = NULL;
    uint32_t count;

    while (account != NULL && (count = ledger_younger(engine, account, last, batch)) > 0) {
        last = batch[count - 1];
        for (uint32_t i = 0; i < count; i++) {
            if (!instant_before(batch[i]->at, account->day.starts_at))
                visit(context, batch[i], pool_item(&engine->contracts, batch[i]->contract));
        }
    }
}

void
engine_each_lockout(const struct engine *engine, int64_t account_id, void (*visit)(void *, const struct lockout *), void *context)
{
    const struct account *account = world_account(engine, account_id);

    for (const struct lock_entry *e = account != NULL ? account->lockouts : NULL; e != NULL; e = e->next)
        visit(context, &e->lockout);
}

bool
engine_gauge(const struct engine *engine, int64_t account_id, int32_t rule_index, struct gauge *ret_gauge)
{
    struct account *account = world_account(engine, account_id);

    if (account == NULL || rule_index < 0 || rule_index >= engine->rules_count || !account->config->enabled[rule_index])
        return false;
    *ret_gauge = judge_gauge(engine, account, rule_index);
    return true;
}
