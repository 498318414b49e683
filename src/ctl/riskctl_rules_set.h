/*
 * riskctl_rules_set.h - riskctl rules set, enable, disable: one value of the rules' file (S-18, 3).
 */
#ifndef CTL_RISKCTL_RULES_SET_H
#define CTL_RISKCTL_RULES_SET_H

#include "ctl/tool.h"

/** @tool: the words begin with set, enable or disable.  @account_id 0: the shared rules.  Exit status of tool.h. */
int riskctl_rules_set(const struct tool *tool, int64_t account_id);

#endif /* CTL_RISKCTL_RULES_SET_H */
