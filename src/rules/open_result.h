/*
 * open_result.h - what RULE-004 and RULE-005 share: which mark, which scope, and what is missing.
 */
#ifndef RULES_OPEN_RESULT_H
#define RULES_OPEN_RESULT_H

#include "core/rule.h"

enum scope { SCOPE_TOTAL, SCOPE_PER_POSITION };

extern const struct choice open_result_scopes[];
extern const struct choice open_result_marks[];

/** Note positions without a price, and prices older than the configured age, as missing data (R-004-3, R-004-4): never a breach. */
void open_result_note_missing(const struct view *view, enum mark mark, struct verdict *verdict);

/**
 * Nothing but the gauge's figure changes while the account's open P&L stays between two levels of this verdict (R-ALL-15), below its limit.
 * Its observed, limit and missing are set; @sign 1: a profit is observed, -1: a loss.
 */
void open_result_be_quiet(const struct view *view, enum mark mark, int sign, struct verdict *verdict);

#endif /* RULES_OPEN_RESULT_H */
