/*
 * RULE-001 max_contracts: how many contracts an account may hold at once.
 *
 * Source: docs/rulebook.md#max_contracts (R-001-1 to R-001-4).
 *
 *     count  0 ---------------- limit | limit + 1 ---------->
 *            allow                    | close all, or reduce to the limit
 *
 * The count is kept in units of 1/micro_ratio contract, so that fifteen micros at 10:1 are exactly 1.5 (R-001-2).
 * Limits for one instrument are not here: max_contracts_per_instrument.c.
 */
#include "base/assert.h"
#include "core/rule.h"
#include "rules/rules.h"

#include <stdlib.h>
#include <string.h>

enum count_type { COUNT_NET, COUNT_GROSS };

struct max_contracts {
    int64_t limit;
    int32_t count_type; /* enum count_type. */
    bool close_all, close_all_given;
    bool reduce_to_limit;
    bool lockout_on_breach;
    int64_t micro_ratio; /* Micros that count as one contract. */
};

static const struct choice count_types[] = { { "net", COUNT_NET }, { "gross", COUNT_GROSS }, { NULL, 0 } };

static const struct param params[] = {
    { .keys = "limit", .help = "Most contracts held at once, over all instruments.", .kind = PARAM_INT,
        .looser = LOOSER_HIGHER,
        .offset = offsetof(struct max_contracts, limit), .min = 0, .max = 10000, .value = "5" },
    { .keys = "count_type", .help = "net: long and short of one root cancel; gross: all sizes add up.", .kind = PARAM_CHOICE,
        .offset = offsetof(struct max_contracts, count_type), .value = "net", .choices = count_types },
    { .keys = "close_all", .help = "Close every position on a breach.", .kind = PARAM_FLAG,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct max_contracts, close_all), .value = "true",
        .present_offset = PARAM_PRESENT_AT(struct max_contracts, close_all_given) },
    { .keys = "reduce_to_limit", .help = "Close only what is above the limit, the largest position first.", .kind = PARAM_FLAG,
        .looser = LOOSER_HIGHER,
        .offset = offsetof(struct max_contracts, reduce_to_limit), .value = "false" },
    { .keys = "lockout_on_breach", .help = "Also lock the account until the daily reset.", .kind = PARAM_FLAG,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct max_contracts, lockout_on_breach), .value = "false" },
    { .keys = "micro_ratio", .help = "How many micro contracts (MES, MNQ) count as one.", .kind = PARAM_INT,
        .looser = LOOSER_HIGHER,
        .offset = offsetof(struct max_contracts, micro_ratio), .min = 1, .max = 100, .value = "1" },
};

static enum status
check(void *config, struct error *err)
{
    struct max_contracts *c = config;

    if (c->reduce_to_limit && c->close_all_given && c->close_all)
        return error_set(err, STATUS_CONFIG, "close_all and reduce_to_limit cannot both be true"); /* R-001-3 */
    if (c->reduce_to_limit)
        c->close_all = false;
    return OK;
}

/* R-001-2: what one contract of a position counts, in units. */
static int64_t
weight(const struct max_contracts *c, const struct position *position)
{
    return position->contract->micro ? 1 : c->micro_ratio;
}

static bool
same_root(const struct position *a, const struct position *b)
{
    if (a->contract->root[0] == 0)
        return a->contract == b->contract;
    return strcmp(a->contract->root, b->contract->root) == 0;
}

/* Signed sum of a root's expiries in contracts. */
static int64_t
net_of_root(const struct view *view, const struct position *member)
{
    int64_t net = 0;

    for (const struct position *p = view_positions(view); p != NULL; p = view_next_position(p)) {
        if (same_root(member, p))
            net += p->size;
    }
    return net;
}

static bool
first_of_root(const struct view *view, const struct position *position)
{
    const struct position *p = view_positions(view);

    while (p != position && !same_root(position, p))
        p = view_next_position(p);
    return p == position;
}

/* R-001-1. */
static int64_t
count_units(const struct max_contracts *c, const struct view *view)
{
    int64_t units = 0;

    for (const struct position *p = view_positions(view); p != NULL; p = view_next_position(p)) {
        if (c->count_type == COUNT_GROSS)
            units += llabs(p->size) * weight(c, p);
        else if (first_of_root(view, p))
            units += llabs(net_of_root(view, p)) * weight(c, p);
    }
    return units;
}

