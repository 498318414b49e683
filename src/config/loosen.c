/*
 * loosen.c - see loosen.h.  Whatever changed and is not known to be tighter is looser.
 */
#include "config/loosen.h"

#include "base/instant.h"
#include "config/hold.h"

#include <inttypes.h>
#include <string.h>

#define SHOWN_MAX 60 /* Of a value in a line. */

/* Of two figures by the table's direction. */
static bool
is_looser(const struct param *param, int64_t old, int64_t now)
{
    if (old == now)
        return false;
    if (param->looser == LOOSER_NEITHER)
        return false;
    if (param->looser == LOOSER_HIGHER && param->optional && (old == 0 || now == 0))
        return now == 0;
    return param->looser == LOOSER_ANY || (param->looser == LOOSER_HIGHER) == (now > old);
}

bool
loosen_has_symbol(const struct symbols *symbols, const struct symbol *symbol)
{
    for (int32_t i = 0; i < symbols->count; i++)
        if (text_same(symbols->items[i].text, symbol->text))
            return true;
    return false;
}

/* Is every symbol of @a in @b? */
static bool
is_part(const struct symbols *a, const struct symbols *b)
{
    for (int32_t i = 0; i < a->count; i++)
        if (!loosen_has_symbol(b, &a->items[i]))
            return false;
    return true;
}

static bool
symbols_looser(const struct param *param, const struct symbols *old, const struct symbols *now)
{
    bool lost = !is_part(old, now), gained = !is_part(now, old);

    return (lost && param->looser != LOOSER_HIGHER) || (gained && param->looser != LOOSER_LOWER);
}

/* A symbol that is listed no more falls to what holds for the others: who knows whether that is tighter. */
static bool
limits_looser(const struct symbol_limits *old, const struct symbol_limits *now)
{
    for (int32_t i = 0; i < old->count; i++) {
        int32_t at = 0;
        while (at < now->count && !text_same(now->items[at].symbol.text, old->items[i].symbol.text))
            at++;
        if (at == now->count || now->items[at].limit > old->items[i].limit)
            return true;
    }
    for (int32_t i = 0; i < now->count; i++) {
        int32_t at = 0;
        while (at < old->count && !text_same(old->items[at].symbol.text, now->items[i].symbol.text))
            at++;
        if (at == old->count)
            return true; /* It may have been blocked. */
    }
    return false;
}

bool
loosen_param(const struct param *param, const void *old_config, const void *new_config)
{
    const void *old = (const char *)old_config + param->offset, *now = (const char *)new_config + param->offset;

    switch (param->kind) {
    case PARAM_FLAG:
        return is_looser(&(struct param){ .looser = param->looser }, *(const bool *)old, *(const bool *)now);
    case PARAM_INT:
    case PARAM_MONEY:
        return is_looser(param, *(const int64_t *)old, *(const int64_t *)now);
    case PARAM_SECONDS:
        return is_looser(param, ((const struct span *)old)->ns, ((const struct span *)now)->ns);
    case PARAM_CHOICE:
    case PARAM_TIME:
        return is_looser(&(struct param){ .looser = param->looser }, *(const int32_t *)old, *(const int32_t *)now);
    case PARAM_SYMBOLS:
        return symbols_looser(param, old, now);
    case PARAM_LIMITS:
        return limits_looser(old, now);
    case PARAM_WORDS:
    case PARAM_ZONE:
    case PARAM_DATES:
    case PARAM_LIST:
    case PARAM_MAP:
    case PARAM_BLOCK:
        break;
    case PARAM_TEXT: /* global.loosen is one: the shorter wait. */
        if (param->looser != LOOSER_ANY)
            return is_looser(&(struct param){ .looser = param->looser }, *(const int64_t *)old, *(const int64_t *)now);
        break;
    }
    return hold_differs(param, old_config, new_config); /* Times, tiers, words: nobody can tell which is stricter. */
}

/* Long ones, sessions and tiers, are cut: the files have them whole. */
static void
add_shown(const struct param *param, const void *config, struct text *out)
{
    char bytes[SHOWN_MAX] = "";
    struct text text = text_on(bytes, sizeof bytes);

    hold_write_value(param, config, &text);
    text_addf(out, "%s%s", bytes, text.truncated ? "..." : "");
}

void
loosen_say(const struct param *param, const void *old_config, const void *new_config, struct text *out)
{
    text_addf(out, "%.*s: ", (int)strcspn(param->keys, "|"), param->keys);
    add_shown(param, old_config, out);
    text_add(out, " becomes ");
    add_shown(param, new_config, out);
    text_add(out, "\n");
}

static int32_t
compare_rule(const struct account_config *a, const struct account_config *b, int i, const struct rule *rule, struct text *out)
{
    int32_t count = 0;

    if (!a->enabled[i])
        return 0;
    if (!b->enabled[i] || (b->shadow[i] && !a->shadow[i])) {
        text_addf(out, "account %" PRId64 ": %s %s\n", a->id, rule->name, b->enabled[i] ? "only watches" : "is off");
        return 1;
    }
    for (size_t k = 0; k < rule->params_count; k++) {
        if (!loosen_param(&rule->params[k], a->rules[i], b->rules[i]))
            continue;
        text_addf(out, "account %" PRId64 ": %s.", a->id, rule->name);
        loosen_say(&rule->params[k], a->rules[i], b->rules[i], out);
        count++;
    }
    return count;
}

int32_t
loosen_compare(const struct config *old, const struct config *new_one, const struct rule *const *rules_table, struct text *out)
{
    int32_t count = 0;

    for (int32_t a = 0, b = 0; a < old->accounts_count; a++) {
        while (b < new_one->accounts_count && new_one->accounts[b].id < old->accounts[a].id)
            b++;
        if (b == new_one->accounts_count || new_one->accounts[b].id != old->accounts[a].id) {
            text_addf(out, "account %" PRId64 " is watched no more\n", old->accounts[a].id);
            count++;
            continue;
        }
        for (int i = 0; rules_table[i] != NULL; i++)
            count += compare_rule(&old->accounts[a], &new_one->accounts[b], i, rules_table[i], out);
    }
    return count;
}
