/*
 * riskctl_rules_pending.h - riskctl rules pending, riskctl rules cancel.
 */
#ifndef CTL_RISKCTL_RULES_PENDING_H
#define CTL_RISKCTL_RULES_PENDING_H

#include "ctl/tool.h"

/** What gives more room and waits for its time. */
int riskctl_rules_pending(const struct tool *tool);

/** It shall not come. */
int riskctl_rules_cancel(const struct tool *tool);

#endif /* CTL_RISKCTL_RULES_PENDING_H */
