/*
 * rules.c - the table: adding a rule is one file and one line here.
 */
#include "rules/rules.h"

#include "base/assert.h"
#include "base/text.h"

const struct rule *const rules_table[] = {
    &rule_max_contracts,
    &rule_max_contracts_per_instrument,
    &rule_daily_realized_loss,
    &rule_daily_unrealized_loss,
    &rule_max_unrealized_profit,
    &rule_trade_frequency_limit,
    &rule_cooldown_after_loss,
    &rule_no_stop_loss_grace,
    &rule_session_block_outside,
    &rule_auth_loss_guard,
    &rule_symbol_blocks,
    &rule_trade_management,
    NULL,
};

_Static_assert(COUNT_OF(rules_table) - 1 <= RULES_MAX, "a configuration holds RULES_MAX rules");

const struct rule *
rules_find(const char *name)
{
    for (const struct rule *const *rule = rules_table; *rule != NULL; rule++) {
        if (text_same((*rule)->name, name))
            return *rule;
    }
    return NULL;
}
