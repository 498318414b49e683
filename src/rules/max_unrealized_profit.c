/*
 * RULE-005 max_unrealized_profit: take an open profit, or do not let one turn into a loss.
 *
 * Source: docs/rulebook.md#max_unrealized_profit (R-005-1, R-005-2).
 *
 *     profit_target   open P&L  0 ------------ target ----->  close all, or that position
 *     breakeven       open P&L  <= 0 <--- was >= arm_profit    close that position
 *
 * Break-even is armed by a profit first; without arming it would close every position at once.  The arming is remembered with the
 * position: size changes and restarts keep it, flat and reversal forget it.
 */
#include "base/assert.h"
#include "base/money.h"
#include "core/rule.h"
#include "rules/ending.h"
#include "rules/open_result.h"
#include "rules/rules.h"

#include <stdlib.h>

enum profit_mode { PROFIT_TARGET, PROFIT_BREAKEVEN };

struct max_unrealized_profit {
    int32_t mode;          /* enum profit_mode. */
    int64_t target_micros; /* > 0. */
    int64_t arm_micros;    /* > 0 where arm_given. */
    bool arm_given;
    int32_t scope;         /* enum scope. */
    int32_t mark;          /* enum mark. */
    struct ending ending;
};

/* Of one position. */
struct memory {
    bool armed;
    uint8_t padding[7];
};

static const struct choice modes[] = { { "profit_target", PROFIT_TARGET }, { "breakeven", PROFIT_BREAKEVEN }, { NULL, 0 } };

static const struct param params[] = {
    { .keys = "mode", .help = "profit_target, or breakeven: close when a profit is gone again.", .kind = PARAM_CHOICE,
        .offset = offsetof(struct max_unrealized_profit, mode), .value = "profit_target", .choices = modes },
    { .keys = "profit_target", .help = "Open profit in dollars.", .kind = PARAM_MONEY,
        .looser = LOOSER_HIGHER,
        .offset = offsetof(struct max_unrealized_profit, target_micros), .min = 1, .max = MONEY_MAX, .value = "1000" },
    { .keys = "arm_profit", .help = "breakeven: profit that arms it; left out: one tick on the whole size.", .kind = PARAM_MONEY,
        .looser = LOOSER_HIGHER,
        .offset = offsetof(struct max_unrealized_profit, arm_micros), .min = 1, .max = MONEY_MAX, .optional = true,
        .present_offset = PARAM_PRESENT_AT(struct max_unrealized_profit, arm_given) },
    { .keys = "scope", .help = "total: the sum over positions; per_position: each by itself.", .kind = PARAM_CHOICE,
        .offset = offsetof(struct max_unrealized_profit, scope), .value = "total", .choices = open_result_scopes },
    { .keys = "mark", .help = "last: last trade, else mid; exit: bid for longs, ask for shorts.", .kind = PARAM_CHOICE,
        .offset = offsetof(struct max_unrealized_profit, mark), .value = "last", .choices = open_result_marks },
    ENDING_PARAMS(struct max_unrealized_profit, ending),
};

static enum status
check(void *config, struct error *err)
{
    struct max_unrealized_profit *c = config;

    return ending_check(&c->ending, err);
}

static void
breach_target(const struct max_unrealized_profit *c, int64_t open_micros, const char *root, enum action action, struct verdict *verdict)
{
    char won[MONEY_TEXT_MAX], target[MONEY_TEXT_MAX];

    (void)money_format(open_micros, won, sizeof won);
    (void)money_format(c->target_micros, target, sizeof target);
    verdict_breach(verdict, action, "Profit target%s%s: %s of %s reached.", root[0] != 0 ? " in " : "", root, won, target);
}

static void
judge_target(const struct max_unrealized_profit *c, const struct view *view, struct verdict *verdict)
{
    int64_t total = view->open_micros[c->mark];

    verdict->limit = c->target_micros;
    if (c->scope == SCOPE_TOTAL) {
        verdict->observed = total > 0 ? total : 0;
        if (total < c->target_micros) {
            open_result_be_quiet(view, (enum mark)c->mark, 1, verdict);
            return;
        }
        breach_target(c, total, "", ACTION_CLOSE_ALL, verdict);
        ending_close_all(&c->ending, verdict);
        return;
    }
    for (const struct position *p = view_positions(view); p != NULL; p = view_next_position(p)) {
        int64_t open = p->open_micros[c->mark];

        if (!p->priced[c->mark])
            continue;
        verdict->observed = open > verdict->observed ? open : verdict->observed;
        if (open < c->target_micros)
            continue;
        breach_target(c, open, p->contract->root, ACTION_CLOSE_POSITION, verdict);
        ending_close_one(&c->ending, verdict, p);
    }
}

/* R-005-2: one tick x size, unless configured. */
static int64_t
arm_profit(const struct max_unrealized_profit *c, const struct position *position)
{
    return c->arm_given ? c->arm_micros : money_scale(position->contract->tick_value_micros, llabs(position->size), 1);
}

static void
judge_breakeven(const struct max_unrealized_profit *c, const struct view *view, struct verdict *verdict)
{
    for (const struct position *p = view_positions(view); p != NULL; p = view_next_position(p)) {
        struct memory *memory = view_memory(view, p);
        int64_t open = p->open_micros[c->mark];
        char left[MONEY_TEXT_MAX];

        if (!p->priced[c->mark])
            continue;
        if (open >= arm_profit(c, p))
            memory->armed = true;
        if (!memory->armed || open > 0)
            continue;
        (void)money_format(open, left, sizeof left);
        verdict_breach(verdict, ACTION_CLOSE_POSITION, "Break-even: the profit in %s is gone, %s is left.", p->contract->root, left);
        ending_close_one(&c->ending, verdict, p);
    }
}

static void
evaluate(const void *config, const struct view *view, struct verdict *verdict)
{
    const struct max_unrealized_profit *c = config;

    ASSERT(c->target_micros > 0);
    open_result_note_missing(view, (enum mark)c->mark, verdict);
    if (c->mode == PROFIT_BREAKEVEN) {
        judge_breakeven(c, view, verdict);
        return;
    }
    verdict->unit = UNIT_MICROS;
    judge_target(c, view, verdict);
}

const struct rule rule_max_unrealized_profit = {
    .number = 5,
    .name = "max_unrealized_profit",
    .title = "Profit target",
    .source = "docs/rulebook.md#max_unrealized_profit",
    .wakes_on = EVENT_BIT(EVENT_POSITION) | EVENT_BIT(EVENT_QUOTE) | EVENT_BIT(EVENT_CONTRACT),
    .needs_quotes = true,
    .config_size = sizeof(struct max_unrealized_profit),
    .params = params,
    .params_count = COUNT_OF(params),
    .memory_size = sizeof(struct memory),
    .check = check,
    .evaluate = evaluate,
};

_Static_assert(sizeof(struct memory) % 8 == 0, "memory comes in multiples of 8");
