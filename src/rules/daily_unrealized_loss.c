/*
 * RULE-004 daily_unrealized_loss: stop when what is open has lost too much.
 *
 * Source: docs/rulebook.md#daily_unrealized_loss (R-004-1 to R-004-4).
 *
 *     open loss  0 --------------- loss_limit ----------->
 *                allow             close all and lock, or close that position
 *
 * Open P&L, marks and sparse quotes (R-004-2) are market.c's.  A position without a price is left out of the sum: it proves
 * nothing (R-ALL-6).
 */
#include "base/assert.h"
#include "base/money.h"
#include "base/text.h"
#include "core/rule.h"
#include "rules/ending.h"
#include "rules/open_result.h"
#include "rules/rules.h"

struct daily_unrealized_loss {
    int64_t limit_micros; /* > 0. */
    int32_t scope;        /* enum scope. */
    int32_t mark;         /* enum mark. */
    struct ending ending;
};

static const struct param params[] = {
    { .keys = "loss_limit|limit", .help = "Open loss in dollars.", .kind = PARAM_MONEY,
        .looser = LOOSER_HIGHER,
        .offset = offsetof(struct daily_unrealized_loss, limit_micros), .min = 1, .max = MONEY_MAX, .value = "300" },
    { .keys = "scope", .help = "total: the sum over positions; per_position: each by itself.", .kind = PARAM_CHOICE,
        .offset = offsetof(struct daily_unrealized_loss, scope), .value = "total", .choices = open_result_scopes },
    { .keys = "mark", .help = "last: last trade, else mid; exit: bid for longs, ask for shorts.", .kind = PARAM_CHOICE,
        .offset = offsetof(struct daily_unrealized_loss, mark), .value = "last", .choices = open_result_marks },
    ENDING_PARAMS(struct daily_unrealized_loss, ending),
};

static enum status
check(void *config, struct error *err)
{
    struct daily_unrealized_loss *c = config;

    return ending_check(&c->ending, err);
}

static void
breach(const struct daily_unrealized_loss *c, int64_t open_micros, const char *where, enum action action, struct verdict *verdict)
{
    char lost[MONEY_TEXT_MAX], limit[MONEY_TEXT_MAX];

    (void)money_format(-open_micros, lost, sizeof lost);
    (void)money_format(c->limit_micros, limit, sizeof limit);
    verdict_breach(verdict, action, "Open loss limit%s: losing %s of %s.", where, lost, limit);
}

static void
judge_positions(const struct daily_unrealized_loss *c, const struct view *view, struct verdict *verdict)
{
    for (const struct position *p = view_positions(view); p != NULL; p = view_next_position(p)) {
        int64_t open = p->open_micros[c->mark];

        if (!p->priced[c->mark])
            continue;
        if (-open > verdict->observed)
            verdict->observed = -open;
        if (open > -c->limit_micros)
            continue;
        char where[ROOT_MAX + 8] = " in ";
        (void)text_copy(where + 4, sizeof where - 4, p->contract->root);
        breach(c, open, where, ACTION_CLOSE_POSITION, verdict);
        ending_close_one(&c->ending, verdict, p);
    }
}

static void
evaluate(const void *config, const struct view *view, struct verdict *verdict)
{
    const struct daily_unrealized_loss *c = config;
    int64_t open = view->open_micros[c->mark];

    ASSERT(c->limit_micros > 0);
    verdict->unit = UNIT_MICROS;
    verdict->limit = c->limit_micros;
    open_result_note_missing(view, (enum mark)c->mark, verdict);
    if (c->scope == SCOPE_PER_POSITION) {
        judge_positions(c, view, verdict);
        return;
    }
    verdict->observed = open < 0 ? -open : 0;
    if (open > -c->limit_micros) { /* R-ALL-4: reaching the limit is breaching it. */
        open_result_be_quiet(view, (enum mark)c->mark, -1, verdict);
        return;
    }
    breach(c, open, "", ACTION_CLOSE_ALL, verdict);
    ending_close_all(&c->ending, verdict);
}

const struct rule rule_daily_unrealized_loss = {
    .number = 4,
    .name = "daily_unrealized_loss",
    .title = "Open loss limit",
    .source = "docs/rulebook.md#daily_unrealized_loss",
    .wakes_on = EVENT_BIT(EVENT_POSITION) | EVENT_BIT(EVENT_QUOTE) | EVENT_BIT(EVENT_CONTRACT),
    .needs_quotes = true,
    .config_size = sizeof(struct daily_unrealized_loss),
    .params = params,
    .params_count = COUNT_OF(params),
    .check = check,
    .evaluate = evaluate,
};
