/*
 * RULE-007 cooldown_after_loss: a pause after a losing round turn, the longer the worse it was.
 *
 * Source: docs/rulebook.md#cooldown_after_loss (R-007-1 to R-007-3).
 *
 *     loss of one exit  0 ----- 100 ------ 200 ------ 300 ----->     (the sample's tiers)
 *                       none    300 s      900 s      1800 s
 *
 * It judges one new trade at a time.  An exit filled in pieces is one loss (R-007-2): fills of its order judged before are added up, and
 * a fill acts only if it raises the tier.  That an end is never moved forward is the lockouts' business (R-007-3).
 */
#include "base/assert.h"
#include "base/money.h"
#include "core/rule.h"
#include "rules/rules.h"

struct tier {
    int64_t loss_micros; /* > 0. */
    struct span cooldown;
};

struct cooldown_after_loss {
    int32_t tiers_count;
    struct tier tiers[TIERS_MAX];
    bool tiers_given;
    int64_t loss_micros; /* The other spelling: one tier. */
    bool loss_given;
    struct span cooldown;
    bool close_positions;
    bool include_fees; /* R-007-1b */
};

static const struct param tier_params[] = {
    { .keys = "loss_amount", .help = "Loss of one round turn in dollars, reached or exceeded; each amount once.", .kind = PARAM_MONEY,
        .looser = LOOSER_HIGHER,
        .offset = offsetof(struct tier, loss_micros), .min = 1, .max = MONEY_MAX, .unique = true },
    { .keys = "cooldown_duration", .help = "Seconds without new entries.", .kind = PARAM_SECONDS,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct tier, cooldown), .min = 1, .max = 604800 },
};

static const struct param params[] = {
    { .keys = "loss_thresholds", .help = "Tiers of loss and cooldown; the largest one reached counts.", .kind = PARAM_LIST,
        .offset = offsetof(struct cooldown_after_loss, tiers),
        .value = "[{loss_amount: -100, cooldown_duration: 300}, {loss_amount: -200, cooldown_duration: 900}, "
                 "{loss_amount: -300, cooldown_duration: 1800}]",
        .items = tier_params, .items_count = COUNT_OF(tier_params), .item_size = sizeof(struct tier),
        .count_offset = offsetof(struct cooldown_after_loss, tiers_count), .items_max = TIERS_MAX,
        .present_offset = PARAM_PRESENT_AT(struct cooldown_after_loss, tiers_given) },
    { .keys = "loss_threshold", .help = "Instead of loss_thresholds: one tier's loss.", .kind = PARAM_MONEY,
        .looser = LOOSER_HIGHER,
        .offset = offsetof(struct cooldown_after_loss, loss_micros), .min = 1, .max = MONEY_MAX, .optional = true,
        .present_offset = PARAM_PRESENT_AT(struct cooldown_after_loss, loss_given) },
    { .keys = "cooldown_seconds", .help = "With loss_threshold: its cooldown.", .kind = PARAM_SECONDS,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct cooldown_after_loss, cooldown), .min = 1, .max = 604800, .value = "300" },
    { .keys = "close_positions", .help = "Also close what is held, not only refuse more.", .kind = PARAM_FLAG,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct cooldown_after_loss, close_positions), .value = "false" },
    { .keys = "include_fees", .help = "Count the exit's own fees and commissions.", .kind = PARAM_FLAG,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct cooldown_after_loss, include_fees), .value = "true" },
};

static enum status
check(void *config, struct error *err)
{
    struct cooldown_after_loss *c = config;

    if (c->loss_given && c->tiers_given)
        return error_set(err, STATUS_CONFIG, "loss_threshold and loss_thresholds cannot both be given");
    if (c->loss_given) {
        c->tiers_count = 1;
        c->tiers[0] = (struct tier){ .loss_micros = c->loss_micros, .cooldown = c->cooldown };
    }
    if (c->tiers_count == 0)
        return error_set(err, STATUS_CONFIG, "loss_thresholds is empty");
    return OK;
}

