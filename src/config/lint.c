/*
 * lint.c - see lint.h.
 *
 * Rules' structs are their own; they are read here by the names in their tables, so that a renamed key fails a test and not silently.  One
 * warning for all accounts that share a rule.
 */
#include "config/lint.h"

#include "base/assert.h"
#include "config/keys.h"
#include "core/day.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MARKET_FLAT ((15 * 60 + 10) * 60) /* 15:10 Chicago: TopstepX flattens; the next day begins at 17:00. */
#define MARKET_OPEN (17 * 60 * 60)
#define SUMMER 20285 /* 2025-07-16; */
#define WINTER 20103 /* 2025-01-15. */

struct lint {
    const struct loaded_config *loaded;
    const struct rule *const *rules;
    const struct account_config *account;
    struct text *out;
    int32_t count;
};

static void say(struct lint *lint, const char *rule, const char *format, ...) PRINTF_LIKE(3, 4);

static void
say(struct lint *lint, const char *rule, const char *format, ...)
{
    char words[256];
    va_list list;

    va_start(list, format);
    (void)vsnprintf(words, sizeof words, format, list);
    va_end(list);
    text_addf(lint->out, "account %" PRId64 ": %s: %s\n", lint->account->id, rule, words);
    lint->count++;
}

static int
index_of(const struct lint *lint, const char *name)
{
    for (int i = 0; lint->rules[i] != NULL; i++)
        if (strcmp(lint->rules[i]->name, name) == 0)
            return i;
    return -1;
}

/* Is it on and not only watched? */
static bool
acts(const struct lint *lint, const char *name)
{
    int i = index_of(lint, name);

    return i >= 0 && lint->account->enabled[i] && !lint->account->shadow[i];
}

/* The field of @key, or NULL when the rule does not act. */
static const void *
field(const struct lint *lint, const char *name, const char *key, enum param_kind kind)
{
    int i = index_of(lint, name);

    if (!acts(lint, name))
        return NULL;
    const struct param *param = keys_find(lint->rules[i]->params, lint->rules[i]->params_count, key);
    ASSERT(param != NULL && param->kind == kind);
    return (const char *)lint->account->rules[i] + param->offset;
}

static bool
amount(const struct lint *lint, const char *name, const char *key, enum param_kind kind, int64_t *ret_value)
{
    const int64_t *value = field(lint, name, key, kind);

    if (value != NULL)
        *ret_value = *value;
    return value != NULL;
}

static void
lint_losses(struct lint *lint)
{
    int64_t day = 0, open = 0;
    bool has_day = amount(lint, "daily_realized_loss", "limit", PARAM_MONEY, &day);
    bool has_open = amount(lint, "daily_unrealized_loss", "loss_limit", PARAM_MONEY, &open);

    if (!has_day)
        say(lint, "daily_realized_loss", "does not act: nothing stops a day of losses");
    if (has_day && day > LINT_FIRM_LOSS_MICROS)
        say(lint, "daily_realized_loss", "limit is more than any account of the firm may lose: $4,500 of a $150K one ($3,000 of $100K, $2,000 of $50K)");
    if (has_open && open > LINT_FIRM_LOSS_MICROS)
        say(lint, "daily_unrealized_loss", "loss_limit is more than any account of the firm may lose: $4,500 of a $150K one ($3,000 of $100K, $2,000 of $50K)");
    if (has_day && has_open && open > day)
        say(lint, "daily_unrealized_loss", "loss_limit is more than the day's: an open loss can cost more than daily_realized_loss allows");
}

static void
lint_sizes(struct lint *lint)
{
    const struct symbol_limits *each = field(lint, "max_contracts_per_instrument", "limits", PARAM_LIMITS);
    int64_t all = 0;

    if (each == NULL || !amount(lint, "max_contracts", "limit", PARAM_INT, &all))
        return;
    for (int32_t i = 0; i < each->count; i++)
        if (each->items[i].limit > all)
            say(lint, "max_contracts_per_instrument", "%s may be %" PRId32 ", but max_contracts allows %" PRId64 " over all",
                each->items[i].symbol.text, each->items[i].limit, all);
}

/* Does this time of day lie between the firm's flattening and the next day's open, in summer or in winter? */
static bool
is_late(const struct zone *zone, int32_t second, const struct zone *chicago)
{
    static const int64_t days[] = { SUMMER, WINTER };

    for (size_t i = 0; zone != NULL && chicago != NULL && i < sizeof days / sizeof days[0]; i++) {
        int64_t day;
        int there;
        zone_to_local(chicago, zone_from_local(zone, days[i], second), &day, &there);
        if (there > MARKET_FLAT && there <= MARKET_OPEN)
            return true;
    }
    return false;
}

