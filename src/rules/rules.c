/*
 * rules.c - the table: adding a rule is one file and one line here.
 */
#include "rules/rules.h"

#include "base/assert.h"
#include "base/text.h"

const struct rule *const rules_table[] = {
    &rule_max_contracts,
    &rule_daily_realized_loss,
    &rule_symbol_blocks,
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
