/*
 * riskctl_rules_pending.h - riskctl rules pending, riskctl rules cancel.
 */
#ifndef APP_RISKCTL_RULES_PENDING_H
#define APP_RISKCTL_RULES_PENDING_H

#include "app/tool.h"

/** What gives more room and waits for its time. */
int riskctl_rules_pending(const struct tool *tool);

/** It shall not come. */
int riskctl_rules_cancel(const struct tool *tool);

#endif /* APP_RISKCTL_RULES_PENDING_H */
