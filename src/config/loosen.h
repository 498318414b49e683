/*
 * loosen.h - what a reload gives the trader more room in (issue 8): compared by the rules' own tables, which say which way is looser.
 *
 * Compared are figures, switches, choices, limits and symbols, rules taken out or put into shadow, strict mode.  Times of sessions and tables of tiers
 * are not (their structs are the rules' own).
 */
#ifndef CONFIG_LOOSEN_H
#define CONFIG_LOOSEN_H

#include "base/text.h"
#include "core/config.h"
#include "core/rule.h"

/** One line each into @out: "account 101: max_contracts.limit".  Both configurations were read with @rules_table.  Returns how many. */
int32_t loosen_compare(const struct config *old, const struct config *new_one, const struct rule *const *rules_table, struct text *out);

#endif /* CONFIG_LOOSEN_H */