static void
lint_session(struct lint *lint)
{
    static const char name[] = "session_block_outside";
    const bool *on = field(lint, name, "global_session.enabled", PARAM_FLAG);
    const struct session_time *end = field(lint, name, "global_session.end", PARAM_TEXT);
    const struct zone *const *zone = field(lint, name, "global_session.timezone", PARAM_ZONE);

    if (on == NULL)
        return;
    if (*on && is_late(*zone, end->second, lint->loaded->config.exchange_zone))
        say(lint, name, "the session ends after 15:10 Chicago, when the firm closes positions itself");
    const char *items = field(lint, name, "per_instrument_sessions", PARAM_MAP);
    int index = index_of(lint, name);
    const struct param *map = keys_find(lint->rules[index]->params, lint->rules[index]->params_count, "per_instrument_sessions");
    const int32_t *count = (const int32_t *)(const void *)((const char *)lint->account->rules[index] + map->count_offset);
    for (int32_t i = 0; i < *count; i++) {
        const struct session *session = (const struct session *)(const void *)(items + (size_t)i * map->item_size);
        if (is_late(session->zone, session->end.second, lint->loaded->config.exchange_zone))
            say(lint, name, "%s's session ends after 15:10 Chicago, when the firm closes positions itself", session->symbol.text);
    }
}

/* Rules that lean on one another. */
static void
lint_dependence(struct lint *lint)
{
    static const struct {
        const char *rule, *needs, *why;
    } pairs[] = {
        { "trade_management", "no_stop_loss_grace", "places stops, and nothing closes a position whose stop is refused" },
        { "cooldown_after_loss", "daily_realized_loss", "pauses after losses, and nothing ends the day" },
        { "max_contracts_per_instrument", "max_contracts", "limits each instrument, and nothing limits them together" },
    };
    int32_t on = 0;

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (acts(lint, pairs[i].rule) && !acts(lint, pairs[i].needs))
            say(lint, pairs[i].rule, "%s while %s does not act", pairs[i].why, pairs[i].needs);
    for (int i = 0; lint->rules[i] != NULL; i++) {
        on += acts(lint, lint->rules[i]->name) ? 1 : 0;
        if (lint->account->enabled[i] && lint->account->shadow[i])
            say(lint, lint->rules[i]->name, "is in shadow: it tells what it would have done, and does nothing");
    }
    if (on == 0)
        say(lint, "rules", "none acts: this account is watched, not protected");
}

/* Accounts with the same rules need not be told twice. */
static bool
is_told(const struct config *config, int32_t at)
{
    const struct account_config *a = &config->accounts[at];

    for (int32_t i = 0; i < at; i++) {
        const struct account_config *b = &config->accounts[i];
        if (memcmp(a->enabled, b->enabled, sizeof a->enabled) == 0 && memcmp(a->shadow, b->shadow, sizeof a->shadow) == 0 &&
            memcmp(a->rules, b->rules, sizeof a->rules) == 0)
            return true;
    }
    return false;
}

/* Not of one account: what the trader decides in the heat of the moment holds at once. */
static void
lint_loosen(struct lint *lint)
{
    if (lint->loaded->config.loosen_seconds > 0)
        return;
    text_add(lint->out, "global.loosen: immediate, so a higher limit or a rule switched off holds at once\n");
    lint->count++;
}

/* BO-04: nobody runs on a value he did not write without being told. */
static void
lint_fixed(struct lint *lint)
{
    const struct daemon_settings *settings = &lint->loaded->daemon;

    if (settings->api.base_url[0] == 0)
        return; /* A scenario has none. */
    for (size_t i = 0; i < settings_fixed_count; i++) {
        const struct param *param = keys_find(settings_daemon, settings_daemon_count, settings_fixed[i]);
        ASSERT(param != NULL);
        if (settings_is_default(param, settings))
            continue;
        text_addf(lint->out, "%s: cannot be set in this version: it is %s\n", settings_fixed[i], param->value);
        lint->count++;
    }
}

int32_t
config_lint(const struct loaded_config *loaded, const struct rule *const *rules_table, struct text *out)
{
    struct lint lint = { .loaded = loaded, .rules = rules_table, .out = out };

    lint_loosen(&lint);
    lint_fixed(&lint);
    for (int32_t i = 0; i < loaded->config.accounts_count; i++) {
        if (is_told(&loaded->config, i))
            continue;
        lint.account = &loaded->config.accounts[i];
        lint_losses(&lint);
        lint_sizes(&lint);
        lint_session(&lint);
        lint_dependence(&lint);
    }
    return lint.count;
}