static int64_t
net_of(const struct cooldown_after_loss *c, const struct trade *trade)
{
    return c->include_fees ? money_add(trade->pnl_micros, -trade->costs_micros) : trade->pnl_micros;
}

/* Net result of the order's closing fills that have been judged, without @trade (R-007-2). */
static int64_t
judged_before(const struct cooldown_after_loss *c, const struct view *view, const struct trade *trade)
{
    const struct trade *t = NULL;
    int64_t sum = 0;

    while ((t = view_trade_of_order(view, trade->order_id, t)) != NULL) {
        if (t != trade && t->judged && !t->voided && t->has_pnl)
            sum = money_add(sum, net_of(c, t));
    }
    return sum;
}

/* The tier of the largest threshold reached, or NULL (R-007-1). */
static const struct tier *
tier_of(const struct cooldown_after_loss *c, int64_t net)
{
    const struct tier *best = NULL;

    for (int32_t i = 0; i < c->tiers_count; i++) {
        if (-net >= c->tiers[i].loss_micros && (best == NULL || c->tiers[i].loss_micros > best->loss_micros))
            best = &c->tiers[i];
    }
    return best;
}

static int64_t
smallest_loss(const struct cooldown_after_loss *c)
{
    int64_t smallest = c->tiers[0].loss_micros;

    for (int32_t i = 1; i < c->tiers_count; i++)
        smallest = c->tiers[i].loss_micros < smallest ? c->tiers[i].loss_micros : smallest;
    return smallest;
}

static void
cool_down(const struct cooldown_after_loss *c, const struct view *view, const struct tier *tier, struct verdict *verdict)
{
    struct instant from = instant_min(view->trade->at, view->now); /* R-ALL-9: a late trade's cooldown began with the trade. */
    struct instant until = instant_add(from, tier->cooldown);
    char lost[MONEY_TEXT_MAX], limit[MONEY_TEXT_MAX];

    (void)money_format(verdict->observed, lost, sizeof lost);
    (void)money_format(tier->loss_micros, limit, sizeof limit);
    verdict_breach(verdict, ACTION_COOLDOWN, "Loss of a trade: lost %s, at %s a pause of %lld s begins.", lost, limit,
        (long long)(tier->cooldown.ns / 1000000000));
    verdict->record_only = !instant_before(view->now, until);
    if (verdict->record_only)
        return;
    verdict_lock(verdict, (struct want_lock){ .kind = LOCK_ENTRIES, .end = LOCK_UNTIL_TIME, .until = until,
        .duration = tier->cooldown, .ceilings_zero = c->close_positions });
}

static void
evaluate(const void *config, const struct view *view, struct verdict *verdict)
{
    const struct cooldown_after_loss *c = config;
    const struct trade *trade = view->trade;
    int64_t before, net;
    const struct tier *tier, *tier_before;

    if (trade == NULL || trade->voided || !trade->has_pnl || trade->judged)
        return;
    ASSERT(c->tiers_count > 0);
    before = judged_before(c, view, trade);
    net = money_add(before, net_of(c, trade));
    tier = tier_of(c, net);
    tier_before = tier_of(c, before);
    verdict->unit = UNIT_MICROS;
    verdict->observed = net < 0 ? -net : 0;
    verdict->limit = tier != NULL ? tier->loss_micros : smallest_loss(c);
    if (tier != NULL && (tier_before == NULL || tier->loss_micros > tier_before->loss_micros))
        cool_down(c, view, tier, verdict);
}

const struct rule rule_cooldown_after_loss = {
    .number = 7,
    .name = "cooldown_after_loss",
    .title = "Cooldown after a loss",
    .source = "docs/rulebook.md#cooldown_after_loss",
    .wakes_on = EVENT_BIT(EVENT_TRADE),
    .config_size = sizeof(struct cooldown_after_loss),
    .params = params,
    .params_count = COUNT_OF(params),
    .check = check,
    .evaluate = evaluate,
};
