/*
 * RULE-002 max_contracts_per_instrument: how many contracts of each root an account may hold.
 *
 * Source: docs/rulebook.md#max_contracts_per_instrument (R-002-1, R-002-2).
 *
 * A root is breached when |net over its expiries| > limit, or when its gross > 2 x limit: a calendar spread is not free.
 * A root that is not listed is blocked, has a common limit, or is free.
 */
#include "base/assert.h"
#include "base/text.h"
#include "core/rule.h"
#include "rules/rules.h"

#include <stdlib.h>
#include <string.h>

#define UNLIMITED INT32_MAX
#define STEPS_MAX 4096 /* No account holds that many contracts; beyond it the root is simply closed. */

enum enforcement { REDUCE_TO_LIMIT, CLOSE_ALL };

struct max_contracts_per_instrument {
    struct symbol_limits limits;
    int32_t action;        /* enum enforcement. */
    int32_t unknown_limit; /* R-002-2: 0 block, UNLIMITED allow. */
    bool lockout_on_breach;
};

static const struct choice actions[] = { { "reduce_to_limit", REDUCE_TO_LIMIT }, { "close_all", CLOSE_ALL }, { NULL, 0 } };

/* "block", "allow_unlimited" or "allow_with_limit:3". */
static enum status
parse_unknown(const char *text, void *field, struct error *err)
{
    static const char prefix[] = "allow_with_limit:";
    size_t length = sizeof prefix - 1;
    int32_t *limit = field;
    int64_t value;

    if (text_same(text, "block"))
        *limit = 0;
    else if (text_same(text, "allow_unlimited"))
        *limit = UNLIMITED;
    else if (strlen(text) > length && text_same_bytes(prefix, text, length) &&
        text_to_int64(text + length, strlen(text + length), &value) && value >= 0 && value <= 10000)
        *limit = (int32_t)value;
    else
        return error_set(err, STATUS_CONFIG, "expected block, allow_unlimited or allow_with_limit:N, not \"%s\"", text);
    return OK;
}

static void
format_unknown(const void *field, struct text *out)
{
    int32_t limit = *(const int32_t *)field;

    if (limit == 0 || limit == UNLIMITED)
        text_add(out, limit == 0 ? "block" : "allow_unlimited");
    else
        text_addf(out, "allow_with_limit:%d", (int)limit);
}

static const struct param params[] = {
    { .keys = "limits", .help = "Most contracts of each root, net over its expiries.", .kind = PARAM_LIMITS,
        .looser = LOOSER_HIGHER,
        .offset = offsetof(struct max_contracts_per_instrument, limits), .min = 0, .max = 10000, .value = "{MNQ: 2, ES: 1, NQ: 1}" },
    { .keys = "action|enforcement", .help = "Close what is above the limit, or the whole root.", .kind = PARAM_CHOICE,
        .offset = offsetof(struct max_contracts_per_instrument, action), .value = "reduce_to_limit", .choices = actions },
    { .keys = "unknown_symbol_action", .help = "For roots not listed: block, allow_with_limit:N or allow_unlimited.",
        .kind = PARAM_TEXT, .offset = offsetof(struct max_contracts_per_instrument, unknown_limit), .value = "block",
        .parse = parse_unknown, .format = format_unknown },
    { .keys = "lockout_on_breach", .help = "Also lock that root until the daily reset.", .kind = PARAM_FLAG,
        .looser = LOOSER_LOWER,
        .offset = offsetof(struct max_contracts_per_instrument, lockout_on_breach), .value = "false" },
};

struct leg {
    const struct position *position;
    int64_t size; /* Signed: what would be left. */
};

/* The expiries of one root. */
struct root_legs {
    struct leg legs[VERDICT_SIZES_MAX];
    int32_t count;
    int64_t net, gross;
};

static bool
same_root(const struct contract *a, const struct contract *b)
{
    return a->root[0] == 0 ? a == b : strcmp(a->root, b->root) == 0;
}

static int64_t
limit_of(const struct max_contracts_per_instrument *c, const struct contract *contract, bool *ret_listed)
{
    for (int32_t i = 0; i < c->limits.count; i++) {
        if (view_symbol_matches(c->limits.items[i].symbol.text, contract)) {
            *ret_listed = true;
            return c->limits.items[i].limit;
        }
    }
    *ret_listed = false;
    return c->unknown_limit;
}

/* False if an earlier position already stood for this root. */
static bool
collect(const struct view *view, const struct position *first, struct root_legs *root)
{
    const struct position *p = view_positions(view);

    *root = (struct root_legs){ .count = 0 };
    for (; p != NULL; p = view_next_position(p)) {
        if (!same_root(p->contract, first->contract))
            continue;
        if (root->gross == 0 && p != first)
            return false;
        root->net += p->size;
        root->gross += llabs(p->size);
        if (root->count < VERDICT_SIZES_MAX)
            root->legs[root->count++] = (struct leg){ .position = p, .size = p->size };
    }
    return true;
}

