/*
 * caution.h - the linter's warnings (config/lint.h) where people are: the terminal and riskd's log.  They never stop anything.
 */
#ifndef APP_CAUTION_H
#define APP_CAUTION_H

#include "app/guard.h"
#include "app/log.h"
#include "config/load.h"

/** To the standard output, "warning: " before each.  Returns how many. */
int32_t caution_print(const struct loaded_config *loaded);

/** A JSON array of them.  Returns how many. */
int32_t caution_write(const struct loaded_config *loaded, struct text *json);

/** A line each at WARN. */
void caution_log(struct log *log, const struct loaded_config *loaded);

#endif /* APP_CAUTION_H */
