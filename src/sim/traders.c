/*
 * traders.c - see traders.h.
 */
#include "sim/traders.h"

#include "base/assert.h"
#include "base/money.h"
#include "base/text.h"
#include "sim/sim.h"
#include "sim/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRADED "CON.F.US.MNQ.U26"
#define LOOK_AGAIN SPAN_MS(100)  /* While nobody watches, or the account is not flat yet. */
#define FALL_AFTER SPAN_MS(500)  /* RULE-003: between buying and the fall of the market. */
#define UNCOMMITTED_MAX SPAN_SECONDS(5)
#define LOSER_BUYS 3
#define LOSER_SELLS 2

enum violation { TOO_MANY, BLOCKED, LOSING, VIOLATIONS };

struct traders_options
traders_defaults(void)
{
    return (struct traders_options){ .interval = SPAN_SECONDS(4), .size = 6, .loss_micros = 600 * MICROS_PER_DOLLAR,
        .blocked = "CON.F.US.CLE.V26" };
}

void
traders_init(struct traders *traders, struct instant now, const struct traders_options *options)
{
    memset(traders, 0, sizeof *traders);
    traders->breaches = calloc(BREACHES_MAX, sizeof *traders->breaches);
    ASSERT(traders->breaches != NULL);
    traders_set(traders, now, options);
}

void
traders_fini(struct traders *traders)
{
    free(traders->breaches);
    traders->breaches = NULL;
}

void
traders_set(struct traders *traders, struct instant now, const struct traders_options *options)
{
    traders->options = *options;
    traders->next = options->script == TRADERS_NONE ? INSTANT_NEVER : instant_add(now, LOOK_AGAIN);
}

struct instant
traders_next_due(const struct traders *traders)
{
    return traders->next;
}

/* ---- The stopwatch ---- */

static int64_t
closes_of(const struct exchange_account *account)
{
    return account->counts.closes + account->counts.partial_closes;
}

static struct trader_breach *
start_watch(struct sim *sim, int64_t account_id, const char *rule, int64_t size)
{
    struct traders *traders = &sim->traders;
    const struct exchange_account *account = exchange_account_find(sim->exchange, account_id);

    if (traders->breaches_count == BREACHES_MAX || account == NULL)
        return NULL;
    struct trader_breach *breach = &traders->breaches[traders->breaches_count++];
    *breach = (struct trader_breach){ .account_id = account_id, .started = sim->now, .touched = sim->now, .size = size,
        .closes_before = closes_of(account) };
    (void)text_copy(breach->rule, sizeof breach->rule, rule);
    return breach;
}

bool
traders_watch(struct sim *sim, int64_t account_id, const char *rule)
{
    struct trader_breach *breach = start_watch(sim, account_id, rule, 0);

    if (breach == NULL)
        return false;
    breach->committed = sim->now;
    traders_settle(sim);
    return true;
}

static bool
is_running(const struct trader_breach *breach)
{
    return breach->flat.ns == 0;
}

void
traders_note(struct sim *sim, const struct exchange_event *event)
{
    struct traders *traders = &sim->traders;

    for (size_t i = 0; i < traders->breaches_count; i++) {
        struct trader_breach *breach = &traders->breaches[i];
        if (!is_running(breach) || event->account_id != breach->account_id)
            continue;
        breach->touched = event->at;
        if (breach->committed.ns != 0)
            continue;
        int64_t net = event->kind == EXCHANGE_EVENT_POSITION ? event->u.position.net : 0;
        if (event->kind == EXCHANGE_EVENT_TRADE)
            breach->lost_micros -= event->u.trade.pnl_micros;
        if (breach->size > 0 ? net >= breach->size || -net >= breach->size : breach->lost_micros >= traders->options.loss_micros)
            breach->committed = event->at;
    }
}

void
traders_settle(struct sim *sim)
{
    struct traders *traders = &sim->traders;

    for (size_t i = 0; i < traders->breaches_count; i++) {
        struct trader_breach *breach = &traders->breaches[i];
        if (!is_running(breach) || breach->committed.ns == 0 || !exchange_is_flat(sim->exchange, breach->account_id))
            continue;
        breach->flat = breach->touched;
        breach->closes = closes_of(exchange_account_find(sim->exchange, breach->account_id)) - breach->closes_before;
    }
}

/* What was begun but hindered (by the daemon, or a refusal) is no violation. */
static void
forget_uncommitted(struct sim *sim)
{
    struct traders *traders = &sim->traders;
    size_t kept = 0;

    for (size_t i = 0; i < traders->breaches_count; i++) {
        const struct trader_breach *breach = &traders->breaches[i];
        if (breach->committed.ns != 0 || instant_before(sim->now, instant_add(breach->started, UNCOMMITTED_MAX)))
            traders->breaches[kept++] = *breach;
    }
    traders->breaches_count = kept;
}

/* ---- The demo ---- */

static bool
is_watched(const struct sim *sim, int64_t account_id)
{
    for (const struct stream *stream = stream_next(sim, NULL); stream != NULL; stream = stream_next(sim, stream))
        if (subscriptions_cover(stream, account_id))
            return true;
    return false;
}