static bool
is_breached(const struct root_legs *root, int64_t limit)
{
    return llabs(root->net) > limit || root->gross > 2 * limit;
}

/* R-002-1: the largest expiry first (ties: the newest), on the net's side while the net breaches. */
static struct leg *
choose(struct root_legs *root, int64_t limit)
{
    struct leg *best = NULL;

    for (int32_t i = 0; i < root->count; i++) {
        struct leg *leg = &root->legs[i];
        int64_t size = llabs(leg->position->size);
        int64_t best_size = best != NULL ? llabs(best->position->size) : 0;
        if (leg->size == 0 || (llabs(root->net) > limit && (leg->size > 0) != (root->net > 0)))
            continue;
        if (best == NULL || size > best_size || (size == best_size && leg->position->sequence > best->position->sequence))
            best = leg;
    }
    return best;
}

static void
reduce(struct root_legs *root, int64_t limit, struct verdict *verdict)
{
    for (int32_t step = 0; step < STEPS_MAX && is_breached(root, limit); step++) {
        struct leg *leg = choose(root, limit);
        if (leg == NULL)
            break;
        int64_t sign = leg->size > 0 ? 1 : -1;
        leg->size -= sign;
        root->net -= sign;
        root->gross--;
    }
    for (int32_t i = 0; i < root->count; i++) {
        int64_t left = is_breached(root, limit) ? 0 : llabs(root->legs[i].size);
        if (left < llabs(root->legs[i].position->size))
            verdict_reduce_to(verdict, root->legs[i].position, (int32_t)left);
    }
}

static void
lock_root(const struct contract *contract, struct verdict *verdict)
{
    struct want_lock want = { .kind = LOCK_FLAT, .end = LOCK_UNTIL_RESET, .until = INSTANT_NEVER };

    if (contract->root[0] == 0)
        return; /* A lock without a root would lock the account. */
    (void)text_copy(want.root, sizeof want.root, contract->root);
    verdict_lock(verdict, want);
}

static void
enforce(const struct max_contracts_per_instrument *c, struct root_legs *root, int64_t limit, bool listed, struct verdict *verdict)
{
    const struct contract *contract = root->legs[0].position->contract;
    const char *name = contract->root[0] != 0 ? contract->root : contract->id.text;
    bool blocked = !listed && limit == 0;
    enum action action = blocked || c->action == CLOSE_ALL ? ACTION_CLOSE_POSITION : ACTION_REDUCE;

    if (blocked)
        verdict_breach(verdict, action, "Contract limit: %s is not listed and may not be held.", name);
    else if (llabs(root->net) > limit)
        verdict_breach(verdict, action, "Contract limit: holding %lld of %lld allowed in %s.", (long long)llabs(root->net),
            (long long)limit, name);
    else
        verdict_breach(verdict, action, "Contract limit: holding %lld of %lld allowed, long and short, in a spread of %s.",
            (long long)root->gross, (long long)(2 * limit), name);
    if (action == ACTION_REDUCE)
        reduce(root, limit, verdict);
    for (int32_t i = 0; action == ACTION_CLOSE_POSITION && i < root->count; i++)
        verdict_close(verdict, root->legs[i].position);
    if (c->lockout_on_breach)
        lock_root(contract, verdict);
}

/* The gauge shows the root that is nearest to its limit. */
static void
show(const struct root_legs *root, int64_t limit, struct verdict *verdict)
{
    int64_t observed = llabs(root->net);

    if (observed <= limit && root->gross > 2 * limit) {
        observed = root->gross;
        limit = 2 * limit;
    }
    if (verdict->limit != 0 && observed * verdict->limit <= verdict->observed * limit)
        return;
    verdict->observed = observed;
    verdict->limit = limit;
}

static void
evaluate(const void *config, const struct view *view, struct verdict *verdict)
{
    const struct max_contracts_per_instrument *c = config;
    struct root_legs root;

    verdict->unit = UNIT_CONTRACTS;
    for (const struct position *p = view_positions(view); p != NULL; p = view_next_position(p)) {
        bool listed;
        int64_t limit = limit_of(c, p->contract, &listed);

        if (limit == UNLIMITED || !collect(view, p, &root))
            continue;
        show(&root, limit, verdict);
        if (is_breached(&root, limit))
            enforce(c, &root, limit, listed, verdict);
    }
}

const struct rule rule_max_contracts_per_instrument = {
    .number = 2,
    .name = "max_contracts_per_instrument",
    .title = "Contract limit",
    .source = "docs/rulebook.md#max_contracts_per_instrument",
    .wakes_on = EVENT_BIT(EVENT_POSITION) | EVENT_BIT(EVENT_CONTRACT),
    .config_size = sizeof(struct max_contracts_per_instrument),
    .params = params,
    .params_count = COUNT_OF(params),
    .evaluate = evaluate,
};
