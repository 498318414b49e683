/*
 * RULE-008 no_stop_loss_grace: a position needs a protective stop within the grace period.
 *
 * Source: docs/rulebook.md#no_stop_loss_grace (R-008-1 to R-008-4).
 *
 *     unprotected ---- grace ----> close          the clock needs no market data and no event: wake_at
 *         |  ^
 *    stop v  | stop cancelled, rejected, too small: the clock starts anew
 *     protected
 *
 * What a protective stop is: order_protects() (R-008-2).  A close needs a full snapshot: what has not been seen yet is not missing.
 */
#include "base/assert.h"
#include "core/rule.h"
#include "rules/rules.h"

#include <stdlib.h>

enum coverage { COVERAGE_FULL, COVERAGE_ANY };

struct no_stop_loss_grace {
    struct span grace;
    int32_t coverage; /* enum coverage. */
    int32_t action;   /* Always 0: there is one word. */
};

/* Of one position. */
struct memory {
    int64_t since_ns; /* The clock runs from here; 0: it does not. */
    bool was_protected;
    uint8_t padding[7];
};

/* Of the account, since the daemon's start. */
struct account_memory {
    bool complete; /* Positions and orders have been judged together once. */
    uint8_t padding[7];
};

static const struct choice coverages[] = { { "full", COVERAGE_FULL }, { "any", COVERAGE_ANY }, { NULL, 0 } };
static const struct choice actions[] = { { "close_position", 0 }, { NULL, 0 } };

static const struct param params[] = {
    { .keys = "grace_period_seconds", .help = "Seconds a position may be without a protective stop.", .kind = PARAM_SECONDS,
        .looser = LOOSER_HIGHER,
        .offset = offsetof(struct no_stop_loss_grace, grace), .min = 1, .max = 86400, .value = "30" },
    { .keys = "coverage", .help = "full: the stops cover the whole size; any: one stop is enough.", .kind = PARAM_CHOICE,
        .offset = offsetof(struct no_stop_loss_grace, coverage), .value = "full", .choices = coverages },
    { .keys = "action|enforcement", .help = "What happens at the end of the grace period.", .kind = PARAM_CHOICE,
        .offset = offsetof(struct no_stop_loss_grace, action), .value = "close_position", .choices = actions },
};

/* R-008-3. */
static bool
is_protected(const struct no_stop_loss_grace *c, const struct view *view, const struct position *position)
{
    int64_t covered = 0;

    for (const struct order *o = view_orders(view); o != NULL; o = view_next_order(o)) {
        if (o->contract == position->contract && order_protects(o, position->size))
            covered += order_remaining(o);
    }
    return covered >= (c->coverage == COVERAGE_ANY ? 1 : llabs(position->size));
}

/*
 * Where a clock starts: now, for what is seen happening.  What was found by a snapshot, or lost its stop while the daemon was
 * off, has been so for an unknown time: since its creation (R-008-4).
 */
static struct instant
clock_start(const struct view *view, const struct position *position, const struct memory *memory, bool complete)
{
    bool found = !complete || (view->wake == EVENT_SNAPSHOT && !memory->was_protected);

    return found && position->created_at.ns > 0 ? instant_min(position->created_at, view->now) : view->now;
}

/* R-ALL-15: be asked again when the warnings are due, and at the end. */
static void
wake_for(const struct no_stop_loss_grace *c, const struct view *view, struct instant since, struct verdict *verdict)
{
    const int64_t percents[] = { view->config->warn_percent, view->config->alert_percent, 100 };

    for (size_t i = 0; i < COUNT_OF(percents); i++) {
        struct instant at = instant_add(since, (struct span){ c->grace.ns / 100 * percents[i] });
        if (instant_before(view->now, at)) {
            verdict_wake(verdict, at);
            return;
        }
    }
}

static void
judge_unprotected(const struct no_stop_loss_grace *c, const struct view *view, const struct position *position, struct instant since,
    struct verdict *verdict)
{
    int64_t elapsed = instant_since(view->now, since).ns;
    int64_t seconds = elapsed / 1000000000;

    if (seconds > verdict->observed)
        verdict->observed = seconds;
    if (elapsed < c->grace.ns) {
        wake_for(c, view, since, verdict);
        return;
    }
    if (!view->positions_known || !view->orders_known)
        return;
    verdict_breach(verdict, ACTION_CLOSE_POSITION, "No stop-loss: %s has been without %s stop for %lld s of %lld s.",
        position->contract->root, c->coverage == COVERAGE_FULL ? "a sufficient" : "any", (long long)seconds,
        (long long)(c->grace.ns / 1000000000));
    verdict_close(verdict, position);
}

static void
evaluate(const void *config, const struct view *view, struct verdict *verdict)
{
    const struct no_stop_loss_grace *c = config;
    struct account_memory *account = view_take_account_memory(view);

    ASSERT(c->grace.ns > 0);
    verdict->unit = UNIT_SECONDS;
    verdict->limit = c->grace.ns / 1000000000;
    for (const struct position *p = view_positions(view); p != NULL; p = view_next_position(p)) {
        struct memory *memory = view_memory(view, p);

        if (is_protected(c, view, p)) {
            memory->was_protected = true;
            memory->since_ns = 0;
            continue;
        }
        if (memory->since_ns == 0 || memory->since_ns > view->now.ns) /* Begun by a clock that has been corrected. */
            memory->since_ns = clock_start(view, p, memory, account->complete).ns;
        judge_unprotected(c, view, p, (struct instant){ memory->since_ns }, verdict);
    }
    account->complete = account->complete || (view->positions_known && view->orders_known);
}

const struct rule rule_no_stop_loss_grace = {
    .number = 8,
    .name = "no_stop_loss_grace",
    .title = "No stop-loss",
    .source = "docs/rulebook.md#no_stop_loss_grace",
    .wakes_on = EVENT_BIT(EVENT_POSITION) | EVENT_BIT(EVENT_ORDER),
    .config_size = sizeof(struct no_stop_loss_grace),
    .params = params,
    .params_count = COUNT_OF(params),
    .memory_size = sizeof(struct memory),
    .account_memory_size = sizeof(struct account_memory),
    .evaluate = evaluate,
};

_Static_assert(sizeof(struct memory) % 8 == 0 && sizeof(struct account_memory) % 8 == 0, "memory comes in multiples of 8");