static bool
is_free(const struct sim *sim, const struct exchange_account *account)
{
    for (size_t i = 0; i < sim->traders.breaches_count; i++)
        if (sim->traders.breaches[i].account_id == account->id && is_running(&sim->traders.breaches[i]))
            return false;
    return account->can_trade && exchange_is_flat(sim->exchange, account->id) && is_watched(sim, account->id);
}

static bool
is_locked(const struct traders *traders, int64_t account_id)
{
    for (size_t i = 0; i < traders->locked_count; i++)
        if (traders->locked[i] == account_id)
            return true;
    return false;
}

static void
enter(struct sim *sim, int64_t account_id, const char *contract_id, int side, int64_t size, bool brackets)
{
    char tag[32];
    struct exchange_place place = { .account_id = account_id, .contract_id = contract_id, .type = EXCHANGE_MARKET, .side = side,
        .size = size, .tag = tag, .stop_loss = { brackets, -400, EXCHANGE_STOP }, .take_profit = { brackets, 800, EXCHANGE_LIMIT } };

    (void)snprintf(tag, sizeof tag, "demo-%llx", (unsigned long long)chance_next(&sim->chance));
    (void)exchange_place(sim->exchange, sim->now, &place);
}

/* The last violation goes to the last account, because it locks it. */
static struct exchange_account *
account_for(const struct sim *sim, enum violation violation)
{
    size_t count = exchange_accounts_count(sim->exchange), index = (size_t)violation;

    if (count == 0)
        return NULL;
    if (violation == LOSING)
        index = count - 1;
    else if (index + 1 >= count)
        index = 0;
    return exchange_account_at(sim->exchange, index);
}

static void
begin_losing(struct sim *sim, int64_t account_id)
{
    struct traders *traders = &sim->traders;

    if (start_watch(sim, account_id, "RULE-003", 0) == NULL)
        return;
    traders->loser_id = account_id;
    enter(sim, account_id, TRADED, EXCHANGE_BUY, LOSER_BUYS, false);
}

/* Falls by so much that selling LOSER_SELLS contracts loses at least loss_micros. */
static void
end_losing(struct sim *sim)
{
    struct traders *traders = &sim->traders;
    const struct exchange_quote *quote = exchange_quote(sim->exchange, TRADED);
    const struct listing *listing = quote->listing;
    int64_t ticks = traders->options.loss_micros / (LOSER_SELLS * listing->tick_value_micros) + 1;
    int64_t account_id = traders->loser_id;

    traders->loser_id = 0;
    if (exchange_net(sim->exchange, account_id, TRADED) != LOSER_BUYS)
        return;
    traders->restore_price = quote->last;
    (void)exchange_set_price(sim->exchange, sim->now, TRADED, quote->last - ticks * listing->tick_nanos);
    enter(sim, account_id, TRADED, EXCHANGE_SELL, LOSER_SELLS, false);
    if (!is_locked(traders, account_id) && traders->locked_count < COUNT_OF(traders->locked))
        traders->locked[traders->locked_count++] = account_id;
}

static void
restore_market(struct sim *sim)
{
    if (sim->traders.restore_price != 0)
        (void)exchange_set_price(sim->exchange, sim->now, TRADED, sim->traders.restore_price);
    sim->traders.restore_price = 0;
}

static bool
commit(struct sim *sim, enum violation violation)
{
    struct traders *traders = &sim->traders;
    const struct exchange_account *account = account_for(sim, violation);

    if (account == NULL || !is_free(sim, account))
        return false;
    if (is_locked(traders, account->id)) {
        if (start_watch(sim, account->id, "R-ALL-7", 1) != NULL)
            enter(sim, account->id, TRADED, EXCHANGE_SELL, 1, false);
    } else if (violation == TOO_MANY) {
        if (start_watch(sim, account->id, "RULE-001", traders->options.size) != NULL)
            enter(sim, account->id, TRADED, EXCHANGE_BUY, traders->options.size, true);
    } else if (violation == BLOCKED) {
        if (start_watch(sim, account->id, "RULE-011", 1) != NULL)
            enter(sim, account->id, traders->options.blocked, EXCHANGE_BUY, 1, false);
    } else {
        begin_losing(sim, account->id);
    }
    return true;
}

void
traders_advance(struct sim *sim)
{
    struct traders *traders = &sim->traders;
    struct span wait = LOOK_AGAIN;

    if (instant_before(sim->now, traders->next))
        return;
    forget_uncommitted(sim);
    if (traders->loser_id != 0) {
        end_losing(sim);
        wait = traders->options.interval;
    } else {
        restore_market(sim);
        for (int i = 0; i < VIOLATIONS; i++, traders->step++) {
            if (!commit(sim, (enum violation)(traders->step % VIOLATIONS)))
                continue;
            wait = traders->loser_id != 0 ? FALL_AFTER : traders->options.interval;
            traders->step++;
            break;
        }
    }
    traders->next = instant_add(sim->now, wait);
}
