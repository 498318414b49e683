/*
 * sight.c - do we see the prices of what is held (HM-03)?
 *
 * A contract is blind when a position is held in it, a rule wants quotes, its market is open and none has come for config->blind_after.  Then it
 * is told (DG-04: there are no prices by REST), and with the policy "flatten" the position is closed: what cannot be seen cannot be limited.
 * Positions of before the first subscription get as long as any other.  A contract whose tick size and value are not known is as blind: its quotes
 * have no meaning, and RULE-012 can place no stop.
 */
#include "core/account.h"

#include "core/day.h"

#define TELL_AGAIN SPAN_SECONDS(300)

static bool
wants_quotes(const struct engine *engine, const struct account *account)
{
    return engine->config->blind_after.ns > 0 && (account->enabled & engine->quote_rules) != 0;
}

static bool
is_described(const struct position *position)
{
    return position->contract->value_denominator > 0;
}

static struct instant
seen_at(const struct position *position)
{
    if (!is_described(position))
        return position->contract->watched_at;
    return instant_max(position->contract->quoted_at, position->contract->watched_at);
}

/* When the position's price counts as lost, unless the market is closed: that is looked at only then, because it costs more. */
static struct instant
blind_at(const struct engine *engine, const struct position *position)
{
    return instant_max(instant_add(seen_at(position), engine->config->blind_after), position->blind_next);
}

/* A market that is closed, or was until lately, has had no time to quote. */
static bool
could_have_quoted(const struct engine *engine, struct position *position)
{
    const struct config *config = engine->config;
    struct instant opens;

    if (day_market_is_open(config, engine->now, &opens) &&
        day_market_is_open(config, instant_sub(engine->now, config->blind_after), &opens))
        return true;
    position->blind_next = instant_max(instant_add(opens, config->blind_after), instant_add(engine->now, SPAN_SECONDS(1)));
    return false;
}

static void
tell_blind(struct engine *engine, struct account *account, struct position *position)
{
    const struct config *config = engine->config;
    uint64_t incident = engine->next_incident++;

    position->blind_next = instant_add(engine->now, TELL_AGAIN);
    output_alarm(engine, account, 0, 2, incident, "%s of %s for %lld s with a position open%s.",
        is_described(position) ? "No quote" : "No tick size, so no result and no stop,", position->contract->id.text,
        (long long)(instant_since(engine->now, seen_at(position)).ns / 1000000000),
        config->blind_flatten ? ": it is closed" : "");
    if (config->blind_flatten)
        (void)enforce_want(engine, account, position->contract, 0, 0, incident);
}

void
sight_check(struct engine *engine, struct account *account)
{
    bool wanted = wants_quotes(engine, account);

    for (struct position *p = account->positions; wanted && p != NULL; p = p->next) {
        if (p->size != 0 && !instant_before(engine->now, blind_at(engine, p)) && could_have_quoted(engine, p))
            tell_blind(engine, account, p);
    }
}

struct instant
sight_deadline(const struct engine *engine, const struct account *account)
{
    struct instant due = INSTANT_NEVER;

    if (!wants_quotes(engine, account))
        return due;
    for (const struct position *p = account->positions; p != NULL; p = p->next) {
        if (p->size != 0)
            due = instant_min(due, blind_at(engine, p));
    }
    return due;
}
