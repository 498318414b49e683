/*
 * lint.h - what a configuration permits and its owner may not want (S-23): allowed, so never an error, but worth a word.
 */
#ifndef CONFIG_LINT_H
#define CONFIG_LINT_H

#include "config/load.h"

/** The largest maximum loss of TopstepX's accounts (the 150K one), in micros of a dollar: a limit above it protects from nothing. */
#define LINT_FIRM_LOSS_MICROS (INT64_C(4500) * 1000000)

/** One line each into @out, nothing if there is nothing to say.  @rules_table: the one @loaded was read with.  Returns how many. */
int32_t config_lint(const struct loaded_config *loaded, const struct rule *const *rules_table, struct text *out);

#endif /* CONFIG_LINT_H */
