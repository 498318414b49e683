/*
 * house.h - what holds for all accounts and gives room all the same: the reset, blindness, holidays, `global` (issue 8).
 *
 * The counterpart of hold.h for daemon.yaml, `global` and holidays.yaml, by the same tables: a row says which way is looser, and of what
 * it does not say any change is.  As text it is a block config_from_scenario() reads, without a secret in it.
 */
#ifndef CONFIG_HOUSE_H
#define CONFIG_HOUSE_H

#include "config/load.h"

/** One line without its end. */
void house_write(const struct loaded_config *loaded, struct text *out);

/** What is looser in @new_one, a line each into @out: "day.reset_time: 17:00:00 becomes 18:00:00".  Returns how many. */
int32_t house_compare(const struct loaded_config *old, const struct loaded_config *new_one, struct text *out);

/**
 * Make @loaded as strict as @old, value by value; where that does not go together, all of the old values.  @old was read from
 * house_write()'s text and is @loaded's from here on.
 */
void house_merge(struct loaded_config *loaded, struct loaded_config *old);

#endif /* CONFIG_HOUSE_H */
