/*
 * RULE-003 daily_realized_loss: end the trading day once its closed trades have lost too much.
 *
 * Source: docs/rulebook.md#daily_realized_loss (R-003-1 to R-003-3).
 *
 *     loss  0 --------------------- limit ----------->
 *           allow                   close all, cancel all, lock until the daily reset
 *
 * Reaching the limit is breaching it (R-ALL-4).  A half-turn that opens adds its fees and no P&L (R-003-2).  The sums, duplicates, voided
 * and late trades are the ledger's; what a trading day is: core/day.c.
 */
#include "base/assert.h"
#include "base/money.h"
#include "core/rule.h"
#include "rules/ending.h"
#include "rules/rules.h"

struct daily_realized_loss {
    int64_t limit_micros; /* > 0: the loss that ends the day. */
    bool include_fees;    /* R-003-1: the gateway's P&L is gross. */
    struct ending ending;
};

static const struct param params[] = {
    { .keys = "limit|loss_limit", .help = "Loss of the day's closed trades in dollars; -500 and 500 mean the same.", .kind = PARAM_MONEY,
        .looser = LOOSER_HIGHER,
        .offset = offsetof(struct daily_realized_loss, limit_micros), .min = 1, .max = MONEY_MAX },
    { .keys = "include_fees", .help = "Count fees and commissions of every fill.", .kind = PARAM_FLAG,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct daily_realized_loss, include_fees), .value = "true" },
    ENDING_PARAMS(struct daily_realized_loss, ending),
};

static enum status
check(void *config, struct error *err)
{
    struct daily_realized_loss *c = config;

    return ending_check(&c->ending, err);
}

static void
evaluate(const void *config, const struct view *view, struct verdict *verdict)
{
    const struct daily_realized_loss *c = config;
    int64_t net = c->include_fees ? money_add(view->day.gross_micros, -view->day.fees_micros) : view->day.gross_micros;
    char lost[MONEY_TEXT_MAX], limit[MONEY_TEXT_MAX];

    ASSERT(c->limit_micros > 0);
    verdict->unit = UNIT_MICROS;
    verdict->observed = net < 0 ? -net : 0;
    verdict->limit = c->limit_micros;
    verdict_wake(verdict, view->day.ends_at); /* R-003-3: the new day starts at zero. */
    if (verdict->observed < c->limit_micros)
        return;
    (void)money_format(verdict->observed, lost, sizeof lost);
    (void)money_format(c->limit_micros, limit, sizeof limit);
    verdict_breach(verdict, ACTION_CLOSE_ALL, "Daily loss limit: lost %s of %s.", lost, limit);
    ending_close_all(&c->ending, verdict);
}

const struct rule rule_daily_realized_loss = {
    .number = 3,
    .name = "daily_realized_loss",
    .title = "Daily loss limit",
    .source = "docs/rulebook.md#daily_realized_loss",
    .wakes_on = EVENT_BIT(EVENT_TRADE),
    .config_size = sizeof(struct daily_realized_loss),
    .params = params,
    .params_count = COUNT_OF(params),
    .check = check,
    .evaluate = evaluate,
};
