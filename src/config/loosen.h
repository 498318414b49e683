/*
 * loosen.h - what a reload gives the trader more room in (issue 8): compared by the rules' own tables, which say which way is looser.
 *
 * What belongs to all accounts is house.h's.  Figures, switches, limits and symbols have a direction; of times, zones, tiers, words and sessions any change counts as looser.
 */
#ifndef CONFIG_LOOSEN_H
#define CONFIG_LOOSEN_H

#include "base/text.h"
#include "core/config.h"
#include "core/rule.h"

/** One line each into @out: "account 101: max_contracts.limit: 2 becomes 5".  Both configurations were read with @rules_table.  Returns how many. */
int32_t loosen_compare(const struct config *old, const struct config *new_one, const struct rule *const *rules_table, struct text *out);

/** Is the value of @new_config looser than that of @old_config, or nobody can tell?  Both are structs of the rule @param is of. */
bool loosen_param(const struct param *param, const void *old_config, const void *new_config);

/** Is the symbol in the list, in any case? */
bool loosen_has_symbol(const struct symbols *symbols, const struct symbol *symbol);

/** "limit: 2 becomes 5", a line. */
void loosen_say(const struct param *param, const void *old_config, const void *new_config, struct text *out);

#endif /* CONFIG_LOOSEN_H */
