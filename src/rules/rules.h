/*
 * rules.h - the twelve rules in number order.
 */
#ifndef RULES_RULES_H
#define RULES_RULES_H

#include "core/rule.h"

/** NULL-terminated, by number. */
extern const struct rule *const rules_table[];

extern const struct rule rule_max_contracts;
extern const struct rule rule_max_contracts_per_instrument;
extern const struct rule rule_daily_realized_loss;
extern const struct rule rule_daily_unrealized_loss;
extern const struct rule rule_max_unrealized_profit;
extern const struct rule rule_trade_frequency_limit;
extern const struct rule rule_cooldown_after_loss;
extern const struct rule rule_no_stop_loss_grace;
extern const struct rule rule_session_block_outside;
extern const struct rule rule_auth_loss_guard;
extern const struct rule rule_symbol_blocks;
extern const struct rule rule_trade_management;

/** By configuration key, or NULL. */
const struct rule *rules_find(const char *name);

#endif /* RULES_RULES_H */
