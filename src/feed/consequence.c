/*
 * consequence.c - a rule's next step in words.
 *
 * The feed does not know the rules' structs (it may not include src/rules); it reads their parameters by key through the table
 * every rule has (core/param.h), as the configuration reader does.  A rule it has no words for says nothing rather than something wrong.
 */
#include "feed/consequence.h"

#include "base/money.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A rule with its parameters' values. */
struct reading {
    const struct rule *rule;
    const uint8_t *config;
    struct text *out;
};

/* Is @key one of the alternatives "a|b|c"? */
static bool
names(const char *keys, const char *key)
{
    size_t length = strlen(key);

    for (const char *at = keys; at != NULL; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, key, length) == 0 && (at[length] == '\0' || at[length] == '|'))
            return true;
    }
    return false;
}

static const struct param *
find(const struct reading *reading, const char *key, enum param_kind kind)
{
    for (size_t i = 0; i < reading->rule->params_count; i++)
        if (reading->rule->params[i].kind == kind && names(reading->rule->params[i].keys, key))
            return &reading->rule->params[i];
    return NULL;
}

static bool
flag(const struct reading *reading, const char *key)
{
    const struct param *param = find(reading, key, PARAM_FLAG);
    bool value = false;

    if (param != NULL)
        memcpy(&value, reading->config + param->offset, sizeof value);
    return value;
}

/* Is a choice's value the one @word stands for? */
static bool
chosen(const struct reading *reading, const char *key, const char *word)
{
    const struct param *param = find(reading, key, PARAM_CHOICE);
    int32_t value;

    if (param == NULL)
        return false;
    memcpy(&value, reading->config + param->offset, sizeof value);
    for (const struct choice *choice = param->choices; choice->word != NULL; choice++)
        if (strcmp(choice->word, word) == 0)
            return choice->value == value;
    return false;
}

static int64_t
seconds(const struct reading *reading, const char *key)
{
    const struct param *param = find(reading, key, PARAM_SECONDS);
    struct span value = SPAN_ZERO;

    if (param != NULL)
        memcpy(&value, reading->config + param->offset, sizeof value);
    return value.ns / 1000000000;
}

static void
add_seconds(struct text *out, int64_t value)
{
    if (value >= 3600 && value % 3600 == 0)
        text_addf(out, "%" PRId64 " h", value / 3600);
    else if (value >= 120 && value % 60 == 0)
        text_addf(out, "%" PRId64 " min", value / 60);
    else
        text_addf(out, "%" PRId64 " s", value);
}

/* ---- A sentence for each rule ---- */

static void
max_contracts(const struct reading *r)
{
    text_add(r->out, flag(r, "reduce_to_limit") ? "reduce to the limit" : flag(r, "close_all") ? "close all positions" : "close the newest position");
    if (flag(r, "lockout_on_breach"))
        text_add(r->out, ", lock until the daily reset");
}

static void
max_per_instrument(const struct reading *r)
{
    text_add(r->out, chosen(r, "action", "reduce_to_limit") ? "reduce to the limit" : "close the instrument");
    if (flag(r, "lockout_on_breach"))
        text_add(r->out, ", lock it until the daily reset");
}

/* The ending that RULE-003, 004 and 005 share. */
static void
ending(const struct reading *r)
{
    const char *what = chosen(r, "scope", "per_position") ? "close the position" : "close all positions";

    text_add(r->out, what);
    if (!chosen(r, "action", "close_all") && find(r, "action", PARAM_CHOICE) != NULL)
        text_add(r->out, chosen(r, "lockout_until", "permanent") ? ", lock until an admin unlocks" : ", lock until the daily reset");
}

static void
daily_loss(const struct reading *r)
{
    text_add(r->out, "close all positions");
    text_add(r->out, chosen(r, "lockout_until", "permanent") ? ", lock until an admin unlocks" : ", lock until the daily reset");
}

static void
trade_frequency(const struct reading *r)
{
    if (chosen(r, "action", "close_all_and_lockout"))
        text_add(r->out, "close all positions, lock until the daily reset");
    else
        text_add(r->out, flag(r, "cooldown_on_breach.enabled") ? "pause new entries" : "record it only");
}

static void
cooldown(const struct reading *r)
{
    int64_t pause = seconds(r, "cooldown_duration");

    text_add(r->out, flag(r, "close_positions") ? "close all positions, pause new entries" : "pause new entries");
    if (pause > 0) {
        text_add(r->out, " for ");
        add_seconds(r->out, pause);
    }
}

static void
no_stop(const struct reading *r)
{
    text_add(r->out, "close the position after ");
    add_seconds(r->out, seconds(r, "grace_period_seconds"));
    text_add(r->out, " without a stop");
}

static void
session(const struct reading *r)
{
    if (chosen(r, "action", "cancel_order"))
        text_add(r->out, "cancel entry orders outside the session");
    else
        text_add(r->out, flag(r, "lockout_outside_session") ? "close what is held, lock until the next start" : "close what is held");
}

static void
auth_loss(const struct reading *r)
{
    text_add(r->out, "close all positions");
    if (chosen(r, "action", "close_all_and_lockout"))
        text_add(r->out, flag(r, "auto_unlock_on_restore") ? ", lock until it may trade again" : ", lock until an admin unlocks");
}

static void
symbols(const struct reading *r)
{
    text_add(r->out, flag(r, "close_existing") ? "cancel orders and close positions in it" : "cancel entry orders in it");
}

static void
management(const struct reading *r)
{
    static const struct {
        const char *key, *words;
    } parts[] = { { "auto_stop_loss", "place a stop" }, { "auto_breakeven", "move it to break-even" }, { "trailing_stop", "trail it" } };
    const char *comma = "";

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!flag(r, parts[i].key))
            continue;
        text_addf(r->out, "%s%s", comma, parts[i].words);
        comma = ", ";
    }
}

static const struct {
    const char *name;
    void (*write)(const struct reading *reading);
} sentences[] = {
    { "max_contracts", max_contracts },
    { "max_contracts_per_instrument", max_per_instrument },
    { "daily_realized_loss", daily_loss },
    { "daily_unrealized_loss", ending },
    { "max_unrealized_profit", ending },
    { "trade_frequency_limit", trade_frequency },
    { "cooldown_after_loss", cooldown },
    { "no_stop_loss_grace", no_stop },
    { "session_block_outside", session },
    { "auth_loss_guard", auth_loss },
    { "symbol_blocks", symbols },
    { "trade_management", management },
};

void
consequence_write(const struct rule *rule, const void *config, struct text *out)
{
    const struct reading reading = { rule, config, out };

    for (size_t i = 0; config != NULL && i < sizeof sentences / sizeof sentences[0]; i++)
        if (strcmp(sentences[i].name, rule->name) == 0)
            sentences[i].write(&reading);
}
