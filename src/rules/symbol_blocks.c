/*
 * RULE-011 symbol_blocks: instruments that may not be traded.
 *
 * Source: docs/rulebook.md#symbol_blocks (R-011-1).
 *
 * A root-scope lockout stands for each listed symbol as long as it is listed: this rule wants one per symbol each time it is
 * asked, and the engine ends those it no longer wants when the configuration changes.  All expiries of the root are meant and
 * nothing else: ES does not block MES (R-ALL-13).
 */
#include "base/assert.h"
#include "base/text.h"
#include "core/products.h"
#include "core/rule.h"
#include "rules/rules.h"

struct symbol_blocks {
    struct symbols blocked;
    int32_t action; /* Always 0: there is one word. */
    bool close_existing;
};

static const struct choice actions[] = { { "cancel_order", 0 }, { NULL, 0 } };

static const struct param params[] = {
    { .keys = "blocked_symbols", .help = "Roots or product codes that may not be traded.", .kind = PARAM_SYMBOLS,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct symbol_blocks, blocked), .value = "[RTY, BTC]" },
    { .keys = "action|enforcement", .help = "What happens to orders in a blocked symbol.", .kind = PARAM_CHOICE,
        .offset = offsetof(struct symbol_blocks, action), .value = "cancel_order", .choices = actions },
    { .keys = "close_existing", .help = "Close positions too; false leaves them and the orders that only reduce them.", .kind = PARAM_FLAG,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct symbol_blocks, close_existing), .value = "true" },
};

static bool
is_blocked(const struct symbol_blocks *c, const struct contract *contract)
{
    for (int32_t i = 0; i < c->blocked.count; i++) {
        if (view_symbol_matches(c->blocked.items[i].text, contract))
            return true;
    }
    return false;
}

static void
lock_listed(const struct symbol_blocks *c, struct verdict *verdict)
{
    for (int32_t i = 0; i < c->blocked.count; i++) {
        struct want_lock lock = { .kind = c->close_existing ? LOCK_FLAT : LOCK_BLOCK, .end = LOCK_UNTIL_CLEARED,
            .until = INSTANT_NEVER };
        product_root_of_symbol(c->blocked.items[i].text, lock.root);
        verdict_lock(verdict, lock);
    }
}

static void
close_positions(const struct symbol_blocks *c, const struct view *view, struct verdict *verdict)
{
    for (const struct position *p = view_positions(view); p != NULL; p = view_next_position(p)) {
        if (!is_blocked(c, p->contract))
            continue;
        verdict_breach(verdict, ACTION_CLOSE_POSITION, "Blocked symbol: a position of %d in %s.", p->size, p->contract->root);
        verdict_close(verdict, p);
    }
}

/* With close_existing: false an order that only shrinks or protects what is held may stay (R-011-1). */
static bool
may_stay(const struct symbol_blocks *c, const struct view *view, const struct order *order)
{
    const struct position *position = view_position_of(view, order->contract);

    return !c->close_existing && position != NULL && order_may_stay(order, position->size);
}

static void
cancel_orders(const struct symbol_blocks *c, const struct view *view, struct verdict *verdict)
{
    for (const struct order *o = view_orders(view); o != NULL; o = view_next_order(o)) {
        if (!is_blocked(c, o->contract) || may_stay(c, view, o))
            continue;
        verdict_breach(verdict, ACTION_CANCEL_ORDER, "Blocked symbol: order %lld in %s.", (long long)o->id, o->contract->root);
        verdict_cancel(verdict, o);
    }
}

static void
evaluate(const void *config, const struct view *view, struct verdict *verdict)
{
    const struct symbol_blocks *c = config;

    ASSERT(c->blocked.count >= 0 && c->blocked.count <= SYMBOLS_MAX);
    lock_listed(c, verdict);
    if (c->close_existing)
        close_positions(c, view, verdict);
    cancel_orders(c, view, verdict);
}

const struct rule rule_symbol_blocks = {
    .number = 11,
    .name = "symbol_blocks",
    .title = "Blocked symbols",
    .source = "docs/rulebook.md#symbol_blocks",
    .wakes_on = EVENT_BIT(EVENT_POSITION) | EVENT_BIT(EVENT_ORDER) | EVENT_BIT(EVENT_CONTRACT),
    .config_size = sizeof(struct symbol_blocks),
    .params = params,
    .params_count = COUNT_OF(params),
    .evaluate = evaluate,
};