static bool
is_chosen(const struct verdict *verdict, const struct position *position)
{
    for (int32_t i = 0; i < verdict->sizes_count; i++) {
        if (verdict->sizes[i].position == position)
            return true;
    }
    return false;
}

/* How many contracts of a position lower the count: with net only down to a flat root, and none on the other side (R-001-3). */
static int64_t
reducible(const struct max_contracts *c, const struct view *view, const struct verdict *verdict, const struct position *position)
{
    int64_t size = llabs(position->size);
    int64_t net;

    if (c->count_type == COUNT_GROSS)
        return size;
    net = net_of_root(view, position);
    if (net == 0 || (net > 0) != (position->size > 0))
        return 0;
    net = llabs(net);
    for (int32_t i = 0; i < verdict->sizes_count; i++) {
        const struct want_size *want = &verdict->sizes[i];
        if (same_root(want->position, position))
            net -= llabs(want->position->size) - want->size;
    }
    return net < size ? net : size;
}

/* R-001-3: the largest position not chosen yet, by what it counts; ties: the newest. */
static const struct position *
choose(const struct max_contracts *c, const struct view *view, const struct verdict *verdict)
{
    const struct position *best = NULL;
    int64_t best_units = 0;

    for (const struct position *p = view_positions(view); p != NULL; p = view_next_position(p)) {
        int64_t units = llabs(p->size) * weight(c, p);
        if (is_chosen(verdict, p) || reducible(c, view, verdict, p) <= 0)
            continue;
        if (best == NULL || units > best_units || (units == best_units && p->sequence > best->sequence)) {
            best = p;
            best_units = units;
        }
    }
    return best;
}

static void
reduce(const struct max_contracts *c, const struct view *view, int64_t excess, struct verdict *verdict)
{
    while (excess > 0 && verdict->sizes_count < VERDICT_SIZES_MAX) {
        const struct position *position = choose(c, view, verdict);
        ASSERT(position != NULL); /* What makes up the count can be reduced. */
        int64_t each = weight(c, position);
        int64_t by = (excess + each - 1) / each; /* Whole contracts, rounded up. */
        int64_t most = reducible(c, view, verdict, position);

        by = by < most ? by : most;
        verdict_reduce_to(verdict, position, (int32_t)(llabs(position->size) - by));
        excess -= by * each;
    }
}

static void
evaluate(const void *config, const struct view *view, struct verdict *verdict)
{
    const struct max_contracts *c = config;
    int64_t units = count_units(c, view);
    int64_t limit = c->limit * c->micro_ratio;
    int64_t tenths = (units * 10 + c->micro_ratio - 1) / c->micro_ratio;

    verdict->unit = c->micro_ratio == 1 ? UNIT_CONTRACTS : UNIT_TENTHS_OF_CONTRACT;
    verdict->observed = c->micro_ratio == 1 ? units : tenths;
    verdict->limit = c->micro_ratio == 1 ? c->limit : c->limit * 10;
    if (units <= limit) /* R-ALL-4: a size breaches above its limit. */
        return;
    if (c->micro_ratio == 1)
        verdict_breach(verdict, ACTION_WARN, "Max contracts: holding %lld of %lld allowed.", (long long)units, (long long)c->limit);
    else
        verdict_breach(verdict, ACTION_WARN, "Max contracts: holding %lld.%lld of %lld allowed.", (long long)(tenths / 10),
            (long long)(tenths % 10), (long long)c->limit);
    if (c->close_all) {
        verdict->close_all = true;
        verdict->action = ACTION_CLOSE_ALL;
    } else if (c->reduce_to_limit) {
        verdict->action = ACTION_REDUCE;
        reduce(c, view, units - limit, verdict);
    }
    if (c->lockout_on_breach) /* R-001-4: an account lockout leaves nothing open, whatever is reduced. */
        verdict_close_all_and_lock(verdict, LOCK_UNTIL_RESET);
}

const struct rule rule_max_contracts = {
    .number = 1,
    .name = "max_contracts",
    .title = "Max contracts",
    .source = "docs/rulebook.md#max_contracts",
    .wakes_on = EVENT_BIT(EVENT_POSITION) | EVENT_BIT(EVENT_CONTRACT),
    .config_size = sizeof(struct max_contracts),
    .params = params,
    .params_count = COUNT_OF(params),
    .check = check,
    .evaluate = evaluate,
};
