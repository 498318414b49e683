/*
 * describe.c - see describe.h.
 */
#include "config/describe.h"

#include "config/build.h"
#include "config/keys.h"
#include "config/settings.h"
#include "config/value.h"

#include <stdio.h>
#include <string.h>

#define CELL_MAX 600

/* A cell of a table: no line break, no bar. */
static void
add_cell(struct text *text, const char *cell)
{
    for (; *cell != 0; cell++) {
        if (*cell == '|')
            text_add(text, "\\");
        text_add_bytes(text, cell, 1);
    }
}

static void
add_keys(struct text *text, const char *prefix, const struct param *param)
{
    struct spellings spellings;

    keys_spellings(param->keys, &spellings);
    for (int i = 0; i < spellings.count; i++) {
        char path[CONFIG_KEY_MAX];
        keys_join(path, sizeof path, prefix, spellings.items[i]);
        text_addf(text, "%s`%s`", i == 0 ? "" : " or ", path);
    }
}

static void
add_default(struct text *text, const struct param *param)
{
    if (param->value != NULL && param->off_if_block_missing)
        text_addf(text, "`%s`; without the block `false`", param->value);
    else if (param->value != NULL)
        text_addf(text, "`%s`", param->value);
    else
        text_add(text, param->optional ? "none" : "must be given");
}

/* By enum param_looser. */
static const char *const room_words[] = { "any change", "higher", "lower", "" };

static void add_rows(struct text *text, const char *prefix, const struct param *params, size_t count);

static void
add_row(struct text *text, const char *prefix, const struct param *param)
{
    char values[CELL_MAX], inner[CONFIG_KEY_MAX], word[CONFIG_KEY_MAX];
    struct text cell = text_on(values, sizeof values);
    bool list_of_numbers = param->items_count == 1 && param->items[0].keys[0] == 0;

    text_add(text, "| ");
    add_keys(text, prefix, param);
    text_add(text, " | ");
    add_default(text, param);
    text_add(text, " | ");
    value_expected(param, &cell);
    if (list_of_numbers) {
        text_add(&cell, "; each ");
        value_expected(&param->items[0], &cell);
    }
    add_cell(text, values);
    text_add(text, " | ");
    add_cell(text, param->help);
    text_addf(text, " | %s |\n", room_words[param->looser]);
    if (param->items_count == 0 || list_of_numbers)
        return;
    (void)snprintf(word, sizeof word, "%.80s%s", param->keys, param->kind == PARAM_LIST ? "[]" : param->kind == PARAM_MAP ? ".SYMBOL" : "");
    keys_join(inner, sizeof inner, prefix, word);
    add_rows(text, inner, param->items, param->items_count);
}

static void
add_rows(struct text *text, const char *prefix, const struct param *params, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_row(text, prefix, &params[i]);
}

static void
add_table(struct text *text, const struct param *params, size_t count)
{
    text_add(text, "| Key | Default | Values | Meaning | More room |\n|---|---|---|---|---|\n");
    add_rows(text, "", params, count);
    text_add(text, "\n");
}

static void
add_rule(struct text *text, const struct rule *rule)
{
    text_addf(text, "### `%s`\n\nRULE-%03d, %s. [What it does](%s)", rule->name, (int)rule->number, rule->title,
        text_starts(rule->source, "docs/") ? rule->source + strlen("docs/") : rule->source);
    text_addf(text, "%s\n\n", rule->off_by_default ? ". Off unless its block says `enabled: true`." : ".");
    add_table(text, rule->params, rule->params_count);
}

static const char introduction[] =
    "# Configuration\n\n"
    "This page is generated from the tables that read the files; `riskd --check` reads them without starting, `riskd --print-config` shows "
    "every value in force and where it comes from. Commented templates are in `config/`.\n\n"
    "- Four files: `daemon.yaml` (the program), `accounts.yaml` (who), `risk_config.yaml` (the rules), `holidays.yaml`. For one account, "
    "`daemon.yaml` may hold it all: `account:`, `risk_rules:` and `global:`.\n"
    "- Unknown keys, keys given twice, wrong types and values out of range are errors. All of them are told at once, with "
    "file:line:column, key, what was found and what was expected. A configuration with an error changes nothing.\n"
    "- Keys are written here with dots: `hub.ping_s` is `ping_s:` inside `hub:`. Several names of one key are joined by \"or\"; "
    "two of them with different values are an error.\n"
    "- Words may be in any case. `action` and `enforcement` are the same key in every rule. `enabled` is accepted in any block.\n"
    "- YAML anchors, aliases, tags and second documents are refused.\n"
    "- `${VAR}` is expanded in `username` and `api_key` only; a variable that is not set is an error. No other value can be set by the "
    "environment.\n"
    "- The last column says which change gives the trader more room and so waits as `global.loosen` says: a higher figure (for a switch: true; "
    "for a list: a symbol more), a lower one, or any, where nobody can tell. Nothing there: the change holds at once.\n\n";

static const char about_accounts[] =
    "## accounts.yaml\n\nA list, below `accounts:` or by itself. `enabled: false` pauses an account. `rules:` (or `overrides:`) holds values for "
    "this account alone; they go before those of its `profile`, which go before the shared ones. Maps by symbol are merged, lists "
    "replaced. Accounts of one user share one login. The key may stand in the account, in a file of its own, in a systemd credential, in "
    "`credentials.file`, or in the environment as `TOPSTEPX_API_KEY` (the user as `TOPSTEPX_USERNAME`). A file with a key in it must be "
    "readable by the service's user alone.\n\n";

static const char about_credentials[] =
    "### The credentials file\n\nNamed by `credentials.file`: a list, below `users:` or by itself.\n\n";

static const char about_rules[] =
    "## risk_config.yaml\n\n`global:`, `rules:`, and `profiles:` (name, then rules as below). A rule without a block is off; a rule with one is "
    "on unless it says `enabled: false`. `mode: enforce|shadow|off` in any rule (`enforcement_mode`, which RULE-005 needs for its own "
    "`mode`): in shadow a breach is recorded and shown as what would have been done, and nothing is sent or locked; `off` is `enabled: "
    "false`.\n\n### `global`\n\n";

static const char about_holidays[] =
    "## holidays.yaml\n\nA list, below `holidays:` or by itself, of these or of plain dates.\n\n";

void
config_describe(const struct rule *const *rules_table, struct text *text)
{
    text_add(text, introduction);
    text_add(text, "## daemon.yaml\n\nThese cannot be set in this version, another value than the default is told by `riskd --check` and at the start:");
    for (size_t i = 0; i < settings_fixed_count; i++)
        text_addf(text, "%s `%s`", i == 0 ? "" : ",", settings_fixed[i]);
    text_add(text, ".\n\n");
    add_table(text, settings_daemon, settings_daemon_count);
    text_add(text, about_accounts);
    add_table(text, accounts_params, accounts_params_count);
    text_add(text, about_credentials);
    add_table(text, accounts_credential_params, accounts_credential_params_count);
    text_add(text, about_rules);
    add_table(text, settings_global, settings_global_count);
    for (; *rules_table != NULL; rules_table++)
        add_rule(text, *rules_table);
    text_add(text, about_holidays);
    add_table(text, holidays_params, holidays_params_count);
}
